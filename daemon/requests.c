/* peers, ping, and what the daemon adds to status. */
#include "daemon/requests.h"

#include <stdio.h>
#include <string.h>

#include "daemon/dial.h"
#include "daemon/node.h"
#include "daemon/peer.h"

enum { BEHIND_MAX = 64 /* ledgers named for one peer; the count is whole */ };

/* Handlers of the rows that have none in store/request.c. */
typedef enum err_code (*node_request_fn)(struct node *node, const msgpack_object *arguments,
                                         struct buffer *result, struct late_answer *late,
                                         struct err *err);

struct node_row {
    const char *name;
    node_request_fn run;
};

/* --- peers --- */

static void pack_name(struct node *node, struct buffer *out, const struct hash *group)
{
    struct rostered rostered;
    bool known = store_roster_find(node->store, group, &rostered) == OK;
    result_text(out, "name", known ? rostered.admission.name : "");
}

static size_t count_behind(const struct session *session)
{
    struct session_status status;
    session_status(session, &status);
    return status.pulling + status.pending;
}

static void pack_behind(struct buffer *out, const struct session *session)
{
    size_t count = session == NULL ? 0 : count_behind(session);
    struct hash group;
    uint64_t here;
    uint64_t there;
    size_t named = 0;
    while (named < count && named < BEHIND_MAX &&
           session_behind(session, named, &group, &here, &there)) {
        named++;
    }
    pack_text(out, "behind");
    pack_array(out, named);
    for (size_t i = 0; i < named && session_behind(session, i, &group, &here, &there); i++) {
        pack_map(out, 3);
        result_hash(out, "group", &group);
        result_uint(out, "here", here);
        result_uint(out, "there", there);
    }
    result_uint(out, "behind_count", count);
}

static void pack_error(struct buffer *out, enum err_code code, const char *text)
{
    char line[ERR_TEXT_MAX + 32] = "";
    if (code != OK) {
        (void)snprintf(line, sizeof line, "%s: %s", err_name(code), text);
    }
    result_text(out, "error", line);
}

enum { PEER_FIELDS = 16 };

static void pack_peer(struct node *node, struct buffer *out, const struct peer *peer)
{
    struct session_status status;
    memset(&status, 0, sizeof status);
    if (peer->session != NULL) {
        session_status(peer->session, &status);
    }
    pack_map(out, PEER_FIELDS);
    result_hash(out, "group", &peer->group);
    pack_name(node, out, &peer->group);
    result_text(out, "address", peer->address);
    result_text(out, "direction", peer->direction == PEER_OUT ? "out" : "in");
    result_text(out, "state", status.limited ? "limited" : peer_state_name(peer));
    result_uint(out, "round_trip_ms", status.round_trip_ms);
    result_uint(out, "bytes_in", peer->bytes_in);
    result_uint(out, "bytes_out", peer->bytes_out);
    result_uint(out, "version", status.version);
    result_int(out, "skew_ms", status.skew_ms);
    result_uint(out, "entries_in", status.entries_taken);
    result_uint(out, "entries_out", status.entries_given);
    result_uint(out, "nonsense", status.nonsense);
    pack_behind(out, peer->session);
    pack_error(out, peer->error.code, peer->error.text);
}

/* A contact without a connection. */
static void pack_target(struct node *node, struct buffer *out, const struct dial_target *target)
{
    pack_map(out, PEER_FIELDS);
    result_hash(out, "group", &target->contact.group);
    pack_name(node, out, &target->contact.group);
    result_text(out, "address", target->contact.address);
    result_text(out, "direction", "out");
    result_text(out, "state", target->failures > 0 ? "waiting" : "not dialled");
    static const char *const counts[] = {"round_trip_ms", "bytes_in",   "bytes_out",   "version",
                                         "skew_ms",       "entries_in", "entries_out", "nonsense"};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        result_uint(out, counts[i], 0);
    }
    pack_behind(out, NULL);
    pack_error(out, target->code, target->error);
}

static bool is_listed(const struct peer *peer)
{
    return peer->has_group && peer->state != PEER_CLOSED;
}

static bool has_peer(const struct node *node, const struct hash *group)
{
    for (size_t i = 0; i < node->peer_count; i++) {
        if (is_listed(node->peers[i]) && hash_equal(&node->peers[i]->group, group)) {
            return true;
        }
    }
    return false;
}

static enum err_code run_peers(struct node *node, const msgpack_object *arguments,
                               struct buffer *result, struct late_answer *late, struct err *err)
{
    (void)arguments;
    (void)late;
    (void)err;
    size_t targets = node->dialer == NULL ? 0 : dialer_count(node->dialer);
    size_t count = 0;
    for (size_t i = 0; i < node->peer_count; i++) {
        count += is_listed(node->peers[i]);
    }
    for (size_t i = 0; i < targets; i++) {
        count += !has_peer(node, &dialer_at(node->dialer, i)->contact.group);
    }
    pack_map(result, 1);
    pack_text(result, "peers");
    pack_array(result, count);
    for (size_t i = 0; i < node->peer_count; i++) {
        if (is_listed(node->peers[i])) {
            pack_peer(node, result, node->peers[i]);
        }
    }
    for (size_t i = 0; i < targets; i++) {
        const struct dial_target *target = dialer_at(node->dialer, i);
        if (!has_peer(node, &target->contact.group)) {
            pack_target(node, result, target);
        }
    }
    return OK;
}

/* --- ping --- */

static uint64_t round_trips(const struct peer *peer)
{
    struct session_status status;
    session_status(peer->session, &status);
    return status.round_trips;
}

static enum err_code not_connected(const struct hash *group, struct err *err)
{
    char name[NODE_NAME_MAX];
    return err_set(err, E_NO_DATA, "there is no connection to %s now; `satcha peers` says why",
                   node_group_name(group, name));
}

static enum err_code run_ping(struct node *node, const msgpack_object *arguments,
                              struct buffer *result, struct late_answer *late, struct err *err)
{
    (void)result;
    enum err_code code =
        store_resolve_group(node->store, argument_text(arguments, "group"), &late->group, err);
    if (code != OK) {
        return code;
    }
    struct peer *peer = node_peer_to(node, &late->group, NULL);
    if (peer == NULL || !peer->ready) {
        return not_connected(&late->group, err);
    }
    late->waiting = true;
    late->round_trips = round_trips(peer);
    late->until_ms = node_now_ms() + PING_ANSWER_MS;
    peer_step(peer, SESSION_PING, NULL);
    peer_pump(peer);
    return OK;
}

bool node_request_late(struct node *node, const struct late_answer *late, uint64_t now_ms,
                       struct buffer *result, enum err_code *code, struct err *err)
{
    const struct peer *peer = node_peer_to(node, &late->group, NULL);
    if (peer == NULL || peer->session == NULL) {
        *code = not_connected(&late->group, err);
        return true;
    }
    if (round_trips(peer) != late->round_trips) {
        struct session_status status;
        session_status(peer->session, &status);
        pack_map(result, 2);
        result_hash(result, "group", &late->group);
        result_uint(result, "round_trip_ms", status.round_trip_ms);
        *code = OK;
        return true;
    }
    if (now_ms < late->until_ms) {
        return false;
    }
    *code = err_set(err, E_TIMEOUT, "no answer within %d s", PING_ANSWER_MS / 1000);
    return true;
}

/* --- status --- */

/* Puts pairs of the daemon's behind those of the store's result. */
static void add_to_status(struct node *node, struct buffer *result)
{
    struct cursor cursor = cursor_of(buffer_view(result));
    size_t pairs = cursor_map(&cursor, 64);
    struct buffer whole;
    if (cursor.failed) {
        return;
    }
    size_t open = 0;
    for (size_t i = 0; i < node->peer_count; i++) {
        open += node->peers[i]->state == PEER_OPEN && node->peers[i]->ready;
    }
    buffer_init(&whole, result->limit);
    pack_map(&whole, pairs + 4);
    buffer_append(&whole, cursor.at, (size_t)(cursor.end - cursor.at));
    result_text(&whole, "listening", node_listening(node));
    result_uint(&whole, "connections", open);
    result_bool(&whole, "released", node->release == RELEASE_DONE);
    result_uint(&whole, "running_ms", node_now_ms() - node->started_ms);
    if (whole.failed) {
        buffer_free(&whole);
        return;
    }
    buffer_free(result);
    *result = whole;
}

/* --- the table --- */

static const struct node_row own_rows[] = {{"peers", run_peers}, {"ping", run_ping}};

static const struct node_row *find_own(struct bytes name)
{
    for (size_t i = 0; i < sizeof own_rows / sizeof own_rows[0]; i++) {
        if (bytes_equal(name, bytes_of_text(own_rows[i].name))) {
            return &own_rows[i];
        }
    }
    return NULL;
}

static enum err_code run_own(struct node *node, const struct node_row *own,
                             const struct request_row *row, struct bytes arguments,
                             struct buffer *result, struct late_answer *late, struct err *err)
{
    msgpack_unpacked unpacked;
    enum err_code code = request_unpack(row, arguments, &unpacked, err);
    if (code == OK) {
        code = own->run(node, &unpacked.data, result, late, err);
    }
    msgpack_unpacked_destroy(&unpacked);
    return code == OK ? request_whole(row, result, err) : code;
}

enum err_code node_request(struct node *node, struct bytes name, struct bytes arguments,
                           const struct progress *progress, struct buffer *result,
                           struct late_answer *late, struct err *err)
{
    const struct request_row *row = request_find(name);
    const struct node_row *own = find_own(name);
    if (row != NULL && own != NULL) {
        return run_own(node, own, row, arguments, result, late, err);
    }
    struct request_context context = {.store = node->store, .progress = progress};
    node_request_begin(node);
    enum err_code code = request_run(&context, name, arguments, result, err);
    node_request_end(node, row == NULL ? 0 : row->flags);
    if (code == OK && bytes_equal(name, bytes_of_text("status"))) {
        add_to_status(node, result);
    }
    return code;
}

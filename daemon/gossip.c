/* Between the peers and the store. */
#include "daemon/gossip.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/dial.h"
#include "daemon/log.h"
#include "daemon/node.h"
#include "daemon/peer.h"
#include "store/request.h"

enum { RELEASE_RETRY_MS = 10000 };

/* --- who is admitted --- */

struct contact_search {
    const struct hash *group, *key;
    bool found;
};

static enum err_code match_contact(void *context, const struct contact *contact, bool by_hand)
{
    struct contact_search *search = context;
    (void)by_hand;
    search->found |= hash_equal(&contact->group, search->group) &&
                     hash_equal(&contact->transport_key, search->key);
    return OK;
}

/* Before any roster is held, an invite's contacts are who may be talked to. */
static bool is_contact(struct node *node, const struct hash *group, const struct hash *key)
{
    struct contact_search search = {.group = group, .key = key};
    return store_contacts(node->store, match_contact, &search) == OK && search.found;
}

enum err_code node_admits(struct node *node, const struct hash *group, const struct hash *key,
                          struct err *err)
{
    struct rostered rostered;
    const struct hash *network = store_network(node->store);
    if (store_is_banned(node->store, group)) {
        return err_set(err, E_BANNED, "this group is banned here");
    }
    if (network != NULL && hash_equal(group, network)) {
        return OK; /* its own ledger is the roster */
    }
    if (store_roster_find(node->store, group, &rostered) == OK) {
        return OK;
    }
    if (store_roster_count(node->store) == 0 && is_contact(node, group, key)) {
        return OK;
    }
    return err_set(err, E_STRANGER, "this group is not in the roster of our network");
}

/* After a change of the roster or of bans: whoever lost his place goes. */
static void review_peers(struct node *node)
{
    for (size_t i = 0; i < node->peer_count; i++) {
        struct peer *peer = node->peers[i];
        struct err err;
        if (peer->state != PEER_OPEN) {
            continue;
        }
        enum err_code code = node_admits(node, &peer->group, &peer->key, &err);
        if (code != OK) {
            peer_refuse(peer, code, "%s", err.text);
        }
    }
}

static void contacts_changed(struct node *node)
{
    if (node->dialer != NULL) {
        dialer_refresh(node->dialer);
    }
}

/* --- making known --- */

static void push(struct node *node, const struct hash *group)
{
    for (size_t i = 0; i < node->peer_count; i++) {
        if (node->peers[i]->session != NULL) {
            peer_step(node->peers[i], SESSION_HEADS, group);
        }
    }
}

static void pump_all(struct node *node)
{
    for (size_t i = 0; i < node->peer_count; i++) {
        if (node->peers[i]->state == PEER_OPEN && node->peers[i]->session != NULL) {
            peer_pump(node->peers[i]);
        }
    }
}

static void own_item(const struct node *node, struct map_item *item)
{
    size_t rank;
    memset(item, 0, sizeof *item);
    const struct hash *own = store_own_group(node->store);
    if (map_find(node->book->map, own->bytes, &rank)) {
        *item = *map_at(node->book->map, rank);
    }
}

/* --- commits --- */

static void note_changed(void *context, const struct hash *group)
{
    struct node *node = context;
    buffer_append(&node->changed, group->bytes, HASH_BYTES);
}

void node_stored(struct node *node)
{
    if (!node->dirty) {
        node->dirty = true;
        node->dirty_ms = node_now_ms();
    }
    if (store_uncommitted(node->store) >= NODE_COMMIT_BYTES) {
        node_commit(node);
    }
}

/* The batch is lost: the sessions whose data was in it know no longer what is held. */
static void drop_storing(struct node *node, enum err_code code, const struct err *err)
{
    log_line(LOG_ERROR, "what peers sent could not be stored: %s: %s", err_name(code), err->text);
    for (size_t i = 0; i < node->peer_count; i++) {
        if (node->peers[i]->stored) {
            peer_close(node->peers[i], code, "what it sent could not be stored here");
        }
    }
}

static void tell_committed(struct node *node)
{
    const struct hash *network = store_network(node->store);
    bool roster_changed = false;
    size_t count = node->changed.len / HASH_BYTES;
    for (size_t i = 0; i < count; i++) {
        struct hash group;
        memcpy(group.bytes, node->changed.data + i * HASH_BYTES, HASH_BYTES);
        push(node, &group);
        roster_changed |= network != NULL && hash_equal(&group, network);
    }
    if (roster_changed) {
        review_peers(node);
    }
    if (count > 0) {
        contacts_changed(node); /* an address may be among what is new */
    }
    for (size_t i = 0; i < node->peer_count; i++) {
        struct peer *peer = node->peers[i];
        if (peer->stored) {
            peer->stored = false;
            peer_step(peer, SESSION_COMMITTED, NULL);
        }
    }
}

void node_commit(struct node *node)
{
    struct err err = {.text = ""};
    node->dirty = false;
    buffer_clear(&node->changed);
    enum err_code code = store_commit(node->store, note_changed, node, &err);
    if (code != OK) {
        drop_storing(node, code, &err);
    } else if (!node->stopping) {
        tell_committed(node);
    }
}

/* --- requests --- */

void node_request_begin(struct node *node)
{
    if (node->dirty) {
        node_commit(node);
    }
    own_item(node, &node->own_before);
    node->network_before = store_has_network(node->store);
}

static bool item_differs(const struct map_item *a, const struct map_item *b)
{
    return a->epoch != b->epoch || a->size != b->size || !hash_equal(&a->root, &b->root);
}

void node_request_end(struct node *node, unsigned request_flags)
{
    struct map_item item;
    if ((request_flags & REQUEST_WRITES) == 0) {
        return;
    }
    node_stored(node); /* what was appended is shown to peers at the end of the turn */
    own_item(node, &item);
    if (item_differs(&item, &node->own_before)) {
        push(node, store_own_group(node->store));
    }
    if (!node->network_before && store_has_network(node->store)) {
        log_line(LOG_INFO, "a network is joined");
    }
    review_peers(node);
    contacts_changed(node);
    pump_all(node);
}

/* --- the question for the own head, and the first release --- */

/* Does a roster name this group, so that others may hold its ledger? */
static bool others_may_hold_own(struct node *node)
{
    struct rostered rostered;
    const struct hash *own = store_own_group(node->store);
    const struct hash *network = store_network(node->store);
    if (network == NULL || !store_has_network(node->store)) {
        return false;
    }
    if (hash_equal(own, network)) {
        return store_roster_count(node->store) > 0;
    }
    return store_roster_find(node->store, own, &rostered) == OK;
}

static bool somebody_answered(const struct node *node)
{
    for (size_t i = 0; i < node->peer_count; i++) {
        struct session_status status;
        if (node->peers[i]->session == NULL) {
            continue;
        }
        session_status(node->peers[i]->session, &status);
        if (status.own_answers > 0) {
            return true;
        }
    }
    return false;
}

static void release(struct node *node, uint64_t now_ms, const char *why)
{
    struct err err = {.text = ""};
    enum own_status status = store_own_status(node->store);
    if (status == OWN_ROLLBACK || status == OWN_RECOVERING) {
        log_line(LOG_ERROR, "the own ledger is not released and takes no entries: %s",
                 own_status_text(status));
        node->release = RELEASE_REFUSED;
        return;
    }
    node_request_begin(node);
    enum err_code code = store_release(node->store, &err);
    if (code != OK) {
        log_line(LOG_ERROR, "the own ledger could not be released: %s: %s", err_name(code),
                 err.text);
        node->release_retry_ms = now_ms + RELEASE_RETRY_MS;
        return;
    }
    node->release = RELEASE_DONE;
    log_line(LOG_INFO, "the own ledger is released: %s", why);
    push(node, store_own_group(node->store));
    pump_all(node);
}

/* Returns when to look again. Answers are seen at once: every turn looks. */
static uint64_t release_service(struct node *node, uint64_t now_ms)
{
    uint64_t until_ms = node->started_ms + node->config.own_head_wait_ms;
    if (node->release != RELEASE_ASKING) {
        return UINT64_MAX;
    }
    if (now_ms < node->release_retry_ms) {
        return node->release_retry_ms;
    }
    if (!others_may_hold_own(node)) {
        release(node, now_ms, "nobody else can hold it");
    } else if (somebody_answered(node)) {
        release(node, now_ms, "a peer was asked for it");
    } else if (now_ms >= until_ms) {
        release(node, now_ms, "nobody answered in time");
    }
    return node->release == RELEASE_ASKING ? until_ms : UINT64_MAX;
}

void node_peer_ready(const struct peer *peer)
{
    struct session_status status;
    session_status(peer->session, &status);
    log_peer(LOG_DEBUG, &peer->group, "ready, version %" PRIu64 ", clock %+" PRId64 " ms",
             status.version, status.skew_ms);
}

/* --- anti-entropy --- */

static void draw_next(struct node *node, uint64_t now_ms)
{
    uint64_t period_ms = node->config.anti_entropy_ms;
    node->anti_entropy_ms = now_ms + period_ms * 3 / 4 + node_random(period_ms / 2 + 1);
}

static void compare_with_one(struct node *node)
{
    size_t start = (size_t)node_random(node->peer_count);
    for (size_t i = 0; i < node->peer_count; i++) {
        struct peer *peer = node->peers[(start + i) % node->peer_count];
        if (peer->state == PEER_OPEN && peer->ready) {
            peer_step(peer, SESSION_ANTI_ENTROPY, NULL);
            peer_pump(peer);
            return;
        }
    }
}

void gossip_start(struct node *node)
{
    draw_next(node, node_now_ms());
}

uint64_t gossip_service(struct node *node, uint64_t now_ms)
{
    if (now_ms >= node->anti_entropy_ms) {
        compare_with_one(node);
        if (node->dialer != NULL) {
            dialer_redraw(node->dialer);
        }
        draw_next(node, now_ms);
    }
    uint64_t release_ms = release_service(node, now_ms);
    return release_ms < node->anti_entropy_ms ? release_ms : node->anti_entropy_ms;
}

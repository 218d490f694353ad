/* The node's life and its turns; what happens between the peers and the store is in gossip.c. */
#include "daemon/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/control_socket.h"
#include "daemon/dial.h"
#include "daemon/gossip.h"
#include "daemon/listen.h"
#include "daemon/log.h"
#include "daemon/peer.h"
#include "proto/id.h"

enum {
    TURN_MS = 1000,           /* the longest that the loop waits */
    CLOSING_MS = 1500,        /* what closing may take: a name that is being asked for may hang */
    STRANGERS_LINE_MS = 10000 /* at most one line about strangers in this time */
};

uint64_t node_now_ms(void)
{
    return uv_hrtime() / 1000000 + 1;
}

uint64_t node_elapsed_ms(uint64_t now_ms, uint64_t then_ms)
{
    return now_ms > then_ms ? now_ms - then_ms : 0;
}

uint64_t node_random(uint64_t below)
{
    uint64_t value;
    random_bytes(&value, sizeof value);
    return below == 0 ? 0 : value % below; /* the bias does not matter for drawing lots */
}

const char *node_group_name(const struct hash *group, char out[NODE_NAME_MAX])
{
    return hex_format(bytes_of(group->bytes, ID_SHORT_DIGITS / 2), out);
}

const char *node_listening(const struct node *node)
{
    return node->listener == NULL ? "" : listener_address(node->listener);
}

/* --- the peers that take part --- */

static void take_out(struct node *node, size_t number)
{
    node->peers[number] = node->peers[--node->peer_count];
}

static void take_out_closed(struct node *node)
{
    for (size_t i = node->peer_count; i > 0; i--) {
        if (node->peers[i - 1]->state == PEER_CLOSED) {
            take_out(node, i - 1);
        }
    }
}

void node_add_peer(struct node *node, struct peer *peer)
{
    node->peers[node->peer_count++] = peer; /* node_has_room was asked */
}

void node_forget_peer(struct node *node, const struct peer *peer)
{
    for (size_t i = 0; i < node->peer_count; i++) {
        if (node->peers[i] == peer) {
            take_out(node, i);
            return;
        }
    }
}

/* A caller who has not shown who he is, the oldest: a stranger, most likely. */
static struct peer *oldest_unauthenticated(const struct node *node)
{
    struct peer *oldest = NULL;
    for (size_t i = 0; i < node->peer_count; i++) {
        struct peer *peer = node->peers[i];
        if (!peer_stands_for_group(peer) &&
            (oldest == NULL || peer->opened_ms < oldest->opened_ms)) {
            oldest = peer;
        }
    }
    return oldest;
}

bool node_has_room(struct node *node)
{
    take_out_closed(node);
    if (node->peer_count < LINKS_MAX) {
        return true;
    }
    struct peer *oldest = oldest_unauthenticated(node);
    if (oldest == NULL) {
        return false;
    }
    peer_close(oldest, E_CAP, "there are already %d connections", LINKS_MAX);
    take_out_closed(node);
    return true;
}

struct peer *node_peer_to(const struct node *node, const struct hash *group,
                          const struct peer *except)
{
    for (size_t i = 0; i < node->peer_count; i++) {
        struct peer *peer = node->peers[i];
        if (peer != except && peer->state == PEER_OPEN && peer->proved &&
            hash_equal(&peer->group, group)) {
            return peer;
        }
    }
    return NULL;
}

void node_count_stranger(struct node *node, const char *address, const char *why)
{
    uint64_t now_ms = node_now_ms();
    node->strangers++;
    if (node_elapsed_ms(now_ms, node->strangers_ms) < STRANGERS_LINE_MS) {
        return;
    }
    log_line(LOG_DEBUG, "%u unknown callers dropped, the last from %s: %s", node->strangers,
             address, why);
    node->strangers = 0;
    node->strangers_ms = now_ms;
}

void node_peer_closed(struct node *node, const struct peer *peer)
{
    const struct err *error = &peer->error;
    if (peer->direction == PEER_OUT && node->dialer != NULL) {
        dialer_ended(node->dialer, peer);
    }
    if (node->stopping) {
        return;
    }
    if (!peer_stands_for_group(peer)) {
        node_count_stranger(node, peer->address, error->text);
        return;
    }
    /* Who cannot be reached is told of once, not at every attempt. */
    bool was_open = peer->session != NULL;
    log_peer(was_open ? LOG_INFO : LOG_DEBUG, &peer->group, "connection %s %s ended%s%s%s%s",
             peer->direction == PEER_OUT ? "to" : "from", peer->address,
             error->code == OK ? "" : ": ", error->code == OK ? "" : err_name(error->code),
             error->code == OK ? "" : ": ", error->code == OK ? "" : error->text);
}

/* --- turns --- */

static void on_alarm(uv_timer_t *alarm)
{
    (void)alarm; /* it woke the loop: node_turn follows */
}

static void on_busy(uv_idle_t *busy)
{
    (void)busy; /* its being active keeps the loop from waiting */
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The batch: ended when nothing was read in this turn, or when it is old. */
static void end_batch(struct node *node)
{
    bool more_comes = node->io_seen && node_now_ms() - node->dirty_ms < NODE_COMMIT_MS;
    node->io_seen = false;
    if (node->dirty && !more_comes) {
        node_commit(node);
    }
    if (node->dirty) {
        uv_idle_start(&node->busy, on_busy);
    } else {
        uv_idle_stop(&node->busy);
    }
}

static void node_turn(uv_prepare_t *turn)
{
    struct node *node = turn->data;
    if (node->stopping) {
        return;
    }
    end_batch(node);
    uint64_t now_ms = node_now_ms();
    uint64_t next_ms = earlier(now_ms + TURN_MS, gossip_service(node, now_ms));
    if (node->dialer != NULL) {
        next_ms = earlier(next_ms, dialer_service(node->dialer, now_ms));
    }
    next_ms = earlier(next_ms, control_service(node->control, now_ms));
    for (size_t i = 0; i < node->peer_count; i++) {
        next_ms = earlier(next_ms, peer_service(node->peers[i], now_ms));
    }
    take_out_closed(node);
    uv_update_time(&node->loop);
    now_ms = node_now_ms();
    uv_timer_start(&node->alarm, on_alarm, next_ms > now_ms ? next_ms - now_ms : 0, 0);
}

/* --- opening --- */

static enum err_code open_network(struct node *node, struct err *err)
{
    enum err_code code = OK;
    if (node->config.listen[0] != '\0') {
        code = listener_open(node, node->config.listen, &node->listener, err);
    }
    if (code == OK) {
        code = control_open(node, &node->control, err);
    }
    if (code == OK && node->dialling == DIALLING_ON) {
        node->dialer = dialer_new(node);
        code = node->dialer == NULL ? err_set(err, E_MEMORY, "no memory to dial") : OK;
    }
    return code;
}

static void on_signal(uv_signal_t *signal, int number);

static void open_handles(struct node *node)
{
    /* None of these can fail on an open loop with libuv's own arguments. */
    (void)uv_prepare_init(&node->loop, &node->turn);
    (void)uv_idle_init(&node->loop, &node->busy);
    (void)uv_timer_init(&node->loop, &node->alarm);
    (void)uv_signal_init(&node->loop, &node->terminate);
    (void)uv_signal_init(&node->loop, &node->interrupt);
    node->turn.data = node;
    node->terminate.data = node;
    node->interrupt.data = node;
    (void)uv_prepare_start(&node->turn, node_turn);
    (void)uv_signal_start(&node->terminate, on_signal, SIGTERM);
    (void)uv_signal_start(&node->interrupt, on_signal, SIGINT);
}

static enum err_code open_store(struct node *node, const char *home, struct err *err)
{
    enum err_code code = store_open(home, store_env_system(), &node->store, err);
    if (code != OK) {
        return code;
    }
    node->book = store_book(node->store);
    return store_count_start(node->store, &node->starts, err);
}

static void close_all(struct node *node);

enum err_code node_open(struct node *node, const struct node_options *options, struct err *err)
{
    memset(node, 0, sizeof *node);
    node->config = options->config;
    node->dialling = options->dialling;
    node->started_ms = node_now_ms();
    node->read_buffer = malloc(NODE_READ_BYTES);
    buffer_init(&node->changed, 0);
    if (node->read_buffer == NULL || uv_loop_init(&node->loop) != 0) {
        free(node->read_buffer);
        return err_set(err, E_MEMORY, "no memory to start");
    }
    open_handles(node);
    enum err_code code = open_store(node, options->home, err);
    if (code == OK) {
        gossip_start(node);
        code = open_network(node, err);
    }
    if (code != OK) {
        close_all(node);
    }
    return code;
}

/* --- closing --- */

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void begin_closing(struct node *node)
{
    node->stopping = true;
    listener_close(node->listener);
    node->listener = NULL;
    control_close(node->control);
    node->control = NULL;
    if (node->dirty) {
        node_commit(node);
    }
    for (size_t i = 0; i < node->peer_count; i++) {
        peer_close(node->peers[i], OK, "%s", "");
    }
    close_handle((uv_handle_t *)&node->turn);
    close_handle((uv_handle_t *)&node->busy);
    close_handle((uv_handle_t *)&node->terminate);
    close_handle((uv_handle_t *)&node->interrupt);
}

static void on_too_late(uv_timer_t *alarm)
{
    uv_stop(alarm->loop);
}

/* Runs the loop until its last handle is gone, but not for ever: a name that is being asked for
 * keeps a thread, which ends with the process. */
static void close_all(struct node *node)
{
    begin_closing(node);
    uv_timer_start(&node->alarm, on_too_late, CLOSING_MS, 0);
    uv_unref((uv_handle_t *)&node->alarm);
    uv_run(&node->loop, UV_RUN_DEFAULT);
    close_handle((uv_handle_t *)&node->alarm);
    uv_run(&node->loop, UV_RUN_NOWAIT);
    if (uv_loop_close(&node->loop) != 0) {
        log_line(LOG_DEBUG, "a name is still being asked for; it is given up");
    }
    store_close(node->store);
    node->store = NULL;
    dialer_free(node->dialer);
    node->dialer = NULL;
    buffer_free(&node->changed);
    free(node->read_buffer);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct node *node = signal->data;
    log_line(LOG_INFO, "%s: ending", number == SIGTERM ? "SIGTERM" : "SIGINT");
    begin_closing(node);
    uv_stop(&node->loop);
}

int node_run(struct node *node)
{
    char name[HEX_HASH_MAX];
    log_announce("ready: group %s, listening on %s",
                 hash_format(store_own_group(node->store), name),
                 node->listener == NULL ? "nothing" : node_listening(node));
    if (store_own_status(node->store) != OWN_OK) {
        log_line(LOG_WARNING, "the own ledger takes no entries: %s",
                 own_status_text(store_own_status(node->store)));
    }
    uv_run(&node->loop, UV_RUN_DEFAULT);
    close_all(node);
    log_line(LOG_INFO, "ended");
    return 0;
}

/* A peer's conversation: channel and session over the stream of peer_io.c, and their deadlines. */
#include "daemon/peer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/node.h"

enum {
    TICK_MS = 1000,
    ENDING_MS = 2000,    /* a refusal's way out */
    PUMP_STEPS_MAX = 16, /* steps of one before the others have their turn */
};

const char *peer_state_name(const struct peer *peer)
{
    switch (peer->state) {
    case PEER_RESOLVING:
        return "resolving";
    case PEER_CONNECTING:
        return "connecting";
    case PEER_HANDSHAKE:
        return "handshake";
    case PEER_OPEN:
        return peer->ready ? "open" : "greeting";
    case PEER_ENDING:
    case PEER_CLOSED:
        return "closing";
    }
    return "?";
}

/* --- ending --- */

/* The peer is told in a last message; then the stream is shut down. */
static void end_after_output(struct peer *peer)
{
    peer->state = PEER_ENDING;
    peer->ending_ms = node_now_ms();
    peer_flush(peer);
}

void peer_refuse(struct peer *peer, enum err_code code, const char *format, ...)
{
    if (peer->state != PEER_OPEN) {
        return;
    }
    char text[REFUSAL_TEXT_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    (void)err_set(&peer->error, code, "%s", text);
    struct buffer message;
    buffer_init(&message, 0);
    message_refuse(&message, code, text);
    bool said = !message.failed && channel_send(peer->channel, buffer_view(&message)) == OK;
    buffer_free(&message);
    if (said) {
        end_after_output(peer);
    } else {
        peer_close(peer, code, "%s", text);
    }
}

/* --- who it is --- */

bool peer_stands_for_group(const struct peer *peer)
{
    return peer->has_group && (peer->proved || peer->direction == PEER_OUT);
}

/* Two nodes that dialled each other keep the connection that the smaller id opened. The one that
 * stays is proved alive, lest it be the dead one. */
static bool is_duplicate(struct peer *peer)
{
    const struct hash *own = store_own_group(peer->node->store);
    struct peer *other = node_peer_to(peer->node, &peer->group, peer);
    if (other == NULL) {
        return false;
    }
    bool own_is_smaller = hash_compare(own, &peer->group) < 0;
    enum peer_direction kept = own_is_smaller ? PEER_OUT : PEER_IN;
    if (peer->direction == kept || other->direction == peer->direction) {
        peer_refuse(other, E_DUPLICATE_LINK, "there is a newer connection between us");
        return false;
    }
    peer_refuse(peer, E_DUPLICATE_LINK, "there is a connection between us already");
    peer_step(other, SESSION_PING, NULL);
    peer_pump(other);
    return true;
}

/* False when another connection to the group is kept. */
static bool take_place(struct peer *peer)
{
    peer->proved = true;
    if (is_duplicate(peer)) {
        return false;
    }
    log_peer(LOG_INFO, &peer->group, "connected %s %s", peer->direction == PEER_OUT ? "to" : "from",
             peer->address);
    return true;
}

/* --- effects --- */

static void take_effect(struct peer *peer, const struct effect *effect)
{
    enum err_code code;
    switch (effect->type) {
    case EFFECT_SEND:
        code = channel_send(peer->channel, effect->message);
        if (code != OK) {
            peer_close(peer, code, "it does not read: more than %d bytes wait for it",
                       SESSION_OUT_MAX_BYTES);
        }
        break;
    case EFFECT_CLOSE:
        (void)err_set(&peer->error, effect->code, "%s", effect->text);
        end_after_output(peer);
        break;
    case EFFECT_READY:
        peer->ready = true;
        peer->ready_ms = node_now_ms();
        if (peer->proved || take_place(peer)) {
            node_peer_ready(peer);
        }
        break;
    case EFFECT_EQUAL:
        break;
    case EFFECT_STORED:
        peer->stored = true;
        break;
    case EFFECT_LOG:
        log_peer(peer_stands_for_group(peer) ? LOG_WARNING : LOG_DEBUG, &peer->group, "%s: %s: %s",
                 peer->address, err_name(effect->code), effect->text);
        break;
    }
}

static void step(struct peer *peer, struct session_event *event)
{
    struct effect effect;
    event->backlog = peer_backlog(peer);
    event->receiving = channel_is_mid_message(peer->channel);
    session_step(peer->session, event, node_now_ms());
    while (peer->state == PEER_OPEN && session_effect(peer->session, &effect)) {
        take_effect(peer, &effect);
    }
    if (peer->stored) {
        node_stored(peer->node); /* only now: a commit makes every session step */
    }
}

void peer_step(struct peer *peer, enum session_event_type type, const struct hash *group)
{
    if (peer->state != PEER_OPEN) {
        return;
    }
    struct session_event event = {.type = type};
    if (group != NULL) {
        event.group = *group;
    }
    step(peer, &event);
}

void peer_pump(struct peer *peer)
{
    for (unsigned i = 0; i < PUMP_STEPS_MAX && peer->state == PEER_OPEN; i++) {
        peer_flush(peer);
        if (peer->state != PEER_OPEN || peer_backlog(peer) >= SESSION_STEP_BYTES ||
            session_next_ms(peer->session) > node_now_ms()) {
            return;
        }
        peer_step(peer, SESSION_TICK, NULL);
    }
    peer_flush(peer);
}

/* --- from the handshake to the session --- */

void peer_connected(struct peer *peer)
{
    struct node *node = peer->node;
    const struct home_keys *keys = store_keys(node->store);
    if (!keys->has_network) {
        peer_close(peer, E_STRANGER, "this group has joined no network");
        return;
    }
    uint8_t seed[SEED_BYTES];
    struct transport_key ephemeral;
    random_bytes(seed, sizeof seed);
    transport_key_from_seed(&ephemeral, seed);
    struct channel_config config = {.role = peer->direction == PEER_OUT ? NOISE_INITIATOR
                                                                        : NOISE_RESPONDER,
                                    .network_id = keys->network_id,
                                    .network_key = keys->network_keys[0],
                                    .own = &keys->transport,
                                    .ephemeral = &ephemeral,
                                    .remote_static =
                                        peer->direction == PEER_OUT ? &peer->key : NULL,
                                    .own_group = *store_own_group(node->store)};
    peer->channel = channel_open(&config);
    transport_key_wipe(&ephemeral);
    explicit_bzero(seed, sizeof seed);
    if (peer->channel == NULL) {
        peer_close(peer, E_MEMORY, "no memory for a connection");
        return;
    }
    peer->state = PEER_HANDSHAKE;
    peer_read_start(peer);
    peer_flush(peer);
}

static void start_session(struct peer *peer)
{
    struct node *node = peer->node;
    uint64_t now_ms = node_now_ms();
    struct session_config config = {.book = node->book,
                                    .peer = peer->group,
                                    .peer_key = peer->key,
                                    .starts = node->starts,
                                    .wall_ahead_ms =
                                        (int64_t)store_now_ms(node->store) - (int64_t)now_ms};
    peer->session = session_new(&config);
    if (peer->session == NULL) {
        peer_close(peer, E_MEMORY, "no memory for a session");
        return;
    }
    peer_step(peer, SESSION_START, NULL);
    if (node->release == RELEASE_ASKING) {
        peer_step(peer, SESSION_ASK_OWN, NULL);
    }
}

static void established(struct peer *peer)
{
    struct err err;
    peer->state = PEER_OPEN;
    if (peer->direction == PEER_IN) {
        peer->has_group = true;
        peer->group = *channel_peer_group(peer->channel);
        peer->key = *channel_peer_static(peer->channel);
    }
    if (hash_equal(&peer->group, store_own_group(peer->node->store))) {
        bool own_key = hash_equal(&peer->key, &store_keys(peer->node->store)->transport.public_key);
        log_line(own_key ? LOG_WARNING : LOG_DEBUG,
                 "%s: a node with this home's own keys: is a copy of the home running?",
                 peer->address);
        peer_refuse(peer, E_STRANGER, "that is my own group");
        return;
    }
    enum err_code code = node_admits(peer->node, &peer->group, &peer->key, &err);
    if (code != OK) {
        peer_refuse(peer, code, "%s", err.text);
        return;
    }
    const struct book *book = peer->node->book;
    if (!book->peer_key_known(book->context, &peer->group, &peer->key) || take_place(peer)) {
        start_session(peer);
    }
}

/* --- bytes in --- */

static void failed(struct peer *peer)
{
    enum err_code code = channel_failure(peer->channel);
    peer_close(peer, code,
               peer->state == PEER_HANDSHAKE ? "the handshake failed"
                                             : "its bytes break the protocol");
}

/* When a frame or message began that has not ended. */
static void note_middle(struct peer *peer, bool whole_message)
{
    if (!channel_is_mid_message(peer->channel)) {
        peer->middle_ms = 0;
    } else if (peer->middle_ms == 0 || whole_message) {
        peer->middle_ms = node_now_ms();
    }
}

void peer_take(struct peer *peer, struct bytes bytes)
{
    if (peer->state != PEER_HANDSHAKE && peer->state != PEER_OPEN) {
        return;
    }
    bool whole_message = false;
    channel_receive(peer->channel, bytes);
    while (peer->state == PEER_HANDSHAKE || peer->state == PEER_OPEN) {
        struct session_event event = {.type = SESSION_MESSAGE};
        enum channel_event happened = channel_next(peer->channel, &event.message);
        if (happened == CHANNEL_WAIT) {
            break;
        }
        if (happened == CHANNEL_FAILED) {
            failed(peer);
        } else if (happened == CHANNEL_ESTABLISHED) {
            established(peer);
        } else {
            whole_message = true;
            step(peer, &event);
        }
    }
    if (peer->state == PEER_HANDSHAKE) {
        peer_flush(peer);
    } else if (peer->state == PEER_OPEN) {
        note_middle(peer, whole_message);
        peer_pump(peer);
    }
}

/* --- time --- */

static void check_deadlines(struct peer *peer, uint64_t now_ms)
{
    bool early = peer->state < PEER_OPEN;
    if (early && node_elapsed_ms(now_ms, peer->opened_ms) >= HANDSHAKE_MS) {
        peer_close(peer, E_TIMEOUT, "no connection with a whole handshake within %d s",
                   HANDSHAKE_MS / 1000);
    } else if (peer->state == PEER_ENDING &&
               node_elapsed_ms(now_ms, peer->ending_ms) >= ENDING_MS) {
        peer_close(peer, OK, "%s", "");
    } else if (peer->state == PEER_OPEN && peer->middle_ms != 0 &&
               node_elapsed_ms(now_ms, peer->middle_ms) >= MESSAGE_MS) {
        peer_close(peer, E_TIMEOUT, "a message that it began is not whole after %d s",
                   MESSAGE_MS / 1000);
    } else if (peer->state == PEER_OPEN && peer_backlog(peer) > 0 &&
               node_elapsed_ms(now_ms, peer->written_ms) >= PEER_STALL_MS) {
        peer_close(peer, E_TIMEOUT, "it has read nothing for %d s", PEER_STALL_MS / 1000);
    }
}

uint64_t peer_service(struct peer *peer, uint64_t now_ms)
{
    check_deadlines(peer, now_ms);
    if (peer->state == PEER_OPEN && peer->session != NULL) {
        if (node_elapsed_ms(now_ms, peer->ticked_ms) >= TICK_MS) {
            peer->ticked_ms = now_ms;
            peer_step(peer, SESSION_TICK, NULL);
            if (!peer->writing && peer->write_buffer != NULL) {
                free(peer->write_buffer); /* idle for a while: give it back */
                peer->write_buffer = NULL;
            }
        }
        peer_pump(peer);
    }
    uint64_t next_ms = now_ms + TICK_MS;
    if (peer->state == PEER_OPEN && peer->session != NULL &&
        peer_backlog(peer) < SESSION_STEP_BYTES && session_next_ms(peer->session) < next_ms) {
        next_ms = session_next_ms(peer->session);
    }
    return next_ms;
}

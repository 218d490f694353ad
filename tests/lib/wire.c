/* The driver: what the daemon does between a socket, a channel, a session and a store. */
#include "tests/lib/wire.h"

#include <assert.h>
#include <string.h>

enum { STEPS_MAX = 100000, PIECE_BYTES = 4096, CHANGED_MAX = 64 };

void wire_open(struct wire_end *end, struct home *home, enum noise_role role,
               const struct wire_keys *keys)
{
    memset(end, 0, sizeof *end);
    end->home = home;
    end->role = role;
    end->peer = keys->peer;
    end->peer_key = keys->peer_key;
    struct channel_config config = {.role = role,
                                    .network_id = keys->network_id,
                                    .network_key = keys->network_key,
                                    .own = keys->own,
                                    .ephemeral = keys->ephemeral,
                                    .remote_static =
                                        role == NOISE_INITIATOR ? &keys->peer_key : NULL,
                                    .own_group = keys->own_group};
    end->channel = channel_open(&config);
    assert(end->channel != NULL);
}

void wire_close(struct wire_end *end)
{
    session_free(end->session);
    channel_free(end->channel);
    end->session = NULL;
    end->channel = NULL;
}

static void take_effect(struct wire_end *end, const struct effect *effect)
{
    switch (effect->type) {
    case EFFECT_SEND: {
        enum err_code code = channel_send(end->channel, effect->message);
        assert(code == OK);
        break;
    }
    case EFFECT_CLOSE:
        end->closed = true;
        end->code = effect->code;
        memcpy(end->text, effect->text, sizeof end->text);
        break;
    case EFFECT_READY:
        end->ready = true;
        break;
    case EFFECT_EQUAL:
        end->equal = true;
        break;
    case EFFECT_STORED:
        end->stored = true;
        break;
    case EFFECT_LOG:
        end->logs++;
        memcpy(end->text, effect->text, sizeof end->text);
        break;
    }
}

static void step(struct wire_end *end, const struct session_event *event)
{
    struct effect effect;
    if (end->session == NULL || end->closed) {
        return;
    }
    session_step(end->session, event, end->home->now_ms);
    while (session_effect(end->session, &effect)) {
        take_effect(end, &effect);
    }
}

static void step_type(struct wire_end *end, enum session_event_type type)
{
    struct session_event event = {.type = type};
    step(end, &event);
}

struct changed {
    size_t count;
    struct hash group[CHANGED_MAX];
};

static void on_changed(void *context, const struct hash *group)
{
    struct changed *changed = context;
    assert(changed->count < CHANGED_MAX);
    changed->group[changed->count++] = *group;
}

static void commit(struct wire_end *end)
{
    struct changed changed = {.count = 0};
    end->stored = false;
    enum err_code code = store_commit(end->home->store, on_changed, &changed, &end->home->err);
    assert(code == OK);
    for (size_t i = 0; i < changed.count; i++) {
        struct session_event event = {.type = SESSION_HEADS, .group = changed.group[i]};
        step(end, &event);
    }
    step_type(end, SESSION_COMMITTED);
}

/* Commits and ticks until the session waits for the peer or for time. */
static void settle(struct wire_end *end)
{
    for (unsigned i = 0; end->session != NULL && !end->closed; i++) {
        assert(i < STEPS_MAX);
        if (end->stored) {
            commit(end);
        } else if (session_next_ms(end->session) <= end->home->now_ms) {
            step_type(end, SESSION_TICK);
        } else {
            return;
        }
    }
}

static void established(struct wire_end *end)
{
    if (end->role == NOISE_RESPONDER) {
        end->peer = *channel_peer_group(end->channel);
        end->peer_key = *channel_peer_static(end->channel);
    }
    struct session_config config = {.book = store_book(end->home->store),
                                    .peer = end->peer,
                                    .peer_key = end->peer_key,
                                    .starts = {.starts = 1}};
    end->session = session_new(&config);
    assert(end->session != NULL);
    step_type(end, SESSION_START);
}

/* Everything whole in the channel; false when there is nothing more to take. */
static bool take_event(struct wire_end *end)
{
    struct session_event event = {.type = SESSION_MESSAGE};
    switch (channel_next(end->channel, &event.message)) {
    case CHANNEL_WAIT:
        return false;
    case CHANNEL_ESTABLISHED:
        established(end);
        return true;
    case CHANNEL_MESSAGE:
        step(end, &event);
        return true;
    case CHANNEL_FAILED:
        end->closed = true;
        end->code = channel_failure(end->channel);
        return false;
    }
    return false;
}

void wire_receive(struct wire_end *end, struct bytes bytes)
{
    for (size_t at = 0; at < bytes.len && !end->closed; at += PIECE_BYTES) {
        size_t len = bytes.len - at < PIECE_BYTES ? bytes.len - at : PIECE_BYTES;
        channel_receive(end->channel, bytes_of(bytes.data + at, len));
        while (!end->closed && take_event(end)) {
        }
    }
    settle(end);
}

bool wire_take(struct wire_end *end, struct buffer *out)
{
    struct bytes waiting = channel_output(end->channel);
    if (waiting.len == 0) {
        return false;
    }
    buffer_append(out, waiting.data, waiting.len);
    channel_output_taken(end->channel, waiting.len);
    return true;
}

static bool carry(struct wire_end *from, struct wire_end *to, wire_fn each, void *context)
{
    struct buffer bytes;
    buffer_init(&bytes, 0);
    bool any = wire_take(from, &bytes);
    assert(!bytes.failed);
    if (any) {
        each(context, from, buffer_view(&bytes));
        wire_receive(to, buffer_view(&bytes));
    }
    buffer_free(&bytes);
    return any;
}

void wire_run(struct wire_end *initiator, struct wire_end *responder, wire_fn each, void *context)
{
    bool any = true;
    while (any) {
        any = carry(initiator, responder, each, context);
        any = carry(responder, initiator, each, context) || any;
    }
}

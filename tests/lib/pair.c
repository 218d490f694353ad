/* The driver of two sessions over two stores. */
#include "tests/lib/pair.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { COMMIT_BYTES = 262144 };

static double cpu_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void queue_message(struct pair_side *side, struct bytes bytes)
{
    struct pair_message *message = malloc(sizeof *message + bytes.len);
    assert(message != NULL);
    message->next = NULL;
    message->len = bytes.len;
    memcpy(message->data, bytes.data, bytes.len);
    if (side->last == NULL) {
        side->first = message;
    } else {
        side->last->next = message;
    }
    side->last = message;
    side->said_bytes += bytes.len;
}

static void take_effects(struct pair_side *side)
{
    struct effect effect;
    while (session_effect(side->session, &effect)) {
        switch (effect.type) {
        case EFFECT_SEND:
            queue_message(side, effect.message);
            break;
        case EFFECT_CLOSE:
            side->closed = true;
            side->code = effect.code;
            break;
        case EFFECT_READY:
            break;
        case EFFECT_EQUAL:
            side->equals++;
            break;
        case EFFECT_STORED:
            side->stored = true;
            break;
        case EFFECT_LOG:
            side->logs++;
            memcpy(side->log, effect.text, sizeof side->log);
            break;
        }
    }
}

static void step(struct pair *pair, struct pair_side *side, const struct session_event *event)
{
    double before = cpu_now();
    session_step(side->session, event, pair->now_ms);
    take_effects(side);
    side->cpu_s += cpu_now() - before;
}

static void event_of(struct pair *pair, struct pair_side *side, enum session_event_type type)
{
    struct session_event event = {.type = type};
    step(pair, side, &event);
}

static void commit(struct home *home, changed_fn changed, void *context)
{
    enum err_code code = store_commit(home->store, changed, context, &home->err);
    if (code != OK) {
        (void)fprintf(stderr, "commit: %s %s\n", err_name(code), home->err.text);
    }
}

void pair_connect(struct pair *pair, struct home *a, struct home *b)
{
    memset(pair, 0, sizeof *pair);
    pair->side[0].home = a;
    pair->side[1].home = b;
    pair->now_ms = a->now_ms > b->now_ms ? a->now_ms : b->now_ms;
    pair->deliver_max = SIZE_MAX;
    commit(a, NULL, NULL); /* shows own entries that were just written */
    commit(b, NULL, NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct home *peer = pair->side[1 - i].home;
        struct session_config config = {.book = store_book(pair->side[i].home->store),
                                        .peer = *store_own_group(peer->store),
                                        .peer_key = store_keys(peer->store)->transport.public_key,
                                        .starts = {.starts = 1}};
        pair->side[i].session = session_new(&config);
        assert(pair->side[i].session != NULL);
    }
    event_of(pair, &pair->side[0], SESSION_START);
    event_of(pair, &pair->side[1], SESSION_START);
}

static bool deliver(struct pair *pair, unsigned from)
{
    struct pair_side *side = &pair->side[from];
    struct pair_message *message = side->first;
    if (message == NULL || pair->deliver_max == 0) {
        return false;
    }
    side->first = message->next;
    if (side->first == NULL) {
        side->last = NULL;
    }
    pair->deliver_max -= pair->deliver_max == SIZE_MAX ? 0 : 1;
    struct session_event event = {.type = SESSION_MESSAGE,
                                  .message = bytes_of(message->data, message->len)};
    step(pair, &pair->side[1 - from], &event);
    free(message);
    return true;
}

struct telling {
    struct pair *pair;
    struct pair_side *side;
};

static void on_changed(void *context, const struct hash *group)
{
    struct telling *telling = context;
    struct session_event event = {.type = SESSION_HEADS, .group = *group};
    step(telling->pair, telling->side, &event);
}

void pair_tell(struct pair *pair, unsigned side)
{
    struct telling telling = {pair, &pair->side[side]};
    struct home *home = pair->side[side].home;
    double before = cpu_now();
    commit(home, on_changed, &telling);
    pair->side[side].cpu_s += cpu_now() - before;
    pair->side[side].stored = false;
    event_of(pair, &pair->side[side], SESSION_COMMITTED);
}

static bool tick(struct pair *pair, struct pair_side *side)
{
    if (side->closed || session_next_ms(side->session) > pair->now_ms) {
        return false;
    }
    event_of(pair, side, SESSION_TICK);
    return true;
}

void pair_run(struct pair *pair)
{
    bool busy = true;
    while (busy) {
        busy = false;
        for (unsigned i = 0; i < 2; i++) {
            busy |= deliver(pair, i);
            busy |= tick(pair, &pair->side[i]);
        }
        for (unsigned i = 0; i < 2; i++) {
            struct pair_side *side = &pair->side[i];
            bool full = store_uncommitted(side->home->store) >= COMMIT_BYTES;
            if (side->stored && (full || !busy)) {
                pair_tell(pair, i);
                busy = true;
            }
        }
    }
}

void pair_disconnect(struct pair *pair)
{
    for (unsigned i = 0; i < 2; i++) {
        struct pair_side *side = &pair->side[i];
        while (side->first != NULL) {
            struct pair_message *message = side->first;
            side->first = message->next;
            free(message);
        }
        side->last = NULL;
        session_free(side->session);
        side->session = NULL;
        commit(side->home, NULL, NULL);
    }
}

void pair_sync(struct home *a, struct home *b)
{
    struct pair pair;
    pair_connect(&pair, a, b);
    pair_run(&pair);
    pair_disconnect(&pair);
}

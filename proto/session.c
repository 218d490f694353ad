/* The session's core: life, effects, one step, pings. What a step does: the event first, then what
 * time makes due, then whatever there is to say (pushes, wants, comparisons, list pages, chunks,
 * credit), bulk only within the budget. */
#include "proto/session_impl.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EFFECTS_START = 16,
    IDLE_TICK_MS = 1000,
    KEPT_BYTES = 65536 /* what an idle session keeps of its buffers */
};

/* --- effects --- */

uint64_t session_elapsed(const struct session *session, uint64_t since_ms)
{
    return session->now_ms > since_ms ? session->now_ms - since_ms : 0;
}

static bool effects_grow(struct session *session)
{
    size_t capacity = session->effect_capacity * 2;
    struct effect_record *effects = calloc(capacity, sizeof *effects);

    if (effects == NULL) {
        return false;
    }
    memcpy(effects, session->effects, session->effect_count * sizeof *effects);
    free(session->effects);
    session->effects = effects;
    session->effect_capacity = capacity;
    return true;
}

/* One place is always kept free, so that running out of memory can still be told. */
void session_effect_add(struct session *session, enum effect_type type, enum err_code code,
                        size_t start)
{
    size_t len;

    if (session->closed) {
        return;
    }
    if (session->arena.failed ||
        (session->effect_count + 1 == session->effect_capacity && !effects_grow(session))) {
        type = EFFECT_CLOSE;
        code = E_MEMORY;
        start = session->arena.len;
    }
    len = session->arena.len - start;
    session->effects[session->effect_count++] = (struct effect_record){type, code, start, len};
    if (type == EFFECT_CLOSE) {
        session->closed = true;
        session_drop_claims(session);
    }
}

struct buffer *session_message(struct session *session)
{
    session->message_start = session->arena.len;
    return &session->arena;
}

void session_sent(struct session *session)
{
    size_t len = session->arena.len - session->message_start;

    session_effect_add(session, EFFECT_SEND, OK, session->message_start);
    session->budget -= len < session->budget ? len : session->budget;
    session->said_ms = session->now_ms;
}

void session_effect_text(struct session *session, enum effect_type type, enum err_code code,
                         const char *text)
{
    size_t start = session->arena.len;

    buffer_append(&session->arena, text, strlen(text));
    session_effect_add(session, type, code, start);
}

void session_log(struct session *session, enum err_code code, const char *format, ...)
{
    char text[REFUSAL_TEXT_MAX + 1];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    session_effect_text(session, EFFECT_LOG, code, text);
}

void session_refuse(struct session *session, enum err_code code, const char *format, ...)
{
    char text[REFUSAL_TEXT_MAX + 1];
    va_list arguments;

    if (session->closed) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    message_refuse(session_message(session), code, text);
    session_sent(session);
    session_effect_text(session, EFFECT_CLOSE, code, text);
}

void session_nonsense(struct session *session, enum err_code code, const char *what,
                      const char *detail)
{
    session->nonsense++;
    session_log(session, code, "%s: %s (%u of %d before this peer is dropped)", what, detail,
                session->nonsense, SESSION_NONSENSE_MAX);
    if (session->nonsense >= SESSION_NONSENSE_MAX) {
        session_refuse(session, E_CAP, "%u messages did not hold what they claim: the last was %s",
                       session->nonsense, what);
    }
}

void session_copy_text(char out[REFUSAL_TEXT_MAX + 1], struct bytes text)
{
    size_t len = bytes_cut(text, REFUSAL_TEXT_MAX);

    if (len > 0) {
        memcpy(out, text.data, len);
    }
    out[len] = '\0';
}

bool session_effect(struct session *session, struct effect *effect)
{
    const struct effect_record *record;
    struct bytes part;

    if (session->effects_taken == session->effect_count) {
        return false;
    }
    record = &session->effects[session->effects_taken++];
    part = record->len == 0 ? bytes_of(NULL, 0)
                            : bytes_of(session->arena.data + record->start, record->len);
    effect->type = record->type;
    effect->code = record->code;
    effect->message = bytes_of(NULL, 0);
    effect->text[0] = '\0';
    if (record->type == EFFECT_SEND) {
        effect->message = part;
    } else {
        session_copy_text(effect->text, part);
    }
    return true;
}

/* A buffer that grew for bulk is given back once there is no more of it. */
static void trim(struct buffer *buffer, bool busy)
{
    if (!busy && buffer->cap > KEPT_BYTES) {
        buffer_free(buffer);
    } else {
        buffer_clear(buffer);
    }
}

static void clear_effects(struct session *session)
{
    bool busy = session->serve_count > 0 || session->listing;

    if (session->effects_taken < session->effect_count) {
        return;
    }
    session->effect_count = 0;
    session->effects_taken = 0;
    trim(&session->arena, busy);
    trim(&session->scratch, busy);
}

/* --- life --- */

struct session *session_new(const struct session_config *config)
{
    struct session *session = calloc(1, sizeof *session);

    if (session == NULL) {
        return NULL;
    }
    session->effects = calloc(EFFECTS_START, sizeof *session->effects);
    if (session->effects == NULL) {
        free(session);
        return NULL;
    }
    session->effect_capacity = EFFECTS_START;
    session->config = *config;
    session->book = config->book;
    session->credit = SESSION_CREDIT_BYTES;
    buffer_init(&session->arena, 0);
    buffer_init(&session->scratch, 0);
    return session;
}

void session_free(struct session *session)
{
    if (session == NULL) {
        return;
    }
    session_drop_claims(session);
    behind_free(&session->queue);
    buffer_free(&session->arena);
    buffer_free(&session->scratch);
    free(session->effects);
    free(session);
}

bool session_is_network(const struct session *session, const struct hash *group)
{
    return map_count(session->book->map) > 0 &&
           hash_equal(&map_at(session->book->map, 0)->group, group);
}

/* --- one step --- */

static void say_ping(struct session *session)
{
    session->pinging = true;
    session->ping_sent_ms = session->now_ms;
    session->ping_number++;
    message_ping(session_message(session), session->ping_number);
    session_sent(session);
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void check_times(struct session *session)
{
    if (!session->greeted && session_elapsed(session, session->started_ms) >= HANDSHAKE_MS) {
        session_refuse(session, E_TIMEOUT, "no HELLO within %d s", HANDSHAKE_MS / 1000);
        return;
    }
    session_review_limit(session);
    if (session->limited && session->now_ms >= session->limited_until_ms) {
        session_refuse(session, E_STRANGER, "no key chain gave this transport key within %d s",
                       HANDSHAKE_MS / 1000);
        return;
    }
    if (session->pinging && session_elapsed(session, later(session->ping_sent_ms,
                                                           session->heard_ms)) >= PING_ANSWER_MS) {
        session_refuse(session, E_TIMEOUT, "no answer to a ping within %d s",
                       PING_ANSWER_MS / 1000);
    } else if (!session->pinging && session->greeted &&
               session_elapsed(session, later(session->said_ms, session->heard_ms)) >= PING_MS) {
        say_ping(session);
    }
}

static void take_event(struct session *session, const struct session_event *event)
{
    switch (event->type) {
    case SESSION_START:
        session->started_ms = session->heard_ms = session->now_ms;
        session_say_hello(session);
        break;
    case SESSION_MESSAGE:
        session_take_message(session, event->message);
        break;
    case SESSION_TICK:
        session->sweep_due = true;
        break;
    case SESSION_HEADS:
        session_heads_changed(session, &event->group);
        break;
    case SESSION_COMMITTED:
        if (session->uncommitted > 0) {
            session->pulled_ms = session->now_ms; /* the peer may have waited for this */
        }
        session->uncommitted = 0;
        break;
    case SESSION_ANTI_ENTROPY:
        session->hello_due = true;
        break;
    case SESSION_ASK_OWN:
        session->ask_own = true;
        if (session->ready) {
            session_ask_own(session);
        }
        break;
    case SESSION_PING:
        if (session->greeted && !session->pinging) {
            say_ping(session);
        }
        break;
    }
}

void session_step(struct session *session, const struct session_event *event, uint64_t now_ms)
{
    clear_effects(session);
    if (session->closed) {
        return;
    }
    session->now_ms = now_ms;
    session->budget = 0;
    session->receiving = event->receiving;
    if (event->backlog < SESSION_STEP_BYTES) {
        session->budget = SESSION_STEP_BYTES - event->backlog;
    }
    take_event(session, event);
    check_times(session);
    session_check_stalls(session);
    if (session->ready && event->type != SESSION_HEADS) {
        session_write_pushes(session);
        session_start_pulls(session);
        if (session->hello_due) {
            session_say_hello(session);
        }
        session_write_list(session);
    }
    if (session->greeted) {
        session_serve(session);
    }
    session_give_credit(session);
}

uint64_t session_next_ms(const struct session *session)
{
    uint64_t next = later(session->said_ms, session->heard_ms) + PING_MS;

    if (session->closed) {
        return UINT64_MAX;
    }
    if (session->serve_more || session->listing ||
        (session->ready && (session->push_count > 0 || session->hello_due))) {
        return session->now_ms;
    }
    if (session->pinging) {
        next = later(session->ping_sent_ms, session->heard_ms) + PING_ANSWER_MS;
    }
    if ((!session->ready || session->pull_count > 0 || session->queue.count > 0) &&
        next > session->now_ms + IDLE_TICK_MS) {
        next = session->now_ms + IDLE_TICK_MS;
    }
    return next;
}

/* --- what is asked of it --- */

void session_status(const struct session *session, struct session_status *status)
{
    *status = (struct session_status){.ready = session->ready,
                                      .limited = session->limited,
                                      .equal = session->equal,
                                      .version = session->version,
                                      .skew_ms = session->skew_ms,
                                      .round_trip_ms = session->round_trip_ms,
                                      .round_trips = session->round_trips,
                                      .own_answers = session->own_answers,
                                      .pulling = session->pull_count,
                                      .pending = session->queue.count,
                                      .serving = session->serve_count,
                                      .entries_taken = session->entries_taken,
                                      .entries_given = session->entries_given,
                                      .nonsense = session->nonsense};
}

static void describe_behind(const struct session *session, const struct map_item *there,
                            struct hash *group, uint64_t *here, uint64_t *size)
{
    size_t rank;

    *group = there->group;
    *size = there->size;
    *here = 0;
    if (map_find(session->book->map, there->group.bytes, &rank)) {
        *here = map_at(session->book->map, rank)->size;
    }
}

bool session_behind(const struct session *session, size_t number, struct hash *group,
                    uint64_t *here, uint64_t *there)
{
    size_t pulls = 0;

    for (size_t i = 0; i < SESSION_WANTS_MAX; i++) {
        if (session->pull[i].state == PULL_FREE) {
            continue;
        }
        if (pulls == number) {
            describe_behind(session, &session->pull[i].there, group, here, there);
            return true;
        }
        pulls++;
    }
    if (number - pulls >= session->queue.count) {
        return false;
    }
    describe_behind(session, &session->queue.items[number - pulls].there, group, here, there);
    return true;
}

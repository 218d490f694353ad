/* The conversation: the hello, the limit on a peer whose key is not known, and each message handed
 * to the part of the session that takes it. */
#include "proto/session_impl.h"

#include <string.h>

/* --- the hello --- */

static uint64_t wall_ms(const struct session *session)
{
    int64_t wall = (int64_t)session->now_ms + session->config.wall_ahead_ms;

    return wall < 0 ? 0 : (uint64_t)wall;
}

void session_say_hello(struct session *session)
{
    struct hello hello = {.version_min = PROTOCOL_MIN,
                          .version_max = PROTOCOL_MAX,
                          .time_ms = wall_ms(session)};

    if (map_count(session->book->map) > 0) {
        hello.network_size = map_at(session->book->map, 0)->size;
    }
    map_digest(session->book->map, &hello.digest);
    session->hello_due = false;
    session->list_said = false;
    message_hello(session_message(session), &hello);
    session_sent(session);
}

void session_ask_own(struct session *session)
{
    message_own(session_message(session), &session->config.starts);
    session_sent(session);
    session->ask_own = false;
    session->own_asked++;
}

static void answer_own_question(struct session *session)
{
    struct head head;
    struct start_count starts = {.starts = 0};
    bool held =
        session->book->peer_own_head(session->book->context, &session->config.peer, &head, &starts);

    message_own_head(session_message(session), held ? &head : NULL, &starts);
    session_sent(session);
    session->answer_own = false;
}

static void become_ready(struct session *session)
{
    session->ready = true;
    session->limited = false;
    session->sweep_due = true;
    session_effect_add(session, EFFECT_READY, OK, session->arena.len);
    if (session->ask_own) {
        session_ask_own(session);
    }
    if (session->answer_own) {
        answer_own_question(session);
    }
}

static bool peer_key_known(const struct session *session)
{
    return session->book->peer_key_known(session->book->context, &session->config.peer,
                                         &session->config.peer_key);
}

void session_review_limit(struct session *session)
{
    if (!session->limited || session->closed || !peer_key_known(session)) {
        return;
    }
    become_ready(session);
    session_claim_peer_chain(session);
    /* What the peer said meanwhile was not taken: it compares once more. */
    session_say_hello(session);
}

static void check_skew(struct session *session, const struct hello *hello)
{
    session->skew_ms = (int64_t)hello->time_ms - (int64_t)wall_ms(session);
    if (session->skew_ms > CLOCK_SKEW_MS || session->skew_ms < -(int64_t)CLOCK_SKEW_MS) {
        session_log(session, E_CLOCK, "the peer's clock differs from ours by %lld s: check both",
                    (long long)(session->skew_ms / 1000));
    }
}

static void take_hello(struct session *session, const struct hello *hello)
{
    if (session->greeted) {
        if (session->ready) {
            session_compare(session, hello, false);
        }
        return;
    }
    if (hello->version_min > PROTOCOL_MAX || hello->version_max < PROTOCOL_MIN) {
        session_refuse(
            session, E_VERSION,
            "one node speaks protocol %d to %d, the other %llu to %llu: upgrade the older",
            PROTOCOL_MIN, PROTOCOL_MAX, (unsigned long long)hello->version_min,
            (unsigned long long)hello->version_max);
        return;
    }
    session->greeted = true;
    session->version = hello->version_max < PROTOCOL_MAX ? hello->version_max : PROTOCOL_MAX;
    check_skew(session, hello);
    if (peer_key_known(session)) {
        become_ready(session);
        session_compare(session, hello, true);
        return;
    }
    session->limited = true;
    session->limited_until_ms = session->now_ms + HANDSHAKE_MS;
    session_want_peer_chain(session);
}

/* --- messages --- */

/* A peer's words are data: what could steer a terminal or fake a log line becomes '?'. */
static void clean_text(struct bytes text, char out[REFUSAL_TEXT_MAX + 1])
{
    session_copy_text(out, text);
    for (size_t i = 0; out[i] != '\0'; i++) {
        uint8_t byte = (uint8_t)out[i];
        bool second_control = byte == 0xc2 && (uint8_t)out[i + 1] < 0xa0;

        if (second_control) {
            out[i + 1] = '?';
        }
        if (byte < 0x20 || byte == 0x7f || second_control) {
            out[i] = '?';
        }
    }
}

static void take_refusal(struct session *session, const struct message *message)
{
    char text[REFUSAL_TEXT_MAX + 1];

    clean_text(message->text, text);
    session_log(session, (enum err_code)message->code, "the peer ends this: %s: %s",
                err_name(message->code), text);
    session_effect_text(session, EFFECT_CLOSE, (enum err_code)message->code, text);
}

static void take_own_head(struct session *session, const struct message *message)
{
    if (session->own_asked == 0) {
        session_nonsense(session, E_FRAME, "OWN_HEAD", "nobody asked for it");
        return;
    }
    session->own_asked--;
    session->own_answers++;
    session->book->own_head_heard(session->book->context, &session->config.peer,
                                  message->has_own_head ? &message->head.head : NULL,
                                  &message->starts);
}

static void take_pong(struct session *session, uint64_t number)
{
    if (!session->pinging || number != session->ping_number) {
        return;
    }
    session->pinging = false;
    session->round_trips++;
    session->round_trip_ms = session_elapsed(session, session->ping_sent_ms);
    if (session->round_trip_ms == 0) {
        session->round_trip_ms = 1; /* 0 stands for unknown */
    }
}

static void take_question(struct session *session, const struct start_count *starts)
{
    session->book->peer_started(session->book->context, &session->config.peer, starts);
    session->answer_own = true;
    if (session->ready) {
        answer_own_question(session);
    }
}

/* While limited: the chain that is wanted, wants (held back), and signs of life. */
static bool passes_limit(enum message_type type)
{
    switch (type) {
    case MESSAGE_HELLO:
    case MESSAGE_REFUSE:
    case MESSAGE_CHAIN:
    case MESSAGE_HEAD:
    case MESSAGE_UNABLE:
    case MESSAGE_WANT:
    case MESSAGE_CREDIT:
    case MESSAGE_OWN:
    case MESSAGE_PING:
    case MESSAGE_PONG:
        return true;
    case MESSAGE_LIST:
    case MESSAGE_PUSH:
    case MESSAGE_CHUNK:
    case MESSAGE_OWN_HEAD:
        break;
    }
    return false;
}

static void dispatch(struct session *session, struct message *message)
{
    switch (message->type) {
    case MESSAGE_HELLO:
        take_hello(session, &message->hello);
        break;
    case MESSAGE_REFUSE:
        take_refusal(session, message);
        break;
    case MESSAGE_LIST:
    case MESSAGE_PUSH:
        session_take_list(session, message);
        break;
    case MESSAGE_WANT:
        session_open_serve(session, &message->want);
        break;
    case MESSAGE_CHAIN:
        session_take_chain(session, message);
        break;
    case MESSAGE_HEAD:
        session_take_head(session, &message->head);
        break;
    case MESSAGE_CHUNK:
        session_take_chunk(session, &message->chunk);
        break;
    case MESSAGE_UNABLE:
        session_take_unable(session, &message->group, message->code);
        break;
    case MESSAGE_CREDIT:
        session_take_credit(session, message->number);
        break;
    case MESSAGE_OWN:
        take_question(session, &message->starts);
        break;
    case MESSAGE_OWN_HEAD:
        take_own_head(session, message);
        break;
    case MESSAGE_PING:
        message_pong(session_message(session), message->number);
        session_sent(session);
        break;
    case MESSAGE_PONG:
        take_pong(session, message->number);
        break;
    }
}

void session_take_message(struct session *session, struct bytes bytes)
{
    struct message message;
    struct err err;
    enum err_code code = message_decode(bytes, &message, &err);

    session->heard_ms = session->now_ms;
    if (code == E_NOT_YET && session->greeted) {
        return; /* an odd type of a later version */
    }
    if (code != OK) {
        session_refuse(session, E_FRAME, "%s", err.text);
        return;
    }
    if (!session->greeted && message.type != MESSAGE_HELLO && message.type != MESSAGE_REFUSE) {
        session_refuse(session, E_FRAME, "the first message must be HELLO, not type %u",
                       (unsigned)message.type);
        return;
    }
    if (session->limited && !passes_limit(message.type)) {
        return;
    }
    dispatch(session, &message);
}

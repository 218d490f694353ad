/* Serving: the peer's open WANTs in turn, one message each: pages of the key chain, the signed head
 * with its proof, then chunks, as far as the step's budget and the peer's credit go. */
#include "proto/session_impl.h"

#include <string.h>

enum {
    CHUNK_LEAST_BYTES = 2 + ENTRY_MAX_BYTES /* credit below which no leaf is sure to fit */
};

enum serve_result {
    SERVE_GOES_ON,
    SERVE_WAITS, /* for credit, or for the limit to be lifted */
    SERVE_ENDED
};

static size_t find_serve(const struct session *session, const struct hash *group)
{
    size_t i = 0;

    while (i < session->serve_count && !hash_equal(&session->serve[i].want.group, group)) {
        i++;
    }
    return i;
}

static void remove_serve(struct session *session, size_t at)
{
    session->serve_count--;
    session->serve[at] = session->serve[session->serve_count];
}

static void say_unable(struct session *session, const struct hash *group, enum err_code code)
{
    message_unable(session_message(session), group, code);
    session_sent(session);
}

void session_open_serve(struct session *session, const struct want *want)
{
    size_t at = find_serve(session, &want->group);

    if (want->have == WANT_STOP) {
        if (at < session->serve_count) {
            remove_serve(session, at);
        }
        say_unable(session, &want->group, OK);
        return;
    }
    if (at == SESSION_WANTS_MAX) {
        session_refuse(session, E_CAP, "more than %d ledgers wanted at a time", SESSION_WANTS_MAX);
        return;
    }
    if (at == session->serve_count) {
        session->serve_count++;
    }
    session->serve[at] = (struct serve){.phase = SERVE_CHAIN, .want = *want, .next = want->links};
}

void session_take_credit(struct session *session, uint64_t bytes)
{
    if (bytes > SESSION_CREDIT_BYTES - session->credit) {
        session_refuse(session, E_CAP, "credit of %llu bytes is more than was used",
                       (unsigned long long)bytes);
        return;
    }
    session->credit += bytes;
}

static enum serve_result unable(struct session *session, const struct serve *serve,
                                enum err_code code)
{
    say_unable(session, &serve->want.group, code);
    return SERVE_ENDED;
}

/* One page of links, at least one and then as many as CHAIN_PAGE_MAX_BYTES takes. */
static enum serve_result serve_chain(struct session *session, struct serve *serve)
{
    struct book *book = session->book;
    const struct hash *group = &serve->want.group;
    uint64_t first = serve->next, total = book->link_count(book->context, group);
    struct buffer *page = &session->scratch, *out;

    buffer_clear(page);
    while (serve->next < total) {
        size_t before = page->len;
        enum err_code code = book->read_link(book->context, group, serve->next, page);

        if (code != OK) {
            return unable(session, serve, code);
        }
        if (page->failed) {
            return unable(session, serve, E_MEMORY);
        }
        if (before > 0 && page->len > CHAIN_PAGE_MAX_BYTES) {
            page->len = before;
            break;
        }
        serve->next++;
    }
    if (serve->next > first) {
        out = session_message(session);
        message_chain_begin(out, group, first, (size_t)(serve->next - first));
        buffer_append(out, page->data, page->len);
        session_sent(session);
    }
    if (serve->next >= total) {
        serve->phase = SERVE_HEAD;
    }
    return SERVE_GOES_ON;
}

static enum serve_result serve_head(struct session *session, struct serve *serve)
{
    struct book *book = session->book;
    const struct hash *group = &serve->want.group;
    struct head_answer answer = {.have = serve->want.have};
    enum err_code code = book->head(book->context, group, &answer.head);

    if (code == OK && answer.have > 0 && answer.have <= answer.head.size) {
        answer.has_root = true;
        code = book->root_at(book->context, group, answer.have, &answer.root_at_have);
        if (code == OK) {
            code = book->prove(book->context, group, answer.have, answer.head.size, &answer.proof);
        }
    }
    if (code != OK) {
        return unable(session, serve, code);
    }
    message_head(session_message(session), &answer);
    session_sent(session);
    if (answer.have >= answer.head.size) {
        return SERVE_ENDED;
    }
    serve->head = answer.head;
    serve->next = answer.have;
    serve->phase = SERVE_CHUNKS;
    return SERVE_GOES_ON;
}

/* Proofs are cheap to make at the ends of whole runs: what reaches past one goes back to it. */
static void cut_at_run(struct chunk *chunk)
{
    uint64_t end = chunk->start + chunk->count, cut = end - end % RUN_LEAVES;
    struct bytes rest = chunk->leaves, leaf;
    bool failed = false;

    if (end == chunk->head_size || cut <= chunk->start) {
        return;
    }
    chunk->count = cut - chunk->start;
    for (uint64_t i = 0; i < chunk->count; i++) {
        if (!chunk_leaf(&rest, &leaf, &failed)) {
            return;
        }
    }
    chunk->leaves.len -= rest.len;
}

static enum err_code make_chunk(struct session *session, const struct serve *serve,
                                struct chunk *chunk)
{
    struct book *book = session->book;
    uint64_t to = serve->head.size, max_bytes = session->credit;
    enum err_code code;

    if (to - serve->next > CHUNK_LEAVES_MAX) {
        to = serve->next + CHUNK_LEAVES_MAX;
    }
    if (max_bytes > CHUNK_MAX_BYTES) {
        max_bytes = CHUNK_MAX_BYTES;
    }
    buffer_clear(&session->scratch);
    *chunk = (struct chunk){.group = serve->want.group,
                            .start = serve->next,
                            .head_size = serve->head.size};
    code = book->read_leaves(book->context, &chunk->group, serve->next, to, (size_t)max_bytes,
                             &session->scratch, &chunk->count);
    if (code != OK) {
        return code;
    }
    if (session->scratch.failed) {
        return E_MEMORY;
    }
    if (chunk->count == 0) {
        return E_NO_DATA;
    }
    chunk->leaves = buffer_view(&session->scratch);
    cut_at_run(chunk);
    return book->prove(book->context, &chunk->group, chunk->start + chunk->count, chunk->head_size,
                       &chunk->proof);
}

static enum serve_result serve_chunk(struct session *session, struct serve *serve)
{
    struct chunk chunk;
    enum err_code code;

    if (session->credit < CHUNK_LEAST_BYTES) {
        return SERVE_WAITS;
    }
    code = make_chunk(session, serve, &chunk);
    if (code != OK) {
        return unable(session, serve, code);
    }
    message_chunk(session_message(session), &chunk);
    session_sent(session);
    session->credit -= chunk.leaves.len;
    session->entries_given += chunk.count;
    serve->next += chunk.count;
    if (serve->next < serve->head.size) {
        return SERVE_GOES_ON;
    }
    session_know(session, &(struct map_item){.group = serve->head.group,
                                             .epoch = serve->head.epoch,
                                             .size = serve->head.size,
                                             .root = serve->head.root});
    return SERVE_ENDED;
}

/* Two nodes that are limited to one another still give their own chains, or neither could go on. */
static enum serve_result serve_one(struct session *session, struct serve *serve)
{
    bool own = hash_equal(&serve->want.group, &session->book->own_group);

    if (session->limited && (!own || serve->phase == SERVE_CHUNKS)) {
        return SERVE_WAITS;
    }
    switch (serve->phase) {
    case SERVE_CHAIN:
        return serve_chain(session, serve);
    case SERVE_HEAD:
        return serve_head(session, serve);
    case SERVE_CHUNKS:
        break;
    }
    return serve_chunk(session, serve);
}

void session_serve(struct session *session)
{
    size_t waiting = 0; /* how many in a row could not go on */

    while (session->budget > 0 && waiting < session->serve_count && !session->closed) {
        size_t at = session->serve_turn % session->serve_count;

        switch (serve_one(session, &session->serve[at])) {
        case SERVE_GOES_ON:
            waiting = 0;
            session->serve_turn = at + 1;
            break;
        case SERVE_WAITS:
            waiting++;
            session->serve_turn = at + 1;
            break;
        case SERVE_ENDED:
            waiting = 0;
            session->serve_turn = at;
            remove_serve(session, at);
            break;
        }
    }
    session->serve_more = waiting < session->serve_count;
}

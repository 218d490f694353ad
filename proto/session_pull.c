/* Pulling: which ledgers are asked for, and what is done with the links, heads and chunks that
 * come. The book verifies; here is judged only whether a message fits what was asked.
 *
 * Happy path: claim, WANT, CHAIN…, HEAD, CHUNK… up to the head, the claim goes back.
 * Failure modes: what the book refuses as false is nonsense and gives the pull up; a stall gives it
 * up for AGAIN_MS; either way the peer is told to stop and the slot stays taken until it says so.
 */
#include "proto/session_impl.h"

#include <assert.h>
#include <string.h>

enum {
    AGAIN_MS = 30000, /* a ledger that stalled with this peer is not asked of it again before */
    SWEEP_MAX = 256   /* queued ledgers that one step looks at */
};

/* --- slots --- */

static struct pull *find_pull(struct session *session, const struct hash *group)
{
    for (size_t i = 0; i < SESSION_WANTS_MAX; i++) {
        struct pull *pull = &session->pull[i];

        if (pull->state != PULL_FREE && hash_equal(&pull->there.group, group)) {
            return pull;
        }
    }
    return NULL;
}

static struct pull *free_slot(struct session *session)
{
    for (size_t i = 0; i < SESSION_WANTS_MAX; i++) {
        if (session->pull[i].state == PULL_FREE) {
            return &session->pull[i];
        }
    }
    return NULL;
}

static void unclaim(struct session *session, struct pull *pull)
{
    if (pull->claimed) {
        session->book->unclaim(session->book->context, session, &pull->there.group);
    }
    pull->claimed = false;
}

static void free_pull(struct session *session, struct pull *pull)
{
    memset(pull, 0, sizeof *pull);
    session->pull_count--;
    session->sweep_due = true;
}

static void finish(struct session *session, struct pull *pull)
{
    if (session_is_network(session, &pull->there.group)) {
        session->network_due = false;
    }
    unclaim(session, pull);
    free_pull(session, pull);
}

/* The network's ledger cannot be had here for now: the others are compared without it. */
static void network_failed(struct session *session, const struct pull *pull)
{
    if (!session_is_network(session, &pull->there.group)) {
        return;
    }
    session->network_due = false;
    session->network_after_ms = session->now_ms + AGAIN_MS;
    session->hello_due = true;
}

static void give_up(struct session *session, struct pull *pull, uint64_t again_ms)
{
    struct want stop = {.group = pull->there.group, .epoch = pull->there.epoch, .have = WANT_STOP};

    unclaim(session, pull);
    network_failed(session, pull);
    pull->state = PULL_ENDING;
    pull->again_ms = again_ms;
    message_want(session_message(session), &stop);
    session_sent(session);
}

void session_drop_claims(struct session *session)
{
    for (size_t i = 0; i < SESSION_WANTS_MAX; i++) {
        struct pull *pull = &session->pull[i];

        unclaim(session, pull);
        pull->state = PULL_FREE;
    }
    session->pull_count = 0;
}

/* --- asking --- */

/* The caller knows of a free slot, and says whether it holds the claim. */
static struct pull *ask(struct session *session, const struct map_item *there)
{
    struct pull *pull = free_slot(session);
    struct want want = {.group = there->group};

    assert(pull != NULL);
    session->book->held(session->book->context, &there->group, &want);
    want.group = there->group;
    *pull = (struct pull){.state = PULL_ASKED,
                          .there = *there,
                          .held = want.have,
                          .links = want.links,
                          .progress_ms = session->now_ms,
                          .turn_ms = session->now_ms};
    session->pull_count++;
    message_want(session_message(session), &want);
    session_sent(session);
    return pull;
}

static bool claim(struct session *session, const struct hash *group)
{
    return session->book->claim(session->book->context, session, group);
}

/* Not claimed: anybody may say that he is that group, and must not keep others from giving its
 * ledger. The book takes each link once, whoever brings it. */
void session_want_peer_chain(struct session *session)
{
    struct map_item there = {.group = session->config.peer};

    ask(session, &there)->claimed = false;
}

void session_claim_peer_chain(struct session *session)
{
    struct pull *pull = find_pull(session, &session->config.peer);

    if (pull == NULL || pull->state != PULL_ASKED) {
        return;
    }
    pull->claimed = claim(session, &pull->there.group);
    if (!pull->claimed) {
        give_up(session, pull, 0);
    }
}

/* True when the item leaves the queue: it is asked for, or there is nothing to ask any more. */
static bool try_start(struct session *session, const struct behind *item)
{
    const struct hash *group = &item->there.group;

    if (item->after_ms > session->now_ms || find_pull(session, group) != NULL) {
        return false;
    }
    if (!session_is_behind(session, &item->there, true)) {
        return true;
    }
    if (!claim(session, group)) { /* the own ledger is pulled only by a node that lost it */
        return hash_equal(group, &session->book->own_group);
    }
    ask(session, &item->there)->claimed = true;
    return true;
}

static void try_network(struct session *session)
{
    const struct hash group = map_at(session->book->map, 0)->group;
    struct behind *item = behind_find(&session->queue, &group);

    if (item == NULL) {
        session->network_due = find_pull(session, &group) != NULL;
        return;
    }
    if (session->pull_count < SESSION_WANTS_MAX) {
        struct behind copy = *item;

        if (try_start(session, &copy)) {
            behind_remove(&session->queue, &group);
        }
    }
}

void session_start_pulls(struct session *session)
{
    struct behind_queue *queue = &session->queue;

    if (session->network_due && map_count(session->book->map) > 0) {
        try_network(session);
    }
    if (!session->sweep_due || session->network_due) {
        return;
    }
    session->sweep_due = false;
    for (size_t tries = 0; tries < SWEEP_MAX && queue->count > 0; tries++) {
        struct behind item;

        if (session->pull_count == SESSION_WANTS_MAX || session->closed) {
            break;
        }
        if (queue->sweep >= queue->count) {
            queue->sweep = 0;
            if (tries >= queue->count) {
                break; /* once around */
            }
        }
        item = queue->items[queue->sweep];
        if (try_start(session, &item)) {
            behind_remove(queue, &item.there.group);
        } else {
            queue->sweep++;
        }
    }
}

/* --- taking --- */

/* Does the code say that the peer gave something false (and not that we cannot take it)? */
static bool is_false(enum err_code code)
{
    return code == E_PROOF || code == E_SIGNATURE || code == E_LEAF || code == E_ENCODING ||
           code == E_QUORUM || code == E_FRAME;
}

static void stored(struct session *session)
{
    session_effect_add(session, EFFECT_STORED, OK, session->arena.len);
}

static void refused(struct session *session, struct pull *pull, enum err_code code,
                    const char *what, const char *detail)
{
    bool again = !is_false(code) && code != E_FORKED;

    give_up(session, pull, again ? session->now_ms + AGAIN_MS : 0);
    if (is_false(code)) {
        session_nonsense(session, code, what, detail);
    } else {
        session_log(session, code, "%s: %s", what, detail);
    }
    if (code == E_FORKED) {
        stored(session); /* that it is frozen now */
    }
}

/* The pull that a message is for, which brings `len` bytes. NULL when there is none (nonsense) or
 * when it is ignored. */
static struct pull *pull_for(struct session *session, const struct hash *group, size_t len,
                             const char *what)
{
    struct pull *pull = find_pull(session, group);

    if (pull == NULL) {
        session_nonsense(session, E_FRAME, what, "of a ledger that nobody asked for");
        return NULL;
    }
    if (pull->state == PULL_ENDING) {
        return NULL;
    }
    pull->progress_ms = session->now_ms;
    pull->turn_bytes += len;
    session->pulled_ms = session->now_ms;
    return pull;
}

static size_t chain_bytes(const struct message *message)
{
    return (size_t)(message->items.end - message->items.at);
}

void session_take_chain(struct session *session, struct message *message)
{
    struct pull *pull = pull_for(session, &message->group, chain_bytes(message), "CHAIN");
    struct link link;
    struct err err = {.code = OK};

    if (pull == NULL) {
        return;
    }
    if (pull->state != PULL_ASKED || message->number != pull->links) {
        refused(session, pull, E_FRAME, "CHAIN", "not the links that come next");
        return;
    }
    while (message_link(message, &link)) {
        enum err_code code = session->book->take_link(session->book->context, &message->group,
                                                      pull->links, &link, &err);

        if (code != OK) {
            refused(session, pull, code, "a key-chain link", err.text);
            return;
        }
        pull->links++;
    }
    stored(session);
    session_review_limit(session);
}

static void stranger(struct session *session)
{
    session_refuse(session, E_STRANGER, "the key chain does not give this transport key");
}

void session_take_head(struct session *session, const struct head_answer *answer)
{
    struct pull *pull = pull_for(session, &answer->head.group, 0, "HEAD");
    const struct head *head = &answer->head;
    struct err err = {.code = OK};
    enum err_code code;

    if (pull == NULL) {
        return;
    }
    if (session->limited) {
        stranger(session);
        return;
    }
    if (pull->state != PULL_ASKED || answer->have != pull->held) {
        refused(session, pull, E_FRAME, "HEAD", "not the answer to what was asked");
        return;
    }
    code = session->book->take_head(session->book->context, answer, &err);
    if (code != OK) {
        refused(session, pull, code, "a signed head", err.text);
        return;
    }
    pull->target = (struct map_item){.group = head->group,
                                     .epoch = head->epoch,
                                     .size = head->size,
                                     .root = head->root};
    session_know(session, &pull->target);
    if (head->size > pull->held) {
        pull->state = PULL_TAKING;
    } else {
        finish(session, pull);
    }
    stored(session);
}

/* Counts what came against the credit that was given; false when it is more. */
static bool count_credit(struct session *session, size_t len)
{
    if (session->credit_used + len > SESSION_CREDIT_BYTES) {
        session_refuse(session, E_CAP, "more than %d bytes of chunks under way",
                       SESSION_CREDIT_BYTES);
        return false;
    }
    session->credit_used += len;
    return true;
}

void session_take_chunk(struct session *session, const struct chunk *chunk)
{
    struct pull *pull;
    struct err err = {.code = OK};
    enum err_code code;

    if (!count_credit(session, chunk->leaves.len)) {
        return;
    }
    pull = pull_for(session, &chunk->group, chunk->leaves.len, "CHUNK");
    if (pull == NULL) {
        return;
    }
    if (pull->state != PULL_TAKING || chunk->start != pull->held ||
        chunk->head_size != pull->target.size) {
        refused(session, pull, E_FRAME, "CHUNK", "not the entries that come next");
        return;
    }
    code = session->book->take_chunk(session->book->context, chunk, &err);
    if (code != OK) {
        refused(session, pull, code, "a chunk of entries", err.text);
        return;
    }
    session->uncommitted += chunk->leaves.len;
    session->entries_taken += chunk->count;
    pull->held += chunk->count;
    if (pull->held == pull->target.size) {
        finish(session, pull);
    }
    stored(session);
}

void session_take_unable(struct session *session, const struct hash *group, unsigned code)
{
    struct pull *pull = find_pull(session, group);
    struct behind again;

    if (pull == NULL) {
        return; /* it crossed our WANT_STOP */
    }
    if (session->limited) {
        stranger(session);
        return;
    }
    again = (struct behind){.there = pull->there, .after_ms = pull->again_ms};
    if (pull->state != PULL_ENDING) {
        network_failed(session, pull);
        unclaim(session, pull);
    } else if (pull->again_ms != 0 && behind_find(&session->queue, group) == NULL) {
        (void)behind_put(&session->queue, &again); /* no memory: the next comparison finds it */
    }
    free_pull(session, pull);
    if (code == E_FORKED) {
        session_log(session, E_FORKED, "the peer holds a fork of this ledger and gives none of it");
    }
}

/* --- time and credit --- */

/* A pull is stalled when nothing comes at all and no message is on its way, or when its turn
 * brought too little, whatever else came: else a peer could keep all others from giving a ledger.
 */
static bool is_stalled(const struct session *session, const struct pull *pull)
{
    if (pull->state != PULL_ASKED && pull->state != PULL_TAKING) {
        return false;
    }
    if (session_elapsed(session, pull->turn_ms) >= PULL_TURN_MS) {
        return pull->turn_bytes < PULL_TURN_BYTES;
    }
    return !session->receiving && session_elapsed(session, pull->progress_ms) >= STALL_MS &&
           session_elapsed(session, session->pulled_ms) >= STALL_MS;
}

/* What we hold back ourselves (a slow disk) is no stall. */
void session_check_stalls(struct session *session)
{
    if (session->closed || session->limited || session->uncommitted >= SESSION_CREDIT_BYTES / 2) {
        return;
    }
    for (size_t i = 0; i < SESSION_WANTS_MAX; i++) {
        struct pull *pull = &session->pull[i];

        if (is_stalled(session, pull)) {
            give_up(session, pull, session->now_ms + AGAIN_MS);
        } else if (session_elapsed(session, pull->turn_ms) >= PULL_TURN_MS) {
            pull->turn_ms = session->now_ms;
            pull->turn_bytes = 0;
        }
    }
}

void session_give_credit(struct session *session)
{
    uint64_t durable = session->credit_used - session->uncommitted;

    if (session->closed || durable < CHUNK_MAX_BYTES) {
        return;
    }
    message_credit(session_message(session), durable);
    session_sent(session);
    session->credit_used -= durable;
}

/* Comparing maps: digests first, the network's ledger before all others, then LIST both ways once
 * for each HELLO; PUSH of what became new. The outcome is the queue of ledgers to pull. */
#include "proto/session_impl.h"

#include <string.h>

enum {
    LOOK_BACK_MAX = 256 /* ledgers of one LIST in which we are ahead that are checked for a fork:
                         * each costs a root at an earlier size */
};

/* --- what the peer has --- */

void session_know(struct session *session, const struct map_item *item)
{
    session->known[item->group.bytes[0] % KNOWN_SLOTS] = *item;
}

static bool item_equal(const struct map_item *a, const struct map_item *b)
{
    return hash_equal(&a->group, &b->group) && a->epoch == b->epoch && a->size == b->size &&
           hash_equal(&a->root, &b->root);
}

static bool is_known(const struct session *session, const struct map_item *item)
{
    return item_equal(&session->known[item->group.bytes[0] % KNOWN_SLOTS], item);
}

/* Where we are longer, a root of ours at the peer's size that differs from its own tells of a
 * fork; where the claim has no root (a HELLO's size) only sizes count. */
bool session_is_behind(struct session *session, const struct map_item *there, bool look_back)
{
    struct book *book = session->book;
    const struct map_item *here;
    struct hash root;
    size_t rank;

    if (there->size == 0 || !map_find(book->map, there->group.bytes, &rank)) {
        return false;
    }
    here = map_at(book->map, rank);
    if (map_item_is_frozen(there) || map_item_is_frozen(here)) {
        return false;
    }
    if (here->size == 0 || there->epoch != here->epoch) {
        return here->size == 0 || there->epoch > here->epoch;
    }
    if (there->size > here->size) {
        return true;
    }
    if (hash_is_zero(&there->root)) {
        return false;
    }
    if (there->size == here->size) {
        return !hash_equal(&there->root, &here->root);
    }
    return look_back && book->root_at(book->context, &here->group, there->size, &root) == OK &&
           !hash_equal(&root, &there->root);
}

static void queue_item(struct session *session, const struct map_item *there)
{
    struct behind item = {.there = *there};
    struct behind *old = behind_find(&session->queue, &there->group);

    if (session_is_network(session, &there->group)) {
        if (session->now_ms < session->network_after_ms) {
            return;
        }
        session->network_due = true;
    }
    if (old != NULL) {
        item.after_ms = old->after_ms;
    }
    if (!behind_put(&session->queue, &item)) {
        session_log(session, E_MEMORY, "no memory to remember that a ledger is behind");
    }
    session->sweep_due = true;
}

/* --- comparing --- */

static void say_list(struct session *session)
{
    session->list_said = true;
    if (session->listing) {
        session->list_again = true;
        return;
    }
    session->listing = true;
    session->list_next = 0;
}

void session_compare(struct session *session, const struct hello *hello, bool first)
{
    struct map *map = session->book->map;
    struct map_item network;
    struct hash digest;

    map_digest(map, &digest);
    session->list_said = false;
    session->equal = hash_equal(&digest, &hello->digest);
    if (session->equal) {
        session_effect_add(session, EFFECT_EQUAL, OK, session->arena.len);
        return;
    }
    if (map_count(map) == 0) {
        return;
    }
    network = *map_at(map, 0);
    if (!map_item_is_frozen(&network) && hello->network_size != UINT64_MAX) {
        uint64_t here = network.size;

        network.size = hello->network_size;
        memset(&network.root, 0, sizeof network.root);
        if (network.size > here && session->now_ms >= session->network_after_ms) {
            queue_item(session, &network);
            return; /* when it has come, SESSION_HEADS makes us compare again */
        }
        if (network.size < here && first) {
            return; /* the peer pulls it first and compares again */
        }
    }
    say_list(session);
}

void session_take_list(struct session *session, struct message *message)
{
    struct map *map = session->book->map;
    struct map_item item;
    unsigned look_backs = 0;

    while (message_item(message, &item)) {
        const struct map_item *here;
        size_t rank;

        if (!map_find(map, item.group.bytes, &rank)) {
            continue; /* a group that our roster does not name (yet) */
        }
        here = map_at(map, rank);
        item.group = here->group;
        session_know(session, &item);
        if (item_equal(&item, here)) {
            behind_remove(&session->queue, &item.group);
            continue;
        }
        session->equal = false;
        if (session_is_behind(session, &item, look_backs < LOOK_BACK_MAX)) {
            queue_item(session, &item);
        }
        if (item.size > 0 && item.size < here->size) {
            look_backs++;
        }
    }
    if (message->type == MESSAGE_LIST && !session->list_said) {
        say_list(session);
    }
}

static void write_page(struct session *session)
{
    struct map *map = session->book->map;
    size_t count = map_count(map), first = session->list_next, end = first + LIST_PAGE_ITEMS;
    struct buffer *out = session_message(session);

    if (first > count) {
        first = count; /* the roster became smaller on the way */
    }
    if (end > count) {
        end = count;
    }
    message_list_begin(out, end < count, end - first);
    for (size_t rank = first; rank < end; rank++) {
        map_item_pack(out, map_at(map, rank));
    }
    session_sent(session);
    session->list_next = end;
    session->listing = end < count;
    if (!session->listing && session->list_again) {
        session->list_again = false;
        session->listing = true;
        session->list_next = 0;
    }
}

void session_write_list(struct session *session)
{
    while (session->listing && session->budget > 0 && !session->closed) {
        write_page(session);
    }
}

/* --- live --- */

void session_heads_changed(struct session *session, const struct hash *group)
{
    if (!session->ready) {
        return; /* the first comparison is made with the maps of that time */
    }
    /* A new roster brings groups whose tags meant nothing before. */
    if (session_is_network(session, group)) {
        session->hello_due = true;
    }
    for (size_t i = 0; i < session->push_count; i++) {
        if (hash_equal(&session->push[i], group)) {
            return;
        }
    }
    if (session->push_count == PUSHES_MAX) {
        session->hello_due = true; /* so many: comparing finds the rest */
    } else {
        session->push[session->push_count++] = *group;
    }
}

/* What is to be pushed of `group`; false when the peer has it. */
static bool pushable(const struct session *session, const struct hash *group, struct map_item *item)
{
    struct map *map = session->book->map;
    size_t rank;

    if (!map_find(map, group->bytes, &rank)) {
        return false;
    }
    *item = *map_at(map, rank);
    return item->size > 0 && !is_known(session, item);
}

_Static_assert((int)PUSHES_MAX <= (int)LIST_PAGE_ITEMS, "one PUSH takes all that wait");

void session_write_pushes(struct session *session)
{
    struct map_item item;
    struct buffer *out;
    size_t kept = 0;

    for (size_t i = 0; i < session->push_count; i++) {
        if (pushable(session, &session->push[i], &item)) {
            session->push[kept++] = session->push[i];
        }
    }
    session->push_count = 0;
    if (kept == 0) {
        return;
    }
    out = session_message(session);
    message_push_begin(out, kept);
    for (size_t i = 0; i < kept; i++) {
        if (pushable(session, &session->push[i], &item)) {
            map_item_pack(out, &item);
        }
    }
    session_sent(session);
}

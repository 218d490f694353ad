/* Verify, then store. One signature check a sync: the head. A chunk is hashed onto a copy of the
 * right edge, shown to belong to that head, and only then written and judged. */
#include "store/ingest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "store/judge.h"
#include "store/leaves.h"
#include "store/ledger.h"
#include "store/roster.h"
#include "store/tree.h"

/* What a link or head counts towards store_uncommitted: they cost a row each. */
enum { SMALL_BYTES = 1024 };

/* After a failure in the middle of writing: what a full disk or a lack of memory left half done is
 * undone with the whole batch; anything else was undone by the caller. */
static enum err_code failed(struct store *store, enum err_code code)
{
    if (code == E_IO || code == E_MEMORY) {
        batch_abandon(store);
    }
    return code;
}

/* Only rostered groups are stored, and never the own ledger: that one is written here. */
static enum err_code begin(struct store *store, const struct hash *group, struct err *err)
{
    if (hash_equal(group, &store->own_group)) {
        return err_set(err, E_STATE, "the own ledger is written here, not pulled");
    }
    if (!roster_has(store, group)) {
        return err_set(err, E_ROSTER, "a ledger of a group that the roster does not name");
    }
    return batch_begin(store, err);
}

/* --- forks --- */

static enum err_code freeze(struct store *store, struct ledger *ledger, const struct head *held,
                            const struct head *other, struct err *err)
{
    ledger->frozen = true;
    ledger->fork[0] = *held;
    ledger->fork[1] = *other;
    ledger->dirty = true;
    enum err_code code = batch_changed(store, &ledger->group, err);
    if (code != OK) {
        return failed(store, code);
    }
    store->uncommitted += SMALL_BYTES;
    return err_set(err, E_FORKED,
                   "two signed heads, of sizes %" PRIu64 " and %" PRIu64
                   ", disagree: the ledger is frozen, both are kept (satcha why shows them)",
                   held->size, other->size);
}

/* Which of our signed heads says something about the first `size` entries. */
static const struct head *head_over(const struct ledger *ledger, uint64_t size)
{
    return size > ledger->size && ledger->has_target ? &ledger->target : &ledger->head;
}

/* --- links --- */

/* A link below what is stored must be of the same log. */
static enum err_code compare_link(struct store *store, struct ledger *ledger,
                                  const struct link *link, struct err *err)
{
    struct hash root;
    if (link->head.size > ledger->stored) {
        return OK;
    }
    enum err_code code = ledger_root_at(store, ledger, link->head.size, &root);
    if (code != OK) {
        return err_set(err, code, "the tree of a ledger is spoiled: run satcha rebuild");
    }
    if (hash_equal(&root, &link->head.root)) {
        return OK;
    }
    return freeze(store, ledger, head_over(ledger, link->head.size), &link->head, err);
}

static enum err_code take_first_link(struct store *store, const struct hash *group,
                                     const struct link *link, struct err *err)
{
    struct key_state keys;
    struct ledger *ledger;
    enum err_code code = keychain_start(&keys, group, link->leaf, err);
    if (code != OK) {
        return code;
    }
    code = ledger_make(store, group, &ledger, err);
    if (code == OK) {
        struct link genesis = {.head = {.group = *group, .size = 1, .root = *group},
                               .leaf = link->leaf};
        code = ledger_put_link(store, ledger, 0, &genesis, err);
    }
    if (code != OK) {
        return failed(store, code);
    }
    ledger->keys = keys;
    ledger->has_keys = true;
    ledger->dirty = true;
    return OK;
}

static enum err_code take_next_link(struct store *store, struct ledger *ledger, uint64_t number,
                                    const struct link *link, struct err *err)
{
    if (ledger->frozen) {
        return err_set(err, E_FORKED, "the ledger is frozen");
    }
    if (number != ledger->keys.links) {
        return err_set(err, E_STATE,
                       "key-chain link %" PRIu64 " came where link %" PRIu64 " was due", number,
                       ledger->keys.links);
    }
    struct key_state keys = ledger->keys;
    enum err_code code = keychain_advance(&keys, link, err);
    if (code == OK) {
        code = compare_link(store, ledger, link, err);
    }
    if (code != OK) {
        return code;
    }
    code = ledger_put_link(store, ledger, number, link, err);
    if (code != OK) {
        return failed(store, code);
    }
    ledger->keys = keys;
    ledger->dirty = true;
    return OK;
}

enum err_code ingest_link(struct store *store, const struct hash *group, uint64_t number,
                          const struct link *link, struct err *err)
{
    struct ledger *ledger = NULL;
    enum err_code code = begin(store, group, err);
    if (code == OK) {
        code = ledger_find(store, group, &ledger, err);
    }
    bool is_new = code == E_NO_DATA || (code == OK && !ledger->has_keys);
    if (is_new && number == 0) {
        code = take_first_link(store, group, link, err);
    } else if (is_new) {
        code = err_set(err, E_STATE, "the key chain must begin with the genesis");
    } else if (code == OK) {
        code = take_next_link(store, ledger, number, link, err);
    }
    if (code == OK) {
        store->uncommitted += SMALL_BYTES;
    }
    return code;
}

/* --- publishing --- */

/* Every key change up to the head must lie in the very log that the head signs. */
static enum err_code compare_links(struct store *store, struct ledger *ledger, bool *differs,
                                   struct head *other, struct err *err)
{
    struct buffer packed;
    buffer_init(&packed, 0);
    enum err_code code = OK;
    *differs = false;
    for (uint64_t number = ledger->keys.links; code == OK && number > 1 && !*differs; number--) {
        struct link link;
        struct hash root;
        buffer_clear(&packed);
        code = ledger_get_link(store, ledger, number - 1, &packed, err);
        struct cursor cursor = cursor_of(buffer_view(&packed));
        if (code == OK && !link_read(&cursor, &link)) {
            code = db_spoiled(err, "a key-chain link");
        }
        if (code != OK || link.head.size <= ledger->size) {
            break;
        }
        code = ledger_root_at(store, ledger, link.head.size, &root);
        *differs = code == OK && !hash_equal(&root, &link.head.root);
        *other = link.head;
    }
    buffer_free(&packed);
    return code;
}

static enum err_code complete(struct store *store, struct ledger *ledger, struct err *err)
{
    struct head other;
    bool differs = false;
    enum err_code code = compare_links(store, ledger, &differs, &other, err);
    if (code != OK) {
        return code;
    }
    if (differs) {
        return freeze(store, ledger, &ledger->target, &other, err);
    }
    struct head head = ledger->target;
    ledger_publish(ledger, &head, store_now_ms(store));
    return batch_changed(store, &ledger->group, err);
}

/* --- heads --- */

static enum err_code judge_again(void *context, uint64_t index, struct bytes leaf)
{
    enum err_code verdict;
    (void)index;
    return judge_leaf(context, leaf, &verdict, NULL, NULL);
}

/* A head inside what is pending: its entries count from now on, the rest waits on. */
static enum err_code publish_part(struct store *store, struct ledger *ledger,
                                  const struct head *head, struct err *err)
{
    struct judge judge;
    struct ledger_state *state = malloc(sizeof *state);
    if (state == NULL) {
        return err_set(err, E_MEMORY, "out of memory for a ledger's state");
    }
    *state = ledger->state;
    judge_start(&judge, store, ledger, state, JUDGE_LOOK);
    enum err_code code =
        leaves_each(store, ledger, ledger->size, head->size, judge_again, &judge, err);
    judge_end(&judge);
    if (code == OK) {
        ledger->state = *state;
        ledger->size = head->size;
        ledger->head = *head;
        ledger->has_head = true;
        ledger->heard_ms = store_now_ms(store);
        ledger->dirty = true;
        code = batch_changed(store, &ledger->group, err);
    }
    free(state);
    return code;
}

/* A head that is not past what is held: equal there, or a fork. */
static enum err_code take_old_head(struct store *store, struct ledger *ledger,
                                   const struct head *head, struct err *err)
{
    struct hash root;
    enum err_code code = ledger_root_at(store, ledger, head->size, &root);
    if (code != OK) {
        return err_set(err, code, "the tree of a ledger is spoiled: run satcha rebuild");
    }
    if (!hash_equal(&root, &head->root)) {
        return freeze(store, ledger, head_over(ledger, head->size), head, err);
    }
    if (head->size <= ledger->size) {
        return OK;
    }
    if (head->size == ledger->stored) {
        ledger->target = *head;
        ledger->has_target = true;
        return complete(store, ledger, err);
    }
    return publish_part(store, ledger, head, err);
}

/* A longer head: the peer's root at what we hold, proved to be of that head, is ours; or proved
 * and not ours: a fork. */
static enum err_code take_new_head(struct store *store, struct ledger *ledger,
                                   const struct head_answer *answer, struct err *err)
{
    const struct head *head = &answer->head;
    if (ledger->stored > 0) {
        struct hash root;
        merkle_edge_root(&ledger->edge, &root);
        if (!answer->has_root || answer->have != ledger->stored ||
            merkle_verify_consistency(ledger->stored, &answer->root_at_have, head->size,
                                      &head->root, &answer->proof) != OK) {
            return err_set(err, E_PROOF,
                           "no proof that the head of size %" PRIu64 " extends the %" PRIu64
                           " entries held",
                           head->size, ledger->stored);
        }
        if (!hash_equal(&root, &answer->root_at_have)) {
            return freeze(store, ledger, head_over(ledger, ledger->stored), head, err);
        }
    }
    ledger->target = *head;
    ledger->has_target = true;
    ledger->dirty = true;
    return OK;
}

/* An invite names a head of the network's ledger: nothing older may be believed. */
static enum err_code check_invite(struct store *store, const struct head *head, struct err *err)
{
    if (!store->has_invited || !hash_equal(&head->group, &store->network) ||
        head->size > store->invited.size) {
        return OK;
    }
    if (head->size == store->invited.size && hash_equal(&head->root, &store->invited.root)) {
        return OK;
    }
    return err_set(err, E_PROOF,
                   "the network's ledger of size %" PRIu64
                   " is older than the one of the invite (%" PRIu64 "), or another",
                   head->size, store->invited.size);
}

static enum err_code check_head(struct store *store, const struct ledger *ledger,
                                const struct head *head, struct err *err)
{
    if (ledger->frozen) {
        return err_set(err, E_FORKED, "the ledger is frozen");
    }
    if (!ledger->has_keys) {
        return err_set(err, E_STATE, "a head came before the key chain");
    }
    if (head->size < ledger->keys.size) {
        return err_set(err, E_STATE,
                       "a head of size %" PRIu64 ", older than the last key change at %" PRIu64,
                       head->size, ledger->keys.size);
    }
    if (head->size > LEDGER_SIZE_MAX || head->epoch != ledger->epoch) {
        return err_set(err, E_STATE, "a head of epoch %" PRIu32 ", size %" PRIu64 ": not taken",
                       head->epoch, head->size);
    }
    enum err_code code = check_invite(store, head, err);
    if (code == OK && keychain_verify_head(&ledger->keys, head) != OK) {
        code =
            err_set(err, E_SIGNATURE,
                    "the head of size %" PRIu64 " is not signed by the key in force", head->size);
    }
    return code;
}

enum err_code ingest_head(struct store *store, const struct head_answer *answer, struct err *err)
{
    struct ledger *ledger;
    const struct head *head = &answer->head;
    enum err_code code = begin(store, &head->group, err);
    if (code == OK) {
        code = ledger_find(store, &head->group, &ledger, err);
    }
    if (code == E_NO_DATA) {
        return err_set(err, E_STATE, "a head came before the key chain");
    }
    if (code == OK) {
        code = check_head(store, ledger, head, err);
    }
    if (code == OK) {
        code = head->size <= ledger->stored ? take_old_head(store, ledger, head, err)
                                            : take_new_head(store, ledger, answer, err);
    }
    if (code == OK) {
        store->uncommitted += SMALL_BYTES;
    }
    return code;
}

/* --- chunks --- */

/* What is left of the disk is for the own entries. */
static enum err_code check_room(const struct store *store, struct err *err)
{
    struct statvfs disk;
    if (statvfs(store->home, &disk) != 0) {
        return OK; /* a disk that cannot be asked shows itself when written to */
    }
    uint64_t unit = disk.f_frsize;
    uint64_t reserve = (uint64_t)disk.f_blocks * unit / DISK_RESERVE_PART;
    reserve = reserve < DISK_RESERVE_BYTES ? reserve : (uint64_t)DISK_RESERVE_BYTES;
    uint64_t left = (uint64_t)disk.f_bavail * unit;
    return left >= reserve ? OK
                           : err_set(err, E_CAP,
                                     "%" PRIu64 " MB of the disk are left: below %" PRIu64
                                     " MB peers' entries are not taken; free some space",
                                     left / 1000000, reserve / 1000000);
}

/* Hashes the leaves onto a copy of the right edge. */
static enum err_code hash_chunk(const struct ledger *ledger, const struct chunk *chunk,
                                struct growth *growth, struct err *err)
{
    struct bytes rest = chunk->leaves;
    struct bytes leaf;
    bool cut_short = false;
    growth_start(growth, &ledger->edge);
    for (uint64_t i = 0; i < chunk->count; i++) {
        struct hash hash;
        if (!chunk_leaf(&rest, &leaf, &cut_short)) {
            return err_set(err, E_FRAME, "the chunk holds fewer than its %" PRIu64 " entries",
                           chunk->count);
        }
        merkle_leaf_hash(&hash, leaf);
        if (chunk->start + i == 0 && !hash_equal(&hash, &ledger->group)) {
            return err_set(err, E_LEAF, "the first entry's hash is not the group's id");
        }
        growth_add(growth, &hash);
    }
    return rest.len == 0 ? OK : err_set(err, E_FRAME, "bytes follow the chunk's last entry");
}

static enum err_code check_chunk(const struct ledger *ledger, const struct chunk *chunk,
                                 struct err *err)
{
    if (ledger->frozen) {
        return err_set(err, E_FORKED, "the ledger is frozen");
    }
    if (!ledger->has_target || chunk->start != ledger->stored ||
        chunk->head_size != ledger->target.size) {
        return err_set(err, E_STATE, "the chunk does not continue what is held");
    }
    if (chunk->count < 1 || chunk->count > CHUNK_LEAVES_MAX ||
        chunk->count > ledger->target.size - ledger->stored) {
        return err_set(err, E_FRAME, "a chunk of %" PRIu64 " entries", chunk->count);
    }
    return OK;
}

static enum err_code prove_chunk(const struct ledger *ledger, const struct chunk *chunk,
                                 const struct growth *growth, struct err *err)
{
    struct hash root;
    merkle_edge_root(&growth->edge, &root);
    if (merkle_verify_consistency(growth->edge.size, &root, ledger->target.size,
                                  &ledger->target.root, &chunk->proof) != OK) {
        return err_set(err, E_PROOF,
                       "entries %" PRIu64 " to %" PRIu64
                       " do not belong to the signed head of size %" PRIu64,
                       chunk->start, growth->edge.size - 1, ledger->target.size);
    }
    return OK;
}

/* Folds the stored leaves of the chunk into the pending state. */
static enum err_code judge_chunk(struct store *store, struct ledger *ledger,
                                 const struct chunk *chunk, struct err *err)
{
    struct judge judge;
    struct ledger_state *pending = ledger_pending(ledger);
    if (pending == NULL) {
        return err_set(err, E_MEMORY, "out of memory for a ledger's state");
    }
    struct bytes rest = chunk->leaves;
    struct bytes leaf;
    bool cut_short = false;
    enum err_code code = OK;
    judge_start(&judge, store, ledger, pending, JUDGE_RECORD);
    while (code == OK && chunk_leaf(&rest, &leaf, &cut_short)) {
        enum err_code verdict;
        code = judge_leaf(&judge, leaf, &verdict, NULL, err);
    }
    judge_end(&judge);
    return code;
}

/* Writes and judges a proved chunk. On E_CORRUPT the ledger is cut back to what it was. */
static enum err_code store_chunk(struct store *store, struct ledger *ledger,
                                 const struct chunk *chunk, struct err *err)
{
    uint64_t before = ledger->stored;
    struct ledger_state *pending = ledger_pending(ledger);
    struct ledger_state *saved = malloc(sizeof *saved);
    if (saved == NULL || pending == NULL) {
        free(saved);
        return err_set(err, E_MEMORY, "out of memory for a ledger's state");
    }
    *saved = *pending;
    enum err_code code = leaves_put(store, ledger, chunk->start, chunk->count, chunk->leaves, err);
    if (code == OK) {
        code = tree_grow(store, ledger, store->growth, err);
    }
    if (code == OK) {
        ledger->edge = store->growth->edge;
        ledger->stored = store->growth->edge.size;
        ledger->dirty = true;
        code = judge_chunk(store, ledger, chunk, err);
    }
    if (code != OK && code != E_IO && code != E_MEMORY) {
        *pending = *saved;
        if (ledger->stored == before || ledger_truncate(store, ledger, before, NULL) != OK) {
            batch_abandon(store);
        }
    }
    free(saved);
    return code;
}

enum err_code ingest_chunk(struct store *store, const struct chunk *chunk, struct err *err)
{
    struct ledger *ledger;
    enum err_code code = begin(store, &chunk->group, err);
    if (code == OK) {
        code = ledger_find(store, &chunk->group, &ledger, err);
    }
    if (code == E_NO_DATA) {
        return err_set(err, E_STATE, "entries came before a head");
    }
    if (code == OK) {
        code = check_chunk(ledger, chunk, err);
    }
    if (code == OK) {
        code = check_room(store, err);
    }
    if (code == OK) {
        code = hash_chunk(ledger, chunk, store->growth, err);
    }
    if (code == OK) {
        code = prove_chunk(ledger, chunk, store->growth, err);
    }
    if (code != OK) {
        return code;
    }
    code = store_chunk(store, ledger, chunk, err);
    if (code == OK && ledger->stored == ledger->target.size) {
        code = complete(store, ledger, err);
    }
    if (code == OK) {
        store->uncommitted += chunk->leaves.len;
    }
    return failed(store, code);
}

/* What is known of each ledger, for people: always up to the published size. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/impl.h"
#include "store/judge.h"
#include "store/leaves.h"
#include "store/ledger.h"
#include "store/roster.h"
#include "store/tree.h"

/* --- views --- */

/* The own ledger, where no roster names it, comes after the map. */
size_t store_ledger_count(struct store *store)
{
    return map_count(store->map) + (roster_has(store, &store->own_group) ? 0 : 1);
}

enum err_code store_ledger_at(struct store *store, size_t rank, struct ledger_view *view)
{
    if (rank >= store_ledger_count(store)) {
        return E_NOT_FOUND;
    }
    const struct hash *group =
        rank < map_count(store->map) ? &map_at(store->map, rank)->group : &store->own_group;
    struct hash copy = *group; /* the map may be made anew meanwhile */
    return store_ledger_find(store, &copy, view);
}

enum err_code store_ledger_find(struct store *store, const struct hash *group,
                                struct ledger_view *view)
{
    struct ledger *ledger;
    struct ledger_view found;
    memset(&found, 0, sizeof found);
    found.group = *group;
    found.network = store->has_network && hash_equal(group, &store->network);
    found.own = hash_equal(group, &store->own_group);
    found.rostered = roster_has(store, group);
    enum err_code code = ledger_find(store, group, &ledger, NULL);
    if (code == OK) {
        found.epoch = ledger->epoch;
        found.size = ledger->size;
        found.stored = ledger->stored;
        found.frozen = ledger->frozen;
        found.heard_ms = ledger->heard_ms;
        if (ledger->has_head) {
            found.root = ledger->head.root;
        }
    }
    if (code == E_NO_DATA && !found.rostered && !found.own) {
        return E_NOT_FOUND;
    }
    if (code == OK || code == E_NO_DATA) {
        *view = found;
        return OK;
    }
    return code;
}

enum err_code store_ledger_state(struct store *store, const struct hash *group,
                                 const struct ledger_state **state)
{
    struct ledger *ledger;
    enum err_code code = ledger_find(store, group, &ledger, NULL);
    if (code == OK && ledger->size == 0) {
        code = E_NO_DATA;
    }
    if (code == OK) {
        *state = &ledger->state;
    }
    return code;
}

enum err_code store_head(struct store *store, const struct hash *group, struct head *head)
{
    struct ledger *ledger;
    enum err_code code = ledger_find(store, group, &ledger, NULL);
    if (code == OK && !ledger->has_head) {
        code = E_NO_DATA;
    }
    if (code == OK) {
        *head = ledger->head;
    }
    return code;
}

enum err_code store_fork(struct store *store, const struct hash *group, struct head *a,
                         struct head *b)
{
    struct ledger *ledger;
    enum err_code code = ledger_find(store, group, &ledger, NULL);
    if (code == OK && !ledger->frozen) {
        code = E_NO_DATA;
    }
    if (code == OK) {
        *a = ledger->fork[0];
        *b = ledger->fork[1];
    }
    return code;
}

/* The ledger where its published entries reach `size`; E_NO_DATA otherwise. */
static enum err_code find_held(struct store *store, const struct hash *group, uint64_t size,
                               struct ledger **ledger)
{
    enum err_code code = ledger_find(store, group, ledger, NULL);
    return code == OK && size > (*ledger)->size ? E_NO_DATA : code;
}

enum err_code store_root_at(struct store *store, const struct hash *group, uint64_t size,
                            struct hash *root)
{
    struct ledger *ledger;
    enum err_code code = find_held(store, group, size, &ledger);
    return code == OK ? ledger_root_at(store, ledger, size, root) : code;
}

enum err_code store_inclusion(struct store *store, const struct hash *group, uint64_t index,
                              uint64_t size, struct merkle_proof *proof)
{
    struct ledger *ledger;
    enum err_code code = find_held(store, group, size, &ledger);
    if (code != OK) {
        return code;
    }
    struct tree tree = {store, ledger};
    struct merkle_source source = tree_source(&tree);
    return merkle_inclusion_proof(&source, index, size, proof);
}

enum err_code store_consistency(struct store *store, const struct hash *group, uint64_t from,
                                uint64_t to, struct merkle_proof *proof)
{
    struct ledger *ledger;
    enum err_code code = find_held(store, group, to, &ledger);
    if (code != OK) {
        return code;
    }
    struct tree tree = {store, ledger};
    struct merkle_source source = tree_source(&tree);
    return merkle_consistency_proof(&source, from, to, proof);
}

/* --- entries --- */

enum err_code store_leaves(struct store *store, const struct hash *group, uint64_t from,
                           uint64_t to, leaf_fn each, void *context)
{
    struct ledger *ledger;
    enum err_code code = find_held(store, group, to, &ledger);
    if (code != OK || from >= to) {
        return code;
    }
    struct ledger key = {.id = ledger->id}; /* `each` may push the ledger out of the cache */
    return leaves_each(store, &key, from, to, each, context, NULL);
}

enum err_code store_leaf(struct store *store, const struct hash *group, uint64_t index,
                         struct buffer *out)
{
    struct ledger *ledger;
    enum err_code code = find_held(store, group, index + 1, &ledger);
    return code == OK ? leaves_get(store, ledger, index, out, NULL) : code;
}

enum { VERDICTS_PAGE = 256 };
struct verdict_row {
    uint64_t index;
    enum err_code code;
};

/* A page of verdicts from `first` on, so that `each` may ask the store itself. */
static enum err_code read_verdicts(struct store *store, int64_t first, int64_t last,
                                   struct verdict_row page[VERDICTS_PAGE], size_t *count)
{
    sqlite3_stmt *statement;
    int row = 1;
    enum err_code code = db_statement(
        &store->db, "SELECT id, code FROM verdicts WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3",
        &statement, NULL);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, first);
        (void)sqlite3_bind_int64(statement, 2, last);
        (void)sqlite3_bind_int64(statement, 3, VERDICTS_PAGE);
    }
    *count = 0;
    while (code == OK && row && *count < VERDICTS_PAGE) {
        code = db_row(&store->db, statement, &row, NULL);
        if (code == OK && row) {
            page[*count].index =
                (uint64_t)sqlite3_column_int64(statement, 0) & (LEDGER_SIZE_MAX - 1);
            page[*count].code = (enum err_code)sqlite3_column_int(statement, 1);
            (*count)++;
        }
    }
    if (code == OK) {
        db_reset(statement);
    }
    return code;
}

enum err_code store_verdicts(struct store *store, const struct hash *group, uint64_t size,
                             verdict_fn each, void *context)
{
    struct verdict_row page[VERDICTS_PAGE];
    struct ledger *ledger;
    enum err_code code = ledger_find(store, group, &ledger, NULL);
    if (code != OK) {
        return code;
    }
    uint64_t end = size < ledger->size ? size : ledger->size;
    struct ledger key = {.id = ledger->id};
    size_t count = VERDICTS_PAGE;
    for (uint64_t from = 0; code == OK && from < end && count == VERDICTS_PAGE;) {
        code = read_verdicts(store, row_id(&key, from), row_id(&key, end - 1), page, &count);
        for (size_t i = 0; code == OK && i < count; i++) {
            code = each(context, page[i].index, page[i].code);
            from = page[i].index + 1;
        }
    }
    return code;
}

enum err_code store_verdict(struct store *store, const struct hash *group, uint64_t index,
                            enum err_code *verdict)
{
    struct verdict_row page[VERDICTS_PAGE];
    struct ledger *ledger;
    size_t count;
    enum err_code code = ledger_find(store, group, &ledger, NULL);
    if (code == OK) {
        code = read_verdicts(store, row_id(ledger, index), row_id(ledger, index), page, &count);
    }
    if (code == OK) {
        *verdict = count == 0 ? OK : page[0].code;
    }
    return code;
}

/* --- an earlier state --- */

struct refold {
    struct judge judge;
    struct err *err;
};

static enum err_code refold_leaf(void *context, uint64_t index, struct bytes leaf)
{
    struct refold *refold = context;
    enum err_code verdict;
    (void)index;
    return judge_leaf(&refold->judge, leaf, &verdict, NULL, refold->err);
}

enum err_code store_ledger_state_at(struct store *store, const struct hash *group, uint64_t size,
                                    struct ledger_state *state, struct err *err)
{
    struct ledger *ledger;
    enum err_code code = find_held(store, group, size, &ledger);
    if (code != OK) {
        return err_set(err, code, "the ledger is not held up to %" PRIu64 " entries", size);
    }
    if (size == ledger->size) {
        *state = ledger->state;
        return OK;
    }
    struct ledger_state *folded = malloc(sizeof *folded);
    struct refold refold = {.err = err};
    if (folded == NULL) {
        return err_set(err, E_MEMORY, "out of memory for a ledger's state");
    }
    ledger_state_init(folded);
    judge_start(&refold.judge, store, ledger, folded, JUDGE_LOOK);
    code = leaves_each(store, ledger, 0, size, refold_leaf, &refold, err);
    judge_end(&refold.judge);
    if (code == OK) {
        *state = *folded;
    }
    free(folded);
    return code;
}

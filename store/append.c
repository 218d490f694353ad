/* One append: drafts become entries, one after another, inside one transaction: built, judged by
 * the rules that peers apply, checked by the author's stricter ones, written with their
 * projections; then one signed head for all of them. Whatever fails, or a dry run, rolls the
 * transaction back, and what is in memory is read again.
 *
 * Leaves gather in memory and are written as whole runs; they are written earlier where a draft
 * cites an entry other than its predecessor, since the tree is read from rows. */
#include "store/append.h"

#include <inttypes.h>
#include <string.h>

#include "store/draft.h"
#include "store/ingest.h"
#include "store/judge.h"
#include "store/leaves.h"
#include "store/ledger.h"
#include "store/lines.h"
#include "store/tree.h"

enum { GATHERED_MAX_BYTES = 262144, GATHERED_MAX_LEAVES = CHUNK_LEAVES_MAX / 2 };

struct appending {
    struct store *store;
    struct ledger *ledger;
    struct building *building;
    struct judge judge;
    uint64_t first; /* size of the ledger before */
    uint64_t gathered_first;
    uint64_t gathered;
    struct buffer leaves; /* chunk form */
    struct head head;
};

/* --- leaves on their way to rows --- */

static enum err_code flush(struct appending *appending, struct err *err)
{
    struct store *store = appending->store;
    struct ledger *ledger = appending->ledger;
    if (appending->leaves.failed) {
        return err_set(err, E_MEMORY, "out of memory for entries");
    }
    enum err_code code = leaves_put(store, ledger, appending->gathered_first, appending->gathered,
                                    buffer_view(&appending->leaves), err);
    if (code == OK) {
        code = tree_grow(store, ledger, store->growth, err);
    }
    buffer_clear(&appending->leaves);
    appending->gathered_first = ledger->stored;
    appending->gathered = 0;
    growth_start(store->growth, &ledger->edge);
    return code;
}

static void gather(struct appending *appending, struct bytes leaf)
{
    struct ledger *ledger = appending->ledger;
    struct hash hash;
    merkle_leaf_hash(&hash, leaf);
    growth_add(appending->store->growth, &hash);
    ledger->edge = appending->store->growth->edge;
    ledger->stored = ledger->edge.size;
    ledger->dirty = true;
    chunk_leaf_add(&appending->leaves, leaf);
    appending->gathered++;
}

static bool cites_rows(const struct draft *draft, uint64_t index)
{
    for (unsigned i = 0; i < draft->ref_count && i < ENTRY_REFS_MAX; i++) {
        if (draft->refs[i].index != UINT64_MAX && draft->refs[i].index + 1 != index) {
            return true;
        }
    }
    return false;
}

static enum err_code flush_if_due(struct appending *appending, const struct draft *draft,
                                  struct err *err)
{
    bool due = appending->leaves.len > GATHERED_MAX_BYTES ||
               appending->gathered >= GATHERED_MAX_LEAVES ||
               cites_rows(draft, appending->ledger->stored);
    return due ? flush(appending, err) : OK;
}

/* --- heads and links --- */

static void make_head(const struct appending *appending, struct head *head)
{
    memset(head, 0, sizeof *head);
    head->group = appending->ledger->group;
    head->epoch = appending->ledger->epoch;
    head->size = appending->ledger->stored;
    merkle_edge_root(&appending->ledger->edge, &head->root);
}

/* The link of a key change: its head is signed by the old key and, where there is one, the new. */
static enum err_code make_link(struct appending *appending, struct link *link, struct err *err)
{
    struct ledger *ledger = appending->ledger;
    struct building *building = appending->building;
    struct tree tree = {appending->store, ledger};
    struct merkle_source source = tree_source(&tree);
    make_head(appending, &appending->head);
    head_sign(&appending->head, &appending->store->keys.signing);
    if (building->keys.signing_generation != appending->store->keys.signing_generation) {
        head_sign(&appending->head, &building->keys.signing);
    }
    link->head = appending->head;
    link->leaf = buffer_view(&building->leaf);
    enum err_code code =
        merkle_inclusion_proof(&source, ledger->stored - 1, ledger->stored, &link->inclusion);
    if (code == OK) {
        code = merkle_consistency_proof(&source, ledger->keys.size, ledger->stored,
                                        &link->consistency);
    }
    return code == OK ? OK : err_set(err, code, "the own tree cannot be read: run satcha verify");
}

static enum err_code write_link(struct appending *appending, struct err *err)
{
    struct link link;
    struct ledger *ledger = appending->ledger;
    enum err_code code = flush(appending, err);
    if (code == OK) {
        code = make_link(appending, &link, err);
    }
    if (code == OK) {
        uint64_t number = ledger->keys.links;
        code = keychain_advance(&ledger->keys, &link, err);
        if (code == OK) {
            code = ledger_put_link(appending->store, ledger, number, &link, err);
        }
    }
    return code;
}

/* --- one entry --- */

static enum err_code put_blob(struct store *store, const char *sql, uint64_t index,
                              struct bytes data, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code = db_statement(&store->db, sql, &statement, err);
    if (code != OK) {
        return code;
    }
    (void)sqlite3_bind_int64(statement, 1, (int64_t)index);
    db_bind_bytes(statement, 2, data);
    return db_run(&store->db, statement, err);
}

static enum err_code judge_own(struct appending *appending, struct bytes leaf, struct err *err)
{
    struct store *store = appending->store;
    struct err verdict_err = {.code = OK, .text = ""};
    enum err_code verdict;
    uint64_t index = appending->building->index;
    enum err_code code = judge_leaf(&appending->judge, leaf, &verdict, &verdict_err, err);
    if (code != OK) {
        return code;
    }
    struct own_entry own =
        lines_entry(&store->fold, index, buffer_view(&appending->building->body));
    /* Below zero in all is also below zero for a member: that says more to a person. */
    if (verdict == OK || verdict == E_NEGATIVE) {
        code = lines_check(store, &own, err);
    }
    if (code == OK && verdict != OK) {
        return err_set(err, verdict, "%s", verdict_err.text);
    }
    return code == OK ? lines_apply(store, &own, err) : code;
}

static enum err_code write_rows(struct appending *appending, struct err *err)
{
    struct store *store = appending->store;
    struct building *building = appending->building;
    enum err_code code = OK;
    if (building->body.len > 0) {
        code = put_blob(store, "INSERT INTO bodies(id, data) VALUES(?1, ?2)", building->index,
                        buffer_view(&building->body), err);
    }
    int64_t number;
    if (code == OK && operation_number(building->entry.terms, &number)) {
        code = operation_put(store, number, building->index, err);
    }
    return code;
}

static enum err_code append_one(struct appending *appending, const struct draft *draft,
                                struct err *err)
{
    struct building *building = appending->building;
    enum err_code code = flush_if_due(appending, draft, err);
    if (code != OK) {
        return code;
    }
    building->index = appending->ledger->stored;
    code = draft_build(building, draft, err);
    if (code != OK) {
        return code;
    }
    if (building->index >= LEDGER_SIZE_MAX) {
        return err_set(err, E_LIMIT, "the ledger is full");
    }
    /* A link proves its place, so its leaf goes in first; any other is judged over what is there:
     * the root that it may cite is that of the edge, and needs no row. */
    if (building->changes_keys) {
        gather(appending, buffer_view(&building->leaf));
        code = write_link(appending, err);
    }
    if (code == OK) {
        code = judge_own(appending, buffer_view(&building->leaf), err);
    }
    if (code == OK && !building->changes_keys) {
        gather(appending, buffer_view(&building->leaf));
    }
    return code == OK ? write_rows(appending, err) : code;
}

static enum err_code append_all(struct appending *appending, const struct draft *drafts,
                                size_t count, size_t *which, struct err *err)
{
    enum err_code code = OK;
    for (size_t i = 0; i < count && code == OK; i++) {
        code = append_one(appending, &drafts[i], err);
        if (code == OK && appending->building->changes_keys && i + 1 < count) {
            code = err_set(err, E_STATE, "a change of keys or officers is the last of its append");
        }
        if (code != OK && which != NULL) {
            *which = i;
        }
    }
    return code == OK ? flush(appending, err) : code;
}

/* --- the transaction --- */

static enum err_code start(struct appending *appending, struct err *err)
{
    struct store *store = appending->store;
    struct ledger *ledger = appending->ledger;
    struct ledger_state *state = ledger_pending(ledger);
    if (state == NULL) {
        return err_set(err, E_MEMORY, "out of memory for the own state");
    }
    appending->first = ledger->stored;
    appending->gathered_first = ledger->stored;
    appending->building->ledger = ledger;
    appending->building->group = ledger->group;
    growth_start(store->growth, &ledger->edge);
    judge_start(&appending->judge, store, ledger, state, JUDGE_RECORD);
    return OK;
}

/* Signs, saves, commits. */
static enum err_code finish(struct appending *appending, struct err *err)
{
    struct store *store = appending->store;
    struct ledger *ledger = appending->ledger;
    if (!appending->building->changes_keys) {
        make_head(appending, &appending->head);
        head_sign(&appending->head, &store->keys.signing);
    }
    /* Cheaper than verifying what was just signed: is it the key that the chain gives? */
    const struct home_keys *keys =
        appending->building->changes_keys ? &appending->building->keys : &store->keys;
    if (!hash_equal(&keys->signing.public_key, &ledger->keys.signing_key)) {
        return err_set(err, E_SIGNATURE,
                       "the keys file is not the one of this ledger: put the right one back");
    }
    ledger_publish(ledger, &appending->head, store_now_ms(store));
    enum err_code code = store->releasing ? own_put_released(store, &appending->head, err) : OK;
    if (code == OK) {
        code = lines_flush(store, err);
    }
    if (code == OK) {
        code = ledger_save_all(store, err);
    }
    return code == OK ? db_commit(&store->db, err) : code;
}

static void undo(struct store *store)
{
    db_rollback(&store->db);
    ledger_forget_all(store);
    lines_forget(store);
}

/* Keys of the next generation are the node's from the commit on. The file follows; were it lost
 * between, the generation is found again from the key chain at the next start. */
static enum err_code take_keys(struct store *store, struct building *building, struct err *err)
{
    char path[PATH_TEXT_MAX];
    enum err_code code = home_path(store->home, "keys", path, err);
    store->keys = building->keys;
    return code == OK ? home_keys_write(path, &store->keys, NULL, err) : code;
}

static enum err_code run(struct appending *appending, const struct draft *drafts, size_t count,
                         enum append_mode mode, size_t *which, struct err *err)
{
    enum err_code code = start(appending, err);
    if (code == OK) {
        code = append_all(appending, drafts, count, which, err);
        judge_end(&appending->judge);
    }
    if (code == OK && mode == APPEND_WRITE) {
        code = finish(appending, err);
    }
    return code;
}

enum err_code store_append(struct store *store, const struct draft *drafts, size_t count,
                           enum append_mode mode, struct appended *appended, size_t *which,
                           struct err *err)
{
    struct appending appending = {.store = store};
    enum err_code code = own_may_append(store, err);
    if (code == OK && count == 0) {
        code = err_set(err, E_USAGE, "nothing to write");
    }
    if (code == OK) {
        code = batch_commit(store, err);
    }
    if (code == OK) {
        code = building_make(&appending.building, store, err);
    }
    if (code != OK) {
        return code;
    }
    code = db_begin(&store->db, DB_FULL, err);
    if (code == OK) {
        code = ledger_find(store, &store->own_group, &appending.ledger, err);
    }
    if (code == OK) {
        code = run(&appending, drafts, count, mode, which, err);
    }
    if (code != OK || mode == APPEND_DRY_RUN) {
        undo(store);
    } else {
        store->unmarked = true;
        if (appending.building->changes_keys) {
            code = take_keys(store, appending.building, err);
        }
    }
    if (code == OK && appended != NULL) {
        appended->first = appending.first;
        appended->count = count;
        appended->head = appending.head;
    }
    buffer_free(&appending.leaves);
    building_free(appending.building);
    return code;
}

/* --- genesis --- */

/* The ledger of a new home: its id is the hash of the entry, so that is built first. */
static enum err_code make_own_ledger(struct appending *appending, const struct draft *genesis,
                                     struct err *err)
{
    struct store *store = appending->store;
    struct building *building = appending->building;
    enum err_code code = draft_build(building, genesis, err);
    if (code != OK) {
        return code;
    }
    struct bytes leaf = buffer_view(&building->leaf);
    merkle_leaf_hash(&store->own_group, leaf);
    code = ledger_make(store, &store->own_group, &appending->ledger, err);
    if (code != OK) {
        return code;
    }
    store->own_id = appending->ledger->id;
    code = keychain_start(&appending->ledger->keys, &store->own_group, leaf, err);
    if (code != OK) {
        return code;
    }
    appending->ledger->has_keys = true;
    struct link link = {.head = {.group = store->own_group, .size = 1, .root = store->own_group},
                        .leaf = leaf};
    code = ledger_put_link(store, appending->ledger, 0, &link, err);
    return code == OK ? meta_set(store, "own", hash_view(&store->own_group), err) : code;
}

static enum err_code run_genesis(struct appending *appending, const struct draft *genesis,
                                 struct err *err)
{
    enum err_code code = make_own_ledger(appending, genesis, err);
    if (code == OK) {
        code = start(appending, err);
    }
    if (code != OK) {
        return code;
    }
    struct bytes leaf = buffer_view(&appending->building->leaf);
    appending->building->index = 0;
    gather(appending, leaf);
    code = judge_own(appending, leaf, err);
    judge_end(&appending->judge);
    if (code == OK) {
        code = write_rows(appending, err);
    }
    if (code == OK) {
        code = flush(appending, err);
    }
    return code == OK ? finish(appending, err) : code;
}

enum err_code append_genesis(struct store *store, const struct draft *genesis, struct err *err)
{
    struct appending appending = {.store = store};
    enum err_code code = building_make(&appending.building, store, err);
    if (code == OK) {
        code = db_begin(&store->db, DB_FULL, err);
    }
    if (code == OK) {
        code = run_genesis(&appending, genesis, err);
    }
    if (code != OK) {
        undo(store);
    } else {
        store->unmarked = true;
        code = own_settle(store, err);
    }
    buffer_free(&appending.leaves);
    building_free(appending.building);
    return code;
}

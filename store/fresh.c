/* Deriving a ledger anew. */
#include "store/fresh.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/leaves.h"
#include "store/ledger.h"

enum { PROGRESS_EVERY = 4096 };

enum err_code fresh_ids(struct store *store, int64_t **ids, size_t *count, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 1;
    size_t cap = 0;
    int64_t *found = NULL;
    size_t found_count = 0;
    enum err_code code =
        db_statement(&store->db, "SELECT id FROM ledger ORDER BY id", &statement, err);
    while (code == OK && row) {
        code = db_row(&store->db, statement, &row, err);
        if (code != OK || !row) {
            break;
        }
        int64_t *grown = array_room(found, found_count, &cap, sizeof *grown);
        if (grown == NULL) {
            db_reset(statement);
            code = err_set(err, E_MEMORY, "out of memory for the list of ledgers");
            break;
        }
        found = grown;
        found[found_count++] = sqlite3_column_int64(statement, 0);
    }
    if (code != OK) {
        free(found);
        return code;
    }
    *ids = found;
    *count = found_count;
    return OK;
}

int64_t fresh_own_row(struct store *store)
{
    sqlite3_stmt *statement;
    int row = 0;
    int64_t id = 0;
    if (db_statement(&store->db, "SELECT id FROM ledger WHERE group_id = ?1", &statement, NULL) !=
        OK) {
        return 0;
    }
    db_bind_hash(statement, 1, &store->own_group);
    if (db_row(&store->db, statement, &row, NULL) == OK && row) {
        id = sqlite3_column_int64(statement, 0);
        db_reset(statement);
    }
    return id;
}

/* --- truth --- */

enum err_code fresh_start(struct fresh *fresh, struct store *store, int64_t id,
                          enum judge_mode mode, struct err *err)
{
    memset(fresh, 0, sizeof *fresh);
    fresh->store = store;
    fresh->mode = mode;
    fresh->growth = malloc(sizeof *fresh->growth);
    fresh->ledger = ledger_new();
    if (fresh->growth == NULL || fresh->ledger == NULL) {
        fresh_end(fresh);
        return err_set(err, E_MEMORY, "out of memory for a ledger");
    }
    enum err_code code = ledger_load_truth(store, id, fresh->ledger, err);
    if (code != OK) {
        fresh_end(fresh);
    }
    return code;
}

void fresh_end(struct fresh *fresh)
{
    ledger_free(fresh->ledger);
    free(fresh->growth);
    free(fresh->runs);
    fresh->ledger = NULL;
    fresh->growth = NULL;
    fresh->runs = NULL;
}

/* --- keys --- */

static enum err_code count_links(struct fresh *fresh, uint64_t *count, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code =
        db_statement(&fresh->store->db, "SELECT count(*) FROM links WHERE id BETWEEN ?1 AND ?2",
                     &statement, err);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, row_id(fresh->ledger, 0));
        (void)sqlite3_bind_int64(statement, 2, row_id(fresh->ledger, LEDGER_SIZE_MAX - 1));
        code = db_row(&fresh->store->db, statement, &row, err);
    }
    if (code == OK && row) {
        *count = (uint64_t)sqlite3_column_int64(statement, 0);
        db_reset(statement);
    }
    return code;
}

/* Link 0 says nothing but the genesis: it has one form. */
static bool is_genesis_link(const struct ledger *ledger, const struct link *link,
                            struct bytes packed)
{
    struct buffer again;
    struct link genesis = {.head = {.group = ledger->group, .size = 1, .root = ledger->group},
                           .leaf = link->leaf};
    buffer_init(&again, 0);
    link_pack(&again, &genesis);
    bool same = !again.failed && bytes_equal(buffer_view(&again), packed);
    buffer_free(&again);
    return same;
}

enum err_code fresh_keys(struct fresh *fresh, struct err *err)
{
    struct ledger *ledger = fresh->ledger;
    struct buffer packed;
    uint64_t count = 0;
    enum err_code code = count_links(fresh, &count, err);
    buffer_init(&packed, 0);
    for (uint64_t number = 0; code == OK && number < count; number++) {
        struct link link;
        buffer_clear(&packed);
        code = ledger_get_link(fresh->store, ledger, number, &packed, err);
        struct cursor cursor = cursor_of(buffer_view(&packed));
        if (code == OK && (!link_read(&cursor, &link) || !cursor_done(&cursor))) {
            code = E_CORRUPT;
        }
        if (code == OK && number == 0 && !is_genesis_link(ledger, &link, buffer_view(&packed))) {
            code = E_CORRUPT;
        }
        if (code == OK) {
            code = number == 0 ? keychain_start(&ledger->keys, &ledger->group, link.leaf, err)
                               : keychain_advance(&ledger->keys, &link, err);
        }
    }
    buffer_free(&packed);
    ledger->has_keys = code == OK && count > 0;
    if (code == OK || code == E_IO || code == E_MEMORY) {
        return code;
    }
    return db_spoiled(err, "a key-chain link");
}

/* --- entries --- */

static enum err_code keep_run(struct fresh *fresh, struct err *err)
{
    struct hash *runs = array_room(fresh->runs, fresh->run_count, &fresh->run_cap, sizeof *runs);
    if (runs == NULL) {
        return err_set(err, E_MEMORY, "out of memory for the tree of a ledger");
    }
    fresh->runs = runs;
    fresh->runs[fresh->run_count++] = fresh->growth->runs[0];
    enum err_code code = OK;
    if (fresh->mode == JUDGE_RECORD) {
        code = tree_grow(fresh->store, fresh->ledger, fresh->growth, err);
    }
    fresh->growth->first_run += 1;
    fresh->growth->run_count = 0;
    return code;
}

/* All published entries are folded: what follows is pending. */
static enum err_code publish_here(struct fresh *fresh, struct err *err)
{
    struct ledger *ledger = fresh->ledger;
    merkle_edge_root(&fresh->growth->edge, &fresh->published_root);
    if (fresh->judge.state != &ledger->state) {
        return OK;
    }
    struct ledger_state *pending = ledger_pending(ledger);
    if (pending == NULL) {
        return err_set(err, E_MEMORY, "out of memory for a ledger's state");
    }
    judge_continue(&fresh->judge, pending);
    return OK;
}

static enum err_code take_leaf(void *context, uint64_t index, struct bytes leaf)
{
    struct fresh *fresh = context;
    struct ledger *ledger = fresh->ledger;
    struct hash hash;
    enum err_code verdict;
    enum err_code code = OK;
    if (index == ledger->size && index > 0) {
        code = publish_here(fresh, fresh->err);
    }
    /* The fold asks for roots up to the entry before this one. */
    if (code == OK) {
        code = judge_leaf(&fresh->judge, leaf, &verdict, NULL, fresh->err);
    }
    if (code != OK) {
        return code;
    }
    merkle_leaf_hash(&hash, leaf);
    growth_add(fresh->growth, &hash);
    ledger->edge = fresh->growth->edge;
    ledger->stored = index + 1;
    if (fresh->growth->run_count > 0) {
        code = keep_run(fresh, fresh->err);
    }
    if (code == OK && fresh->each != NULL) {
        code = fresh->each(fresh->context, fresh, index, verdict, fresh->err);
    }
    if (fresh->progress != NULL && index % PROGRESS_EVERY == 0) {
        fresh->progress->tell(fresh->progress->context, "entries", index, 0);
    }
    return code;
}

enum err_code fresh_fold(struct fresh *fresh, struct err *err)
{
    struct ledger *ledger = fresh->ledger;
    uint64_t size = ledger->size;
    uint64_t stored = ledger->stored;
    fresh->err = err;
    merkle_edge_init(&ledger->edge);
    ledger->stored = 0;
    growth_start(fresh->growth, &ledger->edge);
    judge_start(&fresh->judge, fresh->store, ledger, &ledger->state, fresh->mode);
    if (fresh->on_start != NULL) {
        fresh->on_start(fresh->context, fresh);
    }
    if (size == 0 && stored > 0) {
        struct ledger_state *pending = ledger_pending(ledger);
        if (pending == NULL) {
            judge_end(&fresh->judge);
            return err_set(err, E_MEMORY, "out of memory for a ledger's state");
        }
        judge_continue(&fresh->judge, pending);
    }
    enum err_code code = leaves_each(fresh->store, ledger, 0, stored, take_leaf, fresh, err);
    if (code == OK && stored == size) {
        merkle_edge_root(&ledger->edge, &fresh->published_root);
    }
    judge_end(&fresh->judge);
    return code;
}

enum err_code fresh_take(struct fresh *fresh, struct err *err)
{
    struct ledger *ledger = fresh->ledger;
    fresh->ledger = NULL;
    return ledger_adopt(fresh->store, ledger, err);
}

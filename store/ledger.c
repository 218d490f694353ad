/* The cache of ledgers, and what changes one. */
#include "store/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/leaves.h"
#include "store/ledger_row.h"
#include "store/tree.h"

void ledger_free(struct ledger *ledger)
{
    if (ledger != NULL) {
        free(ledger->pending);
        free(ledger);
    }
}

void ledger_forget_all(struct store *store)
{
    for (unsigned i = 0; i < store->ledger_count; i++) {
        ledger_free(store->ledgers[i]);
    }
    store->ledger_count = 0;
    store->next_ledger_id = 0;
    tree_forget(store);
}

enum err_code ledger_save_all(struct store *store, struct err *err)
{
    enum err_code code = OK;
    for (unsigned i = 0; i < store->ledger_count && code == OK; i++) {
        if (store->ledgers[i]->dirty) {
            code = ledger_row_write(store, store->ledgers[i], err);
        }
    }
    return code;
}

/* --- the cache --- */

static struct ledger *find_cached(struct store *store, const struct hash *group)
{
    for (unsigned i = 0; i < store->ledger_count; i++) {
        if (hash_equal(&store->ledgers[i]->group, group)) {
            store->ledgers[i]->used = ++store->use_counter;
            return store->ledgers[i];
        }
    }
    return NULL;
}

/* Makes room for one more. A dirty ledger is only there inside a transaction. */
static enum err_code make_room(struct store *store, struct err *err)
{
    if (store->ledger_count < LEDGERS_CACHED) {
        return OK;
    }
    unsigned oldest = 0;
    for (unsigned i = 1; i < store->ledger_count; i++) {
        if (store->ledgers[i]->used < store->ledgers[oldest]->used) {
            oldest = i;
        }
    }
    enum err_code code = OK;
    if (store->ledgers[oldest]->dirty) {
        code = ledger_row_write(store, store->ledgers[oldest], err);
    }
    if (code == OK) {
        ledger_free(store->ledgers[oldest]);
        store->ledgers[oldest] = store->ledgers[--store->ledger_count];
    }
    return code;
}

static void keep(struct store *store, struct ledger *ledger)
{
    assert(store->ledger_count < LEDGERS_CACHED);
    ledger->used = ++store->use_counter;
    store->ledgers[store->ledger_count++] = ledger;
}

struct ledger *ledger_new(void)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger != NULL) {
        ledger_state_init(&ledger->state);
    }
    return ledger;
}

static struct ledger *new_ledger(const struct hash *group)
{
    struct ledger *ledger = ledger_new();
    if (ledger != NULL) {
        ledger->group = *group;
    }
    return ledger;
}

enum err_code ledger_find(struct store *store, const struct hash *group, struct ledger **ret,
                          struct err *err)
{
    struct ledger *ledger = find_cached(store, group);
    if (ledger != NULL) {
        *ret = ledger;
        return OK;
    }
    ledger = new_ledger(group);
    if (ledger == NULL) {
        return err_set(err, E_MEMORY, "out of memory for a ledger");
    }
    enum err_code code = ledger_row_load(store, ledger, err);
    if (code == OK) {
        code = make_room(store, err);
    }
    if (code != OK) {
        ledger_free(ledger);
        return code;
    }
    keep(store, ledger);
    *ret = ledger;
    return OK;
}

enum err_code ledger_adopt(struct store *store, struct ledger *ledger, struct err *err)
{
    for (unsigned i = 0; i < store->ledger_count; i++) {
        if (hash_equal(&store->ledgers[i]->group, &ledger->group)) {
            ledger_free(store->ledgers[i]);
            store->ledgers[i] = store->ledgers[--store->ledger_count];
        }
    }
    ledger->dirty = true;
    enum err_code code = make_room(store, err);
    if (code != OK) {
        ledger_free(ledger);
        return code;
    }
    keep(store, ledger);
    return OK;
}

static enum err_code next_id(struct store *store, int64_t *id, struct err *err)
{
    if (store->next_ledger_id == 0) {
        sqlite3_stmt *statement;
        int row = 0;
        enum err_code code = db_statement(&store->db, "SELECT coalesce(max(id), 0) + 1 FROM ledger",
                                          &statement, err);
        if (code == OK) {
            code = db_row(&store->db, statement, &row, err);
        }
        if (code != OK) {
            return code;
        }
        store->next_ledger_id = row ? sqlite3_column_int64(statement, 0) : 0;
        db_reset(statement);
    }
    if (store->next_ledger_id < 1 || store->next_ledger_id >= INT64_C(1) << 23) {
        return db_spoiled(err, "the numbering of ledgers");
    }
    *id = store->next_ledger_id++;
    return OK;
}

enum err_code ledger_make(struct store *store, const struct hash *group, struct ledger **ret,
                          struct err *err)
{
    enum err_code code = ledger_find(store, group, ret, err);
    if (code != E_NO_DATA) {
        return code;
    }
    struct ledger *ledger = new_ledger(group);
    if (ledger == NULL) {
        return err_set(err, E_MEMORY, "out of memory for a ledger");
    }
    code = make_room(store, err);
    if (code == OK) {
        code = next_id(store, &ledger->id, err);
    }
    if (code != OK) {
        ledger_free(ledger);
        return code;
    }
    ledger->dirty = true;
    keep(store, ledger);
    *ret = ledger;
    return OK;
}

/* --- what changes a ledger --- */

struct ledger_state *ledger_pending(struct ledger *ledger)
{
    if (ledger->pending == NULL) {
        ledger->pending = malloc(sizeof *ledger->pending);
        if (ledger->pending != NULL) {
            *ledger->pending = ledger->state;
        }
    }
    return ledger->pending;
}

void ledger_publish(struct ledger *ledger, const struct head *head, uint64_t now_ms)
{
    assert(head->size == ledger->stored);
    ledger->size = ledger->stored;
    ledger->head = *head;
    ledger->has_head = true;
    ledger->epoch = head->epoch;
    ledger->has_target = false;
    if (ledger->pending != NULL) {
        ledger->state = *ledger->pending;
        free(ledger->pending);
        ledger->pending = NULL;
    }
    ledger->heard_ms = now_ms;
    ledger->dirty = true;
}

enum err_code ledger_root_at(struct store *store, const struct ledger *ledger, uint64_t size,
                             struct hash *root)
{
    if (size > ledger->stored) {
        return E_NO_DATA;
    }
    if (size == ledger->stored) {
        merkle_edge_root(&ledger->edge, root);
        return OK;
    }
    struct tree tree = {store, ledger};
    struct merkle_source source = tree_source(&tree);
    return merkle_root_at(&source, size, root);
}

static enum err_code delete_from(struct store *store, const char *sql, int64_t first, int64_t last,
                                 struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code = db_statement(&store->db, sql, &statement, err);
    if (code != OK) {
        return code;
    }
    (void)sqlite3_bind_int64(statement, 1, first);
    (void)sqlite3_bind_int64(statement, 2, last);
    return db_run(&store->db, statement, err);
}

/* Rows that judging entries from `size` on made. */
static enum err_code delete_marks(struct store *store, const struct ledger *ledger, uint64_t size,
                                  struct err *err)
{
    int64_t begin = row_id(ledger, 0);
    int64_t last = row_id(ledger, LEDGER_SIZE_MAX - 1);
    enum err_code code = delete_from(store, "DELETE FROM verdicts WHERE id BETWEEN ?1 AND ?2",
                                     row_id(ledger, size), last, err);
    if (code == OK) {
        code = delete_from(store, "DELETE FROM approved WHERE ledger = ?1 AND entry >= ?2",
                           ledger->id, (int64_t)size, err);
    }
    sqlite3_stmt *statement;
    if (code == OK) {
        code =
            db_statement(&store->db, "DELETE FROM reversed WHERE id BETWEEN ?1 AND ?2 AND by >= ?3",
                         &statement, err);
    }
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, begin);
        (void)sqlite3_bind_int64(statement, 2, last);
        (void)sqlite3_bind_int64(statement, 3, (int64_t)size);
        code = db_run(&store->db, statement, err);
    }
    if (code == OK && store->has_network && hash_equal(&ledger->group, &store->network)) {
        code = delete_from(store, "DELETE FROM roster WHERE id BETWEEN ?1 AND ?2",
                           (int64_t)(size << 8), INT64_MAX, err);
    }
    return code;
}

enum err_code ledger_truncate(struct store *store, struct ledger *ledger, uint64_t size,
                              struct err *err)
{
    assert(size >= ledger->size);
    struct tree tree = {store, ledger};
    struct merkle_source source = tree_source(&tree);
    struct merkle_edge edge;
    enum err_code code = merkle_edge_at(&source, size, &edge);
    if (code != OK) {
        return err_set(err, code, "the tree of a ledger is spoiled: run satcha rebuild");
    }
    code = leaves_truncate(store, ledger, size, err);
    if (code == OK) {
        code = tree_truncate(store, ledger, size, err);
    }
    if (code == OK) {
        code = delete_marks(store, ledger, size, err);
    }
    if (code == OK) {
        ledger->edge = edge;
        ledger->stored = size;
        ledger->dirty = true;
    }
    return code;
}

/* --- links --- */

enum err_code ledger_put_link(struct store *store, const struct ledger *ledger, uint64_t number,
                              const struct link *link, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    struct buffer packed;
    buffer_init(&packed, 0);
    link_pack(&packed, link);
    enum err_code code =
        packed.failed
            ? err_set(err, E_MEMORY, "out of memory for a key-chain link")
            : db_statement(&store->db, "INSERT INTO links(id, size, data) VALUES(?1, ?2, ?3)",
                           &statement, err);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, row_id(ledger, number));
        (void)sqlite3_bind_int64(statement, 2, (int64_t)link->head.size);
        db_bind_bytes(statement, 3, buffer_view(&packed));
        code = db_run(&store->db, statement, err);
    }
    buffer_free(&packed);
    return code;
}

enum err_code ledger_get_link(struct store *store, const struct ledger *ledger, uint64_t number,
                              struct buffer *out, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code =
        db_statement(&store->db, "SELECT data FROM links WHERE id = ?1", &statement, err);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, row_id(ledger, number));
        code = db_row(&store->db, statement, &row, err);
    }
    if (code != OK) {
        return code;
    }
    if (!row) {
        return err_set(err, E_NO_DATA, "no key-chain link %llu is held",
                       (unsigned long long)number);
    }
    struct bytes data = db_column_bytes(statement, 0);
    buffer_append(out, data.data, data.len);
    db_reset(statement);
    return OK;
}

enum err_code ledger_has_link(struct store *store, const struct ledger *ledger, uint64_t size,
                              bool *has, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code =
        db_statement(&store->db, "SELECT 1 FROM links WHERE id BETWEEN ?1 AND ?2 AND size = ?3",
                     &statement, err);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, row_id(ledger, 0));
        (void)sqlite3_bind_int64(statement, 2, row_id(ledger, KEY_CHAIN_MAX));
        (void)sqlite3_bind_int64(statement, 3, (int64_t)size);
        code = db_row(&store->db, statement, &row, err);
    }
    if (code == OK) {
        db_reset(statement);
        *has = row != 0;
    }
    return code;
}

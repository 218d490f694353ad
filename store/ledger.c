/* The cache of ledgers and the codec of their rows. A row is read whole and checked field by field:
 * what is spoiled on disk is an error of that ledger, never of the program. */
#include "store/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/leaves.h"
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

/* --- reading a row --- */

#define COLUMNS                                                                     \
    "SELECT id, epoch, size, stored, head, target, fork, frozen, heard_ms, starts," \
    " edge, keys, state, pending, group_id FROM ledger"
static const char select_row[] = COLUMNS " WHERE group_id = ?1";
static const char select_id[] = COLUMNS " WHERE id = ?1";
#undef COLUMNS
enum column {
    COLUMN_ID,
    COLUMN_EPOCH,
    COLUMN_SIZE,
    COLUMN_STORED,
    COLUMN_HEAD,
    COLUMN_TARGET,
    COLUMN_FORK,
    COLUMN_FROZEN,
    COLUMN_HEARD,
    COLUMN_STARTS,
    COLUMN_EDGE,
    COLUMN_KEYS,
    COLUMN_STATE,
    COLUMN_PENDING,
    COLUMN_GROUP
};

static bool is_null(sqlite3_stmt *row, enum column column)
{
    return sqlite3_column_type(row, (int)column) == SQLITE_NULL;
}

/* NULL leaves *has false. */
static bool read_head(sqlite3_stmt *row, enum column column, const struct hash *group, bool *has,
                      struct head *head)
{
    if (is_null(row, column)) {
        return true;
    }
    struct cursor cursor = cursor_of(db_column_bytes(row, (int)column));
    head_read(&cursor, head);
    *has = cursor_done(&cursor) && hash_equal(&head->group, group);
    return *has;
}

static bool read_fork(sqlite3_stmt *row, struct ledger *ledger)
{
    if (!ledger->frozen) {
        return true;
    }
    struct cursor cursor = cursor_of(db_column_bytes(row, COLUMN_FORK));
    head_read(&cursor, &ledger->fork[0]);
    head_read(&cursor, &ledger->fork[1]);
    return cursor_done(&cursor);
}

static bool read_edge(sqlite3_stmt *row, struct ledger *ledger)
{
    struct bytes bytes = db_column_bytes(row, COLUMN_EDGE);
    ledger->edge.size = ledger->stored;
    unsigned count = merkle_edge_count(&ledger->edge);
    if (bytes.len != (size_t)count * HASH_BYTES) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        memcpy(ledger->edge.node[i].bytes, bytes.data + (size_t)i * HASH_BYTES, HASH_BYTES);
    }
    return true;
}

static bool read_states(sqlite3_stmt *row, struct ledger *ledger)
{
    if (!is_null(row, COLUMN_KEYS)) {
        ledger->has_keys = true;
        if (key_state_read(db_column_bytes(row, COLUMN_KEYS), &ledger->keys) != OK ||
            !hash_equal(&ledger->keys.group, &ledger->group)) {
            return false;
        }
    }
    if (ledger_state_read(db_column_bytes(row, COLUMN_STATE), &ledger->state) != OK ||
        ledger->state.size > ledger->size) {
        return false;
    }
    if (is_null(row, COLUMN_PENDING)) {
        return ledger->stored == ledger->size;
    }
    struct ledger_state *pending = ledger_pending(ledger);
    return pending != NULL &&
           ledger_state_read(db_column_bytes(row, COLUMN_PENDING), pending) == OK &&
           pending->size <= ledger->stored;
}

static bool read_numbers(sqlite3_stmt *row, struct ledger *ledger)
{
    ledger->id = sqlite3_column_int64(row, COLUMN_ID);
    int64_t epoch = sqlite3_column_int64(row, COLUMN_EPOCH);
    ledger->epoch = (uint32_t)epoch;
    ledger->size = (uint64_t)sqlite3_column_int64(row, COLUMN_SIZE);
    ledger->stored = (uint64_t)sqlite3_column_int64(row, COLUMN_STORED);
    ledger->frozen = sqlite3_column_int(row, COLUMN_FROZEN) != 0;
    ledger->heard_ms = (uint64_t)sqlite3_column_int64(row, COLUMN_HEARD);
    ledger->starts = (uint64_t)sqlite3_column_int64(row, COLUMN_STARTS);
    return ledger->id > 0 && ledger->id < INT64_C(1) << 23 && epoch >= 0 && epoch <= UINT32_MAX &&
           ledger->size <= ledger->stored && ledger->stored <= LEDGER_SIZE_MAX;
}

static bool read_truth(sqlite3_stmt *row, struct ledger *ledger)
{
    bool good =
        db_column_hash(row, COLUMN_GROUP, &ledger->group) && read_numbers(row, ledger) &&
        read_head(row, COLUMN_HEAD, &ledger->group, &ledger->has_head, &ledger->head) &&
        read_head(row, COLUMN_TARGET, &ledger->group, &ledger->has_target, &ledger->target) &&
        read_fork(row, ledger);
    return good && ledger->has_head == (ledger->size > 0) &&
           (!ledger->has_head || ledger->head.size == ledger->size);
}

static enum err_code read_row(sqlite3_stmt *row, struct ledger *ledger, struct err *err)
{
    struct hash group = ledger->group;
    bool good = read_truth(row, ledger) && hash_equal(&group, &ledger->group) &&
                read_edge(row, ledger) && read_states(row, ledger) &&
                (ledger->has_keys || ledger->stored == 0);
    return good ? OK : db_spoiled(err, "the row of a ledger");
}

enum err_code ledger_load_truth(struct store *store, int64_t id, struct ledger *ledger,
                                struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code = db_statement(&store->db, select_id, &statement, err);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, id);
        code = db_row(&store->db, statement, &row, err);
    }
    if (code != OK || !row) {
        return code == OK ? E_NO_DATA : code;
    }
    code = read_truth(statement, ledger) ? OK : db_spoiled(err, "the row of a ledger");
    db_reset(statement);
    return code;
}

/* --- writing a row --- */

static const char upsert_row[] =
    "INSERT INTO ledger(id, epoch, size, stored, head, target, fork, frozen, heard_ms, starts,"
    " edge, keys, state, pending, group_id, transport_key)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
    " ON CONFLICT(id) DO UPDATE SET epoch = ?2, size = ?3, stored = ?4, head = ?5, target = ?6,"
    " fork = ?7, frozen = ?8, heard_ms = ?9, starts = ?10, edge = ?11, keys = ?12, state = ?13,"
    " pending = ?14, transport_key = ?16";

/* Blobs of the row, one after another in one buffer; views are taken when all is written. */
enum blob { BLOB_HEAD, BLOB_TARGET, BLOB_FORK, BLOB_KEYS, BLOB_STATE, BLOB_PENDING, BLOBS };

static void pack_blobs(const struct ledger *ledger, struct buffer *out, size_t end[BLOBS])
{
    if (ledger->has_head) {
        head_pack(out, &ledger->head);
    }
    end[BLOB_HEAD] = out->len;
    if (ledger->has_target) {
        head_pack(out, &ledger->target);
    }
    end[BLOB_TARGET] = out->len;
    if (ledger->frozen) {
        head_pack(out, &ledger->fork[0]);
        head_pack(out, &ledger->fork[1]);
    }
    end[BLOB_FORK] = out->len;
    if (ledger->has_keys) {
        key_state_pack(out, &ledger->keys);
    }
    end[BLOB_KEYS] = out->len;
    ledger_state_pack(out, &ledger->state);
    end[BLOB_STATE] = out->len;
    if (ledger->pending != NULL) {
        ledger_state_pack(out, ledger->pending);
    }
    end[BLOB_PENDING] = out->len;
}

static void bind_blobs(sqlite3_stmt *statement, const struct buffer *blobs, const size_t end[BLOBS])
{
    static const int column[BLOBS] = {5, 6, 7, 12, 13, 14};
    size_t start = 0;
    for (unsigned i = 0; i < BLOBS; i++) {
        if (end[i] > start) { /* else NULL */
            db_bind_bytes(statement, column[i], bytes_of(blobs->data + start, end[i] - start));
        }
        start = end[i];
    }
}

static enum err_code write_row(struct store *store, struct ledger *ledger, struct err *err)
{
    sqlite3_stmt *statement;
    size_t end[BLOBS];
    struct buffer *blobs = &store->scratch;
    buffer_clear(blobs);
    pack_blobs(ledger, blobs, end);
    if (blobs->failed) {
        return err_set(err, E_MEMORY, "out of memory for the row of a ledger");
    }
    enum err_code code = db_statement(&store->db, upsert_row, &statement, err);
    if (code != OK) {
        return code;
    }
    (void)sqlite3_bind_int64(statement, 1, ledger->id);
    (void)sqlite3_bind_int64(statement, 2, ledger->epoch);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)ledger->size);
    (void)sqlite3_bind_int64(statement, 4, (int64_t)ledger->stored);
    (void)sqlite3_bind_int64(statement, 8, ledger->frozen);
    (void)sqlite3_bind_int64(statement, 9, (int64_t)ledger->heard_ms);
    (void)sqlite3_bind_int64(statement, 10, (int64_t)ledger->starts);
    db_bind_bytes(statement, 11,
                  bytes_of(ledger->edge.node,
                           (size_t)merkle_edge_count(&ledger->edge) * HASH_BYTES));
    bind_blobs(statement, blobs, end);
    db_bind_hash(statement, 15, &ledger->group);
    if (ledger->has_keys) {
        db_bind_hash(statement, 16, &ledger->keys.transport_key);
    }
    code = db_run(&store->db, statement, err);
    if (code == OK) {
        ledger->dirty = false;
    }
    return code;
}

enum err_code ledger_save_all(struct store *store, struct err *err)
{
    enum err_code code = OK;
    for (unsigned i = 0; i < store->ledger_count && code == OK; i++) {
        if (store->ledgers[i]->dirty) {
            code = write_row(store, store->ledgers[i], err);
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
        code = write_row(store, store->ledgers[oldest], err);
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

static enum err_code load(struct store *store, struct ledger *ledger, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code = db_statement(&store->db, select_row, &statement, err);
    if (code == OK) {
        db_bind_hash(statement, 1, &ledger->group);
        code = db_row(&store->db, statement, &row, err);
    }
    if (code != OK || !row) {
        return code == OK ? E_NO_DATA : code;
    }
    code = read_row(statement, ledger, err);
    db_reset(statement);
    return code;
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
    enum err_code code = load(store, ledger, err);
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
    sqlite3_stmt *statement;
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

/* The codec of a ledger's row. A row is read whole and checked field by field: what is spoiled on
 * disk is an error of that ledger, never of the program. */
#include "store/ledger_row.h"

#include <string.h>

#include "store/ledger.h"

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

static bool read_starts(sqlite3_stmt *row, struct ledger *ledger)
{
    if (is_null(row, COLUMN_STARTS)) {
        return true;
    }
    struct cursor cursor = cursor_of(db_column_bytes(row, COLUMN_STARTS));
    start_count_read(&cursor, &ledger->starts);
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
    return ledger->id > 0 && ledger->id < INT64_C(1) << 23 && epoch >= 0 && epoch <= UINT32_MAX &&
           ledger->size <= ledger->stored && ledger->stored <= LEDGER_SIZE_MAX;
}

static bool read_truth(sqlite3_stmt *row, struct ledger *ledger)
{
    bool good =
        db_column_hash(row, COLUMN_GROUP, &ledger->group) && read_numbers(row, ledger) &&
        read_head(row, COLUMN_HEAD, &ledger->group, &ledger->has_head, &ledger->head) &&
        read_head(row, COLUMN_TARGET, &ledger->group, &ledger->has_target, &ledger->target) &&
        read_fork(row, ledger) && read_starts(row, ledger);
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

enum err_code ledger_row_load(struct store *store, struct ledger *ledger, struct err *err)
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

/* --- writing a row --- */

static const char upsert_row[] =
    "INSERT INTO ledger(id, epoch, size, stored, head, target, fork, frozen, heard_ms, starts,"
    " edge, keys, state, pending, group_id, transport_key)"
    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
    " ON CONFLICT(id) DO UPDATE SET epoch = ?2, size = ?3, stored = ?4, head = ?5, target = ?6,"
    " fork = ?7, frozen = ?8, heard_ms = ?9, starts = ?10, edge = ?11, keys = ?12, state = ?13,"
    " pending = ?14, transport_key = ?16";

/* Blobs of the row, one after another in one buffer; views are taken when all is written. */
enum blob {
    BLOB_HEAD,
    BLOB_TARGET,
    BLOB_FORK,
    BLOB_STARTS,
    BLOB_KEYS,
    BLOB_STATE,
    BLOB_PENDING,
    BLOBS
};

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
    if (ledger->starts.starts > 0) {
        start_count_pack(out, &ledger->starts);
    }
    end[BLOB_STARTS] = out->len;
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
    static const int column[BLOBS] = {5, 6, 7, 10, 12, 13, 14};
    size_t start = 0;
    for (unsigned i = 0; i < BLOBS; i++) {
        if (end[i] > start) { /* else NULL */
            db_bind_bytes(statement, column[i], bytes_of(blobs->data + start, end[i] - start));
        }
        start = end[i];
    }
}

enum err_code ledger_row_write(struct store *store, struct ledger *ledger, struct err *err)
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

/* SQLite behind err_codes: opening with the pragmas that the order of effects rests on, statements
 * that are prepared once, and one place that turns SQLite's results into lines for a person. */
#include "store/db.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum err_code db_spoiled(struct err *err, const char *what)
{
    return err_set(err, E_CORRUPT,
                   "ledger.db: %s is not what was written: run satcha verify, then satcha rebuild",
                   what);
}

/* Which code an SQLite result is, with its line in `err`. */
static enum err_code failed(struct db *db, int result, struct err *err)
{
    /* SQLite repeats what a spoiled file says: quoted, no byte of it can upset a terminal. */
    char text[QUOTE_MAX];
    bytes_quote(bytes_of_text(db->handle != NULL ? sqlite3_errmsg(db->handle)
                                                 : sqlite3_errstr(result)),
                text);
    switch (result & 0xff) {
    case SQLITE_FULL:
        return err_set(err, E_IO,
                       "ledger.db: the disk is full; nothing of this was written: free some space "
                       "and try again");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_MISMATCH:
        return err_set(err, E_CORRUPT,
                       "ledger.db: the file is spoiled (%s): run satcha verify, then put back a "
                       "good copy or pull the ledgers again from peers",
                       text);
    case SQLITE_NOMEM:
        return err_set(err, E_MEMORY, "ledger.db: out of memory");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, E_LOCKED,
                       "ledger.db: another program has the file open: close it and try again");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return err_set(err, E_IO,
                       "ledger.db: cannot be opened for writing (%s): check the owner "
                       "and mode of the home",
                       text);
    default: /* SQLite's own numbers, not an enum of ours */
        return err_set(err, E_IO, "ledger.db: %s (SQLite %d)", text, result);
    }
}

enum err_code db_execute(struct db *db, const char *sql, struct err *err)
{
    int result = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return result == SQLITE_OK ? OK : failed(db, result, err);
}

static enum err_code set_pragmas(struct db *db, struct err *err)
{
    /* One process owns the home (its lock), so the WAL index may live in the heap: no locks are
     * taken per transaction. Rows are read whole into memory that is ours: 4 MiB of pages do. */
    static const char pragmas[] = "PRAGMA page_size = 4096;"
                                  "PRAGMA locking_mode = EXCLUSIVE;"
                                  "PRAGMA journal_mode = WAL;"
                                  "PRAGMA synchronous = FULL;"
                                  "PRAGMA journal_size_limit = 16777216;"
                                  "PRAGMA wal_autocheckpoint = 1000;"
                                  "PRAGMA cache_size = -4096;"
                                  "PRAGMA temp_store = MEMORY;"
                                  "PRAGMA cell_size_check = ON;";
    db->durability = DB_FULL;
    return db_execute(db, pragmas, err);
}

enum err_code db_open(struct db *db, const char *path, const char *vfs, int create, struct err *err)
{
    memset(db, 0, sizeof *db);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    int result = sqlite3_open_v2(path, &db->handle, flags, vfs);
    if (result != SQLITE_OK) {
        enum err_code code = failed(db, result, err);
        db_close(db);
        return code;
    }
    (void)sqlite3_extended_result_codes(db->handle, 1);
    enum err_code code = set_pragmas(db, err);
    if (code != OK) {
        db_close(db);
    }
    return code;
}

void db_close(struct db *db)
{
    for (unsigned i = 0; i < DB_STATEMENTS_MAX; i++) {
        (void)sqlite3_finalize(db->kept[i].statement);
        db->kept[i].statement = NULL;
        db->kept[i].sql = NULL;
    }
    db->kept_count = 0;
    (void)sqlite3_close_v2(db->handle);
    db->handle = NULL;
}

/* --- transactions --- */

bool db_in_transaction(const struct db *db)
{
    return sqlite3_get_autocommit(db->handle) == 0;
}

enum err_code db_begin(struct db *db, enum db_durability durability, struct err *err)
{
    assert(!db_in_transaction(db));
    if (durability != db->durability) {
        /* SQLite takes a change of `synchronous` only outside transactions. */
        enum err_code code = db_execute(db,
                                        durability == DB_FULL ? "PRAGMA synchronous = FULL"
                                                              : "PRAGMA synchronous = NORMAL",
                                        err);
        if (code != OK) {
            return code;
        }
        db->durability = durability;
    }
    sqlite3_stmt *statement = NULL; /* the analyzer does not follow db_statement this far */
    enum err_code code = db_statement(db, "BEGIN IMMEDIATE", &statement, err);
    return code == OK ? db_run(db, statement, err) : code;
}

enum err_code db_commit(struct db *db, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code = db_statement(db, "COMMIT", &statement, err);
    if (code == OK) {
        code = db_run(db, statement, err);
    }
    if (code != OK) {
        db_rollback(db);
    }
    return code;
}

void db_rollback(struct db *db)
{
    if (db_in_transaction(db)) {
        /* Fails only where the transaction is gone already, which is what is wanted. */
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    }
}

/* --- statements --- */

static unsigned slot_of(const struct db *db, const char *sql)
{
    uintptr_t address = (uintptr_t)sql;
    unsigned slot = (unsigned)((address >> 3) ^ (address >> 11)) % DB_STATEMENTS_MAX;
    while (db->kept[slot].sql != NULL && db->kept[slot].sql != sql) {
        slot = (slot + 1) % DB_STATEMENTS_MAX;
    }
    return slot;
}

enum err_code db_statement(struct db *db, const char *sql, sqlite3_stmt **ret, struct err *err)
{
    unsigned slot = slot_of(db, sql);
    if (db->kept[slot].sql == NULL) {
        assert(db->kept_count < DB_STATEMENTS_MAX * 3 / 4);
        sqlite3_stmt *statement = NULL;
        int result =
            sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
        if (result != SQLITE_OK) {
            return failed(db, result, err);
        }
        db->kept[slot].sql = sql;
        db->kept[slot].statement = statement;
        db->kept_count++;
    } else {
        (void)sqlite3_reset(db->kept[slot].statement);
        (void)sqlite3_clear_bindings(db->kept[slot].statement);
    }
    *ret = db->kept[slot].statement;
    return OK;
}

void db_bind_bytes(sqlite3_stmt *statement, int column, struct bytes bytes)
{
    /* A NULL pointer would bind NULL: an empty blob is meant. */
    const void *data = bytes.len > 0 ? (const void *)bytes.data : "";
    (void)sqlite3_bind_blob64(statement, column, data, bytes.len, SQLITE_STATIC);
}

void db_bind_hash(sqlite3_stmt *statement, int column, const struct hash *hash)
{
    db_bind_bytes(statement, column, hash_view(hash));
}

enum err_code db_row(struct db *db, sqlite3_stmt *statement, int *row, struct err *err)
{
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        *row = 1;
        return OK;
    }
    (void)sqlite3_reset(statement);
    if (result == SQLITE_DONE) {
        *row = 0;
        return OK;
    }
    return failed(db, result, err);
}

enum err_code db_run(struct db *db, sqlite3_stmt *statement, struct err *err)
{
    int row = 1;
    enum err_code code = OK;
    while (code == OK && row) {
        code = db_row(db, statement, &row, err);
    }
    return code;
}

void db_reset(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
}

struct bytes db_column_bytes(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column); /* before the length: SQLite asks */
    return bytes_of(data, (size_t)sqlite3_column_bytes(statement, column));
}

int db_column_hash(sqlite3_stmt *statement, int column, struct hash *hash)
{
    struct bytes bytes = db_column_bytes(statement, column);
    if (bytes.len != HASH_BYTES || sqlite3_column_type(statement, column) != SQLITE_BLOB) {
        return 0;
    }
    memcpy(hash->bytes, bytes.data, HASH_BYTES);
    return 1;
}

/* SQLite, as the store uses it: one connection, prepared statements kept, every failure an err_code
 * with a line that says what to do. Nothing outside store/ includes this.
 *
 * The file is in WAL mode, pages of 4,096 bytes, `user_version` counts migrations (schema.h). The
 * WAL is kept grown (journal_size_limit), since growing a file costs a flush of its metadata. */
#ifndef SATCHA_STORE_DB_H
#define SATCHA_STORE_DB_H

#include <sqlite3.h>

#include "proto/err.h"
#include "proto/hash.h"

enum { DB_STATEMENTS_MAX = 256 }; /* a power of two; asserted when it fills to three quarters */

/* How durable a transaction is when it returned OK (PRAGMA synchronous). */
enum db_durability {
    DB_NORMAL, /* peers' entries: a power cut may lose the last ones, never order or consistency */
    DB_FULL    /* own entries */
};

struct db {
    sqlite3 *handle;
    enum db_durability durability;
    /* Statements by the address of their text: pass string literals or static arrays only. */
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } kept[DB_STATEMENTS_MAX];
    unsigned kept_count;
};

/* `vfs` NULL = default. E_NOT_FOUND when it is not there and `create` is 0, E_IO, E_CORRUPT. */
enum err_code MUST_USE db_open(struct db *db, const char *path, const char *vfs, int create,
                               struct err *err);
void db_close(struct db *db);

/* Begins a transaction with this durability. Not inside one. */
enum err_code MUST_USE db_begin(struct db *db, enum db_durability durability, struct err *err);
/* On failure the transaction is rolled back. */
enum err_code MUST_USE db_commit(struct db *db, struct err *err);
void db_rollback(struct db *db); /* fine outside a transaction */
/* False also where SQLite undid the transaction by itself (a full disk, no memory). */
bool db_in_transaction(const struct db *db);

/* The kept statement of `sql`, reset, without bindings. Bind with sqlite3_bind_int64 and the two
 * helpers below; then either db_run, or db_row until it gives no row. A statement that was not
 * stepped to its end is reset by db_reset (or by the next db_statement of the same text). */
enum err_code MUST_USE db_statement(struct db *db, const char *sql, sqlite3_stmt **ret,
                                    struct err *err);
void db_bind_bytes(sqlite3_stmt *statement, int column, struct bytes bytes);     /* not copied */
void db_bind_hash(sqlite3_stmt *statement, int column, const struct hash *hash); /* not copied */
/* Steps to the end, ignoring rows; resets. */
enum err_code MUST_USE db_run(struct db *db, sqlite3_stmt *statement, struct err *err);
/* *row = 1: columns may be read until the next step. *row = 0: at the end, and reset. */
enum err_code MUST_USE db_row(struct db *db, sqlite3_stmt *statement, int *row, struct err *err);
void db_reset(sqlite3_stmt *statement);
/* Runs statements that are not kept (schema). */
enum err_code MUST_USE db_execute(struct db *db, const char *sql, struct err *err);

/* Columns of the current row; numbers as sqlite3_column_int64. */
struct bytes db_column_bytes(sqlite3_stmt *statement, int column); /* valid until the next step */
/* 0 when it is not a blob of 32 bytes: then what is in the file is spoiled. */
int db_column_hash(sqlite3_stmt *statement, int column, struct hash *hash);
/* E_CORRUPT with "ledger.db: <what>: run satcha rebuild". */
enum err_code db_spoiled(struct err *err, const char *what);

#endif

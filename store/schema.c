/* Tables of ledger.db. Migrations are only ever added: number n brings a file from user_version n
 * to n + 1, in one transaction, so an interrupted one starts again. */
#include "store/schema.h"

#include <stdio.h>

#include "store/lines.h"

/* Truth:
 *   meta        single values: own group, network, released head, invite
 *   ledger      one row per ledger held; group, signed heads and frozen are truth, `keys`, `edge`,
 *               `state` and `pending` are derived
 *   leaves      id = ledger << 40 | first index; `count` leaves, never across a multiple of 256;
 *               data = count times | length u16 BE | leaf |
 *   links       id = ledger << 40 | number; `size` of its checkpoint; data = link_pack
 *   bodies      own private lines, by entry
 *   contacts, bans: settings
 * Derived:
 *   operations  own operations by tag (the 8 bytes as a number)
 *   subtrees    id = ledger << 40 | tier << 32 | block (tree.h); up to 256 hashes
 *   verdicts    id = ledger << 40 | index of an invalid entry
 *   approved    nine-field hashes of valid entries with approvals
 *   reversed    id = ledger << 40 | index of the entry that `by` undoes
 *   roster      id = index << 8 | place in its entry; tag = the id's first 8 bytes as a number */
static const char version_1[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE ledger(id INTEGER PRIMARY KEY, group_id BLOB NOT NULL UNIQUE,"
    " epoch INTEGER NOT NULL, size INTEGER NOT NULL, stored INTEGER NOT NULL, head BLOB,"
    " target BLOB, fork BLOB, frozen INTEGER NOT NULL, heard_ms INTEGER NOT NULL,"
    " starts BLOB, edge BLOB NOT NULL, transport_key BLOB, keys BLOB,"
    " state BLOB NOT NULL, pending BLOB);"
    "CREATE TABLE leaves(id INTEGER PRIMARY KEY, count INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE links(id INTEGER PRIMARY KEY, size INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE bodies(id INTEGER PRIMARY KEY, data BLOB NOT NULL);"
    "CREATE TABLE operations(tag INTEGER PRIMARY KEY, entry INTEGER NOT NULL);"
    "CREATE TABLE contacts(group_id BLOB NOT NULL, address TEXT NOT NULL,"
    " transport_key BLOB NOT NULL, by_hand INTEGER NOT NULL,"
    " PRIMARY KEY(group_id, address)) WITHOUT ROWID;"
    "CREATE TABLE bans(group_id BLOB PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE subtrees(id INTEGER PRIMARY KEY, data BLOB NOT NULL);"
    "CREATE TABLE verdicts(id INTEGER PRIMARY KEY, code INTEGER NOT NULL);"
    "CREATE TABLE approved(ledger INTEGER NOT NULL, hash BLOB NOT NULL, entry INTEGER NOT NULL,"
    " PRIMARY KEY(ledger, hash)) WITHOUT ROWID;"
    "CREATE TABLE reversed(id INTEGER PRIMARY KEY, by INTEGER NOT NULL);"
    "CREATE TABLE roster(id INTEGER PRIMARY KEY, tag INTEGER NOT NULL UNIQUE,"
    " group_id BLOB NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL, name_en TEXT NOT NULL,"
    " admission BLOB NOT NULL);";

const char *const schema_projections[] = {"subtrees", "verdicts", "approved",
                                          "reversed", "roster",   NULL};

/* The parts of each migration; a part is a text of statements. */
static const char *const migrations[][3] = {
    {version_1, lines_schema, NULL},
};
enum { SCHEMA_VERSION = sizeof migrations / sizeof migrations[0] };

static enum err_code read_version(struct db *db, unsigned *version, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code = db_statement(db, "PRAGMA user_version", &statement, err);
    int row = 0;
    if (code == OK) {
        code = db_row(db, statement, &row, err);
    }
    if (code == OK && !row) {
        return db_spoiled(err, "the version of the file");
    }
    if (code == OK) {
        *version = (unsigned)sqlite3_column_int(statement, 0);
        db_reset(statement);
    }
    return code;
}

static enum err_code migrate_once(struct db *db, unsigned from, struct err *err)
{
    enum err_code code = db_begin(db, DB_FULL, err);
    for (const char *const *part = migrations[from]; code == OK && *part != NULL; part++) {
        code = db_execute(db, *part, err);
    }
    if (code == OK) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %u", from + 1);
        code = db_execute(db, sql, err);
    }
    if (code == OK) {
        return db_commit(db, err);
    }
    db_rollback(db);
    return code;
}

enum err_code schema_migrate(struct db *db, struct err *err)
{
    unsigned version = 0;
    enum err_code code = read_version(db, &version, err);
    if (code == OK && version > SCHEMA_VERSION) {
        return err_set(err, E_VERSION,
                       "ledger.db: the file is of version %u, this program knows up to %u: "
                       "install a newer satcha",
                       version, (unsigned)SCHEMA_VERSION);
    }
    while (code == OK && version < SCHEMA_VERSION) {
        code = migrate_once(db, version, err);
        version++;
    }
    return code;
}

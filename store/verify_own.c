/* The own side of a verification: bodies under their commitments, lines made again from them, and
 * that no table has rows which belong to nothing. */
#include <inttypes.h>
#include <string.h>

#include "store/append.h"
#include "store/leaves.h"
#include "store/ledger.h"
#include "store/lines.h"
#include "store/roster.h"
#include "store/verify.h"

/* --- entry by entry --- */

static bool operation_is(struct store *store, struct bytes terms, uint64_t index)
{
    uint8_t tag[OPERATION_TAG_BYTES];
    uint64_t found;
    if (!terms_operation_tag(terms, tag)) {
        return true;
    }
    return store_operation_find(store, tag, &found) && found <= index;
}

enum err_code verify_own_entry(struct verifying *verifying, uint64_t index, enum err_code verdict,
                               struct err *err)
{
    struct store *store = verifying->store;
    const struct fold *fold = &store->fold;
    const struct hash *group = &store->own_group;
    struct hash commitment;
    uint32_t count;
    if (fold->index != index || !fold->decoded) {
        verify_find(verifying, group, index, "own entry %" PRIu64 " does not decode", index);
        return OK;
    }
    if (verdict != OK) {
        verify_find(verifying, group, index, "own entry %" PRIu64 " is not valid: %s", index,
                    err_name(verdict));
    }
    struct entry *entry = &store->fold.entry;
    buffer_clear(&verifying->body);
    enum err_code code = lines_body(store, index, &verifying->body, err);
    if (code != OK && code != E_NOT_FOUND) {
        verify_find(verifying, group, index, "the lines of entry %" PRIu64 " cannot be read",
                    index);
    } else if (entry->has_body &&
               (body_commit(buffer_view(&verifying->body), &commitment, &count) != OK ||
                !hash_equal(&commitment, &entry->body))) {
        verify_find(verifying, group, index,
                    "the lines of entry %" PRIu64 " and their commitment differ", index);
    }
    verifying->bodies += entry->has_body ? 1 : 0;
    if (!operation_is(store, entry->terms, index)) {
        verify_find(verifying, group, index, "the operation id of entry %" PRIu64, index);
    }
    return code == E_MEMORY ? code : OK;
}

/* --- lines, made again --- */

/* Hash over all rows of a table, in order. */
static bool hash_table(struct store *store, const char *table, struct hash *out)
{
    sqlite3_stmt *statement = NULL;
    struct buffer sql;
    struct hash sum = {{0}};
    buffer_init(&sql, 0);
    buffer_print(&sql, "SELECT * FROM %s", table);
    int result = sqlite3_prepare_v2(store->db.handle, (const char *)sql.data, (int)sql.len,
                                    &statement, NULL);
    buffer_free(&sql);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(statement);
        if (result != SQLITE_ROW) {
            break;
        }
        for (int column = 0; column < sqlite3_column_count(statement); column++) {
            uint8_t type = (uint8_t)sqlite3_column_type(statement, column);
            struct bytes value = db_column_bytes(statement, column);
            struct bytes parts[3] = {hash_view(&sum), bytes_of(&type, 1), value};
            hash_parts(&sum, parts, 3);
        }
    }
    (void)sqlite3_finalize(statement);
    *out = sum;
    return result == SQLITE_DONE;
}

static enum err_code apply_again(void *context, const struct fresh *fresh, uint64_t index,
                                 enum err_code verdict, struct err *err)
{
    struct verifying *verifying = context;
    if (verdict != OK || fresh->store->fold.index != index) {
        return OK;
    }
    buffer_clear(&verifying->body);
    enum err_code code = lines_body(fresh->store, index, &verifying->body, err);
    struct own_entry own = lines_entry(&fresh->store->fold, index, buffer_view(&verifying->body));
    if (code == OK || code == E_NOT_FOUND) {
        code = lines_apply(fresh->store, &own, err);
    }
    return code;
}

static enum err_code make_lines_again(struct verifying *verifying, struct err *err)
{
    struct fresh fresh;
    struct store *store = verifying->store;
    enum err_code code = fresh_start(&fresh, store, fresh_own_row(store), JUDGE_LOOK, err);
    if (code != OK) {
        return code;
    }
    fresh.each = apply_again;
    fresh.context = verifying;
    code = fresh_keys(&fresh, err);
    if (code == OK) {
        code = lines_drop_all(store, err);
    }
    if (code == OK) {
        code = fresh_fold(&fresh, err);
    }
    if (code == OK) {
        code = lines_flush(store, err);
    }
    fresh_end(&fresh);
    return code;
}

enum { LINE_TABLES_MAX = 16 };

/* The tables are made again inside a transaction that is rolled back. */
static void compare_lines(struct verifying *verifying)
{
    struct store *store = verifying->store;
    struct hash kept[LINE_TABLES_MAX];
    bool readable[LINE_TABLES_MAX] = {false};
    struct err err = {.code = OK, .text = ""};
    for (unsigned i = 0; i < LINE_TABLES_MAX && lines_tables[i] != NULL; i++) {
        readable[i] = hash_table(store, lines_tables[i], &kept[i]);
    }
    enum err_code code = db_begin(&store->db, DB_NORMAL, &err);
    if (code == OK) {
        code = make_lines_again(verifying, &err);
    }
    for (unsigned i = 0; i < LINE_TABLES_MAX && lines_tables[i] != NULL; i++) {
        struct hash again;
        if (!readable[i] || (code == OK && (!hash_table(store, lines_tables[i], &again) ||
                                            !hash_equal(&again, &kept[i])))) {
            verify_find(verifying, &store->own_group, UINT64_MAX, "own lines: table %s",
                        lines_tables[i]);
        }
    }
    if (code != OK) {
        verify_find(verifying, &store->own_group, UINT64_MAX,
                    "own lines cannot be made again: %.90s", err.text);
    }
    db_rollback(&store->db);
    ledger_forget_all(store);
    lines_forget(store);
}

/* --- tables as a whole --- */

static void check_count(struct verifying *verifying, const char *sql, const char *what,
                        uint64_t expected)
{
    sqlite3_stmt *statement;
    int row = 0;
    int64_t count = -1;
    if (db_statement(&verifying->store->db, sql, &statement, NULL) == OK &&
        db_row(&verifying->store->db, statement, &row, NULL) == OK && row) {
        count = sqlite3_column_int64(statement, 0);
        db_reset(statement);
    }
    if (count < 0 || (uint64_t)count != expected) {
        verify_find(verifying, NULL, UINT64_MAX, "%s: %" PRId64 " rows, expected %" PRIu64, what,
                    count, expected);
    }
}

static void check_released(struct verifying *verifying)
{
    struct store *store = verifying->store;
    struct ledger *own;
    struct hash root;
    if (!store->has_released) {
        return;
    }
    bool same = ledger_find(store, &store->own_group, &own, NULL) == OK &&
                ledger_root_at(store, own, store->released.size, &root) == OK &&
                hash_equal(&root, &store->released.root);
    if (!same) {
        verify_find(verifying, &store->own_group, UINT64_MAX,
                    "the released head is not one of the own ledger");
    }
}

void verify_tables(struct verifying *verifying)
{
    check_count(verifying, "SELECT coalesce(sum(count), 0) FROM leaves", "entries",
                verifying->leaves);
    check_count(verifying, "SELECT count(*) FROM links", "key-chain links", verifying->links);
    check_count(verifying, "SELECT count(*) FROM verdicts", "verdicts",
                verifying->rows[TABLE_VERDICTS]);
    check_count(verifying, "SELECT count(*) FROM approved", "approvals",
                verifying->rows[TABLE_APPROVED]);
    check_count(verifying, "SELECT count(*) FROM reversed", "reversals",
                verifying->rows[TABLE_REVERSED]);
    check_count(verifying, "SELECT count(*) FROM roster", "roster", verifying->rows[TABLE_ROSTER]);
    check_count(verifying, "SELECT count(*) FROM subtrees", "subtree hashes", verifying->subtrees);
    check_count(verifying, "SELECT count(*) FROM bodies", "own lines", verifying->bodies);
    compare_lines(verifying);
    check_released(verifying);
}

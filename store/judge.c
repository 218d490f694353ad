/* The past of a ledger, as the fold asks for it, and the marks that verdicts leave. Every look-up
 * is bounded by the index under judgement, so that an earlier size can be folded again. */
#include "store/judge.h"

#include <string.h>

#include "store/leaves.h"
#include "store/ledger.h"
#include "store/roster.h"

/* Remembers a failure of a look-up that can only answer yes or no. */
static bool fails(struct judge *judge, enum err_code code)
{
    if (code != OK) {
        judge->failed = code;
    }
    return code != OK;
}

/* Does the statement, bound, give a row? */
static bool has_row(struct judge *judge, sqlite3_stmt *statement)
{
    int row = 0;
    if (fails(judge, db_row(&judge->store->db, statement, &row, judge->err))) {
        return false;
    }
    db_reset(statement);
    return row != 0;
}

static enum err_code past_root_at(void *context, uint64_t size, struct hash *root)
{
    struct judge *judge = context;
    enum err_code code = ledger_root_at(judge->store, judge->ledger, size, root);
    return code;
}

static enum err_code past_leaf(void *context, uint64_t index, struct bytes *leaf)
{
    struct judge *judge = context;
    buffer_clear(&judge->leaf);
    enum err_code code = leaves_get(judge->store, judge->ledger, index, &judge->leaf, judge->err);
    if (code == OK) {
        *leaf = buffer_view(&judge->leaf);
    }
    return code;
}

static bool past_was_valid(void *context, uint64_t index)
{
    struct judge *judge = context;
    sqlite3_stmt *statement;
    if (fails(judge, db_statement(&judge->store->db, "SELECT 1 FROM verdicts WHERE id = ?1",
                                  &statement, judge->err))) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, row_id(judge->ledger, index));
    return !has_row(judge, statement);
}

static bool past_was_reversed(void *context, uint64_t index)
{
    struct judge *judge = context;
    sqlite3_stmt *statement;
    if (fails(judge,
              db_statement(&judge->store->db, "SELECT 1 FROM reversed WHERE id = ?1 AND by < ?2",
                           &statement, judge->err))) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, row_id(judge->ledger, index));
    (void)sqlite3_bind_int64(statement, 2, (int64_t)judge->store->fold.index);
    return has_row(judge, statement);
}

static bool past_was_approved(void *context, const struct hash *unsigned_hash)
{
    struct judge *judge = context;
    sqlite3_stmt *statement;
    if (fails(judge,
              db_statement(&judge->store->db,
                           "SELECT 1 FROM approved WHERE ledger = ?1 AND hash = ?2 AND entry < ?3",
                           &statement, judge->err))) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, judge->ledger->id);
    db_bind_hash(statement, 2, unsigned_hash);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)judge->store->fold.index);
    return has_row(judge, statement);
}

static bool past_has_link(void *context, uint64_t size)
{
    struct judge *judge = context;
    bool has = false;
    (void)fails(judge, ledger_has_link(judge->store, judge->ledger, size, &has, judge->err));
    return has;
}

static bool is_rostered(void *context, const struct hash *group)
{
    struct judge *judge = context;
    bool has = false;
    (void)fails(judge,
                roster_shares_tag(judge->store, group, judge->store->fold.index, &has, judge->err));
    return has;
}

/* A row that should be there: counted, and told where it is not. */
static void compare_row(struct judge *judge, enum judge_table table, uint64_t index, bool is_there)
{
    judge->rows[table]++;
    if (!is_there && judge->differs != NULL) {
        judge->differs(judge->differs_context, index, table);
    }
}

static enum err_code admitted(void *context, const struct admission *admission, uint64_t index)
{
    struct judge *judge = context;
    enum err_code code = OK;
    if (judge->mode == JUDGE_RECORD) {
        code = roster_put(judge->store, admission, index, judge->err);
        (void)fails(judge, code);
    }
    if (judge->mode == JUDGE_COMPARE) {
        bool same = roster_row_is(judge->store, admission, index);
        compare_row(judge, TABLE_ROSTER, index, same);
    }
    return code;
}

void judge_start(struct judge *judge, struct store *store, struct ledger *ledger,
                 struct ledger_state *state, enum judge_mode mode)
{
    judge->store = store;
    judge->ledger = ledger;
    judge->mode = mode;
    judge->state = state;
    judge->failed = OK;
    judge->err = NULL;
    judge->differs = NULL;
    memset(judge->rows, 0, sizeof judge->rows);
    buffer_init(&judge->leaf, 0);
    judge->past = (struct past){judge,          past_root_at,      past_leaf,
                                past_was_valid, past_was_reversed, past_was_approved,
                                past_has_link};
    struct fold *fold = &store->fold;
    fold->group = ledger->group;
    fold->state = state;
    fold->past = &judge->past;
    bool is_network = store->has_network && hash_equal(&ledger->group, &store->network);
    fold->is_rostered = is_network ? is_rostered : NULL;
    fold->admitted = is_network ? admitted : NULL;
    fold->roster_context = judge;
}

void judge_continue(struct judge *judge, struct ledger_state *state)
{
    judge->state = state;
    judge->store->fold.state = state;
}

void judge_end(struct judge *judge)
{
    buffer_free(&judge->leaf);
    judge->store->fold.past = NULL;
}

/* --- what a verdict leaves --- */

static enum err_code put_numbers(struct judge *judge, const char *sql, int64_t first,
                                 int64_t second, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code = db_statement(&judge->store->db, sql, &statement, err);
    if (code != OK) {
        return code;
    }
    (void)sqlite3_bind_int64(statement, 1, first);
    (void)sqlite3_bind_int64(statement, 2, second);
    return db_run(&judge->store->db, statement, err);
}

static enum err_code put_approved(struct judge *judge, const struct fold *fold, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code =
        db_statement(&judge->store->db,
                     "INSERT OR IGNORE INTO approved(ledger, hash, entry) VALUES(?1, ?2, ?3)",
                     &statement, err);
    if (code != OK) {
        return code;
    }
    (void)sqlite3_bind_int64(statement, 1, judge->ledger->id);
    db_bind_hash(statement, 2, &fold->marks.approved_hash);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)fold->index);
    return db_run(&judge->store->db, statement, err);
}

static enum err_code record(struct judge *judge, enum err_code verdict, struct err *err)
{
    const struct fold *fold = &judge->store->fold;
    enum err_code code = OK;
    if (verdict != OK) {
        return put_numbers(judge, "INSERT INTO verdicts(id, code) VALUES(?1, ?2)",
                           row_id(judge->ledger, fold->index), verdict, err);
    }
    if (fold->marks.approved) {
        code = put_approved(judge, fold, err);
    }
    if (code == OK && fold->marks.reversed) {
        code = put_numbers(judge, "INSERT INTO reversed(id, by) VALUES(?1, ?2)",
                           row_id(judge->ledger, fold->marks.reversed_index), (int64_t)fold->index,
                           err);
    }
    return code;
}

/* --- the same, compared with what is there --- */

/* Is there a row whose bound columns are these? A table that cannot be read has none. */
static bool row_is(struct judge *judge, const char *sql, int64_t first, int64_t second)
{
    sqlite3_stmt *statement;
    int row = 0;
    if (db_statement(&judge->store->db, sql, &statement, NULL) != OK) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, first);
    (void)sqlite3_bind_int64(statement, 2, second);
    if (db_row(&judge->store->db, statement, &row, NULL) != OK) {
        return false;
    }
    db_reset(statement);
    return row != 0;
}

static bool approved_is(struct judge *judge, const struct fold *fold)
{
    sqlite3_stmt *statement;
    int row = 0;
    if (db_statement(&judge->store->db,
                     "SELECT 1 FROM approved WHERE ledger = ?1 AND hash = ?2 AND entry = ?3",
                     &statement, NULL) != OK) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, judge->ledger->id);
    db_bind_hash(statement, 2, &fold->marks.approved_hash);
    (void)sqlite3_bind_int64(statement, 3, (int64_t)fold->index);
    if (db_row(&judge->store->db, statement, &row, NULL) != OK) {
        return false;
    }
    db_reset(statement);
    return row != 0;
}

static void compare(struct judge *judge, enum err_code verdict)
{
    const struct fold *fold = &judge->store->fold;
    if (verdict != OK) {
        bool same = row_is(judge, "SELECT 1 FROM verdicts WHERE id = ?1 AND code = ?2",
                           row_id(judge->ledger, fold->index), verdict);
        compare_row(judge, TABLE_VERDICTS, fold->index, same);
        return;
    }
    if (fold->marks.approved) {
        compare_row(judge, TABLE_APPROVED, fold->index, approved_is(judge, fold));
    }
    if (fold->marks.reversed) {
        bool same = row_is(judge, "SELECT 1 FROM reversed WHERE id = ?1 AND by = ?2",
                           row_id(judge->ledger, fold->marks.reversed_index), (int64_t)fold->index);
        compare_row(judge, TABLE_REVERSED, fold->index, same);
    }
}

enum err_code judge_leaf(struct judge *judge, struct bytes leaf, enum err_code *verdict,
                         struct err *verdict_err, struct err *err)
{
    struct ledger_state *state = judge->state;
    if (state->status != LEDGER_OK) {
        *verdict = state->stopped_code;
        return OK;
    }
    judge->err = err;
    enum err_code code = fold_leaf(&judge->store->fold, leaf, verdict_err);
    if (judge->failed != OK) {
        return judge->failed;
    }
    if (!verdict_is_final(code) && code != OK) {
        return err_set(err, code, "an entry's past cannot be looked up: run satcha verify");
    }
    *verdict = code;
    if (state->status != LEDGER_OK) {
        return OK;
    }
    switch (judge->mode) {
    case JUDGE_RECORD:
        return record(judge, code, err);
    case JUDGE_COMPARE:
        compare(judge, code);
        break;
    case JUDGE_LOOK:
        break;
    }
    return OK;
}

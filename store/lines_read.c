/* Own private lines and members, read: passbooks, listings, a member's balance. Lines are not kept
 * as rows: the bodies are walked (0.3 us a line), so that a line is stored once and can be erased
 * in one place. */
#include <inttypes.h>
#include <string.h>

#include "store/lines_impl.h"

struct own_entry lines_entry(const struct fold *fold, uint64_t index, struct bytes body)
{
    return (struct own_entry){.index = index,
                              .entry = &fold->entry,
                              .body = body,
                              .state = fold->state,
                              .reverses = fold->marks.reversed,
                              .reversed_index = fold->marks.reversed_index};
}

enum err_code lines_body(struct store *store, uint64_t index, struct buffer *body, struct err *err)
{
    sqlite3_stmt *statement;
    int row;
    enum err_code code =
        db_statement(&store->db, "SELECT data FROM bodies WHERE id=?1", &statement, err);
    if (code != OK) {
        return code;
    }
    sqlite3_bind_int64(statement, 1, (int64_t)index);
    code = db_row(&store->db, statement, &row, err);
    if (code != OK) {
        return code;
    }
    if (!row) {
        return err_set(err, E_NOT_FOUND, "entry %" PRIu64 " has no private lines here", index);
    }
    struct bytes found = db_column_bytes(statement, 0);
    buffer_append(body, found.data, found.len);
    db_reset(statement);
    return body->failed ? err_set(err, E_MEMORY, "out of memory for private lines") : OK;
}

struct scan {
    const struct line_filter *filter;
    line_fn each;
    void *context;
    struct line_row row;
    int32_t sign;      /* -1 at a reversing entry: the lines that it takes back */
    struct amount sum; /* debit > 0, of the lines that pass the filter */
};

static bool passes(const struct line_filter *filter, const struct body_line *line)
{
    return (filter->account == 0 || filter->account == line->account) &&
           (filter->member == 0 || filter->member == line->member) &&
           (filter->sub == 0 || filter->sub == line->sub) &&
           (filter->party == 0 || filter->party == line->party) &&
           (filter->unit == 0 || filter->unit == line->unit) &&
           (filter->fund == 0 || filter->fund == line->fund);
}

static enum err_code scan_leg(void *context, uint32_t leg, const struct body_line *line,
                              struct err *err)
{
    struct scan *scan = context;
    if (!passes(scan->filter, line)) {
        return OK;
    }
    struct line_row *row = &scan->row;
    row->leg = leg;
    row->line = *line;
    if (scan->sign < 0 && !amount_negate(line->amount, &row->line.amount)) {
        return err_set(err, E_OVERFLOW, "an amount does not fit");
    }
    const struct account *account = account_find(scan->filter->account);
    if (account) {
        if (!amount_add(scan->sum, row->line.amount, &scan->sum) ||
            !amount_scale(scan->sum, account_normal_sign(account), 1, &row->balance)) {
            return err_set(err, E_OVERFLOW, "the balance of %u does not fit", account->code);
        }
    }
    if (row->entry < scan->filter->from_entry) {
        return OK; /* counted only */
    }
    return scan->each(scan->context, row);
}

enum err_code store_lines(struct store *store, const struct line_filter *filter, line_fn each,
                          void *context)
{
    struct scan scan = {.filter = filter, .each = each, .context = context};
    struct err err;
    sqlite3_stmt *statement;
    int row;
    enum err_code code =
        db_statement(&store->db,
                     "SELECT o.entry, o.date, o.event, o.body_of, o.undone_by IS NOT NULL, b.data"
                     " FROM own_entry o JOIN bodies b ON b.id=o.body_of"
                     " WHERE o.entry>=?1 AND o.entry<?2 ORDER BY o.entry",
                     &statement, &err);
    if (code != OK) {
        return code;
    }
    /* Running balances need every line before. */
    sqlite3_bind_int64(statement, 1, filter->account ? 0 : (int64_t)filter->from_entry);
    sqlite3_bind_int64(statement, 2, filter->to_entry ? (int64_t)filter->to_entry : INT64_MAX);
    while ((code = db_row(&store->db, statement, &row, &err)) == OK && row) {
        scan.row.entry = (uint64_t)sqlite3_column_int64(statement, 0);
        scan.row.date = sqlite3_column_int(statement, 1);
        scan.row.event = (uint32_t)sqlite3_column_int64(statement, 2);
        scan.sign =
            sqlite3_column_int64(statement, 3) == sqlite3_column_int64(statement, 0) ? 1 : -1;
        scan.row.undone = sqlite3_column_int(statement, 4) != 0;
        code = lines_each_leg(db_column_bytes(statement, 5), scan_leg, &scan, &err);
        if (code != OK) {
            db_reset(statement);
            break;
        }
    }
    return code;
}

static enum err_code member_of_row(sqlite3_stmt *statement, struct member_row *row)
{
    row->member = (uint32_t)sqlite3_column_int64(statement, 0);
    row->active = sqlite3_column_int(statement, 1) != 0;
    row->joined_entry = (uint64_t)sqlite3_column_int64(statement, 2);
    return OK;
}

enum err_code store_member(struct store *store, uint32_t member, struct member_row *row)
{
    sqlite3_stmt *statement;
    int found;
    enum err_code code =
        db_statement(&store->db, "SELECT member, active, entry FROM own_member WHERE member=?1",
                     &statement, NULL);
    if (code != OK) {
        return code;
    }
    sqlite3_bind_int64(statement, 1, member);
    code = db_row(&store->db, statement, &found, NULL);
    if (code != OK) {
        return code;
    }
    if (!found) {
        return E_NOT_FOUND;
    }
    code = member_of_row(statement, row);
    db_reset(statement);
    return code;
}

enum err_code store_members(struct store *store, member_fn each, void *context)
{
    sqlite3_stmt *statement;
    int found;
    enum err_code code =
        db_statement(&store->db, "SELECT member, active, entry FROM own_member ORDER BY member",
                     &statement, NULL);
    if (code != OK) {
        return code;
    }
    while ((code = db_row(&store->db, statement, &found, NULL)) == OK && found) {
        struct member_row row;
        code = member_of_row(statement, &row);
        if (code == OK) {
            code = each(context, &row);
        }
        if (code != OK) {
            db_reset(statement);
            break;
        }
    }
    return code;
}

enum err_code store_member_balance(struct store *store, uint16_t account, uint32_t member,
                                   struct amount *balance)
{
    const struct account *row = account_find(account);
    struct amount debit;
    if (!row) {
        return E_ACCOUNT;
    }
    enum err_code code = lines_balance(store, member, account, &debit, NULL);
    if (code == OK && !amount_scale(debit, account_normal_sign(row), 1, balance)) {
        code = E_OVERFLOW;
    }
    return code;
}

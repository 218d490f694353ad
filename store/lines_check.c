/* The author's own rules over the private lines of an entry that is about to be written. Peers
 * cannot make these checks: they never see the lines. */
#include <inttypes.h>

#include "proto/events.h"
#include "store/lines_impl.h"

struct check {
    struct store *store;
    const struct own_entry *own;
    const struct profile *profile;
    bool overdraft;
    uint32_t rows; /* rows of the entry that name a member */
    uint32_t last_row;
    uint32_t known_member; /* the last one that was looked up and found active */
    int64_t change;        /* kind member: what the public count must say */
};

static enum err_code fail_at(struct check *check, uint32_t row, enum err_code code)
{
    if (check->store->lines) {
        check->store->lines->has_failed = true;
        check->store->lines->failed_line = row;
    }
    return code;
}

bool lines_failed_row(const struct store *store, uint32_t *row)
{
    if (!store->lines || !store->lines->has_failed) {
        return false;
    }
    *row = store->lines->failed_line;
    return true;
}

void lines_clear_failed(struct store *store)
{
    if (store->lines) {
        store->lines->has_failed = false;
    }
}

/* Deposits, shares and loans are kept by member; income and expense only name one. */
static bool is_kept_by_member(const struct account *account)
{
    return (account->flags & ACCOUNT_BY_MEMBER) != 0 && account->type != ACCOUNT_REVENUE &&
           account->type != ACCOUNT_EXPENSE;
}

static enum err_code negative(const struct check *check, const struct account *account,
                              uint32_t member, struct amount held, struct amount asked,
                              struct err *err)
{
    char holds[AMOUNT_TEXT_MAX], wants[AMOUNT_TEXT_MAX];
    unsigned digits = check->profile->minor_digits;
    return err_set(err, E_NEGATIVE, "member %" PRIu32 " %s %s, asked %s", member,
                   account->type == ACCOUNT_ASSET ? "owes" : "holds",
                   amount_format(held, digits, holds), amount_format(asked, digits, wants));
}

/* The balance in the account's own direction: what a depositor holds, what a borrower owes. */
static struct amount natural(const struct account *account, struct amount amount)
{
    struct amount result = amount;
    if (account_normal_sign(account) < 0 && !amount_negate(amount, &result)) {
        result = amount;
    }
    return result;
}

/* Counts one leg into the member's balance and refuses what lowers it below zero. */
static enum err_code count_leg(struct check *check, const struct body_line *line,
                               struct amount change, struct err *err)
{
    const struct account *account = account_find(line->account);
    struct amount before, after;
    enum err_code code = lines_balance(check->store, line->member, line->account, &before, err);
    if (code != OK) {
        return code;
    }
    if (!account || !amount_add(before, change, &after)) {
        return fail_at(check, line->line,
                       err_set(err, E_OVERFLOW, "the balance of member %" PRIu32 " does not fit",
                               line->member));
    }
    if (!check->overdraft && is_kept_by_member(account) &&
        amount_sign(natural(account, change)) < 0 && amount_sign(natural(account, after)) < 0) {
        struct amount asked = natural(account, change);
        bool fits = amount_negate(asked, &asked);
        (void)fits; /* one leg is at most 10^15 */
        return fail_at(check, line->line,
                       negative(check, account, line->member, natural(account, before), asked,
                                err));
    }
    return lines_remember(check->store, line->member, line->account, after, err);
}

static enum err_code check_leg(void *context, uint32_t leg, const struct body_line *line,
                               struct err *err)
{
    (void)leg;
    struct check *check = context;
    if (line->member == 0) {
        return OK;
    }
    if (check->rows == 0 || line->line != check->last_row) {
        check->rows++;
        check->last_row = line->line;
    }
    if (line->member != check->known_member) {
        enum member_status status;
        enum err_code code = lines_member_status(check->store, line->member, &status, err);
        if (code != OK) {
            return code;
        }
        if (status != MEMBER_ACTIVE) {
            return fail_at(check, line->line,
                           err_set(err, E_MEMBER,
                                   status == MEMBER_LEFT
                                       ? "member %" PRIu32 " has left; `satcha member join %" PRIu32
                                         "` takes the number in again"
                                       : "member %" PRIu32
                                         " is unknown; write `satcha member join %" PRIu32
                                         "` first (or `member list` for one counted at opening)",
                                   line->member, line->member));
        }
        check->known_member = line->member;
    }
    return count_leg(check, line, line->amount, err);
}

static enum err_code check_post(struct check *check, struct err *err)
{
    struct post_terms terms;
    enum err_code code = terms_post_read(check->own->entry->terms, &terms, err);
    if (code == OK) {
        code = lines_each_leg(check->own->body, check_leg, check, err);
    }
    const struct event_row *event = code == OK ? event_find(terms.event) : NULL;
    uint32_t min_lines = check->profile->policy.min_lines;
    if (code == OK && event && event->member == MEMBER_YES && check->rows < min_lines) {
        code = err_set(err, E_LIMIT,
                       "an entry of %s has at least %" PRIu32 " members' rows here (policy "
                       "min_lines), this one has %" PRIu32 "; post a meeting day in one file",
                       event->name, min_lines, check->rows);
    }
    return code;
}

/* --- a reverse: judged by what it leaves behind --- */

static enum err_code take_back(void *context, uint32_t leg, const struct body_line *line,
                               struct err *err)
{
    (void)leg;
    struct check *check = context;
    struct amount before, change, after = amount_of(0);
    if (line->member == 0) {
        return OK;
    }
    enum err_code code = lines_balance(check->store, line->member, line->account, &before, err);
    if (code == OK &&
        (!amount_negate(line->amount, &change) || !amount_add(before, change, &after))) {
        code = err_set(err, E_OVERFLOW, "the balance of member %" PRIu32 " does not fit",
                       line->member);
    }
    return code == OK ? lines_remember(check->store, line->member, line->account, after, err)
                      : code;
}

static enum err_code check_left_behind(void *context, uint32_t leg, const struct body_line *line,
                                       struct err *err)
{
    (void)leg;
    struct check *check = context;
    const struct account *account = account_find(line->account);
    struct amount after, before;
    if (line->member == 0 || check->overdraft || !account || !is_kept_by_member(account) ||
        amount_sign(natural(account, line->amount)) < 0) {
        return OK; /* taking back a withdrawal raises the balance */
    }
    enum err_code code = lines_balance(check->store, line->member, line->account, &after, err);
    if (code == OK && amount_sign(natural(account, after)) < 0 &&
        amount_add(after, line->amount, &before)) {
        code = negative(check, account, line->member, natural(account, before),
                        natural(account, line->amount), err);
    }
    return code;
}

static enum err_code check_reverse(struct check *check, struct err *err)
{
    struct buffer body;
    buffer_init(&body, 0);
    enum err_code code = lines_body(check->store, check->own->reversed_index, &body, err);
    if (code == OK) {
        code = lines_each_leg(buffer_view(&body), take_back, check, err);
    }
    if (code == OK) {
        code = lines_each_leg(buffer_view(&body), check_left_behind, check, err);
    }
    buffer_free(&body);
    return code;
}

/* --- members --- */

static enum err_code check_zero_balances(struct check *check, uint32_t member, struct err *err)
{
    sqlite3_stmt *statement;
    int row;
    enum err_code code = lines_flush(check->store, err);
    if (code == OK) {
        code = db_statement(&check->store->db,
                            "SELECT account, balance FROM own_balance WHERE member=?1 AND"
                            " balance<>0",
                            &statement, err);
    }
    if (code != OK) {
        return code;
    }
    sqlite3_bind_int64(statement, 1, member);
    while ((code = db_row(&check->store->db, statement, &row, err)) == OK && row) {
        const struct account *account = account_find((uint64_t)sqlite3_column_int64(statement, 0));
        if (account && is_kept_by_member(account)) {
            char text[AMOUNT_TEXT_MAX];
            struct amount balance = amount_of(sqlite3_column_int64(statement, 1));
            code = err_set(err, E_MEMBER,
                           "member %" PRIu32 " leaves with 0.00 on every account, and has %s on "
                           "%u (%s)",
                           member,
                           amount_format(natural(account, balance), check->profile->minor_digits,
                                         text),
                           account->code, account->name_en);
            db_reset(statement);
            return code;
        }
    }
    return code;
}

static enum err_code check_number(struct check *check, uint32_t operation, uint32_t member,
                                  struct err *err)
{
    enum member_status status;
    enum err_code code = lines_member_status(check->store, member, &status, err);
    if (code != OK) {
        return code;
    }
    if (operation == MEMBER_LEAVE) {
        if (status != MEMBER_ACTIVE) {
            return err_set(err, E_MEMBER, "member %" PRIu32 " %s", member,
                           status == MEMBER_LEFT ? "has left already" : "is unknown");
        }
        return check_zero_balances(check, member, err);
    }
    if (status == MEMBER_ACTIVE || (status == MEMBER_LEFT && operation == MEMBER_LIST)) {
        return err_set(err, E_MEMBER, "member %" PRIu32 " %s", member,
                       status == MEMBER_LEFT ? "has left; `member join` takes the number in again"
                                             : "is a member already");
    }
    return OK;
}

static enum err_code check_listed(struct check *check, int64_t count, struct err *err)
{
    int64_t opened = 0, listed = 0;
    enum err_code code = lines_total(check->store, OWN_TOTAL_OPENED, &opened, err);
    if (code == OK) {
        code = lines_total(check->store, OWN_TOTAL_LISTED, &listed, err);
    }
    if (code == OK && count > opened - listed) {
        code = err_set(err, E_MEMBER,
                       "%" PRId64 " numbers for %" PRId64 " members counted at opening and not "
                       "listed yet; new members are taken in with `member join`",
                       count, opened - listed);
    }
    return code;
}

static enum err_code check_member_line(void *context, const struct member_line *line,
                                       struct err *err)
{
    struct check *check = context;
    if (line->operation == MEMBER_OPENING) {
        check->change += line->last;
        return OK;
    }
    if (line->operation == MEMBER_CHANGE) {
        return err_set(err, E_NOT_YET, "changing a member's number comes in a later version");
    }
    int64_t count = (int64_t)line->last - line->first + 1;
    if (line->first == 0 || count < 1 || count > LISTED_RANGE_MAX) {
        return err_set(err, E_LIMIT, "members %" PRIu32 "-%" PRIu32 ": expected 1 to %d numbers",
                       line->first, line->last, LISTED_RANGE_MAX);
    }
    enum err_code code = line->operation == MEMBER_LIST ? check_listed(check, count, err) : OK;
    for (uint64_t member = line->first; code == OK && member <= line->last; member++) {
        code = check_number(check, line->operation, (uint32_t)member, err);
    }
    if (line->operation != MEMBER_LIST) {
        check->change += line->operation == MEMBER_JOIN ? count : -count;
    }
    return code;
}

static enum err_code check_members(struct check *check, struct err *err)
{
    struct member_terms terms;
    enum err_code code = terms_member_read(check->own->entry->terms, &terms, err);
    if (code == OK) {
        code = lines_each_member_line(check->own->body, check_member_line, check, err);
    }
    if (code == OK && terms.change != check->change) {
        code = err_set(err, E_MEMBER,
                       "the entry says that the members change by %" PRId64 ", its lines by "
                       "%" PRId64,
                       terms.change, check->change);
    }
    return code;
}

enum err_code lines_check(struct store *store, const struct own_entry *own, struct err *err)
{
    struct check check = {.store = store,
                          .own = own,
                          .profile = &own->state->profile,
                          .overdraft = own->state->profile.policy.overdraft};
    lines_clear_failed(store);
    if (own->reverses) {
        return check_reverse(&check, err);
    }
    if (own->body.len == 0) {
        return OK;
    }
    if (own->entry->kind == KIND_POST) {
        return check_post(&check, err);
    }
    return own->entry->kind == KIND_MEMBER ? check_members(&check, err) : OK;
}

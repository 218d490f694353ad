/* Kind post, and what lines do to the turnover of accounts. */
#include <assert.h>

#include "proto/events.h"
#include "proto/rules_kinds.h"

static enum err_code unbalanced(const struct fold *fold, struct amount debits,
                                struct amount credits, struct err *err)
{
    char debit_text[AMOUNT_TEXT_MAX];
    char credit_text[AMOUNT_TEXT_MAX];
    unsigned digits = fold->state->profile.minor_digits;
    if (err == NULL) {
        return E_UNBALANCED;
    }
    return err_set(err, E_UNBALANCED, "debits %s, credits %s: they must be equal",
                   amount_format(debits, digits, debit_text),
                   amount_format(credits, digits, credit_text));
}

static enum err_code check_line(const struct post *post, struct err *err)
{
    const struct account *account = account_find(post->account);
    if (account == NULL || (account->flags & ACCOUNT_REPORT_ONLY) != 0) {
        return err_set(err, E_ACCOUNT, "account %u is none that can be posted to",
                       (unsigned)post->account);
    }
    bool needed = (account->flags & ACCOUNT_INTERGROUP) != 0;
    if (needed != post->has_counterparty) {
        return err_set(err, E_CP, "account %u: %s", (unsigned)post->account,
                       needed ? "the line must name the other group"
                              : "the line names another group, which this account never does");
    }
    return OK;
}

enum err_code posts_check(const struct fold *fold, struct amount *debits, struct err *err)
{
    struct amount debit = amount_of(0);
    struct amount credit = amount_of(0);
    for (unsigned i = 0; i < fold->entry.post_count; i++) {
        const struct post *post = &fold->entry.posts[i];
        enum err_code code = check_line(post, err);
        if (code != OK) {
            return code;
        }
        bool added = amount_sign(post->amount) > 0 ? amount_add(debit, post->amount, &debit)
                                                   : amount_sub(credit, post->amount, &credit);
        if (!added) { /* cannot be: 512 lines of at most 10^15 (entry.c asserts it) */
            return err_set(err, E_OVERFLOW, "the lines add up to too much");
        }
    }
    if (!amount_equal(debit, credit)) {
        return unbalanced(fold, debit, credit, err);
    }
    *debits = debit;
    return OK;
}

bool turnover_balance(const struct turnover *turnover, struct amount *balance)
{
    return amount_sub(turnover->debit, turnover->credit, balance);
}

/* Adds the lines of one account, which stand together from `*at` on, and moves `*at` behind. */
static bool add_lines(const struct entry *entry, unsigned *at, struct turnover *turnover)
{
    uint16_t code = entry->posts[*at].account;
    for (; *at < entry->post_count && entry->posts[*at].account == code; (*at)++) {
        struct amount amount = entry->posts[*at].amount;
        bool added = amount_sign(amount) > 0
                         ? amount_add(turnover->debit, amount, &turnover->debit)
                         : amount_sub(turnover->credit, amount, &turnover->credit);
        if (!added) {
            return false;
        }
    }
    return true;
}

static enum err_code negative(const struct fold *fold, const struct account *account,
                              struct amount before, struct amount after, struct err *err)
{
    char before_text[AMOUNT_TEXT_MAX];
    char after_text[AMOUNT_TEXT_MAX];
    unsigned digits = fold->state->profile.minor_digits;
    if (err == NULL) {
        return E_NEGATIVE;
    }
    return err_set(err, E_NEGATIVE, "account %u (%s) holds %s and would fall to %s",
                   (unsigned)account->code, account->name_en,
                   amount_format(before, digits, before_text),
                   amount_format(after, digits, after_text));
}

/* What the account holds, in the direction that raises it. */
static bool held(const struct account *account, const struct turnover *turnover,
                 struct amount *amount)
{
    struct amount balance;
    if (!turnover_balance(turnover, &balance)) {
        return false;
    }
    if (account_normal_sign(account) < 0) {
        return amount_negate(balance, amount);
    }
    *amount = balance;
    return true;
}

enum err_code turnover_check(const struct fold *fold, struct err *err)
{
    const struct ledger_state *state = fold->state;
    for (unsigned at = 0; at < fold->entry.post_count;) {
        int row = account_row(fold->entry.posts[at].account);
        const struct account *account = account_at((unsigned)row);
        struct turnover next = state->own[row];
        struct amount before;
        struct amount after;
        if (!held(account, &next, &before) || !add_lines(&fold->entry, &at, &next) ||
            !held(account, &next, &after)) {
            return err_set(err, E_OVERFLOW, "the turnover of account %u would be too large",
                           (unsigned)account->code);
        }
        bool lowered_below_zero = amount_sign(after) < 0 && amount_less(after, before);
        if (lowered_below_zero && (account->flags & ACCOUNT_NOT_NEGATIVE) != 0 &&
            !state->profile.policy.overdraft) {
            return negative(fold, account, before, after, err);
        }
    }
    return OK;
}

void turnover_apply(struct fold *fold)
{
    struct ledger_state *state = fold->state;
    for (unsigned at = 0; at < fold->entry.post_count;) {
        int row = account_row(fold->entry.posts[at].account);
        bool added = add_lines(&fold->entry, &at, &state->own[row]);
        assert(added); /* turnover_check said so */
        (void)added;
        state->reported[row] = true;
    }
}

enum err_code rule_post(struct fold *fold, const struct entry *entry, struct err *err)
{
    struct post_terms terms;
    enum err_code code = terms_post_read(entry->terms, &terms, err);
    if (code == OK) {
        code = event_check(&terms, entry, err);
    }
    if (code == OK) {
        code = turnover_check(fold, err);
    }
    if (code != OK) {
        return code;
    }
    turnover_apply(fold);
    for (unsigned i = 0; i < terms.reported_count; i++) {
        fold->state->reported[account_row(terms.reported[i])] = true;
    }
    fold->state->journals += terms.event == EVENT_JOURNAL;
    return OK;
}

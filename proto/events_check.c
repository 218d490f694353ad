/* The public check of an event: what every node can judge from an entry's header alone. Posts are
 * sums over any number of rows, so it asks which accounts stand on which side, and the few amount
 * rules that hold for sums. */
#include <inttypes.h>
#include <stdio.h>

#include "proto/accounts.h"
#include "proto/events_rule.h"

/* The state's capital for village funds, by round (Buddhist-era year), in satang. The data for the
 * rounds is published; an amount outside is refused, so that a typing error does not become
 * capital. */
static const struct capital_round {
    uint32_t year;
    int64_t from_satang, to_satang;
    bool needs_grade; /* an attested grade A must be cited */
} capital_rounds[] = {
    {2544, 100000000, 100000000, false}, /* the first million */
    {2546, 10000000, 10000000, true},
    {2552, 20000000, 60000000, false}, /* by number of members */
    {2555, 100000000, 100000000, false},
};
enum { CAPITAL_ROUNDS = sizeof capital_rounds / sizeof capital_rounds[0] };

static const int64_t restricted_max_satang = 50000000; /* 500,000.00 a fund (2559) */

enum err_code event_round_check(uint32_t round, struct amount amount, struct err *err)
{
    for (unsigned i = 0; i < CAPITAL_ROUNDS; i++) {
        const struct capital_round *row = &capital_rounds[i];
        struct amount from = amount_of(row->from_satang), to = amount_of(row->to_satang);
        char given[AMOUNT_TEXT_MAX], low[AMOUNT_TEXT_MAX], high[AMOUNT_TEXT_MAX];
        if (row->year != round) {
            continue;
        }
        if (row->needs_grade) {
            return err_set(err, E_ROUND,
                           "round %u needs an attested grade A that the entry cites: not in this "
                           "version",
                           (unsigned)round);
        }
        if (amount_less(amount, from) || amount_less(to, amount)) {
            return err_set(err, E_ROUND, "round %u gives %s%s%s in one entry, not %s",
                           (unsigned)round, amount_format(from, 2, low),
                           amount_equal(from, to) ? "" : " to ",
                           amount_equal(from, to) ? "" : amount_format(to, 2, high),
                           amount_format(amount, 2, given));
        }
        return OK;
    }
    return err_set(err, E_ROUND, "there is no round %u: give 2544, 2552 or 2555", (unsigned)round);
}

enum err_code event_restricted_check(struct amount amount, struct err *err)
{
    char given[AMOUNT_TEXT_MAX];
    if (amount_less(amount_of(restricted_max_satang), amount)) {
        return err_set(err, E_AMOUNT, "restricted: %s: the project gives at most 500,000.00 a fund",
                       amount_format(amount, 2, given));
    }
    return OK;
}

bool opening_allows(uint16_t account, enum slot_side side)
{
    const struct account *row = account_find(account);
    if (!account_is_own(account)) {
        return false;
    }
    if (account == ACCOUNT_OPENING || account == ACCOUNT_SURPLUS ||
        (row->flags & ACCOUNT_CONTRA) != 0) {
        return true;
    }
    return side == (account_normal_sign(row) > 0 ? SLOT_DEBIT : SLOT_CREDIT);
}

static bool slots_allow(const struct event_rule *rule, uint16_t account, enum slot_side side)
{
    for (const struct slot *slot = rule->slots; slot->side != SLOT_END; slot++) {
        if (slot->side == side && slot_has(slot, account)) {
            return true;
        }
    }
    return false;
}

static bool rule_allows(const struct event_row *row, const struct post_terms *terms,
                        uint16_t account, enum slot_side side)
{
    switch (row->rule->shape) {
    case SHAPE_OPENING:
        return opening_allows(account, side);
    case SHAPE_SLOTS:
        if (terms->reversed) {
            side = side == SLOT_DEBIT ? SLOT_CREDIT : SLOT_DEBIT;
        }
        return slots_allow(row->rule, account, side);
    case SHAPE_JOURNAL:
        break;
    }
    return true;
}

/* "1110, 1120": every account that the rule allows on that side, for the message. */
static void allowed_text(const struct event_row *row, const struct post_terms *terms,
                         enum slot_side side, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < account_count() && len + 7 < size; i++) {
        uint16_t code = account_at(i)->code;
        if (rule_allows(row, terms, code, side)) {
            int wrote = snprintf(out + len, size - len, "%s%u", len == 0 ? "" : ", ", code);
            len += wrote > 0 ? (size_t)wrote : 0;
        }
    }
}

static enum err_code check_post(const struct event_row *row, const struct post_terms *terms,
                                const struct post *post, struct err *err)
{
    if (post->has_counterparty) {
        return err_set(err, E_CP, "%s: account %u names a counterparty: a post has none", row->name,
                       (unsigned)post->account);
    }
    if (account_find(post->account) == NULL) {
        return err_set(err, E_ACCOUNT, "%s: account %u is not in the chart", row->name,
                       (unsigned)post->account);
    }
    if (!account_is_own(post->account)) {
        return err_set(err, E_ACCOUNT,
                       "%s: account %u is between groups (or for reports): only send, receive and "
                       "settle move it",
                       row->name, (unsigned)post->account);
    }
    enum slot_side side = amount_sign(post->amount) > 0 ? SLOT_DEBIT : SLOT_CREDIT;
    if (!rule_allows(row, terms, post->account, side)) {
        char allowed[200];
        allowed_text(row, terms, side, allowed, sizeof allowed);
        return err_set(err, E_ACCOUNT, "%s may %s %s; not %u", row->name,
                       side == SLOT_DEBIT ? "debit" : "credit", allowed, (unsigned)post->account);
    }
    return OK;
}

/* Terms that belong to the event, and no others. */
static enum err_code check_terms(const struct event_row *row, const struct post_terms *terms,
                                 struct err *err)
{
    unsigned flags = row->rule->flags;
    if (terms->reversed && !row->either_way) {
        return err_set(err, E_EVENT, "%s goes one way only: its sign cannot be turned", row->name);
    }
    if (terms->round != 0 && (flags & RULE_TAKES_ROUND) == 0) {
        return err_set(err, E_ROUND, "%s has no round, but %u is given", row->name,
                       (unsigned)terms->round);
    }
    if (terms->grant != 0 && (flags & RULE_TELLS_GRANT) == 0) {
        return err_set(err, E_EVENT, "%s has no grant, but fund %u is given", row->name,
                       (unsigned)terms->grant);
    }
    if (terms->grant == 0 && (flags & RULE_NEEDS_FUND) != 0) {
        return err_set(err, E_EVENT, "%s must say the fund of the grant", row->name);
    }
    if (terms->reported_count != 0 && row->number != EVENT_OPENING) {
        return err_set(err, E_EVENT, "%s reports accounts: only an opening does", row->name);
    }
    for (unsigned i = 0; i < terms->reported_count; i++) {
        if (!account_is_own(terms->reported[i])) {
            return err_set(err, E_ACCOUNT, "opening: account %u cannot be reported",
                           (unsigned)terms->reported[i]);
        }
    }
    return OK;
}

/* What stands on one side of one account, as a positive figure; false on overflow. */
static bool side_total(const struct entry *entry, uint16_t account, enum slot_side side,
                       struct amount *total)
{
    struct amount sum = amount_of(0);
    for (unsigned i = 0; i < entry->post_count; i++) {
        struct amount amount = entry->posts[i].amount;
        bool is_debit = amount_sign(amount) > 0;
        if (entry->posts[i].account != account || is_debit != (side == SLOT_DEBIT)) {
            continue;
        }
        if (!(is_debit ? amount_add(sum, amount, &sum) : amount_sub(sum, amount, &sum))) {
            return false;
        }
    }
    *total = sum;
    return true;
}

static enum err_code check_rounding(const struct post_terms *terms, const struct entry *entry,
                                    struct err *err)
{
    /* The number of rows is private, but capped: two lines each. */
    const int64_t most = (int64_t)(ROUNDING_LIMIT_SATANG - 1) * (BODY_LINES_MAX / 2);
    struct amount total;
    if (!side_total(entry, ACCOUNT_ROUNDING, terms->reversed ? SLOT_CREDIT : SLOT_DEBIT, &total)) {
        return err_set(err, E_OVERFLOW, "rounding: the posts are too large to be added");
    }
    char given[AMOUNT_TEXT_MAX], limit[AMOUNT_TEXT_MAX];
    if (amount_less(amount_of(most), total)) {
        return err_set(err, E_AMOUNT, "rounding of %s; an entry holds at most %s",
                       amount_format(total, 2, given), amount_format(amount_of(most), 2, limit));
    }
    return OK;
}

/* What leaves the stock is the cost of what was sold: two pairs of accounts, each balanced. */
static enum err_code check_sale(const struct entry *entry, struct err *err)
{
    struct amount cost, stock;
    if (!side_total(entry, ACCOUNT_COST_OF_GOODS, SLOT_DEBIT, &cost) ||
        !side_total(entry, ACCOUNT_STOCK, SLOT_CREDIT, &stock)) {
        return err_set(err, E_OVERFLOW, "sale: the posts are too large to be added");
    }
    char first[AMOUNT_TEXT_MAX], second[AMOUNT_TEXT_MAX];
    if (!amount_equal(cost, stock)) {
        return err_set(err, E_UNBALANCED, "sale: cost (5210) is %s, stock (1410) goes down by %s",
                       amount_format(cost, 2, first), amount_format(stock, 2, second));
    }
    return OK;
}

enum { EVENT_SALE = 19 };

static enum err_code check_sums(const struct event_row *row, const struct post_terms *terms,
                                const struct entry *entry, struct err *err)
{
    struct amount total;
    uint16_t account =
        row->number == EVENT_STATE_CAPITAL ? ACCOUNT_STATE_CAPITAL : ACCOUNT_RESTRICTED;
    switch (row->number) {
    case EVENT_SALE:
        return check_sale(entry, err);
    case EVENT_ROUNDING:
        return check_rounding(terms, entry, err);
    case EVENT_RESTRICTED:
    case EVENT_STATE_CAPITAL:
        if (!side_total(entry, account, SLOT_CREDIT, &total)) {
            return err_set(err, E_OVERFLOW, "%s: the posts are too large to be added", row->name);
        }
        return row->number == EVENT_STATE_CAPITAL ? event_round_check(terms->round, total, err)
                                                  : event_restricted_check(total, err);
    }
    return OK;
}

enum err_code event_check(const struct post_terms *terms, const struct entry *entry,
                          struct err *err)
{
    const struct event_row *row = event_find(terms->event);
    if (row == NULL) {
        return err_set(err, E_EVENT, "there is no event %u", (unsigned)terms->event);
    }
    enum err_code code = check_terms(row, terms, err);
    if (code != OK) {
        return code;
    }
    if (entry->post_count == 0 && terms->reported_count == 0) {
        return err_set(err, E_EVENT, "%s moves nothing: it has no posts", row->name);
    }
    for (unsigned i = 0; i < entry->post_count; i++) {
        code = check_post(row, terms, &entry->posts[i], err);
        if (code != OK) {
            return code;
        }
    }
    return check_sums(row, terms, entry, err);
}

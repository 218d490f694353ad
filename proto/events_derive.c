/* Events: how a row of input, once checked (events_input.c), becomes balanced legs. */
#include <string.h>

#include "proto/accounts.h"
#include "proto/events_rule.h"

/* Adds one leg, debit > 0. Over-long legs are a mistake in the table: RULE_SLOTS_MAX fits. */
static enum err_code add_leg(struct derivation *d, uint16_t account, struct amount amount,
                             struct err *err)
{
    char text[AMOUNT_TEXT_MAX];
    if (!amount_is_postable(amount)) {
        return err_set(err, E_AMOUNT, "%s: %s on account %u: at most 10,000,000,000,000.00",
                       d->row->name, amount_format(amount, 2, text), (unsigned)account);
    }
    struct body_line *leg = &d->legs[d->count++];
    memset(leg, 0, sizeof *leg);
    leg->account = account;
    leg->amount = amount;
    leg->unit = d->posting.unit;
    leg->fund = d->posting.fund;
    return OK;
}

static enum err_code overflow(const struct derivation *d, struct err *err)
{
    return err_set(err, E_OVERFLOW, "%s: the parts are too large to be added", d->row->name);
}

/* Sum of the parts in `plus` less those in `minus`; false when it does not fit. */
static bool slot_amount(const struct posting *posting, const struct slot *slot,
                        struct amount *amount)
{
    static const enum part all[] = {PART_AMOUNT, PART_FACE, PART_COST, PART_INTEREST, PART_PENALTY};
    struct amount sum = amount_of(0);
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct amount part = event_part(posting, all[i]);
        if ((slot->plus & (unsigned)all[i]) != 0 && !amount_add(sum, part, &sum)) {
            return false;
        }
        if ((slot->minus & (unsigned)all[i]) != 0 && !amount_sub(sum, part, &sum)) {
            return false;
        }
    }
    *amount = sum;
    return true;
}

static uint16_t slot_account(const struct derivation *d, const struct slot *slot)
{
    switch (slot->choice) {
    case CHOICE_PAY:
        return d->posting.pay;
    case CHOICE_ACCOUNT:
    case CHOICE_ACCOUNT_GIVEN:
        return d->posting.account;
    case CHOICE_FIXED:
        break;
    }
    return slot->accounts[0];
}

static enum err_code derive_slot(struct derivation *d, const struct slot *slot, struct err *err)
{
    char left[AMOUNT_TEXT_MAX];
    struct amount amount;
    if (!slot_amount(&d->posting, slot, &amount)) {
        return overflow(d, err);
    }
    int sign = d->row->either_way ? amount_sign(d->posting.amount) * amount_sign(amount)
                                  : amount_sign(amount);
    if (sign == 0 || (sign < 0 && slot->only_gain)) {
        return OK;
    }
    uint16_t account = slot_account(d, slot);
    if (sign < 0) {
        return err_set(err, E_AMOUNT,
                       "%s: %s would be left for account %u: the parts given do not fit the amount",
                       d->row->name, amount_format(amount, 2, left), (unsigned)account);
    }
    if (slot->side == SLOT_CREDIT && !amount_negate(amount, &amount)) {
        return overflow(d, err);
    }
    return add_leg(d, account, amount, err);
}

static enum err_code derive_slots(struct derivation *d, struct err *err)
{
    for (const struct slot *slot = d->row->rule->slots; slot->side != SLOT_END; slot++) {
        enum err_code code = derive_slot(d, slot, err);
        if (code != OK) {
            return code;
        }
    }
    return OK;
}

/* The account on its normal side (turned when the amount is negative) against 3900. */
static enum err_code derive_opening(struct derivation *d, struct err *err)
{
    uint16_t account = d->posting.account;
    if (account == ACCOUNT_OPENING) {
        return err_set(err, E_ACCOUNT,
                       "opening: 3900 takes the difference by itself: give the account that is "
                       "opened");
    }
    struct amount amount = d->posting.amount;
    struct amount turned;
    if (!amount_negate(amount, &turned)) {
        return overflow(d, err);
    }
    bool by_debit = account_normal_sign(account_find(account)) > 0;
    enum err_code code = add_leg(d, account, by_debit ? amount : turned, err);
    return code == OK ? add_leg(d, ACCOUNT_OPENING, by_debit ? turned : amount, err) : code;
}

/* --- which leg keeps which number --- */

static uint32_t *leg_number(struct body_line *leg, enum account_flag kept_by)
{
    return kept_by == ACCOUNT_BY_MEMBER  ? &leg->member
           : kept_by == ACCOUNT_BY_PARTY ? &leg->party
                                         : &leg->sub;
}

/* On every leg that is kept so, but not on `except`; false when there is none. */
static bool place(struct derivation *d, enum account_flag kept_by, uint32_t number, uint16_t except)
{
    bool placed = false;
    for (unsigned i = 0; i < d->count; i++) {
        const struct account *account = account_find(d->legs[i].account);
        if ((account->flags & (unsigned)kept_by) != 0 && account->code != except) {
            *leg_number(&d->legs[i], kept_by) = number;
            placed = true;
        }
    }
    return placed;
}

/* No leg is kept so: the number still says what the row is about, so that nothing is lost. */
static void place_first(struct derivation *d, enum account_flag kept_by, uint32_t number)
{
    unsigned at = 0;
    for (unsigned i = d->count; i > 0; i--) {
        uint16_t account = d->legs[i - 1].account;
        if (account != ACCOUNT_CASH && account != ACCOUNT_BANK) {
            at = i - 1;
        }
    }
    *leg_number(&d->legs[at], kept_by) = number;
}

static void place_numbers(struct derivation *d, uint32_t line)
{
    const struct posting *posting = &d->posting;
    if (d->row->rule->shape == SHAPE_JOURNAL) { /* one leg: what was typed is what is kept */
        d->legs[0].member = posting->member;
        d->legs[0].party = posting->party;
        d->legs[0].sub = posting->sub;
    } else {
        if (!place(d, ACCOUNT_BY_MEMBER, posting->member, 0)) {
            place_first(d, ACCOUNT_BY_MEMBER, posting->member);
        }
        if (!place(d, ACCOUNT_BY_PARTY, posting->party, 0)) {
            place_first(d, ACCOUNT_BY_PARTY, posting->party);
        }
        if (!place(d, ACCOUNT_BY_SUB, posting->sub, ACCOUNT_BANK) &&
            !place(d, ACCOUNT_BY_SUB, posting->sub, 0)) {
            place_first(d, ACCOUNT_BY_SUB, posting->sub);
        }
    }
    d->legs[0].memo = posting->memo;
    d->legs[0].operation = posting->operation;
    for (unsigned i = 0; i < d->count; i++) {
        d->legs[i].line = line;
    }
}

static enum err_code derive_shape(struct derivation *d, struct err *err)
{
    switch (d->row->rule->shape) {
    case SHAPE_SLOTS:
        return derive_slots(d, err);
    case SHAPE_OPENING:
        return derive_opening(d, err);
    case SHAPE_JOURNAL:
        break;
    }
    return add_leg(d, d->posting.account, d->posting.amount, err);
}

enum err_code event_derive(const struct posting *posting, uint32_t line,
                           struct body_line legs[POSTING_LEGS_MAX], unsigned *count,
                           struct err *err)
{
    struct derivation d = {.row = event_find(posting->event), .posting = *posting, .count = 0};
    if (d.row == NULL) {
        return err_set(err, E_EVENT, "there is no event %u: give 1 to %d, or a name",
                       (unsigned)posting->event, EVENT_COUNT);
    }
    enum err_code code = event_input_check(&d, err);
    if (code == OK) {
        code = derive_shape(&d, err);
    }
    if (code != OK) {
        return code;
    }
    place_numbers(&d, line);
    memcpy(legs, d.legs, d.count * sizeof d.legs[0]);
    *count = d.count;
    return OK;
}

/* Events: what a row of input must give, may give and must not give, with the defaults filled in.
 * The legs are made of it in events_derive.c. */
#include <stdio.h>

#include "proto/accounts.h"
#include "proto/events_rule.h"

/* --- fields: which are needed, which are taken --- */

/* The slot whose account the field `pay` or `account` picks; NULL when the event has no choice. */
static const struct slot *slot_chosen_by(const struct event_rule *rule, enum slot_choice choice)
{
    for (const struct slot *slot = rule->slots; slot->side != SLOT_END; slot++) {
        if (slot->choice == choice) {
            return slot;
        }
    }
    return NULL;
}

/* "1110, 1120 or 1360" */
static const char *accounts_text(const struct slot *slot, char out[64])
{
    size_t len = 0;
    out[0] = '\0';
    for (unsigned i = 0; slot->accounts[i] != 0 && len < 56; i++) {
        const char *between = i == 0 ? "" : slot->accounts[i + 1] == 0 ? " or " : ", ";
        int wrote = snprintf(out + len, 64 - len, "%s%u", between, (unsigned)slot->accounts[i]);
        len += wrote > 0 ? (size_t)wrote : 0;
    }
    return out;
}

/* Fills in a default and checks the choice that one field makes. */
static enum err_code choose(const struct event_row *row, const struct slot *slot, const char *field,
                            uint16_t *account, struct err *err)
{
    char allowed[64];
    if (slot == NULL) {
        return *account == 0
                   ? OK
                   : err_set(err, E_ACCOUNT, "%s takes no %s (%u was given): leave it out",
                             row->name, field, (unsigned)*account);
    }
    if (*account == 0) {
        if (slot->choice == CHOICE_ACCOUNT_GIVEN) {
            return err_set(err, E_ACCOUNT, "%s: say which %s: %s", row->name, field,
                           accounts_text(slot, allowed));
        }
        *account = slot->accounts[0];
        return OK;
    }
    if (!slot_has(slot, *account)) {
        return err_set(err, E_ACCOUNT, "%s: %s is %s, not %u", row->name, field,
                       accounts_text(slot, allowed), (unsigned)*account);
    }
    return OK;
}

static enum err_code choose_accounts(struct derivation *d, struct err *err)
{
    const struct event_rule *rule = d->row->rule;
    if (rule->shape != SHAPE_SLOTS) {
        if (d->posting.pay != 0) {
            return err_set(err, E_ACCOUNT, "%s takes no pay (%u was given): leave it out",
                           d->row->name, (unsigned)d->posting.pay);
        }
        if (!account_is_own(d->posting.account)) {
            return err_set(err, E_ACCOUNT,
                           "%s: account %u is not one that a group posts to by itself: give an "
                           "account of the chart without *",
                           d->row->name, (unsigned)d->posting.account);
        }
        return OK;
    }
    enum err_code code =
        choose(d->row, slot_chosen_by(rule, CHOICE_PAY), "pay", &d->posting.pay, err);
    if (code != OK) {
        return code;
    }
    const struct slot *slot = slot_chosen_by(rule, CHOICE_ACCOUNT);
    if (slot == NULL) {
        slot = slot_chosen_by(rule, CHOICE_ACCOUNT_GIVEN);
    }
    if ((rule->flags & RULE_OTHER_THAN_PAY) != 0 && d->posting.account == 0) {
        d->posting.account = slot->accounts[slot->accounts[0] == d->posting.pay ? 1 : 0];
    }
    code = choose(d->row, slot, "account", &d->posting.account, err);
    if (code == OK && (rule->flags & RULE_OTHER_THAN_PAY) != 0 &&
        d->posting.account == d->posting.pay) {
        return err_set(err, E_ACCOUNT,
                       "%s: from %u to %u changes nothing; between two bank accounts use journal "
                       "with two rows, each with its sub",
                       d->row->name, (unsigned)d->posting.pay, (unsigned)d->posting.account);
    }
    return code;
}

static enum err_code check_member(const struct event_row *row, uint32_t member, struct err *err)
{
    if (member > MEMBER_MAX) {
        return err_set(err, E_MEMBER, "%s: member %u: a number is 1 to 2147483647", row->name,
                       (unsigned)member);
    }
    if (row->member == MEMBER_YES && member == 0) {
        return err_set(err, E_MEMBER, "%s is about one member: give the member's number",
                       row->name);
    }
    if (row->member == MEMBER_NO && member != 0) {
        return err_set(err, E_MEMBER, "%s takes no member (%u was given): leave it out", row->name,
                       (unsigned)member);
    }
    return OK;
}

static enum err_code check_texts(const struct posting *posting, struct err *err)
{
    if (posting->memo.len > MEMO_MAX_BYTES) {
        return err_set(err, E_LIMIT, "memo of %zu bytes; at most %d (a Thai letter is 3)",
                       posting->memo.len, MEMO_MAX_BYTES);
    }
    if (posting->operation.len > OPERATION_ID_MAX_BYTES) {
        return err_set(err, E_LIMIT, "operation id of %zu bytes; at most %d",
                       posting->operation.len, OPERATION_ID_MAX_BYTES);
    }
    if (!bytes_is_utf8(posting->memo) || !bytes_is_utf8(posting->operation)) {
        return err_set(err, E_ENCODING, "memo and operation id must be UTF-8 text");
    }
    return OK;
}

/* Fields that are no money: needed, or not taken. */
static enum err_code check_fields(const struct event_row *row, const struct posting *posting,
                                  struct err *err)
{
    unsigned flags = row->rule->flags;
    if ((flags & RULE_NEEDS_FUND) != 0 && posting->fund == 0) {
        return err_set(err, E_EVENT, "%s: give the number of the fund", row->name);
    }
    if ((flags & RULE_TAKES_ROUND) == 0 && posting->round != 0) {
        return err_set(err, E_ROUND, "%s takes no round (%u was given): leave it out", row->name,
                       (unsigned)posting->round);
    }
    return check_texts(posting, err);
}

/* --- money --- */

struct amount event_part(const struct posting *posting, enum part part)
{
    switch (part) {
    case PART_AMOUNT:
        return posting->amount;
    case PART_FACE:
        return posting->face;
    case PART_COST:
        return posting->cost;
    case PART_INTEREST:
        return posting->interest;
    case PART_PENALTY:
        return posting->penalty;
    case PARTS_OPTIONAL: /* a set, no part */
        break;
    }
    return amount_of(0);
}

static const struct {
    enum part part;
    const char *name;
} part_names[] = {{PART_FACE, "face"},
                  {PART_COST, "cost"},
                  {PART_INTEREST, "interest"},
                  {PART_PENALTY, "penalty"}};

enum { PART_NAMES = sizeof part_names / sizeof part_names[0] };

static bool is_loan(uint16_t account)
{
    return account == 1210 || account == 1220 || account == 1230;
}

/* The parts that the event's slots are made of. */
static unsigned parts_taken(const struct derivation *d)
{
    const struct event_rule *rule = d->row->rule;
    unsigned taken = 0;
    for (const struct slot *slot = rule->slots; slot->side != SLOT_END; slot++) {
        taken |= slot->plus | slot->minus;
    }
    if ((rule->flags & RULE_PARTS_OF_LOAN) != 0 && !is_loan(d->posting.account)) {
        taken &= ~(unsigned)(PART_INTEREST | PART_PENALTY);
    }
    return taken & PARTS_OPTIONAL;
}

static enum err_code check_parts(struct derivation *d, struct err *err)
{
    char text[AMOUNT_TEXT_MAX];
    unsigned taken = parts_taken(d);
    for (unsigned i = 0; i < PART_NAMES; i++) {
        struct amount given = event_part(&d->posting, part_names[i].part);
        if (amount_sign(given) == 0) {
            continue;
        }
        if ((taken & (unsigned)part_names[i].part) == 0) {
            return err_set(err, E_EVENT, "%s takes no %s (%s was given)%s: leave it out",
                           d->row->name, part_names[i].name, amount_format(given, 2, text),
                           (d->row->rule->flags & RULE_PARTS_OF_LOAN) != 0
                               ? " unless the account is a loan: 1210, 1220 or 1230"
                               : "");
        }
        if (amount_sign(given) < 0 || !amount_is_postable(given)) {
            return err_set(err, E_AMOUNT, "%s: %s of %s: give 0.01 to 10,000,000,000,000.00",
                           d->row->name, part_names[i].name, amount_format(given, 2, text));
        }
    }
    if ((d->row->rule->flags & RULE_NEEDS_COST) != 0 && amount_sign(d->posting.cost) == 0) {
        return err_set(err, E_EVENT, "%s: give the cost", d->row->name);
    }
    if ((d->row->rule->flags & RULE_FACE_IS_AMOUNT) != 0 && amount_sign(d->posting.face) == 0) {
        d->posting.face = d->posting.amount;
    }
    return OK;
}

/* An opening may be negative where an account really stands on either side. */
static bool may_be_negative(const struct derivation *d)
{
    switch (d->row->rule->shape) {
    case SHAPE_SLOTS:
        return d->row->either_way;
    case SHAPE_OPENING:
        return opening_allows(d->posting.account, SLOT_DEBIT) &&
               opening_allows(d->posting.account, SLOT_CREDIT);
    case SHAPE_JOURNAL:
        break;
    }
    return true;
}

static enum err_code check_amount(const struct derivation *d, struct err *err)
{
    struct amount amount = d->posting.amount;
    unsigned flags = d->row->rule->flags;
    char text[AMOUNT_TEXT_MAX];
    (void)amount_format(amount, 2, text);
    if (amount_sign(amount) == 0) {
        return (flags & RULE_ZERO_AMOUNT) != 0
                   ? OK
                   : err_set(err, E_AMOUNT, "%s: the amount is 0: give more than that",
                             d->row->name);
    }
    if (amount_sign(amount) < 0 && !may_be_negative(d)) {
        return err_set(err, E_AMOUNT,
                       "%s: the amount is %s: give it without the sign (to undo an entry use "
                       "reverse)",
                       d->row->name, text);
    }
    if (!amount_is_postable(amount)) {
        return err_set(err, E_AMOUNT, "%s: %s: at most 10,000,000,000,000.00 in one posting",
                       d->row->name, text);
    }
    if (d->row->number == EVENT_ROUNDING &&
        (!amount_less(amount, amount_of(ROUNDING_LIMIT_SATANG)) ||
         !amount_less(amount_of(-ROUNDING_LIMIT_SATANG), amount))) {
        return err_set(err, E_AMOUNT, "%s: %s: only amounts under 1.00 are rounding", d->row->name,
                       text);
    }
    if (d->row->number == EVENT_RESTRICTED) {
        return event_restricted_check(amount, err);
    }
    if ((flags & RULE_TAKES_ROUND) != 0) {
        return event_round_check(d->posting.round, amount, err);
    }
    return OK;
}

enum err_code event_input_check(struct derivation *d, struct err *err)
{
    enum err_code code = check_member(d->row, d->posting.member, err);
    if (code == OK) {
        code = check_fields(d->row, &d->posting, err);
    }
    if (code == OK) {
        code = choose_accounts(d, err);
    }
    if (code == OK) {
        code = check_amount(d, err);
    }
    return code == OK ? check_parts(d, err) : code;
}

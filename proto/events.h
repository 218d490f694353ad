/* The forty-six events of `post`: one table row each (docs/bookkeeping.md). The row says which
 * accounts may be debited and credited (the public check, which every node makes), whether a
 * member is needed, what else a row of input must give, and how a row becomes balanced legs (the
 * private derivation, which the author makes). Pure: no clock, no balance is looked up. */
#ifndef SATCHA_PROTO_EVENTS_H
#define SATCHA_PROTO_EVENTS_H

#include "proto/body.h"
#include "proto/terms.h"

enum event_member { MEMBER_NO, MEMBER_YES, MEMBER_OPTIONAL };

/* The numbers that code elsewhere must name; the others are only rows of the table. */
enum event_number {
    EVENT_OPENING = 1,
    EVENT_RESTRICTED = 29,
    EVENT_STATE_CAPITAL = 32,
    EVENT_ROUNDING = 44,
    EVENT_JOURNAL = 46
};

/* What one row of a file or one `satcha post` gives. 0 / empty = not given.
 *
 * amount: positive. Either sign where the row's either_way is set (negative = the other way
 * round), in a journal (debit > 0, credit < 0), and in an opening of 3310, 1290 or 1590 (negative
 * = the side where it normally does not stand). Zero only in `dispose` (nothing was paid for it).
 *
 * Which leg keeps which number: member, party and sub stand on the legs of accounts that are kept
 * by them (ACCOUNT_BY_…; sub on a bank leg only where no other leg takes it), else on the first
 * leg that is not cash. unit and fund stand on every leg, memo and operation on the first. */
struct posting {
    uint32_t event;
    int32_t date;
    struct amount amount;
    uint32_t member, party, sub, unit, fund, round;
    uint16_t account; /* which one, where the event has a choice */
    uint16_t pay;     /* 1110 (default), 1120, or the account it is taken from */
    struct amount face, cost, interest, penalty; /* parts, >= 0, as the event's row says */
    struct bytes memo, operation;
};

struct event_rule; /* private columns, in events_rule.h: the accounts and the derivation */

struct event_row {
    uint8_t number;
    const char *name; /* "deposit": for good, as is the number */
    const char *name_th;
    enum event_member member;
    bool either_way;  /* ⇄: the sign of the amount says which */
    const char *help; /* one line: which accounts, which extra fields, defaults */
    const struct event_rule *rule;
};

enum { EVENT_COUNT = 46 };
const struct event_row *event_at(unsigned row);      /* rows 0 .. EVENT_COUNT-1, number = row + 1 */
const struct event_row *event_find(uint64_t number); /* NULL: none */
const struct event_row *event_by_name(struct bytes name); /* English name; NULL: none */

/* The legs of one row, balanced (a journal row is one leg: its entry's rows balance together);
 * `line` is their row number in the entry. At most POSTING_LEGS_MAX. memo and operation are views
 * of the posting's. Outputs are untouched on failure.
 * Errors: E_MEMBER needed or not allowed, E_AMOUNT, E_ACCOUNT (which are allowed), E_ROUND,
 * E_EVENT (unknown event, field missing or not taken), E_LIMIT and E_ENCODING (memo, operation),
 * E_OVERFLOW. */
enum { POSTING_LEGS_MAX = 8 };
enum err_code MUST_USE event_derive(const struct posting *posting, uint32_t line,
                                    struct body_line legs[POSTING_LEGS_MAX], unsigned *count,
                                    struct err *err);

/* The public terms of the entry that a row belongs in: event; reversed where an either_way amount
 * is negative; round; grant = the fund of grant, restricted, grant-release and grant-return.
 * Nothing is reported: an opening's caller adds that. */
void event_terms(const struct posting *posting, struct post_terms *terms);

/* May both rows stand in one entry? Same date, event and terms (so one sign of an either_way
 * event); journal rows of the same operation too; never two rows of state-capital or restricted,
 * whose amounts are judged by the entry. */
bool event_share_entry(const struct posting *first, const struct posting *next);

/* The public check of an entry of kind post, whose posts are sums over any number of rows: known
 * event, terms that belong to it, own accounts on the sides that it allows (swapped when
 * reversed), the round's amount. That posts balance is checked elsewhere (rules.h).
 * Errors: E_EVENT, E_ACCOUNT, E_CP (a counterparty), E_ROUND, E_AMOUNT, E_UNBALANCED (the cost of
 * a sale against the stock), E_OVERFLOW. */
enum err_code MUST_USE event_check(const struct post_terms *terms, const struct entry *entry,
                                   struct err *err);

#endif

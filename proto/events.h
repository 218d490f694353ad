/* The forty-six events of `post`: one table row each (docs/bookkeeping.md). The row says which
 * accounts may be debited and credited (the public check, which every node makes), whether a
 * member is needed, what else a row of input must give, and how a row becomes balanced legs (the
 * private derivation, which the author makes). */
#ifndef SATCHA_PROTO_EVENTS_H
#define SATCHA_PROTO_EVENTS_H

#include "proto/body.h"
#include "proto/terms.h"

enum event_member { MEMBER_NO, MEMBER_YES, MEMBER_OPTIONAL };

/* What one row of a file or one `satcha post` gives. 0 / empty = not given. */
struct posting {
    uint32_t event;
    int32_t date;
    struct amount amount; /* positive, but signed for rounding, journal and ⇄ events */
    uint32_t member, party, sub, unit, fund, round;
    uint16_t account; /* which one, where the event has a choice */
    uint16_t pay;     /* 1110 (default), 1120, or the account it is taken from */
    struct amount face, cost, interest, penalty; /* parts, as the event's row says */
    struct bytes memo, operation;
};

struct event_row {
    uint8_t number;
    const char *name; /* "deposit": for good, as is the number */
    const char *name_th;
    enum event_member member;
    bool either_way;  /* ⇄: the sign says which */
    const char *help; /* one line: which accounts, which extra fields, an example */
    /* ... the accounts and the derivation: private columns, defined in events.c */
    const struct event_rule *rule;
};

enum { EVENT_COUNT = 46 };
const struct event_row *event_at(unsigned row); /* rows 0 .. EVENT_COUNT-1, number = row + 1 */
const struct event_row *event_find(uint64_t number);
const struct event_row *event_by_name(struct bytes name); /* English name; NULL: none */

/* The legs of one row, balanced; `line` is their row number in the entry. At most
 * POSTING_LEGS_MAX. Errors: E_MEMBER needed or not allowed, E_AMOUNT, E_ACCOUNT (which are
 * allowed), E_ROUND, E_EVENT (field missing), E_OVERFLOW. */
enum { POSTING_LEGS_MAX = 8 };
enum err_code MUST_USE event_derive(const struct posting *posting, uint32_t line,
                                    struct body_line legs[POSTING_LEGS_MAX], unsigned *count,
                                    struct err *err);

/* The public check of an entry of kind post: known event, accounts on the sides that it allows, no
 * intergroup account, balanced is checked elsewhere, the round's amount. */
enum err_code MUST_USE event_check(const struct post_terms *terms, const struct entry *entry,
                                   struct err *err);

#endif

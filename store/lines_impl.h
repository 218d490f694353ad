/* What lines.c, lines_check.c and lines_read.c share: the tables of the own private lines and what
 * is kept in memory of them. Private to those three files.
 *
 *   own_entry      each valid own entry with lines: whose body it counts, with which sign
 *   own_member     each number ever listed or joined
 *   own_balance    what each member's lines sum to, by account (debit > 0)
 *   own_operation  the operation ids that stand in lines, as the first 8 bytes of their SHA-256
 *   own_total      single figures (enum own_total) */
#ifndef SATCHA_STORE_LINES_IMPL_H
#define SATCHA_STORE_LINES_IMPL_H

#include "store/lines.h"
#include "store/number_map.h"

enum own_total {
    OWN_TOTAL_OPENED = 1, /* members counted by `opening` */
    OWN_TOTAL_LISTED = 2  /* numbers given to them by `list` */
};

/* Balances in memory, so that a member's hundredth line of a file costs no look-up. lines_check
 * puts there what each entry will leave; whatever was loaded before lines_apply is therefore that
 * of the tables after it. Dropping it is always right. */
struct lines {
    struct number_map balances; /* member << 16 | account -> debit > 0 */
    /* What lines_apply has not written yet: rows in random order cost most of its time. */
    struct number_map changes;    /* by the same key: what own_balance is to grow by */
    struct number_map operations; /* key -> entry, for own_operation */
    bool has_failed;
    uint32_t failed_line;
};

enum { LISTED_RANGE_MAX = 1000000 }; /* numbers in one line of `list` or `join` */

/* The kept balance, debit > 0; 0 where there is none. E_IO, E_CORRUPT, E_MEMORY. */
enum err_code MUST_USE lines_balance(struct store *store, uint32_t member, uint16_t account,
                                     struct amount *balance, struct err *err);
/* In memory only. */
enum err_code MUST_USE lines_remember(struct store *store, uint32_t member, uint16_t account,
                                      struct amount balance, struct err *err);
enum err_code MUST_USE lines_total(struct store *store, enum own_total which, int64_t *value,
                                   struct err *err);

enum member_status { MEMBER_UNKNOWN, MEMBER_ACTIVE, MEMBER_LEFT };
enum err_code MUST_USE lines_member_status(struct store *store, uint32_t member,
                                           enum member_status *status, struct err *err);

/* Calls `each` for every leg of a body of kind post. E_CORRUPT where it does not decode. */
typedef enum err_code (*leg_fn)(void *context, uint32_t leg, const struct body_line *line,
                                struct err *err);
enum err_code MUST_USE lines_each_leg(struct bytes body, leg_fn each, void *context,
                                      struct err *err);
typedef enum err_code (*member_line_fn)(void *context, const struct member_line *line,
                                        struct err *err);
enum err_code MUST_USE lines_each_member_line(struct bytes body, member_line_fn each, void *context,
                                              struct err *err);

#endif

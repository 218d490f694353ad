/* Own private lines and members: the projection of the bodies of own entries, which never leave
 * this home. What is here is dropped and made again from `bodies` by a rebuild; the entries and
 * bodies are the truth.
 *
 * Inside the transaction of an append the store calls, for each entry in order, lines_check and
 * then lines_apply; so the check of the second entry sees the rows of the first. When the append
 * fails (or is a dry run) the transaction is rolled back and lines_forget is called: whatever
 * lines.c keeps in memory is then out of date. A rebuild calls lines_drop_all and then lines_apply
 * for each valid own entry. Both end with lines_flush and must leave identical tables, byte for
 * byte.
 *
 * The reading functions of store.h (store_lines, store_member, store_members,
 * store_member_balance) are in lines_read.c. */
#ifndef SATCHA_STORE_LINES_H
#define SATCHA_STORE_LINES_H

#include "store/impl.h"

/* One own entry with its body. Views are valid inside the call. */
struct own_entry {
    uint64_t index;
    const struct entry *entry;        /* decoded header */
    struct bytes body;                /* stored form (body_next); empty when it has none */
    const struct ledger_state *state; /* after this entry: profile.policy, minor_digits */
    bool reverses;                    /* a valid reverse: the entry that it undoes */
    uint64_t reversed_index;
};
/* The own entry that `fold` judged last. */
struct own_entry lines_entry(const struct fold *fold, uint64_t index, struct bytes body);
/* The stored body of an own entry, copied to the end of `body`. E_NOT_FOUND when it has none. */
enum err_code MUST_USE lines_body(struct store *store, uint64_t index, struct buffer *body,
                                  struct err *err);

/* The author's own rules, stricter than what peers check: unknown member (E_MEMBER), a member's
 * deposit or loan account lowered below zero in line order (E_NEGATIVE "member 42 holds 1,200.00,
 * asked 5,000.00") unless policy.overdraft, policy.min_lines (E_LIMIT), leaving with a balance
 * (E_MEMBER), a member number twice. A reverse is checked by what it leaves behind. */
enum err_code MUST_USE lines_check(struct store *store, const struct own_entry *own,
                                   struct err *err);
/* The row (body_line.line) at which the last lines_check failed, so that an import can name the
 * line of its file; false when it did not fail at one row. Cleared before an append that wants to
 * know.
 */
bool lines_failed_row(const struct store *store, uint32_t *row);
void lines_clear_failed(struct store *store);
/* An operation id as a number: 8 bytes of its SHA-256; never 0. */
uint64_t lines_operation_key(struct bytes operation);
/* Does such an id stand as the `op` of a line, and in which entry? */
enum err_code MUST_USE lines_operation_find(struct store *store, uint64_t key, bool *found,
                                            uint64_t *entry, struct err *err);
/* Writes rows; balances and operation ids gather in memory until lines_flush, so that a file of
 * 49,028 lines writes each row once, in order. E_IO, E_CORRUPT (a body that does not decode). */
enum err_code MUST_USE lines_apply(struct store *store, const struct own_entry *own,
                                   struct err *err);
/* Before the commit. */
enum err_code MUST_USE lines_flush(struct store *store, struct err *err);
/* Empties every table of lines_tables. */
enum err_code MUST_USE lines_drop_all(struct store *store, struct err *err);
/* A transaction was rolled back: forget what is kept in memory. */
void lines_forget(struct store *store);
/* At store_close. `store->lines` (NULL at first) is lines.c's to use. */
void lines_free(struct store *store);

/* CREATE TABLE … of the tables below: part of migration 1. Rows must be in a determined order:
 * rowids given, or WITHOUT ROWID. */
extern const char lines_schema[];
/* Names, NULL at the end: verify hashes their rows in order. */
extern const char *const lines_tables[];

#endif

/* Own entries: the order of effects (docs/architecture.md). */
#ifndef SATCHA_STORE_APPEND_H
#define SATCHA_STORE_APPEND_H

#include "store/impl.h"

/* The first append of a new home: the genesis. Sets own_group and own_id. The signing key of
 * store->keys signs; profile's keys must be those. */
enum err_code MUST_USE append_genesis(struct store *store, const struct draft *genesis,
                                      struct err *err);
/* Is the own ledger behind the mark, or another one? Sets store->status; where the database is
 * ahead (a crash between the two) the mark is brought up to it. */
enum err_code MUST_USE own_compare_mark(struct store *store, struct err *err);
/* Reads the own ledger's row, compares it with the mark and the keys. A spoiled one is no error but
 * OWN_SPOILED: it keeps the node from writing, not from serving the rest. */
enum err_code MUST_USE own_load(struct store *store, struct err *err);
/* OK, or why not: E_ROLLBACK, E_RECOVERING, E_CLOCK, E_FORKED with what to do. */
enum err_code MUST_USE own_may_append(struct store *store, struct err *err);

/* What follows an own append once the person has the reply: the mark is made durable, and only then
 * the head may be seen (where heads are released). */
enum err_code MUST_USE own_settle(struct store *store, struct err *err);

/* The own head that peers may see: from the database; into it (inside a transaction). */
/* What an officer said of the clock. */
enum err_code MUST_USE own_load_clock(struct store *store, struct err *err);
enum err_code MUST_USE own_load_released(struct store *store, struct err *err);
enum err_code MUST_USE own_put_released(struct store *store, const struct head *head,
                                        struct err *err);

/* The operation tag in an own entry's terms, as the number by which it is kept; false: none. */
bool operation_number(struct bytes terms, int64_t *number);
/* Keeps it; the first entry with a tag counts. Inside a transaction. */
enum err_code MUST_USE operation_put(struct store *store, int64_t number, uint64_t index,
                                     struct err *err);

#endif

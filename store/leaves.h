/* Entries, verbatim, as rows of up to 256 leaves.
 *
 * A row covers [first, first + count) and never crosses a multiple of RUN_LEAVES. Small appends
 * make small rows; when a run of 256 is complete its rows become one. Row data has the form in
 * which leaves travel in a chunk (count times | length u16 BE | leaf |), so that receiving and
 * serving copy whole runs. */
#ifndef SATCHA_STORE_LEAVES_H
#define SATCHA_STORE_LEAVES_H

#include "store/impl.h"

/* The rowid of an index (or number) in tables whose ids start with the ledger. */
int64_t row_id(const struct ledger *ledger, uint64_t low);

/* Writes `count` leaves (in chunk form) from index `first` on. Inside a transaction. */
enum err_code MUST_USE leaves_put(struct store *store, const struct ledger *ledger, uint64_t first,
                                  uint64_t count, struct bytes leaves, struct err *err);
/* Calls `each` for leaves [from, to) in order. E_CORRUPT when one is missing or rows are spoiled;
 * an error of `each` stops and is returned. `each` may read the store, not write leaves. */
enum err_code MUST_USE leaves_each(struct store *store, const struct ledger *ledger, uint64_t from,
                                   uint64_t to, leaf_fn each, void *context, struct err *err);
/* One leaf, copied to the end of `out`. */
enum err_code MUST_USE leaves_get(struct store *store, const struct ledger *ledger, uint64_t index,
                                  struct buffer *out, struct err *err);
/* Leaves [from, <= to) in chunk form, at most max_bytes but at least one leaf. Where a whole run
 * was read the answer ends at the end of a run: proofs are then made from stored subtrees. */
enum err_code MUST_USE leaves_pack(struct store *store, const struct ledger *ledger, uint64_t from,
                                   uint64_t to, size_t max_bytes, struct buffer *out,
                                   uint64_t *count, struct err *err);
/* Removes every leaf from index `size` on. */
enum err_code MUST_USE leaves_truncate(struct store *store, const struct ledger *ledger,
                                       uint64_t size, struct err *err);

#endif

/* Ledgers in memory: a few of them, loaded from their rows when asked for and written back with
 * the transaction. A pointer stays valid until LEDGERS_CACHED other ledgers were asked for. */
#ifndef SATCHA_STORE_LEDGER_H
#define SATCHA_STORE_LEDGER_H

#include "store/impl.h"

/* E_NO_DATA (no text) when nothing is held of the group; E_CORRUPT, E_IO, E_MEMORY. */
enum err_code MUST_USE ledger_find(struct store *store, const struct hash *group,
                                   struct ledger **ret, struct err *err);
/* The same, made where it is not there. Inside a transaction. */
enum err_code MUST_USE ledger_make(struct store *store, const struct hash *group,
                                   struct ledger **ret, struct err *err);
/* Writes the rows of all that differ from theirs. Inside a transaction. */
enum err_code MUST_USE ledger_save_all(struct store *store, struct err *err);
/* Drops them all unwritten: after a rollback, and at the end. */
void ledger_forget_all(struct store *store);

/* --- for deriving a ledger anew --- */
struct ledger *ledger_new(void);         /* empty; NULL: out of memory */
void ledger_free(struct ledger *ledger); /* one that the cache does not hold; NULL is fine */
/* Reads row `id` without its derived columns: they are as in a new ledger, but for stored, which
 * says how many entries there should be. E_NO_DATA, E_CORRUPT. */
enum err_code MUST_USE ledger_load_truth(struct store *store, int64_t id, struct ledger *ledger,
                                         struct err *err);
/* The cache takes the ledger (in any case) in the place of what it holds of the group. */
enum err_code MUST_USE ledger_adopt(struct store *store, struct ledger *ledger, struct err *err);

/* The state of what is stored: *pending, made from `state` where nothing is pending yet. NULL when
 * out of memory. */
struct ledger_state *ledger_pending(struct ledger *ledger);
/* The pending entries become the ledger's: size = stored, with this signed head. */
void ledger_publish(struct ledger *ledger, const struct head *head, uint64_t now_ms);
/* Removes entries from `size` (>= the published size) on, with every row that they made. */
enum err_code MUST_USE ledger_truncate(struct store *store, struct ledger *ledger, uint64_t size,
                                       struct err *err);
/* Root of the first `size` entries, pending ones included. E_NO_DATA past what is stored. */
enum err_code MUST_USE ledger_root_at(struct store *store, const struct ledger *ledger,
                                      uint64_t size, struct hash *root);

/* Key-chain links: numbers 0 to keys.links - 1, packed by link_pack. */
enum err_code MUST_USE ledger_put_link(struct store *store, const struct ledger *ledger,
                                       uint64_t number, const struct link *link, struct err *err);
enum err_code MUST_USE ledger_get_link(struct store *store, const struct ledger *ledger,
                                       uint64_t number, struct buffer *out, struct err *err);
/* Is there a link of exactly this size? */
enum err_code MUST_USE ledger_has_link(struct store *store, const struct ledger *ledger,
                                       uint64_t size, bool *has, struct err *err);

#endif

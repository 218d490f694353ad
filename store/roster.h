/* The roster: a projection of the network's ledger, and what follows from it (the map). */
#ifndef SATCHA_STORE_ROSTER_H
#define SATCHA_STORE_ROSTER_H

#include "store/impl.h"

/* --- rows; pending admissions are there too, with an index past the network's published size ---
 */

enum err_code MUST_USE roster_put(struct store *store, const struct admission *admission,
                                  uint64_t index, struct err *err);
/* Is there such a row, the same in every column? */
bool roster_row_is(struct store *store, const struct admission *admission, uint64_t index);
/* Is the group, or one that shares its first 8 bytes, admitted by an entry before `index`? */
enum err_code MUST_USE roster_shares_tag(struct store *store, const struct hash *group,
                                         uint64_t index, bool *has, struct err *err);

/* --- in memory: published admissions in map order --- */

/* Reads the roster and makes the map anew, with the published head of every ledger. At open, and
 * when the network's ledger grew. */
enum err_code MUST_USE roster_load(struct store *store, struct err *err);
void roster_free(struct store *store);
/* The network itself, or a rostered group. */
bool roster_has(const struct store *store, const struct hash *group);
/* Brings one group's item in the map up to date with its ledger. */
enum err_code MUST_USE roster_refresh(struct store *store, const struct hash *group,
                                      struct err *err);
/* Names the network of this home (once) and loads. */
enum err_code MUST_USE roster_set_network(struct store *store, const struct hash *network,
                                          struct err *err);

#endif

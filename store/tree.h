/* The Merkle tree over stored leaves: roots at any earlier size and proofs.
 *
 * Nodes are kept in tiers of eight levels. Tier 0 is a run of 256 leaf hashes, made from the leaves
 * when asked for; tier t >= 1 is a row of `subtrees` with up to 256 hashes, each the root of a
 * complete block of tier t - 1. The seven levels inside a block are computed when they are needed.
 * A few blocks are kept in memory. */
#ifndef SATCHA_STORE_TREE_H
#define SATCHA_STORE_TREE_H

#include "store/impl.h"

/* The context of a source is valid as long as both. Nodes of subtrees that are not complete in what
 * is stored give E_NO_DATA. */
struct tree {
    struct store *store;
    const struct ledger *ledger;
};
struct merkle_source tree_source(struct tree *tree);

/* Leaves that were hashed onto a right edge, and the roots of the runs that they completed. */
enum { GROWTH_RUNS_MAX = CHUNK_LEAVES_MAX / RUN_LEAVES + 1 };
struct growth {
    struct merkle_edge edge;
    uint64_t first_run; /* number of the first run in `runs` */
    unsigned run_count;
    struct hash runs[GROWTH_RUNS_MAX];
};
void growth_start(struct growth *growth, const struct merkle_edge *edge);
/* At most CHUNK_LEAVES_MAX leaves from a start on (asserted by the room in `runs`). */
void growth_add(struct growth *growth, const struct hash *leaf_hash);

/* Writes the completed runs to tier 1 and above. Inside a transaction, after leaves_put. */
enum err_code MUST_USE tree_grow(struct store *store, const struct ledger *ledger,
                                 const struct growth *growth, struct err *err);
/* Drops whatever covers leaves from `size` on. */
enum err_code MUST_USE tree_truncate(struct store *store, const struct ledger *ledger,
                                     uint64_t size, struct err *err);
/* Forgets what is kept in memory (after a rollback). */
void tree_forget(struct store *store);

#endif

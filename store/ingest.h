/* Peers' links, heads and entries: verified, then stored (docs/protocol.md, "A session").
 *
 * All take_* calls between two store_commit share one transaction, the batch. A failure of the disk
 * undoes the whole batch: what it took is pulled again. Failed proofs and signatures leave nothing
 * behind. */
#ifndef SATCHA_STORE_INGEST_H
#define SATCHA_STORE_INGEST_H

#include "store/impl.h"

enum err_code MUST_USE ingest_link(struct store *store, const struct hash *group, uint64_t number,
                                   const struct link *link, struct err *err);
/* An older, consistent head is OK and changes nothing (one inside what is pending publishes up to
 * there); one below the last key change cannot be checked any more and is E_STATE. Two heads that
 * no single log can satisfy: E_FORKED, both kept, the ledger frozen. */
enum err_code MUST_USE ingest_head(struct store *store, const struct head_answer *answer,
                                   struct err *err);
enum err_code MUST_USE ingest_chunk(struct store *store, const struct chunk *chunk,
                                    struct err *err);

/* Opens the batch where none is open. */
enum err_code MUST_USE batch_begin(struct store *store, struct err *err);
/* Commits it where one is open; what changed is told at the next store_commit. */
enum err_code MUST_USE batch_commit(struct store *store, struct err *err);
/* Undoes it: the caches are read again from disk when they are needed. */
void batch_abandon(struct store *store);
/* The published head of this ledger grew, or it was frozen: told at the commit. */
enum err_code MUST_USE batch_changed(struct store *store, const struct hash *group,
                                     struct err *err);

#endif

/* From a draft to an entry: what the author's node fills in. */
#ifndef SATCHA_STORE_DRAFT_H
#define SATCHA_STORE_DRAFT_H

#include "store/impl.h"

/* One entry under construction; reused for each draft of an append. Large: on the heap. */
struct building {
    struct store *store;
    const struct ledger *ledger; /* the own one; NULL for a genesis */
    uint64_t index;              /* that the entry will have */
    struct hash group;
    struct entry entry;
    struct buffer terms; /* where the draft's terms were rewritten with new keys */
    struct buffer body;  /* stored form */
    struct buffer line;  /* scratch */
    struct buffer leaf;  /* result */
    bool changes_keys;
    struct home_keys keys; /* the next generation, where changes_keys */
};

enum err_code MUST_USE building_make(struct building **ret, struct store *store, struct err *err);
void building_free(struct building *building); /* wipes keys; NULL is fine */

/* Fills building->leaf, ->body, ->entry. Roots of own refs below `index` must be readable (rows
 * written). Errors: whatever the draft breaks, in the user's terms. */
enum err_code MUST_USE draft_build(struct building *building, const struct draft *draft,
                                   struct err *err);

#endif

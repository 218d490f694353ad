/* Judging stored entries: the fold's look-ups into a ledger's own past, over the tables, and the
 * rows that a verdict leaves (verdicts, approved, reversed, roster). */
#ifndef SATCHA_STORE_JUDGE_H
#define SATCHA_STORE_JUDGE_H

#include "store/impl.h"

enum judge_mode {
    JUDGE_RECORD, /* writes rows; inside a transaction */
    JUDGE_LOOK    /* writes nothing: the rows are there already */
};

/* Uses store->fold, one at a time. */
struct judge {
    struct store *store;
    struct ledger *ledger;
    enum judge_mode mode;
    struct past past;
    struct buffer leaf;   /* of past.leaf */
    enum err_code failed; /* of a look-up that cannot say so itself */
    struct err *err;
};

/* Entries are folded into `state` from state->size on; the leaves before it must be stored. */
void judge_start(struct judge *judge, struct store *store, struct ledger *ledger,
                 struct ledger_state *state, enum judge_mode mode);
void judge_end(struct judge *judge);
/* OK when the entry was judged: *verdict is its verdict (OK, or a code). Once the ledger stopped,
 * further leaves give the code that stopped it and change nothing. Else a failure: E_IO,
 * E_CORRUPT, E_MEMORY, and what was recorded must be undone by the caller. `verdict_err` may be
 * NULL: the detail of the verdict. */
enum err_code MUST_USE judge_leaf(struct judge *judge, struct bytes leaf, enum err_code *verdict,
                                  struct err *verdict_err, struct err *err);

#endif

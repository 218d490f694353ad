/* Judging stored entries: the fold's look-ups into a ledger's own past, over the tables, and the
 * rows that a verdict leaves (verdicts, approved, reversed, roster). */
#ifndef SATCHA_STORE_JUDGE_H
#define SATCHA_STORE_JUDGE_H

#include "store/impl.h"

enum judge_mode {
    JUDGE_RECORD, /* writes rows; inside a transaction */
    JUDGE_LOOK,   /* writes nothing: the rows are there already */
    JUDGE_COMPARE /* writes nothing: counts rows, and tells those that are not as they should be */
};

/* Tables that verdicts fill. */
enum judge_table { TABLE_VERDICTS, TABLE_APPROVED, TABLE_REVERSED, TABLE_ROSTER, JUDGE_TABLES };

/* Uses store->fold, one at a time. */
struct judge {
    struct store *store;
    struct ledger *ledger;
    enum judge_mode mode;
    struct ledger_state *state;
    struct past past;
    struct buffer leaf;   /* of past.leaf */
    enum err_code failed; /* of a look-up that cannot say so itself */
    struct err *err;
    uint64_t rows[JUDGE_TABLES]; /* JUDGE_COMPARE: how many there should be */
    void (*differs)(void *context, uint64_t index, enum judge_table table);
    void *differs_context;
};

/* Entries are folded into `state` from state->size on; the leaves before it must be stored. */
void judge_start(struct judge *judge, struct store *store, struct ledger *ledger,
                 struct ledger_state *state, enum judge_mode mode);
void judge_end(struct judge *judge);
/* Goes on folding into another state, a copy of the one so far. */
void judge_continue(struct judge *judge, struct ledger_state *state);
/* OK when the entry was judged: *verdict is its verdict (OK, or a code). Once the ledger stopped,
 * further leaves give the code that stopped it and change nothing. Else a failure: E_IO,
 * E_CORRUPT, E_MEMORY, and what was recorded must be undone by the caller. `verdict_err` may be
 * NULL: the detail of the verdict. */
enum err_code MUST_USE judge_leaf(struct judge *judge, struct bytes leaf, enum err_code *verdict,
                                  struct err *verdict_err, struct err *err);

#endif

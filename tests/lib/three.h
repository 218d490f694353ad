/* A small network of three homes that hold one another's ledgers: the network's own home and two
 * groups. Group `first` has published savings, group `second` has only counted its members. */
#ifndef SATCHA_TESTS_LIB_THREE_H
#define SATCHA_TESTS_LIB_THREE_H

#include "tests/lib/ask.h"

struct three {
    struct home network, first, second;
    struct ask asked; /* scratch */
};

/* Cards, founding, invite, joining, a few entries, everything carried everywhere. */
void three_new(struct three *three);
void three_remove(struct three *three);
/* Every ledger to every home, as a sync would. */
void three_carry(struct three *three);
/* The cut of a home's heads as of that date, copied to `out`. */
void three_cut(struct three *three, const struct home *home, const char *date, struct buffer *out);

#endif

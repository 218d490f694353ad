/* The golden files of tests/golden, made afresh from the world (tests/lib/world.h): what this
 * version writes, to be compared with what an earlier one wrote. */
#ifndef SATCHA_TESTS_LIB_GOLDEN_H
#define SATCHA_TESTS_LIB_GOLDEN_H

#include "tests/lib/world.h"

enum { GOLDEN_FILES_MAX = 64, GOLDEN_NAME_MAX = 32, GOLDEN_LEDGERS = 7 };

struct golden_file {
    char name[GOLDEN_NAME_MAX];
    struct buffer bytes;
};
struct golden {
    size_t count;
    struct golden_file files[GOLDEN_FILES_MAX];
};

/* network, savings, fund, hostile, late, keeper, receiver */
extern const char *const golden_ledgers[GOLDEN_LEDGERS];
void golden_make(struct golden *golden);
void golden_free(struct golden *golden);

/* What a store makes of a ledger, as text: size, counts, verdicts of invalid entries, gross debits
 * and credits by account. */
void golden_render(struct home *home, const char *name, const struct hash *group,
                   struct buffer *out);

#endif

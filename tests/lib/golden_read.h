/* Reads the golden files of tests/golden as a later version would: nothing but the bytes. What
 * cannot be read fails the test. */
#ifndef SATCHA_TESTS_LIB_GOLDEN_READ_H
#define SATCHA_TESTS_LIB_GOLDEN_READ_H

#include "proto/keychain.h"
#include "store/files.h"
#include "tests/lib/homes.h"

enum { GOLDEN_LINKS_MAX = 8, GOLDEN_ENTRIES_MAX = 64 };

/* Views point into the buffers. */
struct golden_ledger {
    struct buffer log, chain, checkpoint;
    struct hash group; /* the first leaf's hash */
    size_t count;
    struct bytes leaves[GOLDEN_ENTRIES_MAX];
    size_t link_count;
    struct link links[GOLDEN_LINKS_MAX];
    struct head head;
};

void golden_read(const char *name, struct buffer *out); /* a file of tests/golden */
void golden_ledger_read(const char *name, struct golden_ledger *ledger);
void golden_ledger_free(struct golden_ledger *ledger);
/* The whole ledger given to the store's book as a peer would give it (links, head, leaves), and
 * committed. */
void golden_feed(struct home *home, const struct golden_ledger *ledger);
/* The value of a key of session.keys. */
void golden_key(const struct buffer *keys, const char *name, struct hash *value);

#endif

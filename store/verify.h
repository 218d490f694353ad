/* What the files of a verification share. Private to verify.c and verify_own.c. */
#ifndef SATCHA_STORE_VERIFY_H
#define SATCHA_STORE_VERIFY_H

#include "store/fresh.h"

enum { VERIFY_FINDINGS_MAX = 10000 }; /* told one by one; the rest is only counted */

struct verifying {
    struct store *store;
    finding_fn each; /* may be NULL */
    void *context;
    size_t count;
    struct hash group;           /* the ledger that is folded now */
    uint64_t rows[JUDGE_TABLES]; /* how many rows all ledgers should have */
    uint64_t leaves, links, subtrees, bodies;
    struct buffer body; /* scratch */
};

/* `group` NULL: the file as a whole. */
void verify_find(struct verifying *verifying, const struct hash *group, uint64_t index,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));
/* An own entry that was judged just now: its body and operation. */
enum err_code MUST_USE verify_own_entry(struct verifying *verifying, uint64_t index,
                                        enum err_code verdict, struct err *err);
/* Rows that belong to nothing; own lines, made again and compared; what meta says. */
void verify_tables(struct verifying *verifying);

#endif

/* A ledger derived anew from what is truth on disk (entries, signed heads, links): for rebuild,
 * which keeps the result, and for verify, which compares with it. */
#ifndef SATCHA_STORE_FRESH_H
#define SATCHA_STORE_FRESH_H

#include "store/judge.h"
#include "store/tree.h"

/* What `each` is told of every entry, once judged. Errors stop. */
struct fresh;
typedef enum err_code (*fresh_fn)(void *context, const struct fresh *fresh, uint64_t index,
                                  enum err_code verdict, struct err *err);

struct fresh {
    struct store *store;
    struct ledger *ledger; /* derived so far; owned until fresh_take */
    enum judge_mode mode;
    struct judge judge;
    struct growth *growth;
    struct hash *runs; /* roots of complete runs, all of them */
    size_t run_count, run_cap;
    struct hash published_root; /* of the first ledger->size entries */
    /* May be NULL: told once the judge is ready, and of each entry. */
    void (*on_start)(void *context, struct fresh *fresh);
    fresh_fn each;
    void *context;
    const struct progress *progress; /* may be NULL */
    struct err *err;
};

/* Reads the truth of the ledger in row `id`; nothing is folded yet. E_CORRUPT where a column that
 * is truth cannot be read, E_NO_DATA where there is no such row. */
enum err_code MUST_USE fresh_start(struct fresh *fresh, struct store *store, int64_t id,
                                   enum judge_mode mode, struct err *err);
void fresh_end(struct fresh *fresh);
/* Follows the key chain through the links. E_CORRUPT. */
enum err_code MUST_USE fresh_keys(struct fresh *fresh, struct err *err);
/* Hashes and judges every entry. With JUDGE_RECORD rows are written, subtrees too. E_CORRUPT where
 * an entry cannot be read; then fresh->ledger->stored says how many could. */
enum err_code MUST_USE fresh_fold(struct fresh *fresh, struct err *err);
/* Gives the derived ledger to the cache, to be saved. */
enum err_code MUST_USE fresh_take(struct fresh *fresh, struct err *err);

/* Ids of all rows of `ledger`, ascending; to be freed by the caller. */
enum err_code MUST_USE fresh_ids(struct store *store, int64_t **ids, size_t *count,
                                 struct err *err);

/* The row of the own ledger; 0 when it cannot be told from others. */
int64_t fresh_own_row(struct store *store);

#endif

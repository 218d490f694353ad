/* The seventeen kinds of entry: one table row each. What a kind means to the state of a ledger is
 * in rules_*.c behind the row's `apply`. */
#ifndef SATCHA_PROTO_KINDS_H
#define SATCHA_PROTO_KINDS_H

#include "proto/entry.h"

struct fold; /* rules.h */

enum kind_flag {
    KIND_HAS_POSTS = 1,  /* may carry posts; else posts must be empty */
    KIND_NEEDS_BODY = 2, /* a body commitment is required */
    KIND_NOT_YET = 4     /* decodes; refused on append; evaluation stops there (even) or skips it */
};

struct kind_row {
    uint16_t kind;
    unsigned flags;
    const char *name;    /* "post" */
    const char *name_th; /* "ลงบัญชี" */
    /* Checks against, and changes, the state of the ledger. NULL for KIND_NOT_YET. */
    enum err_code (*apply)(struct fold *fold, const struct entry *entry, struct err *err);
};

unsigned kind_count(void);
const struct kind_row *kind_at(unsigned row);
const struct kind_row *kind_find(uint64_t kind); /* NULL: unknown to this version */

#endif

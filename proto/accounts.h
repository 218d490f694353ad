/* The chart of accounts (docs/bookkeeping.md): one chart for every group, so that books combine
 * without mapping. One table row per account, in accounts.c, and nowhere else. */
#ifndef SATCHA_PROTO_ACCOUNTS_H
#define SATCHA_PROTO_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

enum account_type {
    ACCOUNT_ASSET,
    ACCOUNT_LIABILITY,
    ACCOUNT_EQUITY,
    ACCOUNT_REVENUE,
    ACCOUNT_EXPENSE
};

enum account_flag {
    ACCOUNT_INTERGROUP = 1, /* "*": every line names the counterparty; send, receive, settle only */
    ACCOUNT_CONTRA = 2,     /* stands on the other side of its type: 1290, 1590 */
    ACCOUNT_NOT_NEGATIVE = 4 /* cash, stock, deposits: E_NEGATIVE when lowered below zero */
};

struct account {
    uint16_t code; /* 1110 … 5910 */
    enum account_type type;
    unsigned flags;
    const char *name_th;
    const char *name_en;
};

/* Number of rows; rows are in ascending order of code. An upper bound for arrays is below. */
enum { ACCOUNTS_MAX = 72 };
unsigned account_count(void);
const struct account *account_at(unsigned row);
/* Row number of a code, or -1. O(1). */
int account_row(uint64_t code);
const struct account *account_find(uint64_t code); /* NULL when there is none */
/* +1 where a debit raises it (assets, expenses, but not contra), -1 where a credit does. */
int account_normal_sign(const struct account *account);

#endif

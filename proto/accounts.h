/* The chart of accounts (docs/bookkeeping.md): one chart for every group, so that books combine
 * without mapping. One table row per account, in accounts.c, and nowhere else. Codes, types and
 * flags are part of the rules and for good; names are for people. */
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
    ACCOUNT_NOT_NEGATIVE = 4, /* cash, stock, deposits: E_NEGATIVE when lowered below zero */
    ACCOUNT_REPORT_ONLY = 8,  /* 1190: a line of combined reports; nothing may post to it */
    /* Which numbers of a row of input its private line keeps (events.h): */
    ACCOUNT_BY_MEMBER = 16,
    ACCOUNT_BY_PARTY = 32,
    ACCOUNT_BY_SUB = 64 /* a bank account, contract, asset, stall: the sub-ledger number */
};

struct account {
    uint16_t code; /* 1110 … 5910 */
    enum account_type type;
    unsigned flags;
    const char *name_th;
    const char *name_en;
};

enum { ACCOUNTS_MAX = 72 }; /* for arrays with one element per account */
/* Number of rows, at most ACCOUNTS_MAX; rows are in ascending order of code. */
unsigned account_count(void);
const struct account *account_at(unsigned row); /* NULL when row >= account_count() */
/* Row number of a code, or -1. O(1). */
int account_row(uint64_t code);
const struct account *account_find(uint64_t code); /* NULL when there is none */
/* +1 where a debit raises it (assets, expenses, but not contra), -1 where a credit does. */
int account_normal_sign(const struct account *account);
/* In the chart, not "*", not for reports only: `post` may use it. */
bool account_is_own(uint64_t code);

#endif

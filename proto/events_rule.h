/* The private columns of the event table: how the fields of a row of input become legs, written as
 * data, so that one table gives the legs (events_derive.c) and the accounts that the public check
 * allows (events_check.c), and the two cannot drift apart. For events*.c only. */
#ifndef SATCHA_PROTO_EVENTS_RULE_H
#define SATCHA_PROTO_EVENTS_RULE_H

#include "proto/events.h"

/* The money fields of a posting, as bits: a leg's amount is a sum of some less a sum of others. */
enum part {
    PART_AMOUNT = 1,
    PART_FACE = 2,
    PART_COST = 4,
    PART_INTEREST = 8,
    PART_PENALTY = 16,
    PARTS_OPTIONAL = PART_FACE | PART_COST | PART_INTEREST | PART_PENALTY
};

enum slot_side { SLOT_END, SLOT_DEBIT, SLOT_CREDIT };

/* Who says which of a slot's accounts it is. */
enum slot_choice {
    CHOICE_FIXED,        /* nobody: there is one */
    CHOICE_PAY,          /* posting.pay; the first when not given */
    CHOICE_ACCOUNT,      /* posting.account; the first when not given */
    CHOICE_ACCOUNT_GIVEN /* posting.account, which must be given */
};

/* One possible leg. Invariants: (1) `accounts` ends with 0, has at least one; (2) a zero amount
 * leaves the leg out, and so does a negative one where `only_gain` is set; elsewhere negative is
 * E_AMOUNT: the parts are more than the whole. */
enum { SLOT_ACCOUNTS_MAX = 6, RULE_SLOTS_MAX = 5 };
struct slot {
    enum slot_side side;
    enum slot_choice choice;
    unsigned plus, minus; /* part bits */
    bool only_gain;       /* a gain, an excess, a loss: nothing when it is the other way */
    uint16_t accounts[SLOT_ACCOUNTS_MAX + 1];
};

enum rule_shape { SHAPE_SLOTS, SHAPE_OPENING, SHAPE_JOURNAL };

enum rule_flag {
    RULE_FACE_IS_AMOUNT = 1,  /* face not given = the amount */
    RULE_NEEDS_COST = 2,      /* E_EVENT without it */
    RULE_NEEDS_FUND = 4,      /* the same; public: terms.grant */
    RULE_TELLS_GRANT = 8,     /* the fund is public, so that unspent balances are */
    RULE_TAKES_ROUND = 16,    /* state capital */
    RULE_ZERO_AMOUNT = 32,    /* nothing was paid for it */
    RULE_PARTS_OF_LOAN = 64,  /* interest and penalty only where `account` is a loan */
    RULE_OTHER_THAN_PAY = 128 /* `account` is not `pay`, and by default the other one */
};

struct event_rule {
    enum rule_shape shape;
    unsigned flags;
    struct slot slots[RULE_SLOTS_MAX + 1]; /* ends with SLOT_END */
};

/* Rows 0 .. EVENT_COUNT - 1. */
extern const struct event_row event_table[EVENT_COUNT];

/* What one derivation works with: `posting` is the caller's with defaults filled in. */
struct derivation {
    const struct event_row *row;
    struct posting posting;
    struct body_line legs[POSTING_LEGS_MAX];
    unsigned count;
};

/* Checks every field of d->posting against d->row and fills in the defaults. Errors: as
 * event_derive, but E_OVERFLOW. */
enum err_code MUST_USE event_input_check(struct derivation *d, struct err *err);
/* The money field that the bit names. */
struct amount event_part(const struct posting *posting, enum part part);

/* The amount rules, for a row of input and for an entry's sum alike.
 * E_ROUND: unknown round, or not the amount that it gives. E_AMOUNT: over the cap of restricted. */
enum err_code MUST_USE event_round_check(uint32_t round, struct amount amount, struct err *err);
enum err_code MUST_USE event_restricted_check(struct amount amount, struct err *err);

/* Does the slot list the account? */
bool slot_has(const struct slot *slot, uint16_t account);
/* May an opening put this account on this side? */
bool opening_allows(uint16_t account, enum slot_side side);

enum {
    ROUNDING_LIMIT_SATANG =
        100, /* under one major unit; an entry names no currency, so of 2 digits */
    ACCOUNT_CASH = 1110,
    ACCOUNT_BANK = 1120,
    ACCOUNT_STOCK = 1410,
    ACCOUNT_STATE_CAPITAL = 3110,
    ACCOUNT_RESTRICTED = 3230,
    ACCOUNT_SURPLUS = 3310,
    ACCOUNT_OPENING = 3900,
    ACCOUNT_COST_OF_GOODS = 5210,
    ACCOUNT_ROUNDING = 5910
};

#endif

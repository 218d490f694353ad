/* Verdicts in tests of the rules: what is expected of a draft, and that a refusal leaves no trace.
 * Needs cmocka, unlike build.h. */
#ifndef SATCHA_TESTS_LIB_VERDICT_H
#define SATCHA_TESTS_LIB_VERDICT_H

#include "tests/lib/build.h"

/* Appends the draft and fails the test unless this is its verdict. An invalid entry must leave the
 * state as it was but for the counts of entries and the greatest time, and say why. */
void append_expecting(struct maker *maker, enum err_code expected);

void begin_post(struct maker *maker, uint32_t event);
/* A reverse of the entry at `index` with two lines. */
void begin_reverse(struct maker *maker, uint64_t index, uint16_t debit, uint16_t credit,
                   int64_t satang);
void expect_balance(const struct maker *maker, uint16_t account, int64_t satang);

/* A profile change of these fields, all of them empty. */
struct profile change_of(unsigned fields);
/* Amends the policy, approved by officer 1. */
void amend_policy(struct maker *maker, const struct policy *policy);

#endif

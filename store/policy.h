/* A policy file: what a group has decided about its own books, as lines that people write.
 *
 *   # comment
 *   overdraft = yes|no             may a member, cash or stock stand below zero
 *   min_lines = 1…1000             least members' rows in an entry (protects privacy)
 *   member_money = returnable|contribution
 *   fiscal_month = 1…12
 *   transit_days = 1…365
 *   quorum = KIND AMOUNT APPROVALS repeatable: "quorum = post 50,000.00 2"
 */
#ifndef SATCHA_STORE_POLICY_H
#define SATCHA_STORE_POLICY_H

#include "proto/terms.h"

/* Changes what the text names in *policy; the rest stays. The first `quorum` line replaces all
 * that were there. E_USAGE "line 3: …: expected …"; *policy is untouched then. */
enum err_code MUST_USE policy_parse(struct bytes text, unsigned minor_digits, struct policy *policy,
                                    struct err *err);

#endif

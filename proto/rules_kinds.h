/* Inside of the rules: what the fold (rules.c) and the kinds (rules_*.c) share. Every rule checks
 * everything first and then changes the state, so that an invalid entry leaves no trace. */
#ifndef SATCHA_PROTO_RULES_KINDS_H
#define SATCHA_PROTO_RULES_KINDS_H

#include "proto/rules.h"

/* --- one per kind, behind the rows of kinds.c --- */
enum err_code rule_genesis(struct fold *fold, const struct entry *entry, struct err *err);
enum err_code rule_amend(struct fold *fold, const struct entry *entry, struct err *err);
enum err_code rule_roster(struct fold *fold, const struct entry *entry, struct err *err);
enum err_code rule_member(struct fold *fold, const struct entry *entry, struct err *err);
enum err_code rule_post(struct fold *fold, const struct entry *entry, struct err *err);
enum err_code rule_reverse(struct fold *fold, const struct entry *entry, struct err *err);
enum err_code rule_note(struct fold *fold, const struct entry *entry, struct err *err);

/* --- rules_common.c: what holds for every kind --- */

/* Date, body, posts, own refs, approvals and the policy's quorum, in this order. Sets
 * fold->approvals and the marks of an approved entry. */
enum err_code MUST_USE rule_common(struct fold *fold, const struct kind_row *row, struct err *err);
/* refs[0] is the entry before this one: so that approvals bind this entry's place. E_REF. */
enum err_code MUST_USE rule_cites_predecessor(const struct fold *fold, struct err *err);
/* A look-up's result: OK or a failure to look up, never a verdict. */
enum err_code lookup_code(enum err_code code);

/* --- rules_amend.c: the key chain's hand in the fold --- */

/* Sets fold->is_link. E_SIGNATURE where keys change without a link: the ledger halts. */
enum err_code MUST_USE rule_find_link(struct fold *fold, struct err *err);
/* An invalid entry that is a link: its keys, officers and quorum are in force all the same. */
void rule_follow_chain(struct fold *fold);

/* --- rules_post.c: lines and turnover --- */

/* Accounts exist, counterparties as the chart says, debits equal credits.
 * E_ACCOUNT, E_CP, E_UNBALANCED. `debits` gets their sum. */
enum err_code MUST_USE posts_check(const struct fold *fold, struct amount *debits, struct err *err);
/* Would the turnover hold them? E_OVERFLOW, E_NEGATIVE. */
enum err_code MUST_USE turnover_check(const struct fold *fold, struct err *err);
/* Adds them; after turnover_check only. */
void turnover_apply(struct fold *fold);

#endif

/* A ledger maker: a group with its keys, its entries one by one, each folded as it is appended, its
 * signed heads, proofs and key-chain links. Everything follows from the group's number, so that
 * two runs give the same bytes. What a test gets wrong in building aborts it. */
#ifndef SATCHA_TESTS_LIB_BUILD_H
#define SATCHA_TESTS_LIB_BUILD_H

#include "proto/rules.h"

enum { MAKER_OFFICERS_MAX = 16, MAKER_LINKS_MAX = 32 };

struct maker_item {
    struct buffer leaf;
    struct hash leaf_hash;
    struct hash root; /* of the ledger with this entry */
    enum err_code verdict;
    struct fold_marks marks; /* all zero where not valid */
};

/* Invariants: items[0 .. count) are the ledger; `state` is the fold over them; link_sizes holds 1
 * and the size of each link after it. */
struct maker {
    uint32_t number;
    struct hash id;
    struct sign_key signing; /* in force */
    struct transport_key transport;
    struct sign_key officers[MAKER_OFFICERS_MAX]; /* officer number i + 1 */
    struct maker_item *items;
    size_t count, cap;
    struct merkle_edge edge;
    struct ledger_state state;
    struct fold *fold; /* also the decoded last entry and its marks */
    struct past past;
    struct err err; /* of the last append */
    uint64_t link_sizes[MAKER_LINKS_MAX];
    struct link links[MAKER_LINKS_MAX];
    unsigned link_count;
    struct hash rostered[64]; /* a network: the groups admitted so far, and by which entry */
    uint64_t rostered_at[64];
    unsigned rostered_count;

    struct entry *draft; /* the entry under construction, its terms in `terms` */
    struct buffer terms;
};

/* The keys that a group of this number has: signing key of a generation, officer 1... */
void maker_signing_key(uint32_t number, uint32_t generation, struct sign_key *key);
void maker_officer_key(uint32_t number, uint32_t officer, struct sign_key *key);
/* An id that belongs to no group: for governors and counterparties. */
void maker_other_id(uint32_t number, struct hash *id);

/* The profile of group `number`: THB, 3 officers, recovery quorum 2, type savings; for a network 3
 * governors of the other ids 1, 2, 3. Change it before maker_found. */
void maker_profile(uint32_t number, enum group_type type, struct profile *profile);
/* Appends the genesis with that profile. */
void maker_found(struct maker *maker, uint32_t number, const struct profile *genesis);
/* The two above in one. */
void maker_init(struct maker *maker, uint32_t number, enum group_type type);
void maker_free(struct maker *maker);

/* --- the draft: begin, then any of the others, approvals last, then append --- */
struct entry *maker_begin(struct maker *maker, enum kind kind); /* a second after the last entry */
void maker_event(struct maker *maker, uint32_t event);          /* terms of a post, and some body */
void maker_line(struct maker *maker, uint16_t account, int64_t satang);
void maker_change(struct maker *maker, int64_t members); /* terms of a member entry */
void maker_topic(struct maker *maker, const char *topic);
void maker_amend(struct maker *maker, const struct profile *change); /* and cites the last entry */
void maker_admit(struct maker *maker, const struct admission *admissions, size_t count);
void maker_cite(struct maker *maker, uint64_t index);      /* an own ref */
void maker_approve(struct maker *maker, uint32_t officer); /* by this group's officer */
void maker_approve_by(struct maker *maker, uint32_t officer, const struct sign_key *key);
/* The draft's bytes, valid until the next call. */
struct bytes maker_leaf(struct maker *maker);
/* The draft sorted, encoded, appended and folded; the verdict. */
enum err_code maker_append(struct maker *maker);
/* The same for bytes from anywhere. */
enum err_code maker_append_leaf(struct maker *maker, struct bytes leaf);

/* A two-line deposit and the like, appended: Dr debit / Cr credit. */
enum err_code maker_post(struct maker *maker, uint32_t event, uint16_t debit, uint16_t credit,
                         int64_t satang);
enum err_code maker_note(struct maker *maker, const char *topic);

/* The draft, an amend that changes keys, appended as a link whose head the `count` keys sign. */
enum err_code maker_append_link(struct maker *maker, const struct sign_key *const *keys,
                                unsigned count);
/* The draft's profile change takes a new signing key of that generation: old and new sign. */
enum err_code maker_change_key(struct maker *maker, uint32_t generation);

/* --- evidence --- */
void maker_root(const struct maker *maker, uint64_t size, struct hash *root);
/* The head of that size, signed by the key in force now. */
void maker_head(const struct maker *maker, uint64_t size, struct head *head);
void maker_consistency(const struct maker *maker, uint64_t from, uint64_t to,
                       struct merkle_proof *proof);
void maker_inclusion(const struct maker *maker, uint64_t index, uint64_t size,
                     struct merkle_proof *proof);
/* Appends count times: length u16 BE, leaf; as chunks carry them. */
void maker_leaves(const struct maker *maker, uint64_t from, uint64_t to, struct buffer *out);
/* Folds the entries [state->size, to) of the maker's ledger into another state. */
void maker_replay(struct maker *maker, struct ledger_state *state, uint64_t to);

/* One admission that the rules accept. */
void maker_admission(const struct maker *of, const char *name, struct admission *admission);

#endif

/* Key succession: part of authenticity, one rule for ever (docs/protocol.md, "Key chain").
 *
 * The chain is the list of checkpoints r at which keys, officers or a quorum changed, with the
 * changing leaf (index r-1), each proved consistent with the one before. Link 0 is the genesis
 * (r = 1, root = group id, no signature). Key in force at size n: the one set by the latest link
 * with r < n (genesis at n = 1); at n = r, where the signing key changes, both the old and the new.
 *
 * Rules for link k >= 1: kind amend; leaf cites its predecessor (refs[0] own, index r-2); included
 * in r; r consistent with the previous link's root; signed by the key in force before r, or, where
 * the signing key changes and the old key is lost, approved by the recovery quorum; a new signing
 * key signs as well; officers or recovery quorum changed: always approved by the recovery quorum
 * (in a network more than half of the governors) in force before. New keys are acceptable ones. */
#ifndef SATCHA_PROTO_KEYCHAIN_H
#define SATCHA_PROTO_KEYCHAIN_H

#include "proto/message.h"
#include "proto/terms.h"

/* What the chain alone decides. */
struct key_state {
    struct hash group;
    uint32_t type;  /* group type of the genesis: a network counts governors */
    uint64_t links; /* links folded in */
    uint64_t size;  /* of the last link's checkpoint */
    struct hash root;
    struct hash signing_key;  /* in force for sizes > size */
    struct hash previous_key; /* in force at exactly `size` too */
    struct hash transport_key;
    uint32_t recovery_quorum;
    unsigned officer_count;
    struct officer officers[OFFICERS_MAX];
};

/* Approvals of `entry` by distinct officers of `officers` that verify; a bad one counts as an
 * error: E_QUORUM (unknown officer, wrong signature). */
enum err_code MUST_USE approvals_count(const struct hash *group, const struct entry *entry,
                                       struct bytes leaf, const struct officer *officers,
                                       unsigned officer_count, unsigned *count, struct err *err);

/* Starts from a genesis leaf: its leaf hash must be `group`. E_LEAF, E_ENCODING, E_SIGNATURE. */
enum err_code MUST_USE keychain_start(struct key_state *state, const struct hash *group,
                                      struct bytes genesis, struct err *err);
/* What the chain asks of a genesis: all keys given and acceptable; 1..64 officers with keys of
 * their own (a network: 1..15 governors, each of another group); a recovery quorum of 1..min(8,
 * officers) (a network: officers/2+1). E_ENCODING, E_SIGNATURE, E_QUORUM. */
enum err_code MUST_USE keychain_check_genesis(const struct profile *profile, struct err *err);
/* Takes the next link; `state` is untouched on failure. E_PROOF, E_SIGNATURE, E_QUORUM, E_ENCODING,
 * E_CAP past KEY_CHAIN_MAX. */
enum err_code MUST_USE keychain_advance(struct key_state *state, const struct link *link,
                                        struct err *err);
/* Is the head signed by the key in force at its size? For sizes below the last link the caller
 * has nothing to ask: such heads are old (E_SIGNATURE). */
enum err_code MUST_USE keychain_verify_head(const struct key_state *state, const struct head *head);

/* Does an amend's profile change what the chain decides (signing or transport key, officers,
 * recovery quorum)? Then its leaf is a link. */
bool profile_changes_keys(const struct profile *change);

void key_state_pack(struct buffer *out, const struct key_state *state);
enum err_code MUST_USE key_state_read(struct bytes bytes, struct key_state *state);

#endif

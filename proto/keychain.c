/* The key chain: which keys, officers and quorum were in force at which size of a ledger. It is
 * judged before any head or entry of that ledger and never asks what an entry means: validity
 * (rules.c) may find a link's entry invalid, its keys are in force all the same.
 *
 *   packed key state: [1, group, type, links, size, root, signing key, previous key,
 *                      transport key, recovery quorum, [[number, key, nil | group]...]] */
#include "proto/keychain.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum { KEY_STATE_VERSION = 1, KEY_STATE_FIELDS = 11 };

bool profile_changes_keys(const struct profile *change)
{
    return (change->fields & PROFILE_KEYS) != 0;
}

/* --- approvals --- */

enum err_code approvals_count(const struct hash *group, const struct entry *entry,
                              struct bytes leaf, const struct officer *officers,
                              unsigned officer_count, unsigned *count, struct err *err)
{
    if (entry->approval_count == 0) {
        *count = 0;
        return OK;
    }
    struct hash unsigned_hash;
    uint8_t message[APPROVAL_MESSAGE_BYTES];
    entry_unsigned_hash(entry, leaf, &unsigned_hash);
    entry_approval_message(group, &unsigned_hash, message);
    for (unsigned i = 0; i < entry->approval_count; i++) {
        const struct approval *approval = &entry->approvals[i];
        const struct officer *officer = officer_find(officers, officer_count, approval->officer);
        if (officer == NULL) {
            return err_set(err, E_QUORUM, "approval by %" PRIu32 ", who is no officer here",
                           approval->officer);
        }
        if (!sign_verify(&approval->signature, &officer->key, bytes_of(message, sizeof message))) {
            return err_set(err, E_QUORUM,
                           "the approval by officer %" PRIu32 " does not verify: it must sign "
                           "these very fields, for this group",
                           approval->officer);
        }
    }
    *count = entry->approval_count;
    return OK;
}

/* --- what a set of keys and officers must keep --- */

static enum err_code check_officer(const struct key_state *state, unsigned number, struct err *err)
{
    const struct officer *officer = &state->officers[number];
    if (!sign_key_is_acceptable(&officer->key)) {
        return err_set(err, E_SIGNATURE, "the key of officer %" PRIu32 " is no acceptable one",
                       officer->number);
    }
    if (officer->has_group != (state->type == GROUP_NETWORK)) {
        return err_set(err, E_QUORUM,
                       "officer %" PRIu32 ": in a network, and only there, an officer (governor) "
                       "names the group that he or she belongs to",
                       officer->number);
    }
    for (unsigned i = 0; i < number; i++) {
        const struct officer *other = &state->officers[i];
        if (hash_equal(&other->key, &officer->key)) {
            return err_set(err, E_QUORUM,
                           "officers %" PRIu32 " and %" PRIu32 " have one key: each needs an own",
                           other->number, officer->number);
        }
        if (officer->has_group && hash_equal(&other->group, &officer->group)) {
            return err_set(err, E_QUORUM,
                           "governors %" PRIu32 " and %" PRIu32 " belong to one group: each must "
                           "come from another",
                           other->number, officer->number);
        }
    }
    return OK;
}

static enum err_code check_quorum(const struct key_state *state, struct err *err)
{
    bool network = state->type == GROUP_NETWORK;
    unsigned most_officers = network ? GOVERNORS_MAX : OFFICERS_MAX;
    if (state->officer_count < 1 || state->officer_count > most_officers) {
        return err_set(err, E_QUORUM, "%u officers: expected 1 to %u", state->officer_count,
                       most_officers);
    }
    if (network && state->recovery_quorum != state->officer_count / 2 + 1) {
        return err_set(err, E_QUORUM, "recovery quorum %" PRIu32 " of %u governors: expected %u",
                       state->recovery_quorum, state->officer_count, state->officer_count / 2 + 1);
    }
    unsigned most = state->officer_count < ENTRY_APPROVALS_MAX ? state->officer_count
                                                               : (unsigned)ENTRY_APPROVALS_MAX;
    if (state->recovery_quorum < 1 || state->recovery_quorum > most) {
        return err_set(err, E_QUORUM,
                       "recovery quorum %" PRIu32 " of %u officers: expected 1 to %u",
                       state->recovery_quorum, state->officer_count, most);
    }
    return OK;
}

static enum err_code check_keys(const struct key_state *state, struct err *err)
{
    if (!sign_key_is_acceptable(&state->signing_key)) {
        return err_set(err, E_SIGNATURE, "the signing key is no acceptable Ed25519 key");
    }
    if (!transport_key_is_acceptable(&state->transport_key)) {
        return err_set(err, E_SIGNATURE, "the transport key is no acceptable X25519 key");
    }
    enum err_code code = check_quorum(state, err);
    for (unsigned i = 0; i < state->officer_count && code == OK; i++) {
        code = check_officer(state, i, err);
    }
    return code;
}

/* --- start --- */

static void take_keys(struct key_state *state, const struct profile *change)
{
    if ((change->fields & PROFILE_SIGNING_KEY) != 0) {
        state->signing_key = change->signing_key;
    }
    if ((change->fields & PROFILE_TRANSPORT_KEY) != 0) {
        state->transport_key = change->transport_key;
    }
    if ((change->fields & PROFILE_RECOVERY_QUORUM) != 0) {
        state->recovery_quorum = change->recovery_quorum;
    }
    if ((change->fields & PROFILE_OFFICERS) != 0) {
        state->officer_count = change->officer_count;
        memcpy(state->officers, change->officers, change->officer_count * sizeof *change->officers);
    }
}

enum err_code keychain_check_genesis(const struct profile *profile, struct err *err)
{
    struct key_state state;
    if ((profile->fields & PROFILE_KEYS) != PROFILE_KEYS || (profile->fields & PROFILE_TYPE) == 0) {
        return err_set(err, E_ENCODING,
                       "genesis: type, signing key, transport key, officers and recovery quorum "
                       "are needed");
    }
    memset(&state, 0, sizeof state);
    state.type = profile->type;
    take_keys(&state, profile);
    return check_keys(&state, err);
}

enum err_code keychain_start(struct key_state *state, const struct hash *group,
                             struct bytes genesis, struct err *err)
{
    struct hash id;
    struct entry entry;
    struct profile profile;
    merkle_leaf_hash(&id, genesis);
    if (!hash_equal(&id, group)) {
        return err_set(err, E_LEAF, "the first entry's hash is not the group's id");
    }
    enum err_code code = entry_decode(genesis, &entry, err);
    if (code == OK && entry.kind != KIND_GENESIS) {
        code = err_set(err, E_LEAF, "the first entry is of kind %" PRIu64 ", not a genesis",
                       entry.kind);
    }
    if (code == OK) {
        code = terms_keys_read(entry.terms, KIND_GENESIS, &profile, err);
    }
    if (code == OK) {
        code = keychain_check_genesis(&profile, err);
    }
    if (code != OK) {
        return code;
    }
    memset(state, 0, sizeof *state);
    state->group = *group;
    state->type = profile.type;
    state->links = 1;
    state->size = 1;
    state->root = *group;
    take_keys(state, &profile);
    state->previous_key = state->signing_key;
    return OK;
}

/* --- the next link --- */

/* The leaf is the last one of its checkpoint, so its inclusion path is the right edge of the tree
 * before it, smallest subtree first: that gives the root that its first ref must name. */
static void root_before(const struct link *link, struct hash *root)
{
    struct merkle_edge edge;
    merkle_edge_init(&edge);
    edge.size = link->head.size - 1;
    unsigned count = link->inclusion.count;
    for (unsigned i = 0; i < count; i++) {
        edge.node[i] = link->inclusion.node[count - 1 - i];
    }
    merkle_edge_root(&edge, root);
}

/* Included in r, r consistent with the link before, the leaf citing its predecessor. */
static enum err_code check_place(const struct key_state *state, const struct link *link,
                                 const struct entry *entry, struct err *err)
{
    const struct head *head = &link->head;
    struct hash leaf_hash;
    merkle_leaf_hash(&leaf_hash, link->leaf);
    if (merkle_verify_inclusion(&leaf_hash, head->size - 1, head->size, &link->inclusion,
                                &head->root) != OK) {
        return err_set(err, E_PROOF, "key chain: the entry is not the last of size %" PRIu64,
                       head->size);
    }
    if (merkle_verify_consistency(state->size, &state->root, head->size, &head->root,
                                  &link->consistency) != OK) {
        return err_set(err, E_PROOF,
                       "key chain: size %" PRIu64 " does not extend the link at size %" PRIu64,
                       head->size, state->size);
    }
    struct hash root;
    root_before(link, &root);
    const struct ref *ref = &entry->refs[0];
    if (entry->ref_count == 0 || !ref->own || ref->index != head->size - 2 ||
        !hash_equal(&ref->root, &root)) {
        return err_set(err, E_PROOF,
                       "key chain: the entry at index %" PRIu64 " does not cite the one before it",
                       head->size - 1);
    }
    return OK;
}

static bool signed_by(const struct head *head, const struct hash *key)
{
    return head_verify(head, key) == OK;
}

/* Who must have signed and approved. `state` is the one before the link. */
static enum err_code check_authority(const struct key_state *state, const struct link *link,
                                     const struct entry *entry, const struct profile *change,
                                     struct err *err)
{
    const struct head *head = &link->head;
    bool new_key = (change->fields & PROFILE_SIGNING_KEY) != 0;
    bool by_old = signed_by(head, &state->signing_key);
    if (new_key && !signed_by(head, &change->signing_key)) {
        return err_set(err, E_SIGNATURE, "key chain: the new key did not sign size %" PRIu64,
                       head->size);
    }
    if (!new_key && !by_old) {
        return err_set(err, E_SIGNATURE, "key chain: the key in force did not sign size %" PRIu64,
                       head->size);
    }
    if (by_old && (change->fields & (PROFILE_OFFICERS | PROFILE_RECOVERY_QUORUM)) == 0) {
        return OK;
    }
    unsigned approvals;
    enum err_code code = approvals_count(&state->group, entry, link->leaf, state->officers,
                                         state->officer_count, &approvals, err);
    if (code == OK && approvals < state->recovery_quorum) {
        code = err_set(err, E_QUORUM,
                       "key chain: %u approvals of the officers in force before, %" PRIu32
                       " are needed (officers or quorum change, or the old key did not sign)",
                       approvals, state->recovery_quorum);
    }
    return code;
}

static enum err_code read_link_entry(const struct key_state *state, const struct link *link,
                                     struct entry *entry, struct profile *change, struct err *err)
{
    const struct head *head = &link->head;
    if (!hash_equal(&head->group, &state->group) || head->size <= state->size) {
        return err_set(err, E_PROOF,
                       "key chain: a link of this group above size %" PRIu64 " is due",
                       state->size);
    }
    enum err_code code = entry_decode(link->leaf, entry, err);
    if (code != OK) {
        return code;
    }
    if (entry->kind != KIND_AMEND) {
        return err_set(err, E_ENCODING, "key chain: an entry of kind %" PRIu64 " changes no keys",
                       entry->kind);
    }
    code = terms_keys_read(entry->terms, KIND_AMEND, change, err);
    if (code == OK && !profile_changes_keys(change)) {
        code = err_set(err, E_ENCODING, "key chain: this amend changes no keys");
    }
    return code;
}

/* A signing key that was in force is never new again: its heads of old would be heads of now. The
 * state remembers the two last; the rest is the owner's care. */
static enum err_code check_new_key(const struct key_state *state, const struct profile *change,
                                   struct err *err)
{
    if ((change->fields & PROFILE_SIGNING_KEY) != 0 &&
        (hash_equal(&change->signing_key, &state->signing_key) ||
         hash_equal(&change->signing_key, &state->previous_key))) {
        return err_set(err, E_SIGNATURE, "key chain: the new signing key was in force before");
    }
    return OK;
}

enum err_code keychain_advance(struct key_state *state, const struct link *link, struct err *err)
{
    struct entry entry;
    struct profile change;
    if (state->links >= KEY_CHAIN_MAX) {
        return err_set(err, E_CAP, "key chain: %d links is the most", KEY_CHAIN_MAX);
    }
    enum err_code code = read_link_entry(state, link, &entry, &change, err);
    if (code == OK) {
        code = check_place(state, link, &entry, err);
    }
    if (code == OK) {
        code = check_new_key(state, &change, err);
    }
    struct key_state next = *state;
    if (code == OK) {
        take_keys(&next, &change);
        code = check_keys(&next, err);
    }
    if (code == OK) {
        code = check_authority(state, link, &entry, &change, err);
    }
    if (code != OK) {
        return code;
    }
    next.previous_key = state->signing_key;
    next.links++;
    next.size = link->head.size;
    next.root = link->head.root;
    *state = next;
    return OK;
}

enum err_code keychain_verify_head(const struct key_state *state, const struct head *head)
{
    if (!hash_equal(&head->group, &state->group) || head->size < state->size) {
        return E_SIGNATURE;
    }
    if (signed_by(head, &state->signing_key)) {
        return OK;
    }
    bool at_change = head->size == state->size;
    return at_change && signed_by(head, &state->previous_key) ? OK : E_SIGNATURE;
}

/* --- packed --- */

void key_state_pack(struct buffer *out, const struct key_state *state)
{
    pack_array(out, KEY_STATE_FIELDS);
    pack_uint(out, KEY_STATE_VERSION);
    pack_bin(out, hash_view(&state->group));
    pack_uint(out, state->type);
    pack_uint(out, state->links);
    pack_uint(out, state->size);
    pack_bin(out, hash_view(&state->root));
    pack_bin(out, hash_view(&state->signing_key));
    pack_bin(out, hash_view(&state->previous_key));
    pack_bin(out, hash_view(&state->transport_key));
    pack_uint(out, state->recovery_quorum);
    officers_pack(out, state->officers, state->officer_count);
}

enum err_code key_state_read(struct bytes bytes, struct key_state *state)
{
    struct cursor cursor = cursor_of(bytes);
    struct key_state read;
    memset(&read, 0, sizeof read);
    if (cursor_array(&cursor, KEY_STATE_FIELDS) != KEY_STATE_FIELDS ||
        cursor_uint(&cursor) != KEY_STATE_VERSION) {
        return E_ENCODING;
    }
    cursor_bin_exact(&cursor, &read.group, sizeof read.group);
    read.type = (uint32_t)cursor_uint_max(&cursor, UINT32_MAX);
    read.links = cursor_uint_max(&cursor, KEY_CHAIN_MAX);
    read.size = cursor_uint_max(&cursor, LEDGER_SIZE_MAX);
    cursor_bin_exact(&cursor, &read.root, sizeof read.root);
    cursor_bin_exact(&cursor, &read.signing_key, sizeof read.signing_key);
    cursor_bin_exact(&cursor, &read.previous_key, sizeof read.previous_key);
    cursor_bin_exact(&cursor, &read.transport_key, sizeof read.transport_key);
    read.recovery_quorum = (uint32_t)cursor_uint_max(&cursor, UINT32_MAX);
    officers_read(&cursor, read.officers, &read.officer_count);
    if (!cursor_done(&cursor)) {
        return E_ENCODING;
    }
    *state = read;
    return OK;
}

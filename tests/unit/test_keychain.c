/* The key chain: succession with both keys, recovery without the old one, officers by quorum; and
 * what a stolen key, a bent proof or a missing link must not do. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "tests/lib/verdict.h"

static struct maker group;
static struct key_state chain;
static struct err err;

static void start(struct maker *maker, uint32_t number, enum group_type type)
{
    maker_init(maker, number, type);
    for (unsigned i = 0; i < 5; i++) {
        (void)maker_note(maker, "before");
    }
    assert_int_equal(keychain_start(&chain, &maker->id, buffer_view(&maker->items[0].leaf), &err),
                     OK);
}

static int set_up(void **state)
{
    (void)state;
    start(&group, 1, GROUP_SAVINGS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    maker_free(&group);
    return 0;
}

/* Takes the link: this code, and an untouched state where it is refused. */
static void advance_expecting(const struct link *link, enum err_code expected)
{
    static struct key_state before;
    before = chain;
    enum err_code code = keychain_advance(&chain, link, &err);
    if (code != expected) {
        fail_msg("expected %s, got %s (%s)", err_name(expected), err_name(code), err.text);
    }
    if (code != OK) {
        assert_memory_equal(&before, &chain, sizeof chain);
        assert_true(err.text[0] != '\0');
    }
}

static const struct link *last_link(const struct maker *maker)
{
    return &maker->links[maker->link_count - 1];
}

static void assert_head(const struct sign_key *key, uint64_t size, enum err_code expected)
{
    struct head head;
    memset(&head, 0, sizeof head);
    head.group = group.id;
    head.size = size;
    maker_root(&group, size <= group.count ? size : group.count, &head.root);
    head_sign(&head, key);
    assert_int_equal(keychain_verify_head(&chain, &head), expected);
}

/* The draft as a link, proved from the last link that the chain took. */
static void append_link(const struct sign_key *const *keys, unsigned count)
{
    (void)maker_append_link(&group, keys, count);
    maker_consistency(&group, chain.size, group.count,
                      &group.links[group.link_count - 1].consistency);
}

/* An amend with this change, approved by officers 1 … approvals, as a link signed by the keys. */
static void link_with(const struct profile *change, unsigned approvals,
                      const struct sign_key *first, const struct sign_key *second)
{
    const struct sign_key *keys[2] = {first, second};
    maker_amend(&group, change);
    for (uint32_t officer = 1; officer <= approvals; officer++) {
        maker_approve(&group, officer);
    }
    append_link(keys, second == NULL ? 1 : 2);
}

static struct profile new_signing_key(uint32_t generation, struct sign_key *key)
{
    struct profile change = change_of(PROFILE_SIGNING_KEY);
    maker_signing_key(1, generation, key);
    change.signing_key = key->public_key;
    return change;
}

/* --- start --- */

static void test_start(void **state)
{
    (void)state;
    struct key_state fresh;
    struct bytes genesis = buffer_view(&group.items[0].leaf);
    struct hash other;
    assert_int_equal(chain.links, 1);
    assert_int_equal(chain.size, 1);
    assert_true(hash_equal(&chain.root, &group.id));
    assert_head(&group.signing, 1, OK);
    assert_head(&group.signing, 6, OK);
    assert_head(&group.officers[0], 6, E_SIGNATURE);
    maker_other_id(1, &other);
    assert_int_equal(keychain_start(&fresh, &other, genesis, &err), E_LEAF);
    struct bytes note = buffer_view(&group.items[1].leaf);
    assert_int_equal(keychain_start(&fresh, &group.items[1].leaf_hash, note, &err), E_LEAF);
    merkle_leaf_hash(&other, bytes_of("\xc1", 1));
    assert_int_equal(keychain_start(&fresh, &other, bytes_of("\xc1", 1), &err), E_ENCODING);
    struct head foreign;
    maker_head(&group, 6, &foreign);
    foreign.group = other;
    assert_int_equal(keychain_verify_head(&chain, &foreign), E_SIGNATURE);
}

/* --- succession --- */

static void test_old_and_new_sign(void **state)
{
    (void)state;
    struct sign_key old = group.signing;
    assert_int_equal(maker_change_key(&group, 1), OK);
    (void)maker_note(&group, "after");
    advance_expecting(last_link(&group), OK);
    assert_int_equal(chain.links, 2);
    assert_int_equal(chain.size, 7);
    assert_head(&old, 6, E_SIGNATURE);           /* older than the chain: nothing to ask */
    assert_head(&group.signing, 6, E_SIGNATURE); /* a new key says nothing of old prefixes */
    assert_head(&old, 7, OK);                    /* at the change both */
    assert_head(&group.signing, 7, OK);
    assert_head(&old, 8, E_SIGNATURE); /* after it, only the new one */
    assert_head(&group.signing, 8, OK);
    advance_expecting(last_link(&group), E_PROOF); /* the same link again */
}

static void test_one_signature_is_not_enough(void **state)
{
    (void)state;
    struct sign_key next;
    struct profile change = new_signing_key(1, &next);
    link_with(&change, 1, &group.signing, NULL);
    advance_expecting(last_link(&group), E_SIGNATURE); /* the new key did not sign */
    struct link link = *last_link(&group);
    link.head.signature_count = 0;
    head_sign(&link.head, &next);
    advance_expecting(&link, E_QUORUM); /* the old one neither, and one approval is not two */
    link.head.signature_count = 0;
    advance_expecting(&link, E_SIGNATURE);
    head_sign(&link.head, &next);
    head_sign(&link.head, &group.signing); /* the order of lines says nothing */
    advance_expecting(&link, OK);
}

static void test_recovery_of_a_lost_key(void **state)
{
    (void)state;
    struct sign_key next;
    struct profile change = new_signing_key(1, &next);
    link_with(&change, 2, &next, NULL);
    advance_expecting(last_link(&group), OK);
    (void)maker_note(&group, "after");
    assert_head(&group.signing, 8, E_SIGNATURE);
    assert_head(&next, 8, OK);
}

static void test_recovery_needs_good_approvals(void **state)
{
    (void)state;
    struct sign_key next;
    struct profile change = new_signing_key(1, &next);
    const struct sign_key *keys[1] = {&next};
    maker_amend(&group, &change);
    maker_approve(&group, 1);
    maker_approve_by(&group, 2, &group.officers[2]); /* a wrong signature */
    maker_approve(&group, 3);
    (void)maker_append_link(&group, keys, 1);
    advance_expecting(last_link(&group), E_QUORUM);
}

/* Who stole the key alone: neither a new head on an old prefix, nor a new key, nor new officers. */
static void test_stolen_key(void **state)
{
    (void)state;
    struct sign_key stolen = group.signing;
    struct sign_key mine;
    struct profile change = new_signing_key(9, &mine);
    link_with(&change, 0, &mine, NULL); /* new key without the old one's line or a quorum */
    advance_expecting(last_link(&group), E_QUORUM);
    tear_down(NULL);
    set_up(NULL);
    assert_int_equal(maker_change_key(&group, 1), OK);
    advance_expecting(last_link(&group), OK);
    assert_head(&stolen, 6, E_SIGNATURE);
    assert_head(&stolen, 100, E_SIGNATURE);
    struct profile back = new_signing_key(9, &mine);
    link_with(&back, 0, &stolen, &mine);
    advance_expecting(last_link(&group), E_QUORUM);
    link_with(&back, 0, &stolen, NULL);
    advance_expecting(last_link(&group), E_SIGNATURE);
}

static void test_officers_change(void **state)
{
    (void)state;
    struct profile change = change_of(PROFILE_OFFICERS | PROFILE_RECOVERY_QUORUM);
    struct profile next;
    maker_profile(50, GROUP_SAVINGS, &next);
    memcpy(change.officers, next.officers, sizeof change.officers);
    change.officer_count = 5;
    change.recovery_quorum = 3;
    link_with(&change, 1, &group.signing, NULL);
    advance_expecting(last_link(&group), E_QUORUM);
    tear_down(NULL);
    set_up(NULL);
    link_with(&change, 2, &group.signing, NULL);
    advance_expecting(last_link(&group), OK);
    assert_int_equal(chain.officer_count, 5);
    /* From now on the new ones count: the former are nobody. */
    link_with(&change, 2, &group.signing, NULL);
    advance_expecting(last_link(&group), E_QUORUM);
}

static void test_quorum_change_needs_quorum(void **state)
{
    (void)state;
    struct profile change = change_of(PROFILE_RECOVERY_QUORUM);
    change.recovery_quorum = 1;
    link_with(&change, 1, &group.signing, NULL);
    advance_expecting(last_link(&group), E_QUORUM);
}

static void test_bad_new_sets(void **state)
{
    (void)state;
    struct profile change = change_of(PROFILE_RECOVERY_QUORUM);
    change.recovery_quorum = 4; /* of three */
    link_with(&change, 3, &group.signing, NULL);
    advance_expecting(last_link(&group), E_QUORUM);
    change = change_of(PROFILE_OFFICERS);
    memcpy(change.officers, group.state.profile.officers, sizeof change.officers);
    change.officer_count = 3;
    change.officers[2].key = change.officers[0].key; /* one person twice */
    link_with(&change, 3, &group.signing, NULL);
    advance_expecting(last_link(&group), E_QUORUM);
    change = change_of(PROFILE_TRANSPORT_KEY); /* all zero */
    link_with(&change, 3, &group.signing, NULL);
    advance_expecting(last_link(&group), E_SIGNATURE);
    change = change_of(PROFILE_SIGNING_KEY); /* all zero: of small order */
    link_with(&change, 3, &group.signing, NULL);
    advance_expecting(last_link(&group), E_SIGNATURE);
}

static void test_key_reuse(void **state)
{
    (void)state;
    struct sign_key first = group.signing;
    assert_int_equal(maker_change_key(&group, 1), OK);
    advance_expecting(last_link(&group), OK);
    struct profile change = change_of(PROFILE_SIGNING_KEY);
    change.signing_key = first.public_key;
    link_with(&change, 3, &group.signing, &first);
    advance_expecting(last_link(&group), E_SIGNATURE);
    change.signing_key = group.signing.public_key; /* no change at all */
    link_with(&change, 3, &group.signing, NULL);
    advance_expecting(last_link(&group), E_SIGNATURE);
}

static void test_transport_key_needs_the_key_in_force(void **state)
{
    (void)state;
    struct transport_key transport;
    const uint8_t seed[SEED_BYTES] = {7};
    transport_key_from_seed(&transport, seed);
    struct profile change = change_of(PROFILE_TRANSPORT_KEY);
    change.transport_key = transport.public_key;
    link_with(&change, 3, &group.officers[0], NULL);
    advance_expecting(last_link(&group), E_SIGNATURE);
    struct link link = *last_link(&group);
    link.head.signature_count = 0;
    head_sign(&link.head, &group.signing);
    advance_expecting(&link, OK);
    assert_true(hash_equal(&chain.transport_key, &transport.public_key));
    assert_true(hash_equal(&chain.previous_key, &chain.signing_key));
}

/* --- place --- */

static void test_bent_proofs(void **state)
{
    (void)state;
    assert_int_equal(maker_change_key(&group, 1), OK);
    const struct link *good = last_link(&group);
    struct link link;
    for (unsigned i = 0; i < good->inclusion.count; i++) {
        link = *good;
        link.inclusion.node[i].bytes[i] ^= 4;
        advance_expecting(&link, E_PROOF);
    }
    for (unsigned i = 0; i < good->consistency.count; i++) {
        link = *good;
        link.consistency.node[i].bytes[31] ^= 1;
        advance_expecting(&link, E_PROOF);
    }
    link = *good;
    link.inclusion.count--;
    advance_expecting(&link, E_PROOF);
    link = *good;
    link.consistency.count = 0;
    advance_expecting(&link, E_PROOF);
    link = *good;
    link.head.root.bytes[0] ^= 1;
    advance_expecting(&link, E_PROOF);
    link = *good;
    link.head.size--;
    advance_expecting(&link, E_PROOF);
    link = *good;
    maker_other_id(3, &link.head.group);
    advance_expecting(&link, E_PROOF);
    advance_expecting(good, OK);
}

static void test_wrong_predecessor(void **state)
{
    (void)state;
    struct sign_key next;
    struct profile change = new_signing_key(1, &next);
    const struct sign_key *keys[2] = {&group.signing, &next};
    for (unsigned bend = 0; bend < 4; bend++) {
        maker_amend(&group, &change);
        struct ref *ref = &group.draft->refs[0];
        switch (bend) {
        case 0: /* an earlier one */
            ref->index--;
            maker_root(&group, ref->index + 1, &ref->root);
            break;
        case 1: /* another past */
            ref->root.bytes[9] ^= 1;
            break;
        case 2: /* another ledger */
            ref->own = false;
            break;
        case 3:
            group.draft->ref_count = 0;
            break;
        }
        maker_approve(&group, 1);
        maker_approve(&group, 2);
        append_link(keys, 2);
        advance_expecting(last_link(&group), E_PROOF);
    }
}

static void test_no_link_at_all(void **state)
{
    (void)state;
    struct profile change = change_of(PROFILE_NAME);
    link_with(&change, 1, &group.signing, NULL);
    advance_expecting(last_link(&group), E_ENCODING); /* an amend that changes no keys */
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "x");
    const struct sign_key *keys[1] = {&group.signing};
    (void)maker_append_link(&group, keys, 1);
    advance_expecting(last_link(&group), E_ENCODING);
    struct link link = *last_link(&group);
    link.leaf = bytes_of("\xc1", 1);
    advance_expecting(&link, E_ENCODING);
}

/* What the chain does not know it does not mind: a later version's critical term beside a key. */
static void test_chain_outlives_new_terms(void **state)
{
    (void)state;
    struct sign_key next;
    struct profile change = new_signing_key(1, &next);
    const struct sign_key *keys[2] = {&group.signing, &next};
    maker_amend(&group, &change);
    buffer_clear(&group.terms);
    pack_map(&group.terms, 2);
    pack_uint(&group.terms, 2);
    pack_bin(&group.terms, hash_view(&next.public_key));
    pack_uint(&group.terms, 200);
    pack_bool(&group.terms, true);
    maker_approve(&group, 1);
    assert_int_equal(maker_append_link(&group, keys, 2), E_NEEDS_UPGRADE);
    assert_int_equal(group.state.status, LEDGER_NEEDS_UPGRADE);
    advance_expecting(last_link(&group), OK);
}

static void test_omitted_link(void **state)
{
    (void)state;
    assert_int_equal(maker_change_key(&group, 1), OK);
    (void)maker_note(&group, "between");
    assert_int_equal(maker_change_key(&group, 2), OK);
    (void)maker_note(&group, "after");
    const struct link *first = &group.links[1];
    const struct link *second = &group.links[2];
    advance_expecting(second, E_PROOF); /* its consistency proof starts at the first */
    struct link bridged = *second;      /* even with a proof that fits: the old key did not sign */
    maker_consistency(&group, 1, second->head.size, &bridged.consistency);
    advance_expecting(&bridged, E_QUORUM);
    advance_expecting(first, OK);
    advance_expecting(second, OK);
    assert_int_equal(chain.links, 3);
    assert_head(&group.signing, group.count, OK);
}

static void test_cap(void **state)
{
    (void)state;
    assert_int_equal(maker_change_key(&group, 1), OK);
    chain.links = KEY_CHAIN_MAX;
    advance_expecting(last_link(&group), E_CAP);
}

/* --- a network --- */

static void test_governors(void **state)
{
    (void)state;
    tear_down(NULL);
    start(&group, 60, GROUP_NETWORK);
    struct profile next;
    maker_profile(60, GROUP_NETWORK, &next);
    struct profile change = change_of(PROFILE_OFFICERS | PROFILE_RECOVERY_QUORUM);
    memcpy(change.officers, next.officers, sizeof change.officers);
    change.officer_count = 5;
    change.recovery_quorum = 2; /* not more than half of five */
    link_with(&change, 3, &group.signing, NULL);
    advance_expecting(last_link(&group), E_QUORUM);
    change.recovery_quorum = 3;
    change.officers[4].group = change.officers[0].group; /* two of one group */
    link_with(&change, 3, &group.signing, NULL);
    advance_expecting(last_link(&group), E_QUORUM);
    tear_down(NULL);
    start(&group, 60, GROUP_NETWORK);
    change.officers[4].group = next.officers[4].group;
    link_with(&change, 1, &group.signing, NULL);
    advance_expecting(last_link(&group), E_QUORUM);
    tear_down(NULL);
    start(&group, 60, GROUP_NETWORK);
    link_with(&change, 2, &group.signing, NULL);
    advance_expecting(last_link(&group), OK);
    assert_int_equal(chain.recovery_quorum, 3);
}

/* --- packed --- */

static void test_pack(void **state)
{
    (void)state;
    struct buffer packed;
    struct key_state read;
    buffer_init(&packed, 0);
    assert_int_equal(maker_change_key(&group, 1), OK);
    advance_expecting(last_link(&group), OK);
    key_state_pack(&packed, &chain);
    assert_true(bytes_is_canonical(buffer_view(&packed), ENTRY_DEPTH_MAX));
    memset(&read, 0x55, sizeof read);
    assert_int_equal(key_state_read(buffer_view(&packed), &read), OK);
    struct buffer second;
    buffer_init(&second, 0);
    key_state_pack(&second, &read);
    assert_true(bytes_equal(buffer_view(&packed), buffer_view(&second)));
    for (size_t len = 0; len < packed.len; len++) {
        assert_int_equal(key_state_read(bytes_of(packed.data, len), &read), E_ENCODING);
    }
    buffer_free(&packed);
    buffer_free(&second);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_start),
        TEST(test_old_and_new_sign),
        TEST(test_one_signature_is_not_enough),
        TEST(test_recovery_of_a_lost_key),
        TEST(test_recovery_needs_good_approvals),
        TEST(test_stolen_key),
        TEST(test_officers_change),
        TEST(test_quorum_change_needs_quorum),
        TEST(test_bad_new_sets),
        TEST(test_key_reuse),
        TEST(test_transport_key_needs_the_key_in_force),
        TEST(test_bent_proofs),
        TEST(test_wrong_predecessor),
        TEST(test_no_link_at_all),
        TEST(test_chain_outlives_new_terms),
        TEST(test_omitted_link),
        TEST(test_cap),
        TEST(test_governors),
        TEST(test_pack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

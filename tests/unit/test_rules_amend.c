/* Validity of what a group says of itself, and of a network's roster. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "proto/events.h"
#include "tests/lib/verdict.h"

static struct maker group;

static int set_up(void **state)
{
    (void)state;
    maker_init(&group, 1, GROUP_SAVINGS);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    maker_free(&group);
    return 0;
}

static void found_expecting(const struct profile *genesis, enum err_code expected)
{
    static struct maker founded;
    maker_found(&founded, 7, genesis);
    if (founded.items[0].verdict != expected) {
        fail_msg("expected %s, got %s (%s)", err_name(expected), err_name(founded.items[0].verdict),
                 founded.err.text);
    }
    if (expected != OK) {
        assert_int_equal(founded.state.status, LEDGER_HALTED);
        assert_int_equal(founded.state.size, 0);
    }
    maker_free(&founded);
}

static void test_genesis(void **state)
{
    (void)state;
    assert_int_equal(group.state.status, LEDGER_OK);
    assert_int_equal(group.state.valid, 1);
    assert_int_equal(group.state.profile.officer_count, 3);
    struct profile genesis;
    struct profile good;
    maker_profile(7, GROUP_SAVINGS, &good);
    found_expecting(&good, OK);
#define BAD(change)                        \
    do {                                   \
        genesis = good;                    \
        change;                            \
        found_expecting(&genesis, E_LEAF); \
    } while (0)
    BAD(genesis.type = 0);
    BAD(genesis.type = 10);
    BAD(genesis.officer_count = 0);
    BAD(genesis.recovery_quorum = 0);
    BAD(genesis.recovery_quorum = 4);
    BAD((genesis.officer_count = 10, genesis.recovery_quorum = 9));
    BAD(memcpy(genesis.currency, "thb", 4));
    BAD(genesis.minor_digits = 5);
    BAD(genesis.officers[1].key = genesis.officers[0].key);
    BAD(memset(&genesis.signing_key, 0, HASH_BYTES));
    BAD(memset(&genesis.transport_key, 0, HASH_BYTES));
    BAD(memset(&genesis.officers[2].key, 0, HASH_BYTES));
    BAD(genesis.officers[0].has_group = true);
    BAD(genesis.fields &= ~(unsigned)PROFILE_CURRENCY);
    BAD(genesis.fields &= ~(unsigned)PROFILE_OFFICERS);
    BAD(genesis.fields |= PROFILE_CLOSED);
    maker_profile(7, GROUP_NETWORK, &good);
    found_expecting(&good, OK);
    BAD(genesis.recovery_quorum = 1);
    BAD(genesis.recovery_quorum = 3);
    BAD(genesis.officers[1].has_group = false);
    BAD(genesis.officers[1].group = genesis.officers[0].group);
    BAD((genesis.officer_count = 16, genesis.recovery_quorum = 9));
#undef BAD
}

static void test_amend(void **state)
{
    (void)state;
    struct profile change = change_of(PROFILE_NAME);
    memcpy(change.name, "new", 4);
    maker_amend(&group, &change);
    append_expecting(&group, E_QUORUM);
    maker_amend(&group, &change);
    maker_approve(&group, 1);
    append_expecting(&group, OK);
    assert_string_equal(group.state.profile.name, "new");
    maker_amend(&group, &change);
    group.draft->ref_count = 0;
    maker_approve(&group, 1);
    append_expecting(&group, E_REF);
    maker_amend(&group, &change);
    group.draft->ref_count = 0;
    maker_cite(&group, 0);
    maker_approve(&group, 1);
    append_expecting(&group, E_REF);
    change.fields = PROFILE_CURRENCY;
    memcpy(change.currency, "USD", 4);
    maker_amend(&group, &change);
    maker_approve(&group, 1);
    append_expecting(&group, E_ENCODING);
    change.fields = PROFILE_NETWORK;
    change.has_network = true;
    maker_other_id(5, &change.network);
    maker_amend(&group, &change);
    maker_approve(&group, 1);
    append_expecting(&group, OK);
    assert_true(group.state.profile.has_network);
}

static void test_amend_quorum(void **state)
{
    (void)state;
    struct policy policy = group.state.profile.policy;
    policy.quorum_count = 1;
    policy.quorums[0] = (struct policy_quorum){KIND_AMEND, amount_of(0), 2};
    amend_policy(&group, &policy);
    struct profile change = change_of(PROFILE_NAME);
    maker_amend(&group, &change);
    maker_approve(&group, 1);
    append_expecting(&group, E_QUORUM);
    maker_amend(&group, &change);
    maker_approve(&group, 1);
    maker_approve(&group, 3);
    append_expecting(&group, OK);
}

static void test_closed(void **state)
{
    (void)state;
    struct profile change = change_of(PROFILE_CLOSED);
    change.closed = true;
    maker_amend(&group, &change);
    maker_approve(&group, 1);
    append_expecting(&group, OK);
    begin_post(&group, 2);
    maker_line(&group, 1110, 1);
    maker_line(&group, 2110, -1);
    append_expecting(&group, E_CLOSED);
    maker_begin(&group, KIND_MEMBER);
    maker_change(&group, 1);
    append_expecting(&group, E_CLOSED);
    assert_int_equal(maker_note(&group, "still"), OK);
    change.closed = false;
    maker_amend(&group, &change);
    maker_approve(&group, 1);
    append_expecting(&group, OK);
    assert_int_equal(maker_post(&group, 2, 1110, 2110, 1), OK);
}

static void test_key_change_without_link(void **state)
{
    (void)state;
    struct profile change = change_of(PROFILE_TRANSPORT_KEY);
    change.transport_key = group.transport.public_key;
    maker_amend(&group, &change);
    maker_approve(&group, 1);
    append_expecting(&group, E_SIGNATURE);
    assert_int_equal(group.state.status, LEDGER_HALTED);
}

static void test_key_change_with_link(void **state)
{
    (void)state;
    struct sign_key next;
    maker_signing_key(1, 1, &next);
    assert_int_equal(maker_change_key(&group, 1), OK);
    assert_true(hash_equal(&group.state.profile.signing_key, &next.public_key));
    assert_int_equal(group.state.status, LEDGER_OK);
}

/* The chain alone decides keys and officers: an invalid entry that is a link moves them too, and
 * nothing else that it says. */
static void test_invalid_link_still_rules(void **state)
{
    (void)state;
    struct profile change = change_of(PROFILE_OFFICERS | PROFILE_NAME);
    struct profile three;
    maker_profile(9, GROUP_SAVINGS, &three);
    change.officer_count = 3;
    memcpy(change.officers, three.officers, sizeof change.officers);
    memcpy(change.name, "lost", 5);
    maker_amend(&group, &change);
    group.draft->date = 30000; /* E_DATE */
    maker_approve(&group, 1);
    maker_approve(&group, 2);
    const struct sign_key *keys[1] = {&group.signing};
    assert_int_equal(maker_append_link(&group, keys, 1), E_DATE);
    assert_int_equal(group.state.invalid, 1);
    assert_string_not_equal(group.state.profile.name, "lost");
    assert_true(hash_equal(&group.state.profile.officers[0].key, &three.officers[0].key));
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "by a former officer");
    maker_approve(&group, 1);
    append_expecting(&group, E_QUORUM);
    struct sign_key officer;
    maker_officer_key(9, 1, &officer);
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "by a new one");
    maker_approve_by(&group, 1, &officer);
    append_expecting(&group, OK);
}

/* --- a network's roster --- */

static struct maker network;
static struct maker members[3];

static void found_network(void)
{
    static const char *const names[3] = {"หนึ่ง", "สอง", "สาม"};
    struct admission admissions[2];
    maker_init(&network, 100, GROUP_NETWORK);
    for (uint32_t i = 0; i < 3; i++) {
        maker_init(&members[i], 200 + i, GROUP_WELFARE);
        if (i < 2) {
            maker_admission(&members[i], names[i], &admissions[i]);
        }
    }
    maker_admit(&network, admissions, 2);
    network.draft->ref_count = 0; /* the founding roster cites nothing */
    append_expecting(&network, OK);
    assert_int_equal(network.rostered_count, 2);
}

static void end_network(void)
{
    maker_free(&network);
    for (unsigned i = 0; i < 3; i++) {
        maker_free(&members[i]);
    }
}

static void admit(const struct admission *admission, unsigned approvals, enum err_code expected)
{
    unsigned before = network.rostered_count;
    maker_admit(&network, admission, 1);
    for (uint32_t officer = 1; officer <= approvals; officer++) {
        maker_approve(&network, officer);
    }
    append_expecting(&network, expected);
    assert_int_equal(network.rostered_count, before + (expected == OK));
}

static void test_roster(void **state)
{
    (void)state;
    struct admission admission;
    found_network();
    maker_admission(&members[2], "สาม", &admission);
    admit(&admission, 0, E_QUORUM);
    admit(&admission, 1, E_QUORUM); /* more than half of 3 */
    maker_admit(&network, &admission, 1);
    network.draft->ref_count = 0;
    maker_approve(&network, 1);
    maker_approve(&network, 2);
    append_expecting(&network, E_REF);
    admit(&admission, 2, OK);
    admit(&admission, 2, E_ROSTER); /* rostered already */
    end_network();
}

static void test_roster_refused(void **state)
{
    (void)state;
    struct admission admission;
    struct admission good;
    found_network();
    maker_admission(&members[2], "สาม", &good);
    admission = good;
    memcpy(admission.group.bytes, members[0].id.bytes, 8); /* the tag of another */
    admit(&admission, 2, E_ROSTER);
    admission = good;
    memcpy(admission.group.bytes, network.id.bytes, 8);
    admit(&admission, 2, E_ROSTER);
    admission = good;
    memset(&admission.transport_key, 0, HASH_BYTES);
    admit(&admission, 2, E_ROSTER);
    admission = good;
    admission.type = GROUP_NETWORK;
    admit(&admission, 2, E_ROSTER);
    struct admission twice[2] = {good, good};
    maker_admit(&network, twice, 2);
    maker_approve(&network, 1);
    maker_approve(&network, 2);
    append_expecting(&network, E_ROSTER);
    admit(&good, 2, OK);
    maker_admit(&group, &good, 1);
    append_expecting(&group, E_KIND); /* a group keeps no roster */
    end_network();
}

/* Removing, roles, network keys are terms of a later version. */
static void test_roster_of_later(void **state)
{
    (void)state;
    static const uint8_t later[] = {0x82, 0x00, 0x90, 0x02, 0x90};
    found_network();
    maker_admit(&network, NULL, 0);
    buffer_clear(&network.terms);
    buffer_append(&network.terms, later, sizeof later);
    maker_approve(&network, 1);
    maker_approve(&network, 2);
    append_expecting(&network, E_NEEDS_UPGRADE);
    end_network();
}

static enum err_code no_memory(void *context, const struct admission *admission, uint64_t index)
{
    (void)context;
    (void)admission;
    (void)index;
    return E_MEMORY;
}

static void test_roster_told_again(void **state)
{
    (void)state;
    static struct ledger_state before;
    struct admission admission;
    found_network();
    maker_admission(&members[2], "สาม", &admission);
    maker_admit(&network, &admission, 1);
    maker_approve(&network, 2);
    maker_approve(&network, 3);
    admitted_fn admitted = network.fold->admitted;
    network.fold->admitted = no_memory;
    before = network.state;
    assert_int_equal(fold_leaf(network.fold, maker_leaf(&network), NULL), E_MEMORY);
    assert_memory_equal(&before, &network.state, sizeof before);
    network.fold->admitted = admitted;
    append_expecting(&network, OK);
    assert_int_equal(network.rostered_count, 3);
    static struct ledger_state replayed;
    ledger_state_init(&replayed);
    maker_replay(&network, &replayed, network.count);
    assert_memory_equal(&replayed, &network.state, sizeof replayed);
    end_network();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_genesis),
        TEST(test_amend),
        TEST(test_amend_quorum),
        TEST(test_closed),
        TEST(test_key_change_without_link),
        TEST(test_key_change_with_link),
        TEST(test_invalid_link_still_rules),
        TEST(test_roster),
        TEST(test_roster_refused),
        TEST(test_roster_of_later),
        TEST(test_roster_told_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

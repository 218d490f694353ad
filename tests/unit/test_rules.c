/* Validity: what holds for every kind, each rule and code once valid and once not; and the verdicts
 * are a pure function of the ledger, however the fold is cut into pieces. */
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

static struct maker other;

static void test_first_entry_is_genesis(void **state)
{
    (void)state;
    static struct ledger_state fresh;
    ledger_state_init(&fresh);
    group.fold->state = &fresh;
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "x");
    assert_int_equal(fold_leaf(group.fold, maker_leaf(&group), NULL), E_LEAF);
    assert_int_equal(fresh.status, LEDGER_HALTED);
    ledger_state_init(&fresh);
    assert_int_equal(fold_leaf(group.fold, bytes_of("\xc1", 1), NULL), E_LEAF);
    group.fold->state = &group.state;
    struct bytes genesis = buffer_view(&group.items[0].leaf);
    assert_int_equal(maker_append_leaf(&group, genesis), E_STATE);
    assert_int_equal(group.state.status, LEDGER_OK);
}

static void test_leaf_sizes(void **state)
{
    (void)state;
    static uint8_t large[ENTRY_MAX_BYTES + 1];
    assert_int_equal(maker_append_leaf(&group, bytes_of("\xc1", 1)), E_ENCODING);
    assert_int_equal(maker_append_leaf(&group, bytes_of(large, ENTRY_MAX_BYTES)), E_ENCODING);
    assert_int_equal(group.state.invalid, 2);
    assert_int_equal(group.state.size, 3);
    assert_int_equal(maker_append_leaf(&group, bytes_of(large, sizeof large)), E_LEAF);
    assert_int_equal(group.state.status, LEDGER_HALTED);
    assert_int_equal(group.state.stopped_at, 3);
    assert_int_equal(maker_note(&group, "after"), E_LEAF); /* stopped for good */
    assert_int_equal(group.state.size, 3);
}

static void test_empty_leaf_halts(void **state)
{
    (void)state;
    assert_int_equal(maker_append_leaf(&group, bytes_of(NULL, 0)), E_LEAF);
    assert_int_equal(group.state.status, LEDGER_HALTED);
}

static void test_date(void **state)
{
    (void)state;
    maker_begin(&group, KIND_NOTE)->date = 20458 + 1;
    maker_topic(&group, "tomorrow");
    append_expecting(&group, OK);
    maker_begin(&group, KIND_NOTE)->date = 20458 + 2;
    maker_topic(&group, "later");
    append_expecting(&group, E_DATE);
    maker_begin(&group, KIND_NOTE)->date = INT32_MAX;
    append_expecting(&group, E_DATE);
    maker_begin(&group, KIND_NOTE)->date = INT32_MIN;
    maker_topic(&group, "long ago");
    append_expecting(&group, OK);
    /* 23:59:59 in Thailand is 16:59:59 UTC: the civil date counts. */
    struct entry *draft = maker_begin(&group, KIND_NOTE);
    draft->time_ms = UINT64_C(20458) * 86400000 + 61199000;
    draft->date = 20460;
    maker_topic(&group, "late");
    append_expecting(&group, E_DATE);
    draft = maker_begin(&group, KIND_NOTE);
    draft->time_ms = UINT64_C(20458) * 86400000 + 61200000;
    draft->date = 20460;
    maker_topic(&group, "midnight");
    append_expecting(&group, OK);
}

static void test_kinds(void **state)
{
    (void)state;
    static const uint64_t skipped[] = {KIND_CONTRACT, KIND_COUNT, KIND_ATTEST, 31, 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++) {
        maker_begin(&group, KIND_NOTE)->kind = skipped[i];
        maker_line(&group, 1110, 5); /* whatever stands in it */
        append_expecting(&group, OK);
    }
    expect_balance(&group, 1110, 0);
    static const uint64_t stops[] = {KIND_CLOSE,    KIND_PROPOSE, KIND_ANSWER,
                                     KIND_SEND,     KIND_RECEIVE, KIND_SETTLE,
                                     KIND_DISPUTE,  28,           0,
                                     UINT64_MAX - 1};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        static struct ledger_state copy;
        copy = group.state;
        group.fold->state = &copy;
        maker_begin(&group, KIND_NOTE)->kind = stops[i];
        assert_int_equal(fold_leaf(group.fold, maker_leaf(&group), NULL), E_NEEDS_UPGRADE);
        assert_int_equal(copy.status, LEDGER_NEEDS_UPGRADE);
        assert_int_equal(copy.stopped_at, group.state.size);
        assert_int_equal(copy.size, group.state.size);
        group.fold->state = &group.state;
    }
    maker_note(&group, "before");
    maker_begin(&group, KIND_CLOSE);
    append_expecting(&group, E_NEEDS_UPGRADE);
    assert_int_equal(maker_note(&group, "after"), E_NEEDS_UPGRADE);
}

static void test_newer_term_and_version(void **state)
{
    (void)state;
    static const uint8_t odd[] = {0x82, 0x00, 0xa1, 0x74, 0x63, 0x01};
    static const uint8_t even[] = {0x82, 0x00, 0xa1, 0x74, 0x62, 0x01};
    maker_begin(&group, KIND_NOTE);
    buffer_clear(&group.terms);
    buffer_append(&group.terms, odd, sizeof odd);
    append_expecting(&group, OK);
    maker_begin(&group, KIND_NOTE);
    buffer_clear(&group.terms);
    buffer_append(&group.terms, even, sizeof even);
    append_expecting(&group, E_NEEDS_UPGRADE);
    tear_down(NULL);
    set_up(NULL);
    static const uint8_t newer[] = {0x92, 0x02, 0xc0};
    assert_int_equal(maker_append_leaf(&group, bytes_of(newer, sizeof newer)), E_NEEDS_UPGRADE);
    assert_int_equal(group.state.status, LEDGER_NEEDS_UPGRADE);
}

static void test_own_refs(void **state)
{
    (void)state;
    assert_int_equal(maker_note(&group, "one"), OK);
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "cites");
    maker_cite(&group, 1);
    maker_cite(&group, 0);
    append_expecting(&group, OK);
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "wrong root");
    maker_cite(&group, 1);
    group.draft->refs[0].root.bytes[0] ^= 1;
    append_expecting(&group, E_REF);
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "itself");
    maker_cite(&group, 1);
    group.draft->refs[0].index = group.count;
    append_expecting(&group, E_REF);
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "another group: not looked at here");
    maker_cite(&group, 1);
    group.draft->refs[0].own = false;
    maker_other_id(4, &group.draft->refs[0].group);
    append_expecting(&group, OK);
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "own ledger by id");
    maker_cite(&group, 1);
    group.draft->refs[0].own = false;
    group.draft->refs[0].group = group.id;
    append_expecting(&group, E_REF);
}

static void test_no_terms(void **state)
{
    (void)state;
    maker_begin(&group, KIND_POST);
    group.draft->has_body = true;
    append_expecting(&group, E_ENCODING); /* no event */
    maker_begin(&group, KIND_NOTE);
    append_expecting(&group, E_ENCODING); /* no topic */
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "");
    append_expecting(&group, E_ENCODING);
}

static void test_member(void **state)
{
    (void)state;
    maker_begin(&group, KIND_MEMBER);
    maker_change(&group, 1388);
    append_expecting(&group, OK);
    maker_begin(&group, KIND_MEMBER);
    maker_change(&group, -1);
    append_expecting(&group, OK);
    maker_begin(&group, KIND_MEMBER); /* numbers for some of those that were counted */
    maker_change(&group, 0);
    append_expecting(&group, OK);
    assert_int_equal(group.state.members, 1387);
    static const int64_t bad[] = {-1388, MEMBER_MAX, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        maker_begin(&group, KIND_MEMBER);
        maker_change(&group, bad[i]);
        append_expecting(&group, E_MEMBER);
    }
}

static void test_policy_quorum(void **state)
{
    (void)state;
    struct policy policy = group.state.profile.policy;
    policy.quorum_count = 2;
    policy.quorums[0] = (struct policy_quorum){KIND_POST, amount_of(100000), 1};
    policy.quorums[1] = (struct policy_quorum){KIND_POST, amount_of(500000), 2};
    amend_policy(&group, &policy);
    assert_int_equal(maker_post(&group, 2, 1110, 2110, 99999), OK);
    begin_post(&group, 2);
    maker_line(&group, 1110, 100000);
    maker_line(&group, 2110, -100000);
    append_expecting(&group, E_QUORUM);
    for (uint32_t officers = 0; officers <= 2; officers++) {
        begin_post(&group, 2);
        maker_line(&group, 1110, 500000);
        maker_line(&group, 2110, -500000);
        for (uint32_t officer = 1; officer <= officers; officer++) {
            maker_approve(&group, officer);
        }
        append_expecting(&group, officers == 2 ? OK : E_QUORUM);
    }
    assert_int_equal(maker_note(&group, "other kinds as before"), OK);
}

static void test_approvals_verified(void **state)
{
    (void)state;
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "approved without need");
    maker_approve(&group, 2);
    append_expecting(&group, OK);
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "no officer");
    maker_approve(&group, 4);
    append_expecting(&group, E_QUORUM);
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "another's key");
    maker_approve_by(&group, 1, &group.officers[1]);
    append_expecting(&group, E_QUORUM);
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "changed after");
    maker_approve(&group, 1);
    group.draft->actor = 2;
    append_expecting(&group, E_QUORUM);
}

/* A signature that is good in one place is worth nothing in another. */
static void test_approval_copied(void **state)
{
    (void)state;
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "first");
    maker_approve(&group, 1);
    struct approval copied = group.draft->approvals[0];
    append_expecting(&group, OK);
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "second");
    group.draft->approvals[0] = copied;
    group.draft->approval_count = 1;
    append_expecting(&group, E_QUORUM);
    /* Another group with the same officers. */
    struct profile genesis;
    maker_profile(1, GROUP_WELFARE, &genesis);
    maker_found(&other, 1, &genesis);
    maker_begin(&other, KIND_NOTE);
    maker_topic(&other, "first");
    maker_approve(&other, 1);
    copied = other.draft->approvals[0];
    append_expecting(&other, OK);
    maker_begin(&group, KIND_NOTE)->time_ms = other.draft->time_ms;
    maker_topic(&group, "first");
    group.draft->approvals[0] = copied;
    group.draft->approval_count = 1;
    append_expecting(&group, E_DUP); /* the same nine fields as the first here */
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "only there");
    maker_begin(&other, KIND_NOTE)->time_ms = group.draft->time_ms;
    maker_topic(&other, "only there");
    maker_approve(&other, 1);
    group.draft->approvals[0] = other.draft->approvals[0];
    group.draft->approval_count = 1;
    append_expecting(&group, E_QUORUM);
    maker_free(&other);
}

static void test_same_fields_twice(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) { /* without approvals nobody minds */
        maker_begin(&group, KIND_NOTE)->time_ms = 5;
        group.draft->date = 0;
        maker_topic(&group, "plain");
        append_expecting(&group, OK);
    }
    for (unsigned i = 0; i < 3; i++) {
        maker_begin(&group, KIND_NOTE)->time_ms = 5;
        group.draft->date = 0;
        maker_topic(&group, "approved");
        maker_approve(&group, i == 2 ? 2 : 1); /* another officer makes it no other entry */
        append_expecting(&group, i == 0 ? OK : E_DUP);
    }
    /* What was refused was not recorded: it may be approved rightly. */
    maker_begin(&group, KIND_NOTE)->time_ms = 6;
    group.draft->date = 0;
    maker_topic(&group, "refused first");
    maker_approve_by(&group, 1, &group.officers[1]);
    append_expecting(&group, E_QUORUM);
    maker_begin(&group, KIND_NOTE)->time_ms = 6;
    group.draft->date = 0;
    maker_topic(&group, "refused first");
    maker_approve(&group, 1);
    append_expecting(&group, OK);
}

static void busy_ledger(void)
{
    (void)maker_post(&group, 2, 1110, 2110, 100000);
    (void)maker_post(&group, 2, 1120, 2120, 200000);
    (void)maker_post(&group, 3, 2110, 1110, 900000); /* E_NEGATIVE */
    (void)maker_append_leaf(&group, bytes_of("\xc1", 1));
    maker_begin(&group, KIND_MEMBER);
    maker_change(&group, 12);
    (void)maker_append(&group);
    begin_reverse(&group, 2, 2120, 1120, 200000);
    maker_approve(&group, 2);
    (void)maker_append(&group);
    (void)maker_change_key(&group, 1);
    struct policy policy = group.state.profile.policy;
    policy.min_lines = 5;
    policy.transit_days = 9;
    policy.quorum_count = 1;
    policy.quorums[0] = (struct policy_quorum){KIND_REVERSE, amount_of(5), 1};
    amend_policy(&group, &policy);
    begin_reverse(&group, 2, 2120, 1120, 200000);
    maker_approve(&group, 3);
    (void)maker_append(&group); /* E_STATE: undone already */
    (void)maker_post(&group, 46, 5240, 1110, 100);
    maker_begin(&group, KIND_NOTE)->kind = KIND_ATTEST;
    (void)maker_append(&group);
}

static void test_fold_is_pure(void **state)
{
    (void)state;
    static struct ledger_state whole;
    static struct ledger_state pieces;
    static struct ledger_state read;
    struct buffer packed;
    buffer_init(&packed, 0);
    busy_ledger();
    assert_true(group.state.invalid == 3 && group.state.valid == 9);
    ledger_state_init(&whole);
    maker_replay(&group, &whole, group.count);
    assert_memory_equal(&whole, &group.state, sizeof whole);
    ledger_state_init(&pieces);
    for (uint64_t i = 0; i < group.count; i++) {
        maker_replay(&group, &pieces, i + 1);
        buffer_clear(&packed);
        ledger_state_pack(&packed, &pieces);
        assert_true(bytes_is_canonical(buffer_view(&packed), ENTRY_DEPTH_MAX));
        memset(&read, 0x55, sizeof read);
        assert_int_equal(ledger_state_read(buffer_view(&packed), &read), OK);
        memcpy(&pieces, &read, sizeof pieces);
    }
    buffer_clear(&packed);
    ledger_state_pack(&packed, &pieces);
    printf("a ledger's state packs to %zu bytes\n", packed.len);
    struct buffer direct;
    buffer_init(&direct, 0);
    ledger_state_pack(&direct, &whole);
    assert_true(bytes_equal(buffer_view(&packed), buffer_view(&direct)));
    for (size_t len = 0; len < packed.len; len++) {
        assert_int_equal(ledger_state_read(bytes_of(packed.data, len), &read), E_ENCODING);
    }
    buffer_free(&packed);
    buffer_free(&direct);
}

static void test_stopped_state_packs(void **state)
{
    (void)state;
    static struct ledger_state read;
    struct buffer packed;
    buffer_init(&packed, 0);
    maker_begin(&group, KIND_CLOSE);
    append_expecting(&group, E_NEEDS_UPGRADE);
    ledger_state_pack(&packed, &group.state);
    assert_int_equal(ledger_state_read(buffer_view(&packed), &read), OK);
    assert_int_equal(read.status, LEDGER_NEEDS_UPGRADE);
    assert_int_equal(read.stopped_code, E_NEEDS_UPGRADE);
    assert_int_equal(read.stopped_at, 1);
    buffer_free(&packed);
}

/* A look-up that fails is no verdict: the entry waits, the state is as it was. */
static enum err_code failing_root(void *context, uint64_t size, struct hash *root)
{
    (void)size;
    (void)root;
    return *(enum err_code *)context;
}

static void test_lookup_failure_is_no_verdict(void **state)
{
    (void)state;
    static const enum err_code failures[] = {E_IO, E_CORRUPT, E_MEMORY, E_NO_DATA};
    static struct ledger_state before;
    before = group.state;
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "cites");
    maker_cite(&group, 0);
    struct bytes leaf = maker_leaf(&group);
    struct past past = group.past;
    past.root_at = failing_root;
    group.fold->past = &past;
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        enum err_code failure = failures[i];
        past.context = &failure;
        assert_int_equal(fold_leaf(group.fold, leaf, NULL), failures[i]);
        assert_false(verdict_is_final(failures[i]));
        assert_memory_equal(&before, &group.state, sizeof before);
    }
    group.fold->past = &group.past;
    assert_int_equal(maker_append_leaf(&group, leaf), OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_first_entry_is_genesis),
        TEST(test_leaf_sizes),
        TEST(test_empty_leaf_halts),
        TEST(test_date),
        TEST(test_kinds),
        TEST(test_newer_term_and_version),
        TEST(test_own_refs),
        TEST(test_no_terms),
        TEST(test_member),
        TEST(test_policy_quorum),
        TEST(test_approvals_verified),
        TEST(test_approval_copied),
        TEST(test_same_fields_twice),
        TEST(test_fold_is_pure),
        TEST(test_stopped_state_packs),
        TEST(test_lookup_failure_is_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Validity of lines: events, balances, what may fall below zero, and undoing an entry. */
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

static void test_post(void **state)
{
    (void)state;
    assert_int_equal(maker_post(&group, 2, 1110, 2110, 120000), OK);
    expect_balance(&group, 1110, 120000);
    expect_balance(&group, 2110, -120000);
    assert_true(group.state.reported[account_row(1110)]);
    assert_false(group.state.reported[account_row(1120)]);
    assert_int_equal(maker_post(&group, 3, 2110, 1110, 20000), OK);
    expect_balance(&group, 1110, 100000);
    assert_true(amount_equal(group.state.own[account_row(1110)].debit, amount_of(120000)));
    assert_true(amount_equal(group.state.own[account_row(1110)].credit, amount_of(20000)));
    assert_int_equal(maker_post(&group, 46, 5240, 1110, 100), OK);
    assert_int_equal(group.state.journals, 1);
    assert_int_equal(group.state.valid, 4);
}

static void test_post_refused(void **state)
{
    (void)state;
    begin_post(&group, 2);
    maker_line(&group, 1110, 100);
    maker_line(&group, 2110, -99);
    append_expecting(&group, E_UNBALANCED);
    assert_non_null(strstr(group.err.text, "1.00"));
    assert_non_null(strstr(group.err.text, "0.99"));
    begin_post(&group, 2);
    maker_line(&group, 1111, 100);
    maker_line(&group, 2110, -100);
    append_expecting(&group, E_ACCOUNT);
    begin_post(&group, 2);
    maker_line(&group, 1190, 100); /* presentation only */
    maker_line(&group, 2110, -100);
    append_expecting(&group, E_ACCOUNT);
    begin_post(&group, 46);
    maker_line(&group, 1310, 100); /* between groups: names nobody */
    maker_line(&group, 1110, -100);
    append_expecting(&group, E_CP);
    begin_post(&group, 2);
    maker_line(&group, 1110, 100);
    maker_line(&group, 2110, -100);
    group.draft->posts[0].has_counterparty = true;
    append_expecting(&group, E_CP);
    begin_post(&group, 46);
    maker_line(&group, 1310, 100);
    maker_line(&group, 1110, -100);
    group.draft->posts[0].has_counterparty = true;
    append_expecting(&group, E_CP); /* no post names another group */
    begin_post(&group, 47);
    maker_line(&group, 1110, 100);
    maker_line(&group, 2110, -100);
    append_expecting(&group, E_EVENT);
    begin_post(&group, 2);
    maker_line(&group, 1110, 100);
    maker_line(&group, 4190, -100);
    append_expecting(&group, E_ACCOUNT);
    begin_post(&group, 2);
    maker_line(&group, 1110, 100);
    maker_line(&group, 2110, -100);
    group.draft->has_body = false;
    append_expecting(&group, E_ENCODING);
    maker_begin(&group, KIND_NOTE);
    maker_topic(&group, "with lines");
    maker_line(&group, 1110, 100);
    maker_line(&group, 2110, -100);
    append_expecting(&group, E_KIND);
}

static void test_round(void **state)
{
    (void)state;
    struct post_terms terms = {.event = EVENT_STATE_CAPITAL, .round = 2544};
    begin_post(&group, EVENT_STATE_CAPITAL);
    buffer_clear(&group.terms);
    terms_post_pack(&group.terms, &terms, NULL);
    maker_line(&group, 1120, 99999999);
    maker_line(&group, 3110, -99999999);
    append_expecting(&group, E_ROUND);
    begin_post(&group, EVENT_STATE_CAPITAL);
    buffer_clear(&group.terms);
    terms_post_pack(&group.terms, &terms, NULL);
    maker_line(&group, 1120, 100000000);
    maker_line(&group, 3110, -100000000);
    append_expecting(&group, OK);
}

static void test_opening_reports(void **state)
{
    (void)state;
    struct post_terms terms = {.event = EVENT_OPENING,
                               .reported_count = 2,
                               .reported = {2110, 2120}};
    begin_post(&group, EVENT_OPENING);
    buffer_clear(&group.terms);
    terms_post_pack(&group.terms, &terms, NULL);
    maker_line(&group, 3900, 500);
    maker_line(&group, 2110, -500);
    append_expecting(&group, OK);
    assert_true(group.state.reported[account_row(2120)]);
    assert_true(group.state.reported[account_row(3900)]);
    assert_false(group.state.reported[account_row(1110)]);
    terms.event = 2;
    begin_post(&group, 2);
    buffer_clear(&group.terms);
    terms_post_pack(&group.terms, &terms, NULL);
    maker_line(&group, 1110, 500);
    maker_line(&group, 2110, -500);
    append_expecting(&group, E_EVENT);
}

static void test_negative(void **state)
{
    (void)state;
    assert_int_equal(maker_post(&group, 2, 1110, 2110, 1000), OK);
    begin_post(&group, 3);
    maker_line(&group, 2110, 1001);
    maker_line(&group, 1110, -1001);
    append_expecting(&group, E_NEGATIVE);
    assert_non_null(strstr(group.err.text, "10.00"));
    /* Cash is there, the deposits are not. */
    assert_int_equal(maker_post(&group, 5, 1110, 4315, 5000), OK);
    begin_post(&group, 3);
    maker_line(&group, 2110, 1001);
    maker_line(&group, 1110, -1001);
    append_expecting(&group, E_NEGATIVE);
    assert_non_null(strstr(group.err.text, "2110"));
    /* In and out in one entry counts by what stands after it. */
    begin_post(&group, 46);
    maker_line(&group, 1120, 50);
    maker_line(&group, 1120, -50);
    append_expecting(&group, OK);
    struct policy policy = group.state.profile.policy;
    policy.overdraft = true;
    amend_policy(&group, &policy);
    assert_int_equal(maker_post(&group, 3, 2110, 1110, 9000), OK);
    expect_balance(&group, 1110, -3000);
    policy.overdraft = false;
    amend_policy(&group, &policy);
    /* Below zero already: raised is fine, lowered is not. */
    assert_int_equal(maker_post(&group, 5, 1110, 4315, 1000), OK);
    expect_balance(&group, 1110, -2000);
    begin_post(&group, 35);
    maker_line(&group, 5240, 1);
    maker_line(&group, 1110, -1);
    append_expecting(&group, E_NEGATIVE);
}

static void test_overflow(void **state)
{
    (void)state;
    struct turnover *cash = &group.state.own[account_row(1110)];
    cash->debit = amount_of(INT64_MAX - 10);
    begin_post(&group, 5);
    maker_line(&group, 1110, 11);
    maker_line(&group, 4315, -11);
    append_expecting(&group, E_OVERFLOW);
    assert_int_equal(maker_post(&group, 5, 1110, 4315, 10), OK);
}

static void test_reverse(void **state)
{
    (void)state;
    assert_int_equal(maker_post(&group, 2, 1110, 2110, 1000), OK); /* actor 1 */
    begin_reverse(&group, 1, 2110, 1110, 1000);
    maker_approve(&group, 2);
    append_expecting(&group, OK);
    expect_balance(&group, 1110, 0);
    assert_int_equal(group.state.reversals, 1);
    assert_true(group.items[2].marks.reversed);
    assert_int_equal(group.items[2].marks.reversed_index, 1);
    begin_reverse(&group, 1, 2110, 1110, 1000);
    maker_approve(&group, 3);
    append_expecting(&group, E_STATE); /* once */
}

static void test_reverse_needs_another(void **state)
{
    (void)state;
    begin_post(&group, 2);
    maker_line(&group, 1110, 1000);
    maker_line(&group, 2110, -1000);
    maker_approve(&group, 2);
    append_expecting(&group, OK); /* actor 1, approved by 2 */
    begin_reverse(&group, 1, 2110, 1110, 1000);
    append_expecting(&group, E_QUORUM);
    begin_reverse(&group, 1, 2110, 1110, 1000);
    maker_approve(&group, 1);
    maker_approve(&group, 2);
    append_expecting(&group, E_QUORUM);
    begin_reverse(&group, 1, 2110, 1110, 1000);
    maker_approve(&group, 2);
    maker_approve(&group, 3);
    append_expecting(&group, OK);
}

static void test_reverse_refused(void **state)
{
    (void)state;
    assert_int_equal(maker_post(&group, 2, 1110, 2110, 1000), OK);
    assert_int_equal(maker_note(&group, "no post"), OK);
    assert_int_equal(maker_post(&group, 2, 1110, 4190, 10), E_ACCOUNT);
    begin_reverse(&group, 1, 2110, 1110, 999);
    maker_approve(&group, 2);
    append_expecting(&group, E_STATE);
    assert_non_null(strstr(group.err.text, "line 1"));
    begin_reverse(&group, 1, 2110, 1120, 1000);
    maker_approve(&group, 2);
    append_expecting(&group, E_STATE);
    begin_reverse(&group, 1, 2110, 1110, 1000);
    maker_line(&group, 1120, 5);
    maker_line(&group, 1120, -5);
    maker_approve(&group, 2);
    append_expecting(&group, E_STATE);
    begin_reverse(&group, 2, 2110, 1110, 1000);
    maker_approve(&group, 2);
    append_expecting(&group, E_STATE); /* a note */
    begin_reverse(&group, 3, 4190, 1110, 10);
    maker_approve(&group, 2);
    append_expecting(&group, E_STATE); /* invalid: it did nothing */
    begin_reverse(&group, 1, 2110, 1110, 1000);
    group.draft->has_body = true;
    maker_approve(&group, 2);
    append_expecting(&group, E_ENCODING);
    begin_reverse(&group, 1, 2110, 1110, 1000);
    group.draft->refs[0].root.bytes[5] ^= 1;
    maker_approve(&group, 2);
    append_expecting(&group, E_REF);
    begin_reverse(&group, 1, 2110, 1110, 1000);
    group.draft->ref_count = 0;
    maker_approve(&group, 2);
    append_expecting(&group, E_REF);
    assert_int_equal(maker_post(&group, 3, 2110, 1110, 500), OK);
    begin_reverse(&group, 1, 2110, 1110, 1000);
    maker_approve(&group, 2);
    append_expecting(&group, E_NEGATIVE); /* half of it is gone already */
}

/* Both sides of one account: their order turns with their signs. */
static void test_reverse_of_both_sides(void **state)
{
    (void)state;
    begin_post(&group, 46);
    maker_line(&group, 1110, 700);
    maker_line(&group, 1110, -200);
    maker_line(&group, 4190, -500);
    append_expecting(&group, OK);
    maker_begin(&group, KIND_REVERSE);
    maker_cite(&group, 1);
    maker_line(&group, 1110, 200);
    maker_line(&group, 1110, -700);
    maker_line(&group, 4190, 500);
    maker_approve(&group, 3);
    append_expecting(&group, OK);
    expect_balance(&group, 1110, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_post),
        TEST(test_post_refused),
        TEST(test_round),
        TEST(test_opening_reports),
        TEST(test_negative),
        TEST(test_overflow),
        TEST(test_reverse),
        TEST(test_reverse_needs_another),
        TEST(test_reverse_refused),
        TEST(test_reverse_of_both_sides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

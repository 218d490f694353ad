/* Policy files: what is written is taken, anything else is named by its line. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "store/policy.h"

static void every_key_is_read(void **state)
{
    (void)state;
    struct policy policy;
    struct err err;
    policy_default(&policy);
    const char *text = "# decided in January\n\noverdraft = yes\r\nmin_lines=5\n"
                       "member_money = contribution\n  fiscal_month = ๑๐ \ntransit_days = 14\n"
                       "quorum = post 50,000.00 2\nquorum = reverse 0 1";
    assert_int_equal(policy_parse(bytes_of_text(text), 2, &policy, &err), OK);
    assert_true(policy.overdraft);
    assert_int_equal(policy.min_lines, 5);
    assert_int_equal(policy.member_money, MEMBER_MONEY_CONTRIBUTION);
    assert_int_equal(policy.fiscal_month, 10);
    assert_int_equal(policy.transit_days, 14);
    assert_int_equal(policy.quorum_count, 2);
    assert_int_equal(policy.quorums[0].kind, KIND_POST);
    assert_int_equal(amount_satang(policy.quorums[0].from), 5000000);
    assert_int_equal(policy.quorums[0].approvals, 2);
    assert_int_equal(policy.quorums[1].kind, KIND_REVERSE);
    /* A later file changes what it names, and replaces the quorums only when it has some. */
    assert_int_equal(policy_parse(bytes_of_text("min_lines = 1\n"), 2, &policy, &err), OK);
    assert_int_equal(policy.min_lines, 1);
    assert_int_equal(policy.quorum_count, 2);
    assert_int_equal(policy_parse(bytes_of_text("quorum = note 0 1"), 2, &policy, &err), OK);
    assert_int_equal(policy.quorum_count, 1);
}

static void anything_else_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "overdraft = maybe",     "min_lines = 0",    "min_lines = 1001",   "fiscal_month = 13",
        "transit_days = x",      "quorum = post 5",  "quorum = dance 5 1", "quorum = post 5 9",
        "quorum = post -5.00 1", "member_money = 1", "colour = red",       "overdraft",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct policy policy, before;
        struct err err;
        char text[128];
        policy_default(&policy);
        memcpy(&before, &policy, sizeof before);
        (void)snprintf(text, sizeof text, "transit_days = 9\n%s\n", bad[i]);
        assert_int_equal(policy_parse(bytes_of_text(text), 2, &policy, &err), E_USAGE);
        assert_int_equal(strncmp(err.text, "line 2: ", 8), 0);
        assert_memory_equal(&before, &policy, sizeof before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(anything_else_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

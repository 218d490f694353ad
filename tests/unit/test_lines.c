/* Own private lines and members: what the author's node checks, keeps and shows. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "store/number_map.h"
#include "tests/lib/ask.h"

static struct home home;
static struct ask asked;

static int set_up(void **state)
{
    (void)state;
    home_new(&home, 1, GROUP_SAVINGS, NULL);
    assert_int_equal(home_member(&home, MEMBER_JOIN, 1, 60), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ask_end(&asked);
    home_remove(&home);
    return 0;
}

static void expect(enum err_code code, enum err_code expected)
{
    if (code != expected) {
        fail_msg("expected %s, got %s: %s", err_name(expected), err_name(code), asked.err.text);
    }
}

static enum err_code post(const char *event, const char *member, const char *amount)
{
    return ask_of(&asked, &home, "post", "event", event, "member", member, "amount", amount);
}

static int64_t held(uint16_t account, uint32_t member)
{
    struct amount balance = amount_of(0);
    assert_int_equal(store_member_balance(home.store, account, member, &balance), OK);
    return amount_satang(balance);
}

static enum err_code reverse(int64_t entry, uint32_t officer)
{
    ask_begin(&asked);
    ask_number(&asked, "entry", (uint64_t)entry);
    ask_officers(&asked, &home, officer, officer);
    return ask_run(&asked, &home, "reverse");
}

static void members_come_and_go(void **state)
{
    (void)state;
    expect(ask_of(&asked, &home, "member join", "members", "42"), E_MEMBER);
    assert_string_equal(asked.err.text, "member 42 is a member already");
    expect(ask_of(&asked, &home, "member join", "members", "๗๐-๗๒"), OK);
    assert_int_equal(int_of(answer(&asked), "members"), 63);
    expect(ask_of(&asked, &home, "member leave", "members", "71"), OK);
    assert_int_equal(int_of(answer(&asked), "members"), 62);
    expect(ask_of(&asked, &home, "member leave", "members", "71"), E_MEMBER);
    expect(post("deposit", "71", "5"), E_MEMBER);
    assert_non_null(strstr(asked.err.text, "has left"));
    expect(ask_of(&asked, &home, "member join", "members", "71"), OK);
    expect(post("deposit", "71", "5"), OK);
    expect(ask_of(&asked, &home, "member leave", "members", "71"), E_MEMBER);
    assert_string_equal(asked.err.text, "member 71 leaves with 0.00 on every account, and has 5.00 "
                                        "on 2110 (Pledged savings)");
    expect(post("withdraw", "71", "5"), OK);
    expect(ask_of(&asked, &home, "member leave", "members", "71"), OK);
    expect(ask_of(&asked, &home, "member list"), OK);
    assert_int_equal(int_of(answer(&asked), "members"), 62);
    assert_int_equal(int_of(answer(&asked), "listed"), 63);
}

static void those_counted_at_opening_get_numbers_later(void **state)
{
    (void)state;
    expect(ask_of(&asked, &home, "member list", "members", "100-102"), E_MEMBER);
    expect(ask_of(&asked, &home, "member opening", "count", "1388"), OK);
    assert_int_equal(int_of(answer(&asked), "members"), 1448);
    expect(ask_of(&asked, &home, "member list", "members", "101-1480"), OK);
    assert_int_equal(int_of(answer(&asked), "members"), 1448);
    expect(ask_of(&asked, &home, "member list", "members", "2001-2009"), E_MEMBER);
    assert_non_null(strstr(asked.err.text, "9 numbers for 8 members"));
    expect(ask_of(&asked, &home, "member list", "members", "2001-2008"), OK);
    expect(ask_of(&asked, &home, "member join", "members", "x"), E_USAGE);
    expect(ask_of(&asked, &home, "member join", "members", "9-3"), E_USAGE);
    expect(ask_of(&asked, &home, "member join"), E_USAGE);
    expect(ask_of(&asked, &home, "member join", "members", "5000-1200000"), E_LIMIT);
}

static void nobody_falls_below_zero(void **state)
{
    (void)state;
    expect(post("deposit", "42", "1,200.00"), OK);
    expect(post("withdraw", "42", "5,000.00"), E_NEGATIVE);
    assert_string_equal(asked.err.text, "member 42 holds 1,200.00, asked 5,000.00");
    expect(post("repay", "42", "10"), E_NEGATIVE);
    assert_string_equal(asked.err.text, "member 42 owes 0.00, asked 10.00");
    expect(post("withdraw", "42", "1,200.00"), OK);
    assert_int_equal(held(2110, 42), 0);
    expect(post("withdraw", "42", "0.01"), E_NEGATIVE);
}

static void policy_may_allow_it_or_ask_for_more_rows(void **state)
{
    (void)state;
    ask_begin(&asked);
    ask_text(&asked, "policy", "overdraft = yes\nmin_lines = 3 \n# a remark\n");
    ask_officers(&asked, &home, 1, 1);
    expect(ask_run(&asked, &home, "amend"), OK);
    expect(post("deposit", "42", "1"), E_LIMIT);
    assert_non_null(strstr(asked.err.text, "at least 3 members' rows"));
    ask_begin(&asked);
    ask_text(&asked, "name", "day.csv");
    ask_bin(&asked, "content",
            bytes_of_text("date,event,member,amount\n2026-01-05,withdraw,1,5\n"
                          "2026-01-05,withdraw,2,5\n2026-01-05,withdraw,2,5\n"));
    expect(ask_run(&asked, &home, "import"), OK);
    assert_int_equal(held(2110, 2), -1000);
    /* Entries that need no member are not concerned. */
    expect(ask_of(&asked, &home, "post", "event", "other-income", "amount", "5"), OK);
}

static void a_reverse_takes_the_lines_back(void **state)
{
    (void)state;
    expect(post("deposit", "42", "100"), OK);
    int64_t first = int_of(answer(&asked), "entry");
    expect(post("deposit", "42", "50"), OK);
    expect(post("withdraw", "42", "120"), OK);
    int64_t third = int_of(answer(&asked), "entry");
    expect(reverse(first, 2), E_NEGATIVE);
    expect(reverse(third, 2), OK);
    assert_int_equal(held(2110, 42), 15000);
    expect(reverse(first, 2), OK);
    assert_int_equal(held(2110, 42), 5000);
    expect(reverse(999, 2), E_NOT_FOUND);
    expect(reverse(0, 2), E_KIND);

    expect(ask_of(&asked, &home, "lines", "member", "42", "account", "2110"), OK);
    assert_int_equal(count_of(answer(&asked), "lines"), 5);
    static const int64_t balances[] = {10000, 15000, 3000, 15000, 5000};
    for (uint32_t i = 0; i < 5; i++) {
        const msgpack_object *line = item_of(answer(&asked), "lines", i);
        assert_int_equal(int_of(line, "balance"), balances[i]);
        assert_int_equal(flag_of(line, "undone"), i == 0 || i == 2);
    }
}

static void lines_are_filtered_and_paged(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        expect(ask_of(&asked, &home, "post", "event", "deposit", "member", i % 2 ? "7" : "8",
                      "amount", "10", "unit", i < 3 ? "1" : "2", "memo", "pledge"),
               OK);
    }
    expect(ask_of(&asked, &home, "lines"), OK);
    assert_int_equal(count_of(answer(&asked), "lines"), 10);
    assert_true(nil_of(item_of(answer(&asked), "lines", 0), "balance"));
    expect(ask_of(&asked, &home, "lines", "member", "8"), OK);
    assert_int_equal(count_of(answer(&asked), "lines"), 3);
    expect(ask_of(&asked, &home, "lines", "unit", "2", "account", "1110"), OK);
    assert_int_equal(count_of(answer(&asked), "lines"), 2);
    assert_int_equal(int_of(item_of(answer(&asked), "lines", 1), "balance"), 2000);

    expect(ask_of(&asked, &home, "lines", "account", "2110", "limit", "2"), OK);
    assert_true(flag_of(answer(&asked), "more"));
    assert_int_equal(count_of(answer(&asked), "lines"), 2);
    ask_begin(&asked);
    ask_text(&asked, "account", "2110");
    ask_text(&asked, "from", "4");
    expect(ask_run(&asked, &home, "lines"), OK);
    assert_false(flag_of(answer(&asked), "more"));
    assert_int_equal(count_of(answer(&asked), "lines"), 3);
    assert_int_equal(int_of(item_of(answer(&asked), "lines", 0), "balance"), 3000);
    expect(ask_of(&asked, &home, "lines", "account", "9999"), E_ACCOUNT);
}

static void an_operation_is_done_once(void **state)
{
    (void)state;
    expect(ask_of(&asked, &home, "post", "event", "deposit", "member", "1", "amount", "5", "op",
                  "x1"),
           OK);
    int64_t entry = int_of(answer(&asked), "entry");
    expect(ask_of(&asked, &home, "post", "event", "deposit", "member", "1", "amount", "5", "op",
                  "x1"),
           OK);
    assert_true(flag_of(answer(&asked), "already"));
    assert_int_equal(int_of(answer(&asked), "entry"), entry);
    expect(ask_of(&asked, &home, "note", "topic", "t", "op", "x2"), OK);
    expect(ask_of(&asked, &home, "note", "topic", "t", "op", "x2"), OK);
    assert_true(flag_of(answer(&asked), "already"));
    assert_int_equal(held(2110, 1), 500);
}

static void balances_survive_a_restart(void **state)
{
    (void)state;
    expect(post("deposit", "42", "100"), OK);
    home_close(&home);
    assert_int_equal(home_open(&home), OK);
    expect(post("withdraw", "42", "100.01"), E_NEGATIVE);
    expect(post("withdraw", "42", "100"), OK);
    expect(ask_of(&asked, &home, "balance", "member", "42"), OK);
    assert_int_equal(count_of(answer(&asked), "rows"), 0);
    expect(ask_of(&asked, &home, "balance", "member", "77"), E_MEMBER);
}

static void a_number_map_keeps_what_it_was_given(void **state)
{
    (void)state;
    struct number_map map = {NULL, 0, 0};
    int64_t value;
    assert_false(number_map_get(&map, 1, &value));
    for (uint64_t key = 1; key <= 5000; key++) {
        assert_int_equal(number_map_put(&map, key * 0x10000, -(int64_t)key, NULL), OK);
    }
    assert_int_equal(map.used, 5000);
    for (uint64_t key = 1; key <= 5000; key++) {
        assert_true(number_map_get(&map, key * 0x10000, &value));
        assert_int_equal(value, -(int64_t)key);
        assert_false(number_map_get(&map, key * 0x10000 + 1, &value));
    }
    number_map_free(&map);
    assert_false(number_map_get(&map, 0x10000, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(members_come_and_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(those_counted_at_opening_get_numbers_later, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nobody_falls_below_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(policy_may_allow_it_or_ask_for_more_rows, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_reverse_takes_the_lines_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_are_filtered_and_paged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_operation_is_done_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(balances_survive_a_restart, set_up, tear_down),
        cmocka_unit_test(a_number_map_keeps_what_it_was_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

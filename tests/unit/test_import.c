/* Import: a file is one operation, all rows or none; a bad row is named by its line. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

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

static enum err_code import_with(const char *content, const char *flag)
{
    ask_begin(&asked);
    ask_text(&asked, "name", "july.csv");
    ask_bin(&asked, "content", bytes_of_text(content));
    if (flag) {
        ask_flag(&asked, flag);
    }
    return ask_run(&asked, &home, "import");
}

static void expect_imported(const char *content, const char *flag, int64_t entries)
{
    enum err_code code = import_with(content, flag);
    if (code != OK) {
        fail_msg("%s: %s", err_name(code), asked.err.text);
    }
    assert_false(flag_of(answer(&asked), "already"));
    assert_int_equal(int_of(answer(&asked), "entries"), entries);
}

/* Nothing is written, and the message begins with this. */
static void expect_refused(const char *content, enum err_code expected, const char *begins)
{
    uint64_t size = home_size(&home);
    enum err_code code = import_with(content, NULL);
    if (code != expected || strncmp(asked.err.text, begins, strlen(begins)) != 0) {
        fail_msg("expected %s \"%s…\", got %s: %s", err_name(expected), begins, err_name(code),
                 asked.err.text);
    }
    assert_int_equal(home_size(&home), size);
}

static int64_t held(uint16_t account, uint32_t member)
{
    struct amount balance = amount_of(0);
    assert_int_equal(store_member_balance(home.store, account, member, &balance), OK);
    return amount_satang(balance);
}

static const char DAY[] = "date,event,member,amount,memo,op\n"
                          "2026-01-05,deposit,1,100.00,first,a1\n"
                          "2026-01-05,deposit,2,\"1,200.50\",,a2\n"
                          "2026-01-05,withdraw,1,40.00,,a3\n"
                          "2026-01-05,deposit,3,5,,a4\n";

static void runs_of_one_event_become_entries(void **state)
{
    (void)state;
    expect_imported(DAY, NULL, 3);
    assert_int_equal(int_of(answer(&asked), "rows"), 4);
    assert_int_equal(int_of(answer(&asked), "lines"), 8);
    assert_int_equal(int_of(answer(&asked), "entry"), 2);
    assert_int_equal(held(2110, 1), 6000);
    assert_int_equal(held(2110, 2), 120050);
    assert_int_equal(held(2110, 3), 500);
}

static void per_row_gives_an_entry_each(void **state)
{
    (void)state;
    expect_imported(DAY, "per_row", 4);
}

static void a_dry_run_writes_nothing(void **state)
{
    (void)state;
    uint64_t size = home_size(&home);
    expect_imported(DAY, "dry_run", 3);
    assert_true(flag_of(answer(&asked), "dry_run"));
    assert_int_equal(home_size(&home), size);
    assert_int_equal(held(2110, 1), 0);
    expect_imported(DAY, NULL, 3);
}

static void the_same_file_again_changes_nothing(void **state)
{
    (void)state;
    expect_imported(DAY, NULL, 3);
    uint64_t size = home_size(&home);
    assert_int_equal(import_with(DAY, NULL), OK);
    assert_true(flag_of(answer(&asked), "already"));
    assert_int_equal(int_of(answer(&asked), "entry"), 2);
    assert_int_equal(home_size(&home), size);

    static const char no_ids[] = "date,event,member,amount\n2026-01-05,deposit,1,7\n"
                                 "2026-01-05,deposit,1,7\n";
    expect_imported(no_ids, NULL, 1);
    assert_int_equal(import_with(no_ids, NULL), OK);
    assert_true(flag_of(answer(&asked), "already"));
    /* Another file with the same rows is another operation. */
    expect_imported("date,event,member,amount\n2026-01-05,deposit,1,7\n"
                    "2026-01-05,deposit,1,7\n\n",
                    NULL, 1);
}

static void a_single_post_and_a_file_share_their_ids(void **state)
{
    (void)state;
    expect_imported(DAY, NULL, 3);
    assert_int_equal(ask_of(&asked, &home, "post", "event", "deposit", "member", "1", "amount",
                            "100.00", "op", "a1"),
                     OK);
    assert_true(flag_of(answer(&asked), "already"));
}

static void known_and_new_rows_do_not_mix(void **state)
{
    (void)state;
    expect_imported(DAY, NULL, 3);
    expect_refused("date,event,member,amount,memo,op\n2026-01-06,deposit,1,1,,b1\n"
                   "2026-01-06,deposit,1,1,,a3\n",
                   E_DUP, "july.csv:3: E_DUP: op a3 was posted before, in entry 3");
    expect_refused("date,event,member,amount,memo,op\n2026-01-06,deposit,1,1,,b1\n"
                   "2026-01-06,deposit,1,1,,b1\n",
                   E_DUP, "july.csv:3: E_DUP: op b1 stands on line 2");
}

static void bad_rows_are_named(void **state)
{
    (void)state;
    expect_refused("date,event,member,amount,colour\n", E_HEADER,
                   "july.csv:1: E_HEADER: unknown column colour; the columns are date,");
    expect_refused("date,event,date,amount\n", E_HEADER, "july.csv:1: E_HEADER: twice: date");
    expect_refused("date,member,amount\n", E_HEADER, "july.csv:1: E_HEADER: there is no column");
    expect_refused("date,event,member,amount\n", E_HEADER, "july.csv has no rows");
    expect_refused("date,event,member,amount\n2026-13-05,deposit,1,1\n", E_DATE,
                   "july.csv:2: E_DATE: ");
    expect_refused("date,event,member,amount\n2026-01-05,depositt,1,1\n", E_EVENT,
                   "july.csv:2: E_EVENT: event depositt: expected one of the 46");
    expect_refused("date,event,member,amount\n2026-01-05,deposit,1,1\n2026-01-05,deposit,1,-5\n",
                   E_AMOUNT, "july.csv:3: E_AMOUNT: ");
    expect_refused("date,event,member,amount\n2026-01-05,deposit,99,1\n", E_MEMBER,
                   "july.csv:2: E_MEMBER: member 99 is unknown");
    expect_refused("date,event,member,amount\n2026-01-05,deposit,x,1\n", E_MEMBER,
                   "july.csv:2: E_MEMBER: member x: expected a whole number");
    expect_refused("date,event,member,amount\n2026-01-05,deposit,1\n", E_ENCODING,
                   "july.csv:2: E_ENCODING: 3 fields: expected 4");
    expect_refused("date,event,member,amount,account\n2026-01-05,deposit,1,5,1310\n", E_ACCOUNT,
                   "july.csv:2: E_ACCOUNT: account 1310");
    expect_refused("date,event,member,amount\n2026-01-05,deposit,1,\"5\n", E_ENCODING,
                   "july.csv:2: E_ENCODING: ");
}

static void the_row_that_overdraws_is_named(void **state)
{
    (void)state;
    expect_refused("date,event,member,amount\n"
                   "2026-01-05,deposit,42,1200\n"
                   "2026-01-05,deposit,43,9000\n"
                   "2026-01-05,withdraw,43,100\n"
                   "2026-01-05,withdraw,42,5000\n"
                   "2026-01-05,withdraw,43,100\n",
                   E_NEGATIVE, "july.csv:5: E_NEGATIVE: member 42 holds 1,200.00, asked 5,000.00");
}

static void the_row_that_empties_the_cash_box_is_named(void **state)
{
    (void)state;
    expect_refused("date,event,member,amount,pay\n"
                   "2026-01-05,deposit,1,100,\n"
                   "2026-01-05,deposit,2,900,bank\n"
                   "2026-01-06,withdraw,2,60,\n"
                   "2026-01-06,withdraw,1,30,\n"
                   "2026-01-06,withdraw,2,20,\n"
                   "2026-01-06,withdraw,1,10,\n",
                   E_NEGATIVE, "july.csv:6: E_NEGATIVE: ");
}

static void journals_balance_by_date_and_op(void **state)
{
    (void)state;
    expect_imported("date,event,amount,account,op\n"
                    "2026-01-05,journal,500.00,1120,j1\n"
                    "2026-01-05,journal,-500.00,4190,j1\n"
                    "2026-01-05,journal,10,5240,j2\n"
                    "2026-01-05,journal,-4,1120,j2\n"
                    "2026-01-05,journal,-6,1120,j2\n",
                    NULL, 2);
    expect_imported("date,event,amount,account\n"
                    "2026-01-05,journal,1,1120\n"
                    "2026-01-05,journal,-1,4190\n",
                    NULL, 1);
    expect_refused("date,event,amount,account,op\n"
                   "2026-01-05,journal,500.00,1120,k1\n"
                   "2026-01-05,journal,-500.00,4190,k1\n"
                   "2026-01-05,journal,10,5240,k2\n"
                   "2026-01-05,journal,-4.50,1120,k2\n"
                   "2026-01-06,journal,-5.50,1120,k2\n",
                   E_DUP, "july.csv:6: E_DUP: op k2 stands on line 5");
    expect_refused("date,event,amount,account,op\n"
                   "2026-01-05,journal,500.00,1120,l1\n"
                   "2026-01-05,journal,-500.00,4190,l1\n"
                   "2026-01-05,journal,10,5240,l2\n"
                   "2026-01-05,journal,-4.50,1120,l2\n"
                   "2026-01-05,journal,1,1120,l3\n",
                   E_UNBALANCED,
                   "july.csv:4: E_UNBALANCED: the journal entry debits 10.00 and credits 4.50: ");
}

static void a_file_of_another_form_is_told_what_to_become(void **state)
{
    (void)state;
    expect_refused("", E_HEADER, "july.csv:1: E_HEADER: the file is empty");
    expect_refused("\n\n", E_HEADER, "july.csv:1: E_HEADER: the file is empty");
    expect_refused("date;event;amount\n", E_HEADER,
                   "july.csv:1: E_HEADER: the columns are to be separated by commas");
    expect_refused("date,event,amount\n2026-01-05,expense,\n", E_AMOUNT,
                   "july.csv:2: E_AMOUNT: amount is empty");
}

static void thai_digits_and_eras_are_read(void **state)
{
    (void)state;
    expect_imported("\xef\xbb\xbf"
                    "date,event,member,amount\r\n"
                    "๒๕๖๙-๐๑-๐๕,ฝากสัจจะ/ฝากพิเศษ,๔๒,\"๑,๒๐๐.๕๐\"\r\n",
                    NULL, 1);
    assert_int_equal(held(2110, 42), 120050);
}

static void new_members_join_before_their_first_row(void **state)
{
    (void)state;
    static const char file[] = "date,event,member,amount\n"
                               "2026-01-04,deposit,1,10\n"
                               "2026-01-04,deposit,500,10\n"
                               "2026-01-04,deposit,501,10\n"
                               "2026-01-05,deposit,500,10\n"
                               "2026-01-05,deposit,502,10\n";
    expect_refused(file, E_MEMBER, "july.csv:3: E_MEMBER: member 500 is unknown");
    /* join 500, 501 | the first day | join 502 | the second */
    expect_imported(file, "new_members", 4);
    assert_int_equal(int_of(answer(&asked), "members_joined"), 3);
    const struct ledger_state *books;
    assert_int_equal(store_ledger_state(home.store, store_own_group(home.store), &books), OK);
    assert_int_equal(books->members, 63);
    assert_int_equal(books->invalid, 0);
    assert_int_equal(held(2110, 500), 2000);
}

static void rounding_takes_either_sign(void **state)
{
    (void)state;
    expect_imported("date,event,member,amount,account\n"
                    "2026-01-05,deposit,1,100,2120\n"
                    "2026-01-05,rounding,1,-0.10,2120\n"
                    "2026-01-05,rounding,1,0.05,2120\n",
                    NULL, 3);
    assert_int_equal(held(2120, 1), 9995);
}

static void a_long_day_is_one_entry(void **state)
{
    (void)state;
    static char file[64 * 4096];
    int used = snprintf(file, sizeof file, "date,event,member,amount\n");
    for (int i = 0; i < 4000; i++) {
        used += snprintf(file + used, sizeof file - (size_t)used, "2026-01-05,deposit,%d,1\n",
                         1 + i % 60);
    }
    expect_imported(file, NULL, 1);
    assert_int_equal(int_of(answer(&asked), "lines"), 8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_of_one_event_become_entries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(per_row_gives_an_entry_each, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dry_run_writes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_file_again_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_single_post_and_a_file_share_their_ids, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(known_and_new_rows_do_not_mix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_rows_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_row_that_overdraws_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_row_that_empties_the_cash_box_is_named, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(journals_balance_by_date_and_op, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_another_form_is_told_what_to_become, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(thai_digits_and_eras_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(new_members_join_before_their_first_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rounding_takes_either_sign, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_day_is_one_entry, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

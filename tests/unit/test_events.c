/* The events of `post`: numbers and names for good; for each, rows of input with the legs worked
 * out by hand; what is refused and why; and that whatever is derived passes the public check. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "proto/accounts.h"
#include "proto/events.h"
#include "tests/lib/posting_text.h"

static struct entry entry; /* large */

static const char *const golden_names[EVENT_COUNT] = {
    "opening",          "deposit",       "withdraw",      "contribute",
    "donation",         "share-in",      "share-out",     "savings-interest",
    "member-fee",       "disburse",      "repay",         "refinance",
    "discount-release", "home-sale",     "provision",     "write-off",
    "recover",          "purchase",      "sale",          "stock-adjust",
    "rent-in",          "rent-out",      "bond-in",       "bond-out",
    "collect",          "pay",           "benefit",       "grant",
    "restricted",       "grant-release", "grant-return",  "state-capital",
    "payroll-remit",    "wages",         "expense",       "refund",
    "depreciate",       "dispose",       "bank-interest", "borrow",
    "repay-outside",    "dividend-pay",  "other-income",  "rounding",
    "transfer",         "journal",
};
/* y needed, n none, o optional; capital: either way. */
static const char golden_members[] = "oyyynyyyoyyyyyNyynoNonoooo"
                                     "ynnnnnyonnnnnnnynYno";

static void test_numbers_and_names_are_golden(void **state)
{
    (void)state;
    assert_int_equal(strlen(golden_members), EVENT_COUNT);
    for (unsigned i = 0; i < EVENT_COUNT; i++) {
        const struct event_row *row = event_at(i);
        assert_int_equal(row->number, i + 1);
        assert_string_equal(row->name, golden_names[i]);
        char member = "nyo"[row->member];
        assert_int_equal(row->either_way ? member - 'a' + 'A' : member, golden_members[i]);
        assert_ptr_equal(event_find(row->number), row);
        assert_ptr_equal(event_by_name(bytes_of_text(row->name)), row);
        assert_true(bytes_is_utf8(bytes_of_text(row->name_th)) && row->name_th[0] != '\0');
        assert_true(strlen(row->help) > 10 && strchr(row->help, '\n') == NULL);
    }
    assert_null(event_at(EVENT_COUNT));
    assert_null(event_find(0));
    assert_null(event_find(47));
    assert_null(event_find((UINT64_C(1) << 32) + 2));
    assert_null(event_by_name(bytes_of_text("Deposit")));
    assert_null(event_by_name(bytes_of_text("")));
}

/* --- rows of input and their legs --- */

static const struct {
    const char *command;
    const char *legs;
} accepted[] = {
    {"opening --account 2110 --amount 14,328,280.76",
     "Cr 2110 14,328,280.76, Dr 3900 14,328,280.76"},
    {"opening --account 2110 --member 42 --amount 9,600.00",
     "Cr 2110 9,600.00 (member 42), Dr 3900 9,600.00"},
    {"opening --account 1120 --sub 2 --amount 0.01", "Dr 1120 0.01 (sub 2), Cr 3900 0.01"},
    {"opening --account 1590 --amount 80.00 --unit 3",
     "Cr 1590 80.00 (unit 3), Dr 3900 80.00 (unit 3)"},
    {"opening --account 1290 --amount -5.00", "Dr 1290 5.00, Cr 3900 5.00"},
    {"opening --account 3310 --amount 70.00", "Cr 3310 70.00, Dr 3900 70.00"},
    {"opening --account 3310 --amount -70.00", "Dr 3310 70.00, Cr 3900 70.00"},
    {"opening --account 5240 --amount 12.00", "Dr 5240 12.00, Cr 3900 12.00"},
    {"deposit --member 42 --amount 1,200.00", "Dr 1110 1,200.00, Cr 2110 1,200.00 (member 42)"},
    {"deposit --member 42 --amount 50.25 --account 2120 --pay bank --sub 3",
     "Dr 1120 50.25 (sub 3), Cr 2120 50.25 (member 42)"},
    {"withdraw --member 42 --amount 200.00", "Dr 2110 200.00 (member 42), Cr 1110 200.00"},
    {"withdraw --member 1 --amount 200.00 --account 2120 --pay 1120",
     "Dr 2120 200.00 (member 1), Cr 1120 200.00"},
    {"contribute --member 42 --amount 30.00", "Dr 1110 30.00, Cr 4311 30.00 (member 42)"},
    {"donation --amount 5,000.00 --account 4314 --party 9 --fund 7",
     "Dr 1110 5,000.00 (fund 7), Cr 4314 5,000.00 (party 9, fund 7)"},
    {"donation --amount 5,000.00 --account 4312 --party 9 --pay 1360",
     "Dr 1360 5,000.00 (party 9), Cr 4312 5,000.00"},
    {"share-in --member 42 --amount 100.00", "Dr 1110 100.00, Cr 3120 100.00 (member 42)"},
    {"share-out --member 42 --amount 100.00", "Dr 3120 100.00 (member 42), Cr 1110 100.00"},
    {"savings-interest --member 42 --amount 12.34", "Dr 5130 12.34, Cr 2110 12.34 (member 42)"},
    {"savings-interest --member 42 --amount 12.34 --account 2120",
     "Dr 5130 12.34, Cr 2120 12.34 (member 42)"},
    {"member-fee --amount 20.00", "Dr 1110 20.00, Cr 4140 20.00"},
    {"member-fee --member 42 --amount 20.00", "Dr 1110 20.00, Cr 4140 20.00 (member 42)"},
    {"member-fee --member 42 --amount 20.00 --pay 2120",
     "Dr 2120 20.00 (member 42), Cr 4140 20.00"},
    {"member-fee --member 42 --amount 20.00 --pay 1360",
     "Dr 1360 20.00 (member 42), Cr 4140 20.00"},
    {"disburse --member 42 --amount 10,000.00 --sub 7",
     "Dr 1210 10,000.00 (member 42, sub 7), Cr 1110 10,000.00"},
    {"disburse --member 42 --amount 10,000.00 --penalty 100.00 --sub 7 --pay bank",
     "Dr 1210 10,000.00 (member 42, sub 7), Cr 1120 9,900.00, Cr 4140 100.00"},
    {"disburse --member 42 --amount 100.00 --penalty 100.00",
     "Dr 1210 100.00 (member 42), Cr 4140 100.00"},
    {"repay --member 42 --amount 1,000.00", "Dr 1110 1,000.00, Cr 1210 1,000.00 (member 42)"},
    {"repay --member 42 --amount 1,000.00 --interest 100.00 --penalty 20.00 --sub 7 --pay bank",
     "Dr 1120 1,000.00, Cr 4140 20.00, Cr 4110 100.00, Cr 1210 880.00 (member 42, sub 7)"},
    {"repay --member 42 --amount 100.00 --interest 100.00",
     "Dr 1110 100.00, Cr 4110 100.00 (member 42)"},
    {"repay --member 42 --amount 500.00 --account 1230 --pay 2110",
     "Dr 2110 500.00 (member 42), Cr 1230 500.00 (member 42)"},
    {"refinance --member 42 --face 230,000.00 --amount 180,000.00 --sub 76",
     "Dr 1230 230,000.00 (member 42, sub 76), Cr 1110 180,000.00, "
     "Cr 2910 50,000.00 (member 42, sub 76)"},
    {"refinance --member 42 --amount 180,000.00 --pay bank",
     "Dr 1230 180,000.00 (member 42), Cr 1120 180,000.00"},
    {"discount-release --member 42 --amount 217.39 --sub 76",
     "Dr 2910 217.39 (member 42, sub 76), Cr 4110 217.39"},
    {"home-sale --member 42 --amount 300,000.00 --face 250,000.00 --cost 280,000.00 --sub 5",
     "Dr 1220 250,000.00 (member 42, sub 5), Dr 1110 50,000.00, "
     "Cr 1420 280,000.00 (sub 5), Cr 4220 20,000.00"},
    {"home-sale --member 42 --amount 250,000.00 --cost 280,000.00",
     "Dr 1220 250,000.00 (member 42), Dr 5220 30,000.00, Cr 1420 280,000.00"},
    {"home-sale --member 42 --amount 280,000.00 --cost 280,000.00 --face 0.01 --pay bank",
     "Dr 1220 0.01 (member 42), Dr 1120 279,999.99, Cr 1420 280,000.00"},
    {"provision --amount 400.00", "Dr 5410 400.00, Cr 1290 400.00"},
    {"provision --amount -150.00", "Cr 5410 150.00, Dr 1290 150.00"},
    {"write-off --member 42 --amount 5,000.00 --cost 4,000.00 --sub 7",
     "Dr 1290 4,000.00, Dr 5410 1,000.00, Cr 1210 5,000.00 (member 42, sub 7)"},
    {"write-off --member 42 --amount 5,000.00 --account 1220",
     "Dr 5410 5,000.00, Cr 1220 5,000.00 (member 42)"},
    {"write-off --member 42 --amount 5,000.00 --cost 5,000.00",
     "Dr 1290 5,000.00, Cr 1210 5,000.00 (member 42)"},
    {"recover --member 42 --amount 300.00 --sub 7",
     "Dr 1110 300.00, Cr 5410 300.00 (member 42, sub 7)"},
    {"purchase --amount 2,500.00 --unit 2", "Dr 1410 2,500.00 (unit 2), Cr 1110 2,500.00 (unit 2)"},
    {"purchase --amount 90,000.00 --account 1510 --sub 4 --pay 2410 --party 8",
     "Dr 1510 90,000.00 (sub 4), Cr 2410 90,000.00 (party 8)"},
    {"purchase --amount 1.00 --account 1420 --pay bank", "Dr 1420 1.00, Cr 1120 1.00"},
    {"sale --amount 700.00", "Dr 1110 700.00, Cr 4210 700.00"},
    {"sale --amount 700.00 --cost 450.00 --unit 2 --pay 1360 --party 8",
     "Dr 1360 700.00 (party 8, unit 2), Dr 5210 450.00 (unit 2), Cr 4210 700.00 (unit 2), "
     "Cr 1410 450.00 (unit 2)"},
    {"stock-adjust --amount 35.00", "Dr 5210 35.00, Cr 1410 35.00"},
    {"stock-adjust --amount -35.00 --unit 2", "Cr 5210 35.00 (unit 2), Dr 1410 35.00 (unit 2)"},
    {"rent-in --amount 300.00 --sub 40 --member 42",
     "Dr 1110 300.00, Cr 4230 300.00 (member 42, sub 40)"},
    {"rent-in --amount 300.00 --sub 40 --member 42 --pay 1360",
     "Dr 1360 300.00 (member 42), Cr 4230 300.00 (sub 40)"},
    {"rent-out --amount 1,500.00 --sub 6", "Dr 5230 1,500.00 (sub 6), Cr 1110 1,500.00"},
    {"bond-in --amount 600.00 --sub 40 --party 3",
     "Dr 1110 600.00, Cr 2420 600.00 (party 3, sub 40)"},
    {"bond-out --amount 600.00 --member 42 --pay bank",
     "Dr 2420 600.00 (member 42), Cr 1120 600.00"},
    {"collect --amount 5,000.00 --party 9", "Dr 1110 5,000.00, Cr 1360 5,000.00 (party 9)"},
    {"pay --amount 90,000.00 --party 8 --pay bank --sub 1",
     "Dr 2410 90,000.00 (party 8), Cr 1120 90,000.00 (sub 1)"},
    {"benefit --member 42 --amount 500.00 --sub 1",
     "Dr 5320 500.00 (member 42, sub 1), Cr 1110 500.00"},
    {"benefit --member 42 --amount 500.00 --sub 1 --pay bank",
     "Dr 5320 500.00 (member 42, sub 1), Cr 1120 500.00"},
    {"grant --amount 80,000.00 --fund 7 --pay bank",
     "Dr 1120 80,000.00 (fund 7), Cr 3230 80,000.00 (fund 7)"},
    {"restricted --amount 500,000.00 --pay bank", "Dr 1120 500,000.00, Cr 3230 500,000.00"},
    {"restricted --amount 0.01 --fund 59", "Dr 1110 0.01 (fund 59), Cr 3230 0.01 (fund 59)"},
    {"grant-release --amount 12,000.00 --fund 7 --account 4313",
     "Dr 3230 12,000.00 (fund 7), Cr 4313 12,000.00 (fund 7)"},
    {"grant-return --amount 68,000.00 --fund 7 --pay bank",
     "Dr 3230 68,000.00 (fund 7), Cr 1120 68,000.00 (fund 7)"},
    {"state-capital --amount 1,000,000.00 --round 2544 --pay bank",
     "Dr 1120 1,000,000.00, Cr 3110 1,000,000.00"},
    {"state-capital --amount 200,000.00 --round 2552", "Dr 1110 200,000.00, Cr 3110 200,000.00"},
    {"state-capital --amount 600,000.00 --round 2552", "Dr 1110 600,000.00, Cr 3110 600,000.00"},
    {"state-capital --amount 1,000,000.00 --round 2555",
     "Dr 1110 1,000,000.00, Cr 3110 1,000,000.00"},
    {"payroll-remit --member 42 --amount 750.00", "Dr 1120 750.00, Cr 2110 750.00 (member 42)"},
    {"payroll-remit --member 42 --amount 750.00 --account 4311 --pay 1120 --sub 1",
     "Dr 1120 750.00 (sub 1), Cr 4311 750.00 (member 42)"},
    {"payroll-remit --member 42 --amount 750.00 --account 1220 --interest 50.00 --penalty 5.00",
     "Dr 1120 750.00, Cr 4140 5.00, Cr 4110 50.00, Cr 1220 695.00 (member 42)"},
    {"wages --amount 7,500.00 --party 12", "Dr 5240 7,500.00 (party 12), Cr 1110 7,500.00"},
    {"wages --amount 7,000.00 --face 7,500.00 --party 12",
     "Dr 5240 7,500.00, Cr 1110 7,000.00, Cr 2410 500.00 (party 12)"},
    {"expense --amount 350.00 --unit 1 --fund 7",
     "Dr 5240 350.00 (unit 1, fund 7), Cr 1110 350.00 (unit 1, fund 7)"},
    {"expense --amount 350.00 --pay 2410 --party 8", "Dr 5240 350.00, Cr 2410 350.00 (party 8)"},
    {"refund --amount 50.00", "Dr 1110 50.00, Cr 5240 50.00"},
    {"refund --amount 50.00 --pay 2410 --party 8", "Dr 2410 50.00 (party 8), Cr 5240 50.00"},
    {"depreciate --amount 1,000.00 --sub 4", "Dr 5510 1,000.00, Cr 1590 1,000.00 (sub 4)"},
    {"dispose --amount 20,000.00 --cost 90,000.00 --face 60,000.00 --sub 4",
     "Dr 1110 20,000.00, Dr 1590 60,000.00 (sub 4), Dr 5240 10,000.00, "
     "Cr 1510 90,000.00 (sub 4)"},
    {"dispose --amount 45,000.00 --cost 90,000.00 --face 60,000.00 --pay bank",
     "Dr 1120 45,000.00, Dr 1590 60,000.00, Cr 1510 90,000.00, Cr 4190 15,000.00"},
    {"dispose --amount 0.00 --cost 90,000.00", "Dr 5240 90,000.00, Cr 1510 90,000.00"},
    {"dispose --amount 10.00 --cost 10.00", "Dr 1110 10.00, Cr 1510 10.00"},
    {"bank-interest --amount 3.21 --sub 1", "Dr 1120 3.21 (sub 1), Cr 4130 3.21"},
    {"borrow --amount 100,000.00 --pay bank --party 2 --sub 1",
     "Dr 1120 100,000.00, Cr 2210 100,000.00 (party 2, sub 1)"},
    {"repay-outside --amount 10,000.00 --interest 600.00 --party 2",
     "Dr 2210 9,400.00 (party 2), Dr 5120 600.00, Cr 1110 10,000.00"},
    {"dividend-pay --member 42 --amount 64.00", "Dr 2130 64.00 (member 42), Cr 1110 64.00"},
    {"dividend-pay --member 42 --amount 64.00 --pay 2110",
     "Dr 2130 64.00 (member 42), Cr 2110 64.00 (member 42)"},
    {"other-income --amount 15.00", "Dr 1110 15.00, Cr 4190 15.00"},
    {"other-income --amount 15.00 --pay 1360 --party 8", "Dr 1360 15.00 (party 8), Cr 4190 15.00"},
    {"rounding --member 42 --amount 0.10 --account 2120", "Dr 5910 0.10, Cr 2120 0.10 (member 42)"},
    {"rounding --member 42 --amount -0.99", "Cr 5910 0.99, Dr 2110 0.99 (member 42)"},
    {"transfer --amount 4,000.00 --sub 1", "Dr 1120 4,000.00 (sub 1), Cr 1110 4,000.00"},
    {"transfer --amount 4,000.00 --pay bank --sub 1", "Dr 1110 4,000.00, Cr 1120 4,000.00 (sub 1)"},
    {"transfer --amount 4,000.00 --account 1110 --pay bank", "Dr 1110 4,000.00, Cr 1120 4,000.00"},
};
enum { ACCEPTED = sizeof accepted / sizeof accepted[0] };

static void check_accepted(const char *command, const char *expected)
{
    struct posting posting;
    struct body_line legs[POSTING_LEGS_MAX];
    struct err err = {.code = OK};
    char text[LEGS_TEXT_MAX];
    unsigned count = 0;
    posting_parse(command, &posting);
    if (event_derive(&posting, 3, legs, &count, &err) != OK) {
        fail_msg("%s: %s: %s", command, err_name(err.code), err.text);
    }
    assert_string_equal(legs_text(legs, count, text), expected);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(legs[i].line, 3);
    }
    struct post_terms terms;
    event_terms(&posting, &terms);
    entry.post_count = 0;
    entry_add_legs(&entry, legs, count);
    if (event_check(&terms, &entry, &err) != OK) {
        fail_msg("%s: public check: %s: %s", command, err_name(err.code), err.text);
    }
}

static void test_every_event_gives_its_legs(void **state)
{
    (void)state;
    bool seen[EVENT_COUNT + 1] = {false};
    for (unsigned i = 0; i < ACCEPTED; i++) {
        struct posting posting;
        check_accepted(accepted[i].command, accepted[i].legs);
        posting_parse(accepted[i].command, &posting);
        seen[posting.event] = true;
    }
    for (unsigned number = 1; number < EVENT_JOURNAL; number++) {
        assert_true(seen[number]);
    }
}

/* Rows of a journal are single legs, which balance over the entry. */
static void test_journal_rows_are_single_legs(void **state)
{
    (void)state;
    check_accepted("journal --account 5240 --amount 350.00 --unit 4 --memo tent --op tx-17",
                   "Dr 5240 350.00 (unit 4)");
    check_accepted("journal --account 1120 --amount -350.00 --sub 2 --member 1 --party 9",
                   "Cr 1120 350.00 (member 1, party 9, sub 2)");
    for (unsigned row = 0; row < account_count(); row++) {
        struct posting posting = {.event = EVENT_JOURNAL, .amount = amount_of(-5)};
        struct body_line legs[POSTING_LEGS_MAX];
        unsigned count = 0;
        posting.account = account_at(row)->code;
        enum err_code code = event_derive(&posting, 0, legs, &count, NULL);
        assert_int_equal(code, account_is_own(posting.account) ? OK : E_ACCOUNT);
    }
}

static void test_texts_stand_on_the_first_leg(void **state)
{
    (void)state;
    struct posting posting;
    struct body_line legs[POSTING_LEGS_MAX];
    unsigned count = 0;
    posting_parse("repay --member 4 --amount 9.00 --interest 1.00 --memo thanks --op r-1",
                  &posting);
    assert_int_equal(event_derive(&posting, 0, legs, &count, NULL), OK);
    assert_int_equal(count, 3);
    assert_ptr_equal(legs[0].memo.data, posting.memo.data);
    assert_true(bytes_equal(legs[0].operation, bytes_of_text("r-1")));
    for (unsigned i = 1; i < count; i++) {
        assert_int_equal(legs[i].memo.len + legs[i].operation.len, 0);
    }
}

static void test_terms_of_a_row(void **state)
{
    (void)state;
    struct posting posting;
    struct post_terms terms;
    posting_parse("provision --amount -5.00", &posting);
    event_terms(&posting, &terms);
    assert_true(terms.event == 15 && terms.reversed && terms.round == 0 && terms.grant == 0);
    posting_parse("journal --account 1110 --amount -5.00", &posting);
    event_terms(&posting, &terms);
    assert_false(terms.reversed);
    posting_parse("grant-release --fund 7 --account 4313 --amount 5.00", &posting);
    event_terms(&posting, &terms);
    assert_true(terms.grant == 7 && terms.reported_count == 0);
    posting_parse("expense --fund 7 --amount 5.00", &posting);
    event_terms(&posting, &terms);
    assert_int_equal(terms.grant, 0);
    posting_parse("state-capital --round 2555 --amount 1,000,000.00", &posting);
    event_terms(&posting, &terms);
    assert_int_equal(terms.round, 2555);
}

static bool share(const char *first, const char *next, int32_t days_between)
{
    struct posting a, b;
    posting_parse(first, &a);
    posting_parse(next, &b);
    b.date = a.date + days_between;
    return event_share_entry(&a, &b);
}

static void test_which_rows_share_an_entry(void **state)
{
    (void)state;
    const char *deposit = "deposit --member 1 --amount 5.00";
    assert_true(share(deposit, "deposit --member 2 --amount 7.00 --account 2120", 0));
    assert_false(share(deposit, deposit, 1));
    assert_false(share(deposit, "withdraw --member 1 --amount 5.00", 0));
    const char *up = "rounding --member 1 --amount 0.10";
    assert_true(share(up, up, 0));
    assert_false(share(up, "rounding --member 1 --amount -0.10", 0));
    assert_false(share("grant --fund 7 --amount 5.00", "grant --fund 8 --amount 5.00", 0));
    assert_true(share("expense --fund 7 --amount 5.00", "expense --fund 8 --amount 5.00", 0));
    const char *journal = "journal --account 1110 --amount 5.00 --op a";
    assert_true(share(journal, "journal --account 4190 --amount -5.00 --op a", 0));
    assert_false(share(journal, "journal --account 4190 --amount -5.00 --op b", 0));
    const char *capital = "state-capital --round 2555 --amount 1,000,000.00";
    assert_false(share(capital, capital, 0));
    assert_false(share("restricted --amount 5.00", "restricted --amount 5.00", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_and_names_are_golden),
        cmocka_unit_test(test_every_event_gives_its_legs),
        cmocka_unit_test(test_journal_rows_are_single_legs),
        cmocka_unit_test(test_texts_stand_on_the_first_leg),
        cmocka_unit_test(test_terms_of_a_row),
        cmocka_unit_test(test_which_rows_share_an_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The chart of accounts: every code, type and flag, for good; lookups; names. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "proto/accounts.h"
#include "proto/bytes.h"

/* Written down a second time, by hand: code, type, and * between groups, - contra, 0 never below
 * zero, r reports only. A line that has to change here breaks ledgers that exist. */
static const char golden[] =
    "1110A0 1120A0 1130A*0 1190Ar 1210A 1220A 1230A 1290A- 1310A* 1320A* 1330A* 1340A* 1350A* "
    "1360A 1410A0 1415A*0 1420A0 1510A 1590A- "
    "2110L0 2120L0 2130L 2210L 2310L* 2320L* 2330L* 2340L* 2345L* 2350L* 2360L* 2410L 2420L 2910L "
    "3110E 3120E 3210E 3220E 3230E 3240E 3310E 3900E "
    "4110R 4120R* 4130R 4140R 4190R 4210R 4220R 4230R 4250R* 4311R 4312R 4313R 4314R 4315R 4316R* "
    "4910R* "
    "5110X* 5120X 5130X 5210X 5220X 5230X 5240X 5310X* 5320X 5410X 5420X* 5510X 5910X ";

static void test_chart_is_golden(void **state)
{
    (void)state;
    char text[1024] = "";
    size_t len = 0;
    for (unsigned row = 0; row < account_count(); row++) {
        const struct account *account = account_at(row);
        len += (size_t)snprintf(text + len, sizeof text - len, "%u%c%s%s%s%s ",
                                (unsigned)account->code, "ALERX"[account->type],
                                (account->flags & ACCOUNT_INTERGROUP) != 0 ? "*" : "",
                                (account->flags & ACCOUNT_CONTRA) != 0 ? "-" : "",
                                (account->flags & ACCOUNT_NOT_NEGATIVE) != 0 ? "0" : "",
                                (account->flags & ACCOUNT_REPORT_ONLY) != 0 ? "r" : "");
        assert_true(len < sizeof text);
    }
    assert_string_equal(text, golden);
    assert_int_equal(account_count(), 70);
    assert_true(account_count() <= ACCOUNTS_MAX);
    assert_null(account_at(account_count()));
}

static void test_rows_ascend_and_are_found(void **state)
{
    (void)state;
    for (unsigned row = 0; row < account_count(); row++) {
        const struct account *account = account_at(row);
        assert_int_equal(account_row(account->code), row);
        assert_ptr_equal(account_find(account->code), account);
        assert_true(row == 0 || account_at(row - 1)->code < account->code);
        assert_int_equal(account->code / 1000, account->type + 1);
    }
}

static void test_other_codes_are_not_found(void **state)
{
    (void)state;
    unsigned found = 0;
    for (uint64_t code = 0; code < 20000; code++) {
        found += account_find(code) != NULL;
        assert_true((account_find(code) != NULL) == (account_row(code) >= 0));
    }
    assert_int_equal(found, account_count());
    static const uint64_t far[] = {65536 + 1110, UINT32_MAX, (UINT64_C(1) << 32) + 1110,
                                   UINT64_MAX};
    for (unsigned i = 0; i < sizeof far / sizeof far[0]; i++) {
        assert_int_equal(account_row(far[i]), -1);
        assert_false(account_is_own(far[i]));
    }
}

static void test_normal_sides(void **state)
{
    (void)state;
    assert_int_equal(account_normal_sign(account_find(1110)), 1);
    assert_int_equal(account_normal_sign(account_find(1290)), -1);
    assert_int_equal(account_normal_sign(account_find(1590)), -1);
    assert_int_equal(account_normal_sign(account_find(2110)), -1);
    assert_int_equal(account_normal_sign(account_find(3900)), -1);
    assert_int_equal(account_normal_sign(account_find(4110)), -1);
    assert_int_equal(account_normal_sign(account_find(5240)), 1);
}

static void test_own_accounts(void **state)
{
    (void)state;
    unsigned own = 0;
    for (unsigned row = 0; row < account_count(); row++) {
        const struct account *account = account_at(row);
        bool other = (account->flags & (ACCOUNT_INTERGROUP | ACCOUNT_REPORT_ONLY)) != 0;
        assert_int_equal(account_is_own(account->code), !other);
        own += !other;
    }
    assert_int_equal(own, 48);
    assert_false(account_is_own(1190));
    assert_false(account_is_own(1310));
    assert_false(account_is_own(9110));
    assert_true(account_is_own(3900));
}

static void test_names_are_given_and_differ(void **state)
{
    (void)state;
    for (unsigned row = 0; row < account_count(); row++) {
        const struct account *account = account_at(row);
        assert_true(account->name_th[0] != '\0' && account->name_en[0] != '\0');
        assert_true(bytes_is_utf8(bytes_of_text(account->name_th)));
        for (unsigned other = 0; other < row; other++) {
            assert_string_not_equal(account->name_th, account_at(other)->name_th);
            assert_string_not_equal(account->name_en, account_at(other)->name_en);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chart_is_golden),
        cmocka_unit_test(test_normal_sides),
        cmocka_unit_test(test_rows_ascend_and_are_found),
        cmocka_unit_test(test_own_accounts),
        cmocka_unit_test(test_other_codes_are_not_found),
        cmocka_unit_test(test_names_are_given_and_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

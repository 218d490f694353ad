/* Money: checked arithmetic at its edges, reading and printing. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "proto/amount.h"
#include "proto/limits.h"
#include "tests/lib/prng.h"

static void test_arithmetic_edges(void **state)
{
    (void)state;
    struct amount result = amount_of(7);
    assert_true(amount_add(amount_of(INT64_MAX), amount_of(0), &result));
    assert_int_equal(amount_satang(result), INT64_MAX);
    assert_false(amount_add(amount_of(INT64_MAX), amount_of(1), &result));
    assert_false(amount_sub(amount_of(INT64_MIN), amount_of(1), &result));
    assert_false(amount_negate(amount_of(INT64_MIN), &result));
    assert_int_equal(amount_satang(result), INT64_MAX); /* untouched */
    assert_true(amount_negate(amount_of(INT64_MAX), &result));
    assert_int_equal(amount_satang(result), -INT64_MAX);
    assert_true(amount_sub(amount_of(5), amount_of(8), &result));
    assert_int_equal(amount_satang(result), -3);
    assert_int_equal(amount_sign(result), -1);
    assert_int_equal(amount_sign(amount_of(0)), 0);
    assert_true(amount_less(amount_of(-1), amount_of(0)));
    assert_true(amount_equal(amount_of(4), amount_of(4)));
}

static void test_postable(void **state)
{
    (void)state;
    assert_true(amount_is_postable(amount_of(1)));
    assert_true(amount_is_postable(amount_of(-AMOUNT_MAX_SATANG)));
    assert_true(amount_is_postable(amount_of(AMOUNT_MAX_SATANG)));
    assert_false(amount_is_postable(amount_of(0)));
    assert_false(amount_is_postable(amount_of(AMOUNT_MAX_SATANG + 1)));
    assert_false(amount_is_postable(amount_of(-AMOUNT_MAX_SATANG - 1)));
    assert_false(amount_is_postable(amount_of(INT64_MIN)));
}

static void assert_scaled(int64_t a, int64_t numerator, int64_t denominator, int64_t expected)
{
    struct amount result;
    assert_true(amount_scale(amount_of(a), numerator, denominator, &result));
    assert_int_equal(amount_satang(result), expected);
}

static void test_scale_floors(void **state)
{
    (void)state;
    assert_scaled(7, 1, 2, 3);
    assert_scaled(-7, 1, 2, -4);
    assert_scaled(7, -1, 2, -4);
    assert_scaled(-7, -1, 2, 3);
    assert_scaled(-6, 1, 2, -3);
    assert_scaled(0, INT64_MIN, 3, 0);
    assert_scaled(INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX);
    assert_scaled(INT64_MIN, 1, 1, INT64_MIN);
    struct amount result = amount_of(9);
    assert_false(amount_scale(amount_of(INT64_MAX), 2, 1, &result));
    assert_false(amount_scale(amount_of(INT64_MIN), -1, 1, &result));
    assert_false(amount_scale(amount_of(1), 1, 0, &result));
    assert_false(amount_scale(amount_of(1), 1, -1, &result));
    assert_int_equal(amount_satang(result), 9);
}

static struct amount parsed(const char *text, unsigned minor_digits)
{
    struct amount amount = amount_of(INT64_MIN);
    struct err err;
    if (amount_parse(bytes_of_text(text), minor_digits, &amount, &err) != OK) {
        fail_msg("%s: %s", text, err.text);
    }
    return amount;
}

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned minor_digits;
        int64_t expected;
    } cases[] = {
        {"1,234.50", 2, 123450},
        {"1234.5", 2, 123450},
        {"1234", 2, 123400},
        {"-20.00", 2, -2000},
        {"+20", 2, 2000},
        {"0", 2, 0},
        {"-0", 2, 0},
        {"0.05", 2, 5},
        {"-0.05", 2, -5},
        {"007", 2, 700},
        {"1,234,567.89", 2, 123456789},
        {"๑,๒๓๔.๕๐", 2, 123450},
        {"-๐.๐๑", 2, -1},
        {"1234", 0, 1234},
        {"1.2345", 4, 12345},
        {"10,000,000,000,000.00", 2, AMOUNT_MAX_SATANG},
        {"-10000000000000", 2, -AMOUNT_MAX_SATANG},
        {"1000000000000000", 0, AMOUNT_MAX_SATANG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(amount_satang(parsed(cases[i].text, cases[i].minor_digits)),
                         cases[i].expected);
    }
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned minor_digits;
        const char *says;
    } cases[] = {
        {"", 2, "empty"},
        {"--1", 2, "two signs"},
        {"-+1", 2, "two signs"},
        {"1.234", 2, "has 3 decimals, the currency has 2"},
        {"1.0", 0, "has 1 decimals, the currency has 0"},
        {"10,000,000,000,000.01", 2, "more than 10,000,000,000,000.00"},
        {"99999999999999999999999999999999", 2, "more than"},
        {"12,34", 2, "every third place"},
        {"1234,567", 2, "every third place"},
        {"1,23", 2, "every third place"},
        {"1,2345", 2, "every third place"},
        {",123", 2, "every third place"},
        {"1,,234", 2, "every third place"},
        {"1,", 2, "every third place"},
        {".50", 2, "start with a digit"},
        {"-", 2, "start with a digit"},
        {"baht", 2, "start with a digit"},
        {" 1", 2, "start with a digit"},
        {"5.", 2, "is no number"},
        {"5.x", 2, "is no number"},
        {"5 ", 2, "is no number"},
        {"1.2.3", 2, "is no number"},
        {"1e3", 2, "is no number"},
        {"0x10", 2, "is no number"},
        {"1.234,5", 4, "is no number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct amount amount = amount_of(77);
        struct err err;
        assert_int_equal(amount_parse(bytes_of_text(cases[i].text), cases[i].minor_digits, &amount,
                                      &err),
                         E_AMOUNT);
        assert_int_equal(amount_satang(amount), 77);
        if (strstr(err.text, cases[i].says) == NULL) {
            fail_msg("\"%s\" gives: %s", cases[i].text, err.text);
        }
    }
}

static void test_format(void **state)
{
    (void)state;
    char out[AMOUNT_TEXT_MAX];
    assert_string_equal(amount_format(amount_of(123450), 2, out), "1,234.50");
    assert_string_equal(amount_format(amount_of(-5), 2, out), "-0.05");
    assert_string_equal(amount_format(amount_of(0), 2, out), "0.00");
    assert_string_equal(amount_format(amount_of(100000), 2, out), "1,000.00");
    assert_string_equal(amount_format(amount_of(99999), 2, out), "999.99");
    assert_string_equal(amount_format(amount_of(1234), 0, out), "1,234");
    assert_string_equal(amount_format(amount_of(12345), 4, out), "1.2345");
    assert_string_equal(amount_format(amount_of(INT64_MIN), 2, out), "-92,233,720,368,547,758.08");
    assert_string_equal(amount_format(amount_of(INT64_MAX), 0, out), "9,223,372,036,854,775,807");
    assert_string_equal(amount_format_plain(amount_of(123450), 2, out), "1234.50");
    assert_string_equal(amount_format_plain(amount_of(-123456789), 2, out), "-1234567.89");
}

static void test_print_and_read_again(void **state)
{
    (void)state;
    struct prng prng;
    prng_init(&prng, 1);
    for (unsigned i = 0; i < 20000; i++) {
        int64_t satang = (int64_t)(prng_any_size(&prng) % (uint64_t)AMOUNT_MAX_SATANG);
        struct amount amount = amount_of(prng_below(&prng, 2) == 0 ? satang : -satang);
        unsigned minor_digits = (unsigned)prng_below(&prng, 5);
        char out[AMOUNT_TEXT_MAX];
        assert_true(
            amount_equal(parsed(amount_format(amount, minor_digits, out), minor_digits), amount));
        assert_true(
            amount_equal(parsed(amount_format_plain(amount, minor_digits, out), minor_digits),
                         amount));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arithmetic_edges),     cmocka_unit_test(test_postable),
        cmocka_unit_test(test_scale_floors),         cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refuses),        cmocka_unit_test(test_format),
        cmocka_unit_test(test_print_and_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Civil dates: every day of three centuries, both eras, both digits, both languages. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "proto/date.h"
#include "proto/limits.h"

static int32_t civil(int year, int month, int day)
{
    int32_t days = INT32_MIN;
    assert_true(date_from_civil(year, month, day, &days));
    return days;
}

static void test_known_days(void **state)
{
    (void)state;
    assert_int_equal(civil(1970, 1, 1), 0);
    assert_int_equal(civil(1969, 12, 31), -1);
    assert_int_equal(civil(2000, 3, 1), 11017);
    assert_int_equal(civil(2026, 11, 22), 20779);
    assert_int_equal(civil(0, 3, 1), -719468);
    assert_int_equal(civil(-1, 12, 31), civil(0, 1, 1) - 1);
    int32_t days = 5;
    assert_false(date_from_civil(2025, 2, 29, &days));
    assert_false(date_from_civil(1900, 2, 29, &days));
    assert_true(date_from_civil(2000, 2, 29, &days));
    days = 5;
    assert_false(date_from_civil(2026, 4, 31, &days));
    assert_false(date_from_civil(2026, 0, 1, &days));
    assert_false(date_from_civil(2026, 13, 1, &days));
    assert_false(date_from_civil(2026, 1, 0, &days));
    assert_false(date_from_civil(2026, 1, -1, &days));
    assert_false(date_from_civil(6000000, 1, 1, &days));
    assert_int_equal(days, 5);
}

static int32_t parsed(const char *text)
{
    int32_t days = INT32_MIN;
    struct err err;
    if (date_parse(bytes_of_text(text), &days, &err) != OK) {
        fail_msg("%s: %s", text, err.text);
    }
    return days;
}

/* Counted by a plain walk through the calendar, which knows months and leap years only. */
static void test_all_days_1900_to_2200(void **state)
{
    (void)state;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t expected = civil(1900, 1, 1);
    assert_int_equal(expected, -25567);
    for (int year = 1900; year <= 2200; year++) {
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        for (int month = 1; month <= 12; month++) {
            int length = lengths[month - 1] + (month == 2 && leap);
            for (int day = 1; day <= length; day++, expected++) {
                int y;
                int m;
                int d;
                char text[DATE_TEXT_MAX];
                assert_int_equal(civil(year, month, day), expected);
                date_to_civil(expected, &y, &m, &d);
                assert_true(y == year && m == month && d == day);
                assert_int_equal(parsed(date_format_iso(expected, text)), expected);
                (void)snprintf(text, sizeof text, "%d/%d/%d", day, month, year + 543);
                assert_int_equal(parsed(text), expected);
            }
        }
    }
    assert_int_equal(expected, 84371); /* 2201-01-01 */
}

static void test_whole_range(void **state)
{
    (void)state;
    static const int32_t days[] = {INT32_MIN, INT32_MIN + 1, -719469, -719468, 0, INT32_MAX};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        int year;
        int month;
        int day;
        int32_t again;
        date_to_civil(days[i], &year, &month, &day);
        assert_in_range(month, 1, 12);
        assert_in_range(day, 1, 31);
        if (year >= -5000000 && year <= 5000000) {
            assert_true(date_from_civil(year, month, day, &again));
            assert_int_equal(again, days[i]);
        }
    }
}

static void test_parse(void **state)
{
    (void)state;
    int32_t day = civil(2026, 11, 22);
    static const char *const forms[] = {"2026-11-22", "22/11/2026", "22.11.2026", "2569-11-22",
                                        "22/11/2569", "22.11.2569", "๒๒/๑๑/๒๕๖๙", "๒๕๖๙-๑๑-๒๒"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        assert_int_equal(parsed(forms[i]), day);
    }
    assert_int_equal(parsed("1/2/2569"), civil(2026, 2, 1));
    assert_int_equal(parsed("01/02/2569"), civil(2026, 2, 1));
    assert_int_equal(parsed("31/12/2399"), civil(2399, 12, 31)); /* the last CE year */
    assert_int_equal(parsed("1/1/2400"), civil(1857, 1, 1));     /* the first BE year */
    /* 2567 BE = 2024 CE is a leap year; 2568 is divisible by 4 and is none. */
    assert_int_equal(parsed("29/2/2567"), civil(2024, 2, 29));
    int32_t days = 5;
    assert_int_equal(date_parse(bytes_of_text("29/2/2568"), &days, NULL), E_DATE);
    assert_int_equal(days, 5);
}

static void test_parse_refuses(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "",           "2026",        "2026-11",     "2026-1-2",    "26-11-22",
        "2026/11/22", "22-11-2026",  "22/11/26",    "22/11.2026",  "22.11/2026",
        "222/1/2026", "22/11/02026", "2026-11-22 ", " 2026-11-22", "2026-11-22x",
        "0/11/2026",  "32/1/2026",   "1/13/2026",   "1/0/2026",    "31/4/2569",
        "-1/1/2026",  "2026-00-10",  "yesterday",   "๒๒/๑๑/๒๕๖",
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        int32_t days = 5;
        struct err err;
        if (date_parse(bytes_of_text(forms[i]), &days, &err) != E_DATE) {
            fail_msg("accepted: \"%s\"", forms[i]);
        }
        assert_int_equal(days, 5);
        assert_true(strlen(err.text) > 20);
    }
}

static void test_format(void **state)
{
    (void)state;
    char out[DATE_TEXT_MAX];
    int32_t day = civil(2026, 11, 22);
    assert_string_equal(date_format_iso(day, out), "2026-11-22");
    assert_string_equal(date_format(day, LANGUAGE_EN, out), "2026-11-22");
    assert_string_equal(date_format(day, LANGUAGE_TH, out), "22 พ.ย. 2569");
    assert_string_equal(date_format(civil(2027, 1, 3), LANGUAGE_TH, out), "3 ม.ค. 2570");
}

static void test_time(void **state)
{
    (void)state;
    char out[TIME_TEXT_MAX];
    assert_string_equal(time_format_iso(0, out), "1970-01-01T07:00:00+07:00");
    uint64_t midnight = UINT64_C(20779) * 86400000 - 25200000; /* 2026-11-22 00:00 in Thailand */
    assert_int_equal(date_of_time(midnight), 20779);
    assert_int_equal(date_of_time(midnight - 1), 20778);
    assert_string_equal(time_format_iso(midnight + 34215999, out), "2026-11-22T09:30:15+07:00");
    assert_int_equal(date_of_time(UINT64_MAX), date_of_time(TIME_MAX_MS));
    assert_string_equal(time_format_iso(UINT64_MAX, out), "287396-10-12T15:59:00+07:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_days),    cmocka_unit_test(test_all_days_1900_to_2200),
        cmocka_unit_test(test_whole_range),   cmocka_unit_test(test_parse),
        cmocka_unit_test(test_parse_refuses), cmocka_unit_test(test_format),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

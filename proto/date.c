/* Civil dates in Thai time: conversion, reading what people type, printing. */
#include "proto/date.h"

#include <stdbool.h>
#include <stdio.h>

#include "proto/limits.h"

enum {
    BUDDHIST_ERA_YEARS = 543,
    BUDDHIST_ERA_FROM = 2400, /* a typed year from here on is Buddhist era */
    YEAR_MAX = 5000000,       /* keeps the day count inside int32 */
    DATE_INPUT_MAX = 32,
    DAYS_400_YEARS = 146097,
    DAYS_TO_MARCH_0000 = 719468 /* from 0000-03-01 to 1970-01-01 */
};

#define DAY_MS UINT64_C(86400000)
#define THAI_OFFSET_MS UINT64_C(25200000) /* UTC+7 */

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Both conversions count years from 1 March, so that the leap day is the last one, and whole
 * periods of 400 years, which always have the same number of days. */
bool date_from_civil(int year, int month, int day, int32_t *days)
{
    if (year < -YEAR_MAX || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month)) {
        return false;
    }
    int march_year = month <= 2 ? year - 1 : year;
    int period = (march_year >= 0 ? march_year : march_year - 399) / 400;
    int year_of_period = march_year - period * 400;
    int march_month = month > 2 ? month - 3 : month + 9;
    int day_of_year = (153 * march_month + 2) / 5 + day - 1;
    int day_of_period = year_of_period * 365 + year_of_period / 4 - year_of_period / 100;
    *days = period * DAYS_400_YEARS + day_of_period + day_of_year - DAYS_TO_MARCH_0000;
    return true;
}

void date_to_civil(int32_t days, int *year, int *month, int *day)
{
    int64_t shifted = (int64_t)days + DAYS_TO_MARCH_0000;
    int64_t period = (shifted >= 0 ? shifted : shifted - (DAYS_400_YEARS - 1)) / DAYS_400_YEARS;
    int rest = (int)(shifted - period * DAYS_400_YEARS);
    int year_of_period = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
    int day_of_year = rest - (365 * year_of_period + year_of_period / 4 - year_of_period / 100);
    int march_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * march_month + 2) / 5 + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = (int)(period * 400) + year_of_period + (*month <= 2);
}

/* --- reading --- */

struct typed_date {
    int year;
    int month;
    int day;
};

/* `least` to `most` digits; how many there were, 0 when not that many. */
static unsigned read_number(const char **text, unsigned least, unsigned most, int *value)
{
    unsigned digits = 0;
    int number = 0;
    const char *at = *text;
    while (*at >= '0' && *at <= '9' && digits < most) {
        number = number * 10 + (*at - '0');
        digits++;
        at++;
    }
    if (digits < least) {
        return 0;
    }
    *text = at;
    *value = number;
    return digits;
}

static bool read_char(const char **text, char wanted)
{
    if (**text != wanted) {
        return false;
    }
    (*text)++;
    return true;
}

static bool read_year_first(const char *text, struct typed_date *date)
{
    return read_number(&text, 4, 4, &date->year) > 0 && read_char(&text, '-') &&
           read_number(&text, 2, 2, &date->month) > 0 && read_char(&text, '-') &&
           read_number(&text, 2, 2, &date->day) > 0 && *text == '\0';
}

static bool read_day_first(const char *text, char separator, struct typed_date *date)
{
    return read_number(&text, 1, 2, &date->day) > 0 && read_char(&text, separator) &&
           read_number(&text, 1, 2, &date->month) > 0 && read_char(&text, separator) &&
           read_number(&text, 4, 4, &date->year) > 0 && *text == '\0';
}

enum err_code date_parse(struct bytes text, int32_t *days, struct err *err)
{
    char buffer[DATE_INPUT_MAX];
    char quote[QUOTE_MAX];
    struct typed_date date = {0, 0, 0};
    if (text.len == 0) {
        return err_set(err, E_DATE, "date is empty: write it as 2026-11-22 or 22/11/2569");
    }
    if (!bytes_fold_digits(text, buffer, sizeof buffer) ||
        !(read_year_first(buffer, &date) || read_day_first(buffer, '/', &date) ||
          read_day_first(buffer, '.', &date))) {
        return err_set(err, E_DATE,
                       "date \"%s\": expected YYYY-MM-DD, D/M/YYYY or D.M.YYYY with a year of four "
                       "digits (CE, or BE from 2400), as 2026-11-22 or 22/11/2569",
                       bytes_quote(text, quote));
    }
    int year = date.year >= BUDDHIST_ERA_FROM ? date.year - BUDDHIST_ERA_YEARS : date.year;
    if (!date_from_civil(year, date.month, date.day, days)) {
        return err_set(err, E_DATE, "date \"%s\": there is no day %d of month %d in the year %d CE",
                       bytes_quote(text, quote), date.day, date.month, year);
    }
    return OK;
}

/* --- printing --- */

const char *date_format_iso(int32_t days, char out[DATE_TEXT_MAX])
{
    int year;
    int month;
    int day;
    date_to_civil(days, &year, &month, &day);
    (void)snprintf(out, DATE_TEXT_MAX, "%04d-%02d-%02d", year, month, day);
    return out;
}

const char *date_format(int32_t days, enum language language, char out[DATE_TEXT_MAX])
{
    static const char *const thai_months[] = {"ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.",
                                              "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.",  "พ.ย.", "ธ.ค."};
    if (language == LANGUAGE_EN) {
        return date_format_iso(days, out);
    }
    int year;
    int month;
    int day;
    date_to_civil(days, &year, &month, &day);
    (void)snprintf(out, DATE_TEXT_MAX, "%d %s %d", day, thai_months[month - 1],
                   year + BUDDHIST_ERA_YEARS);
    return out;
}

/* Thai time in ms; beyond what an entry can hold it stays at that bound. */
static uint64_t thai_ms(uint64_t time_ms)
{
    return (time_ms > TIME_MAX_MS ? TIME_MAX_MS : time_ms) + THAI_OFFSET_MS;
}

int32_t date_of_time(uint64_t time_ms)
{
    return (int32_t)(thai_ms(time_ms) / DAY_MS);
}

const char *time_format_iso(uint64_t time_ms, char out[TIME_TEXT_MAX])
{
    int year;
    int month;
    int day;
    date_to_civil(date_of_time(time_ms), &year, &month, &day);
    unsigned second = (unsigned)(thai_ms(time_ms) % DAY_MS / 1000);
    (void)snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02dT%02u:%02u:%02u+07:00", year, month, day,
                   second / 3600, second / 60 % 60, second % 60);
    return out;
}

/* Money as people write it, and the one product that bookkeeping needs. */
#include "proto/amount.h"

#include <stdio.h>
#include <string.h>

#include "proto/limits.h"

__extension__ typedef __int128 int128;

bool amount_scale(struct amount a, int64_t numerator, int64_t denominator, struct amount *result)
{
    if (denominator <= 0) {
        return false;
    }
    int128 product = (int128)a.satang * numerator;
    int128 quotient = product / denominator;
    if (product % denominator < 0) {
        quotient--; /* C truncates towards zero; money is floored */
    }
    if (quotient > INT64_MAX || quotient < INT64_MIN) {
        return false;
    }
    result->satang = (int64_t)quotient;
    return true;
}

bool amount_is_postable(struct amount a)
{
    return a.satang != 0 && a.satang >= -AMOUNT_MAX_SATANG && a.satang <= AMOUNT_MAX_SATANG;
}

/* --- reading --- */

enum { AMOUNT_INPUT_MAX = 64 /* more than any amount needs, with separators */ };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* value * 10 + digit, stopping just above the cap: a longer number stays "too much". */
static int64_t push_digit(int64_t value, char digit)
{
    return value > AMOUNT_MAX_SATANG ? value : value * 10 + (digit - '0');
}

/* The whole part with its separators. Returns where it ends; NULL when a separator stands where
 * none may, or no digit is there. */
static const char *read_whole(const char *text, int64_t *value)
{
    size_t group = 0; /* digits since the last separator, or since the start */
    bool separated = false;
    for (; is_digit(*text) || *text == ','; text++) {
        if (*text != ',') {
            *value = push_digit(*value, *text);
            group++;
            continue;
        }
        if (group == 0 || group > 3 || (separated && group != 3)) {
            return NULL;
        }
        separated = true;
        group = 0;
    }
    return group == 0 || (separated && group != 3) ? NULL : text;
}

/* ".5" and so on, to `minor_digits` places. Returns how many digits were written, which may be
 * more than that; *text moves behind them. */
static unsigned read_decimals(const char **text, unsigned minor_digits, int64_t *value)
{
    unsigned digits = 0;
    if (**text == '.') {
        for ((*text)++; is_digit(**text); (*text)++) {
            digits++;
            if (digits <= minor_digits) {
                *value = push_digit(*value, **text);
            }
        }
    }
    for (unsigned i = digits; i < minor_digits; i++) {
        *value = push_digit(*value, '0');
    }
    return digits;
}

static enum err_code refuse(struct err *err, struct bytes text, const char *expected)
{
    char quote[QUOTE_MAX];
    return err_set(err, E_AMOUNT, "amount \"%s\": %s", bytes_quote(text, quote), expected);
}

enum err_code amount_parse(struct bytes text, unsigned minor_digits, struct amount *amount,
                           struct err *err)
{
    char buffer[AMOUNT_INPUT_MAX];
    if (text.len == 0) {
        return err_set(err, E_AMOUNT, "amount is empty: write it as 1,234.50 or 1234.50");
    }
    if (!bytes_fold_digits(text, buffer, sizeof buffer)) {
        return refuse(err, text, "is no number: write it as 1,234.50 or 1234.50");
    }
    const char *at = buffer;
    bool negative = *at == '-';
    at += negative || *at == '+';
    if (*at == '-' || *at == '+') {
        return refuse(err, text, "has two signs: write at most one - or +");
    }
    int64_t value = 0;
    const char *after = read_whole(at, &value);
    if (after == NULL) {
        return refuse(err, text,
                      "must start with a digit and have commas, if any, at every third place, as "
                      "1,234,567.50");
    }
    const char *point = after;
    unsigned digits = read_decimals(&after, minor_digits, &value);
    if (*after != '\0' || (*point == '.' && digits == 0)) {
        return refuse(err, text, "is no number: write it as 1,234.50 or 1234.50");
    }
    if (digits > minor_digits) {
        char quote[QUOTE_MAX];
        return err_set(err, E_AMOUNT,
                       "amount \"%s\": has %u decimals, the currency has %u: round it first",
                       bytes_quote(text, quote), digits, minor_digits);
    }
    if (value > AMOUNT_MAX_SATANG) {
        char limit[AMOUNT_TEXT_MAX];
        char quote[QUOTE_MAX];
        return err_set(err, E_AMOUNT, "amount \"%s\": more than %s, the most one posting may carry",
                       bytes_quote(text, quote),
                       amount_format(amount_of(AMOUNT_MAX_SATANG), minor_digits, limit));
    }
    amount->satang = negative ? -value : value;
    return OK;
}

/* --- printing --- */

enum separators { SEPARATORS_NONE, SEPARATORS_THOUSANDS };

/* Written from the right: at most 20 digits, 6 commas, a point, a sign, the terminator. */
static const char *format(struct amount a, unsigned minor_digits, enum separators separators,
                          char out[AMOUNT_TEXT_MAX])
{
    char text[AMOUNT_TEXT_MAX];
    size_t start = sizeof text;
    uint64_t rest = a.satang < 0 ? (uint64_t) - (a.satang + 1) + 1 : (uint64_t)a.satang;
    if (minor_digits > MINOR_DIGITS_MAX) {
        minor_digits = MINOR_DIGITS_MAX;
    }
    text[--start] = '\0';
    for (unsigned i = 0; i < minor_digits; i++) {
        text[--start] = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (minor_digits > 0) {
        text[--start] = '.';
    }
    unsigned digits = 0;
    do {
        if (separators == SEPARATORS_THOUSANDS && digits > 0 && digits % 3 == 0) {
            text[--start] = ',';
        }
        text[--start] = (char)('0' + rest % 10);
        rest /= 10;
        digits++;
    } while (rest > 0);
    if (a.satang < 0) {
        text[--start] = '-';
    }
    memcpy(out, text + start, sizeof text - start);
    return out;
}

const char *amount_format(struct amount a, unsigned minor_digits, char out[AMOUNT_TEXT_MAX])
{
    return format(a, minor_digits, SEPARATORS_THOUSANDS, out);
}

const char *amount_format_plain(struct amount a, unsigned minor_digits, char out[AMOUNT_TEXT_MAX])
{
    return format(a, minor_digits, SEPARATORS_NONE, out);
}

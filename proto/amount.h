/* Money: whole satang (or the currency's minor unit) in a checked type.
 *
 * The struct keeps money from mixing with counts; every operation that can overflow says so and
 * its result must be used. Raw access to `.satang` is for codecs and amount.c only (a lint rule
 * checks it). Products go through 128 bits. There is no floating point anywhere. */
#ifndef SATCHA_PROTO_AMOUNT_H
#define SATCHA_PROTO_AMOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"

struct amount {
    int64_t satang; /* debit > 0, credit < 0 in postings */
};

static inline struct amount amount_of(int64_t satang)
{
    struct amount result = {satang};
    return result;
}
static inline int64_t amount_satang(struct amount a) /* for codecs and printing */
{
    return a.satang;
}
static inline int amount_sign(struct amount a) /* -1, 0, 1 */
{
    return (a.satang > 0) - (a.satang < 0);
}
static inline bool amount_equal(struct amount a, struct amount b)
{
    return a.satang == b.satang;
}
static inline bool amount_less(struct amount a, struct amount b)
{
    return a.satang < b.satang;
}

/* true when it fits, and then *sum is set; *sum is untouched otherwise. sum may be &a or &b. */
static inline bool MUST_USE amount_add(struct amount a, struct amount b, struct amount *sum)
{
    int64_t result;
    if (__builtin_add_overflow(a.satang, b.satang, &result)) {
        return false;
    }
    sum->satang = result;
    return true;
}
static inline bool MUST_USE amount_sub(struct amount a, struct amount b, struct amount *difference)
{
    int64_t result;
    if (__builtin_sub_overflow(a.satang, b.satang, &result)) {
        return false;
    }
    difference->satang = result;
    return true;
}
static inline bool MUST_USE amount_negate(struct amount a, struct amount *negated)
{
    return amount_sub(amount_of(0), a, negated);
}

/* floor(a * numerator / denominator) towards negative infinity, through 128 bits.
 * false: denominator <= 0 or the result does not fit. */
bool MUST_USE amount_scale(struct amount a, int64_t numerator, int64_t denominator,
                           struct amount *result);

/* |a| in 1 .. 10^15 satang: what one posting may carry. */
bool amount_is_postable(struct amount a);

/* Reads "1,234.50", "1234.5", "1234", "-20.00", Thai digits too. `minor_digits` is the currency's
 * (2 for THB, 0 to 4). Thousands separators, when used, must stand at every third place.
 * Errors: E_AMOUNT with what was expected: empty, two signs, more decimals than the currency has,
 * more than 10^15. */
enum err_code MUST_USE amount_parse(struct bytes text, unsigned minor_digits, struct amount *amount,
                                    struct err *err);

/* "1,234.50", "-0.05". `out` takes AMOUNT_TEXT_MAX bytes; returns out. */
enum { AMOUNT_TEXT_MAX = 40 };
const char *amount_format(struct amount a, unsigned minor_digits, char out[AMOUNT_TEXT_MAX]);
/* The same without thousands separators ("1234.50"), for CSV and exports. */
const char *amount_format_plain(struct amount a, unsigned minor_digits, char out[AMOUNT_TEXT_MAX]);

#endif

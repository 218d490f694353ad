/* Civil dates of the business, in Thai time (UTC+7, no daylight saving), as days since
 * 1970-01-01 (int32). No locale functions, no time zone data base: the rule is one constant.
 *
 * A year of 2400 or more that a person types is Buddhist era (-543); 29 February is checked after
 * conversion; Thai digits are read. */
#ifndef SATCHA_PROTO_DATE_H
#define SATCHA_PROTO_DATE_H

#include <stdint.h>

#include "proto/bytes.h"
#include "proto/err.h"

enum { DATE_TEXT_MAX = 48, TIME_TEXT_MAX = 32 };

enum language { LANGUAGE_EN, LANGUAGE_TH };

/* Proleptic Gregorian. year is CE. false when there is no such day. */
bool date_from_civil(int year, int month, int day, int32_t *days);
void date_to_civil(int32_t days, int *year, int *month, int *day);

/* Reads YYYY-MM-DD, D/M/YYYY or D.M.YYYY, CE or BE, ASCII or Thai digits.
 * Errors: E_DATE saying what was expected. */
enum err_code MUST_USE date_parse(struct bytes text, int32_t *days, struct err *err);

/* ISO 8601 "2026-11-22" (CE). */
const char *date_format_iso(int32_t days, char out[DATE_TEXT_MAX]);
/* English "2026-11-22"; Thai "22 พ.ย. 2569" (Buddhist era). */
const char *date_format(int32_t days, enum language language, char out[DATE_TEXT_MAX]);

/* The civil date in UTC+7 of a time in ms since 1970-01-01 UTC. */
int32_t date_of_time(uint64_t time_ms);
/* "2026-11-22T09:30:15+07:00" */
const char *time_format_iso(uint64_t time_ms, char out[TIME_TEXT_MAX]);

#endif

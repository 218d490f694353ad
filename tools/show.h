/* Showing things to a person: tables whose columns stand straight with Thai text in them, money,
 * dates and short ids. */
#ifndef SATCHA_TOOLS_SHOW_H
#define SATCHA_TOOLS_SHOW_H

#include <msgpack.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/amount.h"
#include "proto/date.h"
#include "proto/id.h"

/* A table is filled cell by cell and printed at the end, when the widths are known. A heading that
 * starts with '>' makes the column right-aligned. */
struct show_table;
struct show_table *show_table_new(unsigned columns, const char *const *headings);
void show_cell(struct show_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void show_cell_amount(struct show_table *table, int64_t satang, unsigned minor_digits);
/* Two cells: a debit (> 0) in the first, a credit without its sign in the second. */
void show_cells_debit_credit(struct show_table *table, int64_t satang, unsigned minor_digits);
/* Prints and frees. On a terminal the last column is wrapped at its width. */
void show_table_print(struct show_table *table, FILE *out);

/* --- reading results: a missing key gives nil, 0 or "" --- */
const msgpack_object *field(const msgpack_object *map, const char *key); /* NULL: absent or nil */
uint64_t field_uint(const msgpack_object *map, const char *key);
int64_t field_int(const msgpack_object *map, const char *key);
bool field_flag(const msgpack_object *map, const char *key);
/* A copy of the text (or "" ) in one of a few rotating buffers, safe for one printf. */
const char *field_text(const msgpack_object *map, const char *key);
const char *field_hex(const msgpack_object *map, const char *key);   /* the whole bin */
const char *field_short(const msgpack_object *map, const char *key); /* its first 8 digits */
const char *field_date(const msgpack_object *map, const char *key, enum language language);
/* "name", or "name_en" where that is the person's language and there is one. */
const char *show_name(enum language language, const msgpack_object *row);
const char *show_account(enum language language, uint64_t code);  /* "?" where there is none */
uint32_t field_count(const msgpack_object *map, const char *key); /* of an array */
const msgpack_object *field_item(const msgpack_object *map, const char *key, uint32_t index);

#endif

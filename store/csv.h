/* RFC 4180, read strictly: commas, CRLF or LF, fields in double quotes with the quote doubled, line
 * breaks inside quotes, the last line with or without its end. A byte order mark is skipped, empty
 * lines too. Text is UTF-8. */
#ifndef SATCHA_STORE_CSV_H
#define SATCHA_STORE_CSV_H

#include "proto/bytes.h"
#include "proto/err.h"

enum { CSV_FIELDS_MAX = 32 };

struct csv {
    struct bytes rest;
    uint32_t line;     /* of what comes next, from 1 */
    uint32_t row_line; /* where the record that was read last begins */
    uint8_t *unquoted; /* fields that were written in quotes, without them */
    size_t used;
};

/* `content` must outlive the reader and every field: fields are views of it, or of memory that
 * csv_close frees. E_MEMORY. */
enum err_code MUST_USE csv_open(struct csv *csv, struct bytes content, struct err *err);
void csv_close(struct csv *csv);
/* The next record; *count = 0 at the end. E_ENCODING says what is wrong; csv->row_line says where.
 */
enum err_code MUST_USE csv_next(struct csv *csv, struct bytes fields[CSV_FIELDS_MAX],
                                unsigned *count, struct err *err);

#endif

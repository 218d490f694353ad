/* A CSV file as one operation: every row or none (docs/bookkeeping.md, "Import"). */
#ifndef SATCHA_STORE_IMPORT_H
#define SATCHA_STORE_IMPORT_H

#include "store/requests.h"

struct import_order {
    struct bytes name; /* of the file, for "FILE:LINE: E_…" */
    struct bytes content;
    bool per_row;     /* one entry for each row */
    bool new_members; /* members first seen in the file join, just before their first row */
};

struct import_result {
    bool already; /* every row was posted before: nothing was done */
    uint64_t already_entry;
    struct appended appended;
    size_t rows, lines, members_joined;
};

/* With write->mode APPEND_DRY_RUN everything is checked and nothing written. A refusal that
 * belongs to a line begins "FILE:LINE: E_…: "; E_HEADER names the columns. E_DUP: some of the rows
 * stand in the ledger already and some do not, or an op is twice in the file. */
enum err_code MUST_USE import_run(const struct request_context *context,
                                  const struct import_order *order,
                                  const struct write_request *write, struct import_result *result,
                                  struct err *err);

/* One field of a posting from its text, as a column of a file or an argument of `post` gives it. */
struct posting;
enum err_code MUST_USE posting_field_read(const char *name, struct bytes text,
                                          unsigned minor_digits, struct posting *posting,
                                          struct err *err);

#endif

/* Import: a CSV file becomes rows, the rows entries, the entries one append. Rows are read and
 * checked in file order, so that the first bad line is the one that is named. */
#include "store/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/date.h"
#include "proto/id.h"
#include "store/csv.h"
#include "store/lines.h"
#include "store/number_map.h"
#include "store/posting.h"

/* --- fields --- */

static enum err_code expected(const char *what, struct bytes text, const char *wanted,
                              enum err_code code, struct err *err)
{
    char quoted[QUOTE_MAX];
    return err_set(err, code, "%s %s: expected %s", what, bytes_quote(text, quoted), wanted);
}

static enum err_code read_number(const char *what, struct bytes text, uint32_t *number,
                                 struct err *err)
{
    return number_parse(text, (uint32_t)MEMBER_MAX, number)
               ? OK
               : expected(what, text, "a whole number from 1 to 2147483647",
                          strcmp(what, "member") == 0 ? E_MEMBER : E_EVENT, err);
}

static enum err_code read_account(const char *what, struct bytes text, uint16_t *account,
                                  struct err *err)
{
    uint32_t code;
    if (strcmp(what, "pay") == 0 && bytes_equal(text, bytes_of_text("cash"))) {
        *account = 1110;
    } else if (strcmp(what, "pay") == 0 && bytes_equal(text, bytes_of_text("bank"))) {
        *account = 1120;
    } else if (number_parse(text, UINT16_MAX, &code) && account_is_own(code)) {
        *account = (uint16_t)code;
    } else {
        return expected(what, text,
                        strcmp(what, "pay") == 0
                            ? "cash, bank or an account of the chart (`satcha accounts`)"
                            : "an account of the chart that a group posts to (`satcha accounts`)",
                        E_ACCOUNT, err);
    }
    return OK;
}

static enum err_code read_event(struct bytes text, struct posting *posting, struct err *err)
{
    const struct event_row *event = event_by_name(text);
    for (unsigned i = 0; !event && i < EVENT_COUNT; i++) {
        if (bytes_equal(text, bytes_of_text(event_at(i)->name_th))) {
            event = event_at(i);
        }
    }
    if (!event) {
        return expected("event", text, "one of the 46 (`satcha events`)", E_EVENT, err);
    }
    posting->event = event->number;
    return OK;
}

static enum err_code read_part(const char *what, struct bytes text, unsigned digits,
                               struct amount *amount, struct err *err)
{
    enum err_code code = amount_parse(text, digits, amount, err);
    bool named = strcmp(what, "amount") == 0; /* what amount_parse calls it already */
    return code == OK || named ? code : err_prefix(err, code, "%s", what);
}

enum column {
    COLUMN_DATE,
    COLUMN_EVENT,
    COLUMN_MEMBER,
    COLUMN_AMOUNT,
    COLUMN_MEMO,
    COLUMN_OP,
    COLUMN_ACCOUNT,
    COLUMN_PAY,
    COLUMN_SUB,
    COLUMN_UNIT,
    COLUMN_FUND,
    COLUMN_PARTY,
    COLUMN_FACE,
    COLUMN_COST,
    COLUMN_INTEREST,
    COLUMN_PENALTY,
    COLUMN_ROUND, /* an argument of `post`, not a column of a file */
    COLUMNS,
    FILE_COLUMNS = COLUMN_ROUND
};

static const char *const COLUMN_NAMES[COLUMNS] = {"date", "event", "member",   "amount",
                                                  "memo", "op",    "account",  "pay",
                                                  "sub",  "unit",  "fund",     "party",
                                                  "face", "cost",  "interest", "penalty",
                                                  "round"};

static enum err_code read_column(enum column column, struct bytes text, unsigned digits,
                                 struct posting *posting, struct err *err)
{
    const char *name = COLUMN_NAMES[column];
    switch (column) {
    case COLUMN_DATE:
        return date_parse(text, &posting->date, err);
    case COLUMN_EVENT:
        return read_event(text, posting, err);
    case COLUMN_MEMBER:
        return read_number(name, text, &posting->member, err);
    case COLUMN_AMOUNT:
        return read_part(name, text, digits, &posting->amount, err);
    case COLUMN_MEMO:
        posting->memo = text;
        return OK;
    case COLUMN_OP:
        posting->operation = text;
        return OK;
    case COLUMN_ACCOUNT:
        return read_account(name, text, &posting->account, err);
    case COLUMN_PAY:
        return read_account(name, text, &posting->pay, err);
    case COLUMN_SUB:
        return read_number(name, text, &posting->sub, err);
    case COLUMN_UNIT:
        return read_number(name, text, &posting->unit, err);
    case COLUMN_FUND:
        return read_number(name, text, &posting->fund, err);
    case COLUMN_PARTY:
        return read_number(name, text, &posting->party, err);
    case COLUMN_FACE:
        return read_part(name, text, digits, &posting->face, err);
    case COLUMN_COST:
        return read_part(name, text, digits, &posting->cost, err);
    case COLUMN_INTEREST:
        return read_part(name, text, digits, &posting->interest, err);
    case COLUMN_PENALTY:
        return read_part(name, text, digits, &posting->penalty, err);
    case COLUMN_ROUND:
        return read_number(name, text, &posting->round, err);
    case COLUMNS:
        break;
    }
    return err_set(err, E_USAGE, "there is no such field");
}

enum err_code posting_field_read(const char *name, struct bytes text, unsigned minor_digits,
                                 struct posting *posting, struct err *err)
{
    for (unsigned i = 0; i < COLUMNS; i++) {
        if (strcmp(name, COLUMN_NAMES[i]) == 0) {
            return read_column((enum column)i, text, minor_digits, posting, err);
        }
    }
    return err_set(err, E_USAGE, "there is no field %s", name);
}

/* --- the file --- */

struct import_row {
    struct posting posting;
    uint32_t line;
    uint64_t operation; /* its key */
};

struct import {
    const struct request_context *context;
    const struct import_order *order;
    const struct write_request *write;
    unsigned minor_digits;
    struct hash file_hash;
    struct csv csv;
    unsigned column_count;
    enum column columns[CSV_FIELDS_MAX];
    struct import_row *rows;
    size_t row_count, row_cap;
    char (*made_ids)[HEX_HASH_MAX]; /* for rows without an op: one place a row */
    struct number_map operations;   /* op key -> line where it stands first */
    struct number_map joined;       /* members that join in this file */
};

/* "FILE:LINE: E_…: " in front of what is wrong there. */
static enum err_code at_line(const struct import *import, uint32_t line, enum err_code code,
                             struct err *err)
{
    char name[QUOTE_MAX];
    return err_prefix(err, code, "%s:%" PRIu32 ": %s", bytes_quote(import->order->name, name), line,
                      err_name(code));
}

static enum err_code known_columns(const struct import *import, const char *what,
                                   struct bytes which, struct err *err)
{
    char quoted[QUOTE_MAX];
    enum err_code code =
        err_set(err, E_HEADER,
                "%s %s; the columns are date, event, member, amount, memo, op and any of account, "
                "pay, sub, unit, fund, party, face, cost, interest, penalty",
                what, bytes_quote(which, quoted));
    return at_line(import, import->csv.row_line, code, err);
}

static bool has_byte(struct bytes text, char c)
{
    return text.len > 0 && memchr(text.data, c, text.len) != NULL;
}

static enum err_code read_header(struct import *import, struct err *err)
{
    struct bytes fields[CSV_FIELDS_MAX];
    bool seen[FILE_COLUMNS] = {false};
    enum err_code code = csv_next(&import->csv, fields, &import->column_count, err);
    if (code != OK) {
        return at_line(import, import->csv.row_line, code, err);
    }
    if (import->column_count == 0) {
        code = err_set(err, E_HEADER,
                       "the file is empty: its first line names the columns, as "
                       "date,event,member,amount,memo,op");
        return at_line(import, 1, code, err);
    }
    if (import->column_count == 1 && (has_byte(fields[0], ';') || has_byte(fields[0], '\t'))) {
        code = err_set(err, E_HEADER,
                       "the columns are to be separated by commas: save the file as "
                       "\"CSV UTF-8 (comma delimited)\"");
        return at_line(import, import->csv.row_line, code, err);
    }
    for (unsigned i = 0; i < import->column_count; i++) {
        unsigned column = 0;
        while (column < FILE_COLUMNS &&
               !bytes_equal(fields[i], bytes_of_text(COLUMN_NAMES[column]))) {
            column++;
        }
        if (column == FILE_COLUMNS || seen[column]) {
            return known_columns(import,
                                 column == FILE_COLUMNS ? "unknown column" : "twice:", fields[i],
                                 err);
        }
        seen[column] = true;
        import->columns[i] = (enum column)column;
    }
    static const enum column REQUIRED[] = {COLUMN_DATE, COLUMN_EVENT, COLUMN_AMOUNT};
    for (unsigned i = 0; i < sizeof REQUIRED / sizeof REQUIRED[0]; i++) {
        if (!seen[REQUIRED[i]]) {
            return known_columns(import, "there is no column",
                                 bytes_of_text(COLUMN_NAMES[REQUIRED[i]]), err);
        }
    }
    return OK;
}

static enum err_code read_row(struct import *import, const struct bytes *fields, unsigned count,
                              struct err *err)
{
    struct import_row *rows =
        array_room(import->rows, import->row_count, &import->row_cap, sizeof *rows);
    if (!rows) {
        return err_set(err, E_MEMORY, "out of memory for %zu rows", import->row_count + 1);
    }
    import->rows = rows;
    struct import_row *row = &import->rows[import->row_count];
    memset(row, 0, sizeof *row);
    row->line = import->csv.row_line;
    if (count != import->column_count) {
        return err_set(err, E_ENCODING, "%u fields: expected %u, as in the first line", count,
                       import->column_count);
    }
    for (unsigned i = 0; i < count; i++) {
        enum column column = import->columns[i];
        if (fields[i].len == 0 && column > COLUMN_EVENT && column != COLUMN_AMOUNT) {
            continue;
        }
        enum err_code code =
            read_column(column, fields[i], import->minor_digits, &row->posting, err);
        if (code != OK) {
            return code;
        }
    }
    import->row_count++;
    return OK;
}

static enum err_code read_file(struct import *import, struct err *err)
{
    struct bytes fields[CSV_FIELDS_MAX];
    unsigned count = 0;
    enum err_code code = read_header(import, err);
    while (code == OK) {
        code = csv_next(&import->csv, fields, &count, err);
        if (code == OK && count == 0) {
            break;
        }
        if (code == OK) {
            code = read_row(import, fields, count, err);
        }
        if (code != OK) {
            return at_line(import, import->csv.row_line, code, err);
        }
    }
    if (code == OK && import->row_count == 0) {
        code = err_set(err, E_HEADER, "%s has no rows",
                       bytes_quote(import->order->name, (char[QUOTE_MAX]){0}));
    }
    return code;
}

/* --- operation ids --- */

/* SHA-256(SHA-256 of the file || line in decimal), in hex. */
static void make_id(const struct import *import, uint32_t line, char out[HEX_HASH_MAX])
{
    char text[16];
    struct hash id;
    int len = snprintf(text, sizeof text, "%" PRIu32, line);
    struct bytes parts[] = {hash_view(&import->file_hash), bytes_of(text, (size_t)len)};
    hash_parts(&id, parts, 2);
    hash_format(&id, out);
}

/* Journal rows of one date without an op belong together: they take the id of the first. */
static bool continues(const struct import_row *before, const struct import_row *row)
{
    return before->posting.event == EVENT_JOURNAL && row->posting.event == EVENT_JOURNAL &&
           before->posting.date == row->posting.date;
}

static enum err_code give_ids(struct import *import, struct err *err)
{
    import->made_ids = calloc(import->row_count, sizeof *import->made_ids);
    if (!import->made_ids) {
        return err_set(err, E_MEMORY, "out of memory for %zu rows", import->row_count);
    }
    for (size_t i = 0; i < import->row_count; i++) {
        struct import_row *row = &import->rows[i];
        const struct import_row *before = i > 0 ? &import->rows[i - 1] : row;
        bool follows = i > 0 && continues(before, row);
        bool made = row->posting.operation.len == 0;
        if (made && follows && import->made_ids[i - 1][0]) {
            memcpy(import->made_ids[i], import->made_ids[i - 1], HEX_HASH_MAX);
        } else if (made) {
            make_id(import, row->line, import->made_ids[i]);
        }
        if (made) {
            row->posting.operation = bytes_of_text(import->made_ids[i]);
        }
        row->operation = lines_operation_key(row->posting.operation);
        int64_t first;
        bool same_entry = follows && before->operation == row->operation;
        if (!same_entry && number_map_get(&import->operations, row->operation, &first)) {
            char quoted[QUOTE_MAX];
            enum err_code code = err_set(err, E_DUP, "op %s stands on line %" PRId64 " already",
                                         bytes_quote(row->posting.operation, quoted), first);
            return at_line(import, row->line, code, err);
        }
        enum err_code code = number_map_put(&import->operations, row->operation, row->line, err);
        if (code != OK) {
            return code;
        }
    }
    return OK;
}

/* All rows known: nothing to do. Some: refused, since nobody can tell what the file means then. */
static enum err_code find_known(struct import *import, struct import_result *result,
                                struct err *err)
{
    size_t known = 0;
    const struct import_row *first = NULL;
    for (size_t i = 0; i < import->row_count; i++) {
        bool found = false;
        uint64_t entry = 0;
        enum err_code code = lines_operation_find(import->context->store, import->rows[i].operation,
                                                  &found, &entry, err);
        if (code != OK) {
            return code;
        }
        if (found && !first) {
            first = &import->rows[i];
            result->already_entry = entry;
        }
        known += found;
    }
    result->already = known == import->row_count;
    if (!first || result->already) {
        return OK;
    }
    char quoted[QUOTE_MAX];
    enum err_code code =
        err_set(err, E_DUP,
                "op %s was posted before, in entry %" PRIu64 ", as were %zu of the %zu rows; take "
                "the known rows out of the file, or give the others an op of their own",
                bytes_quote(first->posting.operation, quoted), result->already_entry, known,
                import->row_count);
    return at_line(import, first->line, code, err);
}

/* --- posting --- */

static enum err_code join_if_new(struct import *import, struct posting_batch *batch,
                                 const struct import_row *row, uint32_t *line,
                                 struct import_result *result, struct err *err)
{
    uint32_t member = row->posting.member;
    int64_t joined_at;
    struct member_row known;
    if (!import->order->new_members || member == 0 ||
        number_map_get(&import->joined, member, &joined_at)) {
        return OK;
    }
    enum err_code code = store_member(import->context->store, member, &known);
    if (code == E_NOT_FOUND) {
        code = posting_join(batch, member, row->posting.date, line, err);
        result->members_joined++;
    } else if (code != OK) {
        return err_set(err, code, "the table of members cannot be read; run `satcha rebuild`");
    }
    return code == OK ? number_map_put(&import->joined, member, row->line, err) : code;
}

/* Where the run of rows that begins at `from` ends: they become one entry. */
static size_t run_end(const struct import *import, size_t from)
{
    size_t to = from + 1;
    while (!import->order->per_row && to < import->row_count &&
           event_share_entry(&import->rows[from].posting, &import->rows[to].posting)) {
        to++;
    }
    return to;
}

/* A run's new members join before it, so that they do not cut it up. */
static enum err_code add_run(struct import *import, struct posting_batch *batch, size_t from,
                             size_t to, uint32_t *line, struct import_result *result,
                             struct err *err)
{
    enum err_code code = OK;
    for (size_t i = from; code == OK && i < to; i++) {
        *line = import->rows[i].line;
        code = join_if_new(import, batch, &import->rows[i], line, result, err);
    }
    for (size_t i = from; code == OK && i < to; i++) {
        *line = import->rows[i].line;
        code = posting_add(batch, &import->rows[i].posting, line, err);
    }
    return code;
}

static enum err_code post_rows(struct import *import, struct import_result *result, struct err *err)
{
    struct posting_batch batch;
    posting_begin(&batch, import->context->store, import->write);
    batch.per_row = import->order->per_row;
    batch.tagged = true;
    enum err_code code = OK;
    uint32_t line = 0;
    const struct progress *progress = import->context->progress;
    for (size_t from = 0, to; code == OK && from < import->row_count; from = to) {
        to = run_end(import, from);
        code = add_run(import, &batch, from, to, &line, result, err);
        if (progress && progress->tell && from >> 12 != to >> 12) {
            progress->tell(progress->context, "reading", to, import->row_count);
        }
    }
    if (code == OK && progress && progress->tell && import->row_count >> 12 != 0) {
        progress->tell(progress->context, "writing", 0, import->row_count); /* one transaction */
    }
    if (code == OK) {
        line = 0;
        code = posting_append(&batch, &result->appended, &line, err);
    }
    if (code == OK) {
        result->lines = batch.line_count;
    } else if (line > 0 && err_exit_status(code) == 1) {
        code = at_line(import, line, code, err);
    }
    posting_free(&batch);
    return code;
}

enum err_code import_run(const struct request_context *context, const struct import_order *order,
                         const struct write_request *write, struct import_result *result,
                         struct err *err)
{
    struct import import = {.context = context, .order = order, .write = write};
    const struct ledger_state *state;
    struct import_result found = {0};
    enum err_code code = request_own_state(context, &state, err);
    if (code != OK) {
        return code;
    }
    import.minor_digits = state->profile.minor_digits;
    hash_of(&import.file_hash, order->content);
    code = csv_open(&import.csv, order->content, err);
    if (code == OK) {
        code = read_file(&import, err);
    }
    if (code == OK) {
        code = give_ids(&import, err);
    }
    if (code == OK) {
        code = find_known(&import, &found, err);
    }
    found.rows = import.row_count;
    if (code == OK && !found.already) {
        code = post_rows(&import, &found, err);
    }
    if (code == OK) {
        *result = found;
    }
    csv_close(&import.csv);
    free(import.rows);
    free(import.made_ids);
    number_map_free(&import.operations);
    number_map_free(&import.joined);
    return code;
}

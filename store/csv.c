/* A reader of CSV files (RFC 4180), one record at a time. */
#include "store/csv.h"

#include <stdlib.h>
#include <string.h>

enum err_code csv_open(struct csv *csv, struct bytes content, struct err *err)
{
    uint8_t *unquoted = malloc(content.len + 1); /* never more than the file itself */
    if (!unquoted) {
        return err_set(err, E_MEMORY, "out of memory for a file of %zu bytes", content.len);
    }
    bool marked = content.len >= 3 && memcmp(content.data, "\xef\xbb\xbf", 3) == 0;
    *csv = (struct csv){.rest = marked ? bytes_of(content.data + 3, content.len - 3) : content,
                        .line = 1,
                        .unquoted = unquoted};
    return OK;
}

void csv_close(struct csv *csv)
{
    free(csv->unquoted);
    csv->unquoted = NULL;
}

static void skip(struct csv *csv, size_t len)
{
    csv->rest = bytes_of(csv->rest.data + len, csv->rest.len - len);
}

/* 0: no line break here; else its length. */
static size_t break_length(struct bytes rest)
{
    if (rest.len > 0 && rest.data[0] == '\n') {
        return 1;
    }
    return rest.len > 1 && rest.data[0] == '\r' && rest.data[1] == '\n' ? 2 : 0;
}

static enum err_code read_plain(struct csv *csv, struct bytes *field, struct err *err)
{
    struct bytes rest = csv->rest;
    size_t len = 0;
    while (len < rest.len && rest.data[len] != ',' && rest.data[len] != '\n') {
        if (rest.data[len] == '"') {
            return err_set(err, E_ENCODING,
                           "a quotation mark inside a field that does not begin with one: put the "
                           "whole field in quotes and double the mark");
        }
        len++;
    }
    skip(csv, len);
    bool breaks = len < rest.len && rest.data[len] == '\n';
    *field = bytes_of(rest.data, breaks && len > 0 && rest.data[len - 1] == '\r' ? len - 1 : len);
    return OK;
}

/* At the opening quote. */
static enum err_code read_quoted(struct csv *csv, struct bytes *field, struct err *err)
{
    uint8_t *out = csv->unquoted + csv->used;
    size_t len = 0;
    skip(csv, 1);
    for (;;) {
        if (csv->rest.len == 0) {
            return err_set(err, E_ENCODING, "the quotation mark that opens a field is not closed");
        }
        uint8_t c = csv->rest.data[0];
        if (c == '"') {
            skip(csv, 1);
            if (csv->rest.len == 0 || csv->rest.data[0] != '"') {
                break;
            }
        }
        csv->line += c == '\n';
        out[len++] = c;
        skip(csv, 1);
    }
    if (csv->rest.len > 0 && csv->rest.data[0] != ',' && break_length(csv->rest) == 0) {
        return err_set(err, E_ENCODING,
                       "after the closing quotation mark of a field: expected a comma or the end "
                       "of the line");
    }
    csv->used += len;
    *field = bytes_of(out, len);
    return OK;
}

static enum err_code read_field(struct csv *csv, struct bytes *field, struct err *err)
{
    bool quoted = csv->rest.len > 0 && csv->rest.data[0] == '"';
    enum err_code code = quoted ? read_quoted(csv, field, err) : read_plain(csv, field, err);
    if (code == OK && !bytes_is_utf8(*field)) {
        code = err_set(err, E_ENCODING, "the text is not UTF-8; save the file as \"CSV UTF-8\"");
    }
    return code;
}

enum err_code csv_next(struct csv *csv, struct bytes fields[CSV_FIELDS_MAX], unsigned *count,
                       struct err *err)
{
    for (size_t len; (len = break_length(csv->rest)) > 0; csv->line++) {
        skip(csv, len); /* empty lines */
    }
    csv->row_line = csv->line;
    unsigned found = 0;
    while (csv->rest.len > 0) {
        if (found == CSV_FIELDS_MAX) {
            return err_set(err, E_ENCODING, "more than %d fields in a line", CSV_FIELDS_MAX);
        }
        enum err_code code = read_field(csv, &fields[found++], err);
        if (code != OK) {
            return code;
        }
        if (csv->rest.len == 0 || csv->rest.data[0] != ',') {
            skip(csv, break_length(csv->rest));
            csv->line++;
            break;
        }
        skip(csv, 1);
        if (csv->rest.len == 0) { /* the file ends in a comma: one empty field more */
            if (found == CSV_FIELDS_MAX) {
                return err_set(err, E_ENCODING, "more than %d fields in a line", CSV_FIELDS_MAX);
            }
            fields[found++] = bytes_of(NULL, 0);
        }
    }
    *count = found;
    return OK;
}

/* Rows become entries: what `post` and `import` share. Rows are added in order; rows that may share
 * an entry (event_share_entry) do, up to BODY_LINES_MAX private lines; the batch is then appended
 * as one. It also finds the way back, from the line that a rule refused to the line of the file. */
#ifndef SATCHA_STORE_POSTING_H
#define SATCHA_STORE_POSTING_H

#include "proto/events.h"
#include "store/requests.h"

/* Zero, then posting_begin. Owns everything but the texts that the postings view. */
struct posting_batch {
    struct store *store;
    const struct write_request *write;
    bool per_row; /* a row an entry (a journal entry still takes all rows of its operation) */
    bool tagged;  /* entries carry the tag of their rows' operation ids */

    struct batch_entry {
        enum kind kind;
        struct posting first;    /* kind post: what the other rows share */
        size_t row, rows;        /* in `sources` */
        size_t line, lines;      /* in `lines`, or in `members` for kind member */
        size_t terms, terms_len; /* in `terms` */
        uint8_t tag[OPERATION_TAG_BYTES];
    } * entries;
    size_t entry_count, entry_cap;
    struct body_line *lines;
    size_t line_count, line_cap;
    struct member_line *members;
    size_t member_count, member_cap;
    uint32_t *sources; /* of each row: its line in the file */
    size_t source_count, source_cap;
    struct buffer terms;
    struct buffer ids;       /* operation ids of the open entry, each ended by a line feed */
    unsigned reported_count; /* of an opening */
    uint16_t reported[ACCOUNTS_REPORTED_MAX];
};

void posting_begin(struct posting_batch *batch, struct store *store,
                   const struct write_request *write);
void posting_free(struct posting_batch *batch);
/* Adds a row. `source` is told when this row, or at its end the entry that it closes, is refused:
 * E_UNBALANCED of a journal entry names its first row through *source. Errors as event_derive. */
enum err_code MUST_USE posting_add(struct posting_batch *batch, const struct posting *posting,
                                   uint32_t *source, struct err *err);
/* A joining member (before the rows that name it); consecutive ones of a date share an entry. */
enum err_code MUST_USE posting_join(struct posting_batch *batch, uint32_t member, int32_t date,
                                    uint32_t *source, struct err *err);
/* Appends everything at once. On a rule's refusal *source is the line that broke it, where that is
 * known, and untouched otherwise. */
enum err_code MUST_USE posting_append(struct posting_batch *batch, struct appended *appended,
                                      uint32_t *source, struct err *err);

#endif

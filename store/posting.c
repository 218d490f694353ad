/* Rows of input become drafts of entries: maximal runs of rows that may share one, in order. */
#include "store/posting.h"

#include <stdlib.h>
#include <string.h>

#include "store/lines.h"

/* --- growing arrays --- */

/* Room for `more` elements behind `count`; NULL with E_MEMORY in `err`. */
static void *room(void *array, size_t count, size_t more, size_t *cap, size_t size, struct err *err)
{
    if (array && *cap - count >= more) {
        return array;
    }
    size_t wanted = (count + more) * 2 < 64 ? 64 : (count + more) * 2;
    void *larger = reallocarray(array, wanted, size);
    if (!larger) {
        (void)err_set(err, E_MEMORY, "out of memory for %zu rows", wanted);
        return NULL;
    }
    *cap = wanted;
    return larger;
}

void posting_begin(struct posting_batch *batch, struct store *store,
                   const struct write_request *write)
{
    *batch = (struct posting_batch){.store = store, .write = write};
    buffer_init(&batch->terms, 0);
    buffer_init(&batch->ids, 0);
}

void posting_free(struct posting_batch *batch)
{
    free(batch->entries);
    free(batch->lines);
    free(batch->members);
    free(batch->sources);
    buffer_free(&batch->terms);
    buffer_free(&batch->ids);
}

static struct batch_entry *last_entry(struct posting_batch *batch)
{
    return batch->entry_count > 0 ? &batch->entries[batch->entry_count - 1] : NULL;
}

static enum err_code add_source(struct posting_batch *batch, uint32_t source, struct err *err)
{
    uint32_t *sources =
        room(batch->sources, batch->source_count, 1, &batch->source_cap, sizeof *sources, err);
    if (!sources) {
        return E_MEMORY;
    }
    batch->sources = sources;
    batch->sources[batch->source_count++] = source;
    return OK;
}

static enum err_code open_entry(struct posting_batch *batch, enum kind kind,
                                const struct posting *first, struct err *err)
{
    struct batch_entry *entries =
        room(batch->entries, batch->entry_count, 1, &batch->entry_cap, sizeof *entries, err);
    if (!entries) {
        return E_MEMORY;
    }
    batch->entries = entries;
    batch->entries[batch->entry_count++] = (struct batch_entry){
        .kind = kind,
        .first = *first,
        .row = batch->source_count,
        .line = kind == KIND_MEMBER ? batch->member_count : batch->line_count,
    };
    return OK;
}

/* --- closing an entry: its terms, its tag, and that a journal balances --- */

static enum err_code check_journal(const struct posting_batch *batch,
                                   const struct batch_entry *entry, struct err *err)
{
    struct amount debit = amount_of(0), credit = amount_of(0);
    for (size_t i = 0; i < entry->lines; i++) {
        struct amount amount = batch->lines[entry->line + i].amount;
        struct amount *side = amount_sign(amount) > 0 ? &debit : &credit;
        if (!amount_add(*side, amount, side)) {
            return err_set(err, E_OVERFLOW, "the sums of the journal entry do not fit");
        }
    }
    struct amount sum;
    const struct ledger_state *state;
    if (amount_add(debit, credit, &sum) && amount_sign(sum) == 0) {
        return OK;
    }
    enum err_code code = store_ledger_state(batch->store, store_own_group(batch->store), &state);
    unsigned digits = code == OK ? state->profile.minor_digits : 2;
    char debits[AMOUNT_TEXT_MAX], credits[AMOUNT_TEXT_MAX];
    bool fits = amount_negate(credit, &credit);
    (void)fits; /* the sum of credits of at most 10^15 each, checked above */
    return err_set(
        err, E_UNBALANCED,
        "the journal entry debits %s and credits %s: its lines (in a file the rows of one "
        "date and one op) must balance",
        amount_format(debit, digits, debits), amount_format(credit, digits, credits));
}

static enum err_code close_entry(struct posting_batch *batch, uint32_t *source, struct err *err)
{
    struct batch_entry *entry = last_entry(batch);
    if (!entry || entry->terms_len > 0) {
        return OK;
    }
    if (batch->tagged) {
        struct hash ids;
        hash_of(&ids, buffer_view(&batch->ids));
        store_operation_tag(batch->store, hash_view(&ids), entry->tag);
        buffer_clear(&batch->ids);
    } else if (batch->write->has_tag) {
        memcpy(entry->tag, batch->write->tag, sizeof entry->tag);
    }
    bool tagged = entry->kind == KIND_POST && (batch->tagged || batch->write->has_tag);
    entry->terms = batch->terms.len;
    if (entry->kind == KIND_MEMBER) {
        struct member_terms terms = {.change = (int64_t)entry->lines};
        terms_member_pack(&batch->terms, &terms, NULL);
    } else {
        struct post_terms terms;
        event_terms(&entry->first, &terms);
        if (entry->first.event == EVENT_OPENING) {
            terms.reported_count = batch->reported_count;
            memcpy(terms.reported, batch->reported, sizeof terms.reported);
        }
        terms_post_pack(&batch->terms, &terms, tagged ? entry->tag : NULL);
    }
    entry->terms_len = batch->terms.len - entry->terms;
    if (batch->terms.failed) {
        return err_set(err, E_MEMORY, "out of memory for terms");
    }
    if (entry->kind == KIND_POST && entry->first.event == EVENT_JOURNAL) {
        enum err_code code = check_journal(batch, entry, err);
        if (code != OK) {
            *source = batch->sources[entry->row];
            return code;
        }
    }
    return OK;
}

/* --- adding --- */

static bool fits(const struct posting_batch *batch, const struct batch_entry *entry,
                 const struct posting *posting)
{
    bool journal = posting->event == EVENT_JOURNAL;
    return entry && entry->kind == KIND_POST && event_share_entry(&entry->first, posting) &&
           (!batch->per_row || journal) && entry->lines + POSTING_LEGS_MAX <= BODY_LINES_MAX;
}

enum err_code posting_add(struct posting_batch *batch, const struct posting *posting,
                          uint32_t *source, struct err *err)
{
    enum err_code code = OK;
    uint32_t row_source = *source;
    if (!fits(batch, last_entry(batch), posting)) {
        code = close_entry(batch, source, err);
        if (code == OK) {
            code = open_entry(batch, KIND_POST, posting, err);
        }
    }
    if (code != OK) {
        return code;
    }
    struct body_line *lines = room(batch->lines, batch->line_count, POSTING_LEGS_MAX,
                                   &batch->line_cap, sizeof *lines, err);
    if (!lines) {
        return E_MEMORY;
    }
    batch->lines = lines;
    struct batch_entry *entry = &batch->entries[batch->entry_count - 1];
    unsigned legs = 0;
    code = event_derive(posting, (uint32_t)entry->rows, lines + batch->line_count, &legs, err);
    if (code == OK) {
        code = add_source(batch, row_source, err);
    }
    if (code == OK) {
        batch->line_count += legs;
        entry->lines += legs;
        entry->rows++;
        if (batch->tagged) {
            buffer_append(&batch->ids, posting->operation.data, posting->operation.len);
            buffer_append(&batch->ids, "\n", 1);
        }
    }
    return code;
}

enum err_code posting_join(struct posting_batch *batch, uint32_t member, int32_t date,
                           uint32_t *source, struct err *err)
{
    uint32_t row_source = *source;
    struct posting first = {.date = date};
    const struct batch_entry *last = last_entry(batch);
    if (!last || last->kind != KIND_MEMBER || last->first.date != date ||
        last->lines >= BODY_LINES_MAX) {
        enum err_code code = close_entry(batch, source, err);
        if (code == OK) {
            code = open_entry(batch, KIND_MEMBER, &first, err);
        }
        if (code != OK) {
            return code;
        }
    }
    struct member_line *members =
        room(batch->members, batch->member_count, 1, &batch->member_cap, sizeof *members, err);
    if (!members) {
        return E_MEMORY;
    }
    batch->members = members;
    members[batch->member_count++] =
        (struct member_line){.operation = MEMBER_JOIN, .first = member, .last = member};
    struct batch_entry *entry = &batch->entries[batch->entry_count - 1];
    entry->lines++;
    entry->rows++;
    return add_source(batch, row_source, err);
}

/* --- appending --- */

static void fill_draft(const struct posting_batch *batch, const struct batch_entry *entry,
                       struct draft *draft)
{
    write_request_draft(batch->write, entry->kind, draft);
    draft->date = entry->first.date;
    draft->terms = bytes_of(batch->terms.data + entry->terms, entry->terms_len);
    draft->operation_tag = NULL;
    if (entry->kind == KIND_MEMBER) {
        draft->member_lines = batch->members + entry->line;
        draft->member_line_count = entry->lines;
    } else {
        draft->lines = batch->lines + entry->line;
        draft->line_count = entry->lines;
        draft->operation_tag = batch->tagged || batch->write->has_tag ? entry->tag : NULL;
    }
}

/* What an entry did to one account that may not stand below zero. */
struct falling {
    struct amount balance;
    bool below;
    uint32_t row; /* at which it fell below and stayed there */
};

static void fall(struct falling *falling, const struct account *account,
                 const struct body_line *line)
{
    if (!amount_add(falling->balance, line->amount, &falling->balance)) {
        return; /* it would have been refused for that */
    }
    bool below = amount_sign(falling->balance) * account_normal_sign(account) < 0;
    if (below && !falling->below) {
        falling->row = line->line;
    }
    falling->below = below;
}

/* The row of entry `which` that took the group's cash, stock or deposits below zero. */
static bool row_below_zero(const struct posting_batch *batch, size_t which, uint32_t *row)
{
    struct falling falling[ACCOUNTS_MAX] = {{amount_of(0), false, 0}};
    const struct ledger_state *state;
    if (store_ledger_state(batch->store, store_own_group(batch->store), &state) != OK) {
        return false;
    }
    for (unsigned i = 0; i < account_count(); i++) {
        if (!turnover_balance(&state->own[i], &falling[i].balance)) {
            return false;
        }
    }
    const struct batch_entry *last = &batch->entries[which];
    for (size_t i = 0; last->kind == KIND_POST && i < last->line + last->lines; i++) {
        int at = account_row(batch->lines[i].account);
        if (at >= 0) {
            fall(&falling[at], account_at((unsigned)at), &batch->lines[i]);
        }
    }
    for (unsigned i = 0; i < account_count(); i++) {
        if (falling[i].below && (account_at(i)->flags & ACCOUNT_NOT_NEGATIVE) != 0) {
            *row = falling[i].row;
            return true;
        }
    }
    return false;
}

/* The line of the file behind a refusal: that of the row which failed, else its entry's first. */
static void locate(const struct posting_batch *batch, size_t which, enum err_code code,
                   uint32_t *source)
{
    if (which >= batch->entry_count) {
        return;
    }
    const struct batch_entry *entry = &batch->entries[which];
    uint32_t row = 0;
    bool known = lines_failed_row(batch->store, &row) ||
                 (code == E_NEGATIVE && row_below_zero(batch, which, &row));
    *source = batch->sources[entry->row + (known && row < entry->rows ? row : 0)];
}

enum err_code posting_append(struct posting_batch *batch, struct appended *appended,
                             uint32_t *source, struct err *err)
{
    enum err_code code = close_entry(batch, source, err);
    if (code != OK) {
        return code;
    }
    struct draft *drafts = calloc(batch->entry_count + 1, sizeof *drafts);
    if (!drafts) {
        return err_set(err, E_MEMORY, "out of memory for %zu entries", batch->entry_count);
    }
    for (size_t i = 0; i < batch->entry_count; i++) {
        fill_draft(batch, &batch->entries[i], &drafts[i]);
    }
    size_t which = batch->entry_count;
    lines_clear_failed(batch->store);
    code = store_append(batch->store, drafts, batch->entry_count, batch->write->mode, appended,
                        &which, err);
    if (code != OK && err_exit_status(code) == 1) {
        locate(batch, which, code, source);
    }
    free(drafts);
    return code;
}

/* Requests that write the own books: post, import, reverse, note. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/import.h"
#include "store/posting.h"

/* --- post --- */

/* The fields that `post` takes one by one; the event and date are read apart. */
static const char *const FIELDS[] = {"amount", "member", "account",  "pay",     "sub",
                                     "unit",   "fund",   "party",    "face",    "cost",
                                     "memo",   "round",  "interest", "penalty", NULL};

/* Amounts and numbers may come as integers; as text they are read like a file's fields. */
static enum err_code read_field(const msgpack_object *arguments, const char *key,
                                unsigned minor_digits, struct posting *posting, struct err *err)
{
    const msgpack_object *value = argument_find(arguments, key);
    char text[AMOUNT_TEXT_MAX];
    if (!value) {
        return OK;
    }
    if (value->type == MSGPACK_OBJECT_STR) {
        return posting_field_read(key, argument_text(arguments, key), minor_digits, posting, err);
    }
    int64_t number = 0;
    enum err_code code = argument_int(arguments, key, &number, err);
    if (code != OK) {
        return code;
    }
    static const char *const MONEY[] = {"amount", "face", "cost", "interest", "penalty"};
    bool money = false;
    for (unsigned i = 0; i < sizeof MONEY / sizeof MONEY[0]; i++) {
        money = money || strcmp(key, MONEY[i]) == 0;
    }
    if (money) {
        amount_format_plain(amount_of(number), minor_digits, text);
    } else {
        snprintf(text, sizeof text, "%" PRId64, number);
    }
    return posting_field_read(key, bytes_of_text(text), minor_digits, posting, err);
}

static enum err_code read_reported(const msgpack_object *arguments, struct posting_batch *batch,
                                   struct err *err)
{
    struct bytes text;
    char quoted[QUOTE_MAX];
    bool seen[ACCOUNTS_MAX] = {false};
    for (size_t i = 0; argument_item(arguments, "reported", i, &text); i++) {
        uint32_t account;
        if (!number_parse(text, UINT16_MAX, &account) || account_row(account) < 0) {
            return err_set(err, E_ACCOUNT, "reported %s: expected an account of the chart",
                           bytes_quote(text, quoted));
        }
        seen[account_row(account)] = true;
    }
    for (unsigned row = 0; row < account_count(); row++) {
        if (seen[row]) {
            batch->reported[batch->reported_count++] = account_at(row)->code;
        }
    }
    return OK;
}

/* "1120=100.00": one leg of a journal entry. */
static enum err_code add_journal_leg(struct posting_batch *batch, struct bytes text,
                                     unsigned minor_digits, const struct posting *shared,
                                     struct err *err)
{
    char quoted[QUOTE_MAX];
    const uint8_t *equals = text.len > 0 ? memchr(text.data, '=', text.len) : NULL;
    if (!equals) {
        return err_set(err, E_USAGE, "line %s: expected ACCOUNT=AMOUNT, as 1120=-100.00",
                       bytes_quote(text, quoted));
    }
    size_t len = (size_t)(equals - text.data);
    struct posting posting = *shared;
    enum err_code code =
        posting_field_read("account", bytes_of(text.data, len), minor_digits, &posting, err);
    if (code == OK) {
        code = posting_field_read("amount", bytes_of(equals + 1, text.len - len - 1), minor_digits,
                                  &posting, err);
    }
    uint32_t source = 0;
    return code == OK ? posting_add(batch, &posting, &source, err) : code;
}

static enum err_code add_rows(const msgpack_object *arguments, struct posting_batch *batch,
                              unsigned minor_digits, struct posting *posting, struct err *err)
{
    struct bytes text;
    uint32_t source = 0;
    enum err_code code = OK;
    for (unsigned i = 0; code == OK && FIELDS[i]; i++) {
        code = read_field(arguments, FIELDS[i], minor_digits, posting, err);
    }
    if (code == OK) {
        code = read_reported(arguments, batch, err);
    }
    if (code == OK && !argument_has(arguments, "lines") && !argument_has(arguments, "amount")) {
        code = err_set(err, E_AMOUNT, "amount is missing: say how much, as --amount 1,200.00");
    }
    if (code == OK && !argument_has(arguments, "lines")) {
        return posting_add(batch, posting, &source, err);
    }
    if (code == OK && posting->event != EVENT_JOURNAL) {
        code = err_set(err, E_USAGE, "lines: only a journal takes them");
    }
    for (size_t i = 0; code == OK && argument_item(arguments, "lines", i, &text); i++) {
        code = add_journal_leg(batch, text, minor_digits, posting, err);
    }
    return code;
}

static void result_posted(struct buffer *result, const struct posting_batch *batch,
                          const struct appended *appended, enum append_mode mode,
                          unsigned minor_digits)
{
    result_appended(result, appended, mode, 2);
    result_uint(result, "minor_digits", minor_digits);
    result_array(result, "lines", batch->line_count);
    for (size_t i = 0; i < batch->line_count; i++) {
        const struct body_line *line = &batch->lines[i];
        pack_map(result, 3);
        result_uint(result, "account", line->account);
        result_number(result, "member", line->member);
        result_amount(result, "amount", line->amount);
    }
}

static enum err_code post(const struct request_context *context, const msgpack_object *arguments,
                          const struct write_request *write, struct buffer *result, struct err *err)
{
    const struct ledger_state *state;
    struct posting posting = {.date = write->date, .operation = write->operation};
    struct bytes event;
    enum err_code code = request_own_state(context, &state, err);
    unsigned minor_digits = code == OK ? state->profile.minor_digits : 0;
    if (code == OK) {
        code = argument_required(arguments, "event", &event, err);
    }
    if (code == OK) {
        code = posting_field_read("event", event, minor_digits, &posting, err);
    }
    if (code != OK) {
        return code;
    }
    struct posting_batch batch;
    struct appended appended = {0};
    uint32_t source = 0;
    posting_begin(&batch, context->store, write);
    code = add_rows(arguments, &batch, minor_digits, &posting, err);
    if (code == OK) {
        code = posting_append(&batch, &appended, &source, err);
    }
    if (code == OK) {
        result_posted(result, &batch, &appended, write->mode, minor_digits);
    }
    posting_free(&batch);
    return code;
}

enum err_code request_post(const struct request_context *context, const msgpack_object *arguments,
                           struct buffer *result, struct err *err)
{
    struct write_request write;
    enum err_code code = write_request_read(context, arguments, &write, err);
    if (code == OK && !write_request_already(context, &write, result)) {
        code = post(context, arguments, &write, result, err);
    }
    write_request_wipe(&write);
    return code;
}

/* --- import --- */

static void result_imported(struct buffer *result, const struct import_result *imported,
                            enum append_mode mode)
{
    if (imported->already) {
        pack_map(result, 3);
        result_bool(result, "already", true);
        result_uint(result, "entry", imported->already_entry);
    } else {
        result_appended(result, &imported->appended, mode, 3);
        result_uint(result, "lines", imported->lines);
        result_uint(result, "members_joined", imported->members_joined);
    }
    result_uint(result, "rows", imported->rows);
}

enum err_code request_import(const struct request_context *context, const msgpack_object *arguments,
                             struct buffer *result, struct err *err)
{
    struct write_request write;
    struct import_order order = {.name = argument_text(arguments, "name"),
                                 .content = argument_bin(arguments, "content"),
                                 .per_row = argument_flag(arguments, "per_row"),
                                 .new_members = argument_flag(arguments, "new_members")};
    struct import_result imported;
    enum err_code code = write_request_read(context, arguments, &write, err);
    if (code == OK) {
        code = import_run(context, &order, &write, &imported, err);
    }
    if (code == OK) {
        result_imported(result, &imported, write.mode);
    }
    write_request_wipe(&write);
    return code;
}

/* --- reverse --- */

struct reversal {
    struct entry *entry; /* large: one on the heap */
    struct err *err;
};

static enum err_code decode_leaf(void *context, uint64_t index, struct bytes leaf)
{
    (void)index;
    struct reversal *reversal = context;
    return entry_decode(leaf, reversal->entry, reversal->err);
}

/* The posts of the entry, each on its other side. */
static enum err_code negate_posts(struct entry *entry, uint64_t index, struct err *err)
{
    if (entry->kind != KIND_POST && entry->kind != KIND_SETTLE) {
        const struct kind_row *kind = kind_find(entry->kind);
        return err_set(err, E_KIND, "entry %" PRIu64 " is of kind %s: only a post can be reversed",
                       index, kind ? kind->name : "unknown");
    }
    for (unsigned i = 0; i < entry->post_count; i++) {
        if (!amount_negate(entry->posts[i].amount, &entry->posts[i].amount)) {
            return err_set(err, E_OVERFLOW, "an amount does not fit");
        }
    }
    return OK;
}

static enum err_code reverse(const struct request_context *context, uint64_t index,
                             const struct write_request *write, struct buffer *result,
                             struct err *err)
{
    struct store *store = context->store;
    struct reversal reversal = {.entry = calloc(1, sizeof *reversal.entry), .err = err};
    struct buffer terms;
    struct draft draft;
    struct appended appended = {0};
    buffer_init(&terms, ENTRY_MAX_BYTES);
    enum err_code code = OK;
    if (!reversal.entry) {
        code = err_set(err, E_MEMORY, "out of memory for an entry");
    }
    if (code == OK) {
        code =
            store_leaves(store, store_own_group(store), index, index + 1, decode_leaf, &reversal);
        if (code == E_NO_DATA || code == E_NOT_FOUND) {
            code = err_set(err, E_NOT_FOUND, "the own ledger has no entry %" PRIu64, index);
        }
    }
    if (code == OK) {
        code = negate_posts(reversal.entry, index, err);
    }
    if (code == OK) {
        terms_empty_pack(&terms, write->has_tag ? write->tag : NULL);
        write_request_draft(write, KIND_REVERSE, &draft);
        draft.terms = buffer_view(&terms);
        draft.ref_count = 1;
        draft.refs[0] = (struct ref){.own = true, .index = index};
        draft.posts = reversal.entry->posts;
        draft.post_count = reversal.entry->post_count;
        code = store_append(store, &draft, 1, write->mode, &appended, NULL, err);
        code = code == OK ? OK : err_prefix(err, code, "reversing entry %" PRIu64, index);
    }
    if (code == OK) {
        result_appended(result, &appended, write->mode, 1);
        result_uint(result, "reversed", index);
    }
    buffer_free(&terms);
    free(reversal.entry);
    return code;
}

enum err_code request_reverse(const struct request_context *context,
                              const msgpack_object *arguments, struct buffer *result,
                              struct err *err)
{
    struct write_request write;
    uint64_t index = 0;
    const struct ledger_state *state;
    enum err_code code = argument_uint(arguments, "entry", LEDGER_SIZE_MAX, &index, err);
    if (code == OK && !argument_has(arguments, "entry")) {
        code = err_set(err, E_USAGE, "entry is missing: the number that `satcha log` shows");
    }
    if (code == OK) {
        code = write_request_read(context, arguments, &write, err);
    }
    if (code != OK) {
        return code;
    }
    if (!write_request_already(context, &write, result)) {
        code = request_own_state(context, &state, err);
        if (code == OK && index >= state->size) {
            code = err_set(err, E_NOT_FOUND, "the own ledger has no entry %" PRIu64, index);
        }
        if (code == OK) {
            code = reverse(context, index, &write, result, err);
        }
    }
    write_request_wipe(&write);
    return code;
}

/* --- note --- */

static enum err_code note_document(const msgpack_object *arguments, struct hash *document,
                                   struct err *err)
{
    struct bytes given = argument_text(arguments, "document");
    if (argument_has(arguments, "content")) {
        hash_of(document, argument_bin(arguments, "content"));
        return OK;
    }
    if (given.len == 0) {
        memset(document, 0, sizeof *document);
        return OK;
    }
    if (given.len == HASH_BYTES) {
        memcpy(document->bytes, given.data, HASH_BYTES);
        return OK;
    }
    return hex_parse(given, document->bytes, HASH_BYTES)
               ? OK
               : err_set(err, E_USAGE, "document: expected a SHA-256 of 64 hex digits");
}

enum err_code request_note(const struct request_context *context, const msgpack_object *arguments,
                           struct buffer *result, struct err *err)
{
    struct write_request write;
    struct note_terms terms;
    struct appended appended = {0};
    enum err_code code = argument_required(arguments, "topic", &terms.topic, err);
    if (code == OK && (terms.topic.len > TOPIC_MAX_BYTES || !bytes_is_utf8(terms.topic))) {
        code = err_set(err, E_USAGE, "topic: expected text of at most %d bytes", TOPIC_MAX_BYTES);
    }
    if (code == OK) {
        code = note_document(arguments, &terms.document, err);
    }
    if (code == OK) {
        code = write_request_read(context, arguments, &write, err);
    }
    if (code != OK) {
        return code;
    }
    if (!write_request_already(context, &write, result)) {
        struct draft draft;
        struct buffer packed;
        buffer_init(&packed, ENTRY_MAX_BYTES);
        terms_note_pack(&packed, &terms, write.has_tag ? write.tag : NULL);
        write_request_draft(&write, KIND_NOTE, &draft);
        draft.terms = buffer_view(&packed);
        code = store_append(context->store, &draft, 1, write.mode, &appended, NULL, err);
        if (code == OK) {
            result_appended(result, &appended, write.mode, 1);
            result_hash(result, "document", &terms.document);
        }
        buffer_free(&packed);
    }
    write_request_wipe(&write);
    return code;
}

/* Requests that page through books: the entries of any ledger, the own private lines. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/date.h"
#include "proto/events.h"
#include "store/requests.h"

enum { LOG_LIMIT = 1000, LOG_LIMIT_MAX = 65536, RAW_PAGE_BYTES = 4194304, LINES_LIMIT = 100000 };

/* --- log --- */

struct log_page {
    struct store *store;
    struct hash group;
    uint64_t size, from, to;
    struct entry *entry; /* scratch: large */
    struct verdict {
        uint64_t index;
        enum err_code code;
    } * verdicts;
    size_t verdict_count, verdict_cap;
    struct buffer rows;
    uint64_t count;
    bool full; /* raw: the page has its bytes */
};

static enum err_code keep_verdict(void *context, uint64_t index, enum err_code code)
{
    struct log_page *page = context;
    if (index < page->from || index >= page->to) {
        return OK;
    }
    struct verdict *verdicts =
        array_room(page->verdicts, page->verdict_count, &page->verdict_cap, sizeof *verdicts);
    if (!verdicts) {
        return E_MEMORY;
    }
    page->verdicts = verdicts;
    page->verdicts[page->verdict_count++] = (struct verdict){index, code};
    return OK;
}

static const char *verdict_of(const struct log_page *page, uint64_t index)
{
    for (size_t i = 0; i < page->verdict_count; i++) {
        if (page->verdicts[i].index == index) {
            return err_name(page->verdicts[i].code);
        }
    }
    return NULL; /* valid */
}

static void pack_posts(struct buffer *out, const struct entry *entry)
{
    result_array(out, "posts", entry->post_count);
    for (unsigned i = 0; i < entry->post_count; i++) {
        const struct post *post = &entry->posts[i];
        pack_map(out, 3);
        result_uint(out, "account", post->account);
        result_hash(out, "counterparty", post->has_counterparty ? &post->counterparty : NULL);
        result_amount(out, "amount", post->amount);
    }
}

static void pack_refs(struct buffer *out, const struct entry *entry)
{
    result_array(out, "refs", entry->ref_count);
    for (unsigned i = 0; i < entry->ref_count; i++) {
        const struct ref *ref = &entry->refs[i];
        pack_map(out, 2);
        result_hash(out, "group", ref->own ? NULL : &ref->group);
        result_uint(out, "entry", ref->index);
    }
}

/* What an amend changes, in words; an empty array for other kinds. */
static void pack_changed(struct buffer *out, const struct entry *entry)
{
    static const struct {
        uint32_t fields;
        const char *word;
    } words[] = {
        {PROFILE_NAME | PROFILE_NAME_EN, "name"},
        {PROFILE_HOME | PROFILE_AREAS, "place"},
        {PROFILE_ADDRESSES, "addresses"},
        {PROFILE_POLICY, "policy"},
        {PROFILE_SIGNING_KEY, "signing key"},
        {PROFILE_TRANSPORT_KEY, "transport key"},
        {PROFILE_OFFICERS | PROFILE_RECOVERY_QUORUM, "officers"},
        {PROFILE_NETWORK, "network"},
        {PROFILE_CLOSED, "closed"},
    };
    struct profile profile;
    memset(&profile, 0, sizeof profile);
    if (entry->kind != KIND_AMEND ||
        terms_profile_read(entry->terms, KIND_AMEND, &profile, NULL) != OK) {
        profile.fields = 0;
    }
    size_t count = 0;
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        count += (profile.fields & words[i].fields) != 0;
    }
    result_array(out, "changed", count);
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((profile.fields & words[i].fields) != 0) {
            pack_text(out, words[i].word);
        }
    }
}

/* What the terms of the kinds that people look for say. */
static void pack_terms(struct buffer *out, const struct entry *entry)
{
    struct post_terms post = {0};
    struct member_terms member = {0};
    struct note_terms note = {.topic = bytes_of(NULL, 0)};
    enum err_code code = OK;
    if (entry->kind == KIND_POST) {
        code = terms_post_read(entry->terms, &post, NULL);
    } else if (entry->kind == KIND_MEMBER) {
        code = terms_member_read(entry->terms, &member, NULL);
    } else if (entry->kind == KIND_NOTE) {
        code = terms_note_read(entry->terms, &note, NULL);
    }
    const struct event_row *event = code == OK ? event_find(post.event) : NULL;
    bool has_note = code == OK && entry->kind == KIND_NOTE;
    result_text(out, "event", event ? event->name : NULL);
    result_bool(out, "reversed", code == OK && post.reversed);
    result_int(out, "change", code == OK ? member.change : 0);
    result_bytes(out, "topic", has_note ? note.topic : bytes_of(NULL, 0));
    result_hash(out, "document", has_note ? &note.document : NULL);
    pack_changed(out, entry);
}

static enum err_code pack_entry(void *context, uint64_t index, struct bytes leaf)
{
    struct log_page *page = context;
    struct entry *entry = page->entry;
    struct buffer *out = &page->rows;
    char time[TIME_TEXT_MAX];
    page->count++;
    if (entry_decode(leaf, entry, NULL) != OK) {
        pack_map(out, 3);
        result_uint(out, "entry", index);
        result_text(out, "kind", NULL);
        result_text(out, "verdict", verdict_of(page, index));
        return OK;
    }
    const struct kind_row *kind = kind_find(entry->kind);
    pack_map(out, 15);
    result_uint(out, "entry", index);
    result_text(out, "kind", kind ? kind->name : "unknown");
    result_date(out, "date", entry->date);
    result_text(out, "time", time_format_iso(entry->time_ms, time));
    result_number(out, "actor", entry->actor);
    pack_terms(out, entry);
    result_text(out, "verdict", verdict_of(page, index));
    result_uint(out, "approvals", entry->approval_count);
    pack_refs(out, entry);
    pack_posts(out, entry);
    return out->failed ? E_MEMORY : OK;
}

static enum err_code pack_raw(void *context, uint64_t index, struct bytes leaf)
{
    (void)index;
    struct log_page *page = context;
    if (page->rows.len + leaf.len > RAW_PAGE_BYTES && page->count > 0) {
        page->full = true;
        return E_CAP; /* only ends the walk: see raw_page */
    }
    chunk_leaf_add(&page->rows, leaf);
    page->count++;
    return page->rows.failed ? E_MEMORY : OK;
}

static enum err_code raw_page(struct log_page *page, uint64_t end, struct buffer *result,
                              struct err *err)
{
    enum err_code code =
        store_leaves(page->store, &page->group, page->from, page->to, pack_raw, page);
    if (code != OK && !page->full) {
        return err_set(err, code, "the entries cannot be read; run `satcha verify`");
    }
    uint64_t next = page->from + page->count;
    pack_map(result, 6);
    result_hash(result, "group", &page->group);
    result_uint(result, "size", page->size);
    result_uint(result, "from", page->from);
    result_uint(result, "to", next);
    result_bool(result, "more", next < end);
    pack_text(result, "leaves");
    pack_bin(result, buffer_view(&page->rows));
    return OK;
}

static enum err_code entry_page(struct log_page *page, uint64_t end, struct buffer *result,
                                struct err *err)
{
    const struct ledger_state *state;
    enum err_code code = store_verdicts(page->store, &page->group, page->size, keep_verdict, page);
    if (code == OK) {
        code = store_leaves(page->store, &page->group, page->from, page->to, pack_entry, page);
    }
    if (code == OK) {
        code = store_ledger_state(page->store, &page->group, &state);
    }
    if (code != OK) {
        return err_set(err, code, "the entries cannot be read; run `satcha verify`");
    }
    pack_map(result, 8);
    result_hash(result, "group", &page->group);
    result_text(result, "name", state->profile.name);
    result_uint(result, "minor_digits", state->profile.minor_digits);
    result_uint(result, "size", page->size);
    result_uint(result, "from", page->from);
    result_uint(result, "to", page->to);
    result_bool(result, "more", page->to < end);
    result_array(result, "entries", page->count);
    buffer_append(result, page->rows.data, page->rows.len);
    return OK;
}

/* From, to, limit, last -> the page; *end is where the whole listing ends. */
static enum err_code page_range(const msgpack_object *arguments, struct log_page *page,
                                uint64_t limit, uint64_t *end, struct err *err)
{
    uint64_t last = 0;
    uint64_t to = page->size;
    enum err_code code = argument_uint(arguments, "from", LEDGER_SIZE_MAX, &page->from, err);
    if (code == OK) {
        code = argument_uint(arguments, "to", LEDGER_SIZE_MAX, &to, err);
    }
    if (code == OK) {
        code = argument_uint(arguments, "last", LEDGER_SIZE_MAX, &last, err);
    }
    if (code == OK) {
        code = argument_uint(arguments, "limit", LOG_LIMIT_MAX, &limit, err);
    }
    if (code != OK) {
        return code;
    }
    *end = to < page->size ? to : page->size;
    if (last > 0 && !argument_has(arguments, "from")) {
        page->from = *end > last ? *end - last : 0;
    }
    page->from = page->from < *end ? page->from : *end;
    page->to = *end - page->from > limit ? page->from + limit : *end;
    return OK;
}

enum err_code request_log(const struct request_context *context, const msgpack_object *arguments,
                          struct buffer *result, struct err *err)
{
    struct log_page page = {.store = context->store};
    struct ledger_view view;
    bool raw = argument_flag(arguments, "raw");
    uint64_t end = 0;
    enum err_code code = argument_group(context, arguments, "group", &page.group, err);
    if (code != OK) {
        return code;
    }
    if (store_ledger_find(context->store, &page.group, &view) != OK || view.size == 0) {
        return request_no_data(context->store, &page.group, err);
    }
    page.size = view.size;
    code = page_range(arguments, &page, raw ? LEDGER_SIZE_MAX : LOG_LIMIT, &end, err);
    if (code != OK) {
        return code;
    }
    buffer_init(&page.rows, CONTROL_FRAME_MAX_BYTES);
    page.entry = raw ? NULL : malloc(sizeof *page.entry);
    if (raw) {
        code = raw_page(&page, end, result, err);
    } else if (page.entry) {
        code = entry_page(&page, end, result, err);
    } else {
        code = err_set(err, E_MEMORY, "out of memory for an entry");
    }
    free(page.entry);
    free(page.verdicts);
    buffer_free(&page.rows);
    return code;
}

/* --- lines --- */

struct lines_page {
    struct buffer rows;
    uint64_t count, limit;
    uint64_t last_entry;
    bool more;
    bool balanced; /* running balances have a meaning */
};

static enum err_code pack_line(void *context, const struct line_row *row)
{
    struct lines_page *page = context;
    struct buffer *out = &page->rows;
    const struct body_line *line = &row->line;
    /* A page ends between entries, so that `next` can name one. */
    if (page->count >= page->limit && row->entry != page->last_entry) {
        page->more = true;
        return E_CAP;
    }
    page->last_entry = row->entry;
    page->count++;
    const struct event_row *event = event_find(row->event);
    pack_map(out, 17);
    result_uint(out, "entry", row->entry);
    result_uint(out, "leg", row->leg);
    result_date(out, "date", row->date);
    result_text(out, "event", event ? event->name : NULL);
    result_uint(out, "line", line->line);
    result_uint(out, "account", line->account);
    result_number(out, "member", line->member);
    result_number(out, "party", line->party);
    result_number(out, "sub", line->sub);
    result_number(out, "unit", line->unit);
    result_number(out, "fund", line->fund);
    result_amount(out, "amount", line->amount);
    result_bytes(out, "memo", line->memo);
    result_bytes(out, "op", line->operation);
    result_bool(out, "undone", row->undone);
    pack_text(out, "balance");
    if (page->balanced) {
        pack_int(out, amount_satang(row->balance));
    } else {
        pack_nil(out);
    }
    result_uint(out, "event_number", row->event);
    return out->failed ? E_MEMORY : OK;
}

static enum err_code read_filter(const msgpack_object *arguments, struct line_filter *filter,
                                 struct err *err)
{
    uint32_t account = 0;
    const uint32_t max = (uint32_t)MEMBER_MAX;
    enum err_code code = argument_number(arguments, "account", UINT16_MAX, &account, err);
    if (code == OK && account != 0 && !account_find(account)) {
        code = err_set(err, E_ACCOUNT, "account %" PRIu32 ": there is none in the chart", account);
    }
    filter->account = (uint16_t)account;
    struct {
        const char *key;
        uint32_t *value;
    } numbers[] = {{"member", &filter->member},
                   {"sub", &filter->sub},
                   {"party", &filter->party},
                   {"unit", &filter->unit},
                   {"fund", &filter->fund}};
    for (unsigned i = 0; code == OK && i < sizeof numbers / sizeof numbers[0]; i++) {
        code = argument_number(arguments, numbers[i].key, max, numbers[i].value, err);
    }
    if (code == OK) {
        code = argument_uint(arguments, "from", LEDGER_SIZE_MAX, &filter->from_entry, err);
    }
    if (code == OK) {
        code = argument_uint(arguments, "to", LEDGER_SIZE_MAX, &filter->to_entry, err);
    }
    return code;
}

enum err_code request_lines(const struct request_context *context, const msgpack_object *arguments,
                            struct buffer *result, struct err *err)
{
    struct lines_page page = {.limit = LINES_LIMIT};
    struct line_filter filter = {0};
    const struct ledger_state *state;
    enum err_code code = read_filter(arguments, &filter, err);
    if (code == OK) {
        code = argument_uint(arguments, "limit", LINES_LIMIT, &page.limit, err);
    }
    if (code != OK) {
        return code;
    }
    page.balanced = filter.account != 0;
    buffer_init(&page.rows, CONTROL_FRAME_MAX_BYTES);
    code = store_lines(context->store, &filter, pack_line, &page);
    if (code == E_CAP && page.more) {
        code = OK;
    }
    if (code != OK) {
        code = err_set(err, code, "the private lines cannot be read; run `satcha verify`");
    }
    if (code == OK) {
        code = request_own_state(context, &state, err);
    }
    if (code == OK) {
        pack_map(result, 4);
        result_uint(result, "minor_digits", state->profile.minor_digits);
        result_bool(result, "more", page.more);
        result_uint(result, "next", page.count > 0 ? page.last_entry + 1 : 0);
        result_array(result, "lines", page.count);
        buffer_append(result, page.rows.data, page.rows.len);
        result->failed = result->failed || page.rows.failed;
    }
    buffer_free(&page.rows);
    return code;
}

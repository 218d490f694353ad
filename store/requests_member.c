/* Requests about members: how many there are is public, who has which number stays here. */
#include <string.h>

#include "proto/body.h"
#include "store/requests.h"

static enum err_code append_members(const struct request_context *context,
                                    const struct write_request *write,
                                    const struct member_line *line, int64_t change,
                                    struct buffer *result, struct err *err)
{
    struct member_terms terms = {.change = change};
    struct buffer packed;
    struct draft draft;
    struct appended appended = {0};
    const struct ledger_state *state;
    buffer_init(&packed, ENTRY_MAX_BYTES);
    terms_member_pack(&packed, &terms, write->has_tag ? write->tag : NULL);
    write_request_draft(write, KIND_MEMBER, &draft);
    draft.terms = buffer_view(&packed);
    draft.member_lines = line;
    draft.member_line_count = 1;
    enum err_code code = store_append(context->store, &draft, 1, write->mode, &appended, NULL, err);
    if (code == OK) {
        code = request_own_state(context, &state, err);
    }
    if (code == OK) {
        result_appended(result, &appended, write->mode, 1);
        result_int(result, "members", state->members);
    }
    buffer_free(&packed);
    return code;
}

static enum err_code write_members(const struct request_context *context,
                                   const msgpack_object *arguments, enum member_operation operation,
                                   struct buffer *result, struct err *err)
{
    struct write_request write;
    struct member_line line = {.operation = operation};
    uint32_t count = 0;
    enum err_code code;
    if (operation == MEMBER_OPENING) {
        code = argument_number(arguments, "count", (uint32_t)MEMBER_MAX, &count, err);
        if (code == OK && count == 0) {
            code = err_set(err, E_USAGE, "count: expected how many members there are, as 1388");
        }
        line.last = count;
    } else {
        code = argument_range(arguments, "members", &line.first, &line.last, err);
        count = line.last - line.first + 1;
    }
    if (code == OK) {
        code = write_request_read(context, arguments, &write, err);
    }
    if (code != OK) {
        return code;
    }
    int64_t change = operation == MEMBER_LIST    ? 0
                     : operation == MEMBER_LEAVE ? -(int64_t)count
                                                 : (int64_t)count;
    if (!write_request_already(context, &write, result)) {
        code = append_members(context, &write, &line, change, result, err);
    }
    write_request_wipe(&write);
    return code;
}

enum err_code request_member_opening(const struct request_context *context,
                                     const msgpack_object *arguments, struct buffer *result,
                                     struct err *err)
{
    return write_members(context, arguments, MEMBER_OPENING, result, err);
}

enum err_code request_member_join(const struct request_context *context,
                                  const msgpack_object *arguments, struct buffer *result,
                                  struct err *err)
{
    return write_members(context, arguments, MEMBER_JOIN, result, err);
}

enum err_code request_member_leave(const struct request_context *context,
                                   const msgpack_object *arguments, struct buffer *result,
                                   struct err *err)
{
    return write_members(context, arguments, MEMBER_LEAVE, result, err);
}

/* --- the listing --- */

struct listing {
    struct buffer rows;
    uint64_t count;
};

static enum err_code add_member(void *context, const struct member_row *row)
{
    struct listing *listing = context;
    pack_map(&listing->rows, 3);
    result_uint(&listing->rows, "member", row->member);
    result_bool(&listing->rows, "active", row->active);
    result_uint(&listing->rows, "entry", row->joined_entry);
    listing->count++;
    return OK;
}

static enum err_code list_members(const struct request_context *context, struct buffer *result,
                                  struct err *err)
{
    struct listing listing = {0};
    const struct ledger_state *state;
    buffer_init(&listing.rows, CONTROL_FRAME_MAX_BYTES);
    enum err_code code = store_members(context->store, add_member, &listing);
    if (code != OK) {
        code = err_set(err, code, "the table of members cannot be read; run `satcha rebuild`");
    }
    if (code == OK) {
        code = request_own_state(context, &state, err);
    }
    if (code == OK) {
        pack_map(result, 3);
        result_int(result, "members", state->members);
        result_uint(result, "listed", listing.count);
        result_array(result, "rows", listing.count);
        buffer_append(result, listing.rows.data, listing.rows.len);
        result->failed = result->failed || listing.rows.failed;
    }
    buffer_free(&listing.rows);
    return code;
}

enum err_code request_member_list(const struct request_context *context,
                                  const msgpack_object *arguments, struct buffer *result,
                                  struct err *err)
{
    return argument_has(arguments, "members")
               ? write_members(context, arguments, MEMBER_LIST, result, err)
               : list_members(context, result, err);
}

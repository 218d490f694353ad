/* Private lines and the commitment that the entry's header carries instead of them. */
#include "proto/body.h"

#include <string.h>

#include "proto/merkle.h"

enum { BODY_LINE_FIELDS = 10, MEMBER_LINE_FIELDS = 3, STORED_HEAD_BYTES = BODY_SALT_BYTES + 2 };

/* --- a line --- */

static void pack_number(struct buffer *out, uint32_t number)
{
    if (number == 0) {
        pack_nil(out);
    } else {
        pack_uint(out, number);
    }
}

static void pack_words(struct buffer *out, struct bytes text)
{
    if (text.len == 0) {
        pack_nil(out);
    } else {
        pack_str(out, text);
    }
}

/* 0 where nil stands; a number given is never 0, so that nothing has two forms. */
static uint32_t read_number(struct cursor *cursor)
{
    if (cursor_nil(cursor)) {
        return 0;
    }
    uint32_t number = (uint32_t)cursor_uint_max(cursor, MEMBER_MAX);
    if (number == 0) {
        cursor_fail(cursor);
    }
    return number;
}

static struct bytes read_words(struct cursor *cursor, size_t max)
{
    if (cursor_nil(cursor)) {
        return bytes_of(NULL, 0);
    }
    struct bytes text = cursor_str(cursor, max);
    if (text.len == 0) {
        cursor_fail(cursor);
    }
    return text;
}

void body_line_pack(struct buffer *out, const struct body_line *line)
{
    pack_array(out, BODY_LINE_FIELDS);
    pack_uint(out, line->line);
    pack_uint(out, line->account);
    pack_number(out, line->member);
    pack_number(out, line->party);
    pack_number(out, line->sub);
    pack_number(out, line->unit);
    pack_number(out, line->fund);
    pack_int(out, amount_satang(line->amount));
    pack_words(out, line->memo);
    pack_words(out, line->operation);
}

enum err_code body_line_read(struct bytes bytes, struct body_line *line)
{
    struct cursor cursor = cursor_of(bytes);
    struct body_line read;
    if (cursor_array(&cursor, BODY_LINE_FIELDS) != BODY_LINE_FIELDS) {
        return E_ENCODING;
    }
    read.line = (uint32_t)cursor_uint_max(&cursor, UINT32_MAX);
    read.account = (uint16_t)cursor_uint_max(&cursor, UINT16_MAX);
    read.member = read_number(&cursor);
    read.party = read_number(&cursor);
    read.sub = read_number(&cursor);
    read.unit = read_number(&cursor);
    read.fund = read_number(&cursor);
    read.amount = amount_of(cursor_int(&cursor));
    read.memo = read_words(&cursor, MEMO_MAX_BYTES);
    read.operation = read_words(&cursor, OPERATION_ID_MAX_BYTES);
    if (!cursor_done(&cursor) || !amount_is_postable(read.amount)) {
        return E_ENCODING;
    }
    *line = read;
    return OK;
}

void member_line_pack(struct buffer *out, const struct member_line *line)
{
    pack_array(out, MEMBER_LINE_FIELDS);
    pack_uint(out, line->operation);
    pack_uint(out, line->first);
    pack_uint(out, line->last);
}

enum err_code member_line_read(struct bytes bytes, struct member_line *line)
{
    struct cursor cursor = cursor_of(bytes);
    struct member_line read;
    if (cursor_array(&cursor, MEMBER_LINE_FIELDS) != MEMBER_LINE_FIELDS) {
        return E_ENCODING;
    }
    read.operation = (uint32_t)cursor_uint_max(&cursor, MEMBER_CHANGE);
    read.first = (uint32_t)cursor_uint_max(&cursor, MEMBER_MAX);
    read.last = (uint32_t)cursor_uint_max(&cursor, MEMBER_MAX);
    bool in_order = read.operation == MEMBER_OPENING ? read.first == 0 && read.last >= 1
                                                     : read.first >= 1 && read.first <= read.last;
    if (!cursor_done(&cursor) || read.operation == 0 || !in_order) {
        return E_ENCODING;
    }
    *line = read;
    return OK;
}

/* --- a stored body: count times | salt (16) | length u16 BE | line | --- */

void body_append(struct buffer *stored, const uint8_t salt[BODY_SALT_BYTES], struct bytes line)
{
    if (line.len == 0 || line.len > BODY_LINE_MAX_BYTES) {
        stored->failed = true;
        return;
    }
    uint8_t length[2];
    bytes_put_number(length, line.len, sizeof length);
    buffer_append(stored, salt, BODY_SALT_BYTES);
    buffer_append(stored, length, sizeof length);
    buffer_append(stored, line.data, line.len);
}

bool body_next(struct bytes *rest, struct bytes *salt, struct bytes *line, bool *failed)
{
    if (rest->len == 0) {
        return false;
    }
    if (rest->len < STORED_HEAD_BYTES) {
        *failed = true;
        return false;
    }
    const uint8_t *at = rest->data;
    size_t len = (size_t)bytes_get_number(at + BODY_SALT_BYTES, 2);
    if (len == 0 || len > BODY_LINE_MAX_BYTES || len > rest->len - STORED_HEAD_BYTES) {
        *failed = true;
        return false;
    }
    *salt = bytes_of(at, BODY_SALT_BYTES);
    *line = bytes_of(at + STORED_HEAD_BYTES, len);
    *rest = bytes_of(at + STORED_HEAD_BYTES + len, rest->len - STORED_HEAD_BYTES - len);
    return true;
}

static void salted_leaf_hash(struct hash *out, struct bytes salt, struct bytes line)
{
    uint8_t leaf[BODY_SALT_BYTES + BODY_LINE_MAX_BYTES];
    memcpy(leaf, salt.data, salt.len);
    memcpy(leaf + salt.len, line.data, line.len);
    merkle_leaf_hash(out, bytes_of(leaf, salt.len + line.len));
}

enum err_code body_commit(struct bytes stored, struct hash *commitment, uint32_t *count)
{
    static const char purpose[] = "satcha/body/1\n";
    struct merkle_edge edge;
    struct bytes salt;
    struct bytes line;
    bool failed = false;
    merkle_edge_init(&edge);
    while (body_next(&stored, &salt, &line, &failed)) {
        struct hash leaf;
        if (edge.size == BODY_LINES_MAX) {
            return E_LIMIT;
        }
        salted_leaf_hash(&leaf, salt, line);
        merkle_edge_append(&edge, &leaf);
    }
    if (failed || edge.size == 0) {
        return E_ENCODING;
    }
    struct hash root;
    merkle_edge_root(&edge, &root);
    uint8_t size[4];
    bytes_put_number(size, edge.size, sizeof size);
    struct bytes parts[3] = {bytes_of(purpose, sizeof purpose - 1), bytes_of(size, sizeof size),
                             hash_view(&root)};
    hash_parts(commitment, parts, 3);
    *count = (uint32_t)edge.size;
    return OK;
}

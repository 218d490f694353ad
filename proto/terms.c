/* Terms: the reader that all kinds share, and the short terms of post, member and note.
 *
 *   any kind   1 tag of the operation id (bin 8)
 *   post       0 event (uint)   2 reversed sign (bool)   4 round, BE year (uint)
 *              6 fund of a grant (uint)   8 accounts reported (array of uint, ascending)
 *   member     0 change of the number of members (int)
 *   note       0 topic (str 1..64)   2 hash of the document (bin 32) */
#include "proto/terms_reader.h"

#include <inttypes.h>
#include <string.h>

/* --- the reader --- */

struct terms_reader terms_reader_inside(const struct cursor *cursor)
{
    struct terms_reader reader = {*cursor, 0, -1};
    reader.left = cursor_map(&reader.cursor, ENTRY_TERMS_KEYS_MAX);
    return reader;
}

struct terms_reader terms_reader_of(struct bytes terms)
{
    struct cursor cursor = cursor_of(terms);
    return terms_reader_inside(&cursor);
}

bool terms_next(struct terms_reader *reader, uint64_t *key)
{
    if (reader->left == 0 || reader->cursor.failed) {
        return false;
    }
    reader->left--;
    *key = cursor_key(&reader->cursor, &reader->previous);
    return !reader->cursor.failed;
}

enum err_code terms_other(struct terms_reader *reader, uint64_t key, struct err *err)
{
    if (key == TERMS_TAG_KEY) {
        uint8_t tag[OPERATION_TAG_BYTES];
        cursor_bin_exact(&reader->cursor, tag, sizeof tag);
        return OK;
    }
    if ((key & 1) == 0) {
        return err_set(err, E_NEEDS_UPGRADE,
                       "term %" PRIu64 " is critical and this program does not know it; upgrade it",
                       key);
    }
    cursor_skip(&reader->cursor, ENTRY_DEPTH_MAX);
    return OK;
}

enum err_code terms_end(const struct terms_reader *reader, const char *what, struct err *err)
{
    if (!reader->cursor.failed) {
        return OK;
    }
    if (reader->previous < 0) {
        return err_set(err, E_ENCODING,
                       "terms of %s: expected a map of at most %d ascending unsigned keys", what,
                       ENTRY_TERMS_KEYS_MAX);
    }
    return err_set(err, E_ENCODING,
                   "terms of %s: key %" PRId64 " or the one behind it is malformed or out of range",
                   what, reader->previous);
}

enum err_code terms_end_alone(const struct terms_reader *reader, const char *what, struct err *err)
{
    enum err_code code = terms_end(reader, what, err);
    if (code == OK && !cursor_done(&reader->cursor)) {
        code = err_set(err, E_ENCODING, "terms of %s: something stands behind the map", what);
    }
    return code;
}

void terms_text(struct cursor *cursor, char *out, size_t max)
{
    struct bytes text = cursor_str(cursor, max);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            cursor_fail(cursor);
            text.len = 0;
        }
    }
    if (text.len > 0) {
        memcpy(out, text.data, text.len);
    }
    out[text.len] = '\0';
}

unsigned terms_addresses(struct cursor *cursor, char out[ADDRESSES_MAX][ADDRESS_MAX_BYTES + 1])
{
    unsigned count = (unsigned)cursor_array(cursor, ADDRESSES_MAX);
    for (unsigned i = 0; i < count; i++) {
        terms_text(cursor, out[i], ADDRESS_MAX_BYTES);
        if (out[i][0] == '\0') {
            cursor_fail(cursor);
        }
    }
    return count;
}

uint32_t terms_place(struct cursor *cursor)
{
    uint32_t place = (uint32_t)cursor_uint_max(cursor, 999999);
    bool even_digits = place == 0 || (place >= 10 && place <= 99) ||
                       (place >= 1000 && place <= 9999) || place >= 100000;
    if (!even_digits) {
        cursor_fail(cursor);
    }
    return place;
}

void terms_pack_tag(struct buffer *out, const uint8_t *tag)
{
    if (tag != NULL) {
        pack_uint(out, TERMS_TAG_KEY);
        pack_bin(out, bytes_of(tag, OPERATION_TAG_BYTES));
    }
}

void terms_pack_addresses(struct buffer *out,
                          const char addresses[ADDRESSES_MAX][ADDRESS_MAX_BYTES + 1],
                          unsigned count)
{
    pack_array(out, count);
    for (unsigned i = 0; i < count; i++) {
        pack_text(out, addresses[i]);
    }
}

bool terms_operation_tag(struct bytes terms, uint8_t tag[OPERATION_TAG_BYTES])
{
    struct terms_reader reader = terms_reader_of(terms);
    uint64_t key;
    while (terms_next(&reader, &key) && key <= TERMS_TAG_KEY) {
        if (key == TERMS_TAG_KEY) {
            struct bytes value = cursor_bin(&reader.cursor);
            if (value.len != OPERATION_TAG_BYTES) {
                return false;
            }
            memcpy(tag, value.data, OPERATION_TAG_BYTES);
            return true;
        }
        cursor_skip(&reader.cursor, ENTRY_DEPTH_MAX);
    }
    return false;
}

void terms_empty_pack(struct buffer *out, const uint8_t *tag)
{
    pack_map(out, tag != NULL);
    terms_pack_tag(out, tag);
}

/* --- post --- */

static void read_reported(struct cursor *cursor, struct post_terms *out)
{
    out->reported_count = (unsigned)cursor_array(cursor, ACCOUNTS_REPORTED_MAX);
    for (unsigned i = 0; i < out->reported_count; i++) {
        out->reported[i] = (uint16_t)cursor_uint_max(cursor, UINT16_MAX);
        if (i > 0 && out->reported[i] <= out->reported[i - 1]) {
            cursor_fail(cursor);
        }
    }
}

enum err_code terms_post_read(struct bytes terms, struct post_terms *out, struct err *err)
{
    struct terms_reader reader = terms_reader_of(terms);
    uint64_t key;
    enum err_code code = OK;
    out->event = 0;
    out->reversed = false;
    out->round = 0;
    out->grant = 0;
    out->reported_count = 0;
    while (code == OK && terms_next(&reader, &key)) {
        switch (key) {
        case 0:
            out->event = (uint32_t)cursor_uint_max(&reader.cursor, UINT32_MAX);
            break;
        case 2:
            out->reversed = cursor_bool(&reader.cursor);
            break;
        case 4:
            out->round = (uint32_t)cursor_uint_max(&reader.cursor, UINT32_MAX);
            break;
        case 6:
            out->grant = (uint32_t)cursor_uint_max(&reader.cursor, UINT32_MAX);
            break;
        case 8:
            read_reported(&reader.cursor, out);
            break;
        default:
            code = terms_other(&reader, key, err);
        }
    }
    if (code == OK) {
        code = terms_end_alone(&reader, "post", err);
    }
    if (code == OK && out->event == 0) {
        code = err_set(err, E_ENCODING, "terms of post: key 0, the event, is missing");
    }
    return code;
}

void terms_post_pack(struct buffer *out, const struct post_terms *terms, const uint8_t *tag)
{
    pack_map(out, 1U + (tag != NULL) + terms->reversed + (terms->round != 0) + (terms->grant != 0) +
                      (terms->reported_count != 0));
    pack_uint(out, 0);
    pack_uint(out, terms->event);
    terms_pack_tag(out, tag);
    if (terms->reversed) {
        pack_uint(out, 2);
        pack_bool(out, true);
    }
    if (terms->round != 0) {
        pack_uint(out, 4);
        pack_uint(out, terms->round);
    }
    if (terms->grant != 0) {
        pack_uint(out, 6);
        pack_uint(out, terms->grant);
    }
    if (terms->reported_count != 0) {
        pack_uint(out, 8);
        pack_array(out, terms->reported_count);
        for (unsigned i = 0; i < terms->reported_count; i++) {
            pack_uint(out, terms->reported[i]);
        }
    }
}

/* --- member --- */

enum err_code terms_member_read(struct bytes terms, struct member_terms *out, struct err *err)
{
    struct terms_reader reader = terms_reader_of(terms);
    uint64_t key;
    enum err_code code = OK;
    out->change = 0;
    while (code == OK && terms_next(&reader, &key)) {
        if (key == 0) {
            out->change = cursor_int(&reader.cursor);
        } else {
            code = terms_other(&reader, key, err);
        }
    }
    return code == OK ? terms_end_alone(&reader, "member", err) : code;
}

void terms_member_pack(struct buffer *out, const struct member_terms *terms, const uint8_t *tag)
{
    pack_map(out, 1U + (tag != NULL));
    pack_uint(out, 0);
    pack_int(out, terms->change);
    terms_pack_tag(out, tag);
}

/* --- note --- */

enum err_code terms_note_read(struct bytes terms, struct note_terms *out, struct err *err)
{
    struct terms_reader reader = terms_reader_of(terms);
    uint64_t key;
    enum err_code code = OK;
    memset(out, 0, sizeof *out);
    while (code == OK && terms_next(&reader, &key)) {
        if (key == 0) {
            out->topic = cursor_str(&reader.cursor, TOPIC_MAX_BYTES);
        } else if (key == 2) {
            cursor_bin_exact(&reader.cursor, &out->document, sizeof out->document);
        } else {
            code = terms_other(&reader, key, err);
        }
    }
    return code == OK ? terms_end_alone(&reader, "note", err) : code;
}

void terms_note_pack(struct buffer *out, const struct note_terms *terms, const uint8_t *tag)
{
    bool has_document = !hash_is_zero(&terms->document);
    pack_map(out, 1U + (tag != NULL) + has_document);
    pack_uint(out, 0);
    pack_str(out, terms->topic);
    terms_pack_tag(out, tag);
    if (has_document) {
        pack_uint(out, 2);
        pack_bin(out, hash_view(&terms->document));
    }
}

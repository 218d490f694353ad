/* Reading canonical MessagePack. The hot path of a sync goes through here, a few dozen times an
 * entry: so the one-byte forms are decided first, and failure moves the cursor to its end, where
 * every later read finds nothing left without a second test.
 *
 *   byte       kind       then                     canonical when
 *   00..7f     uint       -                        always
 *   80..8f     map        2 * (byte & 15) values   keys unsigned, ascending, unique
 *   90..9f     array      byte & 15 values         always
 *   a0..bf     str        byte & 31 bytes          UTF-8
 *   c0         nil        -                        always
 *   c2 c3      bool       -                        always
 *   c4 c5 c6   bin        1, 2, 4 of length        length >= 0, 2^8, 2^16
 *   cc cd ce cf uint      1, 2, 4, 8               value >= 2^7, 2^8, 2^16, 2^32
 *   d0 d1 d2 d3 negative  1, 2, 4, 8               value < -2^5, -2^7, -2^15, -2^31
 *   d9 da db   str        1, 2, 4 of length        length >= 2^5, 2^8, 2^16; UTF-8
 *   dc dd      array      2, 4 of count            count >= 2^4, 2^16
 *   de df      map        2, 4 of count            count >= 2^4, 2^16; keys as above
 *   e0..ff     negative   -                        always
 *   c1, c7..cb, d4..d8 (unused, ext, float)        never */
#include "proto/bytes.h"

#include <string.h>

struct cursor cursor_of(struct bytes bytes)
{
    static const uint8_t nothing[1]; /* so that no arithmetic meets a null pointer */
    const uint8_t *start = bytes.data == NULL ? nothing : bytes.data;
    struct cursor cursor = {start, start + bytes.len, false};
    return cursor;
}

void cursor_fail(struct cursor *cursor)
{
    cursor->at = cursor->end;
    cursor->failed = true;
}

bool cursor_done(const struct cursor *cursor)
{
    return !cursor->failed && cursor->at == cursor->end;
}

static size_t left(const struct cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

enum cursor_type cursor_peek(const struct cursor *cursor)
{
    if (cursor->at == cursor->end) {
        return CURSOR_END;
    }
    uint8_t byte = *cursor->at;
    if (byte < 0x80 || (byte >= 0xcc && byte <= 0xcf)) {
        return CURSOR_UINT;
    }
    if (byte < 0x90 || byte == 0xde || byte == 0xdf) {
        return CURSOR_MAP;
    }
    if (byte < 0xa0 || byte == 0xdc || byte == 0xdd) {
        return CURSOR_ARRAY;
    }
    if (byte < 0xc0 || (byte >= 0xd9 && byte <= 0xdb)) {
        return CURSOR_STR;
    }
    if (byte >= 0xe0 || (byte >= 0xd0 && byte <= 0xd3)) {
        return CURSOR_NEGATIVE;
    }
    if (byte >= 0xc4 && byte <= 0xc6) {
        return CURSOR_BIN;
    }
    if (byte == 0xc0) {
        return CURSOR_NIL;
    }
    return byte == 0xc2 || byte == 0xc3 ? CURSOR_BOOL : CURSOR_OTHER;
}

/* The `width` big-endian bytes behind the type byte, which both are consumed. */
static uint64_t take_wide(struct cursor *cursor, unsigned width)
{
    if (left(cursor) <= width) {
        cursor_fail(cursor);
        return 0;
    }
    const uint8_t *at = cursor->at + 1;
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++) {
        value = value << 8 | at[i];
    }
    cursor->at = at + width;
    return value;
}

/* The same, refused when it is below `least`: then a shorter form exists. */
static uint64_t take_shortest(struct cursor *cursor, unsigned width, uint64_t least)
{
    uint64_t value = take_wide(cursor, width);
    if (value < least) {
        cursor_fail(cursor);
        return 0;
    }
    return value;
}

bool cursor_nil(struct cursor *cursor)
{
    if (cursor->at == cursor->end || *cursor->at != 0xc0) {
        return false;
    }
    cursor->at++;
    return true;
}

bool cursor_bool(struct cursor *cursor)
{
    if (cursor->at == cursor->end || (*cursor->at & 0xfe) != 0xc2) {
        cursor_fail(cursor);
        return false;
    }
    return *cursor->at++ == 0xc3;
}

uint64_t cursor_uint(struct cursor *cursor)
{
    if (cursor->at == cursor->end) {
        cursor_fail(cursor);
        return 0;
    }
    if (*cursor->at < 0x80) {
        return *cursor->at++;
    }
    switch (*cursor->at) {
    case 0xcc:
        return take_shortest(cursor, 1, 0x80);
    case 0xcd:
        return take_shortest(cursor, 2, 0x100);
    case 0xce:
        return take_shortest(cursor, 4, 0x10000);
    case 0xcf:
        return take_shortest(cursor, 8, UINT64_C(0x100000000));
    }
    cursor_fail(cursor);
    return 0;
}

uint64_t cursor_uint_max(struct cursor *cursor, uint64_t max)
{
    uint64_t value = cursor_uint(cursor);
    if (value > max) {
        cursor_fail(cursor);
        return 0;
    }
    return value;
}

/* A negative number of `width` bytes, sign-extended; it must be below `limit`. */
static int64_t take_negative(struct cursor *cursor, unsigned width, int64_t limit)
{
    unsigned shift = 64 - 8 * width;
    uint64_t raw = take_wide(cursor, width) << shift;
    int64_t value = (int64_t)raw >> shift; /* arithmetic in gcc and clang */
    if (value >= limit) {
        cursor_fail(cursor);
        return 0;
    }
    return value;
}

int64_t cursor_int(struct cursor *cursor)
{
    if (cursor->at != cursor->end) {
        uint8_t byte = *cursor->at;
        if (byte >= 0xe0) {
            cursor->at++;
            return (int64_t)byte - 0x100;
        }
        switch (byte) {
        case 0xd0:
            return take_negative(cursor, 1, -0x20);
        case 0xd1:
            return take_negative(cursor, 2, -0x80);
        case 0xd2:
            return take_negative(cursor, 4, -0x8000);
        case 0xd3:
            return take_negative(cursor, 8, -INT64_C(0x80000000));
        }
    }
    return (int64_t)cursor_uint_max(cursor, INT64_MAX);
}

/* `len` bytes as a view; nothing when fewer are left. */
static struct bytes take_view(struct cursor *cursor, uint64_t len)
{
    if (len > left(cursor)) {
        cursor_fail(cursor);
        len = 0;
    }
    struct bytes view = {cursor->at, (size_t)len};
    cursor->at += view.len;
    return view;
}

struct bytes cursor_bin(struct cursor *cursor)
{
    uint64_t len = 0;
    switch (cursor->at == cursor->end ? 0 : *cursor->at) {
    case 0xc4:
        len = take_wide(cursor, 1);
        break;
    case 0xc5:
        len = take_shortest(cursor, 2, 0x100);
        break;
    case 0xc6:
        len = take_shortest(cursor, 4, 0x10000);
        break;
    default:
        cursor_fail(cursor);
    }
    return take_view(cursor, len);
}

void cursor_bin_exact(struct cursor *cursor, void *out, size_t len)
{
    struct bytes view = cursor_bin(cursor);
    if (view.len == len && !cursor->failed) {
        memcpy(out, view.data, len);
        return;
    }
    cursor_fail(cursor);
    memset(out, 0, len);
}

struct bytes cursor_str(struct cursor *cursor, size_t max_len)
{
    uint64_t len = 0;
    uint8_t byte = cursor->at == cursor->end ? 0 : *cursor->at;
    switch (byte) {
    case 0xd9:
        len = take_shortest(cursor, 1, 0x20);
        break;
    case 0xda:
        len = take_shortest(cursor, 2, 0x100);
        break;
    case 0xdb:
        len = take_shortest(cursor, 4, 0x10000);
        break;
    default:
        if ((byte & 0xe0) == 0xa0) {
            len = byte & 0x1f;
            cursor->at++;
        } else {
            cursor_fail(cursor);
        }
    }
    struct bytes view = take_view(cursor, len);
    if (view.len > max_len || !bytes_is_utf8(view)) {
        cursor_fail(cursor);
        return bytes_of(NULL, 0);
    }
    return view;
}

/* The count of an array (first = 0x90, wide = 0xdc) or map (0x80, 0xde). A count that the bytes
 * left cannot hold fails here, so that a caller may allocate by it. */
static size_t take_count(struct cursor *cursor, uint8_t first, uint8_t wide, size_t unit,
                         size_t max_count)
{
    uint64_t count = 0;
    uint8_t byte = cursor->at == cursor->end ? 0 : *cursor->at;
    if ((byte & 0xf0) == first) {
        count = byte & 0x0f;
        cursor->at++;
    } else if (byte == wide) {
        count = take_shortest(cursor, 2, 0x10);
    } else if (byte == wide + 1) {
        count = take_shortest(cursor, 4, 0x10000);
    } else {
        cursor_fail(cursor);
    }
    if (count > max_count || count > left(cursor) / unit) {
        cursor_fail(cursor);
        return 0;
    }
    return (size_t)count;
}

size_t cursor_array(struct cursor *cursor, size_t max_count)
{
    return take_count(cursor, 0x90, 0xdc, 1, max_count);
}

size_t cursor_map(struct cursor *cursor, size_t max_count)
{
    return take_count(cursor, 0x80, 0xde, 2, max_count);
}

uint64_t cursor_key(struct cursor *cursor, int64_t *previous)
{
    uint64_t key = cursor_uint_max(cursor, INT64_MAX);
    if (cursor->failed || (int64_t)key <= *previous) {
        cursor_fail(cursor);
        return 0;
    }
    *previous = (int64_t)key;
    return key;
}

static void skip_array(struct cursor *cursor, unsigned depth)
{
    size_t count = cursor_array(cursor, SIZE_MAX);
    for (size_t i = 0; i < count && !cursor->failed; i++) {
        cursor_skip(cursor, depth);
    }
}

static void skip_map(struct cursor *cursor, unsigned depth)
{
    size_t count = cursor_map(cursor, SIZE_MAX);
    int64_t previous = -1;
    for (size_t i = 0; i < count && !cursor->failed; i++) {
        (void)cursor_key(cursor, &previous);
        cursor_skip(cursor, depth);
    }
}

/* Recursion is as deep as `depth`, which is ours, never a peer's. */
void cursor_skip(struct cursor *cursor, unsigned depth)
{
    enum cursor_type type = cursor_peek(cursor);
    if (depth == 0 && (type == CURSOR_ARRAY || type == CURSOR_MAP)) {
        cursor_fail(cursor);
        return;
    }
    switch (type) {
    case CURSOR_NIL:
    case CURSOR_BOOL:
        cursor->at++;
        return;
    case CURSOR_UINT:
        (void)cursor_uint(cursor);
        return;
    case CURSOR_NEGATIVE:
        (void)cursor_int(cursor);
        return;
    case CURSOR_BIN:
        (void)cursor_bin(cursor);
        return;
    case CURSOR_STR:
        (void)cursor_str(cursor, SIZE_MAX);
        return;
    case CURSOR_ARRAY:
        skip_array(cursor, depth - 1);
        return;
    case CURSOR_MAP:
        skip_map(cursor, depth - 1);
        return;
    case CURSOR_END:
    case CURSOR_OTHER:
        cursor_fail(cursor);
        return;
    }
}

struct bytes cursor_raw(struct cursor *cursor, unsigned depth)
{
    const uint8_t *start = cursor->at;
    cursor_skip(cursor, depth);
    if (cursor->failed) {
        return bytes_of(NULL, 0);
    }
    return bytes_of(start, (size_t)(cursor->at - start));
}

bool bytes_is_canonical(struct bytes bytes, unsigned depth)
{
    struct cursor cursor = cursor_of(bytes);
    cursor_skip(&cursor, depth);
    return cursor_done(&cursor);
}

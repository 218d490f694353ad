/* Views of bytes, the growing buffer that every writer uses, and text as people type it. */
#include "proto/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes bytes_of(const void *data, size_t len)
{
    struct bytes view = {data, len};
    return view;
}

struct bytes bytes_of_text(const char *text)
{
    return text == NULL ? bytes_of(NULL, 0) : bytes_of(text, strlen(text));
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* --- text --- */

/* Length of the well-formed multi-byte character at `at` (RFC 3629, section 4), 0 if it is none. */
static size_t utf8_character(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0];
    size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || len > left) {
        return 0;
    }
    /* The second byte's range excludes overlong forms, surrogates and what is past U+10FFFF. */
    uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < len; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return len;
}

bool bytes_is_utf8(struct bytes text)
{
    size_t i = 0;
    while (i < text.len) {
        if (text.data[i] < 0x80) {
            i++;
            continue;
        }
        size_t len = utf8_character(text.data + i, text.len - i);
        if (len == 0) {
            return false;
        }
        i += len;
    }
    return true;
}

bool bytes_fold_digits(struct bytes text, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (len + 1 >= size || text.data[i] == 0) {
            return false;
        }
        /* Thai digits U+0E50 to U+0E59 are e0 b9 90 to e0 b9 99. */
        if (text.len - i >= 3 && text.data[i] == 0xe0 && text.data[i + 1] == 0xb9 &&
            text.data[i + 2] >= 0x90 && text.data[i + 2] <= 0x99) {
            out[len++] = (char)('0' + (text.data[i + 2] - 0x90));
            i += 2;
        } else {
            out[len++] = (char)text.data[i];
        }
    }
    if (size == 0) {
        return false;
    }
    out[len] = '\0';
    return true;
}

size_t bytes_cut(struct bytes text, size_t max)
{
    size_t len = text.len < max ? text.len : max;
    size_t tail = 0; /* continuation bytes at the end */
    while (tail < len && tail < 4 && (text.data[len - 1 - tail] & 0xc0) == 0x80) {
        tail++;
    }
    if (tail == len) {
        return len;
    }
    size_t start = len - 1 - tail;
    uint8_t lead = text.data[start];
    size_t wanted = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    return tail < wanted ? start : len;
}

bool bytes_line(struct bytes *rest, struct bytes *line)
{
    const uint8_t *end = rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);
    if (end == NULL) {
        return false;
    }
    size_t len = (size_t)(end - rest->data);
    *line = bytes_of(rest->data, len);
    *rest = bytes_of(end + 1, rest->len - len - 1);
    return true;
}

bool bytes_digits(struct bytes text, uint64_t max, uint64_t *value)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' ||
            __builtin_mul_overflow(number, UINT64_C(10), &number) ||
            __builtin_add_overflow(number, (uint64_t)(text.data[i] - '0'), &number)) {
            return false;
        }
    }
    if (text.len == 0 || number > max) {
        return false;
    }
    *value = number;
    return true;
}

bool bytes_decimal(struct bytes text, uint64_t max, uint64_t *value)
{
    bool has_leading_zero = text.len > 1 && text.data[0] == '0';
    return !has_leading_zero && bytes_digits(text, max, value);
}

const char *bytes_quote(struct bytes text, char out[QUOTE_MAX])
{
    static const char dots[] = "...";
    size_t room = QUOTE_MAX - sizeof dots;
    size_t len = 0;
    size_t i = 0;
    while (i < text.len) {
        uint8_t byte = text.data[i];
        size_t step = byte < 0x80 ? 1 : utf8_character(text.data + i, text.len - i);
        /* C1 control characters are c2 80 to c2 9f: a terminal obeys them as it does C0. */
        bool plain = step > 1 ? !(byte == 0xc2 && text.data[i + 1] < 0xa0)
                              : step == 1 && byte >= 0x20 && byte != 0x7f;
        size_t written = plain ? step : 1;
        if (len + written > room) {
            memcpy(out + len, dots, sizeof dots);
            return out;
        }
        if (plain) {
            memcpy(out + len, text.data + i, step);
        } else {
            out[len] = '?';
        }
        len += written;
        i += step == 0 ? 1 : step;
    }
    out[len] = '\0';
    return out;
}

/* --- numbers and arrays --- */

void bytes_put_number(uint8_t *out, uint64_t value, unsigned len)
{
    for (unsigned i = len; i > 0; i--) {
        out[i - 1] = (uint8_t)(value & 0xff);
        value >>= 8;
    }
}

uint64_t bytes_get_number(const uint8_t *in, unsigned len)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < len; i++) {
        value = value << 8 | in[i];
    }
    return value;
}

void *array_room(void *array, size_t count, size_t *capacity, size_t element_size)
{
    enum { FIRST_CAPACITY = 16 };
    if (count < *capacity) {
        return array;
    }
    if (count > SIZE_MAX / 2 / element_size) {
        return NULL; /* asked first: a sanitizer takes reallocarray's own refusal for a defect */
    }
    size_t wanted = count < FIRST_CAPACITY ? (size_t)FIRST_CAPACITY : 2 * count;
    void *larger = reallocarray(array, wanted, element_size);
    if (larger != NULL) {
        *capacity = wanted;
    }
    return larger;
}

/* --- buffer --- */

enum { BUFFER_FIRST_CAP = 64 };

void buffer_init(struct buffer *buffer, size_t limit)
{
    buffer->data = NULL;
    buffer->len = 0;
    buffer->cap = 0;
    buffer->limit = limit;
    buffer->failed = false;
}

void buffer_free(struct buffer *buffer)
{
    if (buffer == NULL) {
        return;
    }
    free(buffer->data);
    buffer_init(buffer, buffer->limit);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
    buffer->failed = false;
}

/* Makes room for at least `wanted` bytes in all: doubles, so that appending stays linear. */
static bool grow(struct buffer *buffer, size_t wanted)
{
    size_t limit = buffer->limit == 0 ? SIZE_MAX : buffer->limit;
    if (wanted > limit) {
        return false;
    }
    size_t cap = buffer->cap > SIZE_MAX / 2 ? SIZE_MAX : buffer->cap * 2;
    cap = cap < BUFFER_FIRST_CAP ? BUFFER_FIRST_CAP : cap;
    cap = cap < wanted ? wanted : cap;
    cap = cap > limit ? limit : cap;
    uint8_t *data = realloc(buffer->data, cap);
    if (data == NULL) {
        return false;
    }
    buffer->data = data;
    buffer->cap = cap;
    return true;
}

uint8_t *buffer_extend(struct buffer *buffer, size_t len)
{
    if (buffer->failed) {
        return NULL;
    }
    if (len > buffer->cap - buffer->len || buffer->data == NULL) {
        if (len > SIZE_MAX - buffer->len || !grow(buffer, buffer->len + len)) {
            buffer->failed = true;
            return NULL;
        }
    }
    uint8_t *at = buffer->data + buffer->len;
    buffer->len += len;
    return at;
}

void buffer_append(struct buffer *buffer, const void *data, size_t len)
{
    if (len == 0) {
        return;
    }
    uint8_t *at = buffer_extend(buffer, len);
    if (at != NULL) {
        memcpy(at, data, len);
    }
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
    char text[256]; /* what is printed here is mostly a line; longer goes through the heap */
    va_list args;
    va_start(args, format);
    int printed = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (printed < 0) {
        buffer->failed = true;
        return;
    }
    size_t len = (size_t)printed;
    if (len < sizeof text) {
        buffer_append(buffer, text, len);
        return;
    }
    char *long_text = malloc(len + 1);
    if (long_text == NULL) {
        buffer->failed = true;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(long_text, len + 1, format, args);
    va_end(args);
    buffer_append(buffer, long_text, len);
    free(long_text);
}

struct bytes buffer_view(const struct buffer *buffer)
{
    return bytes_of(buffer->data, buffer->len);
}

/* Hex ids and their prefixes, and strict base64. */
#include "proto/id.h"

#include <sodium.h>

const char *hex_format(struct bytes data, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < data.len; i++) {
        out[2 * i] = digits[data.data[i] >> 4];
        out[2 * i + 1] = digits[data.data[i] & 15];
    }
    out[2 * data.len] = '\0';
    return out;
}

const char *hash_format(const struct hash *hash, char out[HEX_HASH_MAX])
{
    return hex_format(hash_view(hash), out);
}

/* 0 to 15, or -1 when it is no hex digit. */
static int nibble_of(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

static bool is_hex(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (nibble_of(text.data[i]) < 0) {
            return false;
        }
    }
    return true;
}

bool hex_parse(struct bytes text, void *out, size_t len)
{
    if (len > SIZE_MAX / 2 || text.len != 2 * len || !is_hex(text)) {
        return false;
    }
    uint8_t *bytes = out;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(nibble_of(text.data[2 * i]) * 16 + nibble_of(text.data[2 * i + 1]));
    }
    return true;
}

bool id_prefix_parse(struct bytes text, struct id_prefix *prefix)
{
    if (text.len < ID_PREFIX_MIN_DIGITS || text.len > sizeof prefix->nibble || !is_hex(text)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        prefix->nibble[i] = (uint8_t)nibble_of(text.data[i]);
    }
    prefix->digits = (unsigned)text.len;
    return true;
}

bool id_prefix_matches(const struct id_prefix *prefix, const struct hash *id)
{
    for (unsigned i = 0; i < prefix->digits; i++) {
        uint8_t byte = id->bytes[i / 2];
        if (prefix->nibble[i] != (i % 2 == 0 ? byte >> 4 : byte & 15)) {
            return false;
        }
    }
    return true;
}

const char *base64_format(struct bytes data, char *out, size_t out_size)
{
    return sodium_bin2base64(out, out_size, data.data, data.len, sodium_base64_VARIANT_ORIGINAL);
}

/* libsodium 1.0.18 reads a character with its top bit set as the one without: another name for the
 * same value, so refused before. */
static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* libsodium's decoder refuses missing or surplus padding, left-over bits and, where no end pointer
 * is asked for, anything behind the value: what it takes of ASCII is the one encoding. */
bool base64_parse(struct bytes text, uint8_t *out, size_t max_len, size_t *len)
{
    size_t decoded;
    if (text.len % 4 != 0 || !is_ascii(text) ||
        sodium_base642bin(out, max_len, (const char *)text.data, text.len, NULL, &decoded, NULL,
                          sodium_base64_VARIANT_ORIGINAL) != 0) {
        return false;
    }
    *len = decoded;
    return true;
}

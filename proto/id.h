/* Ids as people type and read them: lower-case hex, and lookup by unambiguous prefix. */
#ifndef SATCHA_PROTO_ID_H
#define SATCHA_PROTO_ID_H

#include "proto/err.h"
#include "proto/hash.h"

enum {
    HEX_HASH_MAX = 65, /* 64 digits and the terminator */
    ID_PREFIX_MIN_DIGITS = 8,
    ID_SHORT_DIGITS = 8 /* what listings print */
};

/* Lower-case hex of `data`; `out` takes 2 * len + 1 bytes. Returns out. */
const char *hex_format(struct bytes data, char *out);
const char *hash_format(const struct hash *hash, char out[HEX_HASH_MAX]);
/* Exactly 2 * len hex digits (either case) to `out`; false otherwise, out untouched. */
bool hex_parse(struct bytes text, void *out, size_t len);

/* A typed id: 8 to 64 hex digits. */
struct id_prefix {
    uint8_t nibble[64];
    unsigned digits;
};
/* false when text is not 8..64 hex digits (then it may be a name). */
bool id_prefix_parse(struct bytes text, struct id_prefix *prefix);
bool id_prefix_matches(const struct id_prefix *prefix, const struct hash *id);

/* Standard base64 with padding (RFC 4648 section 4), strict: the one encoding of each value. */
enum { BASE64_HASH_MAX = 45 };
const char *base64_format(struct bytes data, char *out, size_t out_size);
/* Decodes exactly; false when not canonical base64 or longer than max_len, and then `out` may hold
 * part of it. */
bool base64_parse(struct bytes text, uint8_t *out, size_t max_len, size_t *len);

#endif

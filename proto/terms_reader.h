/* Walking a terms map by the parity rule: what terms.c, terms_profile.c, terms_policy.c and
 * terms_roster.c share. An unknown even key is E_NEEDS_UPGRADE, an unknown odd one is skipped. */
#ifndef SATCHA_PROTO_TERMS_READER_H
#define SATCHA_PROTO_TERMS_READER_H

#include "proto/terms.h"

struct terms_reader {
    struct cursor cursor;
    size_t left;      /* keys not read yet */
    int64_t previous; /* the last key that was read; -1 before the first */
};

enum { TERMS_TAG_KEY = 1 };

/* Over one whole map that came alone, and over one inside of another value. */
struct terms_reader terms_reader_of(struct bytes terms);
struct terms_reader terms_reader_inside(const struct cursor *cursor);
/* The next key; false at the end and after a failure. The caller reads or skips the value. */
bool terms_next(struct terms_reader *reader, uint64_t *key);
/* Reads the operation tag (key 1) or disposes of a key that the kind does not know. */
enum err_code MUST_USE terms_other(struct terms_reader *reader, uint64_t key, struct err *err);
/* OK when all keys were read and nothing failed; else E_ENCODING naming the key. A reader of a map
 * that came alone also wants nothing behind it. */
enum err_code MUST_USE terms_end(const struct terms_reader *reader, const char *what,
                                 struct err *err);
enum err_code MUST_USE terms_end_alone(const struct terms_reader *reader, const char *what,
                                       struct err *err);

/* Text to an owned, terminated copy of at most `max` bytes. Control characters are refused: these
 * texts go to people's terminals. */
void terms_text(struct cursor *cursor, char *out, size_t max);
/* 0 … ADDRESSES_MAX texts of 1 … ADDRESS_MAX_BYTES. */
unsigned terms_addresses(struct cursor *cursor, char out[ADDRESSES_MAX][ADDRESS_MAX_BYTES + 1]);
/* An official code of 2, 4 or 6 digits, or 0. */
uint32_t terms_place(struct cursor *cursor);

void terms_pack_tag(struct buffer *out,
                    const uint8_t *tag); /* key and value; NULL writes nothing */
void terms_pack_addresses(struct buffer *out,
                          const char addresses[ADDRESSES_MAX][ADDRESS_MAX_BYTES + 1],
                          unsigned count);

/* The policy inside of a profile (terms_policy.c). */
enum err_code MUST_USE terms_policy_read(struct cursor *cursor, struct policy *out,
                                         struct err *err);
void terms_policy_pack(struct buffer *out, const struct policy *policy);

#endif

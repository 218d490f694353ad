/* Signed start counts: see starts.h. */
#include "proto/starts.h"

#include <string.h>

enum { DOMAIN_BYTES = 16, COUNT_BYTES = 8, PACKED_BYTES = COUNT_BYTES + SIGNATURE_BYTES };

static void write_message(uint8_t out[DOMAIN_BYTES + HASH_BYTES + COUNT_BYTES],
                          const struct hash *group, uint64_t starts)
{
    memcpy(out, "satcha/starts/1\n", DOMAIN_BYTES);
    memcpy(out + DOMAIN_BYTES, group->bytes, HASH_BYTES);
    bytes_put_number(out + DOMAIN_BYTES + HASH_BYTES, starts, COUNT_BYTES);
}

void start_count_sign(struct start_count *count, const struct hash *group, uint64_t starts,
                      const struct sign_key *key)
{
    uint8_t message[DOMAIN_BYTES + HASH_BYTES + COUNT_BYTES];
    write_message(message, group, starts);
    count->starts = starts;
    sign_message(&count->signature, key, bytes_of(message, sizeof message));
}

bool start_count_verify(const struct start_count *count, const struct hash *group,
                        const struct hash *public_key)
{
    uint8_t message[DOMAIN_BYTES + HASH_BYTES + COUNT_BYTES];
    write_message(message, group, count->starts);
    return count->starts > 0 &&
           sign_verify(&count->signature, public_key, bytes_of(message, sizeof message));
}

void start_count_pack(struct buffer *out, const struct start_count *count)
{
    uint8_t packed[PACKED_BYTES];
    if (count->starts == 0) {
        pack_nil(out);
        return;
    }
    bytes_put_number(packed, count->starts, COUNT_BYTES);
    memcpy(packed + COUNT_BYTES, count->signature.bytes, SIGNATURE_BYTES);
    pack_bin(out, bytes_of(packed, sizeof packed));
}

void start_count_read(struct cursor *cursor, struct start_count *count)
{
    uint8_t packed[PACKED_BYTES];
    memset(count, 0, sizeof *count);
    if (cursor_nil(cursor)) {
        return;
    }
    cursor_bin_exact(cursor, packed, sizeof packed);
    count->starts = bytes_get_number(packed, COUNT_BYTES);
    memcpy(count->signature.bytes, packed + COUNT_BYTES, SIGNATURE_BYTES);
    if (count->starts == 0 || count->starts > TIME_MAX_MS) {
        cursor_fail(cursor);
    }
}

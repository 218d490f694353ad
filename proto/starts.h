/* How often a group's node was started, signed by the group: the evidence by which a home put back
 * from an old disk image is found out, though the image brought its own high-water mark along. A
 * node tells its count when it asks for its own head; a peer keeps the greatest and gives it back.
 * Being signed, it cannot be made up to stop a node.
 *
 *   signature = Ed25519 over "satcha/starts/1\n" || group id (32) || count (u64 BE) */
#ifndef SATCHA_PROTO_STARTS_H
#define SATCHA_PROTO_STARTS_H

#include "proto/sign.h"

struct start_count {
    uint64_t starts; /* 0: none, and no signature */
    struct signature signature;
};

void start_count_sign(struct start_count *count, const struct hash *group, uint64_t starts,
                      const struct sign_key *key);
bool MUST_USE start_count_verify(const struct start_count *count, const struct hash *group,
                                 const struct hash *public_key);

/* On the wire: nil, or bin of 72 bytes: count u64 BE, signature. */
void start_count_pack(struct buffer *out, const struct start_count *count);
void start_count_read(struct cursor *cursor, struct start_count *count);

#endif

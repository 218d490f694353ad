/* Merkle hashing (RFC 6962, section 2.1) and the right edge that an appender keeps. */
#include "proto/merkle.h"

#include <assert.h>
#include <string.h>

void merkle_leaf_hash(struct hash *out, struct bytes leaf)
{
    static const uint8_t prefix = 0x00;
    struct bytes parts[] = {{&prefix, 1}, leaf};
    hash_parts(out, parts, 2);
}

void merkle_node_hash(struct hash *out, const struct hash *left, const struct hash *right)
{
    uint8_t node[1 + 2 * HASH_BYTES];
    node[0] = 0x01;
    memcpy(node + 1, left->bytes, HASH_BYTES);
    memcpy(node + 1 + HASH_BYTES, right->bytes, HASH_BYTES);
    hash_of(out, bytes_of(node, sizeof node));
}

void merkle_edge_init(struct merkle_edge *edge)
{
    edge->size = 0;
}

unsigned merkle_edge_count(const struct merkle_edge *edge)
{
    return (unsigned)__builtin_popcountll(edge->size);
}

void merkle_edge_append(struct merkle_edge *edge, const struct hash *leaf_hash)
{
    merkle_edge_append_subtree(edge, 0, leaf_hash);
}

/* Binary addition of 2^level: each carry joins two equal subtrees. */
void merkle_edge_append_subtree(struct merkle_edge *edge, unsigned level, const struct hash *root)
{
    assert(level < 63);
    uint64_t added = UINT64_C(1) << level;
    assert(edge->size % added == 0 && edge->size <= UINT64_MAX - added);
    unsigned count = merkle_edge_count(edge);
    struct hash joined = *root;
    for (uint64_t bit = added; (edge->size & bit) != 0; bit <<= 1) {
        count--;
        merkle_node_hash(&joined, &edge->node[count], &joined);
    }
    edge->node[count] = joined;
    edge->size += added;
}

void merkle_edge_root(const struct merkle_edge *edge, struct hash *root)
{
    unsigned count = merkle_edge_count(edge);
    if (count == 0) {
        hash_parts(root, NULL, 0);
        return;
    }
    struct hash joined = edge->node[count - 1];
    for (unsigned i = count - 1; i > 0; i--) {
        merkle_node_hash(&joined, &edge->node[i - 1], &joined);
    }
    *root = joined;
}

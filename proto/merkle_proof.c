/* Inclusion and consistency proofs: made from stored subtrees (RFC 6962, sections 2.1.1 and
 * 2.1.2), checked with nothing but themselves (RFC 9162, sections 2.1.3.2 and 2.1.4.2). Sizes and
 * indexes often come from a peer: one that makes no sense is E_PROOF, not an assertion. */
#include "proto/merkle.h"

#include <string.h>

/* --- making --- */

/* A range of leaves whose start is a multiple of a power of two not below its length: a subtree of
 * RFC 6962's recursion. */
struct range {
    uint64_t begin;
    uint64_t end;
};

/* The largest power of two below `length` (>= 2): where the tree is split. */
static uint64_t split_of(uint64_t length)
{
    return UINT64_C(1) << (63 - __builtin_clzll(length - 1));
}

/* The right edge of a range by itself: one complete subtree for each bit of its length. */
static enum err_code range_edge(const struct merkle_source *source, struct range range,
                                struct merkle_edge *edge)
{
    uint64_t length = range.end - range.begin;
    uint64_t begin = range.begin;
    unsigned count = 0;
    for (unsigned above = 64; above > 0; above--) {
        unsigned level = above - 1;
        if ((length >> level & 1) == 0) {
            continue;
        }
        enum err_code code =
            source->node(source->context, level, begin >> level, &edge->node[count]);
        if (code != OK) {
            return code;
        }
        count++;
        begin += UINT64_C(1) << level;
    }
    edge->size = length;
    return OK;
}

static enum err_code range_root(const struct merkle_source *source, struct range range,
                                struct hash *root)
{
    struct merkle_edge edge;
    enum err_code code = range_edge(source, range, &edge);
    if (code == OK) {
        merkle_edge_root(&edge, root);
    }
    return code;
}

enum err_code merkle_edge_at(const struct merkle_source *source, uint64_t size,
                             struct merkle_edge *edge)
{
    struct merkle_edge found;
    enum err_code code = range_edge(source, (struct range){0, size}, &found);
    if (code == OK) {
        *edge = found;
    }
    return code;
}

enum err_code merkle_root_at(const struct merkle_source *source, uint64_t size, struct hash *root)
{
    return range_root(source, (struct range){0, size}, root);
}

/* A proof is gathered from the root down, as ranges; it is written from the leaf up. */
struct path {
    unsigned count;
    struct range range[MERKLE_PROOF_MAX];
};

static enum err_code path_to_proof(const struct merkle_source *source, const struct path *path,
                                   struct merkle_proof *proof)
{
    struct merkle_proof made;
    made.count = path->count;
    for (unsigned i = 0; i < path->count; i++) {
        enum err_code code = range_root(source, path->range[path->count - 1 - i], &made.node[i]);
        if (code != OK) {
            return code;
        }
    }
    *proof = made;
    return OK;
}

enum err_code merkle_inclusion_proof(const struct merkle_source *source, uint64_t index,
                                     uint64_t size, struct merkle_proof *proof)
{
    if (index >= size || size > LEDGER_SIZE_MAX) {
        return E_PROOF;
    }
    struct path path = {.count = 0};
    struct range tree = {0, size};
    while (tree.end - tree.begin > 1) {
        uint64_t middle = tree.begin + split_of(tree.end - tree.begin);
        if (index < middle) {
            path.range[path.count++] = (struct range){middle, tree.end};
            tree.end = middle;
        } else {
            path.range[path.count++] = (struct range){tree.begin, middle};
            tree.begin = middle;
        }
    }
    return path_to_proof(source, &path, proof);
}

enum err_code merkle_consistency_proof(const struct merkle_source *source, uint64_t from,
                                       uint64_t to, struct merkle_proof *proof)
{
    if (from > to || to > LEDGER_SIZE_MAX) {
        return E_PROOF;
    }
    struct path path = {.count = 0};
    struct range tree = {0, to};
    /* Down to the subtree that ends where the older tree ended. */
    while (from > 0 && tree.end != from) {
        uint64_t middle = tree.begin + split_of(tree.end - tree.begin);
        if (from <= middle) {
            path.range[path.count++] = (struct range){middle, tree.end};
            tree.end = middle;
        } else {
            path.range[path.count++] = (struct range){tree.begin, middle};
            tree.begin = middle;
        }
    }
    if (from > 0 && tree.begin > 0) { /* else it is the older root, which the verifier has */
        path.range[path.count++] = tree;
    }
    return path_to_proof(source, &path, proof);
}

/* --- checking --- */

/* Where the check stands in both trees: `node` is the number of the subtree at this level that is
 * proved, `last` that of the rightmost one. */
struct climb {
    uint64_t node;
    uint64_t last;
};

static void climb_up(struct climb *climb)
{
    climb->node >>= 1;
    climb->last >>= 1;
}

/* Is the next proof hash the left sibling? Where the subtree is the last one with no right sibling,
 * the levels on which it stands alone are passed over. */
static bool climb_sibling_is_left(struct climb *climb)
{
    if ((climb->node & 1) == 0 && climb->node != climb->last) {
        return false;
    }
    while ((climb->node & 1) == 0 && climb->node != 0) {
        climb_up(climb);
    }
    return true;
}

enum err_code merkle_verify_inclusion(const struct hash *leaf_hash, uint64_t index, uint64_t size,
                                      const struct merkle_proof *proof, const struct hash *root)
{
    if (index >= size || proof->count > MERKLE_PROOF_MAX) {
        return E_PROOF;
    }
    struct climb climb = {index, size - 1};
    struct hash joined = *leaf_hash;
    for (unsigned i = 0; i < proof->count; i++) {
        if (climb.last == 0) {
            return E_PROOF;
        }
        if (climb_sibling_is_left(&climb)) {
            merkle_node_hash(&joined, &proof->node[i], &joined);
        } else {
            merkle_node_hash(&joined, &joined, &proof->node[i]);
        }
        climb_up(&climb);
    }
    return climb.last == 0 && hash_equal(&joined, root) ? OK : E_PROOF;
}

/* The proof's climb for 0 < from < to: rebuilds the older root and the newer one together. */
static enum err_code verify_growth(uint64_t from, const struct hash *from_root, uint64_t to,
                                   const struct hash *to_root, const struct merkle_proof *proof)
{
    struct climb climb = {from - 1, to - 1};
    while ((climb.node & 1) == 1) {
        climb_up(&climb);
    }
    /* Where the older size is a power of two its root is the first hash, and is not sent. */
    bool first_is_sent = (from & (from - 1)) != 0;
    if (proof->count < (first_is_sent ? 2 : 1)) {
        return E_PROOF;
    }
    struct hash older = first_is_sent ? proof->node[0] : *from_root;
    struct hash newer = older;
    for (unsigned i = first_is_sent ? 1 : 0; i < proof->count; i++) {
        if (climb.last == 0) {
            return E_PROOF;
        }
        if (climb_sibling_is_left(&climb)) {
            merkle_node_hash(&older, &proof->node[i], &older);
            merkle_node_hash(&newer, &proof->node[i], &newer);
        } else {
            merkle_node_hash(&newer, &newer, &proof->node[i]);
        }
        climb_up(&climb);
    }
    bool equal = hash_equal(&older, from_root) && hash_equal(&newer, to_root);
    return climb.last == 0 && equal ? OK : E_PROOF;
}

enum err_code merkle_verify_consistency(uint64_t from, const struct hash *from_root, uint64_t to,
                                        const struct hash *to_root,
                                        const struct merkle_proof *proof)
{
    if (from == 0 || from > to || proof->count > MERKLE_PROOF_MAX) {
        return E_PROOF;
    }
    if (from == to) {
        return proof->count == 0 && hash_equal(from_root, to_root) ? OK : E_PROOF;
    }
    return verify_growth(from, from_root, to, to_root, proof);
}

/* --- on the wire --- */

void merkle_proof_pack(struct buffer *out, const struct merkle_proof *proof)
{
    pack_bin(out, bytes_of(proof->node, (size_t)proof->count * HASH_BYTES));
}

void merkle_proof_read(struct cursor *cursor, struct merkle_proof *proof)
{
    struct bytes nodes = cursor_bin(cursor);
    proof->count = 0;
    if (nodes.len % HASH_BYTES != 0 || nodes.len / HASH_BYTES > MERKLE_PROOF_MAX) {
        cursor_fail(cursor);
        return;
    }
    for (size_t i = 0; i < nodes.len / HASH_BYTES; i++) {
        memcpy(proof->node[i].bytes, nodes.data + i * HASH_BYTES, HASH_BYTES);
        proof->count++;
    }
}

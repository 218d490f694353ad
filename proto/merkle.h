/* The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1): leaf hash SHA-256(0x00 || leaf),
 * node hash SHA-256(0x01 || left || right), the tree of n leaves split at the largest power of two
 * below n.
 *
 * Three uses: an appender keeps only the right edge (at most 64 hashes); a server of proofs reads
 * complete subtrees through a callback; a verifier needs nothing but the proof. */
#ifndef SATCHA_PROTO_MERKLE_H
#define SATCHA_PROTO_MERKLE_H

#include "proto/err.h"
#include "proto/hash.h"

void merkle_leaf_hash(struct hash *out, struct bytes leaf);
void merkle_node_hash(struct hash *out, const struct hash *left, const struct hash *right);

/* --- right edge ---
 * Invariant: node[0..popcount(size)) are the roots of the complete subtrees whose sizes are the
 * bits of `size`, largest (leftmost) first. */
enum { MERKLE_EDGE_MAX = 64 };
struct merkle_edge {
    uint64_t size;
    struct hash node[MERKLE_EDGE_MAX];
};

void merkle_edge_init(struct merkle_edge *edge);
void merkle_edge_append(struct merkle_edge *edge, const struct hash *leaf_hash);
/* Appends a complete subtree of 2^level leaves; edge->size must be a multiple of 2^level. */
void merkle_edge_append_subtree(struct merkle_edge *edge, unsigned level, const struct hash *root);
/* Of no leaves: SHA-256 of nothing. */
void merkle_edge_root(const struct merkle_edge *edge, struct hash *root);
unsigned merkle_edge_count(const struct merkle_edge *edge); /* popcount(size) */

/* --- making proofs ---
 * Gives the hash of the complete subtree number `index` at `level` (2^level leaves, from leaf
 * index << level). Level 0 is leaf hashes. Errors are passed through. */
typedef enum err_code (*merkle_node_fn)(void *context, unsigned level, uint64_t index,
                                        struct hash *out);
struct merkle_source {
    merkle_node_fn node;
    void *context;
};

enum { MERKLE_PROOF_MAX = 64 };
struct merkle_proof {
    unsigned count;
    struct hash node[MERKLE_PROOF_MAX];
};

enum err_code MUST_USE merkle_root_at(const struct merkle_source *source, uint64_t size,
                                      struct hash *root);
/* The right edge of the first `size` leaves. */
enum err_code MUST_USE merkle_edge_at(const struct merkle_source *source, uint64_t size,
                                      struct merkle_edge *edge);
/* PATH(index, D[size]): index < size. */
enum err_code MUST_USE merkle_inclusion_proof(const struct merkle_source *source, uint64_t index,
                                              uint64_t size, struct merkle_proof *proof);
/* PROOF(from, D[to]): 0 <= from <= to; empty for from = 0 or from = to. */
enum err_code MUST_USE merkle_consistency_proof(const struct merkle_source *source, uint64_t from,
                                                uint64_t to, struct merkle_proof *proof);

/* --- checking proofs: E_PROOF or OK, by the algorithms of RFC 9162 sections 2.1.3.2, 2.1.4.2 ---
 */
enum err_code MUST_USE merkle_verify_inclusion(const struct hash *leaf_hash, uint64_t index,
                                               uint64_t size, const struct merkle_proof *proof,
                                               const struct hash *root);
/* from = 0 is no evidence and E_PROOF; from = to wants equal roots and an empty proof. */
enum err_code MUST_USE merkle_verify_consistency(uint64_t from, const struct hash *from_root,
                                                 uint64_t to, const struct hash *to_root,
                                                 const struct merkle_proof *proof);

/* On the wire a proof is a bin of count * 32 bytes. */
void merkle_proof_pack(struct buffer *out, const struct merkle_proof *proof);
void merkle_proof_read(struct cursor *cursor, struct merkle_proof *proof);

#endif

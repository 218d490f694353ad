/* The Merkle tree: every tree to 260 leaves against the recursion of RFC 6962 written down naively,
 * every proof, flipped bits, and the published proofs. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "proto/id.h"
#include "proto/merkle.h"
#include "tests/lib/json.h"
#include "tests/lib/shared.h"

enum { LEAVES = 260 };

static struct hash leaf[LEAVES];
static struct hash root_of[LEAVES + 1];

static void naive_root(unsigned begin, unsigned end, struct hash *root)
{
    if (end - begin == 1) {
        *root = leaf[begin];
        return;
    }
    unsigned split = 1;
    while (split * 2 < end - begin) {
        split *= 2;
    }
    struct hash left;
    struct hash right;
    naive_root(begin, begin + split, &left);
    naive_root(begin + split, end, &right);
    merkle_node_hash(root, &left, &right);
}

static enum err_code stored_node(void *context, unsigned level, uint64_t index, struct hash *out)
{
    const unsigned *held = context; /* leaves that the source has */
    uint64_t begin = index << level;
    uint64_t end = (index + 1) << level;
    if (end > *held) {
        return E_NO_DATA;
    }
    naive_root((unsigned)begin, (unsigned)end, out);
    return OK;
}

static unsigned all_leaves = LEAVES;
static const struct merkle_source source = {stored_node, &all_leaves};

static int make_leaves(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LEAVES; i++) {
        uint8_t text[2] = {(uint8_t)(i & 0xff), (uint8_t)(i >> 8)};
        merkle_leaf_hash(&leaf[i], bytes_of(text, i == 0 ? 0 : 2));
    }
    struct merkle_edge empty;
    merkle_edge_init(&empty);
    merkle_edge_root(&empty, &root_of[0]);
    for (unsigned i = 1; i <= LEAVES; i++) {
        naive_root(0, i, &root_of[i]);
    }
    return 0;
}

static void assert_hash(const struct hash *hash, const char *hex)
{
    char text[HEX_HASH_MAX];
    assert_string_equal(hash_format(hash, text), hex);
}

/* The digests of RFC 6962's own definitions, computed elsewhere. */
static void test_known_hashes(void **state)
{
    (void)state;
    struct hash hash;
    assert_hash(&root_of[0], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    merkle_leaf_hash(&hash, bytes_of(NULL, 0));
    assert_hash(&hash, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    struct bytes parts[] = {bytes_of_text("ab"), bytes_of(NULL, 0), bytes_of_text("c")};
    hash_parts(&hash, parts, 3);
    assert_hash(&hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_hmac(&hash, bytes_of_text("Jefe"), bytes_of_text("what do ya want for nothing?"));
    assert_hash(&hash, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_false(hash_is_zero(&hash));
    memset(&hash, 0, sizeof hash);
    assert_true(hash_is_zero(&hash));
}

static void test_edge_and_root_at(void **state)
{
    (void)state;
    struct merkle_edge edge;
    merkle_edge_init(&edge);
    for (unsigned size = 0; size <= LEAVES; size++) {
        struct hash root;
        struct merkle_edge found;
        merkle_edge_root(&edge, &root);
        assert_true(hash_equal(&root, &root_of[size]));
        assert_int_equal(merkle_root_at(&source, size, &root), OK);
        assert_true(hash_equal(&root, &root_of[size]));
        assert_int_equal(merkle_edge_at(&source, size, &found), OK);
        assert_true(found.size == edge.size);
        assert_memory_equal(found.node, edge.node, sizeof(struct hash) * merkle_edge_count(&edge));
        if (size < LEAVES) {
            merkle_edge_append(&edge, &leaf[size]);
        }
    }
}

static void test_append_subtrees(void **state)
{
    (void)state;
    for (unsigned level = 0; level <= 8; level++) {
        struct merkle_edge edge;
        merkle_edge_init(&edge);
        unsigned step = 1U << level;
        for (unsigned begin = 0; begin + step <= LEAVES; begin += step) {
            struct hash subtree;
            struct hash root;
            naive_root(begin, begin + step, &subtree);
            merkle_edge_append_subtree(&edge, level, &subtree);
            merkle_edge_root(&edge, &root);
            assert_true(hash_equal(&root, &root_of[begin + step]));
        }
    }
}

static void test_every_inclusion_proof(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned size = 1; size <= LEAVES; size++) {
        for (unsigned index = 0; index < size; index++) {
            struct merkle_proof proof;
            assert_int_equal(merkle_inclusion_proof(&source, index, size, &proof), OK);
            assert_int_equal(merkle_verify_inclusion(&leaf[index], index, size, &proof,
                                                     &root_of[size]),
                             OK);
            count++;
        }
    }
    (void)printf("%u inclusion proofs\n", count);
}

static void test_every_consistency_proof(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned to = 1; to <= LEAVES; to++) {
        for (unsigned from = 1; from <= to; from++) {
            struct merkle_proof proof;
            assert_int_equal(merkle_consistency_proof(&source, from, to, &proof), OK);
            assert_int_equal(merkle_verify_consistency(from, &root_of[from], to, &root_of[to],
                                                       &proof),
                             OK);
            count++;
        }
    }
    (void)printf("%u consistency proofs\n", count);
}

/* In the proof, in each root, in the leaf hash; a proof cut short or with one hash too many. */
static void test_flipped_bits(void **state)
{
    (void)state;
    static const unsigned sample[][2] = {{0, 1},   {0, 2},     {2, 3},     {5, 8},    {6, 7},
                                         {63, 64}, {100, 129}, {255, 257}, {258, 259}};
    for (size_t i = 0; i < sizeof sample / sizeof sample[0]; i++) {
        unsigned index = sample[i][0];
        unsigned size = sample[i][1];
        struct merkle_proof proof;
        assert_int_equal(merkle_inclusion_proof(&source, index, size, &proof), OK);
        for (unsigned bit = 0; bit < (proof.count + 2) * 256; bit++) {
            struct merkle_proof bent = proof;
            struct hash ends[2] = {leaf[index], root_of[size]};
            struct hash *hash = bit / 256 < 2 ? &ends[bit / 256] : &bent.node[bit / 256 - 2];
            hash->bytes[bit % 256 / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(merkle_verify_inclusion(&ends[0], index, size, &bent, &ends[1]),
                             E_PROOF);
        }
        for (unsigned other = 0; other < LEAVES + 2; other++) {
            if (other != index) {
                assert_int_equal(merkle_verify_inclusion(&leaf[index], other, size, &proof,
                                                         &root_of[size]),
                                 E_PROOF);
            }
        }
        proof.node[proof.count++] = root_of[1];
        assert_int_equal(merkle_verify_inclusion(&leaf[index], index, size, &proof, &root_of[size]),
                         E_PROOF);
    }
}

static void test_flipped_bits_of_consistency(void **state)
{
    (void)state;
    static const unsigned sample[][2] = {{1, 1},   {1, 2},     {2, 3},     {5, 8},    {6, 7},
                                         {64, 65}, {100, 129}, {255, 257}, {258, 259}};
    for (size_t i = 0; i < sizeof sample / sizeof sample[0]; i++) {
        unsigned from = sample[i][0];
        unsigned to = sample[i][1];
        struct merkle_proof proof;
        assert_int_equal(merkle_consistency_proof(&source, from, to, &proof), OK);
        for (unsigned bit = 0; bit < (proof.count + 2) * 256; bit++) {
            struct merkle_proof bent = proof;
            struct hash ends[2] = {root_of[from], root_of[to]};
            struct hash *hash = bit / 256 < 2 ? &ends[bit / 256] : &bent.node[bit / 256 - 2];
            hash->bytes[bit % 256 / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(merkle_verify_consistency(from, &ends[0], to, &ends[1], &bent),
                             E_PROOF);
        }
        struct merkle_proof longer = proof;
        longer.node[longer.count++] = root_of[1];
        assert_int_equal(merkle_verify_consistency(from, &root_of[from], to, &root_of[to], &longer),
                         E_PROOF);
        if (proof.count > 0) {
            proof.count--;
            assert_int_equal(merkle_verify_consistency(from, &root_of[from], to, &root_of[to],
                                                       &proof),
                             E_PROOF);
        }
    }
}

static void test_ranges_that_make_no_sense(void **state)
{
    (void)state;
    struct merkle_proof proof;
    struct hash root;
    assert_int_equal(merkle_inclusion_proof(&source, 5, 5, &proof), E_PROOF);
    assert_int_equal(merkle_inclusion_proof(&source, 0, UINT64_MAX, &proof), E_PROOF);
    assert_int_equal(merkle_consistency_proof(&source, 6, 5, &proof), E_PROOF);
    assert_int_equal(merkle_consistency_proof(&source, 0, 5, &proof), OK);
    assert_int_equal(proof.count, 0);
    assert_int_equal(merkle_verify_consistency(0, &root_of[0], 5, &root_of[5], &proof), E_PROOF);
    assert_int_equal(merkle_consistency_proof(&source, 5, 5, &proof), OK);
    assert_int_equal(proof.count, 0);
    /* What is not held is told as it is. */
    unsigned held = 100;
    struct merkle_source partial = {stored_node, &held};
    assert_int_equal(merkle_root_at(&partial, 101, &root), E_NO_DATA);
    assert_int_equal(merkle_inclusion_proof(&partial, 3, 101, &proof), E_NO_DATA);
    assert_int_equal(merkle_consistency_proof(&partial, 3, 101, &proof), E_NO_DATA);
}

static void test_wire(void **state)
{
    (void)state;
    struct merkle_proof proof;
    struct merkle_proof again;
    struct buffer out;
    buffer_init(&out, 0);
    assert_int_equal(merkle_inclusion_proof(&source, 100, 257, &proof), OK);
    merkle_proof_pack(&out, &proof);
    struct cursor cursor = cursor_of(buffer_view(&out));
    merkle_proof_read(&cursor, &again);
    assert_true(cursor_done(&cursor));
    assert_int_equal(again.count, proof.count);
    assert_memory_equal(again.node, proof.node, sizeof(struct hash) * proof.count);
    static const size_t lengths[] = {1, 31, 33, 65 * 32};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        static const uint8_t zeros[65 * 32];
        buffer_clear(&out);
        pack_bin(&out, bytes_of(zeros, lengths[i]));
        cursor = cursor_of(buffer_view(&out));
        merkle_proof_read(&cursor, &again);
        assert_true(cursor.failed);
        assert_int_equal(again.count, 0);
    }
    buffer_free(&out);
}

/* --- published proofs --- */

struct proof_count {
    unsigned accepted;
    unsigned refused;
};

static bool read_hash(const json_t *object, const char *key, struct hash *hash)
{
    size_t len;
    return base64_parse(bytes_of_text(json_text(object, key)), hash->bytes, HASH_BYTES, &len) &&
           len == HASH_BYTES;
}

/* Hashes of another length, which some vectors have, cannot be said on our wire. */
static bool read_proof(const json_t *object, struct merkle_proof *proof)
{
    const json_t *nodes = json_object_get(object, "proof");
    proof->count = 0;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        struct bytes text = bytes_of_text(json_string_value(json_array_get(nodes, i)));
        size_t len;
        if (i == MERKLE_PROOF_MAX || !base64_parse(text, proof->node[i].bytes, HASH_BYTES, &len) ||
            len != HASH_BYTES) {
            return false;
        }
        proof->count++;
    }
    return true;
}

static bool inclusion_holds(const json_t *vector)
{
    struct hash leaf_hash;
    struct hash root;
    struct merkle_proof proof;
    return read_hash(vector, "leafHash", &leaf_hash) && read_hash(vector, "root", &root) &&
           read_proof(vector, &proof) &&
           merkle_verify_inclusion(&leaf_hash, json_number(vector, "leafIdx"),
                                   json_number(vector, "treeSize"), &proof, &root) == OK;
}

/* A root by which the vector means "any text": shorter than a hash, so padded with zeros. */
static void read_root(const json_t *object, const char *key, struct hash *root)
{
    size_t len;
    memset(root, 0, sizeof *root);
    assert_true(base64_parse(bytes_of_text(json_text(object, key)), root->bytes, HASH_BYTES, &len));
}

static bool consistency_holds(const json_t *vector)
{
    struct hash roots[2];
    struct merkle_proof proof;
    read_root(vector, "root1", &roots[0]);
    read_root(vector, "root2", &roots[1]);
    return read_proof(vector, &proof) &&
           merkle_verify_consistency(json_number(vector, "size1"), &roots[0],
                                     json_number(vector, "size2"), &roots[1], &proof) == OK;
}

static void check_vector(const char *path, void *context)
{
    struct proof_count *count = context;
    json_t *vector = json_read(path);
    bool is_inclusion = json_object_get(vector, "leafIdx") != NULL;
    bool holds = is_inclusion ? inclusion_holds(vector) : consistency_holds(vector);
    bool refused = json_is_true(json_object_get(vector, "wantErr"));
    /* One vector calls equal empty trees consistent; here size 0 is no evidence of anything. */
    bool of_nothing = !is_inclusion && json_number(vector, "size1") == 0;
    if (holds != (!refused && !of_nothing)) {
        fail_msg("%s: %s", path, holds ? "accepted" : "refused");
    }
    *(holds ? &count->accepted : &count->refused) += 1;
    json_decref(vector);
}

static void check_vectors(const char *name)
{
    struct proof_count count = {0, 0};
    char pattern[256];
    (void)snprintf(pattern, sizeof pattern, "vectors/merkle/testdata/%s/*/*.json", name);
    if (shared_each(pattern, check_vector, &count) == 0) {
        skip();
    }
    (void)snprintf(pattern, sizeof pattern, "vectors/merkle/testdata/%s/*/*/*.json", name);
    if (strcmp(name, "inclusion") == 0) {
        (void)shared_each(pattern, check_vector, &count);
    }
    (void)printf("published %s proofs: %u accepted, %u refused\n", name, count.accepted,
                 count.refused);
}

static void test_published_inclusion(void **state)
{
    (void)state;
    check_vectors("inclusion");
}

static void test_published_consistency(void **state)
{
    (void)state;
    check_vectors("consistency");
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_hashes),
        cmocka_unit_test(test_edge_and_root_at),
        cmocka_unit_test(test_append_subtrees),
        cmocka_unit_test(test_every_inclusion_proof),
        cmocka_unit_test(test_every_consistency_proof),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_flipped_bits_of_consistency),
        cmocka_unit_test(test_ranges_that_make_no_sense),
        cmocka_unit_test(test_wire),
        cmocka_unit_test(test_published_inclusion),
        cmocka_unit_test(test_published_consistency),
    };
    return cmocka_run_group_tests(tests, make_leaves, NULL);
}

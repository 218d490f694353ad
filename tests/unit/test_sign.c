/* Keys and signatures; and the published vectors for the libsodium primitives that satcha uses:
 * a library that decides otherwise would split the nodes of a network. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "proto/id.h"
#include "proto/sign.h"
#include "tests/lib/json.h"

static void read_key(const char *hex, struct hash *key)
{
    assert_true(hex_parse(bytes_of_text(hex), key->bytes, HASH_BYTES));
}

static void assert_hash(const struct hash *hash, const char *hex)
{
    char text[HEX_HASH_MAX];
    assert_string_equal(hash_format(hash, text), hex);
}

/* RFC 8032, section 7.1, test 2. */
static void test_known_signature(void **state)
{
    (void)state;
    struct hash seed;
    struct sign_key key;
    struct signature signature;
    char text[2 * SIGNATURE_BYTES + 1];
    read_key("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", &seed);
    sign_key_from_seed(&key, seed.bytes);
    assert_hash(&key.public_key,
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    sign_message(&signature, &key, bytes_of_text("r"));
    assert_string_equal(hex_format(bytes_of(signature.bytes, SIGNATURE_BYTES), text),
                        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    assert_true(sign_verify(&signature, &key.public_key, bytes_of_text("r")));
    assert_false(sign_verify(&signature, &key.public_key, bytes_of_text("s")));
    signature.bytes[63] ^= 1;
    assert_false(sign_verify(&signature, &key.public_key, bytes_of_text("r")));
    sign_key_wipe(&key);
    static const struct sign_key wiped;
    assert_memory_equal(&key, &wiped, sizeof key);
}

/* RFC 7748, section 5.2: scalar 9 times the base point. The seed is the scalar. */
static void test_known_transport_key(void **state)
{
    (void)state;
    static const uint8_t seed[SEED_BYTES] = {9};
    struct transport_key key;
    transport_key_from_seed(&key, seed);
    assert_hash(&key.public_key,
                "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    assert_true(transport_key_is_acceptable(&key.public_key));
    transport_key_wipe(&key);
    static const struct transport_key wiped;
    assert_memory_equal(&key, &wiped, sizeof key);
}

/* Keys of a home come back from its seed for ever: keyed BLAKE2b, computed elsewhere. */
static void test_derived_seeds(void **state)
{
    (void)state;
    uint8_t seed[SEED_BYTES];
    struct hash derived[4];
    for (unsigned i = 0; i < SEED_BYTES; i++) {
        seed[i] = (uint8_t)i;
    }
    seed_derive(seed, SEED_SIGNING, 0, derived[0].bytes);
    seed_derive(seed, SEED_SIGNING, 1, derived[1].bytes);
    seed_derive(seed, SEED_TRANSPORT, 0, derived[2].bytes);
    seed_derive(seed, SEED_OPERATION_TAG, 0, derived[3].bytes);
    assert_hash(&derived[0], "5b8db401826d5d2f1c179746d561a4b59b048726f87f20876134909dddfc7213");
    assert_hash(&derived[1], "0cb4bae9a8d436dbaf2e69205c4c84ed8e126ca1c6da6f7da0dc1f9ab2c7d7d9");
    assert_hash(&derived[2], "af95b4f2cd92103f41bf3dda68c3f755d4ba5163f732d9e053a9f3900bfc40c9");
    assert_hash(&derived[3], "549d84251104db1766fa74a4ae77fed22869d8f00cf0b004610f5c05173b576d");
}

static void test_random(void **state)
{
    (void)state;
    struct hash a;
    struct hash b;
    struct sign_key key;
    random_bytes(a.bytes, HASH_BYTES);
    random_bytes(b.bytes, HASH_BYTES);
    assert_false(hash_equal(&a, &b));
    sign_key_from_seed(&key, a.bytes);
    assert_true(sign_key_is_acceptable(&key.public_key));
}

static void test_signing_keys_that_may_not_be_declared(void **state)
{
    (void)state;
    static const char *const refused[] = {
        /* small order, canonical: of order 4 (two), 1, 8 (four), 2 */
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        /* small order, y not below the prime or the sign of x = 0 set */
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        /* y = 3 + prime: large order, not canonical */
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        /* not on the curve */
        "0200000000000000000000000000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct hash key;
        read_key(refused[i], &key);
        if (sign_key_is_acceptable(&key)) {
            fail_msg("accepted: %s", refused[i]);
        }
    }
    struct hash key; /* y = 3: on the curve, of large order */
    read_key("0300000000000000000000000000000000000000000000000000000000000000", &key);
    assert_true(sign_key_is_acceptable(&key));
}

static void test_transport_keys_that_may_not_be_declared(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0900000000000000000000000000000000000000000000000000000000000080",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct hash key;
        read_key(refused[i], &key);
        if (transport_key_is_acceptable(&key)) {
            fail_msg("accepted: %s", refused[i]);
        }
    }
    struct hash base;
    read_key("0900000000000000000000000000000000000000000000000000000000000000", &base);
    assert_true(transport_key_is_acceptable(&base));
}

/* --- published vectors --- */

struct vector_count {
    unsigned valid;
    unsigned invalid;
    unsigned passed_over;
};

/* Buffers for the fields of one vector. */
struct fields {
    struct buffer a, b, c, d, e, f;
};

typedef void (*check_fn)(const json_t *group, const json_t *test, struct fields *fields,
                         struct vector_count *count);

static void each_vector(const char *name, check_fn check)
{
    json_t *root = json_read_shared(name);
    if (root == NULL) {
        skip();
    }
    const json_t *groups = json_object_get(root, "testGroups");
    struct vector_count count = {0, 0, 0};
    struct fields fields;
    memset(&fields, 0, sizeof fields);
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        const json_t *tests = json_object_get(group, "tests");
        for (size_t j = 0; j < json_array_size(tests); j++) {
            check(group, json_array_get(tests, j), &fields, &count);
        }
    }
    (void)printf("%s: %u valid, %u invalid, %u not of our sizes\n", name, count.valid,
                 count.invalid, count.passed_over);
    assert_int_equal(count.valid + count.invalid + count.passed_over,
                     json_number(root, "numberOfTests"));
    buffer_free(&fields.a);
    buffer_free(&fields.b);
    buffer_free(&fields.c);
    buffer_free(&fields.d);
    buffer_free(&fields.e);
    buffer_free(&fields.f);
    json_decref(root);
}

static void record(const json_t *test, bool accepted, struct vector_count *count)
{
    if (accepted != (strcmp(json_text(test, "result"), "invalid") != 0)) {
        fail_msg("vector %u is %s, not so here: %s", (unsigned)json_number(test, "tcId"),
                 json_text(test, "result"), json_text(test, "comment"));
    }
    *(accepted ? &count->valid : &count->invalid) += 1;
}

static void check_ed25519(const json_t *group, const json_t *test, struct fields *fields,
                          struct vector_count *count)
{
    struct hash key;
    read_key(json_text(json_object_get(group, "publicKey"), "pk"), &key);
    struct bytes message = json_hex(test, "msg", &fields->a);
    struct bytes bytes = json_hex(test, "sig", &fields->b);
    struct signature signature;
    bool accepted = bytes.len == SIGNATURE_BYTES; /* another length cannot be said in our formats */
    if (accepted) {
        memcpy(signature.bytes, bytes.data, SIGNATURE_BYTES);
        accepted = sign_verify(&signature, &key, message);
    }
    record(test, accepted, count);
}

/* "acceptable" ones have odd public keys: computed, or refused where the secret would be zero. */
static void check_x25519(const json_t *group, const json_t *test, struct fields *fields,
                         struct vector_count *count)
{
    (void)group;
    uint8_t shared[crypto_scalarmult_BYTES];
    struct bytes public_key = json_hex(test, "public", &fields->a);
    struct bytes private_key = json_hex(test, "private", &fields->b);
    struct bytes expected = json_hex(test, "shared", &fields->c);
    assert_true(public_key.len == 32 && private_key.len == 32 && expected.len == 32);
    bool zero = sodium_is_zero(expected.data, expected.len) == 1;
    bool computed = crypto_scalarmult(shared, private_key.data, public_key.data) == 0;
    assert_int_equal(computed, !zero);
    if (computed) {
        assert_memory_equal(shared, expected.data, sizeof shared);
        count->valid++;
    } else {
        assert_string_not_equal(json_text(test, "result"), "valid");
        count->invalid++;
    }
}

static void check_hmac(const json_t *group, const json_t *test, struct fields *fields,
                       struct vector_count *count)
{
    (void)group;
    struct bytes key = json_hex(test, "key", &fields->a);
    struct bytes message = json_hex(test, "msg", &fields->b);
    struct bytes tag = json_hex(test, "tag", &fields->c); /* some are the first half only */
    struct hash computed;
    hash_hmac(&computed, key, message);
    assert_true(tag.len <= HASH_BYTES);
    record(test, memcmp(computed.bytes, tag.data, tag.len) == 0, count);
}

static void check_aead(const json_t *group, const json_t *test, struct fields *fields,
                       struct vector_count *count)
{
    (void)group;
    struct bytes key = json_hex(test, "key", &fields->a);
    struct bytes nonce = json_hex(test, "iv", &fields->b);
    struct bytes extra = json_hex(test, "aad", &fields->c);
    struct bytes plain = json_hex(test, "msg", &fields->d);
    struct bytes sealed = json_hex(test, "ct", &fields->e);
    struct bytes tag = json_hex(test, "tag", &fields->f);
    uint8_t opened[1024];
    uint8_t again[1024];
    uint8_t again_tag[crypto_aead_chacha20poly1305_ietf_ABYTES];
    unsigned long long tag_len;
    if (nonce.len != crypto_aead_chacha20poly1305_ietf_NPUBBYTES) {
        assert_string_equal(json_text(test, "result"), "invalid");
        count->passed_over++;
        return;
    }
    assert_true(key.len == 32 && tag.len == sizeof again_tag && sealed.len <= sizeof opened);
    bool accepted =
        crypto_aead_chacha20poly1305_ietf_decrypt_detached(opened, NULL, sealed.data, sealed.len,
                                                           tag.data, extra.data, extra.len,
                                                           nonce.data, key.data) == 0;
    record(test, accepted, count);
    if (!accepted) {
        return;
    }
    assert_true(bytes_equal(bytes_of(opened, sealed.len), plain));
    assert_int_equal(crypto_aead_chacha20poly1305_ietf_encrypt_detached(again, again_tag, &tag_len,
                                                                        plain.data, plain.len,
                                                                        extra.data, extra.len, NULL,
                                                                        nonce.data, key.data),
                     0);
    assert_true(bytes_equal(bytes_of(again, plain.len), sealed));
    assert_memory_equal(again_tag, tag.data, sizeof again_tag);
}

static void test_wycheproof_ed25519(void **state)
{
    (void)state;
    each_vector("vectors/wycheproof/ed25519_test.json", check_ed25519);
}

static void test_wycheproof_x25519(void **state)
{
    (void)state;
    each_vector("vectors/wycheproof/x25519_test.json", check_x25519);
}

static void test_wycheproof_hmac(void **state)
{
    (void)state;
    each_vector("vectors/wycheproof/hmac_sha256_test.json", check_hmac);
}

static void test_wycheproof_aead(void **state)
{
    (void)state;
    each_vector("vectors/wycheproof/chacha20_poly1305_test.json", check_aead);
}

/* On these vectors well-known libraries disagree. What ours decides is part of the protocol: the
 * bits, first vector in the highest bit of the first byte, are pinned by their SHA-256. */
static void test_cctv_verdicts(void **state)
{
    (void)state;
    static const char *const pinned =
        "d900c43237640adc311a5119dab4d88a582afc03b97b4f65a958a4e656612090";
    json_t *root = json_read_shared("vectors/cctv/ed25519vectors.json");
    if (root == NULL) {
        skip();
    }
    uint8_t bits[256] = {0};
    unsigned accepted = 0;
    size_t count = json_array_size(root);
    struct buffer hex;
    buffer_init(&hex, 0);
    assert_true(count <= sizeof bits * 8);
    for (size_t i = 0; i < count; i++) {
        const json_t *vector = json_array_get(root, i);
        struct hash key;
        struct signature signature;
        assert_int_equal(json_number(vector, "number"), i);
        read_key(json_text(vector, "key"), &key);
        assert_int_equal(json_hex(vector, "sig", &hex).len, SIGNATURE_BYTES);
        memcpy(signature.bytes, hex.data, SIGNATURE_BYTES);
        if (sign_verify(&signature, &key, bytes_of_text(json_text(vector, "msg")))) {
            bits[i / 8] |= (uint8_t)(0x80 >> (i % 8));
            accepted++;
            assert_true(sign_key_is_acceptable(&key));
        }
    }
    struct hash digest;
    hash_of(&digest, bytes_of(bits, (count + 7) / 8));
    (void)printf("cctv ed25519: %zu vectors, %u accepted\n", count, accepted);
    assert_hash(&digest, pinned);
    buffer_free(&hex);
    json_decref(root);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_signature),
        cmocka_unit_test(test_known_transport_key),
        cmocka_unit_test(test_derived_seeds),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_signing_keys_that_may_not_be_declared),
        cmocka_unit_test(test_transport_keys_that_may_not_be_declared),
        cmocka_unit_test(test_wycheproof_ed25519),
        cmocka_unit_test(test_wycheproof_x25519),
        cmocka_unit_test(test_wycheproof_hmac),
        cmocka_unit_test(test_wycheproof_aead),
        cmocka_unit_test(test_cctv_verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

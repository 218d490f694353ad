/* The handshake against the published vectors, byte by byte in both roles, and what must fail. */
#include "tests/lib/cmocka.h"

#include <sodium.h>
#include <string.h>

#include "proto/noise.h"
#include "tests/lib/json.h"

struct pair {
    struct noise initiator, responder;
    struct noise_cipher initiator_send, initiator_receive, responder_send, responder_receive;
};

static void key_of(const json_t *vector, const char *name, struct transport_key *key)
{
    struct buffer bytes;

    buffer_init(&bytes, 0);
    assert_int_equal(json_hex(vector, name, &bytes).len, SEED_BYTES);
    transport_key_from_seed(key, bytes.data);
    buffer_free(&bytes);
}

static void start_pair(const json_t *vector, struct pair *pair)
{
    struct transport_key initiator, responder, initiator_ephemeral, responder_ephemeral;
    struct buffer prologue, psk;
    const json_t *psks = json_object_get(vector, "init_psks");
    bool with_psk = strstr(json_text(vector, "protocol_name"), "XKpsk3") != NULL;
    struct noise_config config = {.pattern = with_psk ? NOISE_XKPSK3 : NOISE_XK};

    key_of(vector, "init_static", &initiator);
    key_of(vector, "resp_static", &responder);
    key_of(vector, "init_ephemeral", &initiator_ephemeral);
    key_of(vector, "resp_ephemeral", &responder_ephemeral);
    buffer_init(&prologue, 0);
    buffer_init(&psk, 0);
    config.prologue = json_hex(vector, "init_prologue", &prologue);
    if (with_psk) {
        config.psk = json_hex_text(json_string_value(json_array_get(psks, 0)), &psk).data;
    }
    config.role = NOISE_INITIATOR;
    config.own = &initiator;
    config.ephemeral = &initiator_ephemeral;
    config.remote_static = &responder.public_key;
    noise_start(&pair->initiator, &config);
    config.role = NOISE_RESPONDER;
    config.own = &responder;
    config.ephemeral = &responder_ephemeral;
    config.remote_static = NULL;
    noise_start(&pair->responder, &config);
    buffer_free(&prologue);
    buffer_free(&psk);
}

static void check_handshake_message(struct pair *pair, struct bytes payload, struct bytes expected)
{
    bool initiators = noise_is_writing(&pair->initiator);
    struct noise *writer = initiators ? &pair->initiator : &pair->responder;
    struct noise *reader = initiators ? &pair->responder : &pair->initiator;
    struct buffer sent, received;

    buffer_init(&sent, 0);
    buffer_init(&received, 0);
    assert_false(noise_is_writing(reader));
    assert_int_equal(noise_write(writer, payload, &sent), OK);
    assert_true(bytes_equal(buffer_view(&sent), expected));
    assert_int_equal(noise_read(reader, buffer_view(&sent), &received), OK);
    assert_true(bytes_equal(buffer_view(&received), payload));
    buffer_free(&sent);
    buffer_free(&received);
}

static void check_transport_message(struct noise_cipher *sending, struct noise_cipher *receiving,
                                    struct bytes payload, struct bytes expected)
{
    uint8_t sealed[1024], opened[1024];

    assert_int_equal(payload.len + FRAME_TAG_BYTES, expected.len);
    noise_encrypt(sending, payload, sealed);
    assert_memory_equal(sealed, expected.data, expected.len);
    assert_true(noise_decrypt(receiving, expected, opened));
    assert_memory_equal(opened, payload.data, payload.len);
}

static void check_hash(const json_t *vector, const struct noise *noise)
{
    struct buffer hash;

    buffer_init(&hash, 0);
    if (json_object_get(vector, "handshake_hash") != NULL) {
        assert_true(bytes_equal(json_hex(vector, "handshake_hash", &hash),
                                hash_view(&noise->handshake_hash)));
    }
    buffer_free(&hash);
}

/* Messages 0, 1, 2 are the handshake; then the responder sends first, in turn. */
static unsigned check_vector(const json_t *vector)
{
    const json_t *messages = json_object_get(vector, "messages");
    struct pair pair;
    struct buffer payload, expected;
    unsigned checked = 0;

    start_pair(vector, &pair);
    buffer_init(&payload, 0);
    buffer_init(&expected, 0);
    for (size_t i = 0; i < json_array_size(messages); i++) {
        const json_t *message = json_array_get(messages, i);
        struct bytes plain = json_hex(message, "payload", &payload);
        struct bytes sealed = json_hex(message, "ciphertext", &expected);

        if (i < 3) {
            check_handshake_message(&pair, plain, sealed);
        } else if (i % 2 == 1) {
            check_transport_message(&pair.responder_send, &pair.initiator_receive, plain, sealed);
        } else {
            check_transport_message(&pair.initiator_send, &pair.responder_receive, plain, sealed);
        }
        if (i == 2) {
            noise_split(&pair.initiator, &pair.initiator_send, &pair.initiator_receive);
            noise_split(&pair.responder, &pair.responder_send, &pair.responder_receive);
            check_hash(vector, &pair.initiator);
            check_hash(vector, &pair.responder);
        }
        checked++;
    }
    buffer_free(&payload);
    buffer_free(&expected);
    return checked;
}

static void check_file(const char *name)
{
    json_t *file = json_read_shared(name);
    const json_t *vectors;
    unsigned messages = 0;

    if (file == NULL) {
        skip();
    }
    vectors = json_object_get(file, "vectors");
    assert_true(json_array_size(vectors) > 0);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        messages += check_vector(json_array_get(vectors, i));
    }
    print_message("%s: %zu vectors, %u messages\n", name, json_array_size(vectors), messages);
    json_decref(file);
}

static void test_cacophony(void **state)
{
    (void)state;
    check_file("vectors/noise/cacophony.json");
}

static void test_snow(void **state)
{
    (void)state;
    check_file("vectors/noise/snow.json");
}

/* --- what must fail --- */

static struct transport_key seeded(uint8_t seed)
{
    uint8_t bytes[SEED_BYTES] = {seed};
    struct transport_key key;

    transport_key_from_seed(&key, bytes);
    return key;
}

static void start_own(struct pair *pair, uint8_t psk_of_initiator)
{
    static uint8_t psk[32], other_psk[32];
    struct transport_key initiator = seeded(1), responder = seeded(2);
    struct transport_key ephemerals[2] = {seeded(3), seeded(4)};
    struct noise_config config = {.pattern = NOISE_XKPSK3, .prologue = bytes_of_text("satcha")};

    other_psk[0] = psk_of_initiator;
    config.role = NOISE_INITIATOR;
    config.own = &initiator;
    config.ephemeral = &ephemerals[0];
    config.remote_static = &responder.public_key;
    config.psk = other_psk;
    noise_start(&pair->initiator, &config);
    config.role = NOISE_RESPONDER;
    config.own = &responder;
    config.ephemeral = &ephemerals[1];
    config.remote_static = NULL;
    config.psk = psk;
    noise_start(&pair->responder, &config);
}

/* One handshake with byte `at` of message `number` flipped; the number of messages that passed. */
static unsigned passed_with_flip(unsigned number, size_t at)
{
    struct pair pair;
    struct buffer sent, received;
    unsigned passed = 0;

    start_own(&pair, 0);
    buffer_init(&sent, 0);
    buffer_init(&received, 0);
    for (unsigned i = 0; i < 3; i++) {
        struct noise *writer = i % 2 == 0 ? &pair.initiator : &pair.responder;
        struct noise *reader = i % 2 == 0 ? &pair.responder : &pair.initiator;

        buffer_clear(&sent);
        assert_int_equal(noise_write(writer, bytes_of_text("payload"), &sent), OK);
        if (i == number && at < sent.len) {
            sent.data[at] ^= 0x04;
        }
        if (noise_read(reader, buffer_view(&sent), &received) != OK) {
            break;
        }
        passed++;
    }
    buffer_free(&sent);
    buffer_free(&received);
    return passed;
}

static void test_every_flipped_byte(void **state)
{
    (void)state;
    assert_int_equal(passed_with_flip(3, 0), 3);
    for (unsigned number = 0; number < 3; number++) {
        size_t len = 32 + 16 + 7 + (number == 2 ? 16 : 0);

        for (size_t at = 0; at < len; at++) {
            assert_int_equal(passed_with_flip(number, at), number);
        }
    }
}

static void test_every_truncation(void **state)
{
    struct pair pair;
    struct buffer sent, received;

    (void)state;
    start_own(&pair, 0);
    buffer_init(&sent, 0);
    buffer_init(&received, 0);
    assert_int_equal(noise_write(&pair.initiator, bytes_of(NULL, 0), &sent), OK);
    assert_int_equal(sent.len, 48);
    for (size_t len = 0; len < sent.len; len++) {
        struct noise copy = pair.responder;

        assert_int_not_equal(noise_read(&copy, bytes_of(sent.data, len), &received), OK);
        assert_int_equal(received.len, 0);
    }
    assert_int_equal(noise_read(&pair.responder, buffer_view(&sent), &received), OK);
    buffer_free(&sent);
    buffer_free(&received);
}

static void test_other_psk(void **state)
{
    struct pair pair;
    struct buffer sent, received;

    (void)state;
    start_own(&pair, 1);
    buffer_init(&sent, 0);
    buffer_init(&received, 0);
    assert_int_equal(noise_write(&pair.initiator, bytes_of(NULL, 0), &sent), OK);
    assert_int_equal(noise_read(&pair.responder, buffer_view(&sent), &received), OK);
    buffer_clear(&sent);
    assert_int_equal(noise_write(&pair.responder, bytes_of(NULL, 0), &sent), OK);
    assert_int_equal(noise_read(&pair.initiator, buffer_view(&sent), &received), OK);
    buffer_clear(&sent);
    assert_int_equal(noise_write(&pair.initiator, bytes_of(NULL, 0), &sent), OK);
    assert_int_equal(noise_read(&pair.responder, buffer_view(&sent), &received), E_SIGNATURE);
    buffer_free(&sent);
    buffer_free(&received);
}

/* An ephemeral key of small order gives the all-zero secret. */
static void test_small_order_key(void **state)
{
    struct pair pair;
    struct buffer received;
    uint8_t message[48] = {0};

    (void)state;
    start_own(&pair, 0);
    buffer_init(&received, 0);
    assert_int_equal(noise_read(&pair.responder, bytes_of(message, sizeof message), &received),
                     E_SIGNATURE);
    buffer_free(&received);
}

/* REKEY of section 11.3, by its definition: the first 32 bytes of zeros sealed at nonce 2^64-1. */
static void test_rekey(void **state)
{
    struct noise_cipher cipher = {.key = {1, 2, 3}, .nonce = 7}, receiving;
    uint8_t zeros[32] = {0}, sealed[48], by_hand[48], opened[48];
    uint8_t nonce[12] = {0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255};

    (void)state;
    crypto_aead_chacha20poly1305_ietf_encrypt(by_hand, NULL, zeros, sizeof zeros, NULL, 0, NULL,
                                              nonce, cipher.key);
    noise_rekey(&cipher);
    assert_memory_equal(cipher.key, by_hand, 32);
    assert_int_equal(cipher.nonce, 7); /* it goes on */
    receiving = cipher;
    noise_encrypt(&cipher, bytes_of(zeros, sizeof zeros), sealed);
    assert_true(noise_decrypt(&receiving, bytes_of(sealed, sizeof sealed), opened));
    assert_memory_equal(opened, zeros, sizeof zeros);
    assert_int_equal(receiving.nonce, 8);
    assert_false(noise_decrypt(&receiving, bytes_of(sealed, sizeof sealed), opened)); /* replay */
    assert_int_equal(receiving.nonce, 8);
    assert_false(noise_decrypt(&receiving, bytes_of(sealed, 15), opened));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cacophony),
        cmocka_unit_test(test_snow),
        cmocka_unit_test(test_every_flipped_byte),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_other_psk),
        cmocka_unit_test(test_small_order_key),
        cmocka_unit_test(test_rekey),
    };

    crypto_init();
    return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}

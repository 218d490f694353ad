/* Channels: messages of all sizes through frames cut anywhere, and every frame that must end one.
 */
#include "tests/lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "proto/channel.h"
#include "tests/lib/prng.h"

struct ends {
    struct channel *initiator, *responder;
};

enum { RIGHT_KEY = 7, WRONG_KEY = 8 };

static struct transport_key seeded(uint8_t seed)
{
    uint8_t bytes[SEED_BYTES] = {seed};
    struct transport_key key;

    transport_key_from_seed(&key, bytes);
    return key;
}

static struct channel *open_one(enum noise_role role, uint8_t network_key, uint8_t network)
{
    const struct transport_key own = seeded(role == NOISE_INITIATOR ? 1 : 2);
    const struct transport_key other = seeded(2);
    const struct transport_key ephemeral = seeded(role == NOISE_INITIATOR ? 3 : 4);
    const uint8_t key[32] = {network_key};
    struct channel_config config = {.role = role,
                                    .network_id = {{network}},
                                    .network_key = key,
                                    .own = &own,
                                    .ephemeral = &ephemeral,
                                    .own_group = {{role == NOISE_INITIATOR ? 0x11 : 0x22}}};
    struct channel *channel;

    if (role == NOISE_INITIATOR) {
        config.remote_static = &other.public_key;
    }
    channel = channel_open(&config);
    assert_non_null(channel);
    return channel;
}

/* Moves at most `piece` bytes at a time; false when there was nothing to move. */
static bool move(struct channel *from, struct channel *to, size_t piece)
{
    struct bytes output = channel_output(from);
    size_t len = output.len < piece ? output.len : piece;

    if (len == 0) {
        return false;
    }
    channel_receive(to, bytes_of(output.data, len));
    channel_output_taken(from, len);
    return true;
}

static void free_ends(struct ends *ends)
{
    channel_free(ends->initiator);
    channel_free(ends->responder);
}

/* Both ends established, and nothing on the way. */
static struct ends connected(size_t piece)
{
    struct ends ends = {open_one(NOISE_INITIATOR, RIGHT_KEY, 1),
                        open_one(NOISE_RESPONDER, RIGHT_KEY, 1)};
    struct bytes message;
    unsigned established = 0;
    bool moved = true;

    while (moved) {
        moved = move(ends.initiator, ends.responder, piece);
        established += channel_next(ends.responder, &message) == CHANNEL_ESTABLISHED;
        moved |= move(ends.responder, ends.initiator, piece);
        established += channel_next(ends.initiator, &message) == CHANNEL_ESTABLISHED;
    }
    assert_int_equal(established, 2);
    return ends;
}

static void test_handshake(void **state)
{
    struct ends ends;
    struct transport_key initiator = seeded(1), responder = seeded(2);
    struct bytes message;

    (void)state;
    ends = connected(SIZE_MAX);
    assert_true(hash_equal(channel_peer_static(ends.responder), &initiator.public_key));
    assert_true(hash_equal(channel_peer_static(ends.initiator), &responder.public_key));
    assert_int_equal(channel_peer_group(ends.responder)->bytes[0], 0x11);
    assert_null(channel_peer_group(ends.initiator));
    assert_int_equal(channel_next(ends.initiator, &message), CHANNEL_WAIT);
    assert_int_equal(channel_next(ends.responder, &message), CHANNEL_WAIT);
    assert_false(channel_is_mid_message(ends.responder));
    free_ends(&ends);
}

/* Sends `len` bytes and compares what comes, moved in pieces. */
static void pass_message(struct channel *from, struct channel *to, size_t len, size_t piece,
                         struct prng *prng)
{
    uint8_t *sent = malloc(len + 1);
    struct bytes message;
    enum channel_event event = CHANNEL_WAIT;

    assert_non_null(sent);
    prng_bytes(prng, sent, len);
    assert_int_equal(channel_send(from, bytes_of(sent, len)), OK);
    while (event == CHANNEL_WAIT && move(from, to, piece)) {
        event = channel_next(to, &message);
    }
    assert_int_equal(event, CHANNEL_MESSAGE);
    assert_true(bytes_equal(message, bytes_of(sent, len)));
    assert_int_equal(channel_next(to, &message), CHANNEL_WAIT);
    assert_int_equal(channel_output(from).len, 0);
    assert_false(channel_is_mid_message(to));
    free(sent);
}

static void test_message_sizes(void **state)
{
    static const size_t sizes[] = {0,     1,      58,     65517,  65518,
                                   65519, 131036, 131037, 262144, MESSAGE_MAX_BYTES};
    struct ends ends = connected(SIZE_MAX);
    struct prng prng;

    (void)state;
    prng_init(&prng, 1);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        pass_message(ends.initiator, ends.responder, sizes[i], SIZE_MAX, &prng);
        pass_message(ends.responder, ends.initiator, sizes[i], 1 + prng_below(&prng, 9000), &prng);
    }
    free_ends(&ends);
}

static void test_one_byte_at_a_time(void **state)
{
    struct ends ends = connected(1);
    struct prng prng;

    (void)state;
    prng_init(&prng, 2);
    pass_message(ends.initiator, ends.responder, 100, 1, &prng);
    pass_message(ends.responder, ends.initiator, 70000, 1, &prng);
    free_ends(&ends);
}

static void test_mid_message(void **state)
{
    struct ends ends = connected(SIZE_MAX);
    uint8_t *data = calloc(1, 100000);
    struct bytes message;

    (void)state;
    assert_int_equal(channel_send(ends.initiator, bytes_of(data, 100000)), OK);
    move(ends.initiator, ends.responder, 1);
    assert_int_equal(channel_next(ends.responder, &message), CHANNEL_WAIT);
    assert_true(channel_is_mid_message(ends.responder));
    move(ends.initiator, ends.responder, 65536); /* the first fragment exactly */
    assert_int_equal(channel_next(ends.responder, &message), CHANNEL_WAIT);
    assert_true(channel_is_mid_message(ends.responder));
    move(ends.initiator, ends.responder, SIZE_MAX);
    assert_int_equal(channel_next(ends.responder, &message), CHANNEL_MESSAGE);
    free(data);
    free_ends(&ends);
}

/* --- strangers get not one byte --- */

static void assert_silence(struct channel *responder, struct bytes said)
{
    struct bytes message;

    channel_receive(responder, said);
    assert_int_equal(channel_next(responder, &message), CHANNEL_FAILED);
    assert_int_equal(channel_failure(responder), E_STRANGER);
    assert_int_equal(channel_output(responder).len, 0);
    channel_receive(responder, said);
    assert_int_equal(channel_next(responder, &message), CHANNEL_FAILED);
    assert_int_equal(channel_output(responder).len, 0);
    channel_free(responder);
}

static void test_strangers(void **state)
{
    struct channel *wrong_key = open_one(NOISE_INITIATOR, WRONG_KEY, 1);
    struct channel *wrong_network = open_one(NOISE_INITIATOR, RIGHT_KEY, 2);
    uint8_t zeros[50] = {0, 48};

    (void)state;
    assert_int_equal(channel_output(wrong_key).len, 50);
    assert_silence(open_one(NOISE_RESPONDER, RIGHT_KEY, 1), channel_output(wrong_key));
    assert_silence(open_one(NOISE_RESPONDER, RIGHT_KEY, 1), channel_output(wrong_network));
    assert_silence(open_one(NOISE_RESPONDER, RIGHT_KEY, 1), bytes_of(zeros, sizeof zeros));
    assert_silence(open_one(NOISE_RESPONDER, RIGHT_KEY, 1),
                   bytes_of_text("GET / HTTP/1.1\r\nHost: example\r\n\r\n"));
    zeros[1] = 49; /* too long by one: refused before it is there */
    assert_silence(open_one(NOISE_RESPONDER, RIGHT_KEY, 1), bytes_of(zeros, 2));
    channel_free(wrong_key);
    channel_free(wrong_network);
}

static void test_handshake_flips(void **state)
{
    (void)state;
    for (size_t at = 0; at < 50; at++) {
        struct channel *initiator = open_one(NOISE_INITIATOR, RIGHT_KEY, 1);
        struct bytes output = channel_output(initiator);
        uint8_t copy[50];

        memcpy(copy, output.data, sizeof copy);
        copy[at] ^= 0x20;
        assert_silence(open_one(NOISE_RESPONDER, RIGHT_KEY, 1), bytes_of(copy, sizeof copy));
        channel_free(initiator);
    }
}

static void test_incomplete_handshake_waits(void **state)
{
    struct channel *initiator = open_one(NOISE_INITIATOR, RIGHT_KEY, 1);
    struct channel *responder = open_one(NOISE_RESPONDER, RIGHT_KEY, 1);
    struct bytes message;

    (void)state;
    move(initiator, responder, 49);
    assert_int_equal(channel_next(responder, &message), CHANNEL_WAIT);
    assert_int_equal(channel_output(responder).len, 0);
    move(initiator, responder, 1);
    assert_int_equal(channel_next(responder, &message), CHANNEL_WAIT);
    assert_int_equal(channel_output(responder).len, 50);
    channel_free(initiator);
    channel_free(responder);
}

/* --- frames that end a channel --- */

static void assert_fails(struct channel *channel, struct bytes bytes, enum err_code code)
{
    struct bytes message;
    enum channel_event event;

    channel_receive(channel, bytes);
    do {
        event = channel_next(channel, &message);
    } while (event == CHANNEL_MESSAGE);
    assert_int_equal(event, CHANNEL_FAILED);
    assert_int_equal(channel_failure(channel), code);
}

static void take_output(struct channel *channel, uint8_t *out, size_t *len)
{
    struct bytes output = channel_output(channel);

    memcpy(out, output.data, output.len);
    *len = output.len;
    channel_output_taken(channel, output.len);
}

static void test_replay_reorder_truncate_flip(void **state)
{
    uint8_t first[256], second[256], bad[256];
    size_t first_len, second_len;
    struct bytes message;

    (void)state;
    for (unsigned what = 0; what < 4; what++) {
        struct ends ends = connected(SIZE_MAX);

        assert_int_equal(channel_send(ends.initiator, bytes_of_text("first message")), OK);
        take_output(ends.initiator, first, &first_len);
        assert_int_equal(channel_send(ends.initiator, bytes_of_text("second message")), OK);
        take_output(ends.initiator, second, &second_len);
        if (what == 0) { /* the same frame twice */
            channel_receive(ends.responder, bytes_of(first, first_len));
            assert_int_equal(channel_next(ends.responder, &message), CHANNEL_MESSAGE);
            assert_fails(ends.responder, bytes_of(first, first_len), E_SIGNATURE);
        } else if (what == 1) { /* the second before the first */
            assert_fails(ends.responder, bytes_of(second, second_len), E_SIGNATURE);
        } else if (what == 2) { /* a byte less, and a length that says so */
            memcpy(bad, first, first_len);
            bad[1]--;
            assert_fails(ends.responder, bytes_of(bad, first_len - 1), E_SIGNATURE);
        } else { /* reflected to its sender */
            assert_fails(ends.initiator, bytes_of(first, first_len), E_SIGNATURE);
        }
        free_ends(&ends);
    }
}

static void test_frame_flips(void **state)
{
    uint8_t frame[64];
    size_t len;

    (void)state;
    for (size_t at = 2; at < 2 + 1 + 10 + 16; at++) {
        struct ends ends = connected(SIZE_MAX);

        assert_int_equal(channel_send(ends.initiator, bytes_of_text("ten bytes.")), OK);
        take_output(ends.initiator, frame, &len);
        assert_int_equal(len, 29);
        frame[at] ^= 1;
        assert_fails(ends.responder, bytes_of(frame, len), E_SIGNATURE);
        free_ends(&ends);
    }
}

static void test_short_frames(void **state)
{
    (void)state;
    for (uint8_t len = 0; len < 17; len++) {
        struct ends ends = connected(SIZE_MAX);
        uint8_t frame[18] = {0, len};

        assert_fails(ends.responder, bytes_of(frame, 2), E_FRAME);
        free_ends(&ends);
    }
}

/* A peer that breaks the fragment rules: the frames are made with its own cipher by hand. */
struct raw_peer {
    struct noise noise;
    struct noise_cipher sending, receiving;
};

static void raw_connect(struct raw_peer *peer, struct channel *responder)
{
    const struct transport_key own = seeded(1), other = seeded(2), ephemeral = seeded(3);
    const uint8_t key[32] = {RIGHT_KEY};
    const struct hash network = {{1}}, group = {{0x11}};
    struct hash proof;
    struct buffer prologue, frame, payload;
    struct noise_config config = {.role = NOISE_INITIATOR,
                                  .pattern = NOISE_XKPSK3,
                                  .own = &own,
                                  .ephemeral = &ephemeral,
                                  .remote_static = &other.public_key,
                                  .psk = key};
    struct bytes message;

    buffer_init(&prologue, 0);
    buffer_init(&frame, 0);
    buffer_init(&payload, 0);
    hash_hmac(&proof, bytes_of(key, sizeof key), bytes_of_text("prologue"));
    buffer_append(&prologue, "satcha/1\n", 9);
    buffer_append(&prologue, network.bytes, 32);
    buffer_append(&prologue, proof.bytes, 32);
    config.prologue = buffer_view(&prologue);
    noise_start(&peer->noise, &config);
    buffer_append(&frame, "\0\60", 2);
    assert_int_equal(noise_write(&peer->noise, bytes_of(NULL, 0), &frame), OK);
    channel_receive(responder, buffer_view(&frame));
    assert_int_equal(channel_next(responder, &message), CHANNEL_WAIT);
    message = channel_output(responder);
    assert_int_equal(noise_read(&peer->noise, bytes_of(message.data + 2, 48), &payload), OK);
    channel_output_taken(responder, 50);
    buffer_clear(&frame);
    buffer_append(&frame, "\0\140", 2);
    assert_int_equal(noise_write(&peer->noise, hash_view(&group), &frame), OK);
    channel_receive(responder, buffer_view(&frame));
    assert_int_equal(channel_next(responder, &message), CHANNEL_ESTABLISHED);
    noise_split(&peer->noise, &peer->sending, &peer->receiving);
    buffer_free(&prologue);
    buffer_free(&frame);
    buffer_free(&payload);
}

static void raw_frame(struct raw_peer *peer, struct channel *channel, uint8_t flag, size_t len)
{
    uint8_t *plain = calloc(1, len + 1), *frame = malloc(len + 19);

    assert_non_null(plain);
    assert_non_null(frame);
    plain[0] = flag;
    frame[0] = (uint8_t)((len + 17) >> 8);
    frame[1] = (uint8_t)(len + 17);
    noise_encrypt(&peer->sending, bytes_of(plain, len + 1), frame + 2);
    channel_receive(channel, bytes_of(frame, len + 19));
    free(plain);
    free(frame);
}

static void test_fragment_rules(void **state)
{
    static const struct {
        uint8_t flag;
        size_t len;
        enum err_code code;
    } cases[] = {{1, 0, E_FRAME}, {2, 10, E_FRAME}, {0xff, 10, E_FRAME}};
    struct bytes message;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct channel *responder = open_one(NOISE_RESPONDER, RIGHT_KEY, 1);
        struct raw_peer peer;

        raw_connect(&peer, responder);
        raw_frame(&peer, responder, cases[i].flag, cases[i].len);
        assert_fails(responder, bytes_of(NULL, 0), cases[i].code);
        channel_free(responder);
    }
    {
        struct channel *responder = open_one(NOISE_RESPONDER, RIGHT_KEY, 1);
        struct raw_peer peer;

        raw_connect(&peer, responder);
        raw_frame(&peer, responder, 1, 7);
        raw_frame(&peer, responder, 0, 0); /* an empty last fragment is fine */
        assert_int_equal(channel_next(responder, &message), CHANNEL_MESSAGE);
        assert_int_equal(message.len, 7);
        channel_free(responder);
    }
}

static void test_oversized_message(void **state)
{
    struct channel *responder = open_one(NOISE_RESPONDER, RIGHT_KEY, 1);
    struct raw_peer peer;
    struct bytes message;

    (void)state;
    raw_connect(&peer, responder);
    for (unsigned i = 0; i < 4; i++) {
        raw_frame(&peer, responder, 1, 65518);
        assert_int_equal(channel_next(responder, &message), CHANNEL_WAIT);
    }
    raw_frame(&peer, responder, 0, MESSAGE_MAX_BYTES - 4 * 65518 + 1);
    assert_fails(responder, bytes_of(NULL, 0), E_CAP);
    channel_free(responder);
}

static void test_send_caps(void **state)
{
    struct ends ends = connected(SIZE_MAX);
    uint8_t *data = calloc(1, MESSAGE_MAX_BYTES + 1);
    unsigned sent = 0;

    (void)state;
    assert_non_null(data);
    assert_int_equal(channel_send(ends.initiator, bytes_of(data, MESSAGE_MAX_BYTES + 1)), E_CAP);
    assert_int_equal(channel_output(ends.initiator).len, 0);
    while (channel_send(ends.initiator, bytes_of(data, MESSAGE_MAX_BYTES)) == OK) {
        sent++; /* to a peer that does not read */
    }
    assert_int_equal(sent, SESSION_OUT_MAX_BYTES / MESSAGE_MAX_BYTES);
    free(data);
    free_ends(&ends);
}

/* Frame 65,536 is the last under the first key: both ends change, by the count alone. */
static void test_rekey(void **state)
{
    struct channel *responder = open_one(NOISE_RESPONDER, RIGHT_KEY, 1);
    struct raw_peer peer;
    struct bytes message;

    (void)state;
    raw_connect(&peer, responder);
    for (unsigned i = 0; i < FRAME_REKEY_MESSAGES; i++) {
        raw_frame(&peer, responder, 0, 1);
        assert_int_equal(channel_next(responder, &message), CHANNEL_MESSAGE);
    }
    noise_rekey(&peer.sending);
    raw_frame(&peer, responder, 0, 1);
    assert_int_equal(channel_next(responder, &message), CHANNEL_MESSAGE);
    for (unsigned i = 1; i < FRAME_REKEY_MESSAGES; i++) {
        raw_frame(&peer, responder, 0, 1);
        assert_int_equal(channel_next(responder, &message), CHANNEL_MESSAGE);
    }
    raw_frame(&peer, responder, 0, 1); /* without the second change */
    assert_fails(responder, bytes_of(NULL, 0), E_SIGNATURE);
    channel_free(responder);
}

static void test_rekey_both_ways(void **state)
{
    struct ends ends = connected(SIZE_MAX);
    struct bytes message;

    (void)state;
    for (unsigned i = 0; i < FRAME_REKEY_MESSAGES + 10; i++) {
        assert_int_equal(channel_send(ends.responder, bytes_of_text("x")), OK);
        move(ends.responder, ends.initiator, SIZE_MAX);
        assert_int_equal(channel_next(ends.initiator, &message), CHANNEL_MESSAGE);
    }
    assert_int_equal(channel_send(ends.initiator, bytes_of_text("y")), OK);
    move(ends.initiator, ends.responder, SIZE_MAX);
    assert_int_equal(channel_next(ends.responder, &message), CHANNEL_MESSAGE);
    free_ends(&ends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handshake),
        cmocka_unit_test(test_message_sizes),
        cmocka_unit_test(test_one_byte_at_a_time),
        cmocka_unit_test(test_mid_message),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_handshake_flips),
        cmocka_unit_test(test_incomplete_handshake_waits),
        cmocka_unit_test(test_replay_reorder_truncate_flip),
        cmocka_unit_test(test_frame_flips),
        cmocka_unit_test(test_short_frames),
        cmocka_unit_test(test_fragment_rules),
        cmocka_unit_test(test_oversized_message),
        cmocka_unit_test(test_send_caps),
        cmocka_unit_test(test_rekey),
        cmocka_unit_test(test_rekey_both_ways),
    };

    crypto_init();
    return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}

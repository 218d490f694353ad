/* Any bytes as what comes over a connection. The first byte says where they meet the channel:
 *   0  a responder before its handshake: nothing of ours can come out
 *   1  an initiator that waits for the second message
 *   2  an established responder, as raw bytes
 *   3  an established responder, as messages under the right key:
 *      | length / 5, u16 | 0xff: something stands before it | message | … */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRESH_RESPONDER, FRESH_INITIATOR, RAW, SEALED, MODES };

static struct transport_key seeded(uint8_t seed)
{
    uint8_t bytes[SEED_BYTES] = {seed};
    struct transport_key key;

    transport_key_from_seed(&key, bytes);
    return key;
}

static struct channel *open_one(enum noise_role role)
{
    static const uint8_t network_key[32] = {7};
    const struct transport_key own = seeded(role == NOISE_INITIATOR ? 1 : 2), other = seeded(2);
    const struct transport_key ephemeral = seeded(role == NOISE_INITIATOR ? 3 : 4);
    struct channel_config config = {.role = role,
                                    .network_key = network_key,
                                    .own = &own,
                                    .ephemeral = &ephemeral};
    struct channel *channel;

    if (role == NOISE_INITIATOR) {
        config.remote_static = &other.public_key;
    }
    channel = channel_open(&config);
    assert(channel != NULL);
    return channel;
}

static void move(struct channel *from, struct channel *to)
{
    struct bytes output = channel_output(from);

    channel_receive(to, output);
    channel_output_taken(from, output.len);
}

/* Takes whatever comes; messages are touched from end to end. */
static void drain(struct channel *channel)
{
    static volatile uint8_t sink;
    struct bytes message;
    enum channel_event event;

    while ((event = channel_next(channel, &message)) != CHANNEL_WAIT) {
        if (event == CHANNEL_FAILED) {
            assert(channel_failure(channel) != OK);
            break;
        }
        assert(event == CHANNEL_ESTABLISHED || message.len <= MESSAGE_MAX_BYTES);
        for (size_t i = 0; event == CHANNEL_MESSAGE && i < message.len; i++) {
            sink = message.data[i];
        }
    }
    (void)sink;
}

static void connect_ends(struct channel *initiator, struct channel *responder)
{
    move(initiator, responder);
    drain(responder);
    move(responder, initiator);
    drain(initiator);
    move(initiator, responder);
    drain(responder);
    assert(channel_failure(initiator) == OK && channel_failure(responder) == OK);
}

static void feed(struct channel *channel, const uint8_t *data, size_t size)
{
    size_t half = size / 3; /* cut somewhere, so that frames come in parts */

    channel_receive(channel, bytes_of(data, half));
    drain(channel);
    channel_receive(channel, bytes_of(data + half, size - half));
    drain(channel);
}

/* Each piece becomes one message of the initiator, under the right keys; before some of them stands
 * a frame that is too short. */
static void feed_sealed(struct channel *initiator, struct channel *responder, const uint8_t *data,
                        size_t size)
{
    while (size >= 3) {
        size_t len = ((size_t)data[0] << 8 | data[1]) * 5, take = len < size - 3 ? len : size - 3;
        uint8_t what = data[2];

        data += 3;
        size -= 3;
        if (channel_send(initiator, bytes_of(data, take)) == OK && what == 0xff) {
            uint8_t junk[3] = {0, 1, 0};

            channel_receive(responder, bytes_of(junk, sizeof junk));
        }
        move(initiator, responder);
        drain(responder);
        data += take;
        size -= take;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct channel *initiator, *responder;
    uint8_t mode;

    crypto_init();
    if (size == 0) {
        return 0;
    }
    mode = data[0] % MODES;
    data++;
    size--;
    initiator = open_one(NOISE_INITIATOR);
    responder = open_one(NOISE_RESPONDER);
    if (mode >= RAW) {
        connect_ends(initiator, responder);
    }
    if (mode == FRESH_INITIATOR) {
        feed(initiator, data, size);
    } else if (mode == SEALED) {
        feed_sealed(initiator, responder, data, size);
    } else {
        feed(responder, data, size);
    }
    if (mode == FRESH_RESPONDER && channel_failure(responder) == E_STRANGER) {
        assert(channel_output(responder).len == 0);
    }
    channel_free(initiator);
    channel_free(responder);
    return 0;
}

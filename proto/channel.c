/* A channel over one connection: the handshake, frames, fragments and rekeying of proto/channel.h.
 *
 *   frame      | length u16 BE | Noise message |
 *   handshake  lengths are 48, 48 and 96 exactly: payloads are nothing, nothing, the group id
 *   transport  | flag u8: 1 = more follow, 0 = last | fragment |  and the 16-byte tag
 *
 * Happy path: bytes are copied to `input`; each whole frame is decrypted in place; a message of one
 * fragment is given out from there, a longer one is gathered in `message`.
 * Failure modes: all end in channel_fail, after which nothing is read or written any more. */
#include "proto/channel.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    LENGTH_BYTES = 2,
    FLAG_BYTES = 1,
    FRAGMENT_MAX = FRAME_MAX_BYTES - FRAME_TAG_BYTES - FLAG_BYTES,
    HANDSHAKE_SHORT = HASH_BYTES + FRAME_TAG_BYTES, /* e, empty payload */
    HANDSHAKE_LONG = HASH_BYTES + FRAME_TAG_BYTES + HASH_BYTES + FRAME_TAG_BYTES, /* s, group */
    /* What a driver may feed before it takes the events: more than it reads at a time. */
    INPUT_MAX = SESSION_OUT_MAX_BYTES + LENGTH_BYTES + FRAME_MAX_BYTES
};

_Static_assert(SESSION_OUT_MAX_BYTES > MESSAGE_MAX_BYTES, "one message fits in the output");

/* One direction: its cipher and how many frames it carried since the last rekey. */
struct direction {
    struct noise_cipher cipher;
    uint32_t frames;
};

struct channel {
    struct noise noise;
    bool established;
    bool announced; /* CHANNEL_ESTABLISHED was given out */
    bool gathering; /* a fragment with "more" was the last frame */
    enum err_code failure;
    enum noise_role role;
    struct hash own_group, peer_group, peer_static;
    struct direction sending, receiving;
    struct buffer input; /* undecrypted bytes; [0, input_done) are used up */
    size_t input_done;
    struct buffer output; /* for the socket; [0, output_done) are sent */
    size_t output_done;
    struct buffer message;
};

static void channel_fail(struct channel *channel, enum err_code code)
{
    channel->failure = code;
}

/* --- output --- */

static void count_frame(struct direction *direction)
{
    if (++direction->frames == FRAME_REKEY_MESSAGES) {
        noise_rekey(&direction->cipher);
        direction->frames = 0;
    }
}

static void write_handshake(struct channel *channel)
{
    bool last = channel->noise.message == 2;
    struct bytes payload = last ? hash_view(&channel->own_group) : bytes_of(NULL, 0);
    size_t start = channel->output.len;
    enum err_code code;

    if (buffer_extend(&channel->output, LENGTH_BYTES) == NULL) {
        channel_fail(channel, E_MEMORY);
        return;
    }
    code = noise_write(&channel->noise, payload, &channel->output);
    if (code != OK) {
        channel->output.len = start;
        channel_fail(channel, code);
        return;
    }
    bytes_put_number(channel->output.data + start, channel->output.len - start - LENGTH_BYTES,
                     LENGTH_BYTES);
}

static void finish_handshake(struct channel *channel)
{
    noise_split(&channel->noise, &channel->sending.cipher, &channel->receiving.cipher);
    channel->peer_static = channel->noise.remote_static;
    noise_wipe(&channel->noise);
    channel->established = true;
}

/* The plaintext is laid down in the output and sealed in place. */
static void write_fragment(struct channel *channel, struct bytes fragment, bool more)
{
    size_t plain = FLAG_BYTES + fragment.len;
    uint8_t *at = buffer_extend(&channel->output, LENGTH_BYTES + plain + FRAME_TAG_BYTES);

    if (at == NULL) {
        return;
    }
    bytes_put_number(at, plain + FRAME_TAG_BYTES, LENGTH_BYTES);
    at += LENGTH_BYTES;
    at[0] = more ? 1 : 0;
    if (fragment.len > 0) {
        memcpy(at + FLAG_BYTES, fragment.data, fragment.len);
    }
    noise_encrypt(&channel->sending.cipher, bytes_of(at, plain), at);
    count_frame(&channel->sending);
}

enum err_code channel_send(struct channel *channel, struct bytes message)
{
    size_t waiting = channel->output.len - channel->output_done;

    assert(channel->established);
    if (channel->failure != OK) {
        return channel->failure;
    }
    if (message.len > MESSAGE_MAX_BYTES || waiting + message.len > SESSION_OUT_MAX_BYTES) {
        return E_CAP;
    }
    do {
        size_t len = message.len < FRAGMENT_MAX ? message.len : (size_t)FRAGMENT_MAX;

        write_fragment(channel, bytes_of(message.data, len), message.len > len);
        message = bytes_of(len > 0 ? message.data + len : message.data, message.len - len);
    } while (message.len > 0);
    if (channel->output.failed) {
        channel_fail(channel, E_MEMORY);
        return E_MEMORY;
    }
    return OK;
}

struct bytes channel_output(const struct channel *channel)
{
    size_t len = channel->output.len - channel->output_done;

    return len == 0 ? bytes_of(NULL, 0)
                    : bytes_of(channel->output.data + channel->output_done, len);
}

/* Moving the rest only once half is sent keeps the cost per byte constant. */
static void drop_front(struct buffer *buffer, size_t *done)
{
    if (*done == buffer->len) {
        buffer_clear(buffer);
        *done = 0;
    } else if (*done > buffer->len / 2) {
        memmove(buffer->data, buffer->data + *done, buffer->len - *done);
        buffer->len -= *done;
        *done = 0;
    }
}

void channel_output_taken(struct channel *channel, size_t len)
{
    assert(len <= channel->output.len - channel->output_done);
    channel->output_done += len;
    drop_front(&channel->output, &channel->output_done);
}

/* --- input --- */

void channel_receive(struct channel *channel, struct bytes bytes)
{
    if (channel->failure != OK) {
        return;
    }
    drop_front(&channel->input, &channel->input_done);
    buffer_append(&channel->input, bytes.data, bytes.len);
    if (channel->input.failed) {
        channel_fail(channel, channel->input.len + bytes.len > INPUT_MAX ? E_CAP : E_MEMORY);
    }
}

/* The next frame's Noise message, whole, taken off the input. `wanted` (0 = any) is its only
 * allowed length, checked as soon as the length is there. */
static bool next_frame(struct channel *channel, size_t wanted, uint8_t **frame, size_t *len)
{
    size_t have = channel->input.len - channel->input_done;
    size_t length;
    uint8_t *at;

    if (have < LENGTH_BYTES) {
        return false;
    }
    at = channel->input.data + channel->input_done;
    length = (size_t)bytes_get_number(at, LENGTH_BYTES);
    if (wanted != 0 ? length != wanted : length < FLAG_BYTES + FRAME_TAG_BYTES) {
        channel_fail(channel, E_FRAME);
        return false;
    }
    if (have - LENGTH_BYTES < length) {
        return false;
    }
    channel->input_done += LENGTH_BYTES + length;
    *frame = at + LENGTH_BYTES;
    *len = length;
    return true;
}

static void read_handshake(struct channel *channel)
{
    bool last = channel->noise.message == 2;
    struct buffer payload;
    uint8_t *frame;
    size_t len;
    enum err_code code;

    if (!next_frame(channel, last ? HANDSHAKE_LONG : HANDSHAKE_SHORT, &frame, &len)) {
        return;
    }
    buffer_init(&payload, FRAME_MAX_BYTES);
    code = noise_read(&channel->noise, bytes_of(frame, len), &payload);
    if (code != OK) {
        channel_fail(channel, code);
    } else if (last) {
        memcpy(channel->peer_group.bytes, payload.data, HASH_BYTES); /* by the frame's length */
    }
    buffer_free(&payload);
}

/* Goes on with the handshake as far as the input reaches. */
static void handshake(struct channel *channel)
{
    while (channel->failure == OK && !noise_is_done(&channel->noise)) {
        unsigned before = channel->noise.message;

        if (noise_is_writing(&channel->noise)) {
            write_handshake(channel);
        } else {
            read_handshake(channel);
        }
        if (channel->noise.message == before) {
            break;
        }
    }
    /* Who cannot make the first message lacks the network key: no answer, whatever it was. */
    if (channel->failure != OK && channel->failure != E_MEMORY &&
        channel->role == NOISE_RESPONDER && channel->noise.message == 0) {
        channel_fail(channel, E_STRANGER);
    }
    if (channel->failure == OK && noise_is_done(&channel->noise)) {
        finish_handshake(channel);
    }
}

/* Gathers one decrypted fragment. True when *message is whole. */
static bool take_fragment(struct channel *channel, struct bytes plain, struct bytes *message)
{
    struct bytes fragment = bytes_of(plain.data + FLAG_BYTES, plain.len - FLAG_BYTES);
    bool more = plain.data[0] == 1;

    /* An empty fragment with "more" would let a peer talk for ever and say nothing. */
    if (plain.data[0] > 1 || (more && fragment.len == 0)) {
        channel_fail(channel, E_FRAME);
        return false;
    }
    if (!channel->gathering && !more) {
        *message = fragment;
        return true;
    }
    if (!channel->gathering) {
        buffer_clear(&channel->message);
    }
    channel->gathering = more;
    if (channel->message.len + fragment.len > MESSAGE_MAX_BYTES) {
        channel_fail(channel, E_CAP);
        return false;
    }
    buffer_append(&channel->message, fragment.data, fragment.len);
    if (channel->message.failed) {
        channel_fail(channel, E_MEMORY);
        return false;
    }
    *message = buffer_view(&channel->message);
    return !more;
}

static bool read_message(struct channel *channel, struct bytes *message)
{
    uint8_t *frame;
    size_t len;

    while (next_frame(channel, 0, &frame, &len)) {
        if (!noise_decrypt(&channel->receiving.cipher, bytes_of(frame, len), frame)) {
            channel_fail(channel, E_SIGNATURE);
            return false;
        }
        count_frame(&channel->receiving);
        if (take_fragment(channel, bytes_of(frame, len - FRAME_TAG_BYTES), message)) {
            return true;
        }
        if (channel->failure != OK) {
            return false;
        }
    }
    return false;
}

enum channel_event channel_next(struct channel *channel, struct bytes *message)
{
    struct bytes whole;

    if (channel->failure == OK && !channel->established) {
        handshake(channel);
    }
    if (channel->failure != OK) {
        return CHANNEL_FAILED;
    }
    if (!channel->established) {
        return CHANNEL_WAIT;
    }
    if (!channel->announced) {
        channel->announced = true;
        return CHANNEL_ESTABLISHED;
    }
    if (read_message(channel, &whole)) {
        *message = whole;
        return CHANNEL_MESSAGE;
    }
    return channel->failure != OK ? CHANNEL_FAILED : CHANNEL_WAIT;
}

/* --- life --- */

/* "satcha/1\n" || network id || HMAC(network key, "prologue") */
static void make_prologue(const struct channel_config *config, struct buffer *out)
{
    static const char version[] = "satcha/1\n";
    struct hash proof;

    hash_hmac(&proof, bytes_of(config->network_key, HASH_BYTES), bytes_of_text("prologue"));
    buffer_append(out, version, sizeof version - 1);
    buffer_append(out, config->network_id.bytes, HASH_BYTES);
    buffer_append(out, proof.bytes, HASH_BYTES);
}

struct channel *channel_open(const struct channel_config *config)
{
    struct channel *channel = calloc(1, sizeof *channel);
    struct buffer prologue;
    struct noise_config noise = {.role = config->role,
                                 .pattern = NOISE_XKPSK3,
                                 .own = config->own,
                                 .ephemeral = config->ephemeral,
                                 .remote_static = config->remote_static,
                                 .psk = config->network_key};

    if (channel == NULL) {
        return NULL;
    }
    buffer_init(&prologue, 0);
    make_prologue(config, &prologue);
    if (prologue.failed) {
        free(channel);
        return NULL;
    }
    noise.prologue = buffer_view(&prologue);
    noise_start(&channel->noise, &noise);
    buffer_free(&prologue);
    channel->role = config->role;
    channel->own_group = config->own_group;
    buffer_init(&channel->input, INPUT_MAX);
    buffer_init(&channel->output, 0);
    buffer_init(&channel->message, MESSAGE_MAX_BYTES);
    if (config->role == NOISE_INITIATOR) {
        handshake(channel);
    }
    return channel;
}

void channel_free(struct channel *channel)
{
    if (channel == NULL) {
        return;
    }
    buffer_free(&channel->input);
    buffer_free(&channel->output);
    buffer_free(&channel->message);
    sodium_memzero(channel, sizeof *channel);
    free(channel);
}

enum err_code channel_failure(const struct channel *channel)
{
    return channel->failure;
}

const struct hash *channel_peer_static(const struct channel *channel)
{
    return &channel->peer_static;
}

const struct hash *channel_peer_group(const struct channel *channel)
{
    return channel->role == NOISE_RESPONDER ? &channel->peer_group : NULL;
}

bool channel_is_mid_message(const struct channel *channel)
{
    return channel->gathering || channel->input.len > channel->input_done;
}

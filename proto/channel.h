/* A channel: the bytes of one connection in, whole decrypted messages out, and back. Sans-IO.
 *
 * Frame on the wire:  | length u16, big endian | Noise message of that many bytes |
 * Handshake frames carry the three Noise messages. A transport frame's plaintext is
 *   | 1 byte: 1 = more fragments of this message follow, 0 = last | fragment |
 * Messages are at most MESSAGE_MAX_BYTES. Each direction rekeys after exactly
 * FRAME_REKEY_MESSAGES transport frames.
 *
 * Happy path: channel_open_*; then feed bytes with channel_receive and take events until
 * CHANNEL_WAIT; write with channel_send; whatever stands in channel_output is for the socket.
 * Failure: every failure is final (CHANNEL_FAILED with a code); the driver closes. A responder
 * whose first message does not decrypt fails with E_STRANGER and has produced no output. */
#ifndef SATCHA_PROTO_CHANNEL_H
#define SATCHA_PROTO_CHANNEL_H

#include "proto/noise.h"

struct channel;

struct channel_config {
    enum noise_role role;
    struct hash network_id;
    const uint8_t *network_key;      /* 32 bytes, copied */
    const struct transport_key *own; /* copied */
    const struct transport_key *ephemeral;
    const struct hash *remote_static; /* initiator only */
    struct hash own_group;            /* sent in message 3 by the initiator */
};

enum channel_event {
    CHANNEL_WAIT,        /* nothing more without further bytes */
    CHANNEL_ESTABLISHED, /* handshake done: channel_peer_* are set. Once. */
    CHANNEL_MESSAGE,     /* `message` is one whole message, valid until the next call */
    CHANNEL_FAILED       /* channel_failure tells */
};

/* NULL when out of memory. */
struct channel *channel_open(const struct channel_config *config);
void channel_free(struct channel *channel); /* wipes keys; NULL is fine */

/* Copies the bytes in; caps what is kept at one frame and one message. */
void channel_receive(struct channel *channel, struct bytes bytes);
enum channel_event channel_next(struct channel *channel, struct bytes *message);
enum err_code channel_failure(const struct channel *channel);

/* E_CAP when over MESSAGE_MAX_BYTES or the output queue over SESSION_OUT_MAX_BYTES. */
enum err_code MUST_USE channel_send(struct channel *channel, struct bytes message);

/* What waits for the socket; channel_output_taken drops its first `len` bytes. */
struct bytes channel_output(const struct channel *channel);
void channel_output_taken(struct channel *channel, size_t len);

/* After CHANNEL_ESTABLISHED. The responder learns the initiator's group from message 3. */
const struct hash *channel_peer_static(const struct channel *channel);
const struct hash *channel_peer_group(
    const struct channel *channel); /* responder only; else NULL */
/* True while a frame or message has begun and not ended: the driver's MESSAGE_MS clock. */
bool channel_is_mid_message(const struct channel *channel);

#endif

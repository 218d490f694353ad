/* Two nodes over encrypted channels without a socket: channel and session of both ends, over any
 * book, with fixed ephemeral keys and a clock that stands still, so that the bytes on the wire are
 * the same in every run. What goes over the wire is told to the test. */
#ifndef SATCHA_TESTS_LIB_WIRE_H
#define SATCHA_TESTS_LIB_WIRE_H

#include "proto/channel.h"
#include "proto/session.h"
#include "tests/lib/homes.h"

struct wire_end {
    struct home *home;
    struct channel *channel;
    struct session *session; /* NULL until the handshake is done */
    struct hash peer;        /* the initiator knows whom it dials */
    struct hash peer_key;
    enum noise_role role;
    bool stored; /* something waits for a commit */
    bool closed, equal, ready;
    enum err_code code; /* of the end */
    char text[REFUSAL_TEXT_MAX + 1];
    unsigned logs;
};

/* What an end needs that its home does not decide. */
struct wire_keys {
    struct hash network_id;
    const uint8_t *network_key;
    const struct transport_key *own, *ephemeral;
    struct hash own_group;
    struct hash peer, peer_key; /* of the responder: for the initiator */
};

void wire_open(struct wire_end *end, struct home *home, enum noise_role role,
               const struct wire_keys *keys);
void wire_close(struct wire_end *end); /* keeps the home */
/* Bytes from the other end: handshake, messages, commits, and whatever the session then says. */
void wire_receive(struct wire_end *end, struct bytes bytes);
/* Takes what waits for the socket, appended to `out`; false when nothing does. */
bool wire_take(struct wire_end *end, struct buffer *out);

typedef void (*wire_fn)(void *context, const struct wire_end *from, struct bytes bytes);
/* Carries bytes both ways, the initiator's first, until both are silent. */
void wire_run(struct wire_end *initiator, struct wire_end *responder, wire_fn each, void *context);

#endif

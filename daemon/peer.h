/* One TCP connection: libuv's stream below, channel and session above.
 *
 * Happy path: PEER_RESOLVING (a name), PEER_CONNECTING, PEER_HANDSHAKE, PEER_OPEN; bytes read go to
 * the channel, its messages to the session, the session's to the channel, its output to the socket.
 * Failure modes: a handshake or a started frame that takes too long, a peer that does not read, a
 * failed channel or session, a lost connection: each closes the link with a code and a line that
 * says what was expected. A stranger gets no byte.
 * On close: a refusal is flushed first (PEER_ENDING); then uv_close, after which the loop frees the
 * peer; from peer_close on nobody but the loop keeps a pointer. */
#ifndef SATCHA_DAEMON_PEER_H
#define SATCHA_DAEMON_PEER_H

#include <uv.h>

#include "proto/channel.h"
#include "proto/session.h"
#include "store/files.h"

struct node;

enum peer_direction { PEER_IN, PEER_OUT };
enum peer_state {
    PEER_RESOLVING,
    PEER_CONNECTING,
    PEER_HANDSHAKE,
    PEER_OPEN,
    PEER_ENDING, /* a refusal is on its way out; nothing is taken any more */
    PEER_CLOSED
};

enum {
    PEER_ADDRESS_MAX = ADDRESS_MAX_BYTES + 1,
    PEER_STALL_MS = 30000 /* a peer that takes nothing of what waits for it is dropped */
};

struct peer {
    struct node *node;
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    uv_shutdown_t shutdown;
    uv_getaddrinfo_t resolve;
    bool resolving; /* the loop still holds `resolve` */
    bool tcp_gone;  /* uv_close has ended */
    bool writing;   /* the loop still holds `write` and write_buffer */
    enum peer_direction direction;
    enum peer_state state;
    char address[PEER_ADDRESS_MAX];
    bool has_group;
    struct hash group; /* of the peer: dialled, or told in message 3 */
    struct hash key;   /* its static key */
    bool proved;       /* that key is the one that the group's chain or the roster gives: before,
                        * anybody may say that he is that group, and takes nobody's place */
    bool ready;        /* the peer's HELLO was accepted */
    bool stored;       /* something taken since the last commit */
    bool by_hand;      /* dialled because a person said so: never given up for another */
    struct channel *channel;
    struct session *session;
    uint8_t *write_buffer; /* what uv_write has under way */
    size_t write_len;
    uint64_t opened_ms; /* accepted or dialled */
    uint64_t ready_ms;
    uint64_t middle_ms;  /* since when a frame or message is half here; 0 = none */
    uint64_t written_ms; /* when the socket last took something, or had nothing to take */
    uint64_t ticked_ms;
    uint64_t ending_ms;
    uint64_t bytes_in, bytes_out;
    struct err error; /* why it ended */
};

/* An incoming connection on `server`. NULL when it could not be accepted. */
struct peer *peer_accept(struct node *node, uv_stream_t *server);
/* Dials. NULL when out of memory; else the link reports its failure itself. */
struct peer *peer_dial(struct node *node, const struct contact *contact);

/* Closes at once. `code` OK: in order, nothing to tell. The link stays valid until the loop's next
 * turn. */
void peer_close(struct peer *peer, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Says why to the peer first. Only in PEER_OPEN. */
void peer_refuse(struct peer *peer, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One session event (not SESSION_MESSAGE); the bytes go out with the next peer_pump. */
void peer_step(struct peer *peer, enum session_event_type type, const struct hash *group);
/* Gives the session its turn while it has more to say and the socket takes it. */
void peer_pump(struct peer *peer);
/* What is due by time; returns when the next such thing is. */
uint64_t peer_service(struct peer *peer, uint64_t now_ms);

/* "127.0.0.1:7420", "[::1]:7420" */
void peer_address_text(const struct sockaddr *address, char out[PEER_ADDRESS_MAX]);
const char *peer_state_name(const struct peer *peer);
/* Does it stand for its group: proved, or dialled as such? */
bool peer_stands_for_group(const struct peer *peer);

/* --- between peer.c and peer_io.c --- */

/* The stream is up: opens the channel and starts reading. */
void peer_connected(struct peer *peer);
/* Bytes came. */
void peer_take(struct peer *peer, struct bytes bytes);
/* Hands the channel's output to the socket as far as that takes it. */
void peer_flush(struct peer *peer);
/* Bytes that the socket has not taken. */
size_t peer_backlog(const struct peer *peer);
void peer_read_start(struct peer *peer);

#endif

/* The node: one store, its links, and when what happens.
 *
 * Happy path: open the store, count the start, listen, dial; ask the first peers for the own head,
 * then release it; carry bytes between sockets and sessions; end the batch of what was taken when
 * it is large enough or nothing more comes; tell the other sessions what became new.
 * Everything runs in one thread on one loop. Each turn of the loop ends, before it waits again, in
 * node_turn (uv_prepare): what is due is done there, and the alarm is set to what is due next.
 * Failure modes: a link that fails is closed and perhaps dialled again; a store that cannot write
 * drops the links whose data it lost and says so; nothing a peer sends ends the node.
 * On close: links, listener, control socket and timers are closed, the batch is committed, and the
 * loop ends when the last handle has. */
#ifndef SATCHA_DAEMON_NODE_H
#define SATCHA_DAEMON_NODE_H

#include <uv.h>

#include "store/config.h"
#include "store/store.h"

enum {
    NODE_READ_BYTES = 262144,   /* read at a time; one buffer for all links */
    NODE_COMMIT_BYTES = 262144, /* a batch is committed at this size at the latest (a chunk) */
    NODE_COMMIT_MS = 20,        /* or at this age */
    NODE_NAME_MAX = 24          /* "3f2a9c10" and room */
};

struct peer;
struct listener;
struct dialer;
struct control;

enum dialling { DIALLING_ON, DIALLING_OFF };

/* The question for the own head before the first release. */
enum release_state { RELEASE_ASKING, RELEASE_DONE, RELEASE_REFUSED };

struct node_options {
    const char *home;
    struct config config;
    enum dialling dialling;
};

/* Invariants: (1) peers[0..peer_count) are those that still take part; one that was closed is taken
 * out at the end of the turn, its memory freed by the loop; (2) `dirty` is set exactly while
 * something taken from a peer is not committed. */
struct node {
    uv_loop_t loop;
    uv_prepare_t turn;
    uv_idle_t busy; /* active while the loop must not wait */
    uv_timer_t alarm;
    uv_signal_t terminate, interrupt;

    struct config config;
    enum dialling dialling;
    struct store *store;
    struct book *book;
    struct start_count starts; /* of this home, signed */
    uint64_t started_ms;

    struct peer *peers[LINKS_MAX];
    size_t peer_count;
    struct listener *listener; /* NULL: this node only dials */
    struct dialer *dialer;     /* NULL with DIALLING_OFF */
    struct control *control;
    uint8_t *read_buffer; /* NODE_READ_BYTES */

    enum release_state release;
    uint64_t release_retry_ms;

    bool dirty;
    bool io_seen; /* something was read in this turn */
    bool stopping;
    uint64_t dirty_ms;
    struct buffer changed; /* group ids of this commit, 32 bytes each */

    uint64_t anti_entropy_ms; /* when the next comparison with a random peer is due */
    unsigned strangers;       /* dropped since the last line about them */
    uint64_t strangers_ms;    /* when that line was */

    struct map_item own_before; /* node_request_begin */
    bool network_before;
};

/* Opens the store, binds sockets, starts timers. On failure nothing is left open.
 * E_NOT_FOUND no home, E_LOCKED, E_IO (port in use, home not writable), E_USAGE. */
enum err_code MUST_USE node_open(struct node *node, const struct node_options *options,
                                 struct err *err);
/* Runs until a signal; then closes everything. Returns the exit status. */
int node_run(struct node *node);

/* Monotonic, never 0. */
uint64_t node_now_ms(void);
/* now - then; 0 where `then` was noted after `now` was read: a turn of the loop takes time. */
uint64_t node_elapsed_ms(uint64_t now_ms, uint64_t then_ms);
uint64_t node_random(uint64_t below); /* 0 <= result < below */
/* Eight hex digits of the id, as listings and the log name groups. */
const char *node_group_name(const struct hash *group, char out[NODE_NAME_MAX]);

/* --- from peers --- */

/* May this group's node be talked to? OK, E_STRANGER, E_BANNED; err says why. `key`: its static
 * key, by which a contact is known while no roster is held yet. */
enum err_code MUST_USE node_admits(struct node *node, const struct hash *group,
                                   const struct hash *key, struct err *err);
struct peer *node_peer_to(const struct node *node, const struct hash *group,
                          const struct peer *except); /* open and proved; NULL = none */
/* Makes room for one more peer, if need be at the cost of the oldest unauthenticated one. */
bool MUST_USE node_has_room(struct node *node);
void node_add_peer(struct node *node, struct peer *peer);
void node_forget_peer(struct node *node, const struct peer *peer);
/* A peer is closing: the log's line, and the dialler's back-off. */
void node_peer_closed(struct node *node, const struct peer *peer);
void node_count_stranger(struct node *node, const char *address, const char *why);
/* A session took something. Commits when the batch is full. */
void node_stored(struct node *node);
void node_commit(struct node *node);
/* A peer's HELLO was accepted. */
void node_peer_ready(const struct peer *peer);

/* --- from the control socket: around each request --- */
void node_request_begin(struct node *node);
void node_request_end(struct node *node, unsigned request_flags);

/* The address that is listened on ("127.0.0.1:7420"); "" when none. */
const char *node_listening(const struct node *node);

#endif

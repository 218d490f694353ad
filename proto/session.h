/* The conversation between two nodes, as a pure step: event + time in, effects out. Sans-IO: libuv
 * drives it in the daemon, a loop in the tests.
 *
 * Happy path (docs/protocol.md, "A session"):
 *   both: HELLO with the digest of the map. Equal: nothing more is said.
 *   the network's ledger differs: who is behind pulls it first; then digests are compared again.
 *   else LIST both ways; each side WANTs what the other has more of, at most SESSION_WANTS_MAX at a
 *   time: CHAIN links it lacks, the signed HEAD with the proof from what it holds, then CHUNKs,
 *   each proved to belong to that head, as far as the receiver's credit goes.
 *   a head that becomes new here is PUSHed; the other WANTs it.
 *   a later HELLO only compares (digest, size of the network's ledger): who hears one that differs
 *   answers with its LIST; who hears a LIST, with its own, once for each HELLO said or heard.
 * Limited: a rostered peer whose static key its key chain, as held here, does not give. The chain
 *   of its own ledger is wanted, and nothing else taken or given; as soon as a link gives the key
 *   the session goes on as usual, with a fresh HELLO; else it ends with E_STRANGER after the
 *   chain's answer or HANDSHAKE_MS.
 * Giving up a pull: its claim is released and a WANT with have = WANT_STOP sent; what is still
 *   under way is ignored until the peer's UNABLE ends it.
 * Failure modes: a malformed message ends the session (REFUSE E_FRAME); failed proofs and
 * signatures count as nonsense and end it at SESSION_NONSENSE_MAX; a pull without progress for
 * STALL_MS is given up so that another session may claim it; a ping unanswered ends it.
 *
 * What the session needs of the node stands behind `struct book`, so that the same code runs over
 * the store and over a fake in the tests. */
#ifndef SATCHA_PROTO_SESSION_H
#define SATCHA_PROTO_SESSION_H

#include "proto/map.h"

struct session;

enum { SESSION_STEP_BYTES = 524288 }; /* bulk that one step puts out: two full chunks */

/* Everything a session asks of or tells its node. Calls return at once. `context` first. */
struct book {
    void *context;
    struct map *map; /* current heads; owned by the node */
    struct hash own_group;

    /* --- serving --- */
    /* The released signed head of a ledger. E_NO_DATA when none, E_FORKED when frozen. */
    enum err_code (*head)(void *context, const struct hash *group, struct head *head);
    uint64_t (*link_count)(void *context, const struct hash *group);
    /* One link, packed with link_pack, appended to `out`. */
    enum err_code (*read_link)(void *context, const struct hash *group, uint64_t number,
                               struct buffer *out);
    enum err_code (*root_at)(void *context, const struct hash *group, uint64_t size,
                             struct hash *root);
    enum err_code (*prove)(void *context, const struct hash *group, uint64_t from, uint64_t to,
                           struct merkle_proof *proof);
    /* Whole leaves [from, <= to), each with its u16 length, at most max_bytes (at least one leaf);
     * *count says how many. */
    enum err_code (*read_leaves)(void *context, const struct hash *group, uint64_t from,
                                 uint64_t to, size_t max_bytes, struct buffer *out,
                                 uint64_t *count);
    /* What is held of the peer's own ledger (false: nothing), and the greatest start count that it
     * ever told. */
    bool (*peer_own_head)(void *context, const struct hash *peer, struct head *head,
                          struct start_count *starts);

    /* --- pulling --- */
    /* Entries stored (pending included), the epoch, and links held. */
    void (*held)(void *context, const struct hash *group, struct want *want);
    /* May this session pull that ledger now? One session at a time; released with `unclaim`. The
     * own ledger is asked for too where a peer has more of it: true only where it was lost. */
    bool (*claim)(void *context, const struct session *session, const struct hash *group);
    void (*unclaim)(void *context, const struct session *session, const struct hash *group);
    /* Each verifies before it stores; what it stores becomes durable at the driver's next commit.
     * E_PROOF, E_SIGNATURE, E_LEAF: nonsense or worse, nothing stored. E_FORKED: the ledger is now
     * frozen, both heads kept. */
    enum err_code (*take_link)(void *context, const struct hash *group, uint64_t number,
                               const struct link *link, struct err *err);
    enum err_code (*take_head)(void *context, const struct head_answer *answer, struct err *err);
    enum err_code (*take_chunk)(void *context, const struct chunk *chunk, struct err *err);

    /* --- about the peer --- */
    /* The peer told how often it was started: kept where its group signed it. */
    void (*peer_started)(void *context, const struct hash *peer, const struct start_count *starts);
    /* Is this static key the one that the peer's key chain gives now? */
    bool (*peer_key_known)(void *context, const struct hash *peer, const struct hash *static_key);
    /* The answer to MESSAGE_OWN: what the peer holds of our own ledger (NULL: nothing). Both are
     * evidence only under our own signature. */
    void (*own_head_heard)(void *context, const struct hash *peer, const struct head *head,
                           const struct start_count *starts);
};

enum effect_type {
    EFFECT_SEND,   /* message: to the channel */
    EFFECT_CLOSE,  /* code, text: say REFUSE (already queued as SEND) and close */
    EFFECT_READY,  /* the peer's HELLO was accepted */
    EFFECT_EQUAL,  /* digests agree */
    EFFECT_STORED, /* a link, head, chunk or fork was taken: commit soon, set the map, tell
                    * SESSION_HEADS to all sessions, then SESSION_COMMITTED */
    EFFECT_LOG     /* text: something an administrator should see (skew, refusal, nonsense) */
};

struct effect {
    enum effect_type type;
    enum err_code code;
    struct bytes message; /* EFFECT_SEND; valid until the next session call */
    char text[REFUSAL_TEXT_MAX + 1];
};

enum session_event_type {
    SESSION_START,        /* the channel is established */
    SESSION_MESSAGE,      /* message */
    SESSION_TICK,         /* time passed or session_next_ms is reached; at least every second */
    SESSION_HEADS,        /* the map changed: group (one), to be pushed. Pushes wait for the next
                           * step that is not this (session_next_ms says now), to go together. */
    SESSION_COMMITTED,    /* what was stored is durable: credit goes back */
    SESSION_ANTI_ENTROPY, /* compare maps again (a HELLO with the digest of now) */
    SESSION_ASK_OWN,      /* ask the peer for our own head (before the first release) */
    SESSION_PING          /* measure the round trip now */
};

struct session_event {
    enum session_event_type type;
    struct bytes message;
    struct hash group;
    size_t backlog; /* bytes that still wait for the socket: a step adds bulk only below
                     * SESSION_STEP_BYTES of them. 0 where the driver sends at once. */
    bool receiving; /* a message is partly here (channel_is_mid_message): not a stall */
};

struct session_config {
    struct book *book;         /* outlives the session */
    struct hash peer;          /* group id of the peer */
    struct hash peer_key;      /* its static key, as the handshake proved it */
    struct start_count starts; /* our own, signed: told with SESSION_ASK_OWN */
    int64_t wall_ahead_ms;     /* wall clock minus now_ms; 0 where now_ms is the wall clock */
};

struct session_status {
    bool ready, limited; /* limited: only the peer's own chain is accepted yet */
    bool equal;          /* as of the peer's last HELLO, LIST or PUSH */
    uint64_t version;
    int64_t skew_ms;         /* the peer's clock minus ours at its HELLO */
    uint64_t round_trip_ms;  /* last measured; 0 = unknown */
    uint64_t round_trips;    /* how many were measured */
    uint64_t own_answers;    /* how often the peer told what it holds of our own ledger */
    size_t pulling, pending; /* ledgers under way; behind and waiting */
    size_t serving;
    uint64_t entries_taken, entries_given;
    unsigned nonsense;
};

struct session *session_new(const struct session_config *config); /* NULL: out of memory */
void session_free(struct session *session); /* gives its claims back; NULL is fine */

/* One step. Effects are then taken with session_effect until it returns false. */
void session_step(struct session *session, const struct session_event *event, uint64_t now_ms);
bool session_effect(struct session *session, struct effect *effect);
void session_status(const struct session *session, struct session_status *status);
/* Ledgers behind and why, for `peers` and `why`: false past the last. */
bool session_behind(const struct session *session, size_t number, struct hash *group,
                    uint64_t *here, uint64_t *there);
/* The earliest time at which a TICK is due; not after now when there is more to send or to push.
 * A driver loops: step, send the effects, and while this is due and less than SESSION_STEP_BYTES
 * wait for the socket, TICK again; with more waiting it TICKs when they have drained. */
uint64_t session_next_ms(const struct session *session);

#endif

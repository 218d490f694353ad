/* Private to the session's files: its state, and what they call of one another.
 *
 *   session.c          life, effects, steps, timers
 *   session_talk.c     the hello, the limit on an unknown key, dispatch of messages
 *   session_compare.c  LIST and PUSH both ways: who is behind in what
 *   session_queue.c    the set of ledgers that this side is behind in and does not pull yet
 *   session_pull.c     WANT, and taking CHAIN, HEAD, CHUNK
 *   session_serve.c    answering the peer's WANTs, round-robin, as credit allows */
#ifndef SATCHA_PROTO_SESSION_IMPL_H
#define SATCHA_PROTO_SESSION_IMPL_H

#include "proto/session.h"

/* --- the queue: an array in no order, and an open-addressed index from tags to it --- */

struct behind {
    struct map_item there; /* what the peer claims; the whole group id */
    uint64_t after_ms;     /* not asked before this time */
};

/* Invariants: (1) index has 2^n slots, at least twice `count`; (2) a slot is 0 or the array
 * position + 1; (3) every item is reached from its tag's slot without an empty one between. */
struct behind_queue {
    struct behind *items;
    size_t count, capacity;
    uint32_t *index;
    size_t index_size;
    size_t sweep; /* where the search for the next ledger to pull goes on */
};

/* Adds or replaces; false when out of memory. */
bool behind_put(struct behind_queue *queue, const struct behind *item);
struct behind *behind_find(const struct behind_queue *queue, const struct hash *group);
void behind_remove(struct behind_queue *queue, const struct hash *group);
void behind_free(struct behind_queue *queue);

/* --- the session --- */

enum pull_state {
    PULL_FREE,
    PULL_ASKED,  /* WANT is sent; CHAIN and HEAD come next */
    PULL_TAKING, /* the head is taken, chunks follow */
    PULL_ENDING  /* given up; what comes is ignored until UNABLE */
};

struct pull {
    enum pull_state state;
    struct map_item there;  /* what the peer claimed */
    struct map_item target; /* PULL_TAKING: the head that was taken */
    uint64_t held;          /* entries held: where the next chunk starts */
    uint64_t links;         /* links held: the next one's number */
    bool claimed;           /* not where only the peer's own chain is taken yet */
    uint64_t progress_ms;   /* when something came for it last */
    uint64_t turn_ms;       /* since when turn_bytes count */
    uint64_t turn_bytes;
    uint64_t again_ms; /* PULL_ENDING: may be asked again then; 0 = not by itself */
};

enum serve_phase { SERVE_CHAIN, SERVE_HEAD, SERVE_CHUNKS };

struct serve {
    enum serve_phase phase;
    struct want want;
    uint64_t next;    /* the link or leaf that goes out next */
    struct head head; /* from SERVE_HEAD on: what the chunks belong to */
};

enum { KNOWN_SLOTS = 256, PUSHES_MAX = 1024 };

struct effect_record {
    enum effect_type type;
    enum err_code code;
    size_t start, len; /* in `arena`: the message or the text */
};

struct session {
    struct session_config config;
    struct book *book;
    uint64_t now_ms;
    size_t budget;  /* bulk bytes that this step may still put out */
    bool receiving; /* a message is partly here */

    /* effects of this step: messages and texts stand in the arena one after the other */
    struct buffer arena;
    size_t message_start; /* where the message that is being written begins */
    struct effect_record *effects;
    size_t effect_count, effect_capacity, effects_taken;

    /* the conversation */
    uint64_t started_ms;
    bool greeted; /* the peer's first HELLO was accepted */
    bool limited;
    bool ready;
    bool closed;
    bool equal;
    uint64_t limited_until_ms;
    uint64_t version;
    int64_t skew_ms;
    uint64_t round_trip_ms, round_trips;
    unsigned nonsense;
    uint64_t heard_ms, said_ms; /* the last message in, out */
    uint64_t ping_number, ping_sent_ms;
    bool pinging;
    bool ask_own, answer_own; /* due once the session is ready */
    unsigned own_asked;       /* answers that we wait for */
    uint64_t own_answers;     /* answers that came */

    /* comparing */
    bool list_said;  /* our LIST is out, or under way, since the last HELLO said or heard */
    bool list_again; /* a HELLO came while the LIST was going out */
    bool listing;
    size_t list_next;          /* the rank that the next page starts with */
    bool hello_due;            /* compare again, at the next step that is no SESSION_HEADS */
    bool network_due;          /* the peer's network ledger is longer: nothing else before it */
    uint64_t network_after_ms; /* it could not give that: not asked again before */
    struct hash push[PUSHES_MAX];
    size_t push_count;
    struct map_item known[KNOWN_SLOTS]; /* what the peer has, as last heard; direct-mapped by tag */

    /* pulling */
    struct behind_queue queue;
    struct pull pull[SESSION_WANTS_MAX];
    size_t pull_count;    /* slots in use */
    bool sweep_due;       /* something changed: look for ledgers to pull in this step */
    uint64_t pulled_ms;   /* when anything came for any pull last */
    uint64_t credit_used; /* chunk bytes that came and were not given back yet */
    uint64_t uncommitted; /* the part of it that is not durable yet */
    uint64_t entries_taken;

    /* serving */
    struct serve serve[SESSION_WANTS_MAX];
    size_t serve_count;
    size_t serve_turn;
    uint64_t credit;       /* chunk bytes that the peer still allows */
    bool serve_more;       /* the budget ended before the work */
    struct buffer scratch; /* leaves of the chunk, links of the page that is being made */
    uint64_t entries_given;
};

/* --- session.c --- */
void session_effect_add(struct session *session, enum effect_type type, enum err_code code,
                        size_t start);
void session_effect_text(struct session *session, enum effect_type type, enum err_code code,
                         const char *text);
/* At most REFUSAL_TEXT_MAX bytes, cut at a character boundary, and a terminator. */
void session_copy_text(char out[REFUSAL_TEXT_MAX + 1], struct bytes text);
/* now - since; 0 where the clock went back. */
uint64_t session_elapsed(const struct session *session, uint64_t since_ms);
/* Where the next message is written; finished by session_sent. */
struct buffer *session_message(struct session *session);
void session_sent(struct session *session);
void session_log(struct session *session, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Says REFUSE and ends the session. */
void session_refuse(struct session *session, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* One more failed proof, head or chunk; ends the session at SESSION_NONSENSE_MAX. */
void session_nonsense(struct session *session, enum err_code code, const char *what,
                      const char *detail);
bool session_is_network(const struct session *session, const struct hash *group);

/* --- session_talk.c --- */
void session_take_message(struct session *session, struct bytes bytes);
void session_say_hello(struct session *session);
void session_ask_own(struct session *session);
/* Asks whether the peer's key is known by now; the limited session then becomes a usual one. */
void session_review_limit(struct session *session);

/* --- session_compare.c --- */
void session_compare(struct session *session, const struct hello *hello, bool first);
void session_take_list(struct session *session, struct message *message);
void session_heads_changed(struct session *session, const struct hash *group);
void session_write_list(struct session *session);
void session_write_pushes(struct session *session);
void session_know(struct session *session, const struct map_item *item);
/* Is what the peer claims more than what is held, or other? */
bool session_is_behind(struct session *session, const struct map_item *there, bool look_back);

/* --- session_pull.c --- */
void session_want_peer_chain(struct session *session);
/* The limit is lifted: what was wanted under it is claimed, or left to the session that has it. */
void session_claim_peer_chain(struct session *session);
void session_start_pulls(struct session *session);
void session_take_chain(struct session *session, struct message *message);
void session_take_head(struct session *session, const struct head_answer *answer);
void session_take_chunk(struct session *session, const struct chunk *chunk);
void session_take_unable(struct session *session, const struct hash *group, unsigned code);
void session_check_stalls(struct session *session);
void session_give_credit(struct session *session);
void session_drop_claims(struct session *session);

/* --- session_serve.c --- */
void session_open_serve(struct session *session, const struct want *want);
void session_take_credit(struct session *session, uint64_t bytes);
void session_serve(struct session *session);

#endif

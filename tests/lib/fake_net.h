/* Sessions back to back over fake books: messages travel through queues, time stands still until
 * the test moves it. A book may have several sessions. */
#ifndef SATCHA_TESTS_LIB_FAKE_NET_H
#define SATCHA_TESTS_LIB_FAKE_NET_H

#include "tests/lib/fake_book.h"

enum { FAKE_ENDS_MAX = 8, FAKE_TYPES = 32 };

struct fake_message {
    struct fake_message *next;
    size_t len;
    uint8_t data[];
};

/* One end of a link. */
struct fake_end {
    struct fake_book *book;
    struct session *session;
    struct fake_end *other;
    struct fake_message *first, *last; /* said and not yet delivered */
    bool mute;                         /* what it says is kept back */
    bool closed;
    enum err_code code; /* of EFFECT_CLOSE */
    char text[REFUSAL_TEXT_MAX + 1];
    char log[REFUSAL_TEXT_MAX + 1]; /* the last line */
    unsigned logs, equals, readies;
    unsigned said[FAKE_TYPES]; /* by message type */
    size_t said_bytes;
    size_t deliver_max; /* messages that may still be delivered; SIZE_MAX = all */
    bool stored;
    bool receiving; /* a message of the peer is partly here */
};

struct fake_net {
    struct fake_end end[FAKE_ENDS_MAX];
    size_t count;
    uint64_t now_ms;
    bool hold_commits;
};

/* A link between the two books, whose own groups are `a` and `b`; both ends are started. The keys
 * shown are the groups' transport keys of now. Returns the first end; the second is ->other. */
struct fake_end *fake_link(struct fake_net *net, struct fake_book *a, struct fake_book *b);
/* The same with one real session; the test plays the other end by fake_say. */
struct fake_end *fake_link_alone(struct fake_net *net, struct fake_book *book,
                                 const struct hash *peer, const struct hash *peer_key);
/* Delivers, commits and ticks until nothing happens any more. */
void fake_run(struct fake_net *net);
/* Moves time on by `ms` in steps of 500 ms, running at each. */
void fake_wait(struct fake_net *net, uint64_t ms);
void fake_event(struct fake_net *net, struct fake_end *end, enum session_event_type type);
/* Tells all sessions of the book that the ledger has a new head. */
void fake_heads(struct fake_net *net, struct fake_book *book, size_t group);
/* Gives the bytes to the end's session as a message of its peer, and runs. */
void fake_say(struct fake_net *net, struct fake_end *end, struct bytes message);
/* Takes the oldest message that the end said (with fake_link_alone); false when none. */
bool fake_heard(struct fake_end *end, struct buffer *message);
void fake_net_free(struct fake_net *net); /* sessions and messages, not the books */

#endif

/* Two homes connected by two real sessions in one process: messages travel through queues. */
#ifndef SATCHA_TESTS_LIB_PAIR_H
#define SATCHA_TESTS_LIB_PAIR_H

#include "tests/lib/homes.h"

struct pair_message {
    struct pair_message *next;
    size_t len;
    uint8_t data[];
};

struct pair_side {
    struct home *home;
    struct session *session;
    struct pair_message *first, *last; /* said and not yet delivered */
    bool stored, closed;
    enum err_code code; /* of EFFECT_CLOSE */
    unsigned equals, logs;
    char log[REFUSAL_TEXT_MAX + 1]; /* the last line */
    size_t said_bytes;
    double cpu_s; /* spent in this side's steps and commits */
};

struct pair {
    struct pair_side side[2];
    uint64_t now_ms;
    size_t deliver_max; /* messages that are still delivered; SIZE_MAX = all */
};

/* Both homes are open, and rostered for one another. The sessions start at once. */
void pair_connect(struct pair *pair, struct home *a, struct home *b);
/* Until nothing is said any more (or deliver_max is used up). */
void pair_run(struct pair *pair);
/* Tells the sessions of what changed at this side (own appends, commits). */
void pair_tell(struct pair *pair, unsigned side);
void pair_disconnect(struct pair *pair);
/* connect, run, disconnect */
void pair_sync(struct home *a, struct home *b);

#endif

/* Dialling: whom, when, and how long to wait after a failure.
 *
 * Small networks (SMALL_NETWORK_GROUPS): every contact. Larger ones: as many connections as the
 * settings say, to groups drawn at random; what a person named is always dialled. Of a large
 * network's contacts only a random sample is kept.
 * Back-off: DIAL_FIRST_MS, doubled to DIAL_LONGEST_MS, each +-25 %, so that nodes that lost one
 * another do not come back in step. */
#ifndef SATCHA_DAEMON_DIAL_H
#define SATCHA_DAEMON_DIAL_H

#include "daemon/peer.h"

enum {
    DIAL_FIRST_MS = 500,
    DIAL_LONGEST_MS = 60000,
    DIAL_GOOD_MS = 5000,   /* a session that lasted so long was good: the back-off starts anew */
    DIAL_TARGETS_MAX = 256 /* all of a small network with 4 addresses each, and those by hand */
};

struct dial_target {
    struct contact contact;
    bool by_hand;
    unsigned failures; /* since the last good session */
    uint64_t next_ms;
    enum err_code code; /* of the last failure */
    char error[160];
};

struct dialer;

struct dialer *dialer_new(struct node *node); /* NULL: out of memory */
void dialer_free(struct dialer *dialer);      /* NULL is fine */

/* Contacts or roster may have changed: they are read again soon. */
void dialer_refresh(struct dialer *dialer);
/* In a large network: gives one connection up, so that another is drawn. */
void dialer_redraw(struct dialer *dialer);
/* A peer that was dialled is closing. */
void dialer_ended(struct dialer *dialer, const struct peer *peer);
/* Dials what is due; returns when something is due next. */
uint64_t dialer_service(struct dialer *dialer, uint64_t now_ms);

/* For listings. Valid until the next dialer_service. */
size_t dialer_count(const struct dialer *dialer);
const struct dial_target *dialer_at(const struct dialer *dialer, size_t number);

#endif

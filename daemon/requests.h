/* The daemon's own rows of the request table: what needs the network. */
#ifndef SATCHA_DAEMON_REQUESTS_H
#define SATCHA_DAEMON_REQUESTS_H

#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/hash.h"
#include "store/request.h"

struct node;

/* An answer that waits for a peer. */
struct late_answer {
    bool waiting;
    struct hash group;
    uint64_t round_trips; /* of the session when it was asked */
    uint64_t until_ms;
};

/* Runs any request, of the store's table or of the daemon's. OK with late->waiting set: there is no
 * result yet; ask with request_late. */
enum err_code MUST_USE node_request(struct node *node, struct bytes name, struct bytes arguments,
                                    const struct progress *progress, struct buffer *result,
                                    struct late_answer *late, struct err *err);
/* True once there is a result or, in *code, a failure. */
bool node_request_late(struct node *node, const struct late_answer *late, uint64_t now_ms,
                       struct buffer *result, enum err_code *code, struct err *err);

#endif

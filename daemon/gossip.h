/* What passes between the peers and the store: who is admitted, the question for the own head, the
 * first release, commits and what they make known, anti-entropy. Most of it is called by peers and
 * stands in node.h; this is what the node's turn needs. */
#ifndef SATCHA_DAEMON_GOSSIP_H
#define SATCHA_DAEMON_GOSSIP_H

#include <stdint.h>

struct node;

void gossip_start(struct node *node);
/* Release, anti-entropy; returns when something is due next. */
uint64_t gossip_service(struct node *node, uint64_t now_ms);

#endif

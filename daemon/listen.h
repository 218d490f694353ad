/* The listening socket. */
#ifndef SATCHA_DAEMON_LISTEN_H
#define SATCHA_DAEMON_LISTEN_H

#include "store/files.h"

struct node;
struct listener;

/* Binds `address` ("host:port", port 0 = any). E_USAGE no such address, E_IO port in use or not
 * allowed, E_MEMORY. */
enum err_code MUST_USE listener_open(struct node *node, const char *address, struct listener **ret,
                                     struct err *err);
/* Stops accepting; the loop frees it. NULL is fine. */
void listener_close(struct listener *listener);
/* The bound address with the port that was given, "127.0.0.1:7420". */
const char *listener_address(const struct listener *listener);

#endif

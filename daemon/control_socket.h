/* The control socket, <home>/control.sock (0600): one MessagePack request and reply per frame
 * (store/request.h). Every request runs to its end in one go; only those that wait for a peer are
 * answered later.
 *
 * Failure modes: a client that sends half a frame or does not read its reply for MESSAGE_MS, or
 * that sends what is no request, is dropped; more than CONTROL_CLIENTS_MAX are closed at once. */
#ifndef SATCHA_DAEMON_CONTROL_SOCKET_H
#define SATCHA_DAEMON_CONTROL_SOCKET_H

#include <stdint.h>

#include "proto/err.h"

struct node;
struct control;

/* Removes a socket that an earlier daemon left (the home's lock is ours). E_IO, E_MEMORY. */
enum err_code MUST_USE control_open(struct node *node, struct control **ret, struct err *err);
/* Closes clients and socket and removes the file; the loop frees it. NULL is fine. */
void control_close(struct control *control);
/* Late answers and deadlines; returns when something is due next. */
uint64_t control_service(struct control *control, uint64_t now_ms);

#endif

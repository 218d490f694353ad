/* The daemon's log: standard error, one line each, "2026-11-22T09:30:15+07:00 info  text". The only
 * place that prints. Nothing secret is ever passed to it; control characters, which only a peer or
 * a file can have brought, become '?'. */
#ifndef SATCHA_DAEMON_LOG_H
#define SATCHA_DAEMON_LOG_H

#include "proto/hash.h"
#include "store/config.h"

void log_set_level(enum log_level level);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same about a peer, "3f2a9c10: text": at most PEER_LINES_MAX in PEER_LINES_MS, so that it
 * cannot fill the disk; how many were left out is told with the next one. */
void log_peer(enum log_level level, const struct hash *group, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Printed at every level: what a starter of the daemon waits for. */
void log_announce(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

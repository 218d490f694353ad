/* The daemon's log: standard error, one line each, "2026-11-22T09:30:15+07:00 info  text". The only
 * place that prints. Nothing secret is ever passed to it; control characters, which only a peer or
 * a file can have brought, become '?'. */
#ifndef SATCHA_DAEMON_LOG_H
#define SATCHA_DAEMON_LOG_H

#include "store/config.h"

void log_set_level(enum log_level level);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Printed at every level: what a starter of the daemon waits for. */
void log_announce(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

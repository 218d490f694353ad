/* One line per event, written with one call so that lines of several daemons do not mix. */
#include "daemon/log.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/node.h"
#include "proto/date.h"

enum { LINE_MAX_BYTES = 1024, QUOTAS = 256 };

/* What peers may still cause, by the first byte of their ids. */
struct quota {
    uint64_t since_ms;
    unsigned lines;
};

static enum log_level threshold = LOG_INFO;
static struct quota quotas[QUOTAS];

void log_set_level(enum log_level level)
{
    threshold = level;
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_ERROR:
        return "error";
    case LOG_WARNING:
        return "warn ";
    case LOG_INFO:
        return "info ";
    case LOG_DEBUG:
        return "debug";
    }
    return "?";
}

static void write_line(enum log_level level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void write_line(enum log_level level, const char *format, va_list arguments)
{
    struct timespec now;
    char time_text[TIME_TEXT_MAX];
    char line[LINE_MAX_BYTES];
    clock_gettime(CLOCK_REALTIME, &now);
    time_format_iso((uint64_t)now.tv_sec * 1000, time_text);
    size_t len = (size_t)snprintf(line, sizeof line, "%s %s ", time_text, level_name(level));
    int added = vsnprintf(line + len, sizeof line - len, format, arguments);
    if (added < 0) {
        return;
    }
    len += (size_t)added < sizeof line - len ? (size_t)added : sizeof line - len - 1;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
    line[len] = '\n';
    if (write(STDERR_FILENO, line, len + 1) < 0) {
        /* Nobody reads the log: there is nowhere to say so. */
    }
}

void log_line(enum log_level level, const char *format, ...)
{
    if (level > threshold) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    write_line(level, format, arguments);
    va_end(arguments);
}

/* *left_out: lines that were not written before this one. */
static bool quota_allows(struct quota *quota, unsigned *left_out)
{
    uint64_t now_ms = node_now_ms();
    *left_out = 0;
    if (node_elapsed_ms(now_ms, quota->since_ms) >= PEER_LINES_MS) {
        *left_out = quota->lines > PEER_LINES_MAX ? quota->lines - PEER_LINES_MAX : 0;
        quota->since_ms = now_ms;
        quota->lines = 0;
    }
    quota->lines += quota->lines < UINT_MAX ? 1 : 0;
    return quota->lines <= PEER_LINES_MAX;
}

void log_peer(enum log_level level, const struct hash *group, const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    char name[NODE_NAME_MAX];
    unsigned left_out;
    if (level > threshold || !quota_allows(&quotas[group->bytes[0]], &left_out)) {
        return;
    }
    if (left_out > 0) {
        log_line(LOG_WARNING, "%s: %u more lines about this peer were left out",
                 node_group_name(group, name), left_out);
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_line(level, "%s: %s", node_group_name(group, name), text);
}

void log_announce(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(LOG_INFO, format, arguments);
    va_end(arguments);
}

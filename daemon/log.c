/* One line per event, written with one call so that lines of several daemons do not mix. */
#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/date.h"

enum { LINE_MAX_BYTES = 1024 };

static enum log_level threshold = LOG_INFO;

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

void log_announce(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line(LOG_INFO, format, arguments);
    va_end(arguments);
}

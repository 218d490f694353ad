/* Error names, exit statuses, and the one-line text of a failure. */
#include "proto/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/bytes.h"

/* Into a text of its own first: an argument may be err->text itself. */
static void format_text(char out[ERR_TEXT_MAX], const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
static void format_text(char out[ERR_TEXT_MAX], const char *format, va_list args)
{
    int len = vsnprintf(out, ERR_TEXT_MAX, format, args);
    if (len < 0) {
        out[0] = '\0';
    } else if (len >= ERR_TEXT_MAX) {
        out[bytes_cut(bytes_of_text(out), ERR_TEXT_MAX)] = '\0';
    }
}

enum err_code err_set(struct err *err, enum err_code code, const char *format, ...)
{
    if (err == NULL) {
        return code;
    }
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    format_text(text, format, args);
    va_end(args);
    memcpy(err->text, text, sizeof text);
    err->code = code;
    return code;
}

enum err_code err_prefix(struct err *err, enum err_code code, const char *format, ...)
{
    if (err == NULL) {
        return code;
    }
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    format_text(text, format, args);
    va_end(args);
    return err_set(err, err->code, "%s: %s", text, err->text);
}

const char *err_name(unsigned code)
{
    switch (code) {
    case OK:
        return "OK";
#define ERR_NAME(name, number, status) \
    case number:                       \
        return #name;
        ERR_CODES(ERR_NAME)
#undef ERR_NAME
    }
    return "E_UNKNOWN";
}

int err_exit_status(unsigned code)
{
    switch (code) {
    case OK:
        return 0;
#define ERR_STATUS(name, number, status) \
    case number:                         \
        return status;
        ERR_CODES(ERR_STATUS)
#undef ERR_STATUS
    }
    return 3;
}

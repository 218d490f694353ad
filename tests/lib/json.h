/* Published vectors are JSON: Debian's jansson reads them, and this adds what vectors hold. */
#ifndef SATCHA_TESTS_LIB_JSON_H
#define SATCHA_TESTS_LIB_JSON_H

#include <jansson.h>

#include "proto/bytes.h"

/* The parsed file; aborts with its name when it is no JSON. The caller calls json_decref. */
json_t *json_read(const char *path);
/* The same for a name in the shared folder; NULL, and a line, when it is absent. */
json_t *json_read_shared(const char *name);

/* A text member; "" when there is none. Valid as long as the object. */
const char *json_text(const json_t *object, const char *key);
/* A whole number; one past int64 is read up to 2^64 - 1. */
uint64_t json_number(const json_t *object, const char *key);
/* A hex member into the buffer, which is emptied first ('-' between bytes is passed over); aborts
 * on anything else. Returns the view. */
struct bytes json_hex(const json_t *object, const char *key, struct buffer *out);
struct bytes json_hex_text(const char *hex, struct buffer *out);

#endif

/* Any result as JSON on a stream: maps as objects, bin as lower-case hex, integers as they are. */
#ifndef SATCHA_TOOLS_JSON_H
#define SATCHA_TOOLS_JSON_H

#include <msgpack.h>
#include <stdio.h>

#include "proto/err.h"

/* Objects and arrays are indented by two; short arrays and objects of scalars stand on one line. */
void json_write(FILE *out, const msgpack_object *value);
/* {"error":"E_…","message":…} */
void json_write_error(FILE *out, const struct err *err);

#endif

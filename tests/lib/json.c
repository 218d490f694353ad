/* Reading vectors: files, hex, whole numbers. */
#include "tests/lib/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "tests/lib/shared.h"

json_t *json_read(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL) {
        /* Some vectors hold numbers past int64. */
        root = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);
    }
    if (root == NULL) {
        (void)fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
        abort();
    }
    return root;
}

json_t *json_read_shared(const char *name)
{
    char path[SHARED_PATH_MAX];
    return shared_path(name, path) ? json_read(path) : NULL;
}

const char *json_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

uint64_t json_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (json_is_real(value)) {
        return json_real_value(value) >= 0x1p64 ? UINT64_MAX : (uint64_t)json_real_value(value);
    }
    return (uint64_t)json_integer_value(value);
}

struct bytes json_hex_text(const char *hex, struct buffer *out)
{
    buffer_clear(out);
    while (*hex != '\0') {
        uint8_t byte;
        if (*hex == '-') {
            hex++;
            continue;
        }
        if (!hex_parse(bytes_of(hex, strnlen(hex, 2)), &byte, 1)) {
            (void)fprintf(stderr, "not hex: %s\n", hex);
            abort();
        }
        buffer_append(out, &byte, 1);
        hex += 2;
    }
    return buffer_view(out);
}

struct bytes json_hex(const json_t *object, const char *key, struct buffer *out)
{
    return json_hex_text(json_text(object, key), out);
}

/* JSON from MessagePack: the one generic way in which every listing is shown with --json. */
#include "tools/json.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

static void write_text(FILE *out, const char *text, size_t len)
{
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c == '\n') {
            fputs("\\n", out);
        } else if (c < 0x20 || c == 0x7f) {
            fprintf(out, "\\u%04x", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

static void write_hex(FILE *out, const char *data, size_t len)
{
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        fprintf(out, "%02x", (unsigned)(unsigned char)data[i]);
    }
    fputc('"', out);
}

static bool is_container(const msgpack_object *value)
{
    return value->type == MSGPACK_OBJECT_MAP || value->type == MSGPACK_OBJECT_ARRAY;
}

/* A container of a few scalars reads better on one line. */
static bool is_short(const msgpack_object *value)
{
    if (value->type == MSGPACK_OBJECT_ARRAY) {
        for (uint32_t i = 0; i < value->via.array.size; i++) {
            if (is_container(&value->via.array.ptr[i])) {
                return false;
            }
        }
        return value->via.array.size <= 8;
    }
    for (uint32_t i = 0; i < value->via.map.size; i++) {
        if (is_container(&value->via.map.ptr[i].val)) {
            return false;
        }
    }
    return value->via.map.size <= 8;
}

static void write_value(FILE *out, const msgpack_object *value, unsigned depth);

static void write_break(FILE *out, bool short_form, unsigned depth)
{
    if (short_form) {
        return;
    }
    fprintf(out, "\n%*s", (int)(depth * 2), "");
}

static void write_array(FILE *out, const msgpack_object_array *array, bool short_form,
                        unsigned depth)
{
    fputc('[', out);
    for (uint32_t i = 0; i < array->size; i++) {
        if (i > 0) {
            fputs(short_form ? ", " : ",", out);
        }
        write_break(out, short_form, depth + 1);
        write_value(out, &array->ptr[i], depth + 1);
    }
    if (array->size > 0) {
        write_break(out, short_form, depth);
    }
    fputc(']', out);
}

static void write_map(FILE *out, const msgpack_object_map *map, bool short_form, unsigned depth)
{
    fputc('{', out);
    for (uint32_t i = 0; i < map->size; i++) {
        if (i > 0) {
            fputs(short_form ? ", " : ",", out);
        }
        write_break(out, short_form, depth + 1);
        const msgpack_object *key = &map->ptr[i].key;
        if (key->type == MSGPACK_OBJECT_STR) {
            write_text(out, key->via.str.ptr, key->via.str.size);
        } else {
            fprintf(out, "\"%" PRIu64 "\"", key->via.u64);
        }
        fputs(": ", out);
        write_value(out, &map->ptr[i].val, depth + 1);
    }
    if (map->size > 0) {
        write_break(out, short_form, depth);
    }
    fputc('}', out);
}

static void write_value(FILE *out, const msgpack_object *value, unsigned depth)
{
    switch (value->type) {
    case MSGPACK_OBJECT_NIL:
        fputs("null", out);
        break;
    case MSGPACK_OBJECT_BOOLEAN:
        fputs(value->via.boolean ? "true" : "false", out);
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
        fprintf(out, "%" PRIu64, value->via.u64);
        break;
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        fprintf(out, "%" PRId64, value->via.i64);
        break;
    case MSGPACK_OBJECT_STR:
        write_text(out, value->via.str.ptr, value->via.str.size);
        break;
    case MSGPACK_OBJECT_BIN:
        write_hex(out, value->via.bin.ptr, value->via.bin.size);
        break;
    case MSGPACK_OBJECT_ARRAY:
        write_array(out, &value->via.array, is_short(value), depth);
        break;
    case MSGPACK_OBJECT_MAP:
        write_map(out, &value->via.map, is_short(value), depth);
        break;
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
    case MSGPACK_OBJECT_EXT:
        fputs("null", out); /* no request gives one */
        break;
    }
}

void json_write(FILE *out, const msgpack_object *value)
{
    write_value(out, value, 0);
    fputc('\n', out);
}

void json_write_error(FILE *out, const struct err *err)
{
    fputs("{\"error\": ", out);
    const char *name = err_name((unsigned)err->code);
    write_text(out, name, strlen(name));
    fputs(", \"message\": ", out);
    write_text(out, err->text, strlen(err->text));
    fputs("}\n", out);
}

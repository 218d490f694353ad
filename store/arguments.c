/* Reading the arguments of a request. Numbers come as text, as people type them, or as
 * integers; both are taken, so that a script may send what it has. */
#include <inttypes.h>
#include <string.h>

#include "proto/date.h"
#include "store/requests.h"

const msgpack_object *argument_find(const msgpack_object *arguments, const char *key)
{
    size_t len = strlen(key);
    if (!arguments || arguments->type != MSGPACK_OBJECT_MAP) {
        return NULL;
    }
    for (uint32_t i = 0; i < arguments->via.map.size; i++) {
        const msgpack_object_kv *pair = &arguments->via.map.ptr[i];
        if (pair->key.type == MSGPACK_OBJECT_STR && pair->key.via.str.size == len &&
            memcmp(pair->key.via.str.ptr, key, len) == 0) {
            return pair->val.type == MSGPACK_OBJECT_NIL ? NULL : &pair->val;
        }
    }
    return NULL;
}

static struct bytes bytes_of_object(const msgpack_object *object)
{
    if (object && object->type == MSGPACK_OBJECT_STR) {
        return bytes_of(object->via.str.ptr, object->via.str.size);
    }
    if (object && object->type == MSGPACK_OBJECT_BIN) {
        return bytes_of(object->via.bin.ptr, object->via.bin.size);
    }
    return bytes_of(NULL, 0);
}

bool argument_has(const msgpack_object *arguments, const char *key)
{
    return argument_find(arguments, key) != NULL;
}

struct bytes argument_text(const msgpack_object *arguments, const char *key)
{
    return bytes_of_object(argument_find(arguments, key));
}

struct bytes argument_bin(const msgpack_object *arguments, const char *key)
{
    return bytes_of_object(argument_find(arguments, key));
}

static enum err_code bad(const char *key, const char *expected, struct err *err)
{
    return err_set(err, E_USAGE, "%s: expected %s", key, expected);
}

/* Digits of either script, nothing else. */
static bool digits_parse(struct bytes text, uint64_t *value)
{
    char folded[32];
    return bytes_fold_digits(text, folded, sizeof folded) &&
           bytes_digits(bytes_of_text(folded), UINT64_MAX, value);
}

bool number_parse(struct bytes text, uint32_t max, uint32_t *value)
{
    uint64_t result;
    if (!digits_parse(text, &result) || result > max) {
        return false;
    }
    *value = (uint32_t)result;
    return true;
}

enum err_code argument_uint(const msgpack_object *arguments, const char *key, uint64_t max,
                            uint64_t *value, struct err *err)
{
    const msgpack_object *object = argument_find(arguments, key);
    if (!object) {
        return OK;
    }
    uint64_t found;
    bool good = object->type == MSGPACK_OBJECT_STR && digits_parse(bytes_of_object(object), &found);
    if (object->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        found = object->via.u64;
        good = true;
    }
    if (!good || found > max) {
        return err_set(err, E_USAGE, "%s: expected a whole number, at most %" PRIu64, key, max);
    }
    *value = found;
    return OK;
}

enum err_code argument_int(const msgpack_object *arguments, const char *key, int64_t *value,
                           struct err *err)
{
    const msgpack_object *object = argument_find(arguments, key);
    if (!object) {
        return OK;
    }
    if (object->type == MSGPACK_OBJECT_NEGATIVE_INTEGER) {
        *value = object->via.i64;
        return OK;
    }
    uint64_t found = 0;
    enum err_code code = argument_uint(arguments, key, INT64_MAX, &found, err);
    if (code == OK) {
        *value = (int64_t)found;
    }
    return code;
}

enum err_code argument_number(const msgpack_object *arguments, const char *key, uint32_t max,
                              uint32_t *value, struct err *err)
{
    uint64_t found = 0;
    enum err_code code = argument_uint(arguments, key, max, &found, err);
    if (code == OK) {
        *value = (uint32_t)found;
    }
    return code;
}

bool argument_flag(const msgpack_object *arguments, const char *key)
{
    const msgpack_object *object = argument_find(arguments, key);
    if (object && object->type == MSGPACK_OBJECT_STR) {
        struct bytes text = bytes_of_object(object);
        return bytes_equal(text, bytes_of_text("yes")) || bytes_equal(text, bytes_of_text("true"));
    }
    return object && object->type == MSGPACK_OBJECT_BOOLEAN && object->via.boolean;
}

enum err_code argument_date(const struct request_context *context, const msgpack_object *arguments,
                            const char *key, int32_t *date, struct err *err)
{
    struct bytes text = argument_text(arguments, key);
    if (text.len == 0 && !argument_has(arguments, key)) {
        *date = date_of_time(store_now_ms(context->store));
        return OK;
    }
    return date_parse(text, date, err);
}

enum err_code argument_group(const struct request_context *context, const msgpack_object *arguments,
                             const char *key, struct hash *group, struct err *err)
{
    struct bytes text = argument_text(arguments, key);
    const msgpack_object *object = argument_find(arguments, key);
    if (!object) {
        *group = *store_own_group(context->store);
        return OK;
    }
    if (object->type == MSGPACK_OBJECT_BIN && text.len == HASH_BYTES) {
        memcpy(group->bytes, text.data, HASH_BYTES);
        return OK;
    }
    return store_resolve_group(context->store, text, group, err);
}

bool argument_item(const msgpack_object *arguments, const char *key, size_t number,
                   struct bytes *text)
{
    const msgpack_object *object = argument_find(arguments, key);
    if (object && object->type == MSGPACK_OBJECT_ARRAY) {
        if (number >= object->via.array.size) {
            return false;
        }
        *text = bytes_of_object(&object->via.array.ptr[number]);
        return true;
    }
    if (!object || number > 0) {
        return false;
    }
    *text = bytes_of_object(object);
    return true;
}

enum err_code argument_required(const msgpack_object *arguments, const char *key,
                                struct bytes *text, struct err *err)
{
    struct bytes found = argument_text(arguments, key);
    if (found.len == 0) {
        return err_set(err, E_USAGE, "%s is missing", key);
    }
    *text = found;
    return OK;
}

enum err_code argument_range(const msgpack_object *arguments, const char *key, uint32_t *first,
                             uint32_t *last, struct err *err)
{
    const char *expected = "a number or a range of numbers, as 42 or 1-1388";
    const msgpack_object *object = argument_find(arguments, key);
    if (object && object->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
        uint32_t number = 0;
        enum err_code code = argument_number(arguments, key, (uint32_t)MEMBER_MAX, &number, err);
        if (code != OK || number == 0) {
            return bad(key, expected, err);
        }
        *first = number;
        *last = number;
        return OK;
    }
    struct bytes text = argument_text(arguments, key);
    const uint8_t *dash = text.len > 0 ? memchr(text.data, '-', text.len) : NULL;
    struct bytes left = dash ? bytes_of(text.data, (size_t)(dash - text.data)) : text;
    struct bytes right = dash ? bytes_of(dash + 1, text.len - left.len - 1) : text;
    uint32_t from, to;
    if (!number_parse(left, (uint32_t)MEMBER_MAX, &from) ||
        !number_parse(right, (uint32_t)MEMBER_MAX, &to) || from == 0 || to < from) {
        return bad(key, expected, err);
    }
    *first = from;
    *last = to;
    return OK;
}

/* Does `key` stand in `known` as a word of its own? */
static bool is_word_of(const char *known, const char *key, size_t len)
{
    const char *letters = "abcdefghijklmnopqrstuvwxyz_0123456789";
    while (*known) {
        size_t word = strspn(known, letters);
        if (word == len && memcmp(known, key, len) == 0) {
            return true;
        }
        known += word > 0 ? word : 1;
    }
    return false;
}

enum err_code arguments_known(const msgpack_object *arguments, const char *known, struct err *err)
{
    char quoted[QUOTE_MAX];
    for (uint32_t i = 0; i < arguments->via.map.size; i++) {
        const msgpack_object *key = &arguments->via.map.ptr[i].key;
        if (key->type != MSGPACK_OBJECT_STR ||
            !is_word_of(known, key->via.str.ptr, key->via.str.size)) {
            return err_set(err, E_USAGE, "there is no argument %s here; there are: %s",
                           bytes_quote(bytes_of_object(key), quoted), *known ? known : "none");
        }
    }
    return OK;
}

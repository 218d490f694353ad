/* Requests asked in tests, and ledgers carried between homes without a network. */
#include "tests/lib/ask.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/build.h"

void ask_begin(struct ask *ask)
{
    if (ask->answered) {
        msgpack_unpacked_destroy(&ask->unpacked);
    }
    buffer_free(&ask->pairs);
    buffer_free(&ask->result);
    memset(ask, 0, sizeof *ask);
    buffer_init(&ask->pairs, 0);
    buffer_init(&ask->result, CONTROL_FRAME_MAX_BYTES);
}

void ask_end(struct ask *ask)
{
    ask_begin(ask);
    buffer_free(&ask->pairs);
    buffer_free(&ask->result);
}

static void key_of(struct ask *ask, const char *key)
{
    pack_text(&ask->pairs, key);
    ask->pair_count++;
}

void ask_text(struct ask *ask, const char *key, const char *value)
{
    key_of(ask, key);
    pack_text(&ask->pairs, value);
}

void ask_bin(struct ask *ask, const char *key, struct bytes value)
{
    key_of(ask, key);
    pack_bin(&ask->pairs, value);
}

void ask_number(struct ask *ask, const char *key, uint64_t value)
{
    key_of(ask, key);
    pack_uint(&ask->pairs, value);
}

void ask_flag(struct ask *ask, const char *key)
{
    key_of(ask, key);
    pack_bool(&ask->pairs, true);
}

void ask_texts(struct ask *ask, const char *key, const char *const *values, size_t count)
{
    key_of(ask, key);
    pack_array(&ask->pairs, count);
    for (size_t i = 0; i < count; i++) {
        pack_text(&ask->pairs, values[i]);
    }
}

void ask_officers(struct ask *ask, const struct home *home, uint32_t first, uint32_t last)
{
    key_of(ask, "officer_keys");
    pack_array(&ask->pairs, last - first + 1);
    for (uint32_t number = first; number <= last; number++) {
        struct sign_key key;
        maker_officer_key(home->number, number, &key);
        pack_array(&ask->pairs, 2);
        pack_uint(&ask->pairs, number);
        pack_bin(&ask->pairs, bytes_of(key.secret, SEED_BYTES)); /* Ed25519: seed, then key */
    }
}

enum err_code ask_run(struct ask *ask, const struct home *home, const char *request)
{
    struct request_context context = {.store = home->store};
    struct buffer arguments;
    buffer_init(&arguments, 0);
    pack_map(&arguments, ask->pair_count);
    buffer_append(&arguments, ask->pairs.data, ask->pairs.len);
    enum err_code code = request_run(&context, bytes_of_text(request), buffer_view(&arguments),
                                     &ask->result, &ask->err);
    buffer_free(&arguments);
    if (code == OK) {
        size_t offset = 0;
        msgpack_unpacked_init(&ask->unpacked);
        ask->answered = true;
        msgpack_unpack_return got =
            msgpack_unpack_next(&ask->unpacked, (const char *)ask->result.data, ask->result.len,
                                &offset);
        if (got != MSGPACK_UNPACK_SUCCESS || offset != ask->result.len) {
            (void)fprintf(stderr, "the result of %s is not one value\n", request);
            abort();
        }
    }
    return code;
}

enum err_code ask_pairs(struct ask *ask, const struct home *home, const char *request, ...)
{
    va_list pairs;
    ask_begin(ask);
    va_start(pairs, request);
    for (const char *key; (key = va_arg(pairs, const char *)) != NULL;) {
        ask_text(ask, key, va_arg(pairs, const char *));
    }
    va_end(pairs);
    return ask_run(ask, home, request);
}

/* --- the answer --- */

const msgpack_object *answer(const struct ask *ask)
{
    assert(ask->answered);
    return &ask->unpacked.data;
}

const msgpack_object *field_of(const msgpack_object *map, const char *key)
{
    assert(map->type == MSGPACK_OBJECT_MAP);
    for (uint32_t i = 0; i < map->via.map.size; i++) {
        const msgpack_object *name = &map->via.map.ptr[i].key;
        if (name->via.str.size == strlen(key) && memcmp(name->via.str.ptr, key, strlen(key)) == 0) {
            return &map->via.map.ptr[i].val;
        }
    }
    (void)fprintf(stderr, "the answer has no %s\n", key);
    abort();
}

uint32_t count_of(const msgpack_object *map, const char *key)
{
    const msgpack_object *array = field_of(map, key);
    assert(array->type == MSGPACK_OBJECT_ARRAY);
    return array->via.array.size;
}

const msgpack_object *item_of(const msgpack_object *map, const char *key, uint32_t number)
{
    assert(number < count_of(map, key));
    return &field_of(map, key)->via.array.ptr[number];
}

int64_t int_of(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = field_of(map, key);
    assert(value->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
           value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER);
    return value->via.i64;
}

bool flag_of(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = field_of(map, key);
    assert(value->type == MSGPACK_OBJECT_BOOLEAN);
    return value->via.boolean;
}

bool nil_of(const msgpack_object *map, const char *key)
{
    return field_of(map, key)->type == MSGPACK_OBJECT_NIL;
}

struct bytes bytes_of_field(const msgpack_object *map, const char *key)
{
    const msgpack_object *value = field_of(map, key);
    if (value->type == MSGPACK_OBJECT_BIN) {
        return bytes_of(value->via.bin.ptr, value->via.bin.size);
    }
    assert(value->type == MSGPACK_OBJECT_STR);
    return bytes_of(value->via.str.ptr, value->via.str.size);
}

const char *text_of(const msgpack_object *map, const char *key, char out[512])
{
    struct bytes text = bytes_of_field(map, key);
    assert(text.len < 512);
    memcpy(out, text.data, text.len);
    out[text.len] = 0;
    return out;
}

/* --- carrying --- */

static void must(enum err_code code, const char *what, const struct err *err)
{
    if (code != OK) {
        (void)fprintf(stderr, "carrying a ledger: %s: %s %s\n", what, err_name(code), err->text);
        abort();
    }
}

static void carry_links(const struct book *from, const struct book *to, const struct hash *group)
{
    struct err err = {.text = ""};
    struct want held;
    to->held(to->context, group, &held);
    uint64_t count = from->link_count(from->context, group);
    for (uint64_t i = held.links; i < count; i++) {
        struct buffer packed;
        struct link link;
        buffer_init(&packed, 0);
        must(from->read_link(from->context, group, i, &packed), "read a link", &err);
        struct cursor cursor = cursor_of(buffer_view(&packed));
        assert(link_read(&cursor, &link));
        must(to->take_link(to->context, group, i, &link, &err), "take a link", &err);
        buffer_free(&packed);
    }
}

static void carry_chunk(const struct book *from, const struct book *to, const struct head *head,
                        uint64_t have)
{
    struct err err = {.text = ""};
    struct buffer leaves;
    struct chunk chunk = {.group = head->group, .start = have, .head_size = head->size};
    buffer_init(&leaves, 0);
    must(from->read_leaves(from->context, &head->group, have, head->size, CHUNK_MAX_BYTES, &leaves,
                           &chunk.count),
         "read leaves", &err);
    chunk.leaves = buffer_view(&leaves);
    must(from->prove(from->context, &head->group, have + chunk.count, head->size, &chunk.proof),
         "prove", &err);
    must(to->take_chunk(to->context, &chunk, &err), "take a chunk", &err);
    buffer_free(&leaves);
}

void home_carry(const struct home *from, struct home *to, const struct hash *group)
{
    const struct book *source = store_book(from->store);
    const struct book *target = store_book(to->store);
    struct head_answer answer_head;
    struct want held;
    struct err err = {.text = ""};
    must(store_release(from->store, &err), "release", &err);
    memset(&answer_head, 0, sizeof answer_head);
    must(source->head(source->context, group, &answer_head.head), "head", &err);
    carry_links(source, target, group);
    target->held(target->context, group, &held);
    answer_head.have = held.have;
    if (held.have > 0 && held.have <= answer_head.head.size) {
        answer_head.has_root = true;
        must(source->root_at(source->context, group, held.have, &answer_head.root_at_have), "root",
             &err);
        must(source->prove(source->context, group, held.have, answer_head.head.size,
                           &answer_head.proof),
             "prove", &err);
    }
    must(target->take_head(target->context, &answer_head, &err), "take the head", &err);
    while (held.have < answer_head.head.size) {
        uint64_t before = held.have;
        carry_chunk(source, target, &answer_head.head, held.have);
        target->held(target->context, group, &held);
        assert(held.have > before);
    }
    must(store_commit(to->store, NULL, NULL, &err), "commit", &err);
}

/* Canonical MessagePack: each rule by itself, pseudo-random values and their mutations against
 * msgpack-c as oracle, and the published test suite. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

#include <msgpack.h>

#include "proto/bytes.h"
#include "tests/lib/json.h"
#include "tests/lib/prng.h"

enum { DEPTH = 8 };

#define VIEW(literal) bytes_of(literal, sizeof(literal) - 1)

static void assert_canonical(struct bytes bytes)
{
    if (!bytes_is_canonical(bytes, DEPTH)) {
        fail_msg("refused: first byte %02x, %zu bytes", bytes.data[0], bytes.len);
    }
}

static void assert_refused(struct bytes bytes)
{
    if (bytes_is_canonical(bytes, DEPTH)) {
        fail_msg("accepted: first byte %02x, %zu bytes", bytes.data[0], bytes.len);
    }
}

/* --- each rule --- */

static void test_numbers_at_each_width(void **state)
{
    (void)state;
    static const uint64_t edges[] = {0,          1,
                                     0x7f,       0x80,
                                     0xff,       0x100,
                                     0xffff,     0x10000,
                                     0x7fffffff, 0x80000000,
                                     0xffffffff, UINT64_C(0x100000000),
                                     INT64_MAX,  UINT64_C(1) << 63,
                                     UINT64_MAX};
    struct buffer out;
    buffer_init(&out, 0);
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        buffer_clear(&out);
        pack_uint(&out, edges[i]);
        struct cursor cursor = cursor_of(buffer_view(&out));
        assert_int_equal(cursor_peek(&cursor), CURSOR_UINT);
        assert_true(cursor_uint(&cursor) == edges[i] && cursor_done(&cursor));
        cursor = cursor_of(buffer_view(&out));
        bool fits = edges[i] <= INT64_MAX;
        assert_int_equal(cursor_int(&cursor), fits ? (int64_t)edges[i] : 0);
        assert_int_equal(cursor_done(&cursor), fits);
    }
    static const int64_t negative[] = {-1,       -32,       -33,
                                       -128,     -129,      -32768,
                                       -32769,   INT32_MIN, INT32_MIN - INT64_C(1),
                                       INT64_MIN};
    for (size_t i = 0; i < sizeof negative / sizeof negative[0]; i++) {
        buffer_clear(&out);
        pack_int(&out, negative[i]);
        struct cursor cursor = cursor_of(buffer_view(&out));
        assert_int_equal(cursor_peek(&cursor), CURSOR_NEGATIVE);
        assert_true(cursor_int(&cursor) == negative[i] && cursor_done(&cursor));
        cursor = cursor_of(buffer_view(&out));
        assert_int_equal(cursor_uint(&cursor), 0);
        assert_true(cursor.failed);
    }
    buffer_free(&out);
}

static void test_longer_numbers_are_refused(void **state)
{
    (void)state;
    assert_refused(VIEW("\xcc\x7f"));
    assert_refused(VIEW("\xcd\x00\xff"));
    assert_refused(VIEW("\xce\x00\x00\xff\xff"));
    assert_refused(VIEW("\xcf\x00\x00\x00\x00\xff\xff\xff\xff"));
    assert_refused(VIEW("\xd0\xe0")); /* -32 */
    assert_refused(VIEW("\xd1\xff\x80"));
    assert_refused(VIEW("\xd2\xff\xff\x80\x00"));
    assert_refused(VIEW("\xd3\xff\xff\xff\xff\x80\x00\x00\x00"));
    assert_refused(VIEW("\xd0\x05")); /* not negative */
    assert_refused(VIEW("\xd1\x7f\xff"));
    assert_refused(VIEW("\xd2\x7f\xff\xff\xff"));
    assert_refused(VIEW("\xd3\x7f\xff\xff\xff\xff\xff\xff\xff"));
    assert_canonical(VIEW("\xd0\xdf"));
    assert_canonical(VIEW("\xcc\x80"));
}

/* str, bin, array and map: the length just below each wider form, in that wider form. */
static void test_longer_lengths_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        unsigned width;
        size_t least; /* the first length that needs this form */
        size_t unit;  /* bytes of an item */
    } forms[] = {{0xd9, 1, 0x20, 1}, {0xda, 2, 0x100, 1},  {0xdb, 4, 0x10000, 1},
                 {0xc4, 1, 0, 1},    {0xc5, 2, 0x100, 1},  {0xc6, 4, 0x10000, 1},
                 {0xdc, 2, 0x10, 1}, {0xdd, 4, 0x10000, 1}};
    static uint8_t bytes[5 + 0x10001];
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        for (unsigned below = 0; below < 2; below++) {
            if (below == 1 && forms[i].least == 0) {
                continue;
            }
            size_t len = forms[i].least - below;
            memset(bytes, 'a', sizeof bytes);
            bytes[0] = forms[i].tag;
            for (unsigned j = 0; j < forms[i].width; j++) {
                bytes[1 + j] = (uint8_t)(len >> (8 * (forms[i].width - 1 - j)) & 0xff);
            }
            struct bytes value = bytes_of(bytes, 1 + forms[i].width + len);
            if (below == 1) {
                assert_refused(value);
            } else {
                assert_canonical(value);
                assert_refused(bytes_of(bytes, value.len - 1));
            }
        }
    }
}

static void test_maps(void **state)
{
    (void)state;
    assert_canonical(VIEW("\x80"));
    assert_canonical(VIEW("\x82\x00\xc0\x01\xc0"));
    assert_refused(VIEW("\x82\x01\xc0\x00\xc0"));         /* not ascending */
    assert_refused(VIEW("\x82\x01\xc0\x01\xc0"));         /* twice */
    assert_refused(VIEW("\x81\xa1k\xc0"));                /* text key */
    assert_refused(VIEW("\x81\xff\xc0"));                 /* negative key */
    assert_refused(VIEW("\x81\xc0\xc0"));                 /* nil key */
    assert_refused(VIEW("\x81\x01"));                     /* no value */
    assert_refused(VIEW("\x81\xcf\x80\0\0\0\0\0\0\0\1")); /* key past int64 */
    assert_refused(VIEW("\xde\x00\x01\x01\xc0"));
    assert_refused(VIEW("\xdf\x00\x00\x00\x01\x01\xc0"));
    uint8_t map[3 + 2 * 16] = {0xde, 0, 16};
    for (unsigned i = 0; i < 16; i++) {
        map[3 + 2 * i] = (uint8_t)i;
    }
    assert_canonical(bytes_of(map, sizeof map));
    map[2] = 15;
    assert_refused(bytes_of(map, sizeof map - 2));
}

static void test_never_canonical(void **state)
{
    (void)state;
    assert_refused(VIEW(""));
    assert_refused(VIEW("\xc1"));
    assert_refused(VIEW("\xca\x3f\x80\x00\x00"));
    assert_refused(VIEW("\xcb\x3f\xf0\0\0\0\0\0\0"));
    assert_refused(VIEW("\xd4\x01\x10"));
    assert_refused(VIEW("\xc7\x01\x01\x10"));
    assert_refused(VIEW("\xc0\xc0")); /* trailing */
    assert_refused(VIEW("\xa1\xff")); /* not UTF-8 */
    assert_refused(VIEW("\xdd\xff\xff\xff\xff"));
    assert_refused(VIEW("\xdf\xff\xff\xff\xff"));
    assert_refused(VIEW("\xc6\xff\xff\xff\xff"));
    assert_refused(VIEW("\x92\xc0"));
}

static void test_depth(void **state)
{
    (void)state;
    static const uint8_t nested[] = {0x91, 0x91, 0x91, 0x81, 0x00, 0x91, 0x91, 0x91, 0x91, 0xc0};
    assert_true(bytes_is_canonical(bytes_of(nested, sizeof nested), 8));
    assert_false(bytes_is_canonical(bytes_of(nested, sizeof nested), 7));
    assert_true(bytes_is_canonical(VIEW("\xc0"), 0));
    assert_false(bytes_is_canonical(VIEW("\x90"), 0));
    assert_true(bytes_is_canonical(VIEW("\x90"), 1));
}

static void test_failure_sticks(void **state)
{
    (void)state;
    struct cursor cursor = cursor_of(VIEW("\x01\xa1x\x02\x03"));
    assert_int_equal(cursor_uint(&cursor), 1);
    assert_int_equal(cursor_uint(&cursor), 0); /* a str is there */
    assert_true(cursor.failed);
    assert_int_equal(cursor_peek(&cursor), CURSOR_END);
    assert_int_equal(cursor_uint(&cursor), 0);
    assert_int_equal(cursor_int(&cursor), 0);
    assert_int_equal(cursor_bin(&cursor).len, 0);
    assert_int_equal(cursor_str(&cursor, 100).len, 0);
    assert_int_equal(cursor_array(&cursor, 100), 0);
    assert_int_equal(cursor_map(&cursor, 100), 0);
    assert_int_equal(cursor_raw(&cursor, 8).len, 0);
    assert_false(cursor_bool(&cursor));
    assert_false(cursor_nil(&cursor));
    assert_false(cursor_done(&cursor));
    struct cursor empty = cursor_of(bytes_of(NULL, 0));
    assert_true(cursor_done(&empty));
    assert_int_equal(cursor_bin(&empty).len, 0);
    assert_false(cursor_done(&empty));
}

static void test_limits_of_readers(void **state)
{
    (void)state;
    struct cursor cursor = cursor_of(VIEW("\x05"));
    assert_int_equal(cursor_uint_max(&cursor, 5), 5);
    cursor = cursor_of(VIEW("\x05"));
    assert_int_equal(cursor_uint_max(&cursor, 4), 0);
    assert_true(cursor.failed);
    cursor = cursor_of(VIEW("\xa3gap"));
    assert_int_equal(cursor_str(&cursor, 3).len, 3);
    cursor = cursor_of(VIEW("\xa3gap"));
    assert_int_equal(cursor_str(&cursor, 2).len, 0);
    assert_true(cursor.failed);
    cursor = cursor_of(VIEW("\x92\x01\x02"));
    assert_int_equal(cursor_array(&cursor, 1), 0);
    assert_true(cursor.failed);
    cursor = cursor_of(VIEW("\x92\x01")); /* more than the bytes can hold */
    assert_int_equal(cursor_array(&cursor, 100), 0);
    assert_true(cursor.failed);
    uint8_t out[4] = {7, 7, 7, 7};
    cursor = cursor_of(VIEW("\xc4\x03xyz"));
    cursor_bin_exact(&cursor, out, 4);
    assert_true(cursor.failed);
    assert_memory_equal(out, "\0\0\0\0", 4);
    cursor = cursor_of(VIEW("\xc4\x04xyzw\xc0\xc3\x93\x01\x02\x03"));
    cursor_bin_exact(&cursor, out, 4);
    assert_memory_equal(out, "xyzw", 4);
    assert_true(cursor_nil(&cursor));
    assert_false(cursor_nil(&cursor)); /* left where it is */
    assert_true(cursor_bool(&cursor));
    assert_true(bytes_equal(cursor_raw(&cursor, 1), VIEW("\x93\x01\x02\x03")));
    assert_true(cursor_done(&cursor));
}

static void test_writer_refuses(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 0);
    pack_text(&out, NULL);
    assert_true(bytes_equal(buffer_view(&out), VIEW("\xc0")));
    pack_str(&out, VIEW("\xff"));
    assert_true(out.failed);
    buffer_clear(&out);
    pack_bin(&out, bytes_of("", (size_t)UINT32_MAX + 1));
    assert_true(out.failed);
    buffer_clear(&out);
    pack_array(&out, (size_t)UINT32_MAX + 1);
    assert_true(out.failed);
    buffer_clear(&out);
    pack_map(&out, (size_t)UINT32_MAX + 1);
    assert_true(out.failed);
    buffer_free(&out);
}

/* --- msgpack-c as oracle --- */

static bool object_is_canonical(const msgpack_object *object, unsigned depth);

static bool map_is_canonical(const msgpack_object_map *map, unsigned depth)
{
    for (uint32_t i = 0; i < map->size; i++) {
        const msgpack_object *key = &map->ptr[i].key;
        if (key->type != MSGPACK_OBJECT_POSITIVE_INTEGER || key->via.u64 > INT64_MAX ||
            (i > 0 && key->via.u64 <= map->ptr[i - 1].key.via.u64) ||
            !object_is_canonical(&map->ptr[i].val, depth)) {
            return false;
        }
    }
    return true;
}

/* The rules that a value can break in its shortest encoding. */
static bool object_is_canonical(const msgpack_object *object, unsigned depth)
{
    switch (object->type) {
    case MSGPACK_OBJECT_NIL:
    case MSGPACK_OBJECT_BOOLEAN:
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
    case MSGPACK_OBJECT_BIN:
        return true;
    case MSGPACK_OBJECT_STR:
        return bytes_is_utf8(bytes_of(object->via.str.ptr, object->via.str.size));
    case MSGPACK_OBJECT_ARRAY:
        for (uint32_t i = 0; i < object->via.array.size; i++) {
            if (depth == 0 || !object_is_canonical(&object->via.array.ptr[i], depth - 1)) {
                return false;
            }
        }
        return depth > 0;
    case MSGPACK_OBJECT_MAP:
        return depth > 0 && map_is_canonical(&object->via.map, depth - 1);
    case MSGPACK_OBJECT_FLOAT32:
    case MSGPACK_OBJECT_FLOAT64:
    case MSGPACK_OBJECT_EXT:
        return false;
    }
    return false;
}

static int append(void *data, const char *bytes, size_t len)
{
    buffer_append(data, bytes, len);
    return 0;
}

/* By decoding, packing again and comparing: the slow way that the cursor replaces. */
static bool oracle(struct bytes bytes)
{
    msgpack_unpacked unpacked;
    struct buffer again;
    size_t offset = 0;
    bool canonical = false;
    msgpack_unpacked_init(&unpacked);
    buffer_init(&again, 0);
    if (msgpack_unpack_next(&unpacked, (const char *)bytes.data, bytes.len, &offset) ==
            MSGPACK_UNPACK_SUCCESS &&
        offset == bytes.len) {
        msgpack_packer packer;
        msgpack_packer_init(&packer, &again, append);
        (void)msgpack_pack_object(&packer, unpacked.data);
        canonical =
            bytes_equal(buffer_view(&again), bytes) && object_is_canonical(&unpacked.data, DEPTH);
    }
    buffer_free(&again);
    msgpack_unpacked_destroy(&unpacked);
    return canonical;
}

static void pack_random_bytes(struct buffer *out, struct prng *prng)
{
    static const size_t most[] = {4, 40, 300, 70000};
    static uint8_t data[70000];
    size_t len = prng_below(prng, most[prng_below(prng, prng_below(prng, 50) == 0 ? 4 : 3)]);
    bool text = prng_below(prng, 2) == 0;
    prng_bytes(prng, data, len);
    for (size_t i = 0; text && i < len; i++) {
        data[i] &= 0x7f;
    }
    if (text) {
        pack_str(out, bytes_of(data, len));
    } else {
        pack_bin(out, bytes_of(data, len));
    }
}

static void pack_random(struct buffer *out, struct prng *prng, unsigned depth)
{
    size_t count = prng_below(prng, prng_below(prng, 20) == 0 ? 40 : 5);
    uint64_t key = 0;
    switch (prng_below(prng, depth == 0 ? 5 : 8)) {
    case 0:
        pack_nil(out);
        return;
    case 1:
        pack_bool(out, prng_below(prng, 2) == 1);
        return;
    case 2:
        pack_uint(out, prng_any_size(prng));
        return;
    case 3:
        pack_int(out, -(int64_t)(prng_any_size(prng) >> 1));
        return;
    case 4:
        pack_random_bytes(out, prng);
        return;
    case 5:
        pack_map(out, count);
        for (size_t i = 0; i < count; i++) {
            key += 1 + (prng_any_size(prng) >> 7);
            pack_uint(out, key);
            pack_random(out, prng, depth - 1);
        }
        return;
    default:
        pack_array(out, count);
        for (size_t i = 0; i < count; i++) {
            pack_random(out, prng, depth - 1);
        }
        return;
    }
}

static void assert_same_verdict(struct bytes bytes, uint64_t seed)
{
    /* A 32-bit count would make msgpack-c allocate up to 100 GiB. */
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] == 0xdd || bytes.data[i] == 0xdf) {
            return;
        }
    }
    if (bytes_is_canonical(bytes, DEPTH) != oracle(bytes)) {
        fail_msg("seed %llu: the cursor and msgpack-c disagree", (unsigned long long)seed);
    }
}

static void test_random_values_against_msgpack(void **state)
{
    (void)state;
    struct buffer out;
    unsigned accepted = 0;
    buffer_init(&out, 0);
    for (uint64_t seed = 0; seed < 3000; seed++) {
        struct prng prng;
        prng_init(&prng, seed);
        buffer_clear(&out);
        pack_random(&out, &prng, 4);
        struct bytes bytes = buffer_view(&out);
        assert_canonical(bytes);
        assert_true(oracle(bytes));
        for (unsigned i = 0; i < 20 && bytes.len < 1000; i++) {
            size_t at = prng_below(&prng, bytes.len);
            uint8_t kept = out.data[at];
            out.data[at] = (uint8_t)prng_below(&prng, 256);
            assert_same_verdict(bytes, seed);
            accepted += bytes_is_canonical(bytes, DEPTH);
            out.data[at] = kept;
            assert_same_verdict(bytes_of(bytes.data, at), seed);
        }
    }
    assert_true(accepted > 1000);
    buffer_free(&out);
}

/* --- the published suite --- */

struct suite_count {
    unsigned accepted;
    unsigned refused;
};

/* The suite gives every encoding of a value. At most one is canonical: the first, except that
 * 2^63 - 1 has its signed form first. */
static void check_value(const json_t *value, struct suite_count *count)
{
    const json_t *encodings = json_object_get(value, "msgpack");
    unsigned canonical = 0;
    struct buffer hex;
    buffer_init(&hex, 0);
    for (size_t i = 0; i < json_array_size(encodings); i++) {
        struct bytes bytes = json_hex_text(json_string_value(json_array_get(encodings, i)), &hex);
        if (oracle(bytes)) {
            assert_canonical(bytes);
            assert_true(i == 0 || bytes_equal(bytes, VIEW("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff")));
            canonical++;
        } else {
            assert_refused(bytes);
            count->refused++;
        }
    }
    assert_true(canonical <= 1);
    count->accepted += canonical;
    buffer_free(&hex);
}

static void test_published_suite(void **state)
{
    (void)state;
    json_t *root = json_read_shared("vectors/msgpack/msgpack-test-suite.json");
    if (root == NULL) {
        skip();
    }
    const char *name;
    json_t *values;
    struct suite_count count = {0, 0};
    json_object_foreach(root, name, values)
    {
        struct suite_count before = count;
        for (size_t i = 0; i < json_array_size(values); i++) {
            check_value(json_array_get(values, i), &count);
        }
        /* Files of kinds that we never write, and those that we always can. */
        static const char *const all[] = {"10.", "11.", "12.", "20.", "21.",
                                          "23.", "30.", "31.", "32.", "40."};
        static const char *const none[] = {"22.", "50.", "60."};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
            if (strncmp(name, all[i], 3) == 0) {
                assert_int_equal(count.accepted - before.accepted, json_array_size(values));
            }
        }
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
            if (strncmp(name, none[i], 3) == 0) {
                assert_int_equal(count.accepted, before.accepted);
            }
        }
    }
    (void)printf("msgpack test suite: %u encodings accepted, %u refused\n", count.accepted,
                 count.refused);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_at_each_width),
        cmocka_unit_test(test_longer_numbers_are_refused),
        cmocka_unit_test(test_longer_lengths_are_refused),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_never_canonical),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_failure_sticks),
        cmocka_unit_test(test_limits_of_readers),
        cmocka_unit_test(test_writer_refuses),
        cmocka_unit_test(test_random_values_against_msgpack),
        cmocka_unit_test(test_published_suite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

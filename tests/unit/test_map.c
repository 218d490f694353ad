/* The map against a recomputation written down naively, after every kind of change. */
#include "tests/lib/cmocka.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/map.h"
#include "tests/lib/prng.h"

enum { LARGE = 80000 };

struct world {
    size_t count;
    struct map_item *items; /* in the order that they were given in */
    uint32_t *places;
};

static void world_new(struct world *world, size_t count, uint64_t seed)
{
    struct prng prng;

    prng_init(&prng, seed);
    world->count = count;
    world->items = calloc(count + 1, sizeof *world->items);
    world->places = calloc(count + 1, sizeof *world->places);
    assert_non_null(world->items);
    assert_non_null(world->places);
    for (size_t i = 0; i < count; i++) {
        prng_bytes(&prng, world->items[i].group.bytes, HASH_BYTES);
        prng_bytes(&prng, world->items[i].root.bytes, HASH_BYTES);
        world->items[i].size = prng_any_size(&prng);
        world->items[i].epoch = (uint32_t)prng_below(&prng, 3);
        world->places[i] = (uint32_t)prng_below(&prng, 50);
    }
}

static void world_free(struct world *world)
{
    free(world->items);
    free(world->places);
}

/* --- the naive digest --- */

static const struct world *sorted_world;

static int compare(const void *a, const void *b)
{
    const size_t left = *(const size_t *)a, right = *(const size_t *)b;

    if (left == 0 || right == 0) {
        return left == 0 ? (right == 0 ? 0 : -1) : 1;
    }
    if (sorted_world->places[left] != sorted_world->places[right]) {
        return sorted_world->places[left] < sorted_world->places[right] ? -1 : 1;
    }
    return hash_compare(&sorted_world->items[left].group, &sorted_world->items[right].group);
}

static void append_be(struct buffer *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = bytes; i > 0; i--) {
        uint8_t byte = (uint8_t)(value >> (8 * (i - 1)));

        buffer_append(out, &byte, 1);
    }
}

static void begin(struct buffer *out, uint8_t mark)
{
    buffer_clear(out);
    buffer_append(out, "satcha/map/1\n", 13);
    buffer_append(out, &mark, 1);
}

static void naive_digest(const struct world *world, struct hash *digest)
{
    size_t *order = calloc(world->count + 1, sizeof *order);
    struct hash *level = calloc(world->count + 1, sizeof *level);
    struct buffer bytes;
    size_t nodes = 0;
    uint8_t mark = 0;

    assert_non_null(order);
    assert_non_null(level);
    buffer_init(&bytes, 0);
    for (size_t i = 0; i < world->count; i++) {
        order[i] = i;
    }
    sorted_world = world;
    qsort(order, world->count, sizeof *order, compare);
    for (size_t i = 0; i < world->count; i += 32) {
        begin(&bytes, 0);
        for (size_t j = i; j < world->count && j < i + 32; j++) {
            const struct map_item *item = &world->items[order[j]];

            buffer_append(&bytes, item->group.bytes, HASH_BYTES);
            append_be(&bytes, item->epoch, 4);
            append_be(&bytes, item->size, 8);
            buffer_append(&bytes, item->root.bytes, HASH_BYTES);
        }
        hash_of(&level[nodes++], buffer_view(&bytes));
    }
    while (nodes > 1) {
        size_t next = 0;

        mark++;
        for (size_t i = 0; i < nodes; i += 16) {
            begin(&bytes, mark);
            for (size_t j = i; j < nodes && j < i + 16; j++) {
                buffer_append(&bytes, level[j].bytes, HASH_BYTES);
            }
            hash_of(&level[next++], buffer_view(&bytes));
        }
        nodes = next;
    }
    begin(&bytes, 0xff);
    append_be(&bytes, world->count, 4);
    buffer_append(&bytes, level[0].bytes, HASH_BYTES);
    hash_of(digest, buffer_view(&bytes));
    buffer_free(&bytes);
    free(order);
    free(level);
}

static void assert_digest(struct map *map, const struct world *world)
{
    struct hash expected, digest;

    naive_digest(world, &expected);
    map_digest(map, &digest);
    assert_true(hash_equal(&digest, &expected));
    map_digest(map, &digest);
    assert_true(hash_equal(&digest, &expected));
}

static struct map *map_of(const struct world *world)
{
    struct map *map = map_new();

    assert_non_null(map);
    assert_int_equal(map_reset(map, world->items, world->places, world->count), OK);
    return map;
}

static void test_sizes(void **state)
{
    static const size_t counts[] = {0, 1, 2, 31, 32, 33, 512, 513, 1000, 8192, 8193};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct world world;
        struct map *map;

        world_new(&world, counts[i], i);
        map = map_of(&world);
        assert_int_equal(map_count(map), counts[i]);
        assert_digest(map, &world);
        map_free(map);
        world_free(&world);
    }
}

static void test_changes(void **state)
{
    struct world world;
    struct map *map;
    struct prng prng;

    (void)state;
    world_new(&world, 2669, 5);
    prng_init(&prng, 6);
    map = map_of(&world);
    assert_digest(map, &world);
    for (unsigned round = 0; round < 40; round++) {
        for (uint64_t changes = 1 + prng_below(&prng, 5); changes > 0; changes--) {
            size_t i = (size_t)prng_below(&prng, world.count);

            world.items[i].size++;
            prng_bytes(&prng, world.items[i].root.bytes, HASH_BYTES);
            assert_true(map_set(map, &world.items[i]));
        }
        assert_digest(map, &world);
    }
    map_free(map);
    world_free(&world);
}

static void test_order_and_find(void **state)
{
    struct world world;
    struct map *map;
    struct map_item unknown;
    size_t rank;

    (void)state;
    world_new(&world, 1000, 7);
    map = map_of(&world);
    assert_true(hash_equal(&map_at(map, 0)->group, &world.items[0].group));
    for (size_t i = 0; i < world.count; i++) {
        assert_true(map_find(map, world.items[i].group.bytes, &rank));
        assert_memory_equal(map_at(map, rank), &world.items[i], sizeof world.items[i]);
    }
    unknown = world.items[3];
    unknown.group.bytes[31] ^= 1; /* the tag alone is not the id */
    assert_false(map_set(map, &unknown));
    unknown.group.bytes[0] ^= 1;
    assert_false(map_set(map, &unknown));
    assert_false(map_find(map, unknown.group.bytes, &rank));
    assert_digest(map, &world);
    map_free(map);
    world_free(&world);
}

static void test_reset_and_caps(void **state)
{
    struct world small, large;
    struct map *map;

    (void)state;
    world_new(&small, 40, 8);
    world_new(&large, (size_t)GROUPS_MAX + 2, 9);
    map = map_of(&small);
    assert_int_equal(map_reset(map, large.items, large.places, large.count), E_CAP);
    assert_digest(map, &small);
    large.count--;
    assert_int_equal(map_reset(map, large.items, large.places, large.count), OK);
    assert_digest(map, &large);
    assert_int_equal(map_reset(map, small.items, small.places, small.count), OK);
    assert_digest(map, &small);
    map_free(map);
    world_free(&small);
    world_free(&large);
}

static void test_frozen(void **state)
{
    const struct hash group = {{1, 2, 3}};
    const struct bytes parts[] = {bytes_of_text("satcha/frozen/1\n"), hash_view(&group)};
    struct map_item item;
    struct hash root;

    (void)state;
    map_frozen_item(&group, &item);
    hash_parts(&root, parts, 2);
    assert_true(map_item_is_frozen(&item));
    assert_true(hash_equal(&item.root, &root));
    assert_true(hash_equal(&item.group, &group));
    assert_true(item.size == UINT64_MAX && item.epoch == UINT32_MAX);
    item.epoch = 0;
    assert_false(map_item_is_frozen(&item));
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* One change among 80,000 costs one block and its path, not the tree: a twentieth is ample. */
static void test_large(void **state)
{
    enum { ROUNDS = 1000 };
    struct world world;
    struct map *map;
    struct hash digest;
    double start, whole, one;

    (void)state;
    world_new(&world, LARGE, 10);
    map = map_of(&world);
    start = seconds();
    map_digest(map, &digest);
    whole = seconds() - start;
    start = seconds();
    for (size_t i = 0; i < ROUNDS; i++) {
        world.items[i * 79].size++;
        assert_true(map_set(map, &world.items[i * 79]));
        map_digest(map, &digest);
    }
    one = (seconds() - start) / ROUNDS;
    print_message("80,000 groups: digest %.2f ms, after one change %.1f us\n", whole * 1e3,
                  one * 1e6);
    assert_true(one < whole / 20);
    assert_digest(map, &world);
    map_free(map);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),          cmocka_unit_test(test_changes),
        cmocka_unit_test(test_order_and_find), cmocka_unit_test(test_reset_and_caps),
        cmocka_unit_test(test_frozen),         cmocka_unit_test(test_large),
    };

    crypto_init();
    return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}

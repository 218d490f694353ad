/* Numbers to numbers in memory: members' balances, the operation ids of a file. */
#include "store/number_map.h"

#include <assert.h>
#include <stdlib.h>

enum { SLOTS_MIN = 1024 };

/* The slot of the key, or the free one where it belongs. */
static struct number_slot *slot_of(struct number_slot *slots, size_t count, uint64_t key)
{
    uint64_t mixed; /* multiplicative hashing: the product is meant to wrap */
    (void)__builtin_mul_overflow(key, UINT64_C(0x9e3779b97f4a7c15), &mixed);
    size_t at = (size_t)(mixed >> 24) & (count - 1);
    while (slots[at].key != 0 && slots[at].key != key) {
        at = (at + 1) & (count - 1);
    }
    return &slots[at];
}

bool number_map_get(const struct number_map *map, uint64_t key, int64_t *value)
{
    assert(key != 0);
    if (map->slot_count == 0) {
        return false;
    }
    const struct number_slot *slot = slot_of(map->slots, map->slot_count, key);
    if (slot->key == 0) {
        return false;
    }
    *value = slot->value;
    return true;
}

static enum err_code grow(struct number_map *map, struct err *err)
{
    size_t count = map->slot_count == 0 ? SLOTS_MIN : map->slot_count * 2;
    struct number_slot *slots = calloc(count, sizeof *slots);
    if (!slots) {
        return err_set(err, E_MEMORY, "out of memory for %zu numbers", count);
    }
    for (size_t i = 0; i < map->slot_count; i++) {
        if (map->slots[i].key != 0) {
            *slot_of(slots, count, map->slots[i].key) = map->slots[i];
        }
    }
    free(map->slots);
    map->slots = slots;
    map->slot_count = count;
    return OK;
}

enum err_code number_map_put(struct number_map *map, uint64_t key, int64_t value, struct err *err)
{
    assert(key != 0);
    if (map->used * 4 >= map->slot_count * 3) {
        enum err_code code = grow(map, err);
        if (code != OK) {
            return code;
        }
    }
    struct number_slot *slot = slot_of(map->slots, map->slot_count, key);
    map->used += slot->key == 0;
    slot->key = key;
    slot->value = value;
    return OK;
}

static int compare_keys(const void *a, const void *b)
{
    const struct number_slot *x = a;
    const struct number_slot *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

void number_map_sort(struct number_map *map)
{
    size_t count = 0;
    for (size_t i = 0; i < map->slot_count; i++) {
        if (map->slots[i].key != 0) {
            map->slots[count++] = map->slots[i];
        }
    }
    if (count > 0) {
        qsort(map->slots, count, sizeof *map->slots, compare_keys);
    }
}

void number_map_free(struct number_map *map)
{
    free(map->slots);
    map->slots = NULL;
    map->slot_count = 0;
    map->used = 0;
}

/* The map of heads: an array in digest order, an index from the 8-byte tags, and the hashes of the
 * 16-ary tree with a dirty flag each, so that a digest after one change costs one block and its
 * path. For 80,000 groups: 6.4 MB of items, 0.3 MB of index, 0.1 MB of tree. */
#include "proto/map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_ITEMS = 32,
    FAN_OUT = 16,
    LEVELS_MAX = 8,
    ITEM_BYTES = HASH_BYTES + 4 + 8 + HASH_BYTES,
    BLOCK_MARK = 0x00,
    DIGEST_MARK = 0xff
};

static const char map_domain[] = "satcha/map/1\n";
static const char frozen_domain[] = "satcha/frozen/1\n";

/* Level 0 is the blocks, the last level has one node.
 * Invariants: (1) items[0] is the network, the rest ascend by (place, group); (2) by_tag is a
 * permutation of the ranks that ascends by tag; (3) where no node of the tree is dirty, every
 * node's hash is that of what lies below it; (4) `changed` is set when any node is dirty. */
struct map {
    struct map_item *items;
    uint32_t *by_tag;
    size_t count;
    unsigned levels;
    size_t level_start[LEVELS_MAX]; /* offset of the level's nodes in the two arrays below */
    size_t level_count[LEVELS_MAX];
    struct hash *node;
    uint8_t *dirty;
    bool changed;
};

struct sort_key {
    struct hash group;
    uint32_t place;
    uint32_t index;
};

/* --- life --- */

struct map *map_new(void)
{
    return calloc(1, sizeof(struct map));
}

static void map_drop(struct map *map)
{
    free(map->items);
    free(map->by_tag);
    free(map->node);
    free(map->dirty);
}

void map_free(struct map *map)
{
    if (map == NULL) {
        return;
    }
    map_drop(map);
    free(map);
}

static int compare_keys(const void *a, const void *b)
{
    const struct sort_key *left = a, *right = b;

    if (left->place != right->place) {
        return left->place < right->place ? -1 : 1;
    }
    return hash_compare(&left->group, &right->group);
}

static int compare_tags(const void *a, const void *b, void *context)
{
    const struct map_item *items = context;
    const uint32_t *left = a, *right = b;

    return memcmp(items[*left].group.bytes, items[*right].group.bytes, GROUP_TAG_BYTES);
}

/* items[0] stays first; the others are laid down by (place, group). */
static enum err_code sort_items(struct map *map, const struct map_item *items,
                                const uint32_t *places)
{
    struct sort_key *keys = calloc(map->count, sizeof *keys);

    if (keys == NULL) {
        return E_MEMORY;
    }
    for (size_t i = 0; i < map->count; i++) {
        keys[i] = (struct sort_key){items[i].group, places[i], (uint32_t)i};
    }
    if (map->count > 1) {
        qsort(keys + 1, map->count - 1, sizeof *keys, compare_keys);
    }
    for (size_t i = 0; i < map->count; i++) {
        map->items[i] = items[keys[i].index];
        map->by_tag[i] = (uint32_t)i;
    }
    free(keys);
    qsort_r(map->by_tag, map->count, sizeof *map->by_tag, compare_tags, map->items);
    return OK;
}

static size_t divide_up(size_t count, size_t by)
{
    return (count + by - 1) / by;
}

/* Sets the levels' sizes; returns the number of nodes in all. */
static size_t plan_levels(struct map *map)
{
    size_t count = divide_up(map->count, BLOCK_ITEMS), total = 0;

    while (count > 0) {
        assert(map->levels < LEVELS_MAX);
        map->level_start[map->levels] = total;
        map->level_count[map->levels++] = count;
        total += count;
        count = count == 1 ? 0 : divide_up(count, FAN_OUT);
    }
    return total;
}

enum err_code map_reset(struct map *map, const struct map_item *items, const uint32_t *places,
                        size_t count)
{
    struct map next = {.count = count, .changed = true};
    enum err_code code = OK;
    size_t nodes;

    if (count > (size_t)GROUPS_MAX + 1) {
        return E_CAP;
    }
    nodes = plan_levels(&next);
    if (nodes > 0) {
        next.items = calloc(count, sizeof *next.items);
        next.by_tag = calloc(count, sizeof *next.by_tag);
        next.node = calloc(nodes, sizeof *next.node);
        next.dirty = malloc(nodes);
        if (next.items == NULL || next.by_tag == NULL || next.node == NULL || next.dirty == NULL) {
            code = E_MEMORY;
        } else {
            code = sort_items(&next, items, places);
        }
    }
    if (code != OK) {
        map_drop(&next);
        return code;
    }
    if (nodes > 0) {
        memset(next.dirty, 1, nodes);
    }
    map_drop(map);
    *map = next;
    return OK;
}

/* --- items --- */

size_t map_count(const struct map *map)
{
    return map->count;
}

const struct map_item *map_at(const struct map *map, size_t rank)
{
    assert(rank < map->count);
    return &map->items[rank];
}

bool map_find(const struct map *map, const uint8_t tag[GROUP_TAG_BYTES], size_t *rank)
{
    size_t low = 0, high = map->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t at = map->by_tag[middle];
        int order = memcmp(map->items[at].group.bytes, tag, GROUP_TAG_BYTES);

        if (order == 0) {
            *rank = at;
            return true;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

bool map_set(struct map *map, const struct map_item *item)
{
    size_t rank;

    if (!map_find(map, item->group.bytes, &rank) ||
        !hash_equal(&map->items[rank].group, &item->group)) {
        return false;
    }
    map->items[rank] = *item;
    map->dirty[rank / BLOCK_ITEMS] = 1;
    map->changed = true;
    return true;
}

void map_frozen_item(const struct hash *group, struct map_item *item)
{
    const struct bytes parts[] = {bytes_of_text(frozen_domain), hash_view(group)};
    struct map_item frozen = {.group = *group, .epoch = UINT32_MAX, .size = UINT64_MAX};

    hash_parts(&frozen.root, parts, 2);
    *item = frozen;
}

bool map_item_is_frozen(const struct map_item *item)
{
    return item->size == UINT64_MAX && item->epoch == UINT32_MAX;
}

/* --- the digest --- */

static void hash_block(const struct map *map, size_t block, struct hash *out)
{
    uint8_t data[1 + BLOCK_ITEMS * ITEM_BYTES];
    size_t first = block * BLOCK_ITEMS, end = first + BLOCK_ITEMS;
    uint8_t *at = data;
    struct bytes parts[2];

    *at++ = BLOCK_MARK;
    if (end > map->count) {
        end = map->count;
    }
    for (size_t i = first; i < end; i++) {
        const struct map_item *item = &map->items[i];

        memcpy(at, item->group.bytes, HASH_BYTES);
        bytes_put_number(at + HASH_BYTES, item->epoch, 4);
        bytes_put_number(at + HASH_BYTES + 4, item->size, 8);
        memcpy(at + HASH_BYTES + 12, item->root.bytes, HASH_BYTES);
        at += ITEM_BYTES;
    }
    parts[0] = bytes_of_text(map_domain);
    parts[1] = bytes_of(data, (size_t)(at - data));
    hash_parts(out, parts, 2);
}

static void hash_node(const struct map *map, unsigned level, size_t number, struct hash *out)
{
    const uint8_t mark = (uint8_t)level;
    size_t first = number * FAN_OUT, count = map->level_count[level - 1] - first;
    const struct hash *children = map->node + map->level_start[level - 1] + first;
    struct bytes parts[3] = {bytes_of_text(map_domain), bytes_of(&mark, 1)};

    if (count > FAN_OUT) {
        count = FAN_OUT;
    }
    parts[2] = bytes_of(children, count * sizeof *children);
    hash_parts(out, parts, 3);
}

static void refresh(struct map *map)
{
    for (unsigned level = 0; level < map->levels; level++) {
        size_t start = map->level_start[level];

        for (size_t i = 0; i < map->level_count[level]; i++) {
            if (map->dirty[start + i] == 0) {
                continue;
            }
            if (level == 0) {
                hash_block(map, i, &map->node[start + i]);
            } else {
                hash_node(map, level, i, &map->node[start + i]);
            }
            map->dirty[start + i] = 0;
            if (level + 1 < map->levels) {
                map->dirty[map->level_start[level + 1] + i / FAN_OUT] = 1;
            }
        }
    }
    map->changed = false;
}

void map_digest(struct map *map, struct hash *digest)
{
    uint8_t head[5] = {DIGEST_MARK};
    struct hash top = {{0}};
    struct bytes parts[3];

    if (map->changed) {
        refresh(map);
    }
    if (map->levels > 0) {
        top = map->node[map->level_start[map->levels - 1]];
    }
    bytes_put_number(head + 1, map->count, 4);
    parts[0] = bytes_of_text(map_domain);
    parts[1] = bytes_of(head, sizeof head);
    parts[2] = hash_view(&top);
    hash_parts(digest, parts, 3);
}

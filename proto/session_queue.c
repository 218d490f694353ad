/* The set of ledgers that this side is behind in: as many as the map has, looked up by tag for
 * every line of a LIST, swept in array order for the next one to pull. */
#include "proto/session_impl.h"

#include <stdlib.h>
#include <string.h>

enum { QUEUE_START = 64 };

/* Ids are hashes: their first bytes are as good as any hash of them. */
static size_t tag_slot(const struct behind_queue *queue, const struct hash *group)
{
    uint64_t tag;

    memcpy(&tag, group->bytes, sizeof tag);
    return (size_t)(tag % queue->index_size);
}

static bool tags_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, GROUP_TAG_BYTES) == 0;
}

/* The slot that holds the group, or the empty one where it would go. */
static size_t find_slot(const struct behind_queue *queue, const struct hash *group)
{
    size_t slot = tag_slot(queue, group);

    while (queue->index[slot] != 0 &&
           !tags_equal(&queue->items[queue->index[slot] - 1].there.group, group)) {
        slot = (slot + 1) % queue->index_size;
    }
    return slot;
}

struct behind *behind_find(const struct behind_queue *queue, const struct hash *group)
{
    size_t slot;

    if (queue->count == 0) {
        return NULL;
    }
    slot = find_slot(queue, group);
    return queue->index[slot] == 0 ? NULL : &queue->items[queue->index[slot] - 1];
}

static bool queue_grow(struct behind_queue *queue)
{
    size_t capacity = queue->capacity == 0 ? (size_t)QUEUE_START : queue->capacity * 2;
    struct behind *items = calloc(capacity, sizeof *items);
    uint32_t *index = calloc(capacity * 2, sizeof *index);

    if (items == NULL || index == NULL) {
        free(items);
        free(index);
        return false;
    }
    if (queue->count > 0) {
        memcpy(items, queue->items, queue->count * sizeof *items);
    }
    free(queue->items);
    free(queue->index);
    queue->items = items;
    queue->index = index;
    queue->capacity = capacity;
    queue->index_size = capacity * 2;
    for (size_t i = 0; i < queue->count; i++) {
        index[find_slot(queue, &items[i].there.group)] = (uint32_t)(i + 1);
    }
    return true;
}

bool behind_put(struct behind_queue *queue, const struct behind *item)
{
    struct behind *old = behind_find(queue, &item->there.group);

    if (old != NULL) {
        *old = *item;
        return true;
    }
    if (queue->count == queue->capacity && !queue_grow(queue)) {
        return false;
    }
    queue->items[queue->count] = *item;
    queue->index[find_slot(queue, &item->there.group)] = (uint32_t)(queue->count + 1);
    queue->count++;
    return true;
}

/* Empties a slot and moves back those behind it that could no longer be reached. */
static void clear_slot(struct behind_queue *queue, size_t slot)
{
    size_t hole = slot;

    for (;;) {
        size_t home, size = queue->index_size;

        slot = (slot + 1) % size;
        if (queue->index[slot] == 0) {
            break;
        }
        home = tag_slot(queue, &queue->items[queue->index[slot] - 1].there.group);
        if ((slot + size - home) % size < (slot + size - hole) % size) {
            continue;
        }
        queue->index[hole] = queue->index[slot];
        hole = slot;
    }
    queue->index[hole] = 0;
}

void behind_remove(struct behind_queue *queue, const struct hash *group)
{
    struct behind *item = behind_find(queue, group);
    size_t at, last;

    if (item == NULL) {
        return;
    }
    last = queue->count - 1;
    at = (size_t)(item - queue->items);
    clear_slot(queue, find_slot(queue, group));
    if (at != last) {
        /* The last one moves into the gap: its slot is found while it is still in its place. */
        queue->index[find_slot(queue, &queue->items[last].there.group)] = (uint32_t)(at + 1);
        queue->items[at] = queue->items[last];
    }
    queue->count--;
    if (queue->count == 0) {
        behind_free(queue);
    }
}

void behind_free(struct behind_queue *queue)
{
    free(queue->items);
    free(queue->index);
    memset(queue, 0, sizeof *queue);
}

/* The map: what a node holds of every ledger of its network, and the digest that tells two nodes
 * in 32 bytes that they hold the same.
 *
 * Order: the network's own ledger first, then the rostered groups by (home place, group id). The
 * digest is a 16-ary Merkle tree over that order, so one changed head costs log16 n hashes:
 *
 *   item   = group (32) || epoch (u32 BE) || size (u64 BE) || root (32)
 *   block  = SHA-256("satcha/map/1\n" || 0x00 || up to 32 items)
 *   node   = SHA-256("satcha/map/1\n" || level (1, 2, …) || up to 16 child hashes)
 *   digest = SHA-256("satcha/map/1\n" || 0xff || count (u32 BE) || top hash)
 *
 * A ledger that is expected and not held has size 0, epoch 0 and a zero root. A frozen ledger has
 * size 2^64-1, epoch 2^32-1 and the root SHA-256("satcha/frozen/1\n" || group), whichever branch
 * is held, so that digests still agree. */
#ifndef SATCHA_PROTO_MAP_H
#define SATCHA_PROTO_MAP_H

#include "proto/message.h"

struct map;

struct map *map_new(void); /* NULL: out of memory */
void map_free(struct map *map);
/* Replaces the whole order (after a roster change). Items keep nothing of before. E_CAP, E_MEMORY.
 * places[i] is the home place of items[i].group; items[0] is the network. The others are sorted
 * here. */
enum err_code MUST_USE map_reset(struct map *map, const struct map_item *items,
                                 const uint32_t *places, size_t count);
size_t map_count(const struct map *map);
const struct map_item *map_at(const struct map *map, size_t rank);
/* By the 8-byte tag (the first bytes of the id); false when unknown. */
bool map_find(const struct map *map, const uint8_t tag[GROUP_TAG_BYTES], size_t *rank);
/* Sets one item's epoch, size and root (item->group must be known: asserted by result false). */
bool map_set(struct map *map, const struct map_item *item);
void map_digest(struct map *map, struct hash *digest); /* recomputes only what changed */
void map_frozen_item(const struct hash *group, struct map_item *item);
bool map_item_is_frozen(const struct map_item *item);

#endif

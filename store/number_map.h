/* A map from numbers to numbers in memory: open addressing, nothing is ever taken out singly. Keys
 * are not 0. */
#ifndef SATCHA_STORE_NUMBER_MAP_H
#define SATCHA_STORE_NUMBER_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"

/* Invariants: slot_count is 0 or a power of two; at most three quarters are used. Zero = empty. */
struct number_map {
    struct number_slot {
        uint64_t key; /* 0: free */
        int64_t value;
    } * slots;
    size_t slot_count;
    size_t used;
};

bool number_map_get(const struct number_map *map, uint64_t key, int64_t *value);
/* Sets or replaces. E_MEMORY. */
enum err_code MUST_USE number_map_put(struct number_map *map, uint64_t key, int64_t value,
                                      struct err *err);
/* The pairs to the front, by key: slots[0 .. used). From then on only number_map_free is allowed.
 */
void number_map_sort(struct number_map *map);
void number_map_free(struct number_map *map); /* and empty again */

#endif

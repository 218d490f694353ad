/* Where a group is at home: the 77 provinces with their cluster (18; Bangkok has none) and region
 * (5), as facts in a table. A place is an official code: 2 digits province, 4 district, 6 tambon;
 * districts and tambons are known by code only. */
#ifndef SATCHA_STORE_PLACES_H
#define SATCHA_STORE_PLACES_H

#include <stdint.h>

#include "proto/bytes.h"

struct region {
    const char *code; /* "BKK-E" */
    const char *name_th;
    const char *name_en;
};
struct cluster {
    uint8_t number; /* 1 … 18 */
    const char *name_th;
    const char *name_en;
};
struct province {
    uint8_t code;    /* 10 … 96 */
    uint8_t cluster; /* 0: none */
    uint8_t region;  /* row in the table of regions */
    const char *name_th;
    const char *name_en;
};

/* The province that a code of 2, 4 or 6 digits lies in; NULL when there is none. */
const struct province *place_province(uint32_t place);
const struct cluster *place_cluster(const struct province *province); /* NULL: none */
const struct region *place_region(const struct province *province);

enum place_level {
    PLACE_TAMBON,
    PLACE_DISTRICT,
    PLACE_PROVINCE,
    PLACE_CLUSTER,
    PLACE_REGION,
    PLACE_COUNTRY
};
/* "tambon" … "country"; false: no such level. */
bool place_level_find(struct bytes name, enum place_level *level);
const char *place_level_name(enum place_level level);

/* The unit of `level` that a home place belongs to. A code shorter than the level stays as it is: a
 * group that gives only its district rolls up from there. Bangkok has no cluster and stays Bangkok.
 * `key` orders units; code, names: for people, names may be NULL. */
enum { PLACE_CODE_MAX = 12 };
struct place_unit {
    uint32_t key;
    char code[PLACE_CODE_MAX];
    const char *name_th;
    const char *name_en;
};
void place_unit_of(uint32_t place, enum place_level level, struct place_unit *unit);

#endif

/* The high-water mark: the greatest own head that was ever durable, kept outside the database so
 * that a database put back from a backup is seen to be behind (docs/architecture.md, "The order of
 * effects").
 *
 * File layout: two slots of 512 bytes, written in turn, in place, with one fdatasync (a rename
 * costs three flushes). A slot: | "satchaHW" 8 | version u32 | epoch u32 | size u64 | starts u64 |
 * turn u64 | root 32 | | first 8 bytes of SHA-256 of all before | zeros |      (numbers big endian)
 * The slot with a good checksum and the greatest turn counts; a torn write spoils one only. */
#ifndef SATCHA_STORE_HIGHWATER_H
#define SATCHA_STORE_HIGHWATER_H

#include "proto/err.h"
#include "proto/hash.h"

struct highwater_mark {
    uint32_t epoch;
    uint64_t size; /* 0: nothing was ever written */
    struct hash root;
    uint64_t starts; /* how often a node of this home was started */
};

struct highwater {
    int fd;
    uint64_t turn;
    struct highwater_mark mark;
};

/* Opens or creates (preallocated). E_CORRUPT when both slots are spoiled, E_IO. */
enum err_code MUST_USE highwater_open(const char *path, struct highwater *highwater,
                                      struct err *err);
/* Durable when it returns OK. */
enum err_code MUST_USE highwater_set(struct highwater *highwater, const struct highwater_mark *mark,
                                     struct err *err);
void highwater_close(struct highwater *highwater);

#endif

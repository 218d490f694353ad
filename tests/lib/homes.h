/* Homes for tests of the store: made below build/, with a clock and random bytes of the test's own,
 * so that two runs write the same bytes. Whatever fails in making them aborts the test. */
#ifndef SATCHA_TESTS_LIB_HOMES_H
#define SATCHA_TESTS_LIB_HOMES_H

#include "store/store.h"
#include "tests/lib/scratch.h"

/* One home with its store open. Officer n has the key of maker_officer_key(number, n). */
struct home {
    char path[SCRATCH_PATH_MAX];
    uint32_t number; /* decides keys and names */
    uint64_t now_ms; /* the clock: moved by the test */
    uint64_t random_state;
    struct store_env env;
    struct store *store;
    struct err err; /* of the last call */
};

/* A new group of this type; opened. `policy` may be NULL. */
void home_new(struct home *home, uint32_t number, enum group_type type,
              const struct policy *policy);
void home_close(struct home *home);         /* the store, as at the end of a program */
enum err_code home_open(struct home *home); /* again; the code */
void home_remove(struct home *home);        /* closes and removes the folder */
void home_file(const struct home *home, const char *name, char out[SCRATCH_PATH_MAX]);
void home_copy_file(const struct home *home, const char *from, const char *to);

/* No file of this process may grow beyond this many bytes: a full disk. 0 = no limit. */
void home_limit_files(uint64_t bytes);
uint64_t home_file_size(const struct home *home, const char *name); /* 0 when it is not there */

/* --- appends; each gives store_append's code, detail in home->err --- */

/* `count` deposits of `satang` each by member `member`, one entry each, one append. */
enum err_code home_deposit(struct home *home, uint32_t member, int64_t satang, size_t count);
enum err_code home_withdraw(struct home *home, uint32_t member, int64_t satang);
enum err_code home_member(struct home *home, enum member_operation operation, uint32_t first,
                          uint32_t last);
enum err_code home_note(struct home *home, const char *topic);
/* A new signing key, approved by officer 1. */
enum err_code home_new_key(struct home *home);
/* In a network's home: admits these, approved by officers 1 and 2 (the founding roster by none). */
enum err_code home_admit_all(struct home *home, const struct admission *admissions, size_t count);
enum err_code home_admit(struct home *home, const struct home *const *groups, size_t count);
/* Takes an invite of the network's home. */
enum err_code home_join(struct home *home, const struct home *network);

struct hash home_root(const struct home *home); /* of the own published head */
uint64_t home_size(const struct home *home);

#endif

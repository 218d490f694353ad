/* Requests asked in tests as the tool asks them: arguments packed, the answer unpacked. */
#ifndef SATCHA_TESTS_LIB_ASK_H
#define SATCHA_TESTS_LIB_ASK_H

#include "store/request.h"
#include "tests/lib/homes.h"

/* Arguments under construction and, after ask_run, the answer. ask_begin first, ask_end last; it
 * may begin again without an end between. */
struct ask {
    struct buffer pairs;
    size_t pair_count;
    struct buffer result;
    bool answered;
    msgpack_unpacked unpacked;
    struct err err;
};

void ask_begin(struct ask *ask);
void ask_end(struct ask *ask);
void ask_text(struct ask *ask, const char *key, const char *value);
void ask_bin(struct ask *ask, const char *key, struct bytes value);
void ask_number(struct ask *ask, const char *key, uint64_t value);
void ask_flag(struct ask *ask, const char *key);
void ask_texts(struct ask *ask, const char *key, const char *const *values, size_t count);
/* Keys of officers `first` to `last` of a home made by home_new. */
void ask_officers(struct ask *ask, const struct home *home, uint32_t first, uint32_t last);
enum err_code ask_run(struct ask *ask, const struct home *home, const char *request);

/* begin, the text pairs, run: ask_of(ask, home, "post", "event", "deposit"). */
#define ask_of(...) ask_pairs(__VA_ARGS__, (const char *)NULL)
enum err_code ask_pairs(struct ask *ask, const struct home *home, const char *request, ...)
    __attribute__((sentinel));

/* --- the answer; every one aborts the test where the field is not there --- */
const msgpack_object *answer(const struct ask *ask);
const msgpack_object *field_of(const msgpack_object *map, const char *key);
const msgpack_object *item_of(const msgpack_object *map, const char *key, uint32_t number);
uint32_t count_of(const msgpack_object *map, const char *key);
int64_t int_of(const msgpack_object *map, const char *key);
bool flag_of(const msgpack_object *map, const char *key);
bool nil_of(const msgpack_object *map, const char *key);
/* Text or bin; valid until the next ask. */
struct bytes bytes_of_field(const msgpack_object *map, const char *key);
/* The same as text in `out`. */
const char *text_of(const msgpack_object *map, const char *key, char out[512]);

/* Carries a ledger from one node to another as a session would: links, head, one chunk; each is
 * verified there. Aborts when it is refused. */
void home_carry(const struct home *from, struct home *to, const struct hash *group);

#endif

/* The request table: every question and order that a person can give a node and that needs no
 * network. The daemon serves it on the control socket, the tool runs it in-process where no daemon
 * holds the home, docs/operations.md lists it from here. One row each: name, arguments, result,
 * errors, handler.
 *
 * Arguments and results are MessagePack maps with text keys; money is an integer in satang, ids are
 * bin, dates ISO text. The tool turns a result into text (render_*.c) or, generically, into JSON.
 */
#ifndef SATCHA_STORE_REQUEST_H
#define SATCHA_STORE_REQUEST_H

#include <msgpack.h>

#include "store/store.h"

enum request_flag {
    REQUEST_WRITES = 1,  /* appends to the own ledger or changes settings */
    REQUEST_NETWORK = 2, /* answered by the daemon only; in-process: E_NO_DAEMON */
    REQUEST_LONG = 4     /* tells progress */
};

struct request_context {
    struct store *store;
    const struct progress *progress; /* may be NULL */
};

typedef enum err_code (*request_fn)(const struct request_context *context,
                                    const msgpack_object *arguments, struct buffer *result,
                                    struct err *err);

struct request_row {
    const char *name;      /* "post", "audit" */
    const char *arguments; /* "event, amount, [member], …": for the documentation */
    const char *result;
    const char *errors;
    unsigned flags;
    request_fn run; /* NULL for rows that the daemon supplies */
};

unsigned request_count(void);
const struct request_row *request_at(unsigned row);
const struct request_row *request_find(struct bytes name);

/* Looks up, decodes and runs. E_NOT_FOUND unknown request, E_USAGE bad arguments. */
enum err_code MUST_USE request_run(const struct request_context *context, struct bytes name,
                                   struct bytes arguments, struct buffer *result, struct err *err);

/* The arguments of a row, refused where they are not one map or name what the row does not list.
 * E_USAGE; the caller destroys `unpacked` in any case. */
enum err_code MUST_USE request_unpack(const struct request_row *row, struct bytes arguments,
                                      msgpack_unpacked *unpacked, struct err *err);
/* E_CAP where the answer did not fit into its buffer. */
enum err_code MUST_USE request_whole(const struct request_row *row, const struct buffer *result,
                                     struct err *err);

/* --- for handlers: reading arguments. Missing optional ones give the default. --- */
bool argument_has(const msgpack_object *arguments, const char *key);
struct bytes argument_text(const msgpack_object *arguments, const char *key); /* empty if absent */
struct bytes argument_bin(const msgpack_object *arguments, const char *key);
/* E_USAGE naming the key when it is there and of another type or out of range. */
enum err_code MUST_USE argument_uint(const msgpack_object *arguments, const char *key, uint64_t max,
                                     uint64_t *value, struct err *err);
enum err_code MUST_USE argument_int(const msgpack_object *arguments, const char *key,
                                    int64_t *value, struct err *err);
bool argument_flag(const msgpack_object *arguments, const char *key);

/* --- for handlers: writing results, a key and its value --- */
void result_text(struct buffer *out, const char *key, const char *value); /* NULL or "" = nil */
void result_bytes(struct buffer *out, const char *key, struct bytes text);
void result_uint(struct buffer *out, const char *key, uint64_t value);
void result_number(struct buffer *out, const char *key, uint64_t value); /* 0 = nil */
void result_int(struct buffer *out, const char *key, int64_t value);
void result_bool(struct buffer *out, const char *key, bool value);
void result_hash(struct buffer *out, const char *key, const struct hash *value); /* NULL = nil */
void result_amount(struct buffer *out, const char *key, struct amount value);
void result_date(struct buffer *out, const char *key, int32_t date);
void result_array(struct buffer *out, const char *key, size_t count);

/* The types of groups by their names. */
const char *group_type_name(uint32_t type);              /* "welfare"; "other" for unknown */
bool group_type_find(struct bytes name, uint32_t *type); /* *type untouched if false */

/* Control frames: | length u32 BE | MessagePack |.
 *   request  [1, name, arguments map]
 *   reply    [0, result] | [1, code, message] | [2, what, done, total] (progress; more follow) */
enum { CONTROL_LENGTH_BYTES = 4 };
enum { CONTROL_RESULT = 0, CONTROL_ERROR = 1, CONTROL_PROGRESS = 2 };
void control_pack_request(struct buffer *out, struct bytes name, struct bytes arguments);
void control_pack_result(struct buffer *out, struct bytes result);
void control_pack_error(struct buffer *out, const struct err *err);
void control_pack_progress(struct buffer *out, const char *what, uint64_t done, uint64_t total);

#endif

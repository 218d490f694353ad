/* What the handlers of the request table (requests_*.c) share: their prototypes, the reading of
 * arguments against the own group and the date of today, and what every writing request takes.
 * Private to store/. */
#ifndef SATCHA_STORE_REQUESTS_H
#define SATCHA_STORE_REQUESTS_H

#include "store/request.h"

#define REQUEST_HANDLER(name)                                                                  \
    enum err_code name(const struct request_context *context, const msgpack_object *arguments, \
                       struct buffer *result, struct err *err)

/* requests_node.c: this home and its group */
REQUEST_HANDLER(request_id);
REQUEST_HANDLER(request_status);
REQUEST_HANDLER(request_card);
REQUEST_HANDLER(request_doctor);
REQUEST_HANDLER(request_rebuild);
/* requests_amend.c */
REQUEST_HANDLER(request_amend);
/* requests_network.c: founding, joining, inviting, admitting */
REQUEST_HANDLER(request_network_found);
REQUEST_HANDLER(request_network_join);
REQUEST_HANDLER(request_network_invite);
REQUEST_HANDLER(request_admit);
/* requests_roster.c: who is in it, whom to dial */
REQUEST_HANDLER(request_network_show);
REQUEST_HANDLER(request_peer_list);
REQUEST_HANDLER(request_peer_add);
REQUEST_HANDLER(request_peer_remove);
REQUEST_HANDLER(request_peer_ban);
/* requests_groups.c: what is held of others */
REQUEST_HANDLER(request_groups);
REQUEST_HANDLER(request_why);
REQUEST_HANDLER(request_events);
REQUEST_HANDLER(request_accounts);
REQUEST_HANDLER(request_complete);
/* requests_post.c: the own books */
REQUEST_HANDLER(request_post);
REQUEST_HANDLER(request_import);
REQUEST_HANDLER(request_reverse);
REQUEST_HANDLER(request_note);
/* requests_member.c */
REQUEST_HANDLER(request_member_opening);
REQUEST_HANDLER(request_member_list);
REQUEST_HANDLER(request_member_join);
REQUEST_HANDLER(request_member_leave);
/* requests_log.c */
REQUEST_HANDLER(request_log);
REQUEST_HANDLER(request_lines);
/* requests_balance.c */
REQUEST_HANDLER(request_balance);
/* requests_audit.c */
REQUEST_HANDLER(request_audit);
REQUEST_HANDLER(request_cut);
/* requests_proof.c: evidence for the outside */
REQUEST_HANDLER(request_checkpoint);
REQUEST_HANDLER(request_proof);
REQUEST_HANDLER(request_verify);

/* --- arguments --- */

/* The value, or NULL when absent or nil. */
const msgpack_object *argument_find(const msgpack_object *arguments, const char *key);
/* Digits of either script, nothing else, at most `max`; *value untouched otherwise. */
bool number_parse(struct bytes text, uint32_t max, uint32_t *value);
/* A number: unsigned, or text in ASCII or Thai digits; 0 when absent. E_USAGE. */
enum err_code MUST_USE argument_number(const msgpack_object *arguments, const char *key,
                                       uint32_t max, uint32_t *value, struct err *err);
/* A date as people type it; today (UTC+7) when absent. E_DATE. */
enum err_code MUST_USE argument_date(const struct request_context *context,
                                     const msgpack_object *arguments, const char *key,
                                     int32_t *date, struct err *err);
/* A group as people name it; the own one when absent. E_NOT_FOUND, E_AMBIGUOUS. */
enum err_code MUST_USE argument_group(const struct request_context *context,
                                      const msgpack_object *arguments, const char *key,
                                      struct hash *group, struct err *err);
/* Texts (or bins) of an array, or the one text that is there. false past the last. */
bool argument_item(const msgpack_object *arguments, const char *key, size_t number,
                   struct bytes *text);
/* "42", "1-1388" or a number. E_USAGE saying what was expected; absent = E_USAGE. */
enum err_code MUST_USE argument_range(const msgpack_object *arguments, const char *key,
                                      uint32_t *first, uint32_t *last, struct err *err);
/* E_USAGE naming the key where it is absent or empty. */
enum err_code MUST_USE argument_required(const msgpack_object *arguments, const char *key,
                                         struct bytes *text, struct err *err);
/* Refuses keys that are not in `known` (a space-separated list). E_USAGE. */
enum err_code MUST_USE arguments_known(const msgpack_object *arguments, const char *known,
                                       struct err *err);

/* The own group's state: valid until the next store call. */
enum err_code MUST_USE request_own_state(const struct request_context *context,
                                         const struct ledger_state **state, struct err *err);

/* E_NO_DATA: nothing of that group's ledger is held. */
enum err_code request_no_data(struct store *store, const struct hash *group, struct err *err);

/* Appends the genesis leaf of a ledger to `out`. */
enum err_code MUST_USE request_genesis(struct store *store, const struct hash *group,
                                       struct buffer *out, struct err *err);
/* Verifies everything that is held; what is wrong stands in the result. */
enum err_code MUST_USE request_verify_all(const struct request_context *context,
                                          struct buffer *result, struct err *err);

/* --- writing entries: what every such request takes ---
 *   date, actor, op, officer_keys [[number, seed]…], dry_run */
struct write_request {
    int32_t date;
    uint32_t actor;
    struct bytes operation; /* empty: none */
    bool has_tag;
    uint8_t tag[OPERATION_TAG_BYTES];
    unsigned officer_key_count;
    struct officer_key officer_keys[ENTRY_APPROVALS_MAX]; /* ascending by number */
    enum append_mode mode;
};
enum err_code MUST_USE write_request_read(const struct request_context *context,
                                          const msgpack_object *arguments,
                                          struct write_request *write, struct err *err);
void write_request_wipe(struct write_request *write);
/* Was this operation done before? Then writes the result that says so and returns true. */
bool write_request_already(const struct request_context *context, const struct write_request *write,
                           struct buffer *result);
/* Appends an amend that cites its predecessor. */
enum amend_keys { AMEND_NO_KEYS = 0, AMEND_SIGNING_KEY = 1, AMEND_TRANSPORT_KEY = 2 };
enum err_code MUST_USE request_amend_append(const struct request_context *context,
                                            const struct write_request *write,
                                            const struct profile *change, enum amend_keys keys,
                                            struct appended *appended, struct err *err);
/* Starts a draft with what the request gives. `terms` is set by the caller. */
void write_request_draft(const struct write_request *write, enum kind kind, struct draft *draft);
/* {"already": false, "dry_run", "entry", "entries", "size", "root"} and `more` further pairs that
 * the caller writes after it. */
void result_appended(struct buffer *result, const struct appended *appended, enum append_mode mode,
                     size_t more);

/* The name of a status in results: "ok". */
const char *ledger_status_name(enum ledger_status status);

#endif

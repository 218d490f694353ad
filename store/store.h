/* The store: what one node knows, in one SQLite file. This header is what the rest of the program
 * uses; docs/architecture.md names the files behind it.
 *
 * Order of effects (docs/architecture.md): an own append is validated, encoded, signed and written
 * with its projections in one transaction (WAL, synchronous=FULL): the person may have the reply.
 * Then the high-water mark is made durable (by store_commit, store_release or store_close,
 * whichever comes first); only then may the head leave the machine: store_release, and after it
 * each store_commit, gives it to the book.
 *
 * Not thread-safe: one thread owns a store. */
#ifndef SATCHA_STORE_STORE_H
#define SATCHA_STORE_STORE_H

#include "proto/body.h"
#include "proto/rules.h"
#include "proto/session.h"
#include "store/keyfile.h"

struct store;

/* Time and randomness come from outside, so that tests can give theirs. */
struct store_env {
    uint64_t (*now_ms)(void *context);
    void (*random)(void *context, void *out, size_t len);
    void *context;
    const char *vfs; /* SQLite VFS name; NULL = default */
};
const struct store_env *store_env_system(void);

/* Progress of long work (import, rebuild, verify): may be NULL. */
typedef void (*progress_fn)(void *context, const char *what, uint64_t done, uint64_t total);
struct progress {
    progress_fn tell;
    void *context;
};

/* --- opening --- */

/* Makes ledger.db, keys and highwater in an existing folder and appends the genesis. `profile`
 * gives everything but keys (filled from a fresh seed). E_EXISTS. */
enum err_code MUST_USE store_create(const char *home, struct profile *profile,
                                    const char *passphrase, const struct store_env *env,
                                    struct err *err);
/* Takes the lock (waits LOCK_WAIT_MS), opens, migrates, compares with the high-water mark: a
 * database behind it still opens, for reading and pulling; appends then fail with E_ROLLBACK.
 * E_NOT_FOUND (no home), E_LOCKED, E_VERSION (newer file), E_CORRUPT, E_IO. */
enum err_code MUST_USE store_open(const char *home, const struct store_env *env, struct store **ret,
                                  struct err *err);
void store_close(struct store *store); /* NULL is fine; commits nothing */

const struct hash *store_own_group(const struct store *store);
const struct home_keys *store_keys(const struct store *store);
const char *store_home(const struct store *store);
uint64_t store_now_ms(const struct store *store);
/* Counts one more start of a node and makes it durable; *starts is the count, signed. */
enum err_code MUST_USE store_count_start(struct store *store, struct start_count *starts,
                                         struct err *err);

/* May own entries be written, and why not. */
enum own_status {
    OWN_OK,
    OWN_ROLLBACK,   /* the database is behind the high-water mark */
    OWN_RECOVERING, /* a peer holds a longer or other head of ours */
    OWN_CLOCK,      /* the clock stands before the last own entry */
    OWN_FORKED,
    OWN_SPOILED /* the own ledger's rows cannot be read: verify, rebuild */
};
enum own_status store_own_status(struct store *store);
const char *own_status_text(enum own_status status);
/* A peer told what it holds of our own ledger (NULL: nothing) and how often we were started. A
 * longer or differing head, or a greater count, under our own signature: RECOVERING. Anything else
 * proves nothing and is passed over. */
void store_own_head_heard(struct store *store, const struct head *head,
                          const struct start_count *starts);
/* An officer confirmed the clock: OWN_CLOCK is lifted, for good, for entries as late as the last of
 * now; a later entry and an earlier clock ask again. */
enum err_code MUST_USE store_confirm_clock(struct store *store, struct err *err);

/* --- own appends --- */

/* An entry to be written. The store fills time, roots of refs, posts (from lines where given),
 * body commitment and salts, and signs approvals. Zero = not given. */
struct draft {
    enum kind kind;
    int32_t date;
    uint32_t actor;
    unsigned ref_count;
    struct ref refs[ENTRY_REFS_MAX]; /* own refs: index is enough; UINT64_MAX = the predecessor */
    unsigned post_count;             /* kinds without lines (reverse) */
    const struct post *posts;
    struct bytes terms;
    size_t line_count; /* kind post: private legs, posts are summed from them */
    const struct body_line *lines;
    size_t member_line_count; /* kind member */
    const struct member_line *member_lines;
    const uint8_t *operation_tag; /* the tag in `terms`, for new keys make the store write them */
    unsigned officer_key_count;   /* approvals are signed with these */
    const struct officer_key *officer_keys;
    /* A signing or transport key change: the next generation is derived and used. */
    bool new_signing_key, new_transport_key;
};

struct appended {
    uint64_t first; /* index of the first entry written */
    uint64_t count;
    struct head head;
};

/* One append: all drafts or none; one checkpoint, one transaction. Call store_commit soon after the
 * person has the reply: it makes the high-water mark durable and shows the head to peers.
 * With APPEND_DRY_RUN nothing is written. `which` (may be NULL) tells the draft that failed.
 * Errors: every rule's code; E_ROLLBACK, E_RECOVERING, E_CLOCK, E_FORKED, E_IO (disk full: nothing
 * written). */
enum append_mode { APPEND_WRITE, APPEND_DRY_RUN };
enum err_code MUST_USE store_append(struct store *store, const struct draft *drafts, size_t count,
                                    enum append_mode mode, struct appended *appended, size_t *which,
                                    struct err *err);
/* The tag of an operation id (HMAC under the seed's key, first 8 bytes). */
void store_operation_tag(const struct store *store, struct bytes id,
                         uint8_t tag[OPERATION_TAG_BYTES]);
/* Was an operation with this tag appended? Then its entry's index. */
bool store_operation_find(struct store *store, const uint8_t tag[OPERATION_TAG_BYTES],
                          uint64_t *index);
/* Makes the high-water mark durable for what was appended. Whatever shows a head to the world, be
 * it on a screen or on paper, calls it first (request_run does). */
enum err_code MUST_USE store_settle(struct store *store, struct err *err);
/* Makes own appends visible to peers (book, map). Called by the node once it asked for its own
 * head; without a call only the head that was released before is served. */
enum err_code MUST_USE store_release(struct store *store, struct err *err);
enum err_code MUST_USE store_keys_save_network(struct store *store, const struct hash *network,
                                               const uint8_t key[32], struct err *err);

/* --- reading --- */

struct ledger_view {
    struct hash group;
    uint32_t epoch;
    uint64_t size;   /* complete, signed; 0: expected and not held */
    uint64_t stored; /* size and what is pending */
    struct hash root;
    bool frozen;
    bool rostered, own, network;
    uint64_t heard_ms; /* when its head last grew here; 0 = never */
};
/* Ledgers in map order (network first), then held ones that are not rostered. */
size_t store_ledger_count(struct store *store);
enum err_code MUST_USE store_ledger_at(struct store *store, size_t rank, struct ledger_view *view);
enum err_code MUST_USE store_ledger_find(struct store *store, const struct hash *group,
                                         struct ledger_view *view);
/* The state at the published size. The pointer is valid until the next store call. */
enum err_code MUST_USE store_ledger_state(struct store *store, const struct hash *group,
                                          const struct ledger_state **state);
/* The state at an earlier size, folded afresh (for a cut). E_NO_DATA when not held that far. */
enum err_code MUST_USE store_ledger_state_at(struct store *store, const struct hash *group,
                                             uint64_t size, struct ledger_state *state,
                                             struct err *err);
enum err_code MUST_USE store_head(struct store *store, const struct hash *group, struct head *head);
/* Both heads of a frozen ledger. */
enum err_code MUST_USE store_fork(struct store *store, const struct hash *group, struct head *a,
                                  struct head *b);
enum err_code MUST_USE store_root_at(struct store *store, const struct hash *group, uint64_t size,
                                     struct hash *root);
enum err_code MUST_USE store_inclusion(struct store *store, const struct hash *group,
                                       uint64_t index, uint64_t size, struct merkle_proof *proof);
enum err_code MUST_USE store_consistency(struct store *store, const struct hash *group,
                                         uint64_t from, uint64_t to, struct merkle_proof *proof);

/* Leaves [from, to) in order; `each` returns an error to stop. The view is valid inside the call.
 */
typedef enum err_code (*leaf_fn)(void *context, uint64_t index, struct bytes leaf);
enum err_code MUST_USE store_leaves(struct store *store, const struct hash *group, uint64_t from,
                                    uint64_t to, leaf_fn each, void *context);
/* One of them, copied to the end of `out`. */
enum err_code MUST_USE store_leaf(struct store *store, const struct hash *group, uint64_t index,
                                  struct buffer *out);
/* Invalid entries of a ledger with their codes, by index, up to `size`. */
typedef enum err_code (*verdict_fn)(void *context, uint64_t index, enum err_code code);
enum err_code MUST_USE store_verdicts(struct store *store, const struct hash *group, uint64_t size,
                                      verdict_fn each, void *context);
/* That of one entry; OK where it is valid. */
enum err_code MUST_USE store_verdict(struct store *store, const struct hash *group, uint64_t index,
                                     enum err_code *verdict);

/* --- roster --- */
struct rostered {
    struct admission admission;
    uint64_t index;            /* of the roster entry */
    struct hash transport_key; /* current, from its chain where held, else the admission's */
};
bool store_has_network(const struct store *store);
const struct hash *store_network(const struct store *store); /* id; NULL when none is joined */
size_t store_roster_count(struct store *store);
/* By rank in (place, id) order, or by id. */
enum err_code MUST_USE store_roster_at(struct store *store, size_t rank, struct rostered *rostered);
enum err_code MUST_USE store_roster_find(struct store *store, const struct hash *group,
                                         struct rostered *rostered);
/* An id, an unambiguous prefix of >= 8 digits, or a roster name (exact, either language).
 * E_NOT_FOUND, E_AMBIGUOUS naming the candidates. */
enum err_code MUST_USE store_resolve_group(struct store *store, struct bytes text,
                                           struct hash *group, struct err *err);
/* Takes an invite: checks it, keeps the network's genesis and contacts. */
struct invite;
enum err_code MUST_USE store_join(struct store *store, const struct invite *invite,
                                  struct err *err);

/* --- contacts (dialling book) --- */
struct contact;
typedef enum err_code (*contact_fn)(void *context, const struct contact *contact, bool by_hand);
/* Addresses of rostered groups (their ledgers, admission, invite) and those added by hand. */
enum err_code MUST_USE store_contacts(struct store *store, contact_fn each, void *context);
enum err_code MUST_USE store_contact_add(struct store *store, const struct contact *contact,
                                         struct err *err);
enum err_code MUST_USE store_contact_remove(struct store *store, const struct hash *group,
                                            struct err *err);
enum err_code MUST_USE store_ban(struct store *store, const struct hash *group, bool banned,
                                 struct err *err);
bool store_is_banned(struct store *store, const struct hash *group);

/* --- own private lines --- */
struct line_row {
    uint64_t entry; /* index */
    uint32_t leg;   /* position in the body */
    int32_t date;
    uint32_t event;
    struct body_line line;
    bool undone; /* by a reverse; its negation is listed at the reversing entry */
    struct amount
        balance; /* the member's (or account's) running balance after it, credit > 0 for
                  * liabilities, debit > 0 for assets; set when filtered by member+account */
};
struct line_filter {
    uint16_t account;                /* 0 = any */
    uint32_t member;                 /* 0 = any */
    uint32_t sub, party, unit, fund; /* 0 = any */
    uint64_t from_entry, to_entry;   /* [from, to); to 0 = all */
};
typedef enum err_code (*line_fn)(void *context, const struct line_row *row);
enum err_code MUST_USE store_lines(struct store *store, const struct line_filter *filter,
                                   line_fn each, void *context);
struct member_row {
    uint32_t member;
    bool active;
    uint64_t joined_entry;
};
enum err_code MUST_USE store_member(struct store *store, uint32_t member, struct member_row *row);
typedef enum err_code (*member_fn)(void *context, const struct member_row *row);
enum err_code MUST_USE store_members(struct store *store, member_fn each, void *context);
/* A member's balance on an account (natural sign); 0 where there are no lines. */
enum err_code MUST_USE store_member_balance(struct store *store, uint16_t account, uint32_t member,
                                            struct amount *balance);

/* --- sync --- */

/* The session's port. Valid as long as the store; the map inside is the store's. claim/unclaim and
 * peer_key_known are answered here too. */
struct book *store_book(struct store *store);
/* Bytes taken by take_* since the last commit. */
size_t store_uncommitted(const struct store *store);
/* Ends the batch transaction of take_* (synchronous=NORMAL: peers hold these entries too) and
 * publishes; `changed` is called for each ledger whose published head grew, the own one too. E_IO
 * on a full disk: the batch is undone, nothing acknowledged is lost. */
typedef void (*changed_fn)(void *context, const struct hash *group);
enum err_code MUST_USE store_commit(struct store *store, changed_fn changed, void *context,
                                    struct err *err);

/* --- care --- */

struct verify_finding {
    struct hash group;
    uint64_t index; /* entry; UINT64_MAX when it is a projection or the file */
    char what[160]; /* "leaf differs from its root", "balances of account 2110", … */
};
typedef void (*finding_fn)(void *context, const struct verify_finding *finding);
/* Recomputes every root, signature and projection. E_DIFFERS when something was found. Never
 * aborts on a spoiled file. */
enum err_code MUST_USE store_verify(struct store *store, finding_fn each, void *context,
                                    const struct progress *progress, struct err *err);
/* Drops every projection and folds it again from entries and bodies. */
enum err_code MUST_USE store_rebuild(struct store *store, const struct progress *progress,
                                     struct err *err);

#endif

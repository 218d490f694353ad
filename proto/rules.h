/* Validity: what a ledger's entries mean, folded by index. A pure function of public headers, of
 * the ledger's own prefix and its key chain, and of the rules version; it reads no body, no clock,
 * no arrival order, no setting. The same fold judges a peer's entry and, before it is appended, an
 * own one (for which the store adds stricter rules over the private lines).
 *
 * Invalid entries change nothing but the count of invalid ones. */
#ifndef SATCHA_PROTO_RULES_H
#define SATCHA_PROTO_RULES_H

#include "proto/accounts.h"
#include "proto/keychain.h"
#include "proto/kinds.h"

enum { RULES_VERSION = 1 };

enum ledger_status {
    LEDGER_OK,
    LEDGER_NEEDS_UPGRADE, /* evaluation stopped at `stopped_at` */
    LEDGER_HALTED         /* E_LEAF, or a key change that no link explains: code and index */
};

/* Gross turnover of one account over the valid entries so far; balance = debit - credit. */
struct turnover {
    struct amount debit;  /* >= 0 */
    struct amount credit; /* >= 0, as a positive figure */
};

/* The public state of one ledger after `size` entries. Plain data: copied, packed, compared. */
struct ledger_state {
    uint64_t size; /* entries folded in */
    enum ledger_status status;
    uint64_t stopped_at; /* index, when not LEDGER_OK */
    enum err_code stopped_code;
    struct profile profile;
    int64_t members; /* sum of valid count changes */
    uint64_t valid, invalid;
    uint64_t journals, reversals;      /* valid entries of event journal, of kind reverse */
    int32_t last_date;                 /* of the last valid entry */
    uint64_t last_time_ms;             /* the greatest time of any decoded entry */
    struct turnover own[ACCOUNTS_MAX]; /* per row of the chart; intergroup rows: all partners */
    bool reported[ACCOUNTS_MAX];       /* the group reports this account */
};

/* What the fold must look up in the ledger's own past. The store and the tests provide it. */
struct past {
    void *context;
    /* Root of this ledger at `size` (<= entries before the one judged). */
    enum err_code (*root_at)(void *context, uint64_t size, struct hash *root);
    /* The leaf at `index`; the view is valid until the next call. */
    enum err_code (*leaf)(void *context, uint64_t index, struct bytes *leaf);
    bool (*was_valid)(void *context, uint64_t index);
    bool (*was_reversed)(void *context, uint64_t index);
    /* Among this ledger's earlier entries with approvals: these nine fields? */
    bool (*was_approved)(void *context, const struct hash *unsigned_hash);
    /* Is there a key-chain link of exactly this size? */
    bool (*has_link)(void *context, uint64_t size);
};

/* Marks that the caller keeps for `past` after the entry was judged valid. */
struct fold_marks {
    bool approved; /* had approvals */
    struct hash approved_hash;
    bool reversed;
    uint64_t reversed_index; /* this earlier entry is now undone */
};

/* One admitted group, told when a roster entry of a network is valid. When a call fails, the entry
 * is not folded in and will be told again from its first admission. */
typedef enum err_code (*admitted_fn)(void *context, const struct admission *admission,
                                     uint64_t index);

struct fold {
    struct hash group;
    struct ledger_state *state;
    const struct past *past;
    /* Networks only: is the group rostered already, or does one share its first 8 bytes? */
    bool (*is_rostered)(void *context, const struct hash *group);
    admitted_fn admitted; /* may be NULL */
    void *roster_context;

    /* scratch of the entry under judgement */
    uint64_t index;
    struct bytes leaf;
    struct fold_marks marks;
    bool decoded;       /* `entry` is set */
    bool is_link;       /* an amend that changes keys and is a link of the key chain */
    unsigned approvals; /* all verified, by officers in force */
    struct entry entry;
};

void ledger_state_init(struct ledger_state *state);

/* Judges the next entry (index = state->size) and folds it in. Always advances size by one unless
 * the ledger has stopped: at a leaf that halts it (E_LEAF), a key change without a link
 * (E_SIGNATURE), something newer than this program (E_NEEDS_UPGRADE); a stopped ledger answers
 * with the code that stopped it and changes no more. Returns OK for valid, else the verdict's code;
 * `err` says the detail (formatting it costs: pass NULL in bulk).
 * fold->entry holds the decoded entry (fold->decoded), fold->marks what to keep where it is valid.
 * Memory or lookup failures of `past` and `admitted` (E_IO, E_CORRUPT, E_MEMORY, E_NO_DATA) are
 * returned with the state untouched: they are no verdicts. */
enum err_code fold_leaf(struct fold *fold, struct bytes leaf, struct err *err);

/* A verdict (OK, a code below 30, E_LEAF, E_SIGNATURE), not a failure to look something up. */
bool verdict_is_final(enum err_code code);

/* debit - credit; false on overflow. */
bool MUST_USE turnover_balance(const struct turnover *turnover, struct amount *balance);

void ledger_state_pack(struct buffer *out, const struct ledger_state *state);
enum err_code MUST_USE ledger_state_read(struct bytes bytes, struct ledger_state *state);

#endif

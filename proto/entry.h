/* An entry's public header: the Merkle leaf, a canonical MessagePack array of ten fields
 * (docs/protocol.md, "Entry"):
 *
 *   [version, kind, date, time, actor, refs, posts, terms, body, approvals]
 *
 * Place is proved by the tree, so a leaf carries no sequence number and no group id. */
#ifndef SATCHA_PROTO_ENTRY_H
#define SATCHA_PROTO_ENTRY_H

#include "proto/amount.h"
#include "proto/sign.h"

enum { ENTRY_VERSION = 1 };

/* Even = critical, odd = may be ignored by one who does not know it. */
enum kind {
    KIND_GENESIS = 2,
    KIND_AMEND = 4,
    KIND_ROSTER = 6,
    KIND_MEMBER = 8,
    KIND_CONTRACT = 9,
    KIND_POST = 10,
    KIND_REVERSE = 12,
    KIND_COUNT = 13,
    KIND_CLOSE = 14,
    KIND_PROPOSE = 16,
    KIND_ANSWER = 18,
    KIND_SEND = 20,
    KIND_RECEIVE = 22,
    KIND_SETTLE = 24,
    KIND_DISPUTE = 26,
    KIND_ATTEST = 27,
    KIND_NOTE = 29
};

/* [group or nil, index, root]: pins an entry, its place and its whole past. */
struct ref {
    bool own;          /* nil in the first place: this ledger */
    struct hash group; /* when not own */
    uint64_t index;
    struct hash root; /* of that ledger at size index + 1 */
};

/* [account, counterparty or nil, satang] */
struct post {
    uint16_t account;
    bool has_counterparty;
    struct hash counterparty;
    struct amount amount; /* debit > 0, credit < 0, never 0, at most 10^15 either way */
};

struct approval {
    uint32_t officer;
    struct signature signature;
};

/* A decoded header. Large (about 30 KiB): keep one per loop, not one per entry. Only the first
 * *_count elements of each array are set. `terms` and `raw` view the bytes that were decoded, or,
 * when building, bytes of the builder. */
struct entry {
    uint64_t version;
    uint64_t kind;
    int32_t date; /* days since 1970-01-01, civil, UTC+7 */
    uint64_t time_ms;
    uint32_t actor; /* an officer's number; 0 = nobody named */
    unsigned ref_count;
    struct ref refs[ENTRY_REFS_MAX];
    unsigned post_count;
    struct post posts[ENTRY_POSTS_MAX];
    struct bytes terms; /* a canonical map */
    bool has_body;
    struct hash body; /* commitment to the private lines */
    unsigned approval_count;
    struct approval approvals[ENTRY_APPROVALS_MAX];
    size_t unsigned_len; /* when decoded: bytes of the leaf up to the approvals field */
};

/* Strict. E_ENCODING where the leaf is not a canonical entry of version 1 (err: which field and
 * what was expected); E_NEEDS_UPGRADE where it is canonical but of a newer version. Checked here:
 * ranges, refs[1..] sorted and unique, posts sorted by (account, counterparty with nil first, debit
 * first) and unique, amounts postable, approvals ascending by officer. Not checked: accounts exist,
 * posts balance, terms' meaning (rules.h). */
enum err_code MUST_USE entry_decode(struct bytes leaf, struct entry *entry, struct err *err);

/* Appends the canonical bytes. E_ENCODING / E_LIMIT when the entry breaks a format rule (fields
 * out of range, over ENTRY_MAX_BYTES): what is written always decodes. */
enum err_code MUST_USE entry_encode(const struct entry *entry, struct buffer *out, struct err *err);

/* Sorts refs[1..], posts (merging lines of one account, counterparty and side) and approvals into
 * canonical order. E_OVERFLOW, E_LIMIT. */
enum err_code MUST_USE entry_sort(struct entry *entry, struct err *err);

/* SHA-256 of the canonical array of the first nine fields: what approvals sign and E_DUP compares.
 */
void entry_unsigned_hash(const struct entry *entry, struct bytes leaf, struct hash *out);
/* The message that an officer signs: "satcha/approval/1\n" || group id || hash above. */
enum { APPROVAL_MESSAGE_BYTES = 18 + 32 + 32 };
void entry_approval_message(const struct hash *group, const struct hash *unsigned_hash,
                            uint8_t out[APPROVAL_MESSAGE_BYTES]);
/* Builds the nine-field hash of an entry that is not encoded yet (to sign approvals). */
enum err_code MUST_USE entry_hash_to_approve(const struct entry *entry, struct hash *out,
                                             struct err *err);

#endif

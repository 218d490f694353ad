/* Private lines: what an entry's commitment hides. They never travel with the ledger.
 *
 *   line  = canonical array [line, account, member, party, sub, unit, fund, satang, memo, op]
 *           line: row of the entry that it belongs to, from 0 (the legs of one row share it)
 *           member, party, sub, unit, fund: numbers or nil; memo, op: text or nil
 *   kind member: canonical array [operation, first, last]
 *   leaf  = 16 random bytes (salt) || line
 *   commitment = SHA-256("satcha/body/1\n" || count (u32 BE) || RFC 6962 root over the leaves)
 *   stored body = count times | salt (16) | length u16 BE | line |
 *
 * One member's line can be proved without the others (an inclusion proof in that tree); destroying
 * a salt and line erases them while the chain still verifies. */
#ifndef SATCHA_PROTO_BODY_H
#define SATCHA_PROTO_BODY_H

#include "proto/amount.h"
#include "proto/hash.h"

enum { BODY_SALT_BYTES = 16 };

/* One leg. Number fields: 0 = nil. Texts are views (empty = nil). */
struct body_line {
    uint32_t line;
    uint16_t account;
    uint32_t member;
    uint32_t party;
    uint32_t sub;
    uint32_t unit;
    uint32_t fund;
    struct amount amount; /* debit > 0, credit < 0 */
    struct bytes memo;
    struct bytes operation;
};

enum member_operation {
    MEMBER_OPENING = 1,
    MEMBER_LIST = 2,
    MEMBER_JOIN = 3,
    MEMBER_LEAVE = 4,
    MEMBER_CHANGE = 5
};
struct member_line {
    uint32_t operation;
    uint32_t first; /* 0 for an opening: `last` is then how many were counted */
    uint32_t last;
};

void body_line_pack(struct buffer *out, const struct body_line *line);
enum err_code MUST_USE body_line_read(struct bytes bytes, struct body_line *line);
void member_line_pack(struct buffer *out, const struct member_line *line);
enum err_code MUST_USE member_line_read(struct bytes bytes, struct member_line *line);

/* Appends one stored line. `salt` from the caller's random source. */
void body_append(struct buffer *stored, const uint8_t salt[BODY_SALT_BYTES], struct bytes line);
/* Walks a stored body: false at the end or when malformed (then *failed). */
bool body_next(struct bytes *rest, struct bytes *salt, struct bytes *line, bool *failed);
/* The commitment of a stored body; E_ENCODING malformed, E_LIMIT over BODY_LINES_MAX. */
enum err_code MUST_USE body_commit(struct bytes stored, struct hash *commitment, uint32_t *count);

#endif

/* A cut: exactly which heads an audit is over, as a signed note (C2SP signed-note) that people hand
 * on as a file. Same cut, same report on every node.
 *
 *   satcha/cut/1\n
 *   <network id, 64 hex>\n
 *   <as-of date, ISO 8601>\n
 *   rules <rules version>\n
 *   groups <N>\n
 *   N times: <group id, 64 hex> <epoch> <size> <base64 root>\n   size 0 (expected, not held):
 *            <group id> 0 0 -\n                                  the network first, then the
 *                                                                roster by (place, id)
 *   forks <K>\n
 *   K times: <group id>\n                                        frozen ledgers, in that order
 *   \n
 *   — satcha/<maker's id>/<epoch> <base64(key id, 4 bytes || Ed25519 signature)>\n   1 to 16
 *
 * The signature is over everything before the empty line. The cut's id is the first 16 hex digits
 * of the SHA-256 of the same bytes. */
#ifndef SATCHA_STORE_CUT_H
#define SATCHA_STORE_CUT_H

#include "store/store.h"

enum { CUT_ID_MAX = 17, CUT_MAX_BYTES = 33554432 /* 131,072 groups of at most 150 bytes */ };

struct cut_item {
    struct hash group;
    uint32_t epoch;
    uint64_t size; /* 0: expected, not held */
    struct hash root;
};
struct cut_signature {
    struct hash group; /* the maker */
    uint32_t epoch;
    uint8_t key_id[KEY_ID_BYTES];
    struct signature signature;
};
struct cut {
    struct hash network;
    int32_t as_of;
    uint64_t rules;
    size_t count;
    struct cut_item *items; /* owned; items[0] is the network */
    size_t fork_count;
    struct hash *forks; /* owned */
    unsigned signature_count;
    struct cut_signature signatures[NOTE_SIGNATURES_MAX];
    char id[CUT_ID_MAX];
};

/* The heads of now. E_NO_DATA where there is no network, or nothing of its ledger. */
enum err_code MUST_USE cut_of_heads(struct store *store, int32_t as_of, struct cut *cut,
                                    struct err *err);
/* The note, signed with the own key; also fills cut->id. */
enum err_code MUST_USE cut_write(struct store *store, struct cut *cut, struct buffer *out,
                                 struct err *err);
/* Strict: what is read would be written the same. E_ENCODING with line and what was expected. No
 * signature is verified here. */
enum err_code MUST_USE cut_parse(struct bytes text, struct cut *cut, struct err *err);
/* Its makers' signatures, for those whose key is known here: the key in force at the size that the
 * cut gives its maker. *verified counts the good ones. E_SIGNATURE: one of them is wrong. */
enum err_code MUST_USE cut_verify(struct store *store, struct bytes text, const struct cut *cut,
                                  unsigned *verified, struct err *err);
bool cut_is_forked(const struct cut *cut, const struct hash *group);
void cut_free(struct cut *cut); /* and empty again */

#endif

/* A ledger's head, and its form for the outside world: a C2SP tlog-checkpoint in a signed note.
 *
 *   satcha/<group id, 64 hex>/<epoch>\n     origin; also the key name
 *   <size>\n                                decimal, no leading zeros, >= 1
 *   <base64 root>\n
 *   \n
 *   — satcha/<id>/<epoch> <base64(key id, 4 bytes || Ed25519 signature, 64 bytes)>\n
 *
 * key id = first 4 bytes of SHA-256(key name || '\n' || 0x01 || public key) (C2SP signed-note).
 * The signature is over the first three lines. On the wire and in the store a head travels in
 * binary (docs/protocol.md, "Head"); the text is made from it, so both carry the same signature.
 * There are one or two signature lines of ours: two where the signing key changes. */
#ifndef SATCHA_PROTO_CHECKPOINT_H
#define SATCHA_PROTO_CHECKPOINT_H

#include "proto/sign.h"

enum { KEY_ID_BYTES = 4, HEAD_TEXT_MAX = 256 };

struct head_signature {
    uint8_t key_id[KEY_ID_BYTES];
    struct signature signature;
};

struct head {
    struct hash group;
    uint32_t epoch;
    uint64_t size; /* entries, >= 1 */
    struct hash root;
    unsigned signature_count; /* 0 (unsigned claim) .. HEAD_SIGNATURES_MAX */
    struct head_signature signature[HEAD_SIGNATURES_MAX];
};

/* The three signed lines. Returns the length; out is not terminated beyond it. */
size_t head_text(const struct head *head, char out[HEAD_TEXT_MAX]);
void head_key_id(const struct head *head, const struct hash *public_key, uint8_t out[KEY_ID_BYTES]);
/* Adds the key's signature; at most HEAD_SIGNATURES_MAX (asserted). */
void head_sign(struct head *head, const struct sign_key *key);
/* E_SIGNATURE unless one of its signatures has this key's id and verifies. */
enum err_code MUST_USE head_verify(const struct head *head, const struct hash *public_key);

/* Binary: array [group, epoch, size, root, bin (68 bytes per signature)]. */
void head_pack(struct buffer *out, const struct head *head);
void head_read(struct cursor *cursor, struct head *head); /* poisons the cursor when malformed */

/* Text. `out` gets the whole signed note. */
void checkpoint_write(struct buffer *out, const struct head *head);
/* Strict: exactly three lines, a blank one, 1..16 signature lines. Lines by other key names are
 * ignored; ours are kept (more than HEAD_SIGNATURES_MAX = E_SIGNATURE). No signature is verified
 * here. Errors: E_ENCODING with the line and what was expected there. */
enum err_code MUST_USE checkpoint_parse(struct bytes note, struct head *head, struct err *err);

#endif

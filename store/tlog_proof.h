/* An inclusion proof as a file that outside tools check: C2SP tlog-proof.
 *
 *   c2sp.org/tlog-proof@v1\n
 *   extra <base64 of the leaf>\n
 *   index <entry>\n
 *   0 to 64 times: <base64 hash>\n
 *   \n
 *   <checkpoint>                       (checkpoint.h) */
#ifndef SATCHA_STORE_TLOG_PROOF_H
#define SATCHA_STORE_TLOG_PROOF_H

#include "proto/checkpoint.h"
#include "proto/merkle.h"

struct tlog_proof {
    uint64_t index;
    struct bytes leaf; /* written: the caller's; parsed: in the buffer that was given */
    struct merkle_proof path;
    struct head head;
};

/* E_MEMORY. */
enum err_code MUST_USE tlog_proof_write(const struct tlog_proof *proof, struct buffer *out,
                                        struct err *err);
/* Strict; the leaf must be there. E_ENCODING with the line. Nothing is verified. */
enum err_code MUST_USE tlog_proof_parse(struct bytes text, struct buffer *scratch,
                                        struct tlog_proof *proof, struct err *err);
/* Does the leaf stand at its index under the checkpoint's root? E_PROOF. The checkpoint's signature
 * is apart: it takes the group's key. */
enum err_code MUST_USE tlog_proof_verify(const struct tlog_proof *proof, struct err *err);

#endif

/* Noise_XKpsk3_25519_ChaChaPoly_SHA256 (Noise revision 34) on libsodium primitives.
 *
 *   <- s
 *   ...
 *   -> e, es          (payload: nothing)
 *   <- e, ee          (payload: nothing)
 *   -> s, se, psk     (payload: the initiator's group id, 32 bytes)
 *
 * psk = network key; prologue = "satcha/1\n" || network id || HMAC(network key, "prologue"). A
 * stranger who lacks the network key cannot make the tag of the first message, and gets no byte.
 *
 * Pure: ephemeral keys come in as arguments (random in the node, fixed in tests).
 * The plain XK pattern is here too, for the vectors (pattern argument). */
#ifndef SATCHA_PROTO_NOISE_H
#define SATCHA_PROTO_NOISE_H

#include "proto/sign.h"

enum noise_role { NOISE_INITIATOR, NOISE_RESPONDER };
enum noise_pattern { NOISE_XK, NOISE_XKPSK3 };

/* One direction after the handshake. Nonce: 4 zero bytes and 64-bit little endian (Noise 12.3). */
struct noise_cipher {
    uint8_t key[32];
    uint64_t nonce;
};

struct noise_config {
    enum noise_role role;
    enum noise_pattern pattern;
    struct bytes prologue;                 /* borrowed during noise_start only */
    const struct transport_key *own;       /* copied */
    const struct transport_key *ephemeral; /* copied; fresh for every handshake */
    const struct hash *remote_static;      /* initiator: the responder's key; responder: NULL */
    const uint8_t *psk;                    /* 32 bytes for XKpsk3, else NULL; copied */
};

struct noise {
    enum noise_role role;
    enum noise_pattern pattern;
    unsigned message;           /* messages done: 0 .. 3 */
    struct hash handshake_hash; /* h */
    struct hash chaining_key;   /* ck */
    struct noise_cipher cipher; /* k, n */
    bool has_key;
    struct transport_key own, ephemeral;
    struct hash remote_static, remote_ephemeral;
    uint8_t psk[32];
};

void noise_start(struct noise *noise, const struct noise_config *config);
/* Whose turn: true when the next message is ours to write. */
bool noise_is_writing(const struct noise *noise);
bool noise_is_done(const struct noise *noise); /* after the third message */
/* Appends the next handshake message with `payload`. E_SIGNATURE when a key exchange yields the
 * all-zero secret (a small-order key of the peer). */
enum err_code MUST_USE noise_write(struct noise *noise, struct bytes payload, struct buffer *out);
/* Reads the next handshake message; the payload is appended to `payload`. E_SIGNATURE when the
 * tag is wrong or a key bad, E_FRAME when too short. */
enum err_code MUST_USE noise_read(struct noise *noise, struct bytes message,
                                  struct buffer *payload);
/* After the third message: the two transport ciphers and the peer's static key. Wipes `noise`
 * apart from remote_static and handshake_hash. */
void noise_split(struct noise *noise, struct noise_cipher *sending, struct noise_cipher *receiving);
void noise_wipe(struct noise *noise);

/* ChaCha20-Poly1305 with the nonce counted up; `out` takes len + 16 (encrypt) or len - 16. */
void noise_encrypt(struct noise_cipher *cipher, struct bytes plain, uint8_t *out);
bool MUST_USE noise_decrypt(struct noise_cipher *cipher, struct bytes sealed, uint8_t *out);
/* REKEY of Noise section 11.3: the key becomes ENCRYPT(k, 2^64-1, "", 32 zero bytes)[0..32);
 * the nonce goes on. */
void noise_rekey(struct noise_cipher *cipher);

#endif

/* The Noise handshake XKpsk3 (and plain XK) as a pure state machine: one function per token, the
 * three messages as token lists, and the transport ciphers.
 *
 *   SymmetricState: h = handshake_hash, ck = chaining_key, (k, n) = cipher  (Noise section 5.2)
 *   MixKey, MixHash, MixKeyAndHash, EncryptAndHash, DecryptAndHash, Split are functions below.
 *   In the psk pattern an `e` token also mixes the ephemeral key into ck (Noise section 9.2). */
#include "proto/noise.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum token { TOKEN_END, TOKEN_E, TOKEN_S, TOKEN_EE, TOKEN_ES, TOKEN_SE, TOKEN_PSK };
enum { MESSAGE_COUNT = 3, MESSAGE_TOKENS = 4, TAG_BYTES = FRAME_TAG_BYTES, KEY_BYTES = 32 };

static const enum token pattern_tokens[MESSAGE_COUNT][MESSAGE_TOKENS] = {
    {TOKEN_E, TOKEN_ES, TOKEN_END, TOKEN_END},
    {TOKEN_E, TOKEN_EE, TOKEN_END, TOKEN_END},
    {TOKEN_S, TOKEN_SE, TOKEN_PSK, TOKEN_END},
};

_Static_assert(TAG_BYTES == crypto_aead_chacha20poly1305_ietf_ABYTES, "tag of the AEAD");
_Static_assert(KEY_BYTES == crypto_aead_chacha20poly1305_ietf_KEYBYTES, "key of the AEAD");

/* --- the cipher --- */

/* 32 bits of zeros and n as 64 bits little endian: Noise section 12.3. */
static void nonce_bytes(uint64_t nonce, uint8_t out[crypto_aead_chacha20poly1305_ietf_NPUBBYTES])
{
    memset(out, 0, 4);
    for (unsigned i = 0; i < 8; i++) {
        out[4 + i] = (uint8_t)(nonce >> (8 * i));
    }
}

static void seal(const uint8_t *key, uint64_t nonce, struct bytes associated, struct bytes plain,
                 uint8_t *out)
{
    uint8_t npub[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

    nonce_bytes(nonce, npub);
    crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, plain.data, plain.len, associated.data,
                                              associated.len, NULL, npub, key);
}

static bool unseal(const uint8_t *key, uint64_t nonce, struct bytes associated, struct bytes sealed,
                   uint8_t *out)
{
    uint8_t npub[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

    nonce_bytes(nonce, npub);
    return crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed.data, sealed.len,
                                                     associated.data, associated.len, npub,
                                                     key) == 0;
}

void noise_encrypt(struct noise_cipher *cipher, struct bytes plain, uint8_t *out)
{
    assert(cipher->nonce != UINT64_MAX); /* reserved for rekeying; 2^64 frames are never reached */
    seal(cipher->key, cipher->nonce++, bytes_of(NULL, 0), plain, out);
}

bool noise_decrypt(struct noise_cipher *cipher, struct bytes sealed, uint8_t *out)
{
    assert(cipher->nonce != UINT64_MAX);
    if (sealed.len < TAG_BYTES) {
        return false;
    }
    if (!unseal(cipher->key, cipher->nonce, bytes_of(NULL, 0), sealed, out)) {
        return false;
    }
    cipher->nonce++;
    return true;
}

void noise_rekey(struct noise_cipher *cipher)
{
    static const uint8_t zeros[KEY_BYTES];
    uint8_t sealed[KEY_BYTES + TAG_BYTES];

    seal(cipher->key, UINT64_MAX, bytes_of(NULL, 0), bytes_of(zeros, sizeof zeros), sealed);
    memcpy(cipher->key, sealed, KEY_BYTES);
    sodium_memzero(sealed, sizeof sealed);
}

/* --- the symmetric state --- */

/* HKDF of Noise section 4.3: output[0..count) from ck and the input. */
static void hkdf(const struct hash *chaining_key, struct bytes input, struct hash *output,
                 unsigned count)
{
    struct hash temporary;
    uint8_t block[HASH_BYTES + 1];

    hash_hmac(&temporary, hash_view(chaining_key), input);
    for (unsigned i = 0; i < count; i++) {
        size_t len = 0;

        if (i > 0) {
            memcpy(block, output[i - 1].bytes, HASH_BYTES);
            len = HASH_BYTES;
        }
        block[len++] = (uint8_t)(i + 1);
        hash_hmac(&output[i], hash_view(&temporary), bytes_of(block, len));
    }
    sodium_memzero(&temporary, sizeof temporary);
    sodium_memzero(block, sizeof block);
}

static void mix_hash(struct noise *noise, struct bytes data)
{
    const struct bytes parts[] = {hash_view(&noise->handshake_hash), data};
    struct hash next;

    hash_parts(&next, parts, 2);
    noise->handshake_hash = next;
}

static void set_key(struct noise *noise, const struct hash *key)
{
    memcpy(noise->cipher.key, key->bytes, KEY_BYTES);
    noise->cipher.nonce = 0;
    noise->has_key = true;
}

static void mix_key(struct noise *noise, struct bytes input)
{
    struct hash output[2];

    hkdf(&noise->chaining_key, input, output, 2);
    noise->chaining_key = output[0];
    set_key(noise, &output[1]);
    sodium_memzero(output, sizeof output);
}

static void mix_key_and_hash(struct noise *noise, struct bytes input)
{
    struct hash output[3];

    hkdf(&noise->chaining_key, input, output, 3);
    noise->chaining_key = output[0];
    mix_hash(noise, hash_view(&output[1]));
    set_key(noise, &output[2]);
    sodium_memzero(output, sizeof output);
}

static void encrypt_and_hash(struct noise *noise, struct bytes plain, struct buffer *out)
{
    size_t len = plain.len + (noise->has_key ? (size_t)TAG_BYTES : 0);
    uint8_t *at = buffer_extend(out, len);

    if (at == NULL) {
        return;
    }
    if (noise->has_key) {
        seal(noise->cipher.key, noise->cipher.nonce++, hash_view(&noise->handshake_hash), plain,
             at);
    } else if (plain.len > 0) {
        memcpy(at, plain.data, plain.len);
    }
    mix_hash(noise, bytes_of(at, len));
}

/* `out` takes sealed.len - 16 bytes (sealed.len without a key). */
static bool decrypt_and_hash(struct noise *noise, struct bytes sealed, uint8_t *out)
{
    if (!noise->has_key) {
        if (sealed.len > 0) {
            memcpy(out, sealed.data, sealed.len);
        }
    } else if (!unseal(noise->cipher.key, noise->cipher.nonce++, hash_view(&noise->handshake_hash),
                       sealed, out)) {
        return false;
    }
    mix_hash(noise, sealed);
    return true;
}

/* --- tokens --- */

/* libsodium refuses an all-zero result, which only a small-order key gives. */
static bool mix_exchange(struct noise *noise, const struct transport_key *own,
                         const struct hash *remote)
{
    uint8_t shared[crypto_scalarmult_BYTES];
    bool fine = crypto_scalarmult(shared, own->secret, remote->bytes) == 0;

    if (fine) {
        mix_key(noise, bytes_of(shared, sizeof shared));
    }
    sodium_memzero(shared, sizeof shared);
    return fine;
}

/* The tokens that read and write alike: key exchanges and the psk. */
static bool mix_token(struct noise *noise, enum token token)
{
    bool initiator = noise->role == NOISE_INITIATOR;

    switch (token) {
    case TOKEN_EE:
        return mix_exchange(noise, &noise->ephemeral, &noise->remote_ephemeral);
    case TOKEN_ES:
        return initiator ? mix_exchange(noise, &noise->ephemeral, &noise->remote_static)
                         : mix_exchange(noise, &noise->own, &noise->remote_ephemeral);
    case TOKEN_SE:
        return initiator ? mix_exchange(noise, &noise->own, &noise->remote_ephemeral)
                         : mix_exchange(noise, &noise->ephemeral, &noise->remote_static);
    case TOKEN_PSK:
        if (noise->pattern == NOISE_XKPSK3) {
            mix_key_and_hash(noise, bytes_of(noise->psk, sizeof noise->psk));
        }
        return true;
    case TOKEN_E:
    case TOKEN_S:
    case TOKEN_END:
        break;
    }
    return true;
}

static void mix_ephemeral(struct noise *noise, const struct hash *key)
{
    mix_hash(noise, hash_view(key));
    if (noise->pattern == NOISE_XKPSK3) {
        mix_key(noise, hash_view(key));
    }
}

static bool write_token(struct noise *noise, enum token token, struct buffer *out)
{
    if (token == TOKEN_E) {
        buffer_append(out, noise->ephemeral.public_key.bytes, HASH_BYTES);
        mix_ephemeral(noise, &noise->ephemeral.public_key);
        return true;
    }
    if (token == TOKEN_S) {
        encrypt_and_hash(noise, hash_view(&noise->own.public_key), out);
        return true;
    }
    return mix_token(noise, token);
}

/* Takes `len` bytes off the front of the message; E_FRAME when it is shorter. */
static enum err_code take(struct bytes *message, size_t len, struct bytes *part)
{
    if (message->len < len) {
        return E_FRAME;
    }
    *part = bytes_of(message->data, len);
    *message = bytes_of(message->data + len, message->len - len);
    return OK;
}

static enum err_code read_token(struct noise *noise, enum token token, struct bytes *message)
{
    struct bytes part;
    enum err_code code;

    if (token == TOKEN_E) {
        code = take(message, HASH_BYTES, &part);
        if (code != OK) {
            return code;
        }
        memcpy(noise->remote_ephemeral.bytes, part.data, HASH_BYTES);
        mix_ephemeral(noise, &noise->remote_ephemeral);
        return OK;
    }
    if (token == TOKEN_S) {
        code = take(message, HASH_BYTES + (noise->has_key ? (size_t)TAG_BYTES : 0), &part);
        if (code != OK) {
            return code;
        }
        return decrypt_and_hash(noise, part, noise->remote_static.bytes) ? OK : E_SIGNATURE;
    }
    return mix_token(noise, token) ? OK : E_SIGNATURE;
}

/* --- the handshake --- */

static const char *protocol_name(enum noise_pattern pattern)
{
    switch (pattern) {
    case NOISE_XK:
        return "Noise_XK_25519_ChaChaPoly_SHA256";
    case NOISE_XKPSK3:
        break;
    }
    return "Noise_XKpsk3_25519_ChaChaPoly_SHA256";
}

void noise_start(struct noise *noise, const struct noise_config *config)
{
    struct bytes name = bytes_of_text(protocol_name(config->pattern));

    assert((config->remote_static != NULL) == (config->role == NOISE_INITIATOR));
    assert((config->psk != NULL) == (config->pattern == NOISE_XKPSK3));
    memset(noise, 0, sizeof *noise);
    noise->role = config->role;
    noise->pattern = config->pattern;
    noise->own = *config->own;
    noise->ephemeral = *config->ephemeral;
    if (config->remote_static != NULL) {
        noise->remote_static = *config->remote_static;
    }
    if (config->psk != NULL) {
        memcpy(noise->psk, config->psk, sizeof noise->psk);
    }
    if (name.len <= HASH_BYTES) {
        memcpy(noise->handshake_hash.bytes, name.data, name.len);
    } else {
        hash_of(&noise->handshake_hash, name);
    }
    noise->chaining_key = noise->handshake_hash;
    mix_hash(noise, config->prologue);
    /* The pre-message "<- s": the responder's static key, known to both. */
    mix_hash(noise, hash_view(config->role == NOISE_INITIATOR ? &noise->remote_static
                                                              : &noise->own.public_key));
}

bool noise_is_done(const struct noise *noise)
{
    return noise->message == MESSAGE_COUNT;
}

bool noise_is_writing(const struct noise *noise)
{
    bool initiators_turn = noise->message % 2 == 0;

    return !noise_is_done(noise) && initiators_turn == (noise->role == NOISE_INITIATOR);
}

enum err_code noise_write(struct noise *noise, struct bytes payload, struct buffer *out)
{
    assert(noise_is_writing(noise));
    for (unsigned i = 0; i < MESSAGE_TOKENS; i++) {
        if (!write_token(noise, pattern_tokens[noise->message][i], out)) {
            return E_SIGNATURE;
        }
    }
    encrypt_and_hash(noise, payload, out);
    noise->message++;
    return out->failed ? E_MEMORY : OK;
}

enum err_code noise_read(struct noise *noise, struct bytes message, struct buffer *payload)
{
    uint8_t *out;
    size_t tag;

    assert(!noise_is_writing(noise) && !noise_is_done(noise));
    for (unsigned i = 0; i < MESSAGE_TOKENS; i++) {
        enum err_code code = read_token(noise, pattern_tokens[noise->message][i], &message);

        if (code != OK) {
            return code;
        }
    }
    tag = noise->has_key ? (size_t)TAG_BYTES : 0;
    if (message.len < tag) {
        return E_FRAME;
    }
    /* At least one byte, so that an empty payload too has a place that is not NULL. */
    out = buffer_extend(payload, message.len - tag + 1);
    if (out == NULL) {
        return E_MEMORY;
    }
    payload->len--;
    if (!decrypt_and_hash(noise, message, out)) {
        payload->len -= message.len - tag;
        return E_SIGNATURE;
    }
    noise->message++;
    return OK;
}

void noise_split(struct noise *noise, struct noise_cipher *sending, struct noise_cipher *receiving)
{
    struct hash output[2];
    bool initiator = noise->role == NOISE_INITIATOR;
    struct hash remote_static = noise->remote_static, handshake_hash = noise->handshake_hash;

    assert(noise_is_done(noise));
    hkdf(&noise->chaining_key, bytes_of(NULL, 0), output, 2);
    memcpy(sending->key, output[initiator ? 0 : 1].bytes, KEY_BYTES);
    memcpy(receiving->key, output[initiator ? 1 : 0].bytes, KEY_BYTES);
    sending->nonce = 0;
    receiving->nonce = 0;
    sodium_memzero(output, sizeof output);
    noise_wipe(noise);
    noise->remote_static = remote_static;
    noise->handshake_hash = handshake_hash;
}

void noise_wipe(struct noise *noise)
{
    sodium_memzero(noise, sizeof *noise);
}

/* Secrets on disk: the home's `keys` file and officers' key files. Text, 0600, written to a
 * temporary name, flushed and renamed. Optionally sealed with a passphrase (Argon2id, then
 * XChaCha20-Poly1305), taken from $SATCHA_PASSPHRASE where a file is sealed. */
#ifndef SATCHA_STORE_KEYFILE_H
#define SATCHA_STORE_KEYFILE_H

#include "proto/sign.h"

enum { NETWORK_KEYS_MAX = 2 }; /* two generations are accepted for 30 days */

struct home_keys {
    uint8_t seed[SEED_BYTES];
    uint32_t signing_generation; /* sub-keys: seed_derive */
    uint32_t transport_generation;
    bool has_network;
    struct hash network_id;
    unsigned network_key_count; /* newest first */
    uint8_t network_keys[NETWORK_KEYS_MAX][32];
    /* derived when read: */
    struct sign_key signing;
    struct transport_key transport;
};

/* The key is made from the seed as it is (no sub-key). */
struct officer_key {
    uint32_t number;
    struct sign_key key;
    uint8_t seed[SEED_BYTES];
};

/* Sealing. `passphrase` NULL: not sealed, unless a sealed file stands there already: then it stays
 * sealed, with the passphrase of the environment. Reading takes the passphrase from there too.
 * Errors: E_USAGE no passphrase where one is due, E_CORRUPT not a key file or wrong passphrase (the
 * two cannot be told apart once sealed), E_NOT_FOUND, E_IO. */
enum err_code MUST_USE home_keys_write(const char *path, const struct home_keys *keys,
                                       const char *passphrase, struct err *err);
enum err_code MUST_USE home_keys_read(const char *path, struct home_keys *keys, struct err *err);
void home_keys_derive(struct home_keys *keys); /* fills signing and transport */
void home_keys_wipe(struct home_keys *keys);

enum err_code MUST_USE officer_key_write(const char *path, const struct officer_key *key,
                                         const char *passphrase, struct err *err);
enum err_code MUST_USE officer_key_read(const char *path, struct officer_key *key, struct err *err);
void officer_key_wipe(struct officer_key *key);

#endif

/* Key files: text of "key = value" lines behind a first line that names what it is, as it is or
 * sealed.
 *
 *   satcha-keys 1                          satcha-officer-key 1
 *   seed = 64 hex digits                   number = 1
 *   signing = generation                   seed = 64 hex digits
 *   transport = generation
 *   network = 64 hex digits                (only when one is joined)
 *   network_key = 64 hex digits            (one or two lines, newest first)
 *
 *   satcha-sealed 1
 *   salt = 32 hex digits                   Argon2id (libsodium's crypto_pwhash)
 *   operations = 3
 *   memory = bytes
 *   nonce = 48 hex digits
 *   box = hex                              XChaCha20-Poly1305 of the text above, no added data */
#include "store/keyfile.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/files.h"

enum {
    PLAIN_MAX_BYTES = 1024,
    FILE_MAX_BYTES = 8192,
    SEAL_OPERATIONS = 3,
    SEAL_MEMORY_BYTES = 64 << 20, /* a mini PC has it to spare, a graphics card's cores do not */
    SEAL_OPERATIONS_MAX = 16,
    SEAL_MEMORY_MAX_BYTES = 1 << 30, /* a foreign file must not make us take more */
    SALT_BYTES = crypto_pwhash_SALTBYTES,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    BOX_KEY_BYTES = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    BOX_TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES
};

static const char home_title[] = "satcha-keys 1";
static const char officer_title[] = "satcha-officer-key 1";
static const char sealed_title[] = "satcha-sealed 1";

/* Text under construction or read: on the stack, wiped after use. */
struct key_text {
    char text[PLAIN_MAX_BYTES];
    size_t len;
};

static void text_add(struct key_text *out, const char *key, const char *value)
{
    int len = snprintf(out->text + out->len, sizeof out->text - out->len, "%s = %s\n", key, value);
    /* All values are of fixed length: PLAIN_MAX_BYTES holds them. */
    out->len += (size_t)len;
}

static void text_add_hex(struct key_text *out, const char *key, const uint8_t *value)
{
    char digits[HEX_HASH_MAX];
    hex_format(bytes_of(value, HASH_BYTES), digits);
    text_add(out, key, digits);
    sodium_memzero(digits, sizeof digits);
}

static void text_add_number(struct key_text *out, const char *key, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    text_add(out, key, digits);
}

static void text_title(struct key_text *out, const char *title)
{
    out->len = (size_t)snprintf(out->text, sizeof out->text, "%s\n", title);
}

/* --- sealing --- */

struct seal {
    uint8_t salt[SALT_BYTES];
    uint8_t nonce[NONCE_BYTES];
    uint64_t operations, memory_bytes;
};

static enum err_code seal_key(const struct seal *seal, const char *passphrase,
                              uint8_t key[BOX_KEY_BYTES], struct err *err)
{
    if (crypto_pwhash(key, BOX_KEY_BYTES, passphrase, strlen(passphrase), seal->salt,
                      seal->operations, (size_t)seal->memory_bytes,
                      crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return err_set(err, E_MEMORY, "a sealed key file needs %" PRIu64 " MiB of memory to open",
                       seal->memory_bytes >> 20);
    }
    return OK;
}

static enum err_code seal_text(const struct key_text *plain, const char *passphrase,
                               struct buffer *out, struct err *err)
{
    struct seal seal = {.operations = SEAL_OPERATIONS, .memory_bytes = SEAL_MEMORY_BYTES};
    random_bytes(seal.salt, sizeof seal.salt);
    random_bytes(seal.nonce, sizeof seal.nonce);
    uint8_t key[BOX_KEY_BYTES];
    enum err_code code = seal_key(&seal, passphrase, key, err);
    if (code != OK) {
        return code;
    }
    uint8_t box[PLAIN_MAX_BYTES + BOX_TAG_BYTES];
    unsigned long long len;
    crypto_aead_xchacha20poly1305_ietf_encrypt(box, &len, (const uint8_t *)plain->text, plain->len,
                                               NULL, 0, NULL, seal.nonce, key);
    sodium_memzero(key, sizeof key);
    char digits[2 * sizeof box + 1];
    buffer_print(out, "%s\n", sealed_title);
    buffer_print(out, "salt = %s\n", hex_format(bytes_of(seal.salt, sizeof seal.salt), digits));
    buffer_print(out, "operations = %" PRIu64 "\n", seal.operations);
    buffer_print(out, "memory = %" PRIu64 "\n", seal.memory_bytes);
    buffer_print(out, "nonce = %s\n", hex_format(bytes_of(seal.nonce, sizeof seal.nonce), digits));
    buffer_print(out, "box = %s\n", hex_format(bytes_of(box, (size_t)len), digits));
    return out->failed ? err_set(err, E_MEMORY, "no memory to seal a key file") : OK;
}

/* Reads the lines of a sealed file; the box as bytes. */
static bool seal_read(struct bytes lines, struct seal *seal, uint8_t *box, size_t *box_len)
{
    struct setting line = {.rest = lines};
    unsigned seen = 0;
    enum setting_result result;
    while ((result = setting_next(&line)) == SETTING_READ) {
        bool good = false;
        if (bytes_equal(line.key, bytes_of_text("salt"))) {
            good = hex_parse(line.value, seal->salt, sizeof seal->salt);
            seen |= 1;
        } else if (bytes_equal(line.key, bytes_of_text("nonce"))) {
            good = hex_parse(line.value, seal->nonce, sizeof seal->nonce);
            seen |= 2;
        } else if (bytes_equal(line.key, bytes_of_text("operations"))) {
            good = bytes_digits(line.value, SEAL_OPERATIONS_MAX, &seal->operations);
            seen |= 4;
        } else if (bytes_equal(line.key, bytes_of_text("memory"))) {
            good = bytes_digits(line.value, SEAL_MEMORY_MAX_BYTES, &seal->memory_bytes);
            seen |= 8;
        } else if (bytes_equal(line.key, bytes_of_text("box"))) {
            *box_len = line.value.len / 2;
            good = *box_len >= BOX_TAG_BYTES && *box_len <= PLAIN_MAX_BYTES + BOX_TAG_BYTES &&
                   hex_parse(line.value, box, *box_len);
            seen |= 16;
        }
        if (!good) {
            return false;
        }
    }
    return result == SETTING_END && seen == 31;
}

static const char *environment_passphrase(void)
{
    const char *passphrase = getenv("SATCHA_PASSPHRASE");
    return passphrase != NULL && passphrase[0] != '\0' ? passphrase : NULL;
}

static enum err_code unseal(const char *path, struct bytes lines, struct key_text *plain,
                            struct err *err)
{
    const char *passphrase = environment_passphrase();
    if (passphrase == NULL) {
        return err_set(err, E_USAGE, "%s: is sealed; set SATCHA_PASSPHRASE to its passphrase",
                       path);
    }
    struct seal seal = {.operations = 0};
    uint8_t box[PLAIN_MAX_BYTES + BOX_TAG_BYTES];
    size_t box_len = 0;
    uint8_t key[BOX_KEY_BYTES];
    if (!seal_read(lines, &seal, box, &box_len)) {
        return err_set(err, E_CORRUPT, "%s: is not a whole sealed key file; restore a copy", path);
    }
    enum err_code code = seal_key(&seal, passphrase, key, err);
    if (code != OK) {
        return err_prefix(err, code, "%s", path);
    }
    unsigned long long len;
    int opened = crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)plain->text, &len, NULL, box,
                                                            box_len, NULL, 0, seal.nonce, key);
    sodium_memzero(key, sizeof key);
    if (opened != 0) {
        return err_set(err, E_CORRUPT,
                       "%s: SATCHA_PASSPHRASE does not open it (wrong passphrase, or the file was "
                       "changed)",
                       path);
    }
    plain->len = (size_t)len;
    return OK;
}

/* --- files --- */

static void buffer_wipe(struct buffer *buffer)
{
    if (buffer->data != NULL) {
        sodium_memzero(buffer->data, buffer->cap);
    }
    buffer_free(buffer);
}

/* Takes the first line off; true when it is `title`. */
static bool take_title(struct bytes *text, const char *title)
{
    size_t len = strlen(title);
    if (text->len <= len || memcmp(text->data, title, len) != 0 || text->data[len] != '\n') {
        return false;
    }
    *text = bytes_of(text->data + len + 1, text->len - len - 1);
    return true;
}

static bool is_sealed_file(const char *path)
{
    struct buffer file;
    buffer_init(&file, FILE_MAX_BYTES);
    bool sealed = false;
    if (file_read(path, FILE_MAX_BYTES, &file, NULL) == OK) {
        struct bytes text = buffer_view(&file);
        sealed = take_title(&text, sealed_title);
    }
    buffer_wipe(&file);
    return sealed;
}

/* Wipes `plain`. */
static enum err_code text_save(const char *path, struct key_text *plain, const char *passphrase,
                               struct err *err)
{
    enum err_code code = OK;
    struct buffer sealed;
    buffer_init(&sealed, FILE_MAX_BYTES);
    struct bytes data = bytes_of(plain->text, plain->len);
    if (passphrase == NULL && is_sealed_file(path)) {
        passphrase = environment_passphrase();
        if (passphrase == NULL) {
            code = err_set(err, E_USAGE, "%s: is sealed; set SATCHA_PASSPHRASE to its passphrase",
                           path);
        }
    }
    if (code == OK && passphrase != NULL) {
        code = seal_text(plain, passphrase, &sealed, err);
        data = buffer_view(&sealed);
    }
    if (code == OK) {
        code = file_write(path, data, 0600, err);
    }
    buffer_wipe(&sealed);
    sodium_memzero(plain, sizeof *plain);
    return code;
}

/* The lines behind `title`, unsealed where needed. The caller wipes `plain`, also on failure. */
static enum err_code text_load(const char *path, const char *title, struct key_text *plain,
                               struct bytes *lines, struct err *err)
{
    struct buffer file;
    buffer_init(&file, FILE_MAX_BYTES);
    enum err_code code = file_read(path, FILE_MAX_BYTES, &file, err);
    struct bytes text = buffer_view(&file);
    if (code == OK && take_title(&text, sealed_title)) {
        code = unseal(path, text, plain, err);
    } else if (code == OK && text.len > 0 && text.len <= sizeof plain->text) {
        memcpy(plain->text, text.data, text.len);
        plain->len = text.len;
    }
    buffer_wipe(&file);
    if (code != OK) {
        return code;
    }
    *lines = bytes_of(plain->text, plain->len);
    if (!take_title(lines, title)) {
        return err_set(err, E_CORRUPT,
                       "%s: does not begin with the line \"%s\": it is no such file", path, title);
    }
    return OK;
}

/* --- a home's keys --- */

enum err_code home_keys_write(const char *path, const struct home_keys *keys,
                              const char *passphrase, struct err *err)
{
    struct key_text plain;
    text_title(&plain, home_title);
    text_add_hex(&plain, "seed", keys->seed);
    text_add_number(&plain, "signing", keys->signing_generation);
    text_add_number(&plain, "transport", keys->transport_generation);
    if (keys->has_network) {
        text_add_hex(&plain, "network", keys->network_id.bytes);
    }
    for (unsigned i = 0; i < keys->network_key_count; i++) {
        text_add_hex(&plain, "network_key", keys->network_keys[i]);
    }
    return text_save(path, &plain, passphrase, err);
}

enum { SEEN_SEED = 1, SEEN_SIGNING = 2, SEEN_TRANSPORT = 4, SEEN_ALL = 7 };

static bool home_line(struct home_keys *keys, const struct setting *line, unsigned *seen)
{
    uint64_t number;
    if (bytes_equal(line->key, bytes_of_text("seed"))) {
        *seen |= SEEN_SEED;
        return hex_parse(line->value, keys->seed, sizeof keys->seed);
    }
    if (bytes_equal(line->key, bytes_of_text("network"))) {
        keys->has_network = true;
        return hex_parse(line->value, keys->network_id.bytes, HASH_BYTES);
    }
    if (bytes_equal(line->key, bytes_of_text("network_key"))) {
        return keys->network_key_count < NETWORK_KEYS_MAX &&
               hex_parse(line->value, keys->network_keys[keys->network_key_count++], HASH_BYTES);
    }
    bool is_signing = bytes_equal(line->key, bytes_of_text("signing"));
    if ((!is_signing && !bytes_equal(line->key, bytes_of_text("transport"))) ||
        !bytes_digits(line->value, UINT32_MAX, &number)) {
        return false;
    }
    *seen |= is_signing ? SEEN_SIGNING : SEEN_TRANSPORT;
    *(is_signing ? &keys->signing_generation : &keys->transport_generation) = (uint32_t)number;
    return true;
}

static enum err_code home_lines(const char *path, struct bytes lines, struct home_keys *keys,
                                struct err *err)
{
    struct setting line = {.rest = lines};
    unsigned seen = 0;
    enum setting_result result;
    while ((result = setting_next(&line)) == SETTING_READ && home_line(keys, &line, &seen)) {
    }
    if (result != SETTING_END || seen != SEEN_ALL ||
        keys->has_network != (keys->network_key_count > 0)) {
        return err_set(err, E_CORRUPT,
                       "%s: a line is missing or not one of a home's keys; "
                       "restore a copy",
                       path);
    }
    return OK;
}

enum err_code home_keys_read(const char *path, struct home_keys *keys, struct err *err)
{
    struct key_text plain = {.len = 0};
    struct bytes lines;
    struct home_keys read;
    memset(&read, 0, sizeof read);
    enum err_code code = text_load(path, home_title, &plain, &lines, err);
    if (code == OK) {
        code = home_lines(path, lines, &read, err);
    }
    if (code == OK) {
        home_keys_derive(&read);
        *keys = read;
    }
    sodium_memzero(&plain, sizeof plain);
    home_keys_wipe(&read);
    return code;
}

void home_keys_derive(struct home_keys *keys)
{
    uint8_t seed[SEED_BYTES];
    seed_derive(keys->seed, SEED_SIGNING, keys->signing_generation, seed);
    sign_key_from_seed(&keys->signing, seed);
    seed_derive(keys->seed, SEED_TRANSPORT, keys->transport_generation, seed);
    transport_key_from_seed(&keys->transport, seed);
    sodium_memzero(seed, sizeof seed);
}

void home_keys_wipe(struct home_keys *keys)
{
    sodium_memzero(keys, sizeof *keys);
}

/* --- an officer's key --- */

enum err_code officer_key_write(const char *path, const struct officer_key *key,
                                const char *passphrase, struct err *err)
{
    struct key_text plain;
    text_title(&plain, officer_title);
    text_add_number(&plain, "number", key->number);
    text_add_hex(&plain, "seed", key->seed);
    return text_save(path, &plain, passphrase, err);
}

static enum err_code officer_lines(const char *path, struct bytes lines, struct officer_key *key,
                                   struct err *err)
{
    struct setting line = {.rest = lines};
    unsigned seen = 0;
    enum setting_result result;
    while ((result = setting_next(&line)) == SETTING_READ) {
        uint64_t number;
        if (bytes_equal(line.key, bytes_of_text("seed")) &&
            hex_parse(line.value, key->seed, sizeof key->seed)) {
            seen |= 1;
        } else if (bytes_equal(line.key, bytes_of_text("number")) &&
                   bytes_digits(line.value, UINT32_MAX, &number) && number > 0) {
            key->number = (uint32_t)number;
            seen |= 2;
        } else {
            break;
        }
    }
    if (result != SETTING_END || seen != 3) {
        return err_set(err, E_CORRUPT,
                       "%s: a line is missing or not one of an officer's key; "
                       "restore a copy",
                       path);
    }
    return OK;
}

enum err_code officer_key_read(const char *path, struct officer_key *key, struct err *err)
{
    struct key_text plain = {.len = 0};
    struct bytes lines;
    struct officer_key read;
    memset(&read, 0, sizeof read);
    enum err_code code = text_load(path, officer_title, &plain, &lines, err);
    if (code == OK) {
        code = officer_lines(path, lines, &read, err);
    }
    if (code == OK) {
        sign_key_from_seed(&read.key, read.seed);
        *key = read;
    }
    sodium_memzero(&plain, sizeof plain);
    officer_key_wipe(&read);
    return code;
}

void officer_key_wipe(struct officer_key *key)
{
    sodium_memzero(key, sizeof *key);
}

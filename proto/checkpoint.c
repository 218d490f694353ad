/* A ledger's head: its signed text, its binary form, and the C2SP signed note that outside tools
 * check. The bytes of each form are laid out in checkpoint.h. */
#include "proto/checkpoint.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/id.h"

enum {
    SIGNATURE_TYPE_ED25519 = 0x01,
    SIGNATURE_RECORD_BYTES = KEY_ID_BYTES + SIGNATURE_BYTES,
    ORIGIN_MAX = 96,
    ORIGIN_PREFIX_BYTES = 7, /* "satcha/" */
    GROUP_DIGITS = 2 * HASH_BYTES,
    SIGNATURE_BLOB_MAX = 4096,
    BASE64_RECORD_MAX = 93 /* 68 bytes and the terminator */
};

/* An em dash and a space open a signature line (C2SP signed-note). */
static const char signature_mark[] = "\xe2\x80\x94 ";

/* Also the key name. Returns its length. */
static size_t origin_text(const struct head *head, char out[ORIGIN_MAX])
{
    char group[HEX_HASH_MAX];
    int len = snprintf(out, ORIGIN_MAX, "satcha/%s/%" PRIu32, hash_format(&head->group, group),
                       head->epoch);
    assert(len > 0 && len < ORIGIN_MAX);
    return (size_t)len;
}

size_t head_text(const struct head *head, char out[HEAD_TEXT_MAX])
{
    char origin[ORIGIN_MAX];
    char root[BASE64_HASH_MAX];
    (void)origin_text(head, origin);
    (void)base64_format(hash_view(&head->root), root, sizeof root);
    int len = snprintf(out, HEAD_TEXT_MAX, "%s\n%" PRIu64 "\n%s\n", origin, head->size, root);
    assert(len > 0 && len < HEAD_TEXT_MAX);
    return (size_t)len;
}

void head_key_id(const struct head *head, const struct hash *public_key, uint8_t out[KEY_ID_BYTES])
{
    static const uint8_t separator[] = {'\n', SIGNATURE_TYPE_ED25519};
    char name[ORIGIN_MAX];
    struct bytes parts[3];
    parts[0] = bytes_of(name, origin_text(head, name));
    parts[1] = bytes_of(separator, sizeof separator);
    parts[2] = hash_view(public_key);
    struct hash digest;
    hash_parts(&digest, parts, 3);
    memcpy(out, digest.bytes, KEY_ID_BYTES);
}

void head_sign(struct head *head, const struct sign_key *key)
{
    assert(head->signature_count < HEAD_SIGNATURES_MAX);
    char text[HEAD_TEXT_MAX];
    size_t len = head_text(head, text);
    struct head_signature *signature = &head->signature[head->signature_count];
    head_key_id(head, &key->public_key, signature->key_id);
    sign_message(&signature->signature, key, bytes_of(text, len));
    head->signature_count++;
}

enum err_code head_verify(const struct head *head, const struct hash *public_key)
{
    char text[HEAD_TEXT_MAX];
    size_t len = head_text(head, text);
    uint8_t key_id[KEY_ID_BYTES];
    head_key_id(head, public_key, key_id);
    for (unsigned i = 0; i < head->signature_count; i++) {
        const struct head_signature *signature = &head->signature[i];
        if (memcmp(signature->key_id, key_id, KEY_ID_BYTES) == 0 &&
            sign_verify(&signature->signature, public_key, bytes_of(text, len))) {
            return OK;
        }
    }
    return E_SIGNATURE;
}

/* --- binary --- */

static void record_write(const struct head_signature *signature,
                         uint8_t out[SIGNATURE_RECORD_BYTES])
{
    memcpy(out, signature->key_id, KEY_ID_BYTES);
    memcpy(out + KEY_ID_BYTES, signature->signature.bytes, SIGNATURE_BYTES);
}

static void record_read(const uint8_t record[SIGNATURE_RECORD_BYTES],
                        struct head_signature *signature)
{
    memcpy(signature->key_id, record, KEY_ID_BYTES);
    memcpy(signature->signature.bytes, record + KEY_ID_BYTES, SIGNATURE_BYTES);
}

void head_pack(struct buffer *out, const struct head *head)
{
    uint8_t records[HEAD_SIGNATURES_MAX * SIGNATURE_RECORD_BYTES];
    assert(head->signature_count <= HEAD_SIGNATURES_MAX);
    for (unsigned i = 0; i < head->signature_count; i++) {
        record_write(&head->signature[i], records + (size_t)i * SIGNATURE_RECORD_BYTES);
    }
    pack_array(out, 5);
    pack_bin(out, hash_view(&head->group));
    pack_uint(out, head->epoch);
    pack_uint(out, head->size);
    pack_bin(out, hash_view(&head->root));
    pack_bin(out, bytes_of(records, (size_t)head->signature_count * SIGNATURE_RECORD_BYTES));
}

void head_read(struct cursor *cursor, struct head *head)
{
    memset(head, 0, sizeof *head);
    if (cursor_array(cursor, 5) != 5) {
        cursor_fail(cursor);
        return;
    }
    cursor_bin_exact(cursor, head->group.bytes, HASH_BYTES);
    head->epoch = (uint32_t)cursor_uint_max(cursor, UINT32_MAX);
    head->size = cursor_uint_max(cursor, LEDGER_SIZE_MAX);
    cursor_bin_exact(cursor, head->root.bytes, HASH_BYTES);
    struct bytes records = cursor_bin(cursor);
    size_t count = records.len / SIGNATURE_RECORD_BYTES;
    if (head->size == 0 || records.len % SIGNATURE_RECORD_BYTES != 0 ||
        count > HEAD_SIGNATURES_MAX) {
        cursor_fail(cursor);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        record_read(records.data + i * SIGNATURE_RECORD_BYTES, &head->signature[i]);
    }
    head->signature_count = (unsigned)count;
}

/* --- text --- */

void checkpoint_write(struct buffer *out, const struct head *head)
{
    char text[HEAD_TEXT_MAX];
    char origin[ORIGIN_MAX];
    buffer_append(out, text, head_text(head, text));
    buffer_print(out, "\n");
    (void)origin_text(head, origin);
    for (unsigned i = 0; i < head->signature_count; i++) {
        uint8_t record[SIGNATURE_RECORD_BYTES];
        char base64[BASE64_RECORD_MAX];
        record_write(&head->signature[i], record);
        buffer_print(out, "%s%s %s\n", signature_mark, origin,
                     base64_format(bytes_of(record, sizeof record), base64, sizeof base64));
    }
}

/* What is left of a note, and the number of the line that was read last. */
struct note {
    struct bytes rest;
    unsigned line;
};

static enum err_code refuse(const struct note *note, struct err *err, const char *expected)
{
    return err_set(err, E_ENCODING, "checkpoint, line %u: expected %s", note->line, expected);
}

/* The next line without its end; false when no line end is left. */
static bool note_line(struct note *note, struct bytes *line)
{
    note->line++;
    return bytes_line(&note->rest, line);
}

static bool origin_parse(struct bytes line, struct head *head)
{
    const size_t epoch_at = ORIGIN_PREFIX_BYTES + GROUP_DIGITS + 1;
    uint64_t epoch;
    if (line.len <= epoch_at ||
        !hex_parse(bytes_of(line.data + ORIGIN_PREFIX_BYTES, GROUP_DIGITS), head->group.bytes,
                   HASH_BYTES) ||
        !bytes_decimal(bytes_of(line.data + epoch_at, line.len - epoch_at), UINT32_MAX, &epoch)) {
        return false;
    }
    head->epoch = (uint32_t)epoch;
    /* Writing it again proves the rest: the fixed characters and lower-case digits. */
    char origin[ORIGIN_MAX];
    return bytes_equal(line, bytes_of(origin, origin_text(head, origin)));
}

static bool root_parse(struct bytes line, struct hash *root)
{
    size_t len;
    return base64_parse(line, root->bytes, HASH_BYTES, &len) && len == HASH_BYTES;
}

/* The name of a key: no spaces and no plus (C2SP signed-note). */
static bool name_is_valid(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] <= ' ' || name.data[i] == 0x7f || name.data[i] == '+') {
            return false;
        }
    }
    return name.len > 0 && bytes_is_utf8(name);
}

static enum err_code signature_parse(const struct note *note, struct bytes line, struct bytes ours,
                                     struct head *head, struct err *err)
{
    const size_t mark_len = sizeof signature_mark - 1;
    if (line.len < mark_len || memcmp(line.data, signature_mark, mark_len) != 0) {
        return refuse(note, err, "a signature line: an em dash, a space, a key name, base64");
    }
    line = bytes_of(line.data + mark_len, line.len - mark_len);
    const uint8_t *space = line.len == 0 ? NULL : memchr(line.data, ' ', line.len);
    if (space == NULL) {
        return refuse(note, err, "a key name, one space and a signature in base64");
    }
    struct bytes name = bytes_of(line.data, (size_t)(space - line.data));
    struct bytes base64 = bytes_of(space + 1, line.len - name.len - 1);
    uint8_t blob[SIGNATURE_BLOB_MAX];
    size_t len;
    if (!name_is_valid(name) || !base64_parse(base64, blob, sizeof blob, &len) ||
        len <= KEY_ID_BYTES) {
        return refuse(note, err, "a key name without spaces or plus, and a signature in base64");
    }
    if (!bytes_equal(name, ours)) {
        return OK;
    }
    if (len != SIGNATURE_RECORD_BYTES) {
        return refuse(note, err, "68 bytes (key id and Ed25519 signature) by the origin's own key");
    }
    if (head->signature_count == HEAD_SIGNATURES_MAX) {
        return err_set(err, E_SIGNATURE,
                       "checkpoint, line %u: more than %d signatures by the origin's own keys",
                       note->line, HEAD_SIGNATURES_MAX);
    }
    record_read(blob, &head->signature[head->signature_count++]);
    return OK;
}

static enum err_code signatures_parse(struct note *note, struct head *head, struct err *err)
{
    char origin[ORIGIN_MAX];
    struct bytes ours = bytes_of(origin, origin_text(head, origin));
    struct bytes line;
    for (unsigned count = 0; count == 0 || note->rest.len > 0; count++) {
        if (!note_line(note, &line)) {
            return refuse(note, err, "a signature line with its line end");
        }
        if (count == NOTE_SIGNATURES_MAX) {
            return refuse(note, err, "no more than 16 signature lines");
        }
        enum err_code code = signature_parse(note, line, ours, head, err);
        if (code != OK) {
            return code;
        }
    }
    return OK;
}

enum err_code checkpoint_parse(struct bytes text, struct head *head, struct err *err)
{
    struct note note = {text, 0};
    struct head parsed;
    struct bytes line;
    memset(&parsed, 0, sizeof parsed);
    if (text.len > NOTE_MAX_BYTES) {
        return err_set(err, E_ENCODING, "checkpoint of %zu bytes: expected at most %d", text.len,
                       NOTE_MAX_BYTES);
    }
    if (!note_line(&note, &line) || !origin_parse(line, &parsed)) {
        return refuse(&note, err, "satcha/<group id, 64 lower-case hex digits>/<epoch>");
    }
    if (!note_line(&note, &line) || !bytes_decimal(line, LEDGER_SIZE_MAX, &parsed.size) ||
        parsed.size == 0) {
        return refuse(&note, err, "the number of entries, from 1, without leading zeros");
    }
    if (!note_line(&note, &line) || !root_parse(line, &parsed.root)) {
        return refuse(&note, err, "the root, 32 bytes in base64");
    }
    if (!note_line(&note, &line) || line.len != 0) {
        return refuse(&note, err, "an empty line");
    }
    enum err_code code = signatures_parse(&note, &parsed, err);
    if (code == OK) {
        *head = parsed;
    }
    return code;
}

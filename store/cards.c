/* Cards and invites: one line of text, "satcha-card-1:" or "satcha-invite-1:" and base64 of a
 * canonical MessagePack array.
 *
 *   card    [genesis bin, head, transport key bin 32, [address str, …]]
 *   invite  [network id bin 32, network key bin 32, genesis bin, head,
 *            [[group bin 32, transport key bin 32, address str], …],
 *            [key-chain link 1, 2, …], leaf count, leaves bin (u16 BE length, leaf)…]
 *   head    as in proto/checkpoint.h
 *
 * White space anywhere in the text is ignored: chat programs and paper break lines. */
#include <stdlib.h>
#include <string.h>

#include "proto/entry.h"
#include "proto/id.h"
#include "proto/merkle.h"
#include "store/files.h"

static const char card_prefix[] = "satcha-card-1:";
static const char invite_prefix[] = "satcha-invite-1:";

/* A card is a genesis (at most 16 KiB) and little else; an invite may carry the network's ledger
 * and its key chain, twice as long in base64 and with line breaks. */
enum { TEXT_MAX_BYTES = 4 * INVITE_LEDGER_MAX };

/* --- text --- */

static enum err_code text_write(struct buffer *text, const char *prefix, struct buffer *packed)
{
    size_t prefix_len = strlen(prefix);
    size_t base64_len = (packed->len + 2) / 3 * 4;
    char *encoded = packed->failed ? NULL : malloc(base64_len + 1);
    if (encoded == NULL) {
        return E_MEMORY;
    }
    base64_format(buffer_view(packed), encoded, base64_len + 1);
    buffer_append(text, prefix, prefix_len);
    buffer_append(text, encoded, base64_len);
    buffer_append(text, "\n", 1);
    explicit_bzero(encoded, base64_len);
    free(encoded);
    return text->failed ? E_MEMORY : OK;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Text without white space, then what the base64 behind the prefix says, in `scratch`. */
static enum err_code text_parse(struct bytes text, const char *prefix, struct buffer *scratch,
                                struct bytes *packed, struct err *err)
{
    size_t prefix_len = strlen(prefix);
    buffer_clear(scratch);
    if (text.len > TEXT_MAX_BYTES) {
        return err_set(err, E_ENCODING, "expected one line that begins with %s, got %zu bytes",
                       prefix, text.len);
    }
    uint8_t *clean = buffer_extend(scratch, text.len + 1); /* never empty */
    if (clean == NULL) {
        return err_set(err, E_MEMORY, "no memory to read %zu bytes", text.len);
    }
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_space(text.data[i])) {
            clean[len++] = text.data[i];
        }
    }
    if (len < prefix_len || memcmp(clean, prefix, prefix_len) != 0) {
        return err_set(err, E_ENCODING, "expected one line that begins with %s", prefix);
    }
    /* Decoded over itself: base64 is longer than what it says. */
    size_t decoded;
    struct bytes base64 = bytes_of(clean + prefix_len, len - prefix_len);
    if (!base64_parse(base64, clean, base64.len, &decoded)) {
        return err_set(err, E_ENCODING,
                       "%s… is cut or mistyped: what follows is no base64; "
                       "ask for it again",
                       prefix);
    }
    *packed = bytes_of(clean, decoded);
    return OK;
}

/* --- parts that both have --- */

static void address_read(struct cursor *cursor, char out[ADDRESS_MAX_BYTES + 1])
{
    struct bytes address = cursor_str(cursor, ADDRESS_MAX_BYTES);
    if (cursor->failed || !address_is_valid(address)) {
        cursor_fail(cursor);
        return;
    }
    memcpy(out, address.data, address.len);
    out[address.len] = '\0';
}

/* The genesis: its profile, and its leaf hash as the group's id. */
static enum err_code genesis_read(struct bytes genesis, struct hash *group, struct profile *profile,
                                  struct err *err)
{
    struct entry *entry = malloc(sizeof *entry);
    if (entry == NULL) {
        return err_set(err, E_MEMORY, "no memory to read a genesis");
    }
    enum err_code code = entry_decode(genesis, entry, err);
    if (code == OK && entry->kind != KIND_GENESIS) {
        code = err_set(err, E_ENCODING, "expected a genesis, got an entry of another kind");
    }
    if (code == OK) {
        code = terms_profile_read(entry->terms, KIND_GENESIS, profile, err);
    }
    if (code == OK) {
        merkle_leaf_hash(group, genesis);
    } else {
        code = err_prefix(err, code, "the genesis in it");
    }
    free(entry);
    return code;
}

/* The head belongs to the group and is signed by its first key, or (only where later_keys is
 * allowed) by a key that the genesis does not know; the key chain judges that one later. */
enum later_keys { LATER_KEYS_REFUSED, LATER_KEYS_ALLOWED };

static enum err_code head_check(const struct head *head, const struct hash *group,
                                const struct hash *first_key, enum later_keys later_keys,
                                struct err *err)
{
    if (!hash_equal(&head->group, group) || (head->size == 1 && !hash_equal(&head->root, group))) {
        return err_set(err, E_SIGNATURE, "the head in it is not one of the group in it");
    }
    uint8_t key_id[KEY_ID_BYTES];
    head_key_id(head, first_key, key_id);
    bool by_first = head->size == 1 || later_keys == LATER_KEYS_REFUSED;
    for (unsigned i = 0; i < head->signature_count; i++) {
        by_first |= memcmp(head->signature[i].key_id, key_id, sizeof key_id) == 0;
    }
    if (by_first ? head_verify(head, first_key) != OK : head->signature_count == 0) {
        return err_set(err, E_SIGNATURE, "the signature of the head in it is wrong");
    }
    return OK;
}

/* --- card --- */

enum err_code card_write(struct buffer *text, const struct card *card)
{
    struct buffer packed;
    buffer_init(&packed, TEXT_MAX_BYTES / 2);
    pack_array(&packed, 4);
    pack_bin(&packed, card->genesis);
    head_pack(&packed, &card->head);
    pack_bin(&packed, hash_view(&card->transport_key));
    pack_array(&packed, card->address_count);
    for (unsigned i = 0; i < card->address_count; i++) {
        pack_text(&packed, card->addresses[i]);
    }
    enum err_code code = text_write(text, card_prefix, &packed);
    buffer_free(&packed);
    return code;
}

static enum err_code card_decode(struct bytes packed, struct card *card, struct err *err)
{
    struct cursor cursor = cursor_of(packed);
    if (cursor_array(&cursor, 4) != 4) {
        cursor_fail(&cursor);
    }
    card->genesis = cursor_bin(&cursor);
    head_read(&cursor, &card->head);
    cursor_bin_exact(&cursor, card->transport_key.bytes, HASH_BYTES);
    card->address_count = (unsigned)cursor_array(&cursor, ADDRESSES_MAX);
    for (unsigned i = 0; i < card->address_count; i++) {
        address_read(&cursor, card->addresses[i]);
    }
    if (!cursor_done(&cursor)) {
        return err_set(err, E_ENCODING,
                       "the card is not one that this version writes; "
                       "ask for it again");
    }
    return OK;
}

enum err_code card_parse(struct bytes text, struct buffer *scratch, struct card *card,
                         struct err *err)
{
    struct card read;
    memset(&read, 0, sizeof read);
    struct bytes packed;
    enum err_code code = text_parse(text, card_prefix, scratch, &packed, err);
    if (code == OK) {
        code = card_decode(packed, &read, err);
    }
    if (code == OK) {
        code = genesis_read(read.genesis, &read.group, &read.profile, err);
    }
    if (code == OK) {
        code =
            head_check(&read.head, &read.group, &read.profile.signing_key, LATER_KEYS_REFUSED, err);
    }
    if (code == OK && !transport_key_is_acceptable(&read.transport_key)) {
        code = err_set(err, E_ENCODING, "the transport key in the card is not a usable key");
    }
    if (code == OK) {
        *card = read;
    }
    return code;
}

/* --- invite --- */

enum { INVITE_FIELDS = 8, LINK_DEPTH = 4 };

enum err_code invite_write(struct buffer *text, const struct invite *invite)
{
    struct buffer packed;
    buffer_init(&packed, TEXT_MAX_BYTES / 2);
    pack_array(&packed, INVITE_FIELDS);
    pack_bin(&packed, hash_view(&invite->network_id));
    pack_bin(&packed, bytes_of(invite->network_key, sizeof invite->network_key));
    pack_bin(&packed, invite->genesis);
    head_pack(&packed, &invite->head);
    pack_array(&packed, invite->contact_count);
    for (unsigned i = 0; i < invite->contact_count; i++) {
        const struct contact *contact = &invite->contacts[i];
        pack_array(&packed, 3);
        pack_bin(&packed, hash_view(&contact->group));
        pack_bin(&packed, hash_view(&contact->transport_key));
        pack_text(&packed, contact->address);
    }
    pack_array(&packed, invite->link_count);
    buffer_append(&packed, invite->links.data, invite->links.len);
    pack_uint(&packed, invite->leaf_count);
    pack_bin(&packed, invite->leaves);
    enum err_code code = text_write(text, invite_prefix, &packed);
    explicit_bzero(packed.data, packed.len);
    buffer_free(&packed);
    return code;
}

static void contact_read(struct cursor *cursor, struct contact *contact)
{
    if (cursor_array(cursor, 3) != 3) {
        cursor_fail(cursor);
    }
    cursor_bin_exact(cursor, contact->group.bytes, HASH_BYTES);
    cursor_bin_exact(cursor, contact->transport_key.bytes, HASH_BYTES);
    address_read(cursor, contact->address);
    if (!transport_key_is_acceptable(&contact->transport_key)) {
        cursor_fail(cursor);
    }
}

static enum err_code invite_decode(struct bytes packed, struct invite *invite, struct err *err)
{
    struct cursor cursor = cursor_of(packed);
    if (cursor_array(&cursor, INVITE_FIELDS) != INVITE_FIELDS) {
        cursor_fail(&cursor);
    }
    cursor_bin_exact(&cursor, invite->network_id.bytes, HASH_BYTES);
    cursor_bin_exact(&cursor, invite->network_key, sizeof invite->network_key);
    invite->genesis = cursor_bin(&cursor);
    head_read(&cursor, &invite->head);
    invite->contact_count = (unsigned)cursor_array(&cursor, INVITE_CONTACTS_MAX);
    for (unsigned i = 0; i < invite->contact_count; i++) {
        contact_read(&cursor, &invite->contacts[i]);
    }
    invite->link_count = cursor_array(&cursor, KEY_CHAIN_MAX);
    const uint8_t *links = cursor.at;
    for (size_t i = 0; i < invite->link_count; i++) {
        cursor_skip(&cursor, LINK_DEPTH);
    }
    invite->links = bytes_of(links, cursor.failed ? 0 : (size_t)(cursor.at - links));
    invite->leaf_count = (size_t)cursor_uint_max(&cursor, CHUNK_LEAVES_MAX);
    invite->leaves = cursor_bin(&cursor);
    if (!cursor_done(&cursor)) {
        return err_set(err, E_ENCODING,
                       "the invite is not one that this version writes; "
                       "ask for it again");
    }
    return OK;
}

/* Is it the invite of the network that its genesis founds? */
static enum err_code invite_check(const struct invite *invite, struct err *err)
{
    struct profile *profile = malloc(sizeof *profile);
    if (profile == NULL) {
        return err_set(err, E_MEMORY, "no memory to read a genesis");
    }
    struct hash group;
    enum err_code code = genesis_read(invite->genesis, &group, profile, err);
    if (code == OK && profile->type != GROUP_NETWORK) {
        code = err_set(err, E_ENCODING, "the genesis in it is not a network's");
    }
    if (code == OK && !hash_equal(&group, &invite->network_id)) {
        code = err_set(err, E_ENCODING, "the genesis in it is not the one that its id names");
    }
    if (code == OK) {
        code = head_check(&invite->head, &group, &profile->signing_key, LATER_KEYS_ALLOWED, err);
    }
    free(profile);
    return code;
}

enum err_code invite_parse(struct bytes text, struct buffer *scratch, struct invite *invite,
                           struct err *err)
{
    struct invite read;
    memset(&read, 0, sizeof read);
    struct bytes packed;
    enum err_code code = text_parse(text, invite_prefix, scratch, &packed, err);
    if (code == OK) {
        code = invite_decode(packed, &read, err);
    }
    if (code == OK) {
        code = invite_check(&read, err);
    }
    if (code == OK) {
        *invite = read;
    }
    return code;
}

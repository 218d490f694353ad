/* The cut: written from the heads that are held, parsed strictly, its signature checked. */
#include "store/cut.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/date.h"
#include "proto/id.h"

static const char FIRST_LINE[] = "satcha/cut/1";
static const char SIGNATURE_MARK[] = "\xe2\x80\x94 "; /* em dash, space */
enum { SIGNATURE_LINE_BYTES = KEY_ID_BYTES + SIGNATURE_BYTES };

void cut_free(struct cut *cut)
{
    free(cut->items);
    free(cut->forks);
    memset(cut, 0, sizeof *cut);
}

bool cut_is_forked(const struct cut *cut, const struct hash *group)
{
    for (size_t i = 0; i < cut->fork_count; i++) {
        if (hash_equal(&cut->forks[i], group)) {
            return true;
        }
    }
    return false;
}

static enum err_code allocate(struct cut *cut, size_t count, size_t forks, struct err *err)
{
    cut->items = calloc(count + 1, sizeof *cut->items);
    cut->forks = calloc(forks + 1, sizeof *cut->forks);
    return cut->items && cut->forks
               ? OK
               : err_set(err, E_MEMORY, "out of memory for a cut of %zu groups", count);
}

/* --- made from what is held --- */

/* A frozen ledger stands in the cut where either branch can replay it. Both agree on the genesis;
 * nothing more is known of the other branch here. */
static enum err_code frozen_item(struct store *store, struct cut_item *item)
{
    item->size = 1;
    return store_root_at(store, &item->group, 1, &item->root);
}

static enum err_code add_item(struct store *store, const struct ledger_view *view, struct cut *cut)
{
    struct cut_item *item = &cut->items[cut->count++];
    item->group = view->group;
    item->epoch = view->size > 0 ? view->epoch : 0;
    item->size = view->size;
    if (view->size > 0) {
        item->root = view->root;
    }
    if (view->frozen) {
        cut->forks[cut->fork_count++] = view->group;
        return frozen_item(store, item);
    }
    return OK;
}

enum err_code cut_of_heads(struct store *store, int32_t as_of, struct cut *cut, struct err *err)
{
    struct cut made = {.as_of = as_of, .rules = RULES_VERSION};
    size_t ledgers = store_ledger_count(store);
    if (!store_has_network(store)) {
        return err_set(err, E_NO_DATA,
                       "this home belongs to no network yet; join one with `satcha network join`, "
                       "or read the own books with `satcha balance`");
    }
    made.network = *store_network(store);
    enum err_code code = allocate(&made, ledgers, ledgers, err);
    for (size_t i = 0; code == OK && i < ledgers; i++) {
        struct ledger_view view;
        code = store_ledger_at(store, i, &view);
        if (code == OK && (view.network || view.rostered)) {
            code = add_item(store, &view, &made);
        }
        if (code != OK) {
            code = err_set(err, code, "a ledger cannot be read; run `satcha verify`");
        }
    }
    if (code == OK && (made.count == 0 || made.items[0].size == 0 ||
                       !hash_equal(&made.items[0].group, &made.network))) {
        code = err_set(err, E_NO_DATA,
                       "the network's ledger is not held here yet, so that nobody knows which "
                       "groups to expect; start satchad and wait for it to sync");
    }
    if (code != OK) {
        cut_free(&made);
        return code;
    }
    *cut = made;
    return OK;
}

/* --- written --- */

static void write_text(const struct cut *cut, struct buffer *out)
{
    char hex[HEX_HASH_MAX], date[DATE_TEXT_MAX], root[BASE64_HASH_MAX];
    buffer_print(out, "%s\n%s\n%s\nrules %" PRIu64 "\ngroups %zu\n", FIRST_LINE,
                 hash_format(&cut->network, hex), date_format_iso(cut->as_of, date), cut->rules,
                 cut->count);
    for (size_t i = 0; i < cut->count; i++) {
        const struct cut_item *item = &cut->items[i];
        buffer_print(out, "%s %" PRIu32 " %" PRIu64 " %s\n", hash_format(&item->group, hex),
                     item->epoch, item->size,
                     item->size == 0 ? "-"
                                     : base64_format(hash_view(&item->root), root, sizeof root));
    }
    buffer_print(out, "forks %zu\n", cut->fork_count);
    for (size_t i = 0; i < cut->fork_count; i++) {
        buffer_print(out, "%s\n", hash_format(&cut->forks[i], hex));
    }
}

static void make_id(struct cut *cut, struct bytes text)
{
    struct hash hash;
    char hex[HEX_HASH_MAX];
    hash_of(&hash, text);
    hash_format(&hash, hex);
    memcpy(cut->id, hex, CUT_ID_MAX - 1);
    cut->id[CUT_ID_MAX - 1] = 0;
}

enum err_code cut_write(struct store *store, struct cut *cut, struct buffer *out, struct err *err)
{
    struct ledger_view own;
    const struct sign_key *key = &store_keys(store)->signing;
    uint8_t line[SIGNATURE_LINE_BYTES];
    struct signature signature;
    char base64[(SIGNATURE_LINE_BYTES + 2) / 3 * 4 + 1], hex[HEX_HASH_MAX];
    enum err_code code = store_ledger_find(store, store_own_group(store), &own);
    if (code != OK) {
        return err_set(err, code, "the own ledger cannot be read; run `satcha verify`");
    }
    write_text(cut, out);
    if (out->failed) {
        return err_set(err, E_MEMORY, "out of memory for a cut of %zu groups", cut->count);
    }
    make_id(cut, buffer_view(out));
    struct head name = {.group = own.group, .epoch = own.epoch};
    head_key_id(&name, &key->public_key, line);
    sign_message(&signature, key, buffer_view(out));
    memcpy(line + KEY_ID_BYTES, signature.bytes, SIGNATURE_BYTES);
    buffer_print(out, "\n%ssatcha/%s/%" PRIu32 " %s\n", SIGNATURE_MARK,
                 hash_format(&own.group, hex), own.epoch,
                 base64_format(bytes_of(line, sizeof line), base64, sizeof base64));
    return OK;
}

/* --- parsed --- */

struct reader {
    struct bytes rest;
    unsigned line;
    struct err *err;
};

static enum err_code refuse(const struct reader *reader, const char *expected)
{
    return err_set(reader->err, E_ENCODING, "line %u of the cut: expected %s", reader->line,
                   expected);
}

/* The next line without its end; false where there is none that is ended. */
static bool next_line(struct reader *reader, struct bytes *line)
{
    reader->line++;
    return bytes_line(&reader->rest, line);
}

/* The text up to a space (or all of it), which is then taken off with the space. */
static struct bytes word(struct bytes *line)
{
    const uint8_t *end = line->len > 0 ? memchr(line->data, ' ', line->len) : NULL;
    size_t len = end ? (size_t)(end - line->data) : line->len;
    struct bytes found = bytes_of(line->data, len);
    size_t used = end ? len + 1 : len;
    *line = bytes_of(line->data + used, line->len - used);
    return found;
}

static bool group_id(struct bytes text, struct hash *group)
{
    char again[HEX_HASH_MAX];
    return hex_parse(text, group->bytes, HASH_BYTES) &&
           bytes_equal(text, bytes_of_text(hash_format(group, again))); /* lower case */
}

/* "<word> <number>" */
static enum err_code read_count(struct reader *reader, const char *name, uint64_t max,
                                uint64_t *value)
{
    struct bytes line;
    char expected[64];
    snprintf(expected, sizeof expected, "\"%s N\", at most %" PRIu64, name, max);
    if (!next_line(reader, &line) || !bytes_equal(word(&line), bytes_of_text(name)) ||
        !bytes_decimal(line, max, value)) {
        return refuse(reader, expected);
    }
    return OK;
}

static enum err_code read_head(struct reader *reader, struct cut *cut)
{
    struct bytes line;
    char again[DATE_TEXT_MAX];
    if (!next_line(reader, &line) || !bytes_equal(line, bytes_of_text(FIRST_LINE))) {
        return refuse(reader, "satcha/cut/1");
    }
    if (!next_line(reader, &line) || !group_id(line, &cut->network)) {
        return refuse(reader, "the network's id, 64 hex digits");
    }
    if (!next_line(reader, &line) || date_parse(line, &cut->as_of, NULL) != OK ||
        !bytes_equal(line, bytes_of_text(date_format_iso(cut->as_of, again)))) {
        return refuse(reader, "the as-of date, as 2026-11-22");
    }
    return read_count(reader, "rules", UINT32_MAX, &cut->rules);
}

static enum err_code read_item(struct reader *reader, struct cut_item *item)
{
    struct bytes line;
    uint64_t epoch = 0;
    size_t len = 0;
    char again[BASE64_HASH_MAX];
    const char *expected = "<group id> <epoch> <size> <base64 root>, or <group id> 0 0 -";
    if (!next_line(reader, &line) || !group_id(word(&line), &item->group) ||
        !bytes_decimal(word(&line), UINT32_MAX, &epoch) ||
        !bytes_decimal(word(&line), LEDGER_SIZE_MAX, &item->size)) {
        return refuse(reader, expected);
    }
    item->epoch = (uint32_t)epoch;
    if (item->size == 0) {
        return epoch == 0 && bytes_equal(line, bytes_of_text("-")) ? OK : refuse(reader, expected);
    }
    bool good =
        base64_parse(line, item->root.bytes, HASH_BYTES, &len) && len == HASH_BYTES &&
        bytes_equal(line,
                    bytes_of_text(base64_format(hash_view(&item->root), again, sizeof again)));
    return good ? OK : refuse(reader, expected);
}

static enum err_code read_items(struct reader *reader, struct cut *cut)
{
    uint64_t count = 0, forks = 0;
    struct bytes line;
    enum err_code code = read_count(reader, "groups", GROUPS_MAX, &count);
    /* A line has more than 70 bytes: a count that the text cannot hold is refused before memory. */
    if (code == OK && (count == 0 || count > reader->rest.len / 70)) {
        code = refuse(reader, "as many groups as lines follow");
    }
    if (code == OK) {
        code = allocate(cut, count, count, reader->err);
    }
    for (; code == OK && cut->count < count; cut->count++) {
        code = read_item(reader, &cut->items[cut->count]);
    }
    if (code == OK && !hash_equal(&cut->items[0].group, &cut->network)) {
        code = refuse(reader, "the network as the first of the groups");
    }
    if (code == OK) {
        code = read_count(reader, "forks", count, &forks);
    }
    for (; code == OK && cut->fork_count < forks; cut->fork_count++) {
        if (!next_line(reader, &line) || !group_id(line, &cut->forks[cut->fork_count])) {
            code = refuse(reader, "the id of a frozen ledger");
        }
    }
    return code;
}

/* One line; those of other key names are passed over. */
static enum err_code read_signature(struct reader *reader, struct bytes line, struct cut *cut)
{
    size_t mark = strlen(SIGNATURE_MARK), len = 0;
    uint8_t raw[SIGNATURE_LINE_BYTES + 3];
    uint64_t epoch;
    struct cut_signature found;
    if (line.len < mark || memcmp(line.data, SIGNATURE_MARK, mark) != 0) {
        return refuse(reader, "a signature line, or the end");
    }
    line = bytes_of(line.data + mark, line.len - mark);
    struct bytes name = word(&line);
    const size_t prefix = strlen("satcha/"), id = 2 * (size_t)HASH_BYTES;
    if (name.len < prefix + id + 2 || memcmp(name.data, "satcha/", prefix) != 0 ||
        !group_id(bytes_of(name.data + prefix, id), &found.group) ||
        name.data[prefix + id] != '/' ||
        !bytes_decimal(bytes_of(name.data + prefix + id + 1, name.len - prefix - id - 1),
                       UINT32_MAX, &epoch)) {
        return OK;
    }
    if (!base64_parse(line, raw, sizeof raw, &len) || len != SIGNATURE_LINE_BYTES) {
        return refuse(reader, "base64 of a key id and an Ed25519 signature");
    }
    found.epoch = (uint32_t)epoch;
    memcpy(found.key_id, raw, KEY_ID_BYTES);
    memcpy(found.signature.bytes, raw + KEY_ID_BYTES, SIGNATURE_BYTES);
    cut->signatures[cut->signature_count++] = found;
    return OK;
}

static enum err_code read_signatures(struct reader *reader, struct cut *cut)
{
    struct bytes line;
    unsigned lines = 0;
    enum err_code code = OK;
    if (!next_line(reader, &line) || line.len != 0) {
        return refuse(reader, "an empty line before the signatures");
    }
    while (code == OK && reader->rest.len > 0) {
        if (!next_line(reader, &line) || ++lines > NOTE_SIGNATURES_MAX) {
            return refuse(reader, "1 to 16 signature lines, each ended");
        }
        code = read_signature(reader, line, cut);
    }
    return code == OK && lines == 0 ? refuse(reader, "at least one signature line") : code;
}

enum err_code cut_parse(struct bytes text, struct cut *cut, struct err *err)
{
    struct reader reader = {.rest = text, .err = err};
    struct cut read = {.count = 0};
    enum err_code code = OK;
    if (text.len > CUT_MAX_BYTES) {
        code = err_set(err, E_ENCODING, "a cut is at most %d bytes, this file has %zu",
                       CUT_MAX_BYTES, text.len);
    }
    if (code == OK) {
        code = read_head(&reader, &read);
    }
    if (code == OK) {
        code = read_items(&reader, &read);
    }
    if (code == OK) {
        make_id(&read, bytes_of(text.data, text.len - reader.rest.len));
        code = read_signatures(&reader, &read);
    }
    if (code != OK) {
        cut_free(&read);
        return code;
    }
    *cut = read;
    return OK;
}

/* --- verified --- */

/* The key in force of a group at the size that the cut gives it; false: not known here. */
static bool key_at(struct store *store, const struct cut *cut, const struct hash *group,
                   struct hash *key)
{
    for (size_t i = 0; i < cut->count; i++) {
        const struct cut_item *item = &cut->items[i];
        if (item->size == 0 || !hash_equal(&item->group, group)) {
            continue;
        }
        struct ledger_state *state = malloc(sizeof *state);
        bool found = state && store_ledger_state_at(store, group, item->size, state, NULL) == OK;
        if (found) {
            *key = state->profile.signing_key;
        }
        free(state);
        return found;
    }
    return false;
}

enum err_code cut_verify(struct store *store, struct bytes text, const struct cut *cut,
                         unsigned *verified, struct err *err)
{
    /* The text ends before the empty line; parsing made sure that there is one. */
    const uint8_t *end = memmem(text.data, text.len, "\n\n", 2);
    struct bytes covered = bytes_of(text.data, end ? (size_t)(end - text.data) + 1 : text.len);
    *verified = 0;
    for (unsigned i = 0; i < cut->signature_count; i++) {
        const struct cut_signature *found = &cut->signatures[i];
        struct head name = {.group = found->group, .epoch = found->epoch};
        uint8_t key_id[KEY_ID_BYTES];
        char hex[HEX_HASH_MAX];
        struct hash key;
        if (!key_at(store, cut, &found->group, &key)) {
            continue;
        }
        head_key_id(&name, &key, key_id);
        if (memcmp(key_id, found->key_id, KEY_ID_BYTES) != 0 ||
            !sign_verify(&found->signature, &key, covered)) {
            return err_set(err, E_SIGNATURE,
                           "the signature of %.8s on cut %s is not by its key of that time: the "
                           "file was changed, or another made it",
                           hash_format(&found->group, hex), cut->id);
        }
        (*verified)++;
    }
    return OK;
}

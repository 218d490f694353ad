/* The entry codec: a Merkle leaf to `struct entry` and back. Decoding is the hot path of a sync (a
 * strict cursor, no allocation); what it accepts is exactly what encoding writes, because both
 * run the same order checks.
 *
 *   byte 0      9a                        array of ten
 *   version     uint                      1
 *   kind        uint
 *   date        int                       int32, days since 1970-01-01
 *   time        uint                      ms since 1970-01-01 UTC, below 2^53
 *   actor       uint                      u32, 0 = nobody named
 *   refs        [[nil | bin 32, uint, bin 32] 0..16]       group, index < 2^40, root
 *   posts       [[uint16, nil | bin 32, int] 0..512]       account, counterparty, satang
 *   terms       map                       keys ascending unsigned, at most 64
 *   body        nil | bin 32
 *   approvals   [[uint32 >= 1, bin 64] 0..8]               officer, signature */
#include "proto/entry.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    ENTRY_FIELDS = 10,
    ARRAY_OF_NINE = 0x99,                 /* the first byte of what approvals sign */
    TERMS_DEPTH_MAX = ENTRY_DEPTH_MAX - 1 /* the entry's own array is the first level */
};

static_assert(ENTRY_FIELDS - 1 == (ARRAY_OF_NINE & 0x0f), "approvals sign all fields but one");
static_assert(AMOUNT_MAX_SATANG <= INT64_MAX / ENTRY_POSTS_MAX, "an entry's sums fit in int64");

/* --- order: what makes the bytes of an entry unique --- */

static int compare_uint(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Own first, then group, then index: a ledger position is cited once. */
static int compare_refs(const struct ref *a, const struct ref *b)
{
    if (a->own != b->own) {
        return a->own ? -1 : 1;
    }
    int order = a->own ? 0 : hash_compare(&a->group, &b->group);
    return order != 0 ? order : compare_uint(a->index, b->index);
}

/* Account, then counterparty with nil first, then debit before credit. */
static int compare_posts(const struct post *a, const struct post *b)
{
    if (a->account != b->account) {
        return a->account < b->account ? -1 : 1;
    }
    if (a->has_counterparty != b->has_counterparty) {
        return a->has_counterparty ? 1 : -1;
    }
    int order = a->has_counterparty ? hash_compare(&a->counterparty, &b->counterparty) : 0;
    return order != 0 ? order : amount_sign(b->amount) - amount_sign(a->amount);
}

static int compare_approvals(const struct approval *a, const struct approval *b)
{
    return compare_uint(a->officer, b->officer);
}

static enum err_code field_error(struct err *err, const char *field, const char *expected)
{
    return err_set(err, E_ENCODING, "entry field %s: expected %s", field, expected);
}

static enum err_code check_refs(const struct entry *entry, struct err *err)
{
    for (unsigned i = 2; i < entry->ref_count; i++) {
        if (compare_refs(&entry->refs[i - 1], &entry->refs[i]) >= 0) {
            return field_error(err, "refs",
                               "those after the first ascending by (own first, group, index), "
                               "each position once");
        }
    }
    return OK;
}

static enum err_code check_posts(const struct entry *entry, struct err *err)
{
    for (unsigned i = 0; i < entry->post_count; i++) {
        if (!amount_is_postable(entry->posts[i].amount)) {
            return field_error(err, "posts", "each amount 1 to 10^15 satang, debit or credit");
        }
        if (i > 0 && compare_posts(&entry->posts[i - 1], &entry->posts[i]) >= 0) {
            return field_error(err, "posts",
                               "lines ascending by (account, counterparty with nil first, debit "
                               "first), each once");
        }
    }
    return OK;
}

static enum err_code check_approvals(const struct entry *entry, struct err *err)
{
    uint32_t previous = 0;
    for (unsigned i = 0; i < entry->approval_count; i++) {
        if (entry->approvals[i].officer <= previous) {
            return field_error(err, "approvals", "officers' numbers from 1, ascending, each once");
        }
        previous = entry->approvals[i].officer;
    }
    return OK;
}

/* --- reading --- */

static void read_refs(struct cursor *cursor, struct entry *entry)
{
    unsigned count = (unsigned)cursor_array(cursor, ENTRY_REFS_MAX);
    for (unsigned i = 0; i < count && !cursor->failed; i++) {
        struct ref *ref = &entry->refs[i];
        if (cursor_array(cursor, 3) != 3) {
            cursor_fail(cursor);
        }
        ref->own = cursor_nil(cursor);
        if (!ref->own) {
            cursor_bin_exact(cursor, &ref->group, sizeof ref->group);
        }
        ref->index = cursor_uint_max(cursor, LEDGER_SIZE_MAX - 1);
        cursor_bin_exact(cursor, &ref->root, sizeof ref->root);
    }
    entry->ref_count = count;
}

static void read_posts(struct cursor *cursor, struct entry *entry)
{
    unsigned count = (unsigned)cursor_array(cursor, ENTRY_POSTS_MAX);
    for (unsigned i = 0; i < count && !cursor->failed; i++) {
        struct post *post = &entry->posts[i];
        if (cursor_array(cursor, 3) != 3) {
            cursor_fail(cursor);
        }
        post->account = (uint16_t)cursor_uint_max(cursor, UINT16_MAX);
        post->has_counterparty = !cursor_nil(cursor);
        if (post->has_counterparty) {
            cursor_bin_exact(cursor, &post->counterparty, sizeof post->counterparty);
        }
        post->amount = amount_of(cursor_int(cursor));
    }
    entry->post_count = count;
}

static void read_approvals(struct cursor *cursor, struct entry *entry)
{
    unsigned count = (unsigned)cursor_array(cursor, ENTRY_APPROVALS_MAX);
    for (unsigned i = 0; i < count && !cursor->failed; i++) {
        if (cursor_array(cursor, 2) != 2) {
            cursor_fail(cursor);
        }
        entry->approvals[i].officer = (uint32_t)cursor_uint_max(cursor, UINT32_MAX);
        cursor_bin_exact(cursor, &entry->approvals[i].signature, SIGNATURE_BYTES);
    }
    entry->approval_count = count;
}

static void read_date(struct cursor *cursor, struct entry *entry)
{
    int64_t date = cursor_int(cursor);
    if (date < INT32_MIN || date > INT32_MAX) {
        cursor_fail(cursor);
        date = 0;
    }
    entry->date = (int32_t)date;
}

/* A map of at most 64 keys, kept as it came. */
static void read_terms(struct cursor *cursor, struct entry *entry)
{
    struct cursor start = *cursor;
    (void)cursor_map(&start, ENTRY_TERMS_KEYS_MAX);
    if (start.failed) {
        cursor_fail(cursor);
    }
    entry->terms = cursor_raw(cursor, TERMS_DEPTH_MAX);
}

static void read_body(struct cursor *cursor, struct entry *entry)
{
    entry->has_body = !cursor_nil(cursor);
    if (entry->has_body) {
        cursor_bin_exact(cursor, &entry->body, sizeof entry->body);
    }
}

/* The fields behind the version. The first that fails is named. */
static enum err_code read_fields(struct cursor *cursor, struct bytes leaf, struct entry *entry,
                                 struct err *err)
{
    entry->kind = cursor_uint(cursor);
    if (cursor->failed) {
        return field_error(err, "kind", "an unsigned number");
    }
    read_date(cursor, entry);
    if (cursor->failed) {
        return field_error(err, "date", "days since 1970-01-01 within 32 bits");
    }
    entry->time_ms = cursor_uint_max(cursor, TIME_MAX_MS);
    if (cursor->failed) {
        return field_error(err, "time", "milliseconds since 1970-01-01 UTC below 2^53");
    }
    entry->actor = (uint32_t)cursor_uint_max(cursor, UINT32_MAX);
    if (cursor->failed) {
        return field_error(err, "actor", "an officer's number within 32 bits, or 0");
    }
    read_refs(cursor, entry);
    if (cursor->failed) {
        return field_error(err, "refs", "at most 16 of [nil or group id, index, root]");
    }
    read_posts(cursor, entry);
    if (cursor->failed) {
        return field_error(err, "posts", "at most 512 of [account, nil or group id, satang]");
    }
    read_terms(cursor, entry);
    if (cursor->failed) {
        return field_error(err, "terms", "a canonical map of at most 64 keys, 7 levels deep");
    }
    read_body(cursor, entry);
    if (cursor->failed) {
        return field_error(err, "body", "nil or 32 bytes");
    }
    entry->unsigned_len = (size_t)(cursor->at - leaf.data);
    read_approvals(cursor, entry);
    if (cursor->failed) {
        return field_error(err, "approvals", "at most 8 of [officer, 64 bytes of signature]");
    }
    if (!cursor_done(cursor)) {
        return field_error(err, "approvals", "nothing behind it");
    }
    return OK;
}

/* A leaf whose version is not ours: newer where it is at least canonical. */
static enum err_code other_version(struct bytes leaf, uint64_t version, struct err *err)
{
    if (version > ENTRY_VERSION && bytes_is_canonical(leaf, ENTRY_DEPTH_MAX)) {
        return err_set(err, E_NEEDS_UPGRADE,
                       "entry of version %" PRIu64 ": this program reads version %d; upgrade it",
                       version, ENTRY_VERSION);
    }
    return field_error(err, "version", "1 in a canonical array of ten");
}

enum err_code entry_decode(struct bytes leaf, struct entry *entry, struct err *err)
{
    if (leaf.len < 1 || leaf.len > ENTRY_MAX_BYTES) {
        return err_set(err, E_ENCODING, "entry of %zu bytes: expected 1 to %d", leaf.len,
                       ENTRY_MAX_BYTES);
    }
    struct cursor cursor = cursor_of(leaf);
    size_t fields = cursor_array(&cursor, SIZE_MAX);
    entry->version = cursor_uint(&cursor);
    if (cursor.failed) {
        return err_set(err, E_ENCODING, "entry: expected a canonical array that opens with 1");
    }
    if (entry->version != ENTRY_VERSION || fields != ENTRY_FIELDS) {
        return other_version(leaf, entry->version, err);
    }
    enum err_code code = read_fields(&cursor, leaf, entry, err);
    if (code == OK) {
        code = check_refs(entry, err);
    }
    if (code == OK) {
        code = check_posts(entry, err);
    }
    if (code == OK) {
        code = check_approvals(entry, err);
    }
    return code;
}

/* --- writing --- */

static void write_group(struct buffer *out, bool given, const struct hash *group)
{
    if (given) {
        pack_bin(out, hash_view(group));
    } else {
        pack_nil(out);
    }
}

/* Everything before the approvals, without the array's own head. */
static void write_unsigned(struct buffer *out, const struct entry *entry)
{
    pack_uint(out, entry->version);
    pack_uint(out, entry->kind);
    pack_int(out, entry->date);
    pack_uint(out, entry->time_ms);
    pack_uint(out, entry->actor);
    pack_array(out, entry->ref_count);
    for (unsigned i = 0; i < entry->ref_count; i++) {
        const struct ref *ref = &entry->refs[i];
        pack_array(out, 3);
        write_group(out, !ref->own, &ref->group);
        pack_uint(out, ref->index);
        pack_bin(out, hash_view(&ref->root));
    }
    pack_array(out, entry->post_count);
    for (unsigned i = 0; i < entry->post_count; i++) {
        const struct post *post = &entry->posts[i];
        pack_array(out, 3);
        pack_uint(out, post->account);
        write_group(out, post->has_counterparty, &post->counterparty);
        pack_int(out, amount_satang(post->amount));
    }
    buffer_append(out, entry->terms.data, entry->terms.len);
    write_group(out, entry->has_body, &entry->body);
}

static enum err_code check_counts(const struct entry *entry, struct err *err)
{
    if (entry->ref_count > ENTRY_REFS_MAX) {
        return err_set(err, E_LIMIT, "entry cites %u positions: at most %d", entry->ref_count,
                       ENTRY_REFS_MAX);
    }
    if (entry->post_count > ENTRY_POSTS_MAX) {
        return err_set(err, E_LIMIT, "entry has %u lines: at most %d", entry->post_count,
                       ENTRY_POSTS_MAX);
    }
    if (entry->approval_count > ENTRY_APPROVALS_MAX) {
        return err_set(err, E_LIMIT, "entry has %u approvals: at most %d", entry->approval_count,
                       ENTRY_APPROVALS_MAX);
    }
    return OK;
}

/* The rules that the writing itself cannot keep: so that what is written always decodes. */
static enum err_code check_format(const struct entry *entry, struct err *err)
{
    enum err_code code = check_counts(entry, err);
    if (code != OK) {
        return code;
    }
    if (entry->version != ENTRY_VERSION) {
        return field_error(err, "version", "1");
    }
    if (entry->time_ms > TIME_MAX_MS) {
        return field_error(err, "time", "milliseconds since 1970-01-01 UTC below 2^53");
    }
    for (unsigned i = 0; i < entry->ref_count; i++) {
        if (entry->refs[i].index >= LEDGER_SIZE_MAX) {
            return field_error(err, "refs", "each index below 2^40");
        }
    }
    struct cursor terms = cursor_of(entry->terms);
    (void)cursor_map(&terms, ENTRY_TERMS_KEYS_MAX);
    if (terms.failed || !bytes_is_canonical(entry->terms, TERMS_DEPTH_MAX)) {
        return field_error(err, "terms", "a canonical map of at most 64 keys, 7 levels deep");
    }
    code = check_refs(entry, err);
    if (code == OK) {
        code = check_posts(entry, err);
    }
    return code == OK ? check_approvals(entry, err) : code;
}

enum err_code entry_encode(const struct entry *entry, struct buffer *out, struct err *err)
{
    enum err_code code = check_format(entry, err);
    if (code != OK) {
        return code;
    }
    struct buffer leaf;
    buffer_init(&leaf, 0);
    pack_array(&leaf, ENTRY_FIELDS);
    write_unsigned(&leaf, entry);
    pack_array(&leaf, entry->approval_count);
    for (unsigned i = 0; i < entry->approval_count; i++) {
        const struct approval *approval = &entry->approvals[i];
        pack_array(&leaf, 2);
        pack_uint(&leaf, approval->officer);
        pack_bin(&leaf, bytes_of(approval->signature.bytes, SIGNATURE_BYTES));
    }
    if (leaf.failed) {
        code = err_set(err, E_MEMORY, "no memory for an entry");
    } else if (leaf.len > ENTRY_MAX_BYTES) {
        code = err_set(err, E_LIMIT, "entry takes %zu bytes: at most %d; split it", leaf.len,
                       ENTRY_MAX_BYTES);
    } else {
        buffer_append(out, leaf.data, leaf.len);
    }
    buffer_free(&leaf);
    return code;
}

/* --- canonical order --- */

static int order_refs(const void *a, const void *b)
{
    return compare_refs(a, b);
}

static int order_posts(const void *a, const void *b)
{
    return compare_posts(a, b);
}

static int order_approvals(const void *a, const void *b)
{
    return compare_approvals(a, b);
}

static unsigned drop_repeated_refs(struct ref *refs, unsigned count)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++) {
        bool repeated = kept > 0 && compare_refs(&refs[kept - 1], &refs[i]) == 0 &&
                        hash_equal(&refs[kept - 1].root, &refs[i].root);
        if (!repeated) {
            refs[kept++] = refs[i];
        }
    }
    return kept;
}

static enum err_code merge_posts(struct entry *entry, struct err *err)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < entry->post_count; i++) {
        struct post *into = kept > 0 ? &entry->posts[kept - 1] : NULL;
        if (into == NULL || compare_posts(into, &entry->posts[i]) != 0) {
            entry->posts[kept++] = entry->posts[i];
        } else if (!amount_add(into->amount, entry->posts[i].amount, &into->amount) ||
                   !amount_is_postable(into->amount)) {
            return err_set(err, E_OVERFLOW,
                           "lines of account %u add up to more than 10^15 satang: split the entry",
                           (unsigned)into->account);
        }
    }
    entry->post_count = kept;
    return OK;
}

enum err_code entry_sort(struct entry *entry, struct err *err)
{
    enum err_code code = check_counts(entry, err);
    if (code != OK) {
        return code;
    }
    if (entry->ref_count > 2) {
        struct ref *rest = entry->refs + 1;
        qsort(rest, entry->ref_count - 1, sizeof *rest, order_refs);
        entry->ref_count = 1 + drop_repeated_refs(rest, entry->ref_count - 1);
    }
    qsort(entry->posts, entry->post_count, sizeof *entry->posts, order_posts);
    qsort(entry->approvals, entry->approval_count, sizeof *entry->approvals, order_approvals);
    return merge_posts(entry, err);
}

/* --- what approvals sign --- */

void entry_unsigned_hash(const struct entry *entry, struct bytes leaf, struct hash *out)
{
    /* The leaf up to its approvals, with the array's head saying nine instead of ten. */
    static const uint8_t head[1] = {ARRAY_OF_NINE};
    assert(entry->unsigned_len >= 1 && entry->unsigned_len <= leaf.len);
    struct bytes parts[2] = {bytes_of(head, 1), bytes_of(leaf.data + 1, entry->unsigned_len - 1)};
    hash_parts(out, parts, 2);
}

void entry_approval_message(const struct hash *group, const struct hash *unsigned_hash,
                            uint8_t out[APPROVAL_MESSAGE_BYTES])
{
    static const char purpose[] = "satcha/approval/1\n";
    static_assert(sizeof purpose - 1 + HASH_BYTES + HASH_BYTES == APPROVAL_MESSAGE_BYTES,
                  "no padding");
    memcpy(out, purpose, sizeof purpose - 1);
    memcpy(out + sizeof purpose - 1, group->bytes, HASH_BYTES);
    memcpy(out + sizeof purpose - 1 + HASH_BYTES, unsigned_hash->bytes, HASH_BYTES);
}

enum err_code entry_hash_to_approve(const struct entry *entry, struct hash *out, struct err *err)
{
    enum err_code code = check_format(entry, err);
    if (code != OK) {
        return code;
    }
    struct buffer nine;
    buffer_init(&nine, 0);
    pack_array(&nine, ENTRY_FIELDS - 1);
    write_unsigned(&nine, entry);
    if (nine.failed) {
        code = err_set(err, E_MEMORY, "no memory for an entry");
    } else {
        hash_of(out, buffer_view(&nine));
    }
    buffer_free(&nine);
    return code;
}

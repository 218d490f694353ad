/* The entry codec: what is read is what is written, everything else is refused; msgpack-c, which
 * knows nothing of us, packs every decoded leaf again to the same bytes. */
#include "tests/lib/cmocka.h"

#include <msgpack.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/build.h"
#include "tests/lib/prng.h"

static struct entry entry;
static struct entry again;
static struct buffer leaf;

static int set_up(void **state)
{
    (void)state;
    crypto_init();
    buffer_init(&leaf, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_free(&leaf);
    return 0;
}

/* A map with one key, nested `depth` arrays deep in all. */
static const uint8_t empty_map[] = {0x80};

static void plain_entry(struct entry *out)
{
    memset(out, 0, sizeof *out);
    out->version = ENTRY_VERSION;
    out->kind = KIND_POST;
    out->date = 20458;
    out->time_ms = UINT64_C(1767582000000);
    out->actor = 3;
    out->terms = bytes_of(empty_map, sizeof empty_map);
}

static void add_line(struct entry *out, uint16_t account, int64_t satang, uint8_t party)
{
    struct post *post = &out->posts[out->post_count++];
    memset(post, 0, sizeof *post);
    post->account = account;
    post->amount = amount_of(satang);
    post->has_counterparty = party != 0;
    post->counterparty.bytes[0] = party;
}

static void add_ref(struct entry *out, uint8_t group, uint64_t index)
{
    struct ref *ref = &out->refs[out->ref_count++];
    memset(ref, 0, sizeof *ref);
    ref->own = group == 0;
    ref->group.bytes[0] = group;
    ref->index = index;
    ref->root.bytes[31] = (uint8_t)(index & 0xff);
}

static void add_approval(struct entry *out, uint32_t officer)
{
    struct approval *approval = &out->approvals[out->approval_count++];
    memset(approval, (int)(officer & 0x7f), sizeof *approval);
    approval->officer = officer;
}

/* Some of everything. */
static void full_entry(struct entry *out)
{
    plain_entry(out);
    add_ref(out, 9, 7);
    add_ref(out, 0, 5);
    add_ref(out, 1, 2);
    add_line(out, 1110, 120000, 0);
    add_line(out, 1110, -20000, 0);
    add_line(out, 1310, 5000, 1);
    add_line(out, 2110, -105000, 0);
    out->has_body = true;
    out->body.bytes[0] = 0xb0;
    add_approval(out, 1);
    add_approval(out, 200);
}

static enum err_code encode(const struct entry *from)
{
    buffer_clear(&leaf);
    return entry_encode(from, &leaf, NULL);
}

static void assert_same(const struct entry *a, const struct entry *b)
{
    assert_true(a->version == b->version && a->kind == b->kind && a->date == b->date);
    assert_true(a->time_ms == b->time_ms && a->actor == b->actor);
    assert_int_equal(a->ref_count, b->ref_count);
    for (unsigned i = 0; i < a->ref_count; i++) {
        assert_int_equal(a->refs[i].own, b->refs[i].own);
        assert_true(a->refs[i].own || hash_equal(&a->refs[i].group, &b->refs[i].group));
        assert_true(a->refs[i].index == b->refs[i].index);
        assert_true(hash_equal(&a->refs[i].root, &b->refs[i].root));
    }
    assert_int_equal(a->post_count, b->post_count);
    for (unsigned i = 0; i < a->post_count; i++) {
        assert_int_equal(a->posts[i].account, b->posts[i].account);
        assert_int_equal(a->posts[i].has_counterparty, b->posts[i].has_counterparty);
        assert_true(!a->posts[i].has_counterparty ||
                    hash_equal(&a->posts[i].counterparty, &b->posts[i].counterparty));
        assert_true(amount_equal(a->posts[i].amount, b->posts[i].amount));
    }
    assert_true(bytes_equal(a->terms, b->terms));
    assert_int_equal(a->has_body, b->has_body);
    assert_true(!a->has_body || hash_equal(&a->body, &b->body));
    assert_int_equal(a->approval_count, b->approval_count);
    for (unsigned i = 0; i < a->approval_count; i++) {
        assert_int_equal(a->approvals[i].officer, b->approvals[i].officer);
        assert_memory_equal(&a->approvals[i].signature, &b->approvals[i].signature,
                            SIGNATURE_BYTES);
    }
}

/* msgpack-c unpacks any MessagePack and packs it in the shortest form. */
static void assert_oracle_agrees(struct bytes bytes)
{
    msgpack_unpacked unpacked;
    msgpack_sbuffer packed;
    size_t offset = 0;
    msgpack_unpacked_init(&unpacked);
    msgpack_sbuffer_init(&packed);
    assert_int_equal(msgpack_unpack_next(&unpacked, (const char *)bytes.data, bytes.len, &offset),
                     MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(offset, bytes.len);
    msgpack_packer packer;
    msgpack_packer_init(&packer, &packed, msgpack_sbuffer_write);
    assert_int_equal(msgpack_pack_object(&packer, unpacked.data), 0);
    assert_int_equal(packed.size, bytes.len);
    assert_memory_equal(packed.data, bytes.data, bytes.len);
    msgpack_sbuffer_destroy(&packed);
    msgpack_unpacked_destroy(&unpacked);
}

static void round_trip(const struct entry *from)
{
    assert_int_equal(encode(from), OK);
    assert_int_equal(entry_decode(buffer_view(&leaf), &again, NULL), OK);
    assert_same(from, &again);
    assert_oracle_agrees(buffer_view(&leaf));
    struct buffer second;
    buffer_init(&second, 0);
    assert_int_equal(entry_encode(&again, &second, NULL), OK);
    assert_true(bytes_equal(buffer_view(&leaf), buffer_view(&second)));
    buffer_free(&second);
}

static void test_round_trip(void **state)
{
    (void)state;
    plain_entry(&entry);
    round_trip(&entry);
    full_entry(&entry);
    round_trip(&entry);
}

static void test_limits_fit(void **state)
{
    (void)state;
    plain_entry(&entry);
    entry.kind = UINT64_MAX;
    entry.date = INT32_MIN;
    entry.time_ms = TIME_MAX_MS;
    entry.actor = UINT32_MAX;
    add_line(&entry, 0, AMOUNT_MAX_SATANG, 0);
    add_line(&entry, UINT16_MAX, -AMOUNT_MAX_SATANG, 0);
    for (unsigned i = 0; i < ENTRY_REFS_MAX; i++) {
        add_ref(&entry, 1, i == 0 ? LEDGER_SIZE_MAX - 1 : i);
    }
    for (uint32_t i = 1; i <= ENTRY_APPROVALS_MAX; i++) {
        add_approval(&entry, i);
    }
    round_trip(&entry);
    plain_entry(&entry);
    entry.date = INT32_MAX;
    for (unsigned i = 0; i < ENTRY_POSTS_MAX; i++) {
        add_line(&entry, (uint16_t)i, i % 2 == 0 ? 1 : -1, 0);
    }
    round_trip(&entry);
}

/* A plain deposit is what the wire carries most: its size is a goal (at most 120). */
static void test_deposit_is_small(void **state)
{
    (void)state;
    plain_entry(&entry);
    static const uint8_t terms[] = {0x81, 0x00, 0x02};
    entry.terms = bytes_of(terms, sizeof terms);
    entry.has_body = true;
    add_line(&entry, 1110, 120000, 0);
    add_line(&entry, 2110, -120000, 0);
    assert_int_equal(encode(&entry), OK);
    printf("a two-line deposit takes %zu bytes\n", leaf.len);
    assert_true(leaf.len <= 120);
}

static void test_every_truncation(void **state)
{
    (void)state;
    full_entry(&entry);
    assert_int_equal(encode(&entry), OK);
    for (size_t len = 0; len < leaf.len; len++) {
        struct err err;
        assert_int_equal(entry_decode(bytes_of(leaf.data, len), &again, &err), E_ENCODING);
        assert_true(err.text[0] != '\0');
    }
    buffer_append(&leaf, "", 1);
    assert_int_equal(entry_decode(buffer_view(&leaf), &again, NULL), E_ENCODING);
}

/* Any byte changed: refused, or the same bytes come out again. */
static void test_every_byte_flipped(void **state)
{
    (void)state;
    struct buffer changed;
    struct buffer second;
    buffer_init(&changed, 0);
    buffer_init(&second, 0);
    full_entry(&entry);
    assert_int_equal(encode(&entry), OK);
    for (size_t i = 0; i < leaf.len * 8; i++) {
        buffer_clear(&changed);
        buffer_clear(&second);
        buffer_append(&changed, leaf.data, leaf.len);
        changed.data[i / 8] ^= (uint8_t)(1U << i % 8);
        if (entry_decode(buffer_view(&changed), &again, NULL) == OK) {
            assert_int_equal(entry_encode(&again, &second, NULL), OK);
            assert_true(bytes_equal(buffer_view(&changed), buffer_view(&second)));
        }
    }
    buffer_free(&changed);
    buffer_free(&second);
}

static void refused_to_encode(const struct entry *from, enum err_code code)
{
    struct err err;
    buffer_clear(&leaf);
    assert_int_equal(entry_encode(from, &leaf, &err), code);
    assert_int_equal(leaf.len, 0);
    assert_true(err.text[0] != '\0');
}

static void test_encode_refuses(void **state)
{
    (void)state;
    plain_entry(&entry);
    entry.version = 2;
    refused_to_encode(&entry, E_ENCODING);
    plain_entry(&entry);
    entry.time_ms = TIME_MAX_MS + 1;
    refused_to_encode(&entry, E_ENCODING);
    plain_entry(&entry);
    add_ref(&entry, 0, LEDGER_SIZE_MAX);
    refused_to_encode(&entry, E_ENCODING);
    plain_entry(&entry);
    add_line(&entry, 1110, 0, 0);
    refused_to_encode(&entry, E_ENCODING);
    plain_entry(&entry);
    add_line(&entry, 1110, AMOUNT_MAX_SATANG + 1, 0);
    refused_to_encode(&entry, E_ENCODING);
    plain_entry(&entry);
    add_approval(&entry, 0);
    refused_to_encode(&entry, E_ENCODING);
    plain_entry(&entry);
    entry.terms = bytes_of("\xc0", 1);
    refused_to_encode(&entry, E_ENCODING);
    entry.terms = bytes_of("\x81\x01\xca\0\0\0\0", 7); /* a float */
    refused_to_encode(&entry, E_ENCODING);
    plain_entry(&entry);
    entry.post_count = ENTRY_POSTS_MAX + 1;
    refused_to_encode(&entry, E_LIMIT);
    plain_entry(&entry);
    for (unsigned i = 0; i < ENTRY_POSTS_MAX; i++) {
        add_line(&entry, (uint16_t)i, 1, 7);
    }
    refused_to_encode(&entry, E_LIMIT); /* over 16,384 bytes */
}

/* Writes the ten fields by hand, one of them replaced by `bytes`. */
static struct bytes with_field(unsigned number, const char *bytes, size_t len)
{
    static const char *const plain[10] = {"\x01", "\x0a", "\x00", "\x00", "\x00",
                                          "\x90", "\x90", "\x80", "\xc0", "\x90"};
    buffer_clear(&leaf);
    pack_array(&leaf, 10);
    for (unsigned i = 0; i < 10; i++) {
        if (i == number) {
            buffer_append(&leaf, bytes, len);
        } else {
            buffer_append(&leaf, plain[i], 1);
        }
    }
    return buffer_view(&leaf);
}

#define HASH32 "0123456789abcdef0123456789abcdef"
#define BIN32 "\xc4\x20" HASH32
#define BIN64 "\xc4\x40" HASH32 HASH32

static void test_each_field_refuses(void **state)
{
    (void)state;
    static const struct {
        unsigned field;
        const char *why;
        const char *bytes;
        size_t len;
    } bad[] = {
#define BAD(field, why, bytes) {field, why, bytes, sizeof(bytes) - 1}
        BAD(0, "version 0", "\x00"),
        BAD(0, "a text", "\xa1\x31"),
        BAD(1, "negative kind", "\xff"),
        BAD(1, "not shortest", "\xcc\x0a"),
        BAD(1, "nil", "\xc0"),
        BAD(2, "date above int32", "\xce\x80\x00\x00\x00"),
        BAD(2, "date below int32", "\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"),
        BAD(2, "positive in the signed family", "\xd0\x01"),
        BAD(3, "time of 2^53", "\xcf\x00\x20\x00\x00\x00\x00\x00\x00"),
        BAD(3, "negative time", "\xff"),
        BAD(4, "actor above u32", "\xcf\x00\x00\x00\x01\x00\x00\x00\x00"),
        BAD(5, "no array", "\xc0"),
        BAD(5, "two elements", "\x91\x92\xc0\x00"),
        BAD(5, "group as text", "\x91\x93\xa1\x31\x00" BIN32),
        BAD(5, "root of 31 bytes",
            "\x91\x93\xc0\x00\xc4\x1f"
            "123456789abcdef0123456789abcdef"),
        BAD(5, "index of 2^40", "\x91\x93\xc0\xcf\x00\x00\x01\x00\x00\x00\x00\x00" BIN32),
        BAD(5, "array 16 of one form only", "\xdc\x00\x00"),
        BAD(6, "amount 0", "\x91\x93\x01\xc0\x00"),
        BAD(6, "account above u16", "\x91\x93\xce\x00\x01\x00\x00\xc0\x01"),
        BAD(6, "amount above 10^15", "\x91\x93\x01\xc0\xcf\x00\x03\x8d\x7e\xa4\xc6\x80\x01"),
        BAD(6, "counterparty of 0 bytes", "\x91\x93\x01\xc4\x00\x01"),
        BAD(6, "bin of one form only", "\x91\x93\x01\xc5\x00\x20" HASH32 "\x01"),
        BAD(7, "nil", "\xc0"),
        BAD(7, "array", "\x90"),
        BAD(7, "keys descending", "\x82\x02\xc0\x01\xc0"),
        BAD(7, "key twice", "\x82\x02\xc0\x02\xc0"),
        BAD(7, "text key", "\x81\xa1\x61\xc0"),
        BAD(7, "negative key", "\x81\xff\xc0"),
        BAD(7, "float", "\x81\x01\xcb\0\0\0\0\0\0\0\0"),
        BAD(7, "ext", "\x81\x01\xd4\x01\x01"),
        BAD(7, "not UTF-8", "\x81\x01\xa1\xff"),
        BAD(7, "eight deep", "\x81\x01\x91\x91\x91\x91\x91\x91\x91\xc0"),
        BAD(8, "bin of 31 bytes",
            "\xc4\x1f"
            "123456789abcdef0123456789abcdef"),
        BAD(8, "false", "\xc2"),
        BAD(9, "officer 0", "\x91\x92\x00" BIN64),
        BAD(9, "officer twice", "\x92\x92\x01" BIN64 "\x92\x01" BIN64),
        BAD(9, "descending", "\x92\x92\x02" BIN64 "\x92\x01" BIN64),
        BAD(9, "short signature", "\x91\x92\x01" BIN32),
        BAD(9, "nine", "\x99\x92\x01" BIN64),
#undef BAD
    };
    assert_int_equal(entry_decode(with_field(0, "\x01", 1), &again, NULL), OK);
    assert_int_equal(entry_decode(with_field(7, "\x81\x01\x91\x91\x91\x91\x91\x91\xc0", 9), &again,
                                  NULL),
                     OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err;
        struct bytes bytes = with_field(bad[i].field, bad[i].bytes, bad[i].len);
        if (entry_decode(bytes, &again, &err) != E_ENCODING) {
            fail_msg("field %u, %s: accepted", bad[i].field, bad[i].why);
        }
    }
}

static void test_order_and_uniqueness(void **state)
{
    (void)state;
    static const struct {
        uint16_t accounts[2];
        int64_t lines[2];
        uint8_t parties[2];
    } bad_posts[] = {
        {{1120, 1110}, {1, -1}, {0, 0}}, /* account */
        {{1110, 1110}, {-1, 1}, {0, 0}}, /* debit first */
        {{1110, 1110}, {1, 2}, {0, 0}},  /* once */
        {{1310, 1310}, {1, -1}, {1, 0}}, /* nil first */
        {{1310, 1310}, {1, -1}, {2, 1}}, /* counterparty */
    };
    for (size_t i = 0; i < sizeof bad_posts / sizeof *bad_posts; i++) {
        plain_entry(&entry);
        for (unsigned k = 0; k < 2; k++) {
            add_line(&entry, bad_posts[i].accounts[k], bad_posts[i].lines[k],
                     bad_posts[i].parties[k]);
        }
        refused_to_encode(&entry, E_ENCODING);
    }
    static const struct {
        uint8_t groups[2];
        uint64_t indexes[2];
    } bad_refs[] = {{{0, 0}, {2, 1}}, {{0, 0}, {1, 1}}, {{1, 0}, {1, 2}}, {{2, 1}, {1, 2}}};
    for (size_t i = 0; i < sizeof bad_refs / sizeof *bad_refs; i++) {
        plain_entry(&entry);
        add_ref(&entry, 3, 9); /* the first stands where it stands */
        add_ref(&entry, bad_refs[i].groups[0], bad_refs[i].indexes[0]);
        add_ref(&entry, bad_refs[i].groups[1], bad_refs[i].indexes[1]);
        refused_to_encode(&entry, E_ENCODING);
        assert_int_equal(entry_sort(&entry, NULL), OK);
        assert_int_equal(encode(&entry), OK);
        assert_int_equal(entry.refs[0].group.bytes[0], 3);
    }
}

static void test_sort_merges(void **state)
{
    (void)state;
    plain_entry(&entry);
    add_line(&entry, 2110, -500, 0);
    add_line(&entry, 1110, 300, 0);
    add_line(&entry, 1110, -50, 0);
    add_line(&entry, 1110, 250, 0);
    add_approval(&entry, 5);
    add_approval(&entry, 2);
    assert_int_equal(entry_sort(&entry, NULL), OK);
    assert_int_equal(entry.post_count, 3);
    assert_true(amount_equal(entry.posts[0].amount, amount_of(550)));
    assert_true(amount_equal(entry.posts[1].amount, amount_of(-50)));
    assert_int_equal(entry.posts[2].account, 2110);
    assert_int_equal(entry.approvals[0].officer, 2);
    assert_int_equal(encode(&entry), OK);
    add_line(&entry, 1110, AMOUNT_MAX_SATANG, 0);
    assert_int_equal(entry_sort(&entry, NULL), E_OVERFLOW);
}

static void test_newer_version(void **state)
{
    (void)state;
    static const uint8_t newer[] = {0x93, 0x02, 0x81, 0x00, 0x01, 0xa1, 0x61};
    static const uint8_t broken[] = {0x93, 0x02, 0x81, 0x00, 0x01, 0xa1};
    assert_int_equal(entry_decode(bytes_of(newer, sizeof newer), &again, NULL), E_NEEDS_UPGRADE);
    assert_int_equal(entry_decode(bytes_of(broken, sizeof broken), &again, NULL), E_ENCODING);
    static const uint8_t nine_fields[] = {0x99, 0x01, 0x0a, 0, 0, 0, 0x90, 0x90, 0x80, 0xc0};
    assert_int_equal(entry_decode(bytes_of(nine_fields, sizeof nine_fields), &again, NULL),
                     E_ENCODING);
}

/* The nine fields hash alike before and after encoding, whatever the approvals are. */
static void test_approvals_hash(void **state)
{
    (void)state;
    struct hash built;
    struct hash read;
    full_entry(&entry);
    assert_int_equal(entry_hash_to_approve(&entry, &built, NULL), OK);
    assert_int_equal(encode(&entry), OK);
    assert_int_equal(entry_decode(buffer_view(&leaf), &again, NULL), OK);
    entry_unsigned_hash(&again, buffer_view(&leaf), &read);
    assert_true(hash_equal(&built, &read));
    entry.approval_count = 1;
    assert_int_equal(entry_hash_to_approve(&entry, &read, NULL), OK);
    assert_true(hash_equal(&built, &read));
    entry.actor++;
    assert_int_equal(entry_hash_to_approve(&entry, &read, NULL), OK);
    assert_false(hash_equal(&built, &read));
    uint8_t message[APPROVAL_MESSAGE_BYTES];
    entry_approval_message(&read, &built, message);
    assert_memory_equal(message, "satcha/approval/1\n", 18);
    assert_memory_equal(message + 18, read.bytes, 32);
    assert_memory_equal(message + 50, built.bytes, 32);
}

static struct bytes random_terms(struct prng *prng, struct buffer *out)
{
    uint64_t count = prng_below(prng, 5);
    uint64_t key = 0;
    buffer_clear(out);
    pack_map(out, count);
    for (uint64_t i = 0; i < count; i++) {
        key += 1 + prng_below(prng, 300);
        pack_uint(out, key);
        switch (prng_below(prng, 5)) {
        case 0:
            pack_int(out, (int64_t)prng_next(prng));
            break;
        case 1:
            pack_text(out, "สัจจะ");
            break;
        case 2:
            pack_nil(out);
            break;
        case 3:
            pack_bool(out, prng_below(prng, 2) == 0);
            break;
        default:
            pack_array(out, 2);
            pack_uint(out, prng_any_size(prng));
            pack_bin(out, bytes_of("\0\1\2", 3));
        }
    }
    return buffer_view(out);
}

static void random_entry(struct prng *prng, struct buffer *terms, struct entry *out)
{
    plain_entry(out);
    out->kind = prng_any_size(prng);
    out->date = (int32_t)((int64_t)prng_below(prng, UINT64_C(1) << 32) - INT64_C(0x80000000));
    out->time_ms = prng_any_size(prng) & TIME_MAX_MS;
    out->actor = (uint32_t)(prng_any_size(prng) & UINT32_MAX);
    for (uint64_t i = prng_below(prng, 6); i > 0; i--) {
        add_ref(out, (uint8_t)prng_below(prng, 4), prng_any_size(prng) % LEDGER_SIZE_MAX);
    }
    for (uint64_t i = prng_below(prng, 8); i > 0; i--) {
        int64_t satang = (int64_t)(1 + prng_any_size(prng) % (uint64_t)(AMOUNT_MAX_SATANG / 16));
        add_line(out, (uint16_t)prng_below(prng, 5), prng_below(prng, 2) == 0 ? satang : -satang,
                 (uint8_t)prng_below(prng, 3));
    }
    out->terms = random_terms(prng, terms);
    out->has_body = prng_below(prng, 2) == 0;
    prng_bytes(prng, out->body.bytes, HASH_BYTES);
    uint32_t officer = 0;
    for (uint64_t i = prng_below(prng, 4); i > 0; i--) {
        officer += 1 + (uint32_t)prng_below(prng, 1000);
        add_approval(out, officer);
    }
}

static void test_random_entries(void **state)
{
    (void)state;
    struct prng prng;
    struct buffer terms;
    buffer_init(&terms, 0);
    prng_init(&prng, 20260105);
    for (unsigned i = 0; i < 2000; i++) {
        random_entry(&prng, &terms, &entry);
        if (entry_sort(&entry, NULL) == OK && encode(&entry) == OK) {
            round_trip(&entry);
        }
    }
    buffer_free(&terms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),         cmocka_unit_test(test_limits_fit),
        cmocka_unit_test(test_deposit_is_small),   cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_every_byte_flipped), cmocka_unit_test(test_encode_refuses),
        cmocka_unit_test(test_each_field_refuses), cmocka_unit_test(test_order_and_uniqueness),
        cmocka_unit_test(test_sort_merges),        cmocka_unit_test(test_newer_version),
        cmocka_unit_test(test_approvals_hash),     cmocka_unit_test(test_random_entries),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

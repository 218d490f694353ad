/* Terms: each kind's codec both ways, the parity rule of unknown keys, and the merging of a
 * profile's changes. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "tests/lib/build.h"

static struct buffer packed;
static struct buffer second;
static struct err err;
static const uint8_t tag[OPERATION_TAG_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};

static int set_up(void **state)
{
    (void)state;
    crypto_init();
    buffer_init(&packed, 0);
    buffer_init(&second, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buffer_free(&packed);
    buffer_free(&second);
    return 0;
}

static struct bytes begin_map(size_t count)
{
    buffer_clear(&packed);
    pack_map(&packed, count);
    return buffer_view(&packed);
}

static void assert_tag(bool expected)
{
    uint8_t read[OPERATION_TAG_BYTES];
    assert_int_equal(terms_operation_tag(buffer_view(&packed), read), expected);
    if (expected) {
        assert_memory_equal(read, tag, sizeof tag);
    }
}

/* --- post, member, note --- */

static void test_post(void **state)
{
    (void)state;
    struct post_terms terms = {.event = 32,
                               .reversed = true,
                               .round = 2544,
                               .grant = 9,
                               .reported_count = 3,
                               .reported = {1110, 2110, 3900}};
    struct post_terms read;
    for (unsigned with_tag = 0; with_tag < 2; with_tag++) {
        buffer_clear(&packed);
        terms_post_pack(&packed, &terms, with_tag == 1 ? tag : NULL);
        assert_true(bytes_is_canonical(buffer_view(&packed), ENTRY_DEPTH_MAX));
        assert_int_equal(terms_post_read(buffer_view(&packed), &read, &err), OK);
        assert_true(read.event == 32 && read.reversed && read.round == 2544 && read.grant == 9);
        assert_int_equal(read.reported_count, 3);
        assert_memory_equal(read.reported, terms.reported, 3 * sizeof *terms.reported);
        assert_tag(with_tag == 1);
    }
    for (size_t len = 0; len < packed.len; len++) {
        assert_int_equal(terms_post_read(bytes_of(packed.data, len), &read, &err), E_ENCODING);
    }
    buffer_append(&packed, "", 1);
    assert_int_equal(terms_post_read(buffer_view(&packed), &read, &err), E_ENCODING);
}

static void test_post_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        enum err_code code;
    } terms[] = {
#define TERMS(bytes, code) {bytes, sizeof(bytes) - 1, code}
        TERMS("\x81\x00\x02", OK),
        TERMS("\x80", E_ENCODING),                         /* no event */
        TERMS("\x81\x00\x00", E_ENCODING),                 /* event 0 */
        TERMS("\x81\x00\xff", E_ENCODING),                 /* negative */
        TERMS("\x82\x00\x02\x02\x01", E_ENCODING),         /* a number as the sign */
        TERMS("\x82\x00\x02\x08\x92\x05\x05", E_ENCODING), /* an account twice */
        TERMS("\x82\x00\x02\x08\x92\x05\x04", E_ENCODING), /* descending */
        TERMS("\x82\x00\x02\x01\xc4\x01x", E_ENCODING),    /* a tag of one byte */
        TERMS("\x82\x00\x02\x0b\xc3", OK),                 /* unknown odd */
        TERMS("\x82\x00\x02\x0a\xc3", E_NEEDS_UPGRADE),    /* unknown even */
        TERMS("\x90", E_ENCODING),                         /* no map */
        TERMS("\xc0", E_ENCODING),
#undef TERMS
    };
    struct post_terms read;
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        enum err_code code = terms_post_read(bytes_of(terms[i].bytes, terms[i].len), &read, &err);
        if (code != terms[i].code) {
            fail_msg("terms %zu: %s", i, err_name(code));
        }
    }
}

static void test_member(void **state)
{
    (void)state;
    static const int64_t changes[] = {1, -1, 1388, INT64_MIN, INT64_MAX, 0};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct member_terms terms = {changes[i]};
        struct member_terms read;
        buffer_clear(&packed);
        terms_member_pack(&packed, &terms, tag);
        assert_int_equal(terms_member_read(buffer_view(&packed), &read, &err), OK);
        assert_true(read.change == changes[i]);
        assert_tag(true);
    }
}

static void test_note(void **state)
{
    (void)state;
    struct note_terms terms = {.topic = bytes_of_text("มติที่ประชุม")};
    struct note_terms read;
    terms.document.bytes[0] = 7;
    buffer_clear(&packed);
    terms_note_pack(&packed, &terms, tag);
    assert_int_equal(terms_note_read(buffer_view(&packed), &read, &err), OK);
    assert_true(bytes_equal(read.topic, terms.topic));
    assert_true(hash_equal(&read.document, &terms.document));
    char long_topic[TOPIC_MAX_BYTES + 2];
    memset(long_topic, 'a', sizeof long_topic);
    long_topic[TOPIC_MAX_BYTES + 1] = '\0';
    terms.topic = bytes_of_text(long_topic);
    buffer_clear(&packed);
    terms_note_pack(&packed, &terms, NULL);
    assert_int_equal(terms_note_read(buffer_view(&packed), &read, &err), E_ENCODING);
    assert_non_null(strstr(err.text, "note"));
}

static void test_empty(void **state)
{
    (void)state;
    buffer_clear(&packed);
    terms_empty_pack(&packed, NULL);
    assert_int_equal(packed.len, 1);
    assert_tag(false);
    buffer_clear(&packed);
    terms_empty_pack(&packed, tag);
    assert_tag(true);
}

/* --- profile --- */

static void full_profile(struct profile *profile)
{
    maker_profile(3, GROUP_NETWORK, profile);
    profile->fields = (PROFILE_CLOSED << 1) - 1;
    memcpy(profile->name_en, "Group", 6);
    memcpy(profile->legal_form, "กลุ่ม", sizeof "กลุ่ม");
    memcpy(profile->registration, "12/2566", 8);
    profile->home_place = 270501;
    profile->area_count = 2;
    profile->areas[0] = 270501;
    profile->areas[1] = 2705;
    profile->address_count = 2;
    memcpy(profile->addresses[0], "10.0.0.1:7000", 14);
    memcpy(profile->addresses[1], "[fd00::1]:7000", 15);
    profile->salt[3] = 9;
    profile->has_network = true;
    profile->network.bytes[0] = 1;
    profile->closed = true;
    profile->policy.overdraft = true;
    profile->policy.min_lines = 5;
    profile->policy.member_money = MEMBER_MONEY_CONTRIBUTION;
    profile->policy.quorum_count = 1;
    profile->policy.quorums[0] = (struct policy_quorum){KIND_POST, amount_of(500000), 2};
    profile->policy.fiscal_month = 10;
    profile->policy.transit_days = 14;
}

static void test_profile(void **state)
{
    (void)state;
    struct profile profile;
    struct profile read;
    full_profile(&profile);
    buffer_clear(&packed);
    terms_profile_pack(&packed, &profile, tag);
    assert_true(bytes_is_canonical(buffer_view(&packed), ENTRY_DEPTH_MAX));
    assert_int_equal(terms_profile_read_all(buffer_view(&packed), &read, &err), OK);
    assert_int_equal(read.fields, profile.fields);
    buffer_clear(&second);
    terms_profile_pack(&second, &read, tag);
    assert_true(bytes_equal(buffer_view(&packed), buffer_view(&second)));
    assert_string_equal(read.addresses[1], "[fd00::1]:7000");
    assert_int_equal(read.policy.quorums[0].approvals, 2);
    assert_int_equal(officer_find(read.officers, read.officer_count, 2)->number, 2);
    assert_null(officer_find(read.officers, read.officer_count, 9));
    for (size_t len = 0; len < packed.len; len++) {
        assert_int_equal(terms_profile_read_all(bytes_of(packed.data, len), &read, &err),
                         E_ENCODING);
    }
    /* What is for good does not stand in an amend, what amends does not stand in a genesis. */
    assert_int_equal(terms_profile_read(buffer_view(&packed), KIND_GENESIS, &read, &err),
                     E_ENCODING);
    assert_int_equal(terms_profile_read(buffer_view(&packed), KIND_AMEND, &read, &err), E_ENCODING);
    /* The chain's reader takes what it knows and passes over the rest. */
    assert_int_equal(terms_keys_read(buffer_view(&packed), KIND_AMEND, &read, &err), OK);
    assert_int_equal(read.fields, PROFILE_KEYS);
    assert_int_equal(terms_keys_read(buffer_view(&packed), KIND_GENESIS, &read, &err), OK);
    assert_int_equal(read.fields, PROFILE_KEYS | PROFILE_TYPE);
}

static void test_profile_refused(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        const char *bytes;
        size_t len;
        enum err_code code;
    } terms[] = {
#define TERMS(why, bytes, code) {why, bytes, sizeof(bytes) - 1, code}
        TERMS("nothing", "\x80", OK),
        TERMS("short key", "\x81\x02\xc4\x01k", E_ENCODING),
        TERMS("control character", "\x81\x03\xa1\x1b", E_ENCODING),
        TERMS("officer of two fields", "\x81\x06\x91\x92\x01\xc0", E_ENCODING),
        TERMS("place of three digits", "\x81\x05\xcd\x01\x0e", E_ENCODING),
        TERMS("place of four", "\x81\x05\xcd\x0a\x91", OK),
        TERMS("empty address", "\x81\x0f\x91\xa0", E_ENCODING),
        TERMS("five addresses", "\x81\x0f\x95\xa1g\xa1g\xa1g\xa1g\xa1g", E_ENCODING),
        TERMS("network as number", "\x81\x12\x01", E_ENCODING),
        TERMS("leaving a network", "\x81\x12\xc0", OK),
        TERMS("unknown odd", "\x81\x15\x01", OK),
        TERMS("unknown even", "\x81\x16\x01", E_NEEDS_UPGRADE),
        TERMS("a profit share to come", "\x81\x10\x01", E_NEEDS_UPGRADE),
        TERMS("policy of no map", "\x81\x0e\x90", E_ENCODING),
        TERMS("month 13", "\x81\x0e\x81\x06\x0d", E_ENCODING),
        TERMS("no lines", "\x81\x0e\x81\x01\x00", E_ENCODING),
        TERMS("money of kind 3", "\x81\x0e\x81\x02\x03", E_ENCODING),
        TERMS("nine approvals", "\x81\x0e\x81\x04\x91\x93\x0a\x00\x09", E_ENCODING),
        TERMS("eight", "\x81\x0e\x81\x04\x91\x93\x0a\x00\x08", OK),
        TERMS("policy, unknown even", "\x81\x0e\x81\x08\x01", E_NEEDS_UPGRADE),
        TERMS("policy, unknown odd", "\x81\x0e\x81\x0b\x01", OK),
#undef TERMS
    };
    struct profile read;
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        enum err_code code =
            terms_profile_read(bytes_of(terms[i].bytes, terms[i].len), KIND_AMEND, &read, &err);
        if (code != terms[i].code) {
            fail_msg("%s: %s", terms[i].why, err_name(code));
        }
    }
    /* Longer texts than a profile holds. */
    char text[NAME_MAX_BYTES + 2];
    memset(text, 'a', sizeof text);
    text[NAME_MAX_BYTES + 1] = '\0';
    begin_map(1);
    pack_uint(&packed, 3);
    pack_text(&packed, text);
    assert_int_equal(terms_profile_read(buffer_view(&packed), KIND_AMEND, &read, &err), E_ENCODING);
    begin_map(1);
    pack_uint(&packed, 3);
    pack_text(&packed, text + 1);
    assert_int_equal(terms_profile_read(buffer_view(&packed), KIND_AMEND, &read, &err), OK);
}

static void test_officers(void **state)
{
    (void)state;
    static const uint32_t bad[][2] = {{0, 1}, {2, 1}, {1, 1}};
    struct profile profile;
    struct profile read;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        maker_profile(3, GROUP_SAVINGS, &profile);
        profile.fields = PROFILE_OFFICERS;
        profile.officers[0].number = bad[i][0];
        profile.officers[1].number = bad[i][1];
        buffer_clear(&packed);
        terms_profile_pack(&packed, &profile, NULL);
        assert_int_equal(terms_profile_read(buffer_view(&packed), KIND_AMEND, &read, &err),
                         E_ENCODING);
    }
    maker_profile(3, GROUP_SAVINGS, &profile);
    profile.fields = PROFILE_OFFICERS;
    profile.officer_count = OFFICERS_MAX;
    for (uint32_t i = 0; i < OFFICERS_MAX; i++) {
        profile.officers[i] = profile.officers[0];
        profile.officers[i].number = i + 1;
    }
    buffer_clear(&packed);
    terms_profile_pack(&packed, &profile, NULL);
    assert_int_equal(terms_profile_read(buffer_view(&packed), KIND_AMEND, &read, &err), OK);
    assert_int_equal(read.officer_count, OFFICERS_MAX);
}

/* Each field by itself moves what it names and nothing else. */
static void test_merge(void **state)
{
    (void)state;
    struct profile base;
    struct profile full;
    maker_profile(8, GROUP_SAVINGS, &base);
    full_profile(&full);
    for (unsigned bit = 0; bit < 18; bit++) {
        struct profile merged = base;
        struct profile change = full;
        struct profile rest = base;
        change.fields = 1U << bit;
        profile_merge(&merged, &change);
        assert_int_equal(merged.fields, base.fields | change.fields);
        merged.fields = change.fields;
        buffer_clear(&packed);
        buffer_clear(&second);
        terms_profile_pack(&packed, &merged, NULL);
        terms_profile_pack(&second, &change, NULL);
        assert_true(bytes_equal(buffer_view(&packed), buffer_view(&second)));
        merged.fields = rest.fields = ((PROFILE_CLOSED << 1) - 1) & ~change.fields;
        buffer_clear(&packed);
        buffer_clear(&second);
        terms_profile_pack(&packed, &merged, NULL);
        terms_profile_pack(&second, &rest, NULL);
        assert_true(bytes_equal(buffer_view(&packed), buffer_view(&second)));
        assert_int_equal(profile_changes_keys(&change), (change.fields & PROFILE_KEYS) != 0);
    }
}

/* --- roster --- */

struct seen {
    unsigned count;
    struct admission admissions[4];
    enum err_code answer;
};

static enum err_code see(void *context, const struct admission *admission)
{
    struct seen *seen = context;
    assert_true(seen->count < 4);
    seen->admissions[seen->count++] = *admission;
    return seen->answer;
}

static void test_roster(void **state)
{
    (void)state;
    static struct admission admissions[2];
    static struct seen seen;
    memset(admissions, 0, sizeof admissions);
    for (unsigned i = 0; i < 2; i++) {
        memset(admissions[i].group.bytes, (int)(i + 1), HASH_BYTES);
        memset(admissions[i].transport_key.bytes, (int)(i + 5), HASH_BYTES);
        admissions[i].type = GROUP_WELFARE;
    }
    memcpy(admissions[0].name, "ห้วยงู", sizeof "ห้วยงู");
    memcpy(admissions[0].name_en, "Huai Ngu", 9);
    admissions[0].place = 180603;
    admissions[0].address_count = 1;
    memcpy(admissions[0].addresses[0], "10.0.0.1:7000", 14);
    buffer_clear(&packed);
    terms_roster_pack(&packed, admissions, 2, tag);
    assert_true(bytes_is_canonical(buffer_view(&packed), ENTRY_DEPTH_MAX));
    assert_int_equal(packed.len, 1 + 1 + 1 + admission_size(&admissions[0]) +
                                     admission_size(&admissions[1]) + 1 + 2 + 8);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(terms_roster_read(buffer_view(&packed), see, &seen, &err), OK);
    assert_int_equal(seen.count, 2);
    assert_memory_equal(seen.admissions, admissions, sizeof admissions);
    assert_tag(true);
    memset(&seen, 0, sizeof seen);
    seen.answer = E_ROSTER;
    assert_int_equal(terms_roster_read(buffer_view(&packed), see, &seen, &err), E_ROSTER);
    assert_int_equal(seen.count, 1);
    seen.answer = OK;
    for (size_t len = 0; len < packed.len; len++) {
        seen.count = 0;
        assert_int_equal(terms_roster_read(bytes_of(packed.data, len), see, &seen, &err),
                         E_ENCODING);
    }
}

static void test_roster_refused(void **state)
{
    (void)state;
    static struct seen seen;
    static struct admission admission;
    memset(&seen, 0, sizeof seen);
    begin_map(1);
    pack_uint(&packed, 2);
    pack_nil(&packed);
    assert_int_equal(terms_roster_read(buffer_view(&packed), see, &seen, &err), E_NEEDS_UPGRADE);
    begin_map(1);
    pack_uint(&packed, 0);
    pack_array(&packed, 1);
    pack_map(&packed, 1); /* a type, but no group and no key */
    pack_uint(&packed, 4);
    pack_uint(&packed, 1);
    assert_int_equal(terms_roster_read(buffer_view(&packed), see, &seen, &err), E_ENCODING);
    begin_map(1);
    pack_uint(&packed, 0);
    pack_array(&packed, 1);
    pack_map(&packed, 1);
    pack_uint(&packed, 6);
    pack_nil(&packed);
    assert_int_equal(terms_roster_read(buffer_view(&packed), see, &seen, &err), E_NEEDS_UPGRADE);
    assert_int_equal(seen.count, 0);
    memset(&admission, 0, sizeof admission);
    assert_true(admission_size(&admission) < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_post),
        cmocka_unit_test(test_post_refused),
        cmocka_unit_test(test_member),
        cmocka_unit_test(test_note),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_profile_refused),
        cmocka_unit_test(test_officers),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_roster),
        cmocka_unit_test(test_roster_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

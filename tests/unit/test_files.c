/* Whole files, addresses, "key = value" text, cards and invites. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/entry.h"
#include "proto/merkle.h"
#include "store/files.h"
#include "tests/lib/scratch.h"

static void test_whole_files(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    char path[SCRATCH_PATH_MAX + 16];
    scratch_new(folder);
    snprintf(path, sizeof path, "%s/file", folder);
    struct buffer out;
    struct err err;
    struct stat status;
    buffer_init(&out, 0);
    assert_int_equal(file_read(path, 10, &out, &err), E_NOT_FOUND);
    assert_int_equal(file_write(path, bytes_of_text("ten bytes."), 0640, &err), OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    assert_int_equal(file_read(path, 9, &out, &err), E_CAP);
    assert_int_equal(file_read(path, 10, &out, &err), OK);
    assert_int_equal(file_read(path, 10, &out, &err), OK); /* replaces */
    assert_true(bytes_equal(buffer_view(&out), bytes_of_text("ten bytes.")));
    assert_int_equal(file_write(path, bytes_of(NULL, 0), 0600, &err), OK);
    assert_int_equal(file_read(path, 10, &out, &err), OK);
    assert_int_equal(out.len, 0);
    assert_int_equal(file_read(folder, 10, &out, &err), E_IO);
    snprintf(path, sizeof path, "%s/no/file", folder);
    assert_int_equal(file_write(path, bytes_of_text("x"), 0600, &err), E_IO);
    buffer_free(&out);
    scratch_remove(folder);
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"127.0.0.1:7420", "fund.example.org:1",
                                       "[fe80::1%eth0]:65535", "[::]:7"};
    static const char *const bad[] = {"",       "host",       ":1",      "host:",       "host:0",
                                      "host:x", "host:65536", "::1:5",   "[::1]5",      "[]:5",
                                      "[h]:5",  "ho st:5",    "host:+5", "host:00005x", "h/:1"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(address_is_valid(bytes_of_text(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(address_is_valid(bytes_of_text(bad[i])));
    }
    char host[ADDRESS_MAX_BYTES + 1];
    uint16_t port;
    assert_true(address_split(bytes_of_text("[::1]:0"), host, &port));
    assert_string_equal(host, "::1");
    assert_int_equal(port, 0);
    char longest[ADDRESS_MAX_BYTES + 2];
    memset(longest, 'a', sizeof longest);
    memcpy(longest + ADDRESS_MAX_BYTES - 2, ":1", 3);
    assert_true(address_is_valid(bytes_of_text(longest)));
    memcpy(longest + ADDRESS_MAX_BYTES - 2, "a:1", 4);
    assert_false(address_is_valid(bytes_of_text(longest)));
}

static void test_settings(void **state)
{
    (void)state;
    struct setting line = {.rest =
                               bytes_of_text("# a = b\n\n  key =  a value = 2 \r\nempty =\nbad")};
    assert_int_equal(setting_next(&line), SETTING_READ);
    assert_int_equal(line.line, 3);
    assert_true(bytes_equal(line.key, bytes_of_text("key")));
    assert_true(bytes_equal(line.value, bytes_of_text("a value = 2")));
    assert_int_equal(setting_next(&line), SETTING_READ);
    assert_int_equal(line.value.len, 0);
    assert_int_equal(setting_next(&line), SETTING_BAD);
    assert_int_equal(line.line, 5);
    assert_int_equal(setting_next(&line), SETTING_END);
}

/* --- cards and invites --- */

struct founding {
    struct sign_key key;
    struct transport_key transport;
    struct buffer genesis;
    struct hash group;
    struct head head;
};

/* A genesis of the given type and its head at `size` with an arbitrary root past 1. */
static void found(struct founding *founding, enum group_type type, uint64_t size)
{
    static const uint8_t seed[SEED_BYTES] = {1, 2, 3};
    struct profile *profile = calloc(1, sizeof *profile);
    struct entry *entry = calloc(1, sizeof *entry);
    struct buffer terms;
    struct err err = {.text = ""};
    assert_true(profile != NULL && entry != NULL);
    sign_key_from_seed(&founding->key, seed);
    transport_key_from_seed(&founding->transport, seed);
    profile->fields = PROFILE_TYPE | PROFILE_SIGNING_KEY | PROFILE_TRANSPORT_KEY |
                      PROFILE_OFFICERS | PROFILE_RECOVERY_QUORUM | PROFILE_CURRENCY |
                      PROFILE_MINOR_DIGITS | PROFILE_POLICY | PROFILE_NAME | PROFILE_SALT;
    profile->type = type;
    profile->signing_key = founding->key.public_key;
    profile->transport_key = founding->transport.public_key;
    profile->officer_count = 1;
    profile->officers[0] = (struct officer){.number = 1, .key = founding->key.public_key};
    if (type == GROUP_NETWORK) {
        profile->officers[0].has_group = true;
        memset(profile->officers[0].group.bytes, 4, HASH_BYTES);
    }
    profile->recovery_quorum = 1;
    memcpy(profile->currency, "THB", 4);
    profile->minor_digits = 2;
    policy_default(&profile->policy);
    memcpy(profile->name, "fund", 5);
    buffer_init(&terms, 0);
    terms_profile_pack(&terms, profile, NULL);
    *entry = (struct entry){.version = ENTRY_VERSION,
                            .kind = KIND_GENESIS,
                            .date = 20000,
                            .time_ms = UINT64_C(1728000000000),
                            .terms = buffer_view(&terms)};
    buffer_init(&founding->genesis, 0);
    assert_int_equal(entry_encode(entry, &founding->genesis, &err), OK);
    merkle_leaf_hash(&founding->group, buffer_view(&founding->genesis));
    founding->head = (struct head){.group = founding->group, .size = size, .root = founding->group};
    founding->head.root.bytes[0] ^= (uint8_t)(size - 1);
    head_sign(&founding->head, &founding->key);
    buffer_free(&terms);
    free(entry);
    free(profile);
}

static void card_text(const struct founding *founding, struct buffer *text)
{
    struct card *card = calloc(1, sizeof *card);
    assert_non_null(card);
    card->genesis = buffer_view(&founding->genesis);
    card->head = founding->head;
    card->transport_key = founding->transport.public_key;
    card->address_count = 2;
    memcpy(card->addresses[0], "127.0.0.1:7420", 15);
    memcpy(card->addresses[1], "[::1]:7420", 11);
    buffer_clear(text);
    assert_int_equal(card_write(text, card), OK);
    free(card);
}

static void test_card(void **state)
{
    (void)state;
    struct founding founding;
    struct buffer text;
    struct buffer scratch;
    struct err err = {.text = ""};
    struct card *card = malloc(sizeof *card);
    buffer_init(&text, 0);
    buffer_init(&scratch, 0);
    for (uint64_t size = 1; size < 4; size++) {
        found(&founding, GROUP_SAVINGS, size);
        card_text(&founding, &text);
        assert_int_equal(card_parse(buffer_view(&text), &scratch, card, &err), OK);
        assert_true(hash_equal(&card->group, &founding.group));
        assert_string_equal(card->profile.name, "fund");
        assert_int_equal(card->address_count, 2);
        assert_string_equal(card->addresses[1], "[::1]:7420");
        assert_int_equal(card->head.size, size);
        founding.head.root.bytes[5] ^= 1; /* no longer what was signed, or not the group */
        card_text(&founding, &text);
        assert_int_equal(card_parse(buffer_view(&text), &scratch, card, &err), E_SIGNATURE);
        buffer_free(&founding.genesis);
    }
    buffer_free(&text);
    buffer_free(&scratch);
    free(card);
}

/* Cut anywhere, with any character changed, or wrapped like a chat program does. */
static void test_card_text(void **state)
{
    (void)state;
    struct founding founding;
    struct buffer text;
    struct buffer wrapped;
    struct buffer scratch;
    struct card *card = malloc(sizeof *card);
    buffer_init(&text, 0);
    buffer_init(&wrapped, 0);
    buffer_init(&scratch, 0);
    found(&founding, GROUP_SAVINGS, 1);
    card_text(&founding, &text);
    for (size_t i = 0; i < text.len; i++) {
        buffer_append(&wrapped, text.data + i, 1);
        buffer_append(&wrapped, "\r\n ", i % 3);
    }
    assert_int_equal(card_parse(buffer_view(&wrapped), &scratch, card, NULL), OK);
    for (size_t len = 0; len + 1 < text.len; len++) {
        assert_int_not_equal(card_parse(bytes_of(text.data, len), &scratch, card, NULL), OK);
    }
    for (size_t i = 0; i + 1 < text.len; i++) {
        text.data[i] ^= 1;
        enum err_code code = card_parse(buffer_view(&text), &scratch, card, NULL);
        /* The transport key and the addresses are claims that the head does not sign. */
        assert_true(code != OK ||
                    !hash_equal(&card->transport_key, &founding.transport.public_key) ||
                    strcmp(card->addresses[0], "127.0.0.1:7420") != 0 ||
                    strcmp(card->addresses[1], "[::1]:7420") != 0);
        text.data[i] ^= 1;
    }
    buffer_free(&founding.genesis);
    buffer_free(&text);
    buffer_free(&wrapped);
    buffer_free(&scratch);
    free(card);
}

static void test_invite(void **state)
{
    (void)state;
    struct founding founding;
    struct buffer text;
    struct buffer scratch;
    struct err err = {.text = ""};
    struct invite *invite = calloc(1, sizeof *invite);
    struct invite *read = calloc(1, sizeof *read);
    assert_true(invite != NULL && read != NULL);
    buffer_init(&text, 0);
    buffer_init(&scratch, 0);
    found(&founding, GROUP_NETWORK, 2);
    invite->network_id = founding.group;
    memset(invite->network_key, 6, 32);
    invite->genesis = buffer_view(&founding.genesis);
    invite->head = founding.head;
    invite->contact_count = 1;
    invite->contacts[0] = (struct contact){.group = founding.group,
                                           .transport_key = founding.transport.public_key,
                                           .address = "127.0.0.1:7420"};
    assert_int_equal(invite_write(&text, invite), OK);
    assert_int_equal(invite_parse(buffer_view(&text), &scratch, read, &err), OK);
    assert_memory_equal(read->network_key, invite->network_key, 32);
    assert_int_equal(read->contact_count, 1);
    assert_string_equal(read->contacts[0].address, "127.0.0.1:7420");
    struct card *card = malloc(sizeof *card);
    assert_int_equal(card_parse(buffer_view(&text), &scratch, card, &err), E_ENCODING);
    free(card);
    invite->network_id.bytes[3] ^= 1;
    buffer_clear(&text);
    assert_int_equal(invite_write(&text, invite), OK);
    assert_int_equal(invite_parse(buffer_view(&text), &scratch, read, &err), E_ENCODING);
    invite->network_id = founding.group;
    invite->head.signature[0].signature.bytes[0] ^= 1;
    buffer_clear(&text);
    assert_int_equal(invite_write(&text, invite), OK);
    assert_int_equal(invite_parse(buffer_view(&text), &scratch, read, &err), E_SIGNATURE);
    buffer_free(&founding.genesis);
    buffer_free(&text);
    buffer_free(&scratch);
    free(invite);
    free(read);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_files), cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_settings),    cmocka_unit_test(test_card),
        cmocka_unit_test(test_card_text),   cmocka_unit_test(test_invite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

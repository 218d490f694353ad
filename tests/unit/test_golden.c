/* The golden files of tests/golden: this version writes them byte for byte, and opens them as every
 * later version must, from the bytes alone: formats, key chains, heads, books, a conversation. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/cut.h"
#include "tests/lib/golden.h"
#include "tests/lib/golden_read.h"
#include "tests/lib/wire.h"

static struct golden_ledger ledgers[GOLDEN_LEDGERS];
static struct buffer invite_text, invite_scratch;
static struct invite invite;

enum { NETWORK, SAVINGS, FUND, HOSTILE, LATE, KEEPER, RECEIVER };

static int read_all(void **state)
{
    (void)state;
    struct err err;
    crypto_init();
    for (unsigned i = 0; i < GOLDEN_LEDGERS; i++) {
        golden_ledger_read(golden_ledgers[i], &ledgers[i]);
    }
    golden_read("network.invite", &invite_text);
    buffer_init(&invite_scratch, 0);
    if (invite_parse(buffer_view(&invite_text), &invite_scratch, &invite, &err) != OK) {
        fail_msg("network.invite: %s", err.text);
    }
    return 0;
}

static int free_all(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GOLDEN_LEDGERS; i++) {
        golden_ledger_free(&ledgers[i]);
    }
    buffer_free(&invite_text);
    buffer_free(&invite_scratch);
    return 0;
}

/* --- written --- */

/* With GOLDEN_WRITE set, files that are missing are written; one that is there never is. */
static void this_version_writes_the_same_bytes(void **state)
{
    (void)state;
    struct golden *golden = malloc(sizeof *golden);
    bool may_write = getenv("GOLDEN_WRITE") != NULL;
    assert_non_null(golden);
    golden_make(golden);
    for (size_t i = 0; i < golden->count; i++) {
        const struct golden_file *file = &golden->files[i];
        struct buffer kept;
        struct err err;
        char path[64];
        (void)snprintf(path, sizeof path, "tests/golden/%s", file->name);
        buffer_init(&kept, 0);
        enum err_code code = file_read(path, (size_t)1 << 20, &kept, &err);
        if (code == E_NOT_FOUND && may_write) {
            assert_int_equal(file_write(path, buffer_view(&file->bytes), 0644, &err), OK);
        } else if (code != OK) {
            fail_msg("%s: %s", path, err.text);
        } else if (!bytes_equal(buffer_view(&kept), buffer_view(&file->bytes))) {
            fail_msg("%s: this version writes other bytes; tests/golden/README.md says what that "
                     "means",
                     path);
        }
        buffer_free(&kept);
    }
    golden_free(golden);
    free(golden);
}

/* --- decoded --- */

/* Every entry decodes, and encodes to the same bytes; the one that is no entry does not. */
static void entries_decode(void **state)
{
    (void)state;
    struct entry *entry = malloc(sizeof *entry);
    struct buffer again;
    size_t undecoded = 0;
    assert_non_null(entry);
    buffer_init(&again, 0);
    for (unsigned i = 0; i < GOLDEN_LEDGERS; i++) {
        for (size_t k = 0; k < ledgers[i].count; k++) {
            struct err err;
            if (entry_decode(ledgers[i].leaves[k], entry, &err) != OK) {
                undecoded++;
                assert_int_equal(i, HOSTILE);
                assert_int_equal(k, 4);
                continue;
            }
            buffer_clear(&again);
            assert_int_equal(entry_encode(entry, &again, &err), OK);
            assert_true(bytes_equal(buffer_view(&again), ledgers[i].leaves[k]));
        }
    }
    assert_int_equal(undecoded, 1);
    buffer_free(&again);
    free(entry);
}

static void the_genesis_is_the_network(void **state)
{
    (void)state;
    struct buffer genesis;
    struct key_state keys;
    golden_read("network.genesis", &genesis);
    assert_true(bytes_equal(buffer_view(&genesis), ledgers[NETWORK].leaves[0]));
    assert_int_equal(keychain_start(&keys, &invite.network_id, buffer_view(&genesis), NULL), OK);
    assert_int_equal(keys.type, GROUP_NETWORK);
    assert_int_equal(keys.officer_count, 3);
    assert_int_equal(keys.recovery_quorum, 2);
    assert_true(hash_equal(&keys.officers[0].group, &ledgers[SAVINGS].group));
    buffer_free(&genesis);
}

static void cards_open(void **state)
{
    (void)state;
    for (unsigned i = SAVINGS; i <= LATE; i++) {
        struct buffer text;
        struct buffer scratch;
        struct buffer again;
        struct card card;
        struct err err;
        char name[32];
        (void)snprintf(name, sizeof name, "%s.card", golden_ledgers[i]);
        golden_read(name, &text);
        buffer_init(&scratch, 0);
        buffer_init(&again, 0);
        if (card_parse(buffer_view(&text), &scratch, &card, &err) != OK) {
            fail_msg("%s: %s", name, err.text);
        }
        assert_true(hash_equal(&card.group, &ledgers[i].group));
        assert_true(bytes_equal(card.genesis, ledgers[i].leaves[0]));
        assert_int_equal(card.head.size, 1);
        assert_int_equal(card.address_count, 2);
        assert_int_equal(card_write(&again, &card), OK);
        assert_true(bytes_equal(buffer_view(&again), buffer_view(&text)));
        buffer_free(&text);
        buffer_free(&scratch);
        buffer_free(&again);
    }
}

static void the_invite_opens(void **state)
{
    (void)state;
    struct buffer again;
    struct buffer keys;
    struct hash value;
    golden_read("session.keys", &keys);
    golden_key(&keys, "network_key", &value);
    assert_memory_equal(invite.network_key, value.bytes, HASH_BYTES);
    assert_int_equal(invite.head.size, WORLD_FOUNDING_SIZE);
    assert_int_equal(invite.leaf_count, WORLD_FOUNDING_SIZE);
    assert_true(bytes_equal(invite.leaves, bytes_of(ledgers[NETWORK].log.data, invite.leaves.len)));
    assert_int_equal(invite.contact_count, 1);
    assert_true(hash_equal(&invite.contacts[0].group, &ledgers[KEEPER].group));
    assert_string_equal(invite.contacts[0].address, "keeper.example:7420");
    buffer_init(&again, 0);
    assert_int_equal(invite_write(&again, &invite), OK);
    assert_true(bytes_equal(buffer_view(&again), buffer_view(&invite_text)));
    buffer_free(&again);
    buffer_free(&keys);
}

/* --- evidence --- */

static void heads_are_signed_over_their_entries(void **state)
{
    (void)state;
    static const size_t links[GOLDEN_LEDGERS] = {1, 2, 3, 1, 1, 1, 1};
    for (unsigned i = 0; i < GOLDEN_LEDGERS; i++) {
        struct golden_ledger *ledger = &ledgers[i];
        struct merkle_edge edge;
        struct key_state keys;
        struct hash root;
        struct err err;
        struct buffer text;
        merkle_edge_init(&edge);
        for (size_t k = 0; k < ledger->count; k++) {
            merkle_leaf_hash(&root, ledger->leaves[k]);
            merkle_edge_append(&edge, &root);
        }
        merkle_edge_root(&edge, &root);
        assert_int_equal(ledger->head.size, ledger->count);
        assert_true(hash_equal(&root, &ledger->head.root));
        assert_int_equal(ledger->link_count, links[i]);
        assert_int_equal(keychain_start(&keys, &ledger->group, ledger->links[0].leaf, &err), OK);
        for (size_t k = 1; k < ledger->link_count; k++) {
            if (keychain_advance(&keys, &ledger->links[k], &err) != OK) {
                fail_msg("%s, link %zu: %s", golden_ledgers[i], k, err.text);
            }
        }
        assert_int_equal(keychain_verify_head(&keys, &ledger->head), OK);
        buffer_init(&text, 0);
        checkpoint_write(&text, &ledger->head);
        assert_true(bytes_equal(buffer_view(&text), buffer_view(&ledger->checkpoint)));
        buffer_free(&text);
    }
}

static void private_lines_are_what_the_entry_commits_to(void **state)
{
    (void)state;
    struct buffer body;
    struct hash commitment;
    struct bytes salt;
    struct bytes packed;
    struct body_line line;
    uint32_t count;
    bool bad = false;
    struct entry *entry = malloc(sizeof *entry);
    assert_non_null(entry);
    golden_read("savings.body", &body);
    assert_int_equal(body_commit(buffer_view(&body), &commitment, &count), OK);
    assert_int_equal(count, 4);
    assert_int_equal(entry_decode(ledgers[SAVINGS].leaves[WORLD_BODY_INDEX], entry, NULL), OK);
    assert_true(entry->has_body && hash_equal(&entry->body, &commitment));
    struct bytes rest = buffer_view(&body);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(body_next(&rest, &salt, &packed, &bad));
        assert_int_equal(body_line_read(packed, &line), OK);
    }
    assert_int_equal(line.account, 2110);
    assert_int_equal(line.member, 42);
    assert_int_equal(amount_satang(line.amount), -120000);
    free(entry);
    buffer_free(&body);
}

/* --- a fresh home takes it --- */

/* A home of another group that joined by the invite: it holds the founding roster. */
static void new_reader(struct home *reader)
{
    home_new(reader, 77, GROUP_OTHER, NULL);
    reader->now_ms = UINT64_C(1767700000000);
    if (store_join(reader->store, &invite, &reader->err) != OK) {
        fail_msg("join: %s", reader->err.text);
    }
}

static void assert_head_held(struct home *reader, const struct golden_ledger *ledger)
{
    struct head head;
    assert_int_equal(store_head(reader->store, &ledger->group, &head), OK);
    assert_int_equal(head.size, ledger->head.size);
    assert_true(hash_equal(&head.root, &ledger->head.root));
}

/* The sections of books.txt of the first `count` ledgers are what this store makes of them. */
static void assert_books(struct home *reader, unsigned count)
{
    struct buffer expected;
    struct buffer books;
    golden_read("books.txt", &expected);
    buffer_init(&books, 0);
    for (unsigned i = 0; i < count; i++) {
        assert_head_held(reader, &ledgers[i]);
        golden_render(reader, golden_ledgers[i], &ledgers[i].group, &books);
    }
    assert_true(books.len <= expected.len);
    if (memcmp(books.data, expected.data, books.len) != 0 ||
        (count == GOLDEN_LEDGERS && books.len != expected.len)) {
        fail_msg("books.txt says\n%.*s\nbut the books are\n%.*s", (int)expected.len,
                 (const char *)expected.data, (int)books.len, (const char *)books.data);
    }
    buffer_free(&expected);
    buffer_free(&books);
}

static void check_cut(struct home *reader)
{
    struct buffer text;
    struct cut cut = {.count = 0};
    struct err err;
    unsigned verified = 0;
    golden_read("network.cut", &text);
    if (cut_parse(buffer_view(&text), &cut, &err) != OK) {
        fail_msg("network.cut: %s", err.text);
    }
    assert_int_equal(cut_verify(reader->store, buffer_view(&text), &cut, &verified, &err), OK);
    assert_int_equal(verified, 1);
    assert_int_equal(cut.count, GOLDEN_LEDGERS);
    for (size_t i = 0; i < cut.count; i++) {
        struct ledger_view view;
        assert_int_equal(store_ledger_find(reader->store, &cut.items[i].group, &view), OK);
        assert_int_equal(view.size, cut.items[i].size);
        assert_true(hash_equal(&view.root, &cut.items[i].root));
    }
    cut_free(&cut);
    buffer_free(&text);
}

static void a_fresh_home_ingests_the_ledgers(void **state)
{
    (void)state;
    struct home reader;
    new_reader(&reader);
    for (unsigned i = 0; i < GOLDEN_LEDGERS; i++) {
        golden_feed(&reader, &ledgers[i]);
    }
    assert_books(&reader, GOLDEN_LEDGERS);
    check_cut(&reader);
    home_close(&reader);
    assert_int_equal(home_open(&reader), OK);
    assert_books(&reader, GOLDEN_LEDGERS);
    home_remove(&reader);
}

/* --- the recorded session --- */

static void open_initiator(struct wire_end *end, struct home *reader)
{
    struct buffer keys;
    struct transport_key own;
    struct transport_key ephemeral;
    struct hash secret;
    struct wire_keys wire;
    golden_read("session.keys", &keys);
    golden_key(&keys, "initiator_static", &secret);
    memcpy(own.secret, secret.bytes, sizeof own.secret);
    golden_key(&keys, "initiator_static_public", &own.public_key);
    golden_key(&keys, "initiator_ephemeral", &secret);
    memcpy(ephemeral.secret, secret.bytes, sizeof ephemeral.secret);
    golden_key(&keys, "initiator_ephemeral_public", &ephemeral.public_key);
    wire.network_id = invite.network_id;
    wire.network_key = invite.network_key;
    wire.own = &own;
    wire.ephemeral = &ephemeral;
    golden_key(&keys, "initiator_group", &wire.own_group);
    golden_key(&keys, "responder_group", &wire.peer);
    golden_key(&keys, "responder_static_public", &wire.peer_key);
    wire_open(end, reader, NOISE_INITIATOR, &wire);
    buffer_free(&keys);
}

/* The next write of the responder, all its lines; false at the end. */
static bool next_write(struct bytes *rest, struct buffer *out)
{
    bool ours = false;
    buffer_clear(out);
    while (rest->len > 0) {
        const uint8_t *end = memchr(rest->data, '\n', rest->len);
        assert_non_null(end);
        struct bytes line = bytes_of(rest->data, (size_t)(end - rest->data));
        uint8_t bytes[64];
        assert_true(line.len > 2 && line.len / 2 - 1 <= sizeof bytes);
        if (line.data[0] != ' ') {
            if (ours) {
                return true;
            }
            ours = line.data[0] == '<';
        }
        if (ours) {
            assert_true(hex_parse(bytes_of(line.data + 2, line.len - 2), bytes, line.len / 2 - 1));
            buffer_append(out, bytes, line.len / 2 - 1);
        }
        *rest = bytes_of(end + 1, rest->len - line.len - 1);
    }
    return ours;
}

/* The keeper's bytes, given to a home that holds what the invite carried, bring everything that the
 * keeper had, whatever that home itself says meanwhile. */
static void the_recorded_session_is_understood(void **state)
{
    (void)state;
    struct home reader;
    struct wire_end end;
    struct buffer record;
    struct buffer bytes;
    unsigned writes = 0;
    new_reader(&reader);
    open_initiator(&end, &reader);
    golden_read("session.wire", &record);
    buffer_init(&bytes, 0);
    struct bytes rest = buffer_view(&record);
    while (next_write(&rest, &bytes)) {
        wire_receive(&end, buffer_view(&bytes));
        if (end.closed || end.logs > 0) {
            fail_msg("write %u of the keeper: %s: %s", writes, err_name(end.code), end.text);
        }
        writes++;
    }
    assert_true(writes > 4 && end.ready);
    struct session_status status;
    session_status(end.session, &status);
    assert_int_equal(status.nonsense, 0);
    assert_books(&reader, KEEPER + 1);
    wire_close(&end);
    buffer_free(&record);
    buffer_free(&bytes);
    home_remove(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_version_writes_the_same_bytes),
        cmocka_unit_test_setup_teardown(entries_decode, read_all, free_all),
        cmocka_unit_test_setup_teardown(the_genesis_is_the_network, read_all, free_all),
        cmocka_unit_test_setup_teardown(cards_open, read_all, free_all),
        cmocka_unit_test_setup_teardown(the_invite_opens, read_all, free_all),
        cmocka_unit_test_setup_teardown(heads_are_signed_over_their_entries, read_all, free_all),
        cmocka_unit_test_setup_teardown(private_lines_are_what_the_entry_commits_to, read_all,
                                        free_all),
        cmocka_unit_test_setup_teardown(a_fresh_home_ingests_the_ledgers, read_all, free_all),
        cmocka_unit_test_setup_teardown(the_recorded_session_is_understood, read_all, free_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

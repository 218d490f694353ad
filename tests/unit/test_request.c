/* The request table: every row documented, reachable, strict about its arguments; evidence checked;
 * control frames byte for byte. `test_request --write` renews the table in docs/operations.md. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/files.h"
#include "store/highwater.h"
#include "tests/lib/three.h"

static struct three three;
static struct ask asked;

static int set_up(void **state)
{
    (void)state;
    three_new(&three);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ask_end(&asked);
    three_remove(&three);
    return 0;
}

static void expect(enum err_code code, enum err_code expected)
{
    if (code != expected) {
        fail_msg("expected %s, got %s: %s", err_name(expected), err_name(code), asked.err.text);
    }
}

/* --- the table --- */

static void every_row_says_what_it_does(void **state)
{
    (void)state;
    for (unsigned i = 0; i < request_count(); i++) {
        const struct request_row *row = request_at(i);
        assert_true(strlen(row->name) > 0 && strlen(row->result) > 0);
        assert_non_null(row->arguments);
        assert_non_null(row->errors);
        assert_ptr_equal(request_find(bytes_of_text(row->name)), row);
        assert_int_equal((row->flags & REQUEST_NETWORK) != 0, row->run == NULL);
    }
    assert_null(request_at(request_count()));
    assert_null(request_find(bytes_of_text("pos")));
}

static void every_handler_is_reached(void **state)
{
    (void)state;
    for (unsigned i = 0; i < request_count(); i++) {
        const struct request_row *row = request_at(i);
        enum err_code code = ask_of(&asked, &three.first, row->name);
        if (!row->run) {
            expect(code, E_NO_DAEMON);
            continue;
        }
        /* Orders lack what they need; questions are answered. */
        bool asks = (row->flags & REQUEST_WRITES) == 0 && strcmp(row->name, "why") != 0 &&
                    strcmp(row->name, "proof") != 0 && strcmp(row->name, "complete") != 0;
        if (asks) {
            expect(code, OK);
        } else if (code != OK && (code == E_NOT_FOUND || asked.err.text[0] == 0)) {
            fail_msg("%s: %s %s", row->name, err_name(code), asked.err.text);
        }
    }
}

static void what_is_no_argument_is_refused(void **state)
{
    (void)state;
    expect(ask_of(&asked, &three.first, "status", "colour", "red"), E_USAGE);
    assert_non_null(strstr(asked.err.text, "colour"));
    expect(ask_of(&asked, &three.first, "stat"), E_NOT_FOUND);
    expect(ask_of(&asked, &three.first, "log", "from", "x"), E_USAGE);
    expect(ask_of(&asked, &three.first, "log", "group", "nobody"), E_NOT_FOUND);
    expect(ask_of(&asked, &three.first, "post"), E_USAGE);
    expect(ask_of(&asked, &three.first, "post", "event", "deposit", "date", "31/2/2569"), E_DATE);
    expect(ask_of(&asked, &three.first, "proof", "entry", "99"), E_NO_DATA);
    expect(ask_of(&asked, &three.first, "proof"), E_USAGE);
    expect(ask_of(&asked, &three.first, "note", "topic", "t", "document", "12"), E_USAGE);
    expect(ask_of(&asked, &three.first, "amend", "addresses", "nowhere"), E_USAGE);
    expect(ask_of(&asked, &three.first, "amend", "officers", "1:12"), E_USAGE);
    expect(ask_of(&asked, &three.first, "amend", "policy", "overdraft = perhaps"), E_USAGE);
    expect(ask_of(&asked, &three.first, "admit", "cards", "satcha-card-1:AA"), E_KIND);
    struct request_context context = {.store = three.first.store};
    struct buffer result;
    struct err err;
    buffer_init(&result, 0);
    assert_int_equal(request_run(&context, bytes_of_text("id"), bytes_of("\x90", 1), &result, &err),
                     E_USAGE);
    assert_int_equal(request_run(&context, bytes_of_text("id"), bytes_of(NULL, 0), &result, &err),
                     E_USAGE);
    buffer_free(&result);
}

static void numbers_come_as_text_or_as_numbers(void **state)
{
    (void)state;
    char kind[512];
    expect(ask_of(&asked, &three.first, "log", "from", "๐", "to", "1"), OK);
    assert_int_equal(count_of(answer(&asked), "entries"), 1);
    assert_string_equal(text_of(item_of(answer(&asked), "entries", 0), "kind", kind), "genesis");
    ask_begin(&asked);
    ask_number(&asked, "last", 2);
    expect(ask_run(&asked, &three.first, "log"), OK);
    assert_int_equal(count_of(answer(&asked), "entries"), 2);
    assert_true(nil_of(item_of(answer(&asked), "entries", 1), "verdict"));
}

static void raw_leaves_hash_to_the_root(void **state)
{
    (void)state;
    struct merkle_edge edge;
    struct hash root, leaf_hash;
    ask_begin(&asked);
    ask_flag(&asked, "raw");
    expect(ask_run(&asked, &three.first, "log"), OK);
    struct bytes leaves = bytes_of_field(answer(&asked), "leaves");
    struct bytes leaf;
    bool failed = false;
    merkle_edge_init(&edge);
    while (chunk_leaf(&leaves, &leaf, &failed)) {
        merkle_leaf_hash(&leaf_hash, leaf);
        merkle_edge_append(&edge, &leaf_hash);
    }
    assert_false(failed);
    merkle_edge_root(&edge, &root);
    struct hash wanted = home_root(&three.first);
    assert_true(hash_equal(&root, &wanted));
}

/* --- evidence --- */

static enum err_code verify_text(const struct home *home, struct bytes text)
{
    ask_begin(&asked);
    ask_text(&asked, "name", "file");
    ask_bin(&asked, "content", text);
    return ask_run(&asked, home, "verify");
}

/* What a request of the first home gives is verified at the second; a changed byte is not. */
static void check_evidence(const char *request, const char *key, const char *value,
                           const char *field, const char *type)
{
    struct ask source = {.pair_count = 0};
    struct buffer text;
    char found[512];
    expect(ask_of(&source, &three.first, request, key, value), OK);
    buffer_init(&text, 0);
    struct bytes given = bytes_of_field(answer(&source), field);
    buffer_append(&text, given.data, given.len);
    expect(verify_text(&three.second, buffer_view(&text)), OK);
    assert_true(flag_of(answer(&asked), "good"));
    assert_string_equal(text_of(answer(&asked), "type", found), type);
    uint8_t *middle = text.data + text.len / 2;
    *middle = *middle == 'A' ? 'B' : 'A';
    assert_int_not_equal(verify_text(&three.second, buffer_view(&text)), OK);
    assert_int_equal(strncmp(asked.err.text, "file: ", 6), 0);
    buffer_free(&text);
    ask_end(&source);
}

static void evidence_is_checked_elsewhere(void **state)
{
    (void)state;
    check_evidence("card", NULL, NULL, "card", "card");
    check_evidence("checkpoint", NULL, NULL, "text", "checkpoint");
    check_evidence("proof", "entry", "2", "text", "proof");
    check_evidence("cut", "date", "2026-01-06", "text", "cut");
    expect(verify_text(&three.second, bytes_of_text("hello")), E_ENCODING);
    expect(ask_of(&asked, &three.first, "proof", "from", "1", "to", "3"), OK);
    assert_int_equal(int_of(answer(&asked), "to"), 3);
}

static uint64_t marked_size(const struct home *home)
{
    char path[SCRATCH_PATH_MAX];
    struct highwater highwater;
    home_file(home, "highwater", path);
    assert_int_equal(highwater_open(path, &highwater, NULL), OK);
    uint64_t size = highwater.mark.size;
    highwater_close(&highwater);
    return size;
}

/* The mark is durable before a signed head is handed to a person. */
static void a_head_is_shown_after_its_mark(void **state)
{
    (void)state;
    expect(ask_of(&asked, &three.first, "note", "topic", "minutes", "content", "x"), OK);
    uint64_t size = home_size(&three.first);
    assert_true(marked_size(&three.first) < size);
    expect(ask_of(&asked, &three.first, "checkpoint"), OK);
    assert_int_equal(int_of(answer(&asked), "size"), size);
    assert_int_equal(marked_size(&three.first), size);
}

static void a_second_founding_is_refused(void **state)
{
    (void)state;
    expect(ask_of(&asked, &three.network, "network found", "cards", "x"), E_EXISTS);
}

static void governors_admit_a_further_group(void **state)
{
    (void)state;
    struct home third;
    char card[512 * 4];
    home_new(&third, 3, GROUP_SAVINGS, NULL);
    expect(ask_of(&asked, &third, "card"), OK);
    struct bytes text = bytes_of_field(answer(&asked), "card");
    assert_true(text.len < sizeof card);
    memcpy(card, text.data, text.len);
    card[text.len] = 0;
    for (uint32_t governors = 0; governors < 2; governors++) { /* none, then one of three */
        ask_begin(&asked);
        ask_text(&asked, "cards", card);
        if (governors > 0) {
            ask_officers(&asked, &three.network, 1, governors);
        }
        expect(ask_run(&asked, &three.network, "admit"), E_QUORUM);
    }
    ask_begin(&asked);
    ask_text(&asked, "cards", card);
    ask_officers(&asked, &three.network, 2, 3);
    expect(ask_run(&asked, &three.network, "admit"), OK);
    assert_int_equal(count_of(answer(&asked), "groups"), 1);
    expect(store_release(three.network.store, &asked.err), OK); /* as the node does */
    expect(ask_of(&asked, &three.network, "network show"), OK);
    assert_int_equal(count_of(answer(&asked), "groups"), 3);
    assert_int_equal(int_of(answer(&asked), "quorum"), 2);
    home_remove(&third);
}

static void keys_are_replaced_and_the_card_stays_good(void **state)
{
    (void)state;
    ask_begin(&asked);
    ask_flag(&asked, "signing_key");
    ask_flag(&asked, "transport_key");
    ask_officers(&asked, &three.first, 1, 1);
    expect(ask_run(&asked, &three.first, "amend"), OK);
    expect(ask_of(&asked, &three.first, "note", "topic", "after"), OK);
    three_carry(&three);
    check_evidence("card", NULL, NULL, "card", "card");
    check_evidence("checkpoint", NULL, NULL, "text", "checkpoint");
    check_evidence("cut", "date", "2026-01-06", "text", "cut");
}

static void an_invite_is_known_and_says_to_be_secret(void **state)
{
    (void)state;
    char found[512];
    struct ask source = {.pair_count = 0};
    expect(ask_of(&source, &three.network, "network invite"), OK);
    expect(verify_text(&three.second, bytes_of_field(answer(&source), "invite")), OK);
    assert_string_equal(text_of(answer(&asked), "type", found), "invite");
    assert_non_null(strstr(text_of(answer(&asked), "what", found), "secret"));
    ask_end(&source);
}

static void groups_are_named_by_id_prefix_or_name(void **state)
{
    (void)state;
    char text[512], hex[HEX_HASH_MAX];
    hash_format(store_own_group(three.first.store), hex);
    expect(ask_of(&asked, &three.second, "why", "group", hex), OK);
    assert_string_equal(text_of(answer(&asked), "state", text), "ok");
    hex[ID_PREFIX_MIN_DIGITS] = 0;
    expect(ask_of(&asked, &three.second, "why", "group", hex), OK);
    /* These homes bear one name. */
    expect(ask_of(&asked, &three.second, "why", "group", text_of(answer(&asked), "name", text)),
           E_AMBIGUOUS);
}

/* --- control frames --- */

static void frames_are_these_bytes(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 0);
    control_pack_request(&out, bytes_of_text("id"), bytes_of(NULL, 0));
    assert_int_equal(out.len, 10);
    assert_memory_equal(out.data, "\0\0\0\6\x93\1\xa2id\x80", 10);
    buffer_clear(&out);
    control_pack_result(&out, bytes_of("\xc0", 1));
    assert_int_equal(out.len, 7);
    assert_memory_equal(out.data, "\0\0\0\3\x92\0\xc0", 7);
    buffer_clear(&out);
    struct err err = {E_USAGE, "no"};
    control_pack_error(&out, &err);
    assert_int_equal(out.len, 10);
    assert_memory_equal(out.data, "\0\0\0\6\x93\1\x32\xa2no", 10);
    buffer_clear(&out);
    control_pack_progress(&out, "x", 1, 2);
    assert_int_equal(out.len, 10);
    assert_memory_equal(out.data, "\0\0\0\6\x94\2\xa1x\1\2", 10);
    buffer_free(&out);
}

/* --- the documentation --- */

static const char DOCUMENT[] = "docs/operations.md";
static const char BEGIN[] = "<!-- requests: begin -->\n";
static const char END[] = "<!-- requests: end -->\n";

static void print_cell(struct buffer *out, const char *text)
{
    buffer_print(out, " ");
    for (; *text; text++) {
        buffer_print(out, *text == '|' ? "\\%c" : "%c", *text);
    }
    buffer_print(out, " |");
}

static void print_table(struct buffer *out)
{
    buffer_print(out, "\n| request | arguments | result | errors | |\n|---|---|---|---|---|\n");
    for (unsigned i = 0; i < request_count(); i++) {
        const struct request_row *row = request_at(i);
        buffer_print(out, "| `%s` |", row->name);
        print_cell(out, row->arguments);
        print_cell(out, row->result);
        print_cell(out, row->errors);
        buffer_print(out, "%s%s%s |\n", (row->flags & REQUEST_WRITES) ? " writes" : "",
                     (row->flags & REQUEST_NETWORK) ? " daemon" : "",
                     (row->flags & REQUEST_LONG) ? " progress" : "");
    }
    buffer_print(out, "\n");
}

/* The document's part between the markers, and what belongs there. */
static void read_document(struct buffer *document, size_t *from, size_t *to)
{
    struct err err;
    buffer_init(document, 0);
    if (file_read(DOCUMENT, 1048576, document, &err) != OK) {
        (void)fprintf(stderr, "%s: %s\n", DOCUMENT, err.text);
        abort();
    }
    const uint8_t *begin = memmem(document->data, document->len, BEGIN, strlen(BEGIN));
    const uint8_t *end = memmem(document->data, document->len, END, strlen(END));
    if (!begin || !end || end < begin) {
        (void)fprintf(stderr, "%s has no markers for the requests\n", DOCUMENT);
        abort();
    }
    *from = (size_t)(begin - document->data) + strlen(BEGIN);
    *to = (size_t)(end - document->data);
}

static void the_documentation_is_the_table(void **state)
{
    (void)state;
    struct buffer document, table;
    size_t from, to;
    read_document(&document, &from, &to);
    buffer_init(&table, 0);
    print_table(&table);
    struct bytes there = bytes_of(document.data + from, to - from);
    if (!bytes_equal(there, buffer_view(&table))) {
        fail_msg("%s differs from the table; run build/test/test_request --write", DOCUMENT);
    }
    buffer_free(&document);
    buffer_free(&table);
}

static int write_document(void)
{
    struct buffer document, out;
    struct err err;
    size_t from, to;
    read_document(&document, &from, &to);
    buffer_init(&out, 0);
    buffer_append(&out, document.data, from);
    print_table(&out);
    buffer_append(&out, document.data + to, document.len - to);
    int failed = file_write(DOCUMENT, buffer_view(&out), 0644, &err) != OK;
    buffer_free(&document);
    buffer_free(&out);
    return failed;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_says_what_it_does),
        cmocka_unit_test_setup_teardown(every_handler_is_reached, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_argument_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_come_as_text_or_as_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(raw_leaves_hash_to_the_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(evidence_is_checked_elsewhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_head_is_shown_after_its_mark, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_founding_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(governors_admit_a_further_group, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_are_replaced_and_the_card_stays_good, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_invite_is_known_and_says_to_be_secret, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(groups_are_named_by_id_prefix_or_name, set_up, tear_down),
        cmocka_unit_test(frames_are_these_bytes),
        cmocka_unit_test(the_documentation_is_the_table),
    };
    if (argc > 1 && strcmp(argv[1], "--write") == 0) {
        return write_document();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

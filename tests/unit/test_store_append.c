/* Own entries: written in order, with their projections, or not at all. */
#include "tests/lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/homes.h"

static struct home home;

static int set_up(void **state)
{
    (void)state;
    home_new(&home, 1, GROUP_SAVINGS, NULL);
    assert_int_equal(home_member(&home, MEMBER_JOIN, 1, 60), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    home_remove(&home);
    return 0;
}

static void assert_code(enum err_code code, enum err_code expected)
{
    if (code != expected) {
        fail_msg("expected %s, got %s: %s", err_name(expected), err_name(code), home.err.text);
    }
}

static struct amount balance_of(uint16_t account)
{
    const struct ledger_state *state;
    struct amount balance = amount_of(0);
    assert_int_equal(store_ledger_state(home.store, store_own_group(home.store), &state), OK);
    assert_true(turnover_balance(&state->own[account_row(account)], &balance));
    return balance;
}

static void a_new_home_holds_its_genesis(void **state)
{
    (void)state;
    struct ledger_view view;
    struct head head;
    const struct hash *group = store_own_group(home.store);
    assert_int_equal(store_ledger_count(home.store), 1);
    assert_int_equal(store_ledger_at(home.store, 0, &view), OK);
    assert_true(view.own && !view.rostered && !view.network);
    assert_int_equal(view.size, 2);
    assert_int_equal(view.stored, 2);
    assert_int_equal(store_head(home.store, group, &head), OK);
    assert_int_equal(head_verify(&head, &store_keys(home.store)->signing.public_key), OK);
    struct hash root;
    assert_int_equal(store_root_at(home.store, group, 1, &root), OK);
    assert_true(hash_equal(&root, group));
    assert_int_equal(store_own_status(home.store), OWN_OK);
}

static void deposits_are_posted_and_kept(void **state)
{
    (void)state;
    assert_code(home_deposit(&home, 42, 120000, 1), OK);
    assert_int_equal(home_size(&home), 3);
    assert_int_equal(amount_satang(balance_of(2110)), -120000);
    assert_int_equal(amount_satang(balance_of(1110)), 120000);
    struct amount held;
    assert_int_equal(store_member_balance(home.store, 2110, 42, &held), OK);
    assert_int_equal(amount_satang(held), 120000);

    struct hash root = home_root(&home);
    home_close(&home);
    assert_code(home_open(&home), OK);
    struct hash again = home_root(&home);
    assert_true(hash_equal(&root, &again));
    assert_int_equal(amount_satang(balance_of(2110)), -120000);
}

static void what_breaks_a_rule_writes_nothing(void **state)
{
    (void)state;
    assert_code(home_deposit(&home, 42, 120000, 1), OK);
    struct hash root = home_root(&home);
    assert_code(home_withdraw(&home, 42, 500000), E_NEGATIVE);
    assert_string_equal(home.err.text, "member 42 holds 1,200.00, asked 5,000.00");
    assert_code(home_deposit(&home, 77, 100, 1), E_MEMBER);
    struct hash after = home_root(&home);
    assert_true(hash_equal(&root, &after));
    assert_int_equal(home_size(&home), 3);
    assert_code(home_withdraw(&home, 42, 120000), OK);
}

/* Sizes on both sides of a run: 1 + 1 + 300 + 1 + 255 + 1... */
static void roots_are_those_of_the_leaves(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 300, 1, 253, 1, 1, 512, 7};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        assert_code(home_deposit(&home, 3, 100, counts[i]), OK);
    }
    home_close(&home);
    assert_code(home_open(&home), OK);
    const struct hash *group = store_own_group(home.store);
    uint64_t size = home_size(&home);
    assert_int_equal(size, 2 + 1076);
    for (uint64_t at = 1; at <= size; at += at < 600 ? 1 : 37) {
        struct merkle_proof proof;
        struct hash root;
        struct hash whole = home_root(&home);
        assert_int_equal(store_root_at(home.store, group, at, &root), OK);
        assert_int_equal(store_consistency(home.store, group, at, size, &proof), OK);
        assert_int_equal(merkle_verify_consistency(at, &root, size, &whole, &proof), OK);
    }
}

struct count {
    uint64_t next;
    struct merkle_edge edge;
};

static enum err_code count_leaf(void *context, uint64_t index, struct bytes leaf)
{
    struct count *count = context;
    struct hash hash;
    assert_int_equal(index, count->next);
    count->next++;
    merkle_leaf_hash(&hash, leaf);
    merkle_edge_append(&count->edge, &hash);
    return OK;
}

static void leaves_come_back_in_order(void **state)
{
    (void)state;
    assert_code(home_deposit(&home, 5, 100, 700), OK);
    assert_code(home_deposit(&home, 5, 100, 1), OK);
    struct count count = {.next = 0};
    struct hash root;
    struct hash whole = home_root(&home);
    uint64_t size = home_size(&home);
    assert_int_equal(store_leaves(home.store, store_own_group(home.store), 0, size, count_leaf,
                                  &count),
                     OK);
    merkle_edge_root(&count.edge, &root);
    assert_int_equal(count.next, size);
    assert_true(hash_equal(&root, &whole));
    count.next = 250;
    assert_int_equal(store_leaves(home.store, store_own_group(home.store), 250, 260, count_leaf,
                                  &count),
                     OK);
    assert_int_equal(count.next, 260);
    assert_int_equal(store_leaves(home.store, store_own_group(home.store), 0, size + 1, count_leaf,
                                  &count),
                     E_NO_DATA);
}

static void a_dry_run_writes_nothing(void **state)
{
    (void)state;
    struct buffer terms;
    struct note_terms note = {.topic = bytes_of_text("test")};
    struct draft *draft = calloc(1, sizeof *draft);
    buffer_init(&terms, 0);
    terms_note_pack(&terms, &note, NULL);
    draft->kind = KIND_NOTE;
    draft->date = 20458;
    draft->terms = buffer_view(&terms);
    struct appended appended;
    assert_code(store_append(home.store, draft, 1, APPEND_DRY_RUN, &appended, NULL, &home.err), OK);
    assert_int_equal(appended.first, 2);
    assert_int_equal(home_size(&home), 2);
    assert_code(store_append(home.store, draft, 1, APPEND_WRITE, &appended, NULL, &home.err), OK);
    assert_int_equal(home_size(&home), 3);
    free(draft);
    buffer_free(&terms);
}

static void keys_change_and_the_chain_follows(void **state)
{
    (void)state;
    struct hash old = store_keys(home.store)->signing.public_key;
    assert_code(home_new_key(&home), OK);
    struct hash new_key = store_keys(home.store)->signing.public_key;
    assert_false(hash_equal(&old, &new_key));
    struct head head;
    assert_int_equal(store_head(home.store, store_own_group(home.store), &head), OK);
    assert_int_equal(head.signature_count, 2);
    assert_int_equal(head_verify(&head, &old), OK);
    assert_int_equal(head_verify(&head, &new_key), OK);
    assert_code(home_deposit(&home, 1, 100, 1), OK);
    home_close(&home);
    assert_code(home_open(&home), OK);
    assert_true(hash_equal(&new_key, &store_keys(home.store)->signing.public_key));
    assert_code(home_new_key(&home), OK);
    assert_code(home_deposit(&home, 1, 100, 1), OK);
}

static void operations_are_found_by_tag(void **state)
{
    (void)state;
    uint8_t tag[OPERATION_TAG_BYTES];
    uint64_t index = 0;
    store_operation_tag(home.store, bytes_of_text("meeting-1"), tag);
    assert_false(store_operation_find(home.store, tag, &index));
    struct buffer terms;
    struct note_terms note = {.topic = bytes_of_text("test")};
    struct draft *draft = calloc(1, sizeof *draft);
    buffer_init(&terms, 0);
    terms_note_pack(&terms, &note, tag);
    draft->kind = KIND_NOTE;
    draft->date = 20458;
    draft->terms = buffer_view(&terms);
    draft->operation_tag = tag;
    assert_code(store_append(home.store, draft, 1, APPEND_WRITE, NULL, NULL, &home.err), OK);
    assert_true(store_operation_find(home.store, tag, &index));
    assert_int_equal(index, 2);
    free(draft);
    buffer_free(&terms);
}

/* Peers see nothing before the first release, and afterwards each append. */
static void heads_are_seen_once_released(void **state)
{
    (void)state;
    struct head head;
    struct book *book = store_book(home.store);
    const struct hash *group = store_own_group(home.store);
    assert_int_equal(book->head(book->context, group, &head), E_NO_DATA);
    assert_code(store_release(home.store, &home.err), OK);
    assert_int_equal(book->head(book->context, group, &head), OK);
    assert_int_equal(head.size, 2);
    assert_code(home_deposit(&home, 1, 100, 1), OK);
    assert_code(store_commit(home.store, NULL, NULL, &home.err), OK);
    assert_int_equal(book->head(book->context, group, &head), OK);
    assert_int_equal(head.size, 3);
    home_close(&home);
    assert_code(home_open(&home), OK);
    assert_code(home_deposit(&home, 1, 100, 1), OK);
    book = store_book(home.store);
    group = store_own_group(home.store);
    assert_int_equal(book->head(book->context, group, &head), OK);
    assert_int_equal(head.size, 3);
    struct hash root;
    assert_int_equal(book->root_at(book->context, group, 4, &root), E_NO_DATA);
    assert_code(store_release(home.store, &home.err), OK);
    assert_int_equal(book->head(book->context, group, &head), OK);
    assert_int_equal(head.size, 4);
}

static void a_home_is_made_once(void **state)
{
    (void)state;
    struct profile profile;
    memset(&profile, 0, sizeof profile);
    struct err err;
    struct store *second;
    home_close(&home);
    assert_int_equal(store_create(home.path, &profile, NULL, &home.env, &err), E_EXISTS);
    assert_int_equal(store_open("build/no-such-home", &home.env, &second, &err), E_NOT_FOUND);
    assert_code(home_open(&home), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_home_holds_its_genesis, set_up, tear_down),
        cmocka_unit_test_setup_teardown(deposits_are_posted_and_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_breaks_a_rule_writes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(roots_are_those_of_the_leaves, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_come_back_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_dry_run_writes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_change_and_the_chain_follows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(operations_are_found_by_tag, set_up, tear_down),
        cmocka_unit_test_setup_teardown(heads_are_seen_once_released, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_home_is_made_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

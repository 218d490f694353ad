/* Peers' entries: two stores over two real sessions, and a store that is given links, heads and
 * chunks by hand, good and bad. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/impl.h"
#include "tests/lib/build.h"
#include "tests/lib/pair.h"

static struct home network;
static struct home a;
static struct home b;
static struct maker maker; /* a rostered group whose node is the test itself */

static void assert_code(enum err_code code, enum err_code expected, const struct err *err)
{
    if (code != expected) {
        fail_msg("expected %s, got %s: %s", err_name(expected), err_name(code), err->text);
    }
}

static void must(enum err_code code, const struct home *home)
{
    assert_code(code, OK, &home->err);
}

/* A network of a, b and the maker's group; a and b hold its roster. */
static int set_up(void **state)
{
    (void)state;
    const struct home *const groups[] = {&a, &b};
    struct admission admission;
    home_new(&network, 1, GROUP_NETWORK, NULL);
    home_new(&a, 2, GROUP_SAVINGS, NULL);
    home_new(&b, 3, GROUP_SAVINGS, NULL);
    maker_init(&maker, 4, GROUP_SAVINGS);
    maker_admission(&maker, "made", &admission);
    must(home_admit(&network, groups, 2), &network);
    must(home_admit_all(&network, &admission, 1), &network);
    must(home_join(&a, &network), &a);
    must(home_join(&b, &network), &b);
    must(store_release(network.store, &network.err), &network);
    must(store_release(a.store, &a.err), &a);
    must(store_release(b.store, &b.err), &b);
    pair_sync(&a, &network);
    pair_sync(&b, &network);
    must(home_member(&a, MEMBER_JOIN, 1, 60), &a);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    maker_free(&maker);
    home_remove(&network);
    home_remove(&a);
    home_remove(&b);
    return 0;
}

static struct ledger_view view_of(struct home *home, const struct hash *group)
{
    struct ledger_view view;
    assert_int_equal(store_ledger_find(home->store, group, &view), OK);
    return view;
}

static void assert_verified(struct home *home)
{
    assert_code(store_verify(home->store, NULL, NULL, NULL, &home->err), OK, &home->err);
}

/* --- two stores --- */

static void the_roster_arrives_first(void **state)
{
    (void)state;
    assert_int_equal(store_roster_count(a.store), 3);
    assert_int_equal(store_roster_count(b.store), 3);
    struct rostered rostered;
    struct hash group;
    struct err err;
    assert_int_equal(store_roster_at(b.store, 0, &rostered), OK);
    assert_int_equal(store_resolve_group(b.store, bytes_of_text("group 2"), &group, &err), OK);
    assert_true(hash_equal(&group, store_own_group(a.store)));
    assert_int_equal(store_ledger_count(b.store), 4);
    assert_verified(&b);
}

static void entries_travel_and_count(void **state)
{
    (void)state;
    const struct ledger_state *there;
    must(home_deposit(&a, 5, 100, 1000), &a);
    pair_sync(&a, &b);
    struct ledger_view here = view_of(&a, store_own_group(a.store));
    struct ledger_view view = view_of(&b, store_own_group(a.store));
    assert_int_equal(view.size, 1002);
    assert_true(hash_equal(&here.root, &view.root));
    assert_int_equal(store_ledger_state(b.store, store_own_group(a.store), &there), OK);
    assert_int_equal(amount_satang(there->own[account_row(2110)].credit), 100000);
    assert_int_equal(there->members, 60);
    home_close(&b);
    must(home_open(&b), &b);
    assert_int_equal(view_of(&b, store_own_group(a.store)).size, 1002);
    assert_verified(&b);
}

static void new_heads_are_pushed(void **state)
{
    (void)state;
    struct pair pair;
    pair_connect(&pair, &a, &b);
    pair_run(&pair);
    for (unsigned i = 0; i < 20; i++) {
        must(home_deposit(&a, 5, 100, 1 + i * 7), &a);
        pair_tell(&pair, 0);
        pair_run(&pair);
        assert_int_equal(view_of(&b, store_own_group(a.store)).size, home_size(&a));
    }
    pair_disconnect(&pair);
    assert_verified(&b);
}

static void a_broken_pull_is_resumed(void **state)
{
    (void)state;
    must(home_deposit(&a, 5, 100, 9000), &a);
    uint64_t stored = 0;
    for (unsigned tries = 0; tries < 40; tries++) {
        struct pair pair;
        pair_connect(&pair, &a, &b);
        pair.deliver_max = 8 + tries;
        pair_run(&pair);
        pair_disconnect(&pair);
        struct ledger_view view = view_of(&b, store_own_group(a.store));
        assert_true(view.stored >= stored);
        assert_true(view.size == 1 || view.size == home_size(&a));
        stored = view.stored;
        if (tries % 4 == 0) { /* what is pending is there after a restart too */
            home_close(&b);
            must(home_open(&b), &b);
            assert_verified(&b);
        }
        if (view.size > 1) {
            break;
        }
    }
    assert_int_equal(view_of(&b, store_own_group(a.store)).size, home_size(&a));
    assert_verified(&b);
}

static void a_key_change_travels(void **state)
{
    (void)state;
    must(home_deposit(&a, 5, 100, 10), &a);
    pair_sync(&a, &b);
    must(home_new_key(&a), &a);
    must(home_deposit(&a, 5, 100, 10), &a);
    pair_sync(&a, &b);
    assert_int_equal(view_of(&b, store_own_group(a.store)).size, home_size(&a));
    pair_sync(&b, &network);
    assert_int_equal(view_of(&network, store_own_group(a.store)).size, home_size(&a));
    assert_verified(&b);
    assert_verified(&network);
}

static void a_rebuilt_store_is_the_same(void **state)
{
    (void)state;
    struct hash before;
    struct hash after;
    must(home_deposit(&a, 5, 100, 700), &a);
    pair_sync(&a, &b);
    map_digest(store_book(b.store)->map, &before);
    must(store_rebuild(b.store, NULL, &b.err), &b);
    map_digest(store_book(b.store)->map, &after);
    assert_true(hash_equal(&before, &after));
    assert_verified(&b);
    must(home_deposit(&a, 5, 100, 7), &a);
    pair_sync(&a, &b);
    assert_int_equal(view_of(&b, store_own_group(a.store)).size, home_size(&a));
}

/* --- by hand --- */

static enum err_code give_link(struct home *home, uint64_t number)
{
    struct book *book = store_book(home->store);
    struct link genesis = {.head = {.group = maker.id, .size = 1, .root = maker.id},
                           .leaf = buffer_view(&maker.items[0].leaf)};
    const struct link *link = number == 0 ? &genesis : &maker.links[number];
    return book->take_link(book->context, &maker.id, number, link, &home->err);
}

static enum err_code give_head(struct home *home, uint64_t have, uint64_t size)
{
    struct book *book = store_book(home->store);
    struct head_answer answer = {.have = have, .has_root = have > 0 && have <= size};
    maker_head(&maker, size, &answer.head);
    if (answer.has_root) {
        maker_root(&maker, have, &answer.root_at_have);
        maker_consistency(&maker, have, size, &answer.proof);
    }
    return book->take_head(book->context, &answer, &home->err);
}

static enum err_code give_chunk(struct home *home, uint64_t from, uint64_t to, uint64_t size)
{
    struct book *book = store_book(home->store);
    struct buffer leaves;
    buffer_init(&leaves, 0);
    maker_leaves(&maker, from, to, &leaves);
    struct chunk chunk = {.group = maker.id,
                          .start = from,
                          .head_size = size,
                          .count = to - from,
                          .leaves = buffer_view(&leaves)};
    maker_consistency(&maker, to, size, &chunk.proof);
    enum err_code code = book->take_chunk(book->context, &chunk, &home->err);
    buffer_free(&leaves);
    return code;
}

static void commit(struct home *home)
{
    must(store_commit(home->store, NULL, NULL, &home->err), home);
}

static void deposits(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(maker_post(&maker, 1, 1110, 2110, 100), OK);
    }
}

static void pending_entries_are_not_seen(void **state)
{
    (void)state;
    const struct ledger_state *there;
    struct book *book = store_book(b.store);
    struct head head;
    deposits(400);
    must(give_link(&b, 0), &b);
    must(give_head(&b, 0, 401), &b);
    must(give_chunk(&b, 0, 300, 401), &b);
    commit(&b);
    struct ledger_view view = view_of(&b, &maker.id);
    assert_int_equal(view.size, 0);
    assert_int_equal(view.stored, 300);
    assert_int_equal(store_ledger_state(b.store, &maker.id, &there), E_NO_DATA);
    assert_int_equal(book->head(book->context, &maker.id, &head), E_NO_DATA);
    assert_verified(&b);
    must(store_rebuild(b.store, NULL, &b.err), &b);
    assert_verified(&b);
    must(give_chunk(&b, 300, 401, 401), &b);
    commit(&b);
    assert_int_equal(view_of(&b, &maker.id).size, 401);
    assert_int_equal(store_ledger_state(b.store, &maker.id, &there), OK);
    assert_int_equal(amount_satang(there->own[account_row(2110)].credit), 40000);
    assert_verified(&b);
}

static void a_head_inside_what_is_pending_counts(void **state)
{
    (void)state;
    const struct ledger_state *there;
    deposits(400);
    must(give_link(&b, 0), &b);
    must(give_head(&b, 0, 401), &b);
    must(give_chunk(&b, 0, 300, 401), &b);
    must(give_head(&b, 300, 201), &b);
    commit(&b);
    assert_int_equal(view_of(&b, &maker.id).size, 201);
    assert_int_equal(view_of(&b, &maker.id).stored, 300);
    assert_int_equal(store_ledger_state(b.store, &maker.id, &there), OK);
    assert_int_equal(amount_satang(there->own[account_row(2110)].credit), 20000);
    assert_verified(&b);
    must(give_head(&b, 300, 300), &b);
    commit(&b);
    assert_int_equal(view_of(&b, &maker.id).size, 300);
    assert_verified(&b);
    must(give_head(&b, 300, 401), &b);
    must(give_chunk(&b, 300, 401, 401), &b);
    commit(&b);
    assert_int_equal(view_of(&b, &maker.id).size, 401);
    assert_verified(&b);
}

struct verdicts {
    unsigned count;
    uint64_t index;
    enum err_code code;
};

static enum err_code keep_verdict(void *context, uint64_t index, enum err_code code)
{
    struct verdicts *verdicts = context;
    verdicts->count++;
    verdicts->index = index;
    verdicts->code = code;
    return OK;
}

static void invalid_entries_are_kept_and_left_out(void **state)
{
    (void)state;
    const struct ledger_state *there;
    struct verdicts verdicts = {.count = 0};
    deposits(5);
    (void)maker_begin(&maker, KIND_POST); /* lowers the deposits below zero */
    maker_event(&maker, 3);
    maker_line(&maker, 2110, 100000);
    maker_line(&maker, 1110, -100000);
    assert_int_not_equal(maker_append(&maker), OK);
    deposits(1);
    must(give_link(&b, 0), &b);
    must(give_head(&b, 0, maker.count), &b);
    must(give_chunk(&b, 0, maker.count, maker.count), &b);
    commit(&b);
    assert_int_equal(store_ledger_state(b.store, &maker.id, &there), OK);
    assert_int_equal(there->invalid, 1);
    assert_int_equal(amount_satang(there->own[account_row(2110)].credit), 600);
    assert_int_equal(store_verdicts(b.store, &maker.id, UINT64_MAX, keep_verdict, &verdicts), OK);
    assert_int_equal(verdicts.count, 1);
    assert_int_equal(verdicts.index, 6);
    assert_int_equal(verdicts.code, maker.items[6].verdict);
    assert_verified(&b);
}

static void nonsense_leaves_nothing(void **state)
{
    (void)state;
    struct book *book = store_book(b.store);
    struct hash stranger;
    deposits(300);
    must(give_link(&b, 0), &b);
    assert_int_equal(give_chunk(&b, 0, 10, 301), E_STATE);

    struct head_answer answer = {.have = 0};
    maker_head(&maker, 301, &answer.head);
    answer.head.signature[0].signature.bytes[3] ^= 1;
    assert_int_equal(book->take_head(book->context, &answer, &b.err), E_SIGNATURE);
    must(give_head(&b, 0, 301), &b);

    struct buffer leaves;
    buffer_init(&leaves, 0);
    maker_leaves(&maker, 0, 100, &leaves);
    struct chunk chunk = {.group = maker.id,
                          .head_size = 301,
                          .count = 100,
                          .leaves = buffer_view(&leaves)};
    maker_consistency(&maker, 100, 301, &chunk.proof);
    chunk.proof.node[1].bytes[0] ^= 1;
    assert_int_equal(book->take_chunk(book->context, &chunk, &b.err), E_PROOF);
    chunk.proof.node[1].bytes[0] ^= 1;
    leaves.data[leaves.len - 1] ^= 1;
    assert_int_equal(book->take_chunk(book->context, &chunk, &b.err), E_PROOF);
    leaves.data[leaves.len - 1] ^= 1;
    leaves.data[5] ^= 1;
    assert_int_equal(book->take_chunk(book->context, &chunk, &b.err), E_LEAF);
    leaves.data[5] ^= 1;
    chunk.count = 99;
    assert_int_equal(book->take_chunk(book->context, &chunk, &b.err), E_FRAME);
    chunk.count = 100;
    must(book->take_chunk(book->context, &chunk, &b.err), &b);
    assert_int_equal(book->take_chunk(book->context, &chunk, &b.err), E_STATE);
    buffer_free(&leaves);
    commit(&b);

    maker_other_id(77, &stranger);
    struct link genesis = {.head = {.group = stranger, .size = 1, .root = stranger},
                           .leaf = buffer_view(&maker.items[0].leaf)};
    assert_int_equal(book->take_link(book->context, &stranger, 0, &genesis, &b.err), E_ROSTER);
    assert_int_equal(book->claim(book->context, NULL, &stranger), false);
    assert_int_equal(view_of(&b, &maker.id).stored, 100);
    assert_verified(&b);
}

/* Two continuations of one log, both signed. */
static void a_fork_freezes_the_ledger(void **state)
{
    (void)state;
    struct maker other;
    struct head first;
    struct head second;
    struct map_item frozen;
    size_t rank;
    maker_init(&other, 4, GROUP_SAVINGS);
    deposits(5);
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(maker_post(&other, 1, 1110, 2110, i < 3 ? 100 : 999), OK);
    }
    must(give_link(&b, 0), &b);
    must(give_head(&b, 0, 6), &b);
    must(give_chunk(&b, 0, 6, 6), &b);
    commit(&b);
    struct book *book = store_book(b.store);
    struct head_answer answer = {.have = 6, .has_root = true};
    maker_head(&other, 8, &answer.head);
    maker_root(&other, 6, &answer.root_at_have);
    maker_consistency(&other, 6, 8, &answer.proof);
    assert_int_equal(book->take_head(book->context, &answer, &b.err), E_FORKED);
    commit(&b);
    assert_true(view_of(&b, &maker.id).frozen);
    assert_int_equal(store_fork(b.store, &maker.id, &first, &second), OK);
    assert_int_equal(first.size, 6);
    assert_int_equal(second.size, 8);
    map_frozen_item(&maker.id, &frozen);
    assert_true(map_find(book->map, maker.id.bytes, &rank));
    assert_memory_equal(map_at(book->map, rank), &frozen, sizeof frozen);
    assert_int_equal(book->head(book->context, &maker.id, &first), E_FORKED);
    assert_false(book->claim(book->context, NULL, &maker.id));
    home_close(&b);
    must(home_open(&b), &b);
    assert_true(view_of(&b, &maker.id).frozen);
    assert_verified(&b);
    must(store_rebuild(b.store, NULL, &b.err), &b);
    assert_true(view_of(&b, &maker.id).frozen);
    maker_free(&other);
}

static void a_shorter_fork_freezes_too(void **state)
{
    (void)state;
    struct maker other;
    maker_init(&other, 4, GROUP_SAVINGS);
    deposits(5);
    assert_int_equal(maker_post(&other, 1, 1110, 2110, 999), OK);
    must(give_link(&b, 0), &b);
    must(give_head(&b, 0, 6), &b);
    must(give_chunk(&b, 0, 3, 6), &b);
    must(give_head(&b, 3, 2), &b); /* older and consistent */
    struct book *book = store_book(b.store);
    struct head_answer answer = {.have = 3};
    maker_head(&other, 2, &answer.head);
    assert_int_equal(book->take_head(book->context, &answer, &b.err), E_FORKED);
    commit(&b);
    assert_true(view_of(&b, &maker.id).frozen);
    maker_free(&other);
}

/* The batch is undone; what was committed before stays, and the rest is given again. */
static void a_full_disk_undoes_the_batch(void **state)
{
    (void)state;
    deposits(2000);
    must(give_link(&b, 0), &b);
    must(give_head(&b, 0, 2001), &b);
    must(give_chunk(&b, 0, 500, 2001), &b);
    commit(&b);
    uint64_t stored = 500;
    unsigned refused = 0;
    for (unsigned i = 0; i < 12; i++) {
        home_limit_files(home_file_size(&b, "ledger.db-wal") + UINT64_C(3000) * i);
        enum err_code code = give_chunk(&b, stored, stored + 100, 2001);
        if (code == OK) {
            code = store_commit(b.store, NULL, NULL, &b.err);
        }
        home_limit_files(0);
        stored += code == OK ? 100 : 0;
        refused += code != OK;
        assert_true(code == OK || code == E_IO);
        assert_int_equal(view_of(&b, &maker.id).stored, stored);
        assert_int_equal(store_uncommitted(b.store), 0);
    }
    assert_true(refused > 0 && stored > 500);
    must(give_chunk(&b, stored, 2001, 2001), &b);
    commit(&b);
    assert_int_equal(view_of(&b, &maker.id).size, 2001);
    assert_verified(&b);
}

/* Full in the middle of a batch: what others had given to it is gone too, and its commit says so,
 * for their sessions believe that it is held. */
static void a_batch_that_is_lost_is_told(void **state)
{
    (void)state;
    deposits(2000);
    must(give_link(&b, 0), &b);
    must(give_head(&b, 0, 2001), &b);
    commit(&b);
    must(give_chunk(&b, 0, 300, 2001), &b);
    sqlite3 *handle = b.store->db.handle;
    assert_int_equal(sqlite3_exec(handle, "PRAGMA max_page_count = 1", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(give_chunk(&b, 300, 2001, 2001), E_IO);
    assert_int_equal(sqlite3_exec(handle, "PRAGMA max_page_count = 1000000", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(view_of(&b, &maker.id).stored, 0);
    assert_int_equal(store_commit(b.store, NULL, NULL, &b.err), E_IO);
    must(give_chunk(&b, 0, 2001, 2001), &b);
    commit(&b);
    assert_int_equal(view_of(&b, &maker.id).size, 2001);
    assert_verified(&b);
}

/* SQLite may undo a transaction by itself: what is given next is not written without one. */
static void a_transaction_that_is_gone_is_noticed(void **state)
{
    (void)state;
    deposits(2000);
    must(give_link(&b, 0), &b);
    must(give_head(&b, 0, 2001), &b);
    commit(&b);
    must(give_chunk(&b, 0, 300, 2001), &b);
    assert_int_equal(sqlite3_exec(b.store->db.handle, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(give_chunk(&b, 300, 2001, 2001), E_STATE);
    assert_int_equal(store_commit(b.store, NULL, NULL, &b.err), E_IO);
    assert_int_equal(view_of(&b, &maker.id).stored, 0);
    must(give_chunk(&b, 0, 2001, 2001), &b);
    commit(&b);
    assert_verified(&b);
}

static void links_of_the_maker_are_followed(void **state)
{
    (void)state;
    deposits(3);
    struct profile change;
    memset(&change, 0, sizeof change);
    (void)maker_begin(&maker, KIND_AMEND);
    maker_amend(&maker, &change);
    maker_approve(&maker, 1);
    assert_int_equal(maker_change_key(&maker, 1), OK);
    deposits(3);
    must(give_link(&b, 0), &b);
    assert_int_equal(give_link(&b, 2), E_STATE);
    assert_int_equal(give_head(&b, 0, maker.count), E_SIGNATURE);
    must(give_link(&b, 1), &b);
    must(give_head(&b, 0, maker.count), &b);
    must(give_chunk(&b, 0, maker.count, maker.count), &b);
    commit(&b);
    assert_int_equal(view_of(&b, &maker.id).size, maker.count);
    assert_verified(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_roster_arrives_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entries_travel_and_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(new_heads_are_pushed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_broken_pull_is_resumed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_change_travels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rebuilt_store_is_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pending_entries_are_not_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_head_inside_what_is_pending_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(invalid_entries_are_kept_and_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nonsense_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fork_freezes_the_ledger, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_shorter_fork_freezes_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_undoes_the_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_is_lost_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_transaction_that_is_gone_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_of_the_maker_are_followed, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

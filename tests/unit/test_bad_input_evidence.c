/* Checkpoints, key-chain links, proofs and chunks that are not what they claim to be, given to a
 * store by a peer: each is refused with its code and leaves nothing behind; the true ones are then
 * taken as if nothing had been. */
#include "tests/lib/cmocka.h"

#include <string.h>

#include "tests/lib/verdict.h"
#include "tests/lib/world.h"

static struct world world;
static struct home *home;
static struct book *book;

static int set_up(void **state)
{
    (void)state;
    world_new(&world);
    home = &world.receiver;
    book = store_book(home->store);
    assert_int_equal(feed(home, &world.network, world.network.count), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_free(&world);
    return 0;
}

static void assert_code(enum err_code code, enum err_code expected)
{
    if (code != expected) {
        fail_msg("expected %s, got %s: %s", err_name(expected), err_name(code), home->err.text);
    }
}

/* Entries, links and head that are held of a ledger. */
static struct want held_of(const struct maker *maker)
{
    struct want held;
    book->held(book->context, &maker->id, &held);
    return held;
}

static void assert_held(const struct maker *maker, uint64_t have, uint64_t links)
{
    struct want held = held_of(maker);
    assert_int_equal(held.have, have);
    assert_int_equal(held.links, links);
}

static enum err_code take_head(const struct head *head)
{
    struct head_answer answer = {.head = *head};
    return book->take_head(book->context, &answer, &home->err);
}

/* The whole ledger is taken, and the books are the maker's. */
static void assert_taken(const struct maker *maker)
{
    struct ledger_view view;
    const struct ledger_state *state;
    assert_code(feed(home, maker, maker->count), OK);
    assert_int_equal(store_ledger_find(home->store, &maker->id, &view), OK);
    assert_int_equal(view.size, maker->count);
    assert_false(view.frozen);
    assert_int_equal(store_ledger_state(home->store, &maker->id, &state), OK);
    assert_int_equal(state->valid, maker->state.valid);
    assert_int_equal(store_verify(home->store, NULL, NULL, NULL, &home->err), OK);
}

/* --- heads --- */

static void a_checkpoint_with_a_bad_signature(void **state)
{
    (void)state;
    const struct maker *maker = &world.hostile;
    struct head head;
    assert_code(feed_links(home, maker, maker->count), OK);
    for (unsigned i = 0; i < SIGNATURE_BYTES; i++) {
        maker_head(maker, maker->count, &head);
        head.signature[0].signature.bytes[i] ^= 1;
        assert_code(take_head(&head), E_SIGNATURE);
    }
    for (unsigned i = 0; i < KEY_ID_BYTES; i++) {
        maker_head(maker, maker->count, &head);
        head.signature[0].key_id[i] ^= 1;
        assert_code(take_head(&head), E_SIGNATURE);
    }
    head.signature_count = 0;
    assert_code(take_head(&head), E_SIGNATURE);
    assert_held(maker, 0, 1);
    assert_taken(maker);
}

/* A signature over another size, epoch or root says nothing about this one. */
static void a_checkpoint_that_was_changed(void **state)
{
    (void)state;
    const struct maker *maker = &world.hostile;
    struct head head;
    assert_code(feed_links(home, maker, maker->count), OK);
    maker_head(maker, maker->count, &head);
    head.size++;
    assert_code(take_head(&head), E_SIGNATURE);
    maker_head(maker, maker->count, &head);
    head.root.bytes[31] ^= 1;
    assert_code(take_head(&head), E_SIGNATURE);
    maker_head(maker, maker->count, &head);
    head.epoch = 1;
    assert_code(take_head(&head), E_STATE);
    assert_held(maker, 0, 1);
    assert_taken(maker);
}

static void a_checkpoint_of_a_smaller_size(void **state)
{
    (void)state;
    struct head head;
    assert_taken(&world.hostile);
    for (uint64_t size = 1; size <= world.hostile.count; size++) {
        maker_head(&world.hostile, size, &head); /* consistent: merely old */
        assert_code(take_head(&head), OK);
        assert_held(&world.hostile, world.hostile.count, 1);
    }
    assert_taken(&world.savings);
    head = world.savings.links[1].head;
    head.size--;
    maker_root(&world.savings, head.size, &head.root);
    assert_code(take_head(&head), E_STATE); /* older than the last key change */
    assert_held(&world.savings, world.savings.count, 2);
}

/* Signed, and of no entries that anybody has: nothing is stored under it, and it is not served. */
static void a_checkpoint_with_a_root_that_its_entries_do_not_have(void **state)
{
    (void)state;
    const struct maker *maker = &world.hostile;
    struct head head;
    struct head served;
    assert_code(feed_links(home, maker, maker->count), OK);
    memset(&head, 0, sizeof head);
    head.group = maker->id;
    head.size = maker->count;
    memset(head.root.bytes, 0x55, sizeof head.root.bytes);
    head_sign(&head, &maker->signing);
    assert_code(take_head(&head), OK); /* nothing is held yet that could contradict it */
    assert_code(feed_chunk(home, maker, 0, maker->count, maker->count), E_PROOF);
    assert_code(feed_chunk(home, maker, 0, 3, maker->count), E_PROOF);
    assert_held(maker, 0, 1);
    assert_int_equal(book->head(book->context, &maker->id, &served), E_NO_DATA);
    assert_taken(maker);
}

/* The same, once the entries are held: two heads that no single log satisfies. Both are kept. */
static void a_signed_checkpoint_that_contradicts_what_is_held(void **state)
{
    (void)state;
    const struct maker *maker = &world.hostile;
    struct head head;
    struct head first;
    struct head second;
    struct ledger_view view;
    assert_taken(maker);
    maker_head(maker, 3, &head);
    head.root.bytes[0] ^= 1;
    head.signature_count = 0;
    head_sign(&head, &maker->signing);
    assert_code(take_head(&head), E_FORKED);
    assert_code(feed_commit(home), OK);
    assert_int_equal(store_ledger_find(home->store, &maker->id, &view), OK);
    assert_true(view.frozen);
    assert_int_equal(store_fork(home->store, &maker->id, &first, &second), OK);
    assert_int_equal(first.size, maker->count);
    assert_int_equal(second.size, 3);
    assert_taken(&world.fund); /* the others go on */
}

static void a_checkpoint_by_a_key_that_no_chain_gives(void **state)
{
    (void)state;
    const struct maker *maker = &world.savings;
    struct sign_key key;
    struct head head;
    assert_code(feed_links(home, maker, maker->count), OK);
    for (unsigned i = 0; i < 3; i++) { /* the old key, a future one, an officer's */
        memset(&head, 0, sizeof head);
        head.group = maker->id;
        head.size = maker->count;
        maker_root(maker, maker->count, &head.root);
        if (i == 2) {
            maker_officer_key(maker->number, 1, &key);
        } else {
            maker_signing_key(maker->number, 2 * i, &key);
        }
        head_sign(&head, &key);
        assert_code(take_head(&head), E_SIGNATURE);
    }
    assert_held(maker, 0, 2);
    assert_taken(maker);
}

static void checkpoints_that_nobody_may_give(void **state)
{
    (void)state;
    struct maker stranger;
    struct head head;
    maker_head(&world.late, world.late.count, &head);
    assert_code(take_head(&head), E_STATE); /* before the key chain */
    maker_init(&stranger, 55, GROUP_SAVINGS);
    maker_head(&stranger, 1, &head);
    assert_code(take_head(&head), E_ROSTER);
    assert_int_equal(store_head(home->store, store_own_group(home->store), &head), OK);
    assert_code(take_head(&head), E_STATE); /* the own ledger is written here */
    maker_free(&stranger);
    assert_taken(&world.late);
}

/* --- proofs, bit by bit --- */

static void flip(struct merkle_proof *proof, unsigned bit)
{
    proof->node[bit / 256].bytes[bit % 256 / 8] ^= (uint8_t)(1u << bit % 8);
}

static void a_head_whose_proof_has_one_bit_flipped(void **state)
{
    (void)state;
    struct maker *maker = &world.hostile;
    struct head_answer answer;
    assert_code(feed(home, maker, 5), OK);
    memset(&answer, 0, sizeof answer);
    maker_head(maker, maker->count, &answer.head);
    answer.have = 5;
    answer.has_root = true;
    maker_root(maker, 5, &answer.root_at_have);
    maker_consistency(maker, 5, maker->count, &answer.proof);
    assert_true(answer.proof.count >= 2);
    for (unsigned bit = 0; bit < 256 * answer.proof.count; bit++) {
        flip(&answer.proof, bit);
        assert_code(book->take_head(book->context, &answer, &home->err), E_PROOF);
        flip(&answer.proof, bit);
    }
    for (unsigned bit = 0; bit < 256; bit++) {
        answer.root_at_have.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_code(book->take_head(book->context, &answer, &home->err), E_PROOF);
        answer.root_at_have.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_held(maker, 5, 1);
    assert_taken(maker);
}

static void a_chunk_with_one_bit_flipped(void **state)
{
    (void)state;
    struct maker *maker = &world.hostile;
    struct chunk chunk;
    struct buffer leaves;
    assert_code(feed_links(home, maker, maker->count), OK);
    assert_code(feed_head(home, maker, maker->count), OK);
    buffer_init(&leaves, 0);
    maker_leaves(maker, 0, 5, &leaves);
    memset(&chunk, 0, sizeof chunk);
    chunk.group = maker->id;
    chunk.count = 5;
    chunk.head_size = maker->count;
    chunk.leaves = buffer_view(&leaves);
    maker_consistency(maker, 5, maker->count, &chunk.proof);
    for (unsigned bit = 0; bit < 256 * chunk.proof.count; bit++) {
        flip(&chunk.proof, bit);
        assert_code(book->take_chunk(book->context, &chunk, &home->err), E_PROOF);
        flip(&chunk.proof, bit);
    }
    for (size_t bit = 0; bit < 8 * leaves.len; bit++) {
        leaves.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        enum err_code code = book->take_chunk(book->context, &chunk, &home->err);
        assert_true(code == E_PROOF || code == E_LEAF || code == E_FRAME);
        leaves.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_held(maker, 0, 1);
    assert_code(book->take_chunk(book->context, &chunk, &home->err), OK);
    buffer_free(&leaves);
    assert_held(maker, 5, 1);
    assert_taken(maker);
}

static void a_link_whose_proof_has_one_bit_flipped(void **state)
{
    (void)state;
    struct maker *maker = &world.savings;
    struct link link = maker->links[1];
    assert_code(feed_links(home, maker, 1), OK);
    assert_true(link.inclusion.count > 0 && link.consistency.count > 0);
    for (unsigned bit = 0; bit < 256 * link.inclusion.count; bit++) {
        flip(&link.inclusion, bit);
        assert_code(book->take_link(book->context, &maker->id, 1, &link, &home->err), E_PROOF);
        flip(&link.inclusion, bit);
    }
    for (unsigned bit = 0; bit < 256 * link.consistency.count; bit++) {
        flip(&link.consistency, bit);
        assert_code(book->take_link(book->context, &maker->id, 1, &link, &home->err), E_PROOF);
        flip(&link.consistency, bit);
    }
    link.head.signature[1].signature.bytes[0] ^= 1;
    assert_code(book->take_link(book->context, &maker->id, 1, &link, &home->err), E_SIGNATURE);
    assert_held(maker, 0, 1);
    assert_taken(maker);
}

/* Links of others, out of turn, twice. */
static void links_that_are_not_due(void **state)
{
    (void)state;
    const struct maker *maker = &world.fund;
    const struct hash *id = &maker->id;
    assert_code(book->take_link(book->context, id, 1, &maker->links[1], &home->err), E_STATE);
    assert_code(book->take_link(book->context, id, 0, &world.hostile.links[0], &home->err), E_LEAF);
    assert_code(book->take_link(book->context, id, 0, &maker->links[0], &home->err), OK);
    assert_code(book->take_link(book->context, id, 0, &maker->links[0], &home->err), E_STATE);
    assert_code(book->take_link(book->context, id, 2, &maker->links[2], &home->err), E_STATE);
    assert_code(book->take_link(book->context, id, 1, &world.savings.links[1], &home->err),
                E_PROOF);
    assert_held(maker, 0, 1);
    assert_taken(maker);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_checkpoint_with_a_bad_signature),
        TEST(a_checkpoint_that_was_changed),
        TEST(a_checkpoint_of_a_smaller_size),
        TEST(a_checkpoint_with_a_root_that_its_entries_do_not_have),
        TEST(a_signed_checkpoint_that_contradicts_what_is_held),
        TEST(a_checkpoint_by_a_key_that_no_chain_gives),
        TEST(checkpoints_that_nobody_may_give),
        TEST(a_head_whose_proof_has_one_bit_flipped),
        TEST(a_chunk_with_one_bit_flipped),
        TEST(a_link_whose_proof_has_one_bit_flipped),
        TEST(links_that_are_not_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

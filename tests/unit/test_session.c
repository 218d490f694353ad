/* Sessions back to back over books in memory: what two honest nodes come to. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fake_net.h"
#include "tests/lib/prng.h"

enum { GROUPS = 12, BOOKS = 3, NETWORK = 0, A = 1, B = 2, C = 3 };

/* Three nodes, of groups 1, 2 and 3; each knows the others' genesis, so that keys are known. */
struct world {
    struct fake_net net;
    struct fake_group *groups;
    struct fake_book *book[BOOKS];
    size_t count;
};

static void world_new(struct world *world, size_t count)
{
    memset(world, 0, sizeof *world);
    world->count = count;
    world->groups = fake_groups_new(count, 1);
    for (size_t i = 0; i < BOOKS; i++) {
        world->book[i] = fake_book_new(world->groups, count, i + 1);
    }
    fake_append(world->book[0], NETWORK, 3, 100, 0);
    for (size_t i = 0; i < BOOKS; i++) {
        fake_append(world->book[i], i + 1, 2, 100, 0);
    }
    for (size_t i = 1; i < BOOKS; i++) {
        fake_copy(world->book[i], world->book[0], NETWORK);
    }
    for (size_t i = 0; i < BOOKS; i++) {
        for (size_t j = 0; j < BOOKS; j++) {
            if (i != j) {
                fake_copy(world->book[i], world->book[j], j + 1);
            }
        }
    }
}

static void world_free(struct world *world)
{
    fake_net_free(&world->net);
    for (size_t i = 0; i < BOOKS; i++) {
        assert_int_equal(world->book[i]->claims, 0);
        fake_book_free(world->book[i]);
    }
    free(world->groups);
}

static struct session_status status_of(const struct fake_end *end)
{
    struct session_status status;

    session_status(end->session, &status);
    return status;
}

static void assert_settled(struct world *world, const struct fake_end *end)
{
    const struct fake_end *both[] = {end, end->other};

    assert_true(fake_books_equal(end->book, end->other->book));
    for (size_t i = 0; i < 2; i++) {
        assert_false(both[i]->closed);
        assert_int_equal(status_of(both[i]).pulling, 0);
        assert_int_equal(status_of(both[i]).pending, 0);
        assert_int_equal(status_of(both[i]).serving, 0);
        assert_int_equal(status_of(both[i]).nonsense, 0);
    }
    assert_int_equal(world->book[0]->claims, 0);
}

/* Equal maps cost the two HELLOs: with 19 bytes of frame each at most 200 on the socket. */
static void test_equal(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_int_equal(end->equals, 1);
    assert_int_equal(end->other->equals, 1);
    assert_int_equal(end->readies, 1);
    assert_true(status_of(end).equal);
    print_message("equal maps: %zu bytes of messages both ways\n",
                  end->said_bytes + end->other->said_bytes);
    assert_true(end->said_bytes + end->other->said_bytes + 2 * 19 <= 200);
    fake_wait(&world.net, 60000);
    assert_int_equal(end->said[MESSAGE_HELLO], 1);
    world_free(&world);
}

static void test_one_behind(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], A, 1000, 200, 1);
    fake_append(world.book[0], 7, 5000, 300, 1);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_int_equal(end->said[MESSAGE_LIST], 1);
    assert_int_equal(end->other->said[MESSAGE_LIST], 1);
    assert_int_equal(status_of(end->other).entries_taken, 6001);
    assert_int_equal(status_of(end).entries_given, 6001);
    assert_int_equal(end->said[MESSAGE_WANT], 0);
    assert_int_equal(end->other->said[MESSAGE_PUSH], 0); /* the giver has what it gave */
    world_free(&world);
}

static void test_both_behind_and_network_first(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], A, 300, 200, 1);
    fake_append(world.book[0], NETWORK, 10, 200, 1);
    fake_append(world.book[1], B, 400, 200, 1);
    fake_append(world.book[1], 9, 40, 200, 1);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_int_equal(status_of(end).entries_taken, 441);
    assert_int_equal(status_of(end->other).entries_taken, 310);
    world_free(&world);
}

/* The first thing that is asked for is the network's ledger, and nothing with it. */
static void test_network_goes_first(void **state)
{
    struct world world;
    struct fake_end *end;
    struct message message;
    struct buffer bytes;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], NETWORK, 10, 200, 1);
    fake_append(world.book[0], A, 10, 200, 1);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    end->other->deliver_max = 1; /* its HELLO */
    fake_run(&world.net);
    assert_int_equal(end->other->said[MESSAGE_WANT], 1);
    assert_int_equal(end->other->said[MESSAGE_LIST], 0);
    assert_int_equal(end->said[MESSAGE_LIST], 0);
    buffer_init(&bytes, 0);
    assert_true(fake_heard(end->other, &bytes));
    assert_int_equal(message_decode(buffer_view(&bytes), &message, NULL), OK);
    assert_int_equal(message.type, MESSAGE_WANT);
    assert_true(hash_equal(&message.want.group, &world.groups[NETWORK].id));
    buffer_free(&bytes);
    world_free(&world);
}

static void test_key_chain(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], 8, 20, 100, 1);
    fake_change_keys(world.book[0], 8, 5);
    fake_append(world.book[0], 8, 20, 100, 2);
    fake_change_keys(world.book[0], 8, 6);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_int_equal(end->said[MESSAGE_CHAIN], 1);
    assert_int_equal(world.book[1]->ledgers[8].links, 3);
    fake_append(world.book[0], 8, 1, 100, 3);
    fake_heads(&world.net, world.book[0], 8);
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_int_equal(end->said[MESSAGE_CHAIN], 1); /* nothing new in it */
    world_free(&world);
}

/* More links than one CHAIN page takes. */
static void test_long_key_chain(void **state)
{
    enum { CHANGES = 400 };
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], 8, 2, 100, 1);
    for (unsigned i = 0; i < CHANGES; i++) {
        fake_change_keys(world.book[0], 8, i + 2);
    }
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_true(end->said[MESSAGE_CHAIN] >= 2);
    assert_int_equal(world.book[1]->ledgers[8].links, CHANGES + 1);
    world_free(&world);
}

static void test_live_push(void **state)
{
    struct world world;
    struct fake_end *ab, *bc;

    (void)state;
    world_new(&world, GROUPS);
    ab = fake_link(&world.net, world.book[0], world.book[1]);
    bc = fake_link(&world.net, world.book[1], world.book[2]);
    fake_run(&world.net);
    fake_append(world.book[0], A, 3, 100, 1);
    fake_append(world.book[0], 7, 3, 100, 1);
    fake_heads(&world.net, world.book[0], A);
    fake_heads(&world.net, world.book[0], 7);
    fake_run(&world.net);
    assert_settled(&world, ab);
    assert_settled(&world, bc);
    assert_int_equal(ab->said[MESSAGE_PUSH], 1); /* two heads in one */
    assert_true(bc->said[MESSAGE_PUSH] >= 1);
    assert_int_equal(ab->other->said[MESSAGE_PUSH], 0); /* not back to where it came from */
    assert_int_equal(bc->other->said[MESSAGE_PUSH], 0);
    assert_int_equal(ab->said[MESSAGE_LIST], 0);
    world_free(&world);
}

static void test_resume_after_cut(void **state)
{
    struct world world;
    struct fake_end *end;
    size_t held;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], A, 20000, 200, 1);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    end->deliver_max = 7; /* HELLO, LIST, HEAD and some chunks */
    fake_run(&world.net);
    held = world.book[1]->ledgers[A].count;
    assert_true(held > 1000 && held < 20003);
    assert_int_equal(map_at(world.book[1]->book.map, 0)->size, 4);
    fake_net_free(&world.net);
    assert_int_equal(world.book[1]->claims, 0);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_int_equal(status_of(end->other).entries_taken, 20003 - held);
    world_free(&world);
}

/* Chunks end at whole runs, so that their proofs are cheap to make. */
static void test_chunks_end_at_runs(void **state)
{
    struct world world;
    struct fake_end *end;
    struct message message;
    struct buffer bytes;
    unsigned chunks = 0;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], A, 5000, 200, 1);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    while (status_of(end).entries_given == 0) {
        end->deliver_max = 0;
        end->other->deliver_max = 1;
        fake_run(&world.net);
        end->deliver_max = status_of(end).entries_given == 0 ? 1 : 0;
        fake_run(&world.net);
    }
    buffer_init(&bytes, 0);
    while (fake_heard(end, &bytes)) {
        assert_int_equal(message_decode(buffer_view(&bytes), &message, NULL), OK);
        if (message.type != MESSAGE_CHUNK) {
            continue;
        }
        chunks++;
        assert_true((message.chunk.start + message.chunk.count) % RUN_LEAVES == 0 ||
                    message.chunk.start + message.chunk.count == message.chunk.head_size);
    }
    assert_true(chunks > 2);
    buffer_free(&bytes);
    world_free(&world);
}

/* What is not durable is not given back: the sender stops within the credit, then goes on. */
static void test_credit_stalls(void **state)
{
    struct world world;
    struct fake_end *end;
    uint64_t given;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], A, 30000, 200, 1);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    world.net.hold_commits = true;
    fake_run(&world.net);
    given = status_of(end).entries_given;
    assert_true(given * 202 <= SESSION_CREDIT_BYTES);
    assert_true(given * 202 > SESSION_CREDIT_BYTES / 2);
    fake_wait(&world.net, 10000); /* our own slow disk is not the peer's stall */
    assert_int_equal(end->other->said[MESSAGE_WANT], 1);
    assert_int_equal(status_of(end).entries_given, given);
    world.net.hold_commits = false;
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_true(end->other->said[MESSAGE_CREDIT] >= 2);
    world_free(&world);
}

/* B gets from C what A began to give and does not go on with; A's rest is then ignored. */
static void test_stall_takeover(void **state)
{
    struct world world;
    struct fake_end *ab, *cb;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], A, 20000, 200, 1);
    fake_copy(world.book[2], world.book[0], A);
    ab = fake_link(&world.net, world.book[0], world.book[1]);
    ab->deliver_max = 6;
    fake_run(&world.net);
    cb = fake_link(&world.net, world.book[2], world.book[1]);
    fake_run(&world.net);
    assert_int_equal(status_of(cb).entries_given, 0); /* claimed by the other session */
    assert_int_equal(status_of(cb->other).pending, 1);
    fake_wait(&world.net, 4000);
    assert_settled(&world, cb);
    assert_true(status_of(cb).entries_given > 10000);
    assert_int_equal(status_of(ab->other).pulling, 1); /* until A says that it stopped */
    ab->deliver_max = SIZE_MAX;
    fake_run(&world.net);
    fake_wait(&world.net, 32000);
    assert_settled(&world, ab);
    world_free(&world);
}

/* A stalled pull is asked of the same peer again when it answers again. */
static void test_stall_and_again(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], A, 20000, 200, 1);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    end->deliver_max = 4;
    fake_run(&world.net);
    fake_wait(&world.net, 5000);
    assert_int_equal(end->other->said[MESSAGE_WANT], 2); /* the second one says stop */
    assert_int_equal(world.book[1]->claims, 0);
    end->deliver_max = SIZE_MAX;
    fake_wait(&world.net, 20000);
    assert_false(fake_books_equal(world.book[0], world.book[1]));
    fake_wait(&world.net, 10000);
    assert_settled(&world, end);
    world_free(&world);
}

static void test_fork_discovered(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], 7, 10, 100, 1);
    fake_copy(world.book[1], world.book[0], 7);
    fake_append(world.book[0], 7, 5, 100, 2); /* the same place, another entry */
    fake_append(world.book[1], 7, 7, 100, 3);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_run(&world.net);
    assert_true(world.book[0]->ledgers[7].frozen);
    assert_true(world.book[1]->ledgers[7].frozen);
    assert_settled(&world, end);
    world_free(&world);
}

static void test_fork_of_equal_size(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], 7, 10, 100, 1);
    fake_append(world.book[1], 7, 10, 100, 2);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_run(&world.net);
    assert_true(world.book[0]->ledgers[7].frozen);
    assert_true(world.book[1]->ledgers[7].frozen);
    assert_settled(&world, end);
    world_free(&world);
}

/* B changed its transport key while A was away: A takes B's chain first, then all is as usual. */
static void test_limited_then_known(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    fake_append(world.book[0], A, 50, 100, 1);
    fake_change_keys(world.book[1], B, 9);
    fake_append(world.book[1], B, 50, 100, 1);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    end->other->deliver_max = 1;
    fake_run(&world.net);
    assert_true(status_of(end).limited);
    assert_false(status_of(end).ready);
    end->other->deliver_max = SIZE_MAX;
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_true(status_of(end).ready);
    assert_false(status_of(end).limited);
    world_free(&world);
}

/* Both changed keys: each gives its own chain although it does not know the other yet. */
static void test_limited_both_ways(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    fake_change_keys(world.book[0], A, 9);
    fake_change_keys(world.book[1], B, 9);
    fake_append(world.book[0], NETWORK, 2, 100, 1);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_run(&world.net);
    assert_settled(&world, end);
    world_free(&world);
}

/* The key shown is in nobody's chain. */
static void test_limited_stranger(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    fake_change_keys(world.book[1], B, 9);
    world.groups[B].transport.public_key.bytes[0] ^= 1;
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_run(&world.net);
    assert_true(end->closed);
    assert_int_equal(end->code, E_STRANGER);
    assert_true(end->other->closed);
    assert_int_equal(end->other->code, E_STRANGER);
    assert_int_equal(end->readies, 0);
    world_free(&world);
}

static void test_limited_silent(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    fake_change_keys(world.book[1], B, 9);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    end->other->deliver_max = 1;
    fake_wait(&world.net, HANDSHAKE_MS - 1000);
    assert_false(end->closed);
    fake_wait(&world.net, 2000);
    assert_true(end->closed);
    assert_int_equal(end->code, E_STRANGER);
    world_free(&world);
}

static void test_many_small_groups(void **state)
{
    enum { MANY = 1003 };
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, MANY);
    for (size_t group = C + 1; group < MANY; group++) {
        fake_append(world.book[group % 2], group, 11, 200, 1);
    }
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_int_equal(end->said[MESSAGE_LIST], 1);
    print_message("1,000 small groups: %zu and %zu bytes, %u CREDIT\n", end->said_bytes,
                  end->other->said_bytes, end->said[MESSAGE_CREDIT]);
    world_free(&world);
}

/* A LIST of several pages; while it goes out the peer compares once more. */
static void test_long_list(void **state)
{
    enum { MANY = 5000 };
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, MANY);
    fake_append(world.book[0], 4000, 5, 100, 1);
    fake_append(world.book[1], 3000, 5, 100, 1);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_event(&world.net, end->other, SESSION_ANTI_ENTROPY);
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_int_equal(end->said[MESSAGE_LIST] % 3, 0); /* 2,048 and 2,048 and 904 */
    assert_true(end->said[MESSAGE_LIST] <= 6);
    world_free(&world);
}

/* Three nodes, lines that come and go, heads that change meanwhile: in the end all are equal. */
static void test_random_histories(void **state)
{
    enum { SEEDS = 40, ROUNDS = 60 };

    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct world world;
        struct prng prng;

        world_new(&world, GROUPS);
        prng_init(&prng, seed);
        for (unsigned i = 0; i < 3; i++) {
            fake_link(&world.net, world.book[i], world.book[(i + 1) % BOOKS]);
        }
        fake_run(&world.net);
        for (unsigned round = 0; round < ROUNDS; round++) {
            /* Group g is written by book g % 3 alone: no forks. */
            size_t group = (size_t)prng_below(&prng, GROUPS);
            size_t writer = group == NETWORK ? 0 : (group - 1) % BOOKS;
            struct fake_end *end = &world.net.end[prng_below(&prng, world.net.count)];

            fake_append(world.book[writer], group, 1 + (size_t)prng_below(&prng, 2000), 100,
                        (unsigned)round);
            fake_heads(&world.net, world.book[writer], group);
            end->deliver_max = (size_t)prng_below(&prng, 12);
            world.net.hold_commits = prng_below(&prng, 3) == 0;
            fake_wait(&world.net, 500 * prng_below(&prng, 12));
        }
        world.net.hold_commits = false;
        for (size_t i = 0; i < world.net.count; i++) {
            world.net.end[i].deliver_max = SIZE_MAX;
        }
        fake_wait(&world.net, 70000);
        for (size_t i = 0; i < world.net.count; i++) {
            fake_event(&world.net, &world.net.end[i], SESSION_ANTI_ENTROPY);
        }
        fake_wait(&world.net, 70000);
        if (!fake_books_equal(world.book[0], world.book[1]) ||
            !fake_books_equal(world.book[1], world.book[2])) {
            fail_msg("seed %u: the three are not equal", (unsigned)seed);
        }
        for (size_t i = 0; i < world.net.count; i += 2) {
            assert_settled(&world, &world.net.end[i]);
        }
        world_free(&world);
    }
}

static void test_anti_entropy_and_own_head(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_event(&world.net, end, SESSION_ASK_OWN); /* before the HELLO: it waits */
    fake_run(&world.net);
    assert_int_equal(world.book[0]->own_heads_heard, 1);
    assert_int_equal(world.book[0]->own_head.size, 3);
    assert_int_equal(world.book[1]->peer_starts.starts, 3); /* and told with the question */
    fake_append(world.book[0], 7, 5, 100, 1);               /* and nobody is told */
    fake_append(world.book[1], 8, 5, 100, 1);
    fake_run(&world.net);
    assert_false(fake_books_equal(world.book[0], world.book[1]));
    fake_event(&world.net, end, SESSION_ANTI_ENTROPY);
    fake_run(&world.net);
    assert_settled(&world, end);
    assert_int_equal(end->said[MESSAGE_LIST], 1);
    assert_int_equal(end->other->said[MESSAGE_LIST], 1);
    world_free(&world);
}

static void test_pings(void **state)
{
    struct world world;
    struct fake_end *end;

    (void)state;
    world_new(&world, GROUPS);
    end = fake_link(&world.net, world.book[0], world.book[1]);
    fake_wait(&world.net, PING_MS - 1000);
    assert_int_equal(end->said[MESSAGE_PING] + end->other->said[MESSAGE_PING], 0);
    fake_wait(&world.net, 2000);
    assert_true(end->said[MESSAGE_PING] + end->other->said[MESSAGE_PING] >= 1);
    assert_false(end->closed);
    fake_event(&world.net, end, SESSION_PING);
    end->mute = true;
    fake_run(&world.net);
    world.net.now_ms += 120;
    end->mute = false;
    fake_run(&world.net);
    assert_int_equal(status_of(end).round_trip_ms, 120);
    end->other->mute = true;
    fake_wait(&world.net, PING_MS + PING_ANSWER_MS + 2000);
    assert_true(end->closed);
    assert_int_equal(end->code, E_TIMEOUT);
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_one_behind),
        cmocka_unit_test(test_both_behind_and_network_first),
        cmocka_unit_test(test_network_goes_first),
        cmocka_unit_test(test_key_chain),
        cmocka_unit_test(test_long_key_chain),
        cmocka_unit_test(test_live_push),
        cmocka_unit_test(test_resume_after_cut),
        cmocka_unit_test(test_chunks_end_at_runs),
        cmocka_unit_test(test_credit_stalls),
        cmocka_unit_test(test_stall_takeover),
        cmocka_unit_test(test_stall_and_again),
        cmocka_unit_test(test_fork_discovered),
        cmocka_unit_test(test_fork_of_equal_size),
        cmocka_unit_test(test_limited_then_known),
        cmocka_unit_test(test_limited_both_ways),
        cmocka_unit_test(test_limited_stranger),
        cmocka_unit_test(test_limited_silent),
        cmocka_unit_test(test_many_small_groups),
        cmocka_unit_test(test_long_list),
        cmocka_unit_test(test_random_histories),
        cmocka_unit_test(test_anti_entropy_and_own_head),
        cmocka_unit_test(test_pings),
    };

    crypto_init();
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}

/* A session against a peer that the test plays by hand: each way to break the protocol, and what it
 * gets; what a peer may do that looks odd and is fine. */
#include "tests/lib/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "tests/lib/fake_net.h"

enum { GROUPS = 100, NETWORK = 0, OWN = 1, PEER = 2, OTHER = 3 };

struct world {
    struct fake_net net;
    struct fake_group *groups;
    struct fake_book *book; /* the session's */
    struct fake_book *far;  /* what the peer holds */
    struct fake_end *end;
    struct buffer out; /* what the peer says next */
};

/* Books with the network's ledger and each other's heads; the session has said its HELLO. */
static void world_new(struct world *world)
{
    memset(world, 0, sizeof *world);
    world->groups = fake_groups_new(GROUPS, 1);
    world->book = fake_book_new(world->groups, GROUPS, OWN);
    world->far = fake_book_new(world->groups, GROUPS, PEER);
    fake_append(world->book, NETWORK, 3, 100, 0);
    fake_append(world->book, OWN, 3, 100, 0);
    fake_append(world->far, PEER, 3, 100, 0);
    fake_copy(world->far, world->book, NETWORK);
    fake_copy(world->far, world->book, OWN);
    fake_copy(world->book, world->far, PEER);
    buffer_init(&world->out, 0);
    world->end = fake_link_alone(&world->net, world->book, &world->groups[PEER].id,
                                 &world->groups[PEER].transport.public_key);
}

static void world_free(struct world *world)
{
    fake_net_free(&world->net);
    assert_int_equal(world->book->claims, 0);
    fake_book_free(world->book);
    fake_book_free(world->far);
    free(world->groups);
    buffer_free(&world->out);
}

static void say(struct world *world)
{
    fake_say(&world->net, world->end, buffer_view(&world->out));
    buffer_clear(&world->out);
}

static void say_hello(struct world *world, uint64_t version_min, uint64_t version_max)
{
    struct hello hello = {.version_min = version_min,
                          .version_max = version_max,
                          .time_ms = world->net.now_ms,
                          .network_size = map_at(world->far->book.map, 0)->size};

    map_digest(world->far->book.map, &hello.digest);
    message_hello(&world->out, &hello);
    say(world);
}

/* The next message of that type which the session says; the others before it are dropped. */
static bool heard(struct world *world, enum message_type type, struct message *message,
                  struct buffer *bytes)
{
    while (fake_heard(world->end, bytes)) {
        assert_int_equal(message_decode(buffer_view(bytes), message, NULL), OK);
        if (message->type == type) {
            return true;
        }
    }
    return false;
}

static void assert_refused(struct world *world, enum err_code code)
{
    struct message message;
    struct buffer bytes;

    assert_true(world->end->closed);
    assert_int_equal(world->end->code, code);
    buffer_init(&bytes, 0);
    assert_true(heard(world, MESSAGE_REFUSE, &message, &bytes));
    assert_int_equal(message.code, code);
    assert_true(message.text.len > 10);
    assert_int_equal(world->book->claims, 0);
    buffer_free(&bytes);
    world_free(world);
}

/* The peer has `count` more leaves in a ledger and says so; the session has asked for it. */
static void offer(struct world *world, size_t group, size_t count)
{
    fake_append(world->far, group, count, 200, 1);
    message_push_begin(&world->out, 1);
    for (size_t rank = 0; rank < GROUPS; rank++) {
        const struct map_item *item = map_at(world->far->book.map, rank);

        if (hash_equal(&item->group, &world->groups[group].id)) {
            map_item_pack(&world->out, item);
        }
    }
    say(world);
}

static void say_chain(struct world *world, size_t group)
{
    const struct hash *id = &world->groups[group].id;

    message_chain_begin(&world->out, id, 0, 1);
    assert_int_equal(world->far->book.read_link(world->far, id, 0, &world->out), OK);
    say(world);
}

static struct head_answer answer_of(struct world *world, size_t group, uint64_t have)
{
    struct book *book = &world->far->book;
    const struct hash *id = &world->groups[group].id;
    struct head_answer answer = {.have = have, .has_root = have > 0};

    assert_int_equal(book->head(book->context, id, &answer.head), OK);
    if (have > 0) {
        assert_int_equal(book->root_at(book->context, id, have, &answer.root_at_have), OK);
        assert_int_equal(book->prove(book->context, id, have, answer.head.size, &answer.proof), OK);
    }
    return answer;
}

static void say_head(struct world *world, const struct head_answer *answer)
{
    message_head(&world->out, answer);
    say(world);
}

/* Leaves point into `leaves`. */
static struct chunk chunk_of(struct world *world, size_t group, uint64_t from, uint64_t to,
                             struct buffer *leaves)
{
    struct book *book = &world->far->book;
    struct chunk chunk = {.group = world->groups[group].id, .start = from};

    chunk.head_size = world->far->ledgers[group].head.size;
    buffer_clear(leaves);
    assert_int_equal(book->read_leaves(book->context, &chunk.group, from, to, CHUNK_MAX_BYTES,
                                       leaves, &chunk.count),
                     OK);
    assert_int_equal(book->prove(book->context, &chunk.group, from + chunk.count, chunk.head_size,
                                 &chunk.proof),
                     OK);
    chunk.leaves = buffer_view(leaves);
    return chunk;
}

static void say_chunk(struct world *world, const struct chunk *chunk)
{
    message_chunk(&world->out, chunk);
    say(world);
}

/* Greeted, and a ledger of 21 leaves asked for, its chain and head taken. */
static void world_pulling(struct world *world)
{
    struct head_answer answer;

    world_new(world);
    say_hello(world, 1, 1);
    offer(world, OTHER, 20);
    assert_int_equal(world->end->said[MESSAGE_WANT], 1);
    say_chain(world, OTHER);
    answer = answer_of(world, OTHER, 0);
    say_head(world, &answer);
    assert_int_equal(world->book->claims, 1);
}

/* --- greeting --- */

static void test_versions(void **state)
{
    struct world world;

    (void)state;
    world_new(&world);
    say_hello(&world, 1, 9);
    assert_false(world.end->closed);
    assert_int_equal(world.end->readies, 1);
    world_free(&world);
    world_new(&world);
    say_hello(&world, 2, 3);
    assert_non_null(strstr(world.end->text, "1 to 1"));
    assert_non_null(strstr(world.end->text, "2 to 3"));
    assert_refused(&world, E_VERSION);
    world_new(&world);
    say_hello(&world, 0, 0);
    assert_refused(&world, E_VERSION);
}

static void test_first_message_is_hello(void **state)
{
    struct world world;

    (void)state;
    world_new(&world);
    message_ping(&world.out, 1);
    say(&world);
    assert_refused(&world, E_FRAME);
    world_new(&world);
    buffer_append(&world.out, "\x91\x15", 2); /* an odd type does not count as a greeting */
    say(&world);
    assert_refused(&world, E_FRAME);
    world_new(&world);
    fake_wait(&world.net, HANDSHAKE_MS);
    assert_refused(&world, E_TIMEOUT);
}

static void test_unknown_types(void **state)
{
    struct world world;

    (void)state;
    world_new(&world);
    say_hello(&world, 1, 1);
    buffer_append(&world.out, "\x92\x15\xc0", 3);
    say(&world);
    assert_false(world.end->closed);
    buffer_append(&world.out, "\x92\x1c\xc0", 3);
    say(&world);
    assert_non_null(strstr(world.end->text, "28"));
    assert_refused(&world, E_FRAME);
}

static void test_garbage(void **state)
{
    struct world world;

    (void)state;
    world_new(&world);
    say_hello(&world, 1, 1);
    buffer_append(&world.out, "garbage", 7);
    say(&world);
    assert_refused(&world, E_FRAME);
}

static void test_refusal_text_is_cleaned(void **state)
{
    struct world world;

    (void)state;
    world_new(&world);
    message_refuse(&world.out, E_BANNED,
                   "no\n\033[2Jthanks \xc2\x9b"
                   "1m ขอบคุณ");
    say(&world);
    assert_true(world.end->closed);
    assert_int_equal(world.end->code, E_BANNED);
    assert_string_equal(world.end->text, "no??[2Jthanks ??1m ขอบคุณ");
    assert_non_null(strstr(world.end->log, "E_BANNED"));
    assert_int_equal(world.end->said[MESSAGE_REFUSE], 0);
    world_free(&world);
}

static void test_clock_skew_is_only_reported(void **state)
{
    struct world world;

    (void)state;
    world_new(&world);
    {
        struct hello hello = {1, 1, 0, world.net.now_ms - CLOCK_SKEW_MS - 5000, 0, {{0}}};

        message_hello(&world.out, &hello);
        say(&world);
    }
    assert_false(world.end->closed);
    assert_int_equal(world.end->logs, 1);
    assert_non_null(strstr(world.end->log, "-605 s"));
    world_free(&world);
}

/* --- caps --- */

static void test_too_many_wants(void **state)
{
    struct world world;
    struct want want = {.have = 0};

    (void)state;
    world_new(&world);
    fake_append(world.book, NETWORK, 9000, 300, 1); /* so that wants stay open */
    say_hello(&world, 1, 1);
    for (size_t i = 0; i <= SESSION_WANTS_MAX; i++) {
        fake_append(world.book, OTHER + i, 2500, 1000, 1);
        assert_false(world.end->closed);
        want.group = world.groups[OTHER + i].id;
        message_want(&world.out, &want);
        say(&world);
    }
    assert_refused(&world, E_CAP);
}

static void test_want_replaced_and_stopped(void **state)
{
    struct world world;
    struct session_status status;
    struct want want = {.have = 0};
    struct message message;
    struct buffer bytes;

    (void)state;
    world_new(&world);
    say_hello(&world, 1, 1);
    fake_append(world.book, OTHER, 20000, 200, 1);
    want.group = world.groups[OTHER].id;
    for (unsigned i = 0; i < 3; i++) {
        message_want(&world.out, &want);
        say(&world);
        session_status(world.end->session, &status);
        assert_int_equal(status.serving, 1);
    }
    want.have = WANT_STOP;
    message_want(&world.out, &want);
    say(&world);
    session_status(world.end->session, &status);
    assert_int_equal(status.serving, 0);
    buffer_init(&bytes, 0);
    assert_true(heard(&world, MESSAGE_UNABLE, &message, &bytes));
    assert_int_equal(message.code, OK);
    want.group.bytes[5] ^= 1; /* a ledger that nobody has */
    want.have = 0;
    message_want(&world.out, &want);
    say(&world);
    assert_true(heard(&world, MESSAGE_UNABLE, &message, &bytes));
    assert_int_equal(message.code, E_NO_DATA);
    buffer_free(&bytes);
    world_free(&world);
}

static void test_credit_is_kept(void **state)
{
    struct world world;
    struct want want = {.have = 0};
    struct session_status status;

    (void)state;
    world_new(&world);
    say_hello(&world, 1, 1);
    fake_append(world.book, OTHER, 30000, 200, 1);
    want.group = world.groups[OTHER].id;
    message_want(&world.out, &want);
    say(&world);
    fake_wait(&world.net, 5000);
    session_status(world.end->session, &status);
    assert_true((status.entries_given - 1) * 202 <= SESSION_CREDIT_BYTES);
    assert_true(status.entries_given * 202 > SESSION_CREDIT_BYTES - CHUNK_MAX_BYTES);
    message_credit(&world.out, 100000);
    say(&world);
    assert_false(world.end->closed);
    message_credit(&world.out, UINT64_MAX);
    say(&world);
    assert_refused(&world, E_CAP);
}

/* A step stops at the budget, and puts out nothing while as much waits for the socket. */
static void test_backlog(void **state)
{
    struct world world;
    struct session_event event = {.type = SESSION_MESSAGE, .backlog = SESSION_STEP_BYTES};
    struct want want = {.have = 0};
    struct session_status status;
    struct effect effect;
    size_t sent = 0;

    (void)state;
    world_new(&world);
    say_hello(&world, 1, 1);
    fake_append(world.book, OTHER, 30000, 200, 1);
    want.group = world.groups[OTHER].id;
    message_want(&world.out, &want);
    event.message = buffer_view(&world.out);
    session_step(world.end->session, &event, world.net.now_ms);
    assert_false(session_effect(world.end->session, &effect));
    assert_true(session_next_ms(world.end->session) <= world.net.now_ms);
    event = (struct session_event){.type = SESSION_TICK};
    session_step(world.end->session, &event, world.net.now_ms);
    while (session_effect(world.end->session, &effect)) {
        sent += effect.message.len;
    }
    assert_true(sent > SESSION_STEP_BYTES / 2 && sent < SESSION_STEP_BYTES + MESSAGE_MAX_BYTES);
    session_status(world.end->session, &status);
    assert_true(status.entries_given < 5000);
    world_free(&world);
}

static void test_more_chunks_than_credit(void **state)
{
    struct world world;
    struct buffer leaves;
    struct head_answer answer;

    (void)state;
    world_new(&world);
    say_hello(&world, 1, 1);
    offer(&world, OTHER, 30000);
    say_chain(&world, OTHER);
    answer = answer_of(&world, OTHER, 0);
    say_head(&world, &answer);
    world.net.hold_commits = true;
    buffer_init(&leaves, 0);
    while (!world.end->closed) {
        struct chunk chunk =
            chunk_of(&world, OTHER, world.book->ledgers[OTHER].count, 30001, &leaves);

        say_chunk(&world, &chunk);
    }
    buffer_free(&leaves);
    assert_true(world.book->ledgers[OTHER].count * 202 <= SESSION_CREDIT_BYTES);
    assert_refused(&world, E_CAP);
}

/* --- nonsense --- */

static void test_unasked(void **state)
{
    struct world world;
    struct session_status status;
    struct buffer leaves;
    struct chunk chunk;
    struct head_answer answer;
    const struct start_count no_starts = {.starts = 0};

    (void)state;
    world_new(&world);
    say_hello(&world, 1, 1);
    fake_append(world.far, OTHER, 20, 200, 1);
    buffer_init(&leaves, 0);
    chunk = chunk_of(&world, OTHER, 0, 21, &leaves);
    answer = answer_of(&world, OTHER, 0);
    say_chunk(&world, &chunk);
    say_head(&world, &answer);
    say_chain(&world, OTHER);
    message_own_head(&world.out, NULL, &no_starts);
    say(&world);
    session_status(world.end->session, &status);
    assert_int_equal(status.nonsense, 4);
    assert_int_equal(world.book->ledgers[OTHER].count, 0);
    assert_int_equal(world.book->own_heads_heard, 0);
    message_unable(&world.out, &world.groups[OTHER].id, E_NO_DATA); /* harmless */
    say(&world);
    session_status(world.end->session, &status);
    assert_int_equal(status.nonsense, 4);
    for (unsigned i = 4; i < SESSION_NONSENSE_MAX; i++) {
        assert_false(world.end->closed);
        say_chunk(&world, &chunk);
    }
    buffer_free(&leaves);
    assert_refused(&world, E_CAP);
}

/* After a false chunk, head or link the pull is given up, and its slot waits for UNABLE. */
static void assert_given_up(struct world *world)
{
    struct session_status status;

    session_status(world->end->session, &status);
    assert_int_equal(status.nonsense, 1);
    assert_int_equal(status.pulling, 1);
    assert_int_equal(world->book->claims, 0);
    assert_int_equal(world->end->said[MESSAGE_WANT], 2); /* WANT_STOP */
    message_unable(&world->out, &world->groups[OTHER].id, OK);
    say(world);
    session_status(world->end->session, &status);
    assert_int_equal(status.pulling, 0);
    assert_int_equal(status.nonsense, 1);
    assert_false(world->end->closed);
    world_free(world);
}

static void test_false_chunks(void **state)
{
    struct buffer leaves;

    (void)state;
    buffer_init(&leaves, 0);
    for (unsigned what = 0; what < 6; what++) {
        struct world world;
        struct chunk chunk;

        world_pulling(&world);
        chunk = chunk_of(&world, OTHER, 0, 10, &leaves);
        if (what == 0) {
            leaves.data[chunk.leaves.len - 1] ^= 1;
        } else if (what == 1) {
            chunk.proof.node[chunk.proof.count - 1].bytes[9] ^= 1;
        } else if (what == 2) {
            chunk.count--;
        } else if (what == 3) {
            chunk.leaves.len--;
        } else if (what == 4) {
            chunk = chunk_of(&world, OTHER, 1, 10, &leaves); /* a gap */
        } else {
            chunk.head_size++;
        }
        say_chunk(&world, &chunk);
        assert_int_equal(world.book->ledgers[OTHER].count, 0);
        say_chunk(&world, &chunk); /* what is under way then is ignored */
        assert_given_up(&world);
    }
    buffer_free(&leaves);
}

static void test_false_heads(void **state)
{
    (void)state;
    for (unsigned what = 0; what < 4; what++) {
        struct world world;
        struct head_answer answer;

        world_new(&world);
        say_hello(&world, 1, 1);
        offer(&world, OTHER, 20);
        say_chain(&world, OTHER);
        answer = answer_of(&world, OTHER, what == 3 ? 5 : 0);
        if (what == 0) {
            answer.head.signature[0].signature.bytes[0] ^= 1;
        } else if (what == 1) {
            answer.head.root.bytes[0] ^= 1;
        } else if (what == 2) {
            answer.head.signature_count = 0;
        }
        say_head(&world, &answer); /* 3: an answer to another question */
        assert_given_up(&world);
    }
}

static void test_false_links(void **state)
{
    (void)state;
    for (unsigned what = 0; what < 3; what++) {
        struct world world;
        const struct hash *id;

        world_new(&world);
        id = &world.groups[OTHER].id;
        say_hello(&world, 1, 1);
        offer(&world, OTHER, 20);
        message_chain_begin(&world.out, id, what == 2 ? 1 : 0, 1);
        assert_int_equal(world.far->book.read_link(world.far,
                                                   what == 0 ? &world.groups[PEER].id : id, 0,
                                                   &world.out),
                         OK);
        if (what == 1) {
            world.out.data[world.out.len - 10] ^= 1; /* in the leaf: the keys */
        }
        say(&world);
        assert_int_equal(world.book->ledgers[OTHER].links, 0);
        assert_given_up(&world);
    }
}

/* --- odd and fine --- */

static void test_unknown_tags_and_repeats(void **state)
{
    struct world world;
    struct session_status status;
    struct map_item item = {.group = {{0xee}}, .size = 9, .root = {{1}}};

    (void)state;
    world_new(&world);
    say_hello(&world, 1, 1);
    for (unsigned i = 0; i < 2000; i++) {
        item.group.bytes[1] = (uint8_t)i;
        item.group.bytes[2] = (uint8_t)(i >> 8);
        message_push_begin(&world.out, 1);
        map_item_pack(&world.out, &item);
        say(&world);
    }
    session_status(world.end->session, &status);
    assert_int_equal(status.pending + status.pulling, 0);
    item = (struct map_item){.group = world.groups[OTHER].id, .size = 9, .root = {{1}}};
    for (unsigned i = 0; i < 2000; i++) {
        item.size++;
        message_push_begin(&world.out, 1);
        map_item_pack(&world.out, &item);
        say(&world);
    }
    session_status(world.end->session, &status);
    assert_int_equal(status.pulling, 1);
    assert_int_equal(status.pending, 1); /* the newer claim waits behind the pull */
    assert_false(world.end->closed);
    world_free(&world);
}

/* The network's ledger is claimed and not given: the rest goes on after one attempt. */
static void test_network_not_given(void **state)
{
    struct world world;
    unsigned lists;

    (void)state;
    world_new(&world);
    fake_append(world.far, NETWORK, 5, 100, 1);
    say_hello(&world, 1, 1);
    assert_int_equal(world.end->said[MESSAGE_WANT], 1);
    assert_int_equal(world.end->said[MESSAGE_LIST], 0);
    message_unable(&world.out, &world.groups[NETWORK].id, E_NO_DATA);
    say(&world);
    assert_int_equal(world.end->said[MESSAGE_HELLO], 2);
    say_hello(&world, 1, 1);
    assert_int_equal(world.end->said[MESSAGE_LIST], 1);
    lists = world.end->said[MESSAGE_LIST];
    offer(&world, OTHER, 20);
    assert_int_equal(world.end->said[MESSAGE_WANT], 2);
    assert_int_equal(world.end->said[MESSAGE_LIST], lists);
    world_free(&world);
}

/* --- who holds a ledger up --- */

/* A message that is always half here excuses a slow link, not silence. */
static void test_half_a_message_holds_nothing(void **state)
{
    struct world world;

    (void)state;
    world_pulling(&world);
    world.end->receiving = true;
    fake_wait(&world.net, 10000);
    assert_int_equal(world.book->claims, 1);
    fake_wait(&world.net, 60000);
    assert_int_equal(world.book->claims, 0);
    assert_false(world.end->closed);
    world_free(&world);
}

/* An entry every two seconds: true, and no reason to keep others from giving the ledger. */
static void test_trickle_holds_nothing(void **state)
{
    struct world world;
    struct buffer leaves;
    struct head_answer answer;

    (void)state;
    world_new(&world);
    say_hello(&world, 1, 1);
    offer(&world, OTHER, 200);
    say_chain(&world, OTHER);
    answer = answer_of(&world, OTHER, 0);
    say_head(&world, &answer);
    buffer_init(&leaves, 0);
    for (uint64_t i = 0; i < 30; i++) {
        struct chunk chunk = chunk_of(&world, OTHER, i, i + 1, &leaves);

        assert_int_equal(world.book->claims, 1);
        say_chunk(&world, &chunk);
        fake_wait(&world.net, 2000);
    }
    assert_int_equal(world.book->ledgers[OTHER].count, 30);
    assert_int_equal(world.book->claims, 0);
    assert_int_equal(world.end->said[MESSAGE_WANT], 2); /* the second one says stop */
    buffer_free(&leaves);
    world_free(&world);
}

/* Who shows a key that nothing proves keeps nobody else from giving that group's ledger. */
static void test_unproven_key_holds_nothing(void **state)
{
    struct world world;
    struct hash key = {{1, 2, 3}};
    struct fake_end *honest;

    (void)state;
    world_new(&world);
    world.end = fake_link_alone(&world.net, world.book, &world.groups[PEER].id, &key);
    say_hello(&world, 1, 1);
    assert_int_equal(world.end->said[MESSAGE_WANT], 1);
    assert_int_equal(world.book->claims, 0);
    fake_append(world.far, PEER, 20, 200, 1);
    honest = fake_link(&world.net, world.book, world.far);
    fake_run(&world.net);
    assert_int_equal(honest->said[MESSAGE_WANT], 1);
    assert_int_equal(world.book->ledgers[PEER].head.size, world.far->ledgers[PEER].head.size);
    world_free(&world);
}

static void test_behind_is_listed(void **state)
{
    struct world world;
    struct hash group;
    uint64_t here = 1, there = 0;

    (void)state;
    world_new(&world);
    say_hello(&world, 1, 1);
    offer(&world, OTHER, 20);
    assert_true(session_behind(world.end->session, 0, &group, &here, &there));
    assert_true(hash_equal(&group, &world.groups[OTHER].id));
    assert_int_equal(here, 0);
    assert_int_equal(there, 21);
    assert_false(session_behind(world.end->session, 1, &group, &here, &there));
    world_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_first_message_is_hello),
        cmocka_unit_test(test_unknown_types),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_refusal_text_is_cleaned),
        cmocka_unit_test(test_clock_skew_is_only_reported),
        cmocka_unit_test(test_too_many_wants),
        cmocka_unit_test(test_want_replaced_and_stopped),
        cmocka_unit_test(test_credit_is_kept),
        cmocka_unit_test(test_backlog),
        cmocka_unit_test(test_more_chunks_than_credit),
        cmocka_unit_test(test_unasked),
        cmocka_unit_test(test_false_chunks),
        cmocka_unit_test(test_false_heads),
        cmocka_unit_test(test_false_links),
        cmocka_unit_test(test_unknown_tags_and_repeats),
        cmocka_unit_test(test_network_not_given),
        cmocka_unit_test(test_half_a_message_holds_nothing),
        cmocka_unit_test(test_trickle_holds_nothing),
        cmocka_unit_test(test_unproven_key_holds_nothing),
        cmocka_unit_test(test_behind_is_listed),
    };

    crypto_init();
    return cmocka_run_group_tests_name("session_peer", tests, NULL, NULL);
}

/* Any bytes as what a peer says and when: a script of one-byte operations with their arguments,
 * played against a session over a book in memory. True pieces (links, heads, chunks of a second
 * book) are among them, so that the script reaches deep; bits of each can be flipped. Whatever is
 * said, the claims come back, what the book took is under signed heads, and nothing is asserted. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/fake_net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { GROUPS = 6, OWN = 1, PEER = 2, STEPS_MAX = 400 };

struct play {
    const uint8_t *at, *end;
    struct fake_net net;
    struct fake_end *session;
    struct fake_book *book, *far;
    struct buffer out, leaves;
};

static struct fake_group *groups;

static uint8_t next(struct play *play)
{
    return play->at < play->end ? *play->at++ : 0;
}

static const struct hash *next_group(struct play *play)
{
    return &groups[next(play) % GROUPS].id;
}

static uint64_t next_number(struct play *play)
{
    uint8_t low = next(play);

    return low < 0xf0 ? low : (uint64_t)1 << (low - 0xf0) * 4;
}

/* --- what the peer can say --- */

static void say_hello(struct play *play)
{
    uint8_t what = next(play);
    struct hello hello = {.version_min = what & 1U ? 2 : 1,
                          .version_max = what & 2U ? 9 : 2,
                          .time_ms = play->net.now_ms,
                          .network_size = next_number(play)};

    map_digest(what & 4U ? play->book->book.map : play->far->book.map, &hello.digest);
    message_hello(&play->out, &hello);
}

static void say_items(struct play *play)
{
    uint8_t what = next(play);
    size_t count = what % 8;

    if (what & 8U) {
        message_list_begin(&play->out, what & 16U, count);
    } else {
        message_push_begin(&play->out, count);
    }
    for (size_t i = 0; i < count; i++) {
        struct map_item item = *map_at(play->far->book.map, next(play) % GROUPS);

        if (what & 32U) {
            item.size = next_number(play);
        }
        if (what & 64U) {
            item.root.bytes[0] ^= 1;
        }
        map_item_pack(&play->out, &item);
    }
}

static void say_want(struct play *play)
{
    struct want want = {.group = *next_group(play), .have = next_number(play)};

    want.links = next(play) % 4;
    if (want.have > LEDGER_SIZE_MAX) {
        want.have = WANT_STOP;
    }
    message_want(&play->out, &want);
}

static void say_chain(struct play *play)
{
    const struct hash *group = next_group(play);
    struct book *far = &play->far->book;
    uint64_t first = next(play) % 4, links = far->link_count(far->context, group);
    size_t count = first < links ? (size_t)(links - first) : 0;

    message_chain_begin(&play->out, group, first, count);
    for (uint64_t i = first; i < links; i++) {
        (void)far->read_link(far->context, group, i, &play->out);
    }
}

static void say_head(struct play *play)
{
    const struct hash *group = next_group(play);
    struct book *far = &play->far->book;
    struct head_answer answer = {.have = next_number(play)};

    if (far->head(far->context, group, &answer.head) != OK) {
        return;
    }
    answer.has_root = answer.have > 0 && answer.have <= answer.head.size;
    if (answer.has_root &&
        (far->root_at(far->context, group, answer.have, &answer.root_at_have) != OK ||
         far->prove(far->context, group, answer.have, answer.head.size, &answer.proof) != OK)) {
        return;
    }
    message_head(&play->out, &answer);
}

static void say_chunk(struct play *play)
{
    struct book *far = &play->far->book;
    struct chunk chunk = {.group = *next_group(play), .start = next_number(play)};
    struct head head;
    uint64_t to = chunk.start + 1 + next_number(play);

    if (far->head(far->context, &chunk.group, &head) != OK || chunk.start >= head.size) {
        return;
    }
    chunk.head_size = head.size;
    buffer_clear(&play->leaves);
    if (far->read_leaves(far->context, &chunk.group, chunk.start, to < head.size ? to : head.size,
                         CHUNK_MAX_BYTES, &play->leaves, &chunk.count) != OK ||
        far->prove(far->context, &chunk.group, chunk.start + chunk.count, head.size,
                   &chunk.proof) != OK) {
        return;
    }
    chunk.leaves = buffer_view(&play->leaves);
    message_chunk(&play->out, &chunk);
}

static void say_small(struct play *play)
{
    struct head head = {.signature_count = 0};
    struct start_count starts = {.starts = 0};

    switch (next(play) % 7) {
    case 0:
        message_unable(&play->out, next_group(play), (enum err_code)next(play));
        break;
    case 1:
        message_credit(&play->out, next_number(play));
        break;
    case 2:
        starts.starts = next_number(play);
        message_own(&play->out, &starts);
        break;
    case 3:
        head.group = *next_group(play);
        head.size = next_number(play);
        message_own_head(&play->out, &head, &starts);
        break;
    case 4:
        message_ping(&play->out, next(play));
        break;
    case 5:
        message_pong(&play->out, next(play));
        break;
    default:
        message_refuse(&play->out, (enum err_code)next(play), "\x01 text");
        break;
    }
}

static void say_raw(struct play *play)
{
    size_t len = next(play), left = (size_t)(play->end - play->at);

    if (len > left) {
        len = left;
    }
    buffer_append(&play->out, play->at, len);
    play->at += len;
}

/* Delivers what stands in `out`, one bit of it flipped where the script says so. */
static void deliver(struct play *play, bool flip)
{
    if (flip && play->out.len > 0) {
        size_t at = (size_t)next(play) * 7 % play->out.len;

        play->out.data[at] ^= (uint8_t)(1U << (next(play) % 8));
    }
    if (play->out.len > 0) {
        fake_say(&play->net, play->session, buffer_view(&play->out));
    }
    buffer_clear(&play->out);
}

/* --- what happens around it --- */

static void happen(struct play *play)
{
    size_t group = next(play) % GROUPS;

    switch (next(play) % 8) {
    case 0:
        play->net.now_ms += 1 + next_number(play) % 400000;
        fake_event(&play->net, play->session, SESSION_TICK);
        break;
    case 1:
        fake_append(play->far, group, 1 + next(play) % 32, 100, next(play) % 2);
        break;
    case 2: /* the far book may write that ledger too: a fork */
        fake_append(play->book, OWN, 1 + next(play) % 32, 100, next(play) % 2);
        fake_heads(&play->net, play->book, OWN);
        break;
    case 3:
        if (play->far->ledgers[group].links > 0 && play->far->ledgers[group].links < 4) {
            fake_change_keys(play->far, group, next(play));
        }
        break;
    case 4:
        fake_event(&play->net, play->session, SESSION_ANTI_ENTROPY);
        break;
    case 5:
        fake_event(&play->net, play->session, SESSION_ASK_OWN);
        break;
    case 6:
        play->net.hold_commits = !play->net.hold_commits;
        break;
    default:
        fake_event(&play->net, play->session, SESSION_PING);
        break;
    }
    fake_run(&play->net);
}

static void play_one(struct play *play)
{
    static void (*const sayings[])(struct play *) = {say_hello, say_items, say_want,  say_chain,
                                                     say_head,  say_chunk, say_small, say_raw};
    uint8_t operation = next(play);

    if (operation % 16 < 8) {
        sayings[operation % 8](play);
        deliver(play, operation >= 0xf0);
    } else {
        happen(play);
    }
}

/* Every complete head is signed, and every leaf that is held is under it. */
static void check_book(struct fake_book *book)
{
    for (size_t i = 0; i < book->count; i++) {
        const struct fake_ledger *ledger = &book->ledgers[i];
        struct hash root;

        assert(ledger->claimed_by == NULL && ledger->count >= ledger->head.size);
        if (ledger->head.size == 0) {
            continue;
        }
        assert(book->book.root_at(book, &ledger->group, ledger->head.size, &root) == OK);
        assert(hash_equal(&root, &ledger->head.root));
    }
}

static void start(struct play *play)
{
    play->book = fake_book_new(groups, GROUPS, OWN);
    play->far = fake_book_new(groups, GROUPS, PEER);
    fake_append(play->book, 0, 2, 100, 0);
    fake_append(play->book, OWN, 2, 100, 0);
    fake_append(play->far, PEER, 2, 100, 0);
    fake_copy(play->far, play->book, 0);
    fake_copy(play->book, play->far, PEER);
    if (next(play) % 4 == 0) { /* a new key: the session is limited at first */
        fake_change_keys(play->far, PEER, 9);
    }
    play->session = fake_link_alone(&play->net, play->book, &groups[PEER].id,
                                    &groups[PEER].transport.public_key);
    buffer_init(&play->out, 0);
    buffer_init(&play->leaves, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct play play = {.at = data, .end = data + size};

    crypto_init();
    groups = fake_groups_new(GROUPS, 1);
    start(&play);
    for (unsigned i = 0; i < STEPS_MAX && play.at < play.end && !play.session->closed; i++) {
        play_one(&play);
    }
    fake_net_free(&play.net);
    check_book(play.book);
    fake_book_free(play.book);
    fake_book_free(play.far);
    free(groups);
    buffer_free(&play.out);
    buffer_free(&play.leaves);
    return 0;
}

/* Any list of leaves, each with its u16 length, folded into a ledger as a chunk would be: whatever
 * stands in them, the fold ends with a verdict, its counts add up, the ledger folded again from
 * its packed state goes the same way, and nothing else happens.
 *
 * The first byte says whether a genesis of our own comes first, so that what follows meets a
 * living ledger: 0 none, 1 a savings group, 2 a network. */
#include <assert.h>
#include <string.h>

#include "tests/lib/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool next_leaf(struct bytes *rest, struct bytes *leaf)
{
    if (rest->len < 2) {
        return false;
    }
    size_t len = (size_t)rest->data[0] << 8 | rest->data[1];
    if (len > rest->len - 2) {
        len = rest->len - 2;
    }
    *leaf = bytes_of(rest->data + 2, len);
    *rest = bytes_of(rest->data + 2 + len, rest->len - 2 - len);
    return true;
}

/* Making keys costs far more than folding: each beginning is made once and gone back to. */
struct beginning {
    struct maker maker;
    struct ledger_state state;
    struct merkle_edge edge;
    size_t count;
};

static struct maker *go_back(struct beginning *from)
{
    struct maker *maker = &from->maker;
    while (maker->count > from->count) {
        buffer_free(&maker->items[--maker->count].leaf);
    }
    maker->state = from->state;
    maker->edge = from->edge;
    maker->rostered_count = 0;
    return maker;
}

static struct maker *start(unsigned how)
{
    static struct beginning beginnings[3];
    struct beginning *from = &beginnings[how];
    if (from->maker.fold == NULL) {
        maker_init(&from->maker, 1, how == 2 ? GROUP_NETWORK : GROUP_SAVINGS);
        from->count = how == 0 ? 0 : 1;
        from->state = from->maker.state;
        from->edge = from->maker.edge;
        if (how == 0) {
            ledger_state_init(&from->state);
            merkle_edge_init(&from->edge);
        }
    }
    return go_back(from);
}

/* The packed state must read back to what packs the same. */
static void check_packing(const struct ledger_state *state)
{
    static struct ledger_state read;
    struct buffer first;
    struct buffer second;
    buffer_init(&first, 0);
    buffer_init(&second, 0);
    ledger_state_pack(&first, state);
    enum err_code code = ledger_state_read(buffer_view(&first), &read);
    assert(code == OK);
    ledger_state_pack(&second, &read);
    assert(bytes_equal(buffer_view(&first), buffer_view(&second)));
    buffer_free(&first);
    buffer_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ledger_state replayed;
    struct bytes leaf;
    if (size < 1) {
        return 0;
    }
    struct bytes rest = bytes_of(data + 1, size - 1);
    struct maker *maker = start(data[0] % 3);
    while (maker->count < 64 && next_leaf(&rest, &leaf)) {
        uint64_t before = maker->state.size;
        enum err_code code = maker_append_leaf(maker, leaf);
        assert(verdict_is_final(code));
        assert(maker->state.size == before + (maker->state.status == LEDGER_OK));
    }
    assert(maker->state.valid + maker->state.invalid == maker->state.size);
    check_packing(&maker->state);
    ledger_state_init(&replayed);
    maker_replay(maker, &replayed, maker->count);
    assert(memcmp(&replayed, &maker->state, sizeof replayed) == 0);
    return 0;
}

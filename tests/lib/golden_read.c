/* Files into ledgers, and ledgers into a store. */
#include "tests/lib/golden_read.h"

#include <stdio.h>
#include <string.h>

#include "proto/id.h"
#include "tests/lib/cmocka.h"

void golden_read(const char *name, struct buffer *out)
{
    char path[64];
    struct err err;
    (void)snprintf(path, sizeof path, "tests/golden/%s", name);
    buffer_init(out, 0);
    if (file_read(path, (size_t)1 << 20, out, &err) != OK) {
        fail_msg("%s: %s", path, err.text);
    }
}

static void read_part(const char *stem, const char *extension, struct buffer *out)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%s.%s", stem, extension);
    golden_read(name, out);
}

void golden_ledger_read(const char *name, struct golden_ledger *ledger)
{
    struct err err;
    bool cut_short = false;
    memset(ledger, 0, sizeof *ledger);
    read_part(name, "log", &ledger->log);
    read_part(name, "chain", &ledger->chain);
    read_part(name, "checkpoint", &ledger->checkpoint);
    struct bytes rest = buffer_view(&ledger->log);
    while (chunk_leaf(&rest, &ledger->leaves[ledger->count], &cut_short)) {
        ledger->count++;
        assert_true(ledger->count < GOLDEN_ENTRIES_MAX);
    }
    assert_false(cut_short);
    merkle_leaf_hash(&ledger->group, ledger->leaves[0]);
    struct cursor cursor = cursor_of(buffer_view(&ledger->chain));
    while (cursor_peek(&cursor) != CURSOR_END) {
        assert_true(ledger->link_count < GOLDEN_LINKS_MAX);
        assert_true(link_read(&cursor, &ledger->links[ledger->link_count++]));
    }
    assert_true(cursor_done(&cursor));
    if (checkpoint_parse(buffer_view(&ledger->checkpoint), &ledger->head, &err) != OK) {
        fail_msg("%s.checkpoint: %s", name, err.text);
    }
}

void golden_ledger_free(struct golden_ledger *ledger)
{
    buffer_free(&ledger->log);
    buffer_free(&ledger->chain);
    buffer_free(&ledger->checkpoint);
}

static void must(enum err_code code, const struct home *home)
{
    if (code != OK) {
        fail_msg("%s: %s", err_name(code), home->err.text);
    }
}

static enum err_code node_of(void *context, unsigned level, uint64_t index, struct hash *out)
{
    const struct hash *leaf_hashes = context;
    if (level == 0) {
        *out = leaf_hashes[index];
        return OK;
    }
    struct hash left;
    struct hash right;
    (void)node_of(context, level - 1, 2 * index, &left);
    (void)node_of(context, level - 1, 2 * index + 1, &right);
    merkle_node_hash(out, &left, &right);
    return OK;
}

/* Of what is held already only the root is compared, which the maker of a proof would give. */
static void answer_head(struct home *home, const struct golden_ledger *ledger, uint64_t have,
                        struct head_answer *answer)
{
    struct merkle_edge edge;
    merkle_edge_init(&edge);
    memset(answer, 0, sizeof *answer);
    answer->head = ledger->head;
    answer->have = have;
    answer->has_root = have > 0;
    struct hash hashes[GOLDEN_ENTRIES_MAX];
    for (size_t i = 0; i < ledger->count; i++) {
        merkle_leaf_hash(&hashes[i], ledger->leaves[i]);
    }
    for (size_t i = 0; i < have; i++) {
        merkle_edge_append(&edge, &hashes[i]);
    }
    merkle_edge_root(&edge, &answer->root_at_have);
    struct merkle_source source = {node_of, hashes};
    must(merkle_consistency_proof(&source, have, ledger->count, &answer->proof), home);
}

void golden_feed(struct home *home, const struct golden_ledger *ledger)
{
    struct book *book = store_book(home->store);
    struct head_answer answer;
    struct chunk chunk;
    struct want held;
    book->held(book->context, &ledger->group, &held);
    for (size_t i = held.links; i < ledger->link_count; i++) {
        must(book->take_link(book->context, &ledger->group, i, &ledger->links[i], &home->err),
             home);
    }
    answer_head(home, ledger, held.have, &answer);
    must(book->take_head(book->context, &answer, &home->err), home);
    memset(&chunk, 0, sizeof chunk);
    chunk.group = ledger->group;
    chunk.head_size = ledger->count;
    chunk.start = held.have;
    chunk.count = ledger->count - held.have;
    const uint8_t *start = ledger->leaves[held.have].data - 2; /* its length stands before it */
    chunk.leaves = bytes_of(start, (size_t)(ledger->log.data + ledger->log.len - start));
    must(book->take_chunk(book->context, &chunk, &home->err), home);
    must(store_commit(home->store, NULL, NULL, &home->err), home);
}

void golden_key(const struct buffer *keys, const char *name, struct hash *value)
{
    struct setting setting = {.rest = buffer_view(keys)};
    enum setting_result result;
    while ((result = setting_next(&setting)) == SETTING_READ) {
        if (bytes_equal(setting.key, bytes_of_text(name))) {
            assert_true(hex_parse(setting.value, value->bytes, HASH_BYTES));
            return;
        }
    }
    fail_msg("session.keys names no %s", name);
}

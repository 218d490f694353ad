/* Blocks of 256 hashes, from leaves or from `subtrees`, and the nodes above them. */
#include "store/tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/leaves.h"

enum {
    BLOCK_HASHES = 256,
    TIER_LEVELS = 8,
    TIERS = 5,       /* 40 bits of index */
    BLOCKS_KEPT = 12 /* a proof touches at most one block a tier and side; 17 KiB each */
};

/* node[] is a heap: node[256 + i] is hash i, node[k] the parent of node[2k] and node[2k + 1]. */
struct tree_block {
    int64_t ledger; /* 0: free */
    unsigned tier;
    uint64_t number;
    unsigned count; /* hashes that are there */
    uint64_t used;
    bool known[2 * BLOCK_HASHES];
    struct hash node[2 * BLOCK_HASHES];
};

static uint64_t tier_low(unsigned tier, uint64_t number)
{
    assert(tier >= 1 && tier < TIERS && number < UINT64_C(1) << 32);
    return (uint64_t)tier << 32 | number;
}

void tree_forget(struct store *store)
{
    free(store->blocks);
    store->blocks = NULL;
}

/* --- loading blocks --- */

static void block_add(struct tree_block *block, const struct hash *hash)
{
    unsigned at = BLOCK_HASHES + block->count;
    block->node[at] = *hash;
    block->known[at] = true;
    block->count++;
}

static enum err_code add_leaf(void *context, uint64_t index, struct bytes leaf)
{
    struct tree_block *block = context;
    struct hash hash;
    (void)index;
    merkle_leaf_hash(&hash, leaf);
    block_add(block, &hash);
    return OK;
}

/* Up to 256 hashes of a row; none when there is no such row. */
static enum err_code read_subtrees(struct store *store, const struct ledger *ledger, unsigned tier,
                                   uint64_t number, struct buffer *out, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code =
        db_statement(&store->db, "SELECT data FROM subtrees WHERE id = ?1", &statement, err);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, row_id(ledger, tier_low(tier, number)));
        code = db_row(&store->db, statement, &row, err);
    }
    if (code == OK && row) {
        struct bytes data = db_column_bytes(statement, 0);
        bool whole = data.len % HASH_BYTES == 0 && data.len <= (size_t)BLOCK_HASHES * HASH_BYTES;
        buffer_append(out, data.data, whole ? data.len : 0);
        db_reset(statement);
        code = whole ? OK : db_spoiled(err, "a row of subtree hashes");
    }
    return code;
}

static enum err_code block_load(struct store *store, const struct ledger *ledger,
                                struct tree_block *block)
{
    if (block->tier == 0) {
        uint64_t first = block->number * RUN_LEAVES + block->count;
        uint64_t end = (block->number + 1) * RUN_LEAVES;
        return leaves_each(store, ledger, first, end < ledger->stored ? end : ledger->stored,
                           add_leaf, block, NULL);
    }
    struct buffer row;
    buffer_init(&row, 0);
    enum err_code code = read_subtrees(store, ledger, block->tier, block->number, &row, NULL);
    if (code == OK && row.failed) {
        code = E_MEMORY;
    }
    for (size_t at = block->count; code == OK && at < row.len / HASH_BYTES; at++) {
        struct hash hash;
        memcpy(hash.bytes, row.data + at * HASH_BYTES, HASH_BYTES);
        block_add(block, &hash);
    }
    buffer_free(&row);
    return code;
}

/* The kept block, or the one longest unused, emptied. */
static struct tree_block *block_slot(struct store *store, const struct ledger *ledger,
                                     unsigned tier, uint64_t number)
{
    if (store->blocks == NULL) {
        store->blocks = calloc(BLOCKS_KEPT, sizeof *store->blocks);
        if (store->blocks == NULL) {
            return NULL;
        }
    }
    struct tree_block *oldest = &store->blocks[0];
    for (unsigned i = 0; i < BLOCKS_KEPT; i++) {
        struct tree_block *block = &store->blocks[i];
        if (block->ledger == ledger->id && block->tier == tier && block->number == number) {
            block->used = ++store->use_counter;
            return block;
        }
        if (block->used < oldest->used) {
            oldest = block;
        }
    }
    oldest->ledger = ledger->id;
    oldest->tier = tier;
    oldest->number = number;
    oldest->count = 0;
    oldest->used = ++store->use_counter;
    memset(oldest->known, 0, sizeof oldest->known);
    return oldest;
}

static void block_compute(struct tree_block *block, unsigned at)
{
    if (block->known[at]) {
        return;
    }
    block_compute(block, 2 * at);
    block_compute(block, 2 * at + 1);
    const struct hash *children = &block->node[(size_t)2 * at];
    merkle_node_hash(&block->node[at], &children[0], &children[1]);
    block->known[at] = true;
}

static enum err_code tree_node(void *context, unsigned level, uint64_t index, struct hash *out)
{
    const struct tree *tree = context;
    unsigned tier = level / TIER_LEVELS;
    unsigned inside = level % TIER_LEVELS;
    if (tier >= TIERS || index >= LEDGER_SIZE_MAX >> level) {
        return E_NO_DATA;
    }
    uint64_t first = index << inside;
    unsigned place = (unsigned)(first % BLOCK_HASHES);
    unsigned width = 1u << inside;
    struct tree_block *block = block_slot(tree->store, tree->ledger, tier, first / BLOCK_HASHES);
    if (block == NULL) {
        return E_MEMORY;
    }
    if (block->count < place + width) {
        enum err_code code = block_load(tree->store, tree->ledger, block);
        if (code != OK) {
            block->ledger = 0;
            return code;
        }
    }
    if (block->count < place + width) {
        /* The ledger has these leaves, so the row should have them too. */
        bool held = ((index + 1) << level) <= tree->ledger->stored;
        return held ? E_CORRUPT : E_NO_DATA;
    }
    unsigned at = BLOCK_HASHES / width + place / width;
    block_compute(block, at);
    *out = block->node[at];
    return OK;
}

struct merkle_source tree_source(struct tree *tree)
{
    struct merkle_source source = {tree_node, tree};
    return source;
}

/* --- growing --- */

void growth_start(struct growth *growth, const struct merkle_edge *edge)
{
    growth->edge = *edge;
    growth->first_run = edge->size / RUN_LEAVES;
    growth->run_count = 0;
}

void growth_add(struct growth *growth, const struct hash *leaf_hash)
{
    struct merkle_edge *edge = &growth->edge;
    if (edge->size % RUN_LEAVES != RUN_LEAVES - 1) {
        merkle_edge_append(edge, leaf_hash);
        return;
    }
    /* The leaf completes a run: its root is needed by itself before it is joined with others. */
    struct merkle_edge run;
    struct merkle_edge whole_runs = {edge->size - (RUN_LEAVES - 1), {{{0}}}};
    unsigned above = merkle_edge_count(&whole_runs);
    run.size = RUN_LEAVES - 1;
    memcpy(run.node, edge->node + above, (RUN_LEVEL) * sizeof run.node[0]);
    merkle_edge_append(&run, leaf_hash);
    assert(growth->run_count < GROWTH_RUNS_MAX);
    growth->runs[growth->run_count++] = run.node[0];
    edge->size = whole_runs.size;
    merkle_edge_append_subtree(edge, RUN_LEVEL, &run.node[0]);
}

static enum err_code write_subtrees(struct store *store, const struct ledger *ledger, unsigned tier,
                                    uint64_t number, struct bytes data, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code =
        db_statement(&store->db, "INSERT OR REPLACE INTO subtrees(id, data) VALUES(?1, ?2)",
                     &statement, err);
    if (code != OK) {
        return code;
    }
    (void)sqlite3_bind_int64(statement, 1, row_id(ledger, tier_low(tier, number)));
    db_bind_bytes(statement, 2, data);
    return db_run(&store->db, statement, err);
}

static void root_of_block(const struct buffer *row, struct hash *root)
{
    struct merkle_edge edge;
    merkle_edge_init(&edge);
    for (size_t at = 0; at < BLOCK_HASHES; at++) {
        struct hash hash;
        memcpy(hash.bytes, row->data + at * HASH_BYTES, HASH_BYTES);
        merkle_edge_append(&edge, &hash);
    }
    merkle_edge_root(&edge, root);
}

/* Adds hashes [first, first + count) to a tier; `row` is scratch. Blocks that become complete go
 * on to the tier above. */
static enum err_code grow_tier(struct store *store, const struct ledger *ledger, unsigned tier,
                               uint64_t first, const struct hash *hashes, size_t count,
                               struct err *err)
{
    struct buffer row;
    buffer_init(&row, 0);
    enum err_code code = OK;
    while (code == OK && count > 0) {
        uint64_t number = first / BLOCK_HASHES;
        size_t place = (size_t)(first % BLOCK_HASHES);
        size_t taken = count < BLOCK_HASHES - place ? count : BLOCK_HASHES - place;
        buffer_clear(&row);
        if (place > 0) {
            code = read_subtrees(store, ledger, tier, number, &row, err);
        }
        if (code == OK && row.len != place * HASH_BYTES) {
            code = db_spoiled(err, "a row of subtree hashes");
        }
        buffer_append(&row, hashes, taken * HASH_BYTES);
        if (code == OK && row.failed) {
            code = err_set(err, E_MEMORY, "out of memory for subtree hashes");
        }
        if (code == OK) {
            code = write_subtrees(store, ledger, tier, number, buffer_view(&row), err);
        }
        if (code == OK && place + taken == BLOCK_HASHES && tier + 1 < TIERS) {
            struct hash root;
            root_of_block(&row, &root);
            code = grow_tier(store, ledger, tier + 1, number, &root, 1, err);
        }
        first += taken;
        hashes += taken;
        count -= taken;
    }
    buffer_free(&row);
    return code;
}

enum err_code tree_grow(struct store *store, const struct ledger *ledger,
                        const struct growth *growth, struct err *err)
{
    return grow_tier(store, ledger, 1, growth->first_run, growth->runs, growth->run_count, err);
}

static enum err_code truncate_tier(struct store *store, const struct ledger *ledger, unsigned tier,
                                   uint64_t count, struct err *err)
{
    struct buffer row;
    buffer_init(&row, 0);
    uint64_t number = count / BLOCK_HASHES;
    size_t place = (size_t)(count % BLOCK_HASHES);
    enum err_code code = read_subtrees(store, ledger, tier, number, &row, err);
    sqlite3_stmt *statement = NULL;
    if (code == OK) {
        code = db_statement(&store->db, "DELETE FROM subtrees WHERE id BETWEEN ?1 AND ?2",
                            &statement, err);
    }
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, row_id(ledger, tier_low(tier, number)));
        (void)sqlite3_bind_int64(statement, 2, row_id(ledger, tier_low(tier, UINT32_MAX)));
        code = db_run(&store->db, statement, err);
    }
    if (code == OK && place > 0) {
        if (row.len < place * HASH_BYTES) {
            code = db_spoiled(err, "a row of subtree hashes");
        } else {
            code = write_subtrees(store, ledger, tier, number,
                                  bytes_of(row.data, place * HASH_BYTES), err);
        }
    }
    buffer_free(&row);
    return code;
}

enum err_code tree_truncate(struct store *store, const struct ledger *ledger, uint64_t size,
                            struct err *err)
{
    enum err_code code = OK;
    tree_forget(store);
    for (unsigned tier = 1; code == OK && tier < TIERS; tier++) {
        code = truncate_tier(store, ledger, tier, size >> (tier * TIER_LEVELS), err);
    }
    return code;
}

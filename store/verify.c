/* Everything recomputed and compared: each entry under the signed root, each signature along the
 * key chain, each projection with a fresh fold. What cannot be read is a finding like any other;
 * the walk goes on with the next ledger. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/fresh.h"
#include "store/ingest.h"
#include "store/leaves.h"
#include "store/ledger.h"
#include "store/lines.h"
#include "store/verify.h"

void verify_find(struct verifying *verifying, const struct hash *group, uint64_t index,
                 const char *format, ...)
{
    struct verify_finding finding = {.index = index};
    va_list arguments;
    if (group != NULL) {
        finding.group = *group;
    }
    va_start(arguments, format);
    (void)vsnprintf(finding.what, sizeof finding.what, format, arguments);
    va_end(arguments);
    verifying->count++;
    if (verifying->each != NULL && verifying->count <= VERIFY_FINDINGS_MAX) {
        verifying->each(verifying->context, &finding);
    }
}

/* --- the tree --- */

static bool read_block(struct store *store, const struct ledger *ledger, unsigned tier,
                       uint64_t number, struct buffer *out)
{
    sqlite3_stmt *statement;
    int row = 0;
    buffer_clear(out);
    if (db_statement(&store->db, "SELECT data FROM subtrees WHERE id = ?1", &statement, NULL) !=
        OK) {
        return false;
    }
    (void)sqlite3_bind_int64(statement, 1, row_id(ledger, (uint64_t)tier << 32 | number));
    if (db_row(&store->db, statement, &row, NULL) != OK || !row) {
        return false;
    }
    struct bytes data = db_column_bytes(statement, 0);
    buffer_append(out, data.data, data.len);
    db_reset(statement);
    return !out->failed;
}

/* Compares one tier with its hashes, and makes those of the tier above. Returns how many. */
static size_t compare_tier(struct verifying *verifying, const struct fresh *fresh, unsigned tier,
                           struct hash *hashes, size_t count)
{
    struct buffer block;
    size_t above = 0;
    buffer_init(&block, 0);
    for (size_t first = 0; first < count; first += 256) {
        size_t size = count - first < 256 ? count - first : 256;
        bool same = read_block(verifying->store, fresh->ledger, tier, first / 256, &block) &&
                    block.len == size * HASH_BYTES;
        for (size_t i = 0; same && i < size; i++) {
            same = memcmp(block.data + i * HASH_BYTES, hashes[first + i].bytes, HASH_BYTES) == 0;
            if (!same && tier == 1) {
                verify_find(verifying, &fresh->ledger->group, (first + i) * RUN_LEAVES,
                            "entries %zu to %zu and their subtree hash differ",
                            (first + i) * RUN_LEAVES, (first + i + 1) * RUN_LEAVES - 1);
            }
        }
        if (!same) {
            verify_find(verifying, &fresh->ledger->group, UINT64_MAX,
                        "subtree hashes, tier %u, block %zu", tier, first / 256);
        }
        verifying->subtrees++;
        if (size == 256) {
            struct merkle_edge edge;
            merkle_edge_init(&edge);
            for (size_t i = 0; i < size; i++) {
                merkle_edge_append(&edge, &hashes[first + i]);
            }
            merkle_edge_root(&edge, &hashes[above++]);
        }
    }
    buffer_free(&block);
    return above;
}

static void compare_tree(struct verifying *verifying, struct fresh *fresh)
{
    size_t count = fresh->run_count;
    for (unsigned tier = 1; count > 0 && tier < 5; tier++) {
        count = compare_tier(verifying, fresh, tier, fresh->runs, count);
    }
}

/* --- states --- */

static void compare_states(struct verifying *verifying, const struct hash *group,
                           const struct ledger_state *kept, const struct ledger_state *folded,
                           const char *which)
{
    bool named = false;
    for (unsigned row = 0; row < account_count(); row++) {
        if (!amount_equal(kept->own[row].debit, folded->own[row].debit) ||
            !amount_equal(kept->own[row].credit, folded->own[row].credit) ||
            kept->reported[row] != folded->reported[row]) {
            verify_find(verifying, group, UINT64_MAX, "%s balances of account %u", which,
                        (unsigned)account_at(row)->code);
            named = true;
        }
    }
    if (kept->members != folded->members) {
        verify_find(verifying, group, UINT64_MAX, "%s number of members", which);
        named = true;
    }
    struct buffer a;
    struct buffer b;
    buffer_init(&a, 0);
    buffer_init(&b, 0);
    ledger_state_pack(&a, kept);
    ledger_state_pack(&b, folded);
    if (!named && (a.failed || b.failed || !bytes_equal(buffer_view(&a), buffer_view(&b)))) {
        verify_find(verifying, group, UINT64_MAX, "%s profile, counts or status", which);
    }
    buffer_free(&a);
    buffer_free(&b);
}

static void compare_keys(struct verifying *verifying, const struct ledger *kept,
                         const struct ledger *folded)
{
    struct buffer a;
    struct buffer b;
    buffer_init(&a, 0);
    buffer_init(&b, 0);
    if (kept->has_keys) {
        key_state_pack(&a, &kept->keys);
    }
    if (folded->has_keys) {
        key_state_pack(&b, &folded->keys);
    }
    if (a.failed || b.failed || !bytes_equal(buffer_view(&a), buffer_view(&b))) {
        verify_find(verifying, &folded->group, UINT64_MAX, "the keys in force");
    }
    buffer_free(&a);
    buffer_free(&b);
}

/* The kept row as the program reads it. */
static void compare_row(struct verifying *verifying, const struct fresh *fresh)
{
    struct ledger *kept;
    const struct ledger *folded = fresh->ledger;
    enum err_code code = ledger_find(verifying->store, &folded->group, &kept, NULL);
    if (code != OK || kept->id != folded->id) {
        verify_find(verifying, &folded->group, UINT64_MAX,
                    "the row of the ledger (state, keys or right edge)");
        return;
    }
    compare_keys(verifying, kept, folded);
    compare_states(verifying, &folded->group, &kept->state, &folded->state, "the");
    if (kept->pending != NULL && folded->pending != NULL) {
        compare_states(verifying, &folded->group, kept->pending, folded->pending, "pending");
    } else if (kept->pending != folded->pending) {
        verify_find(verifying, &folded->group, UINT64_MAX, "the pending state");
    }
    if (kept->stored != folded->stored ||
        memcmp(kept->edge.node, folded->edge.node,
               (size_t)merkle_edge_count(&folded->edge) * HASH_BYTES) != 0) {
        verify_find(verifying, &folded->group, UINT64_MAX, "the right edge of the tree");
    }
}

/* --- signatures --- */

static void check_signatures(struct verifying *verifying, const struct fresh *fresh)
{
    const struct ledger *ledger = fresh->ledger;
    if (ledger->has_head && (keychain_verify_head(&ledger->keys, &ledger->head) != OK ||
                             ledger->head.epoch != ledger->epoch)) {
        verify_find(verifying, &ledger->group, UINT64_MAX,
                    "the signature of the head of size %" PRIu64, ledger->head.size);
    }
    if (ledger->has_head && !hash_equal(&fresh->published_root, &ledger->head.root)) {
        verify_find(verifying, &ledger->group, UINT64_MAX,
                    "the entries and the signed root of size %" PRIu64 " differ", ledger->size);
    }
    if (ledger->has_target && keychain_verify_head(&ledger->keys, &ledger->target) != OK) {
        verify_find(verifying, &ledger->group, UINT64_MAX,
                    "the signature of the head that is pulled");
    }
}

/* --- one ledger --- */

static void row_differs(void *context, uint64_t index, enum judge_table table)
{
    static const char *const names[JUDGE_TABLES] = {"verdict", "approval", "reversal", "admission"};
    struct verifying *verifying = context;
    verify_find(verifying, &verifying->group, index, "the kept %s of entry %" PRIu64, names[table],
                index);
}

static void prepare(void *context, struct fresh *fresh)
{
    fresh->judge.differs = row_differs;
    fresh->judge.differs_context = context;
}

static enum err_code check_own_entry(void *context, const struct fresh *fresh, uint64_t index,
                                     enum err_code verdict, struct err *err)
{
    struct verifying *verifying = context;
    if (hash_equal(&fresh->ledger->group, &verifying->store->own_group)) {
        return verify_own_entry(verifying, index, verdict, err);
    }
    return OK;
}

static void count_rows(struct verifying *verifying, const struct fresh *fresh)
{
    for (unsigned table = 0; table < JUDGE_TABLES; table++) {
        verifying->rows[table] += fresh->judge.rows[table];
    }
}

static void verify_ledger(struct verifying *verifying, int64_t id, const struct progress *progress)
{
    struct fresh fresh;
    struct err err = {.code = OK, .text = ""};
    enum err_code code = fresh_start(&fresh, verifying->store, id, JUDGE_COMPARE, &err);
    if (code != OK) {
        verify_find(verifying, NULL, UINT64_MAX, "the row of ledger %" PRId64 ": %.90s", id,
                    err.text);
        return;
    }
    verifying->group = fresh.ledger->group;
    fresh.each = check_own_entry;
    fresh.on_start = prepare;
    fresh.context = verifying;
    fresh.progress = progress;
    code = fresh_keys(&fresh, &err);
    if (code != OK) {
        verify_find(verifying, &fresh.ledger->group, UINT64_MAX, "the key chain: %.100s", err.text);
    }
    code = fresh_fold(&fresh, &err);
    if (code != OK) {
        verify_find(verifying, &fresh.ledger->group, fresh.ledger->stored,
                    "entry %" PRIu64 " cannot be read", fresh.ledger->stored);
    }
    verifying->leaves += fresh.ledger->stored;
    verifying->links += fresh.ledger->keys.links;
    count_rows(verifying, &fresh);
    compare_tree(verifying, &fresh);
    if (code == OK) {
        check_signatures(verifying, &fresh);
        compare_row(verifying, &fresh);
    }
    fresh_end(&fresh);
}

/* --- the whole --- */

static void check_file(struct verifying *verifying)
{
    sqlite3_stmt *statement;
    int row = 1;
    struct err err = {.code = OK, .text = ""};
    enum err_code code =
        db_statement(&verifying->store->db, "PRAGMA integrity_check(20)", &statement, &err);
    while (code == OK && row) {
        code = db_row(&verifying->store->db, statement, &row, &err);
        if (code == OK && row) {
            const char *text = (const char *)sqlite3_column_text(statement, 0);
            if (text == NULL || strcmp(text, "ok") != 0) {
                verify_find(verifying, NULL, UINT64_MAX, "the file: %.140s",
                            text == NULL ? "out of memory" : text);
            }
        }
    }
    if (code != OK) {
        verify_find(verifying, NULL, UINT64_MAX, "the file: %.140s", err.text);
    }
}

enum err_code store_verify(struct store *store, finding_fn each, void *context,
                           const struct progress *progress, struct err *err)
{
    struct verifying verifying = {.store = store, .each = each, .context = context};
    int64_t *ids = NULL;
    size_t count = 0;
    enum err_code code = batch_commit(store, err);
    if (code == E_IO || code == E_MEMORY) {
        return code;
    }
    ledger_forget_all(store); /* what is on disk counts */
    lines_forget(store);
    buffer_init(&verifying.body, 0);
    check_file(&verifying);
    code = fresh_ids(store, &ids, &count, err);
    if (code != OK) {
        verify_find(&verifying, NULL, UINT64_MAX, "the list of ledgers cannot be read");
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (progress != NULL) {
            progress->tell(progress->context, "ledgers", i, count);
        }
        verify_ledger(&verifying, ids[i], progress);
    }
    verify_tables(&verifying);
    free(ids);
    buffer_free(&verifying.body);
    ledger_forget_all(store);
    if (verifying.count > 0) {
        return err_set(err, E_DIFFERS,
                       "%zu findings: satcha rebuild makes projections anew; a peer's entries are "
                       "then pulled again",
                       verifying.count);
    }
    return OK;
}

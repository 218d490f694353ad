/* How people name groups: by id, by a prefix of it, or by the roster's name. */
#include <string.h>

#include "proto/id.h"
#include "store/ledger.h"
#include "store/roster.h"

enum { CANDIDATES_SHOWN = 4 };

/* Groups that a text may mean: the first few, for the message, and how many. */
struct candidates {
    size_t count;
    struct hash shown[CANDIDATES_SHOWN];
};

static void add_candidate(struct candidates *candidates, const struct hash *group)
{
    for (size_t i = 0; i < candidates->count && i < CANDIDATES_SHOWN; i++) {
        if (hash_equal(&candidates->shown[i], group)) {
            return;
        }
    }
    if (candidates->count < CANDIDATES_SHOWN) {
        candidates->shown[candidates->count] = *group;
    }
    candidates->count++;
}

static void find_by_id(struct store *store, const struct id_prefix *prefix,
                       struct candidates *candidates)
{
    for (size_t rank = 0; rank < map_count(store->map); rank++) {
        const struct hash *group = &map_at(store->map, rank)->group;
        if (id_prefix_matches(prefix, group)) {
            add_candidate(candidates, group);
        }
    }
    if (id_prefix_matches(prefix, &store->own_group)) {
        add_candidate(candidates, &store->own_group);
    }
}

/* The name that a group gives itself: for what no roster names (the own group, the network). */
static void find_own_name(struct store *store, const struct hash *group, struct bytes text,
                          struct candidates *candidates)
{
    struct ledger *ledger;
    if (ledger_find(store, group, &ledger, NULL) != OK) {
        return;
    }
    const struct profile *profile = &ledger->state.profile;
    bool same = bytes_equal(text, bytes_of_text(profile->name)) ||
                bytes_equal(text, bytes_of_text(profile->name_en));
    if (same && text.len > 0) {
        add_candidate(candidates, group);
    }
}

static enum err_code find_by_name(struct store *store, struct bytes text,
                                  struct candidates *candidates, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 1;
    if (text.len == 0) {
        return OK; /* groups without an English name have that one */
    }
    enum err_code code =
        db_statement(&store->db, "SELECT group_id FROM roster WHERE name = ?1 OR name_en = ?1",
                     &statement, err);
    if (code == OK) {
        (void)sqlite3_bind_text64(statement, 1, (const char *)text.data, text.len, SQLITE_STATIC,
                                  SQLITE_UTF8);
    }
    while (code == OK && row) {
        struct hash group;
        code = db_row(&store->db, statement, &row, err);
        if (code == OK && row && db_column_hash(statement, 0, &group) &&
            roster_has(store, &group)) {
            add_candidate(candidates, &group);
        }
    }
    return code;
}

static enum err_code ambiguous(const struct candidates *candidates, struct bytes text,
                               struct err *err)
{
    char quoted[QUOTE_MAX];
    struct buffer list;
    buffer_init(&list, 0);
    for (size_t i = 0; i < candidates->count && i < CANDIDATES_SHOWN; i++) {
        char digits[HEX_HASH_MAX];
        buffer_print(&list, "%s%.16s", i == 0 ? "" : ", ",
                     hash_format(&candidates->shown[i], digits));
    }
    enum err_code code =
        err_set(err, E_AMBIGUOUS, "%s may be any of %zu groups (%.*s%s): give more digits",
                bytes_quote(text, quoted), candidates->count, (int)list.len,
                list.data == NULL ? "" : (const char *)list.data,
                candidates->count > CANDIDATES_SHOWN ? ", ..." : "");
    buffer_free(&list);
    return code;
}

enum err_code store_resolve_group(struct store *store, struct bytes text, struct hash *group,
                                  struct err *err)
{
    struct id_prefix prefix;
    struct candidates candidates = {.count = 0};
    if (id_prefix_parse(text, &prefix)) {
        find_by_id(store, &prefix, &candidates);
    }
    if (candidates.count == 0) {
        enum err_code code = find_by_name(store, text, &candidates, err);
        if (code != OK) {
            return code;
        }
        find_own_name(store, &store->own_group, text, &candidates);
        if (store->has_network) {
            find_own_name(store, &store->network, text, &candidates);
        }
    }
    if (candidates.count > 1) {
        return ambiguous(&candidates, text, err);
    }
    if (candidates.count == 0) {
        char quoted[QUOTE_MAX];
        return err_set(err, E_NOT_FOUND,
                       "%s is no group here: give an id, at least %d of its digits, or a name of "
                       "the roster (satcha groups lists them)",
                       bytes_quote(text, quoted), ID_PREFIX_MIN_DIGITS);
    }
    *group = candidates.shown[0];
    return OK;
}

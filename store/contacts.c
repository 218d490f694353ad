/* Whom to dial: what an invite gave, what was added by hand, what groups say of themselves; and
 * whom not to talk to. */
#include <inttypes.h>
#include <string.h>

#include "proto/id.h"
#include "store/files.h"
#include "store/ingest.h"
#include "store/ledger.h"
#include "store/roster.h"

enum contact_source { FROM_INVITE = 0, BY_HAND = 1 };

/* --- rows --- */

static enum err_code put_contact(struct store *store, const struct contact *contact,
                                 enum contact_source source, struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code =
        db_statement(&store->db,
                     "INSERT OR REPLACE INTO contacts(group_id, address, transport_key, by_hand)"
                     " VALUES(?1, ?2, ?3, ?4)",
                     &statement, err);
    if (code != OK) {
        return code;
    }
    db_bind_hash(statement, 1, &contact->group);
    (void)sqlite3_bind_text(statement, 2, contact->address, -1, SQLITE_STATIC);
    db_bind_hash(statement, 3, &contact->transport_key);
    (void)sqlite3_bind_int64(statement, 4, source);
    return db_run(&store->db, statement, err);
}

static enum err_code count_contacts(struct store *store, int64_t *count, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code = db_statement(&store->db, "SELECT count(*) FROM contacts", &statement, err);
    if (code == OK) {
        code = db_row(&store->db, statement, &row, err);
    }
    if (code == OK && row) {
        *count = sqlite3_column_int64(statement, 0);
        db_reset(statement);
    }
    return code;
}

enum err_code store_contact_add(struct store *store, const struct contact *contact, struct err *err)
{
    int64_t count = 0;
    enum err_code code = batch_commit(store, err);
    if (code == OK && !address_is_valid(bytes_of_text(contact->address))) {
        code = err_set(err, E_USAGE, "%s is no address: expected host:port", contact->address);
    }
    if (code == OK) {
        code = count_contacts(store, &count, err);
    }
    if (code == OK && count >= PEERS_MAX) {
        code = err_set(err, E_LIMIT, "%" PRId64 " addresses are kept: that is the most", count);
    }
    return code == OK ? put_contact(store, contact, BY_HAND, err) : code;
}

static enum err_code run_for_group(struct store *store, const char *sql, const struct hash *group,
                                   struct err *err)
{
    sqlite3_stmt *statement;
    enum err_code code = batch_commit(store, err);
    if (code == OK) {
        code = db_statement(&store->db, sql, &statement, err);
    }
    if (code != OK) {
        return code;
    }
    db_bind_hash(statement, 1, group);
    return db_run(&store->db, statement, err);
}

enum err_code store_contact_remove(struct store *store, const struct hash *group, struct err *err)
{
    enum err_code code =
        run_for_group(store, "DELETE FROM contacts WHERE group_id = ?1", group, err);
    if (code == OK && sqlite3_changes(store->db.handle) == 0) {
        char digits[65];
        return err_set(err, E_NOT_FOUND, "no address of %.16s was added or came with an invite",
                       hash_format(group, digits));
    }
    return code;
}

enum err_code store_ban(struct store *store, const struct hash *group, bool banned, struct err *err)
{
    return run_for_group(store,
                         banned ? "INSERT OR IGNORE INTO bans(group_id) VALUES(?1)"
                                : "DELETE FROM bans WHERE group_id = ?1",
                         group, err);
}

bool store_is_banned(struct store *store, const struct hash *group)
{
    sqlite3_stmt *statement;
    int row = 0;
    if (db_statement(&store->db, "SELECT 1 FROM bans WHERE group_id = ?1", &statement, NULL) !=
        OK) {
        return false;
    }
    db_bind_hash(statement, 1, group);
    if (db_row(&store->db, statement, &row, NULL) != OK) {
        return false;
    }
    db_reset(statement);
    return row != 0;
}

/* --- all of them --- */

/* Addresses of one group, in its own words where its ledger is held, else the roster's. */
static enum err_code each_of_group(struct store *store, size_t rank, contact_fn each, void *context)
{
    struct rostered rostered;
    struct ledger *ledger;
    struct contact contact;
    enum err_code code = store_roster_at(store, rank, &rostered);
    if (code != OK) {
        return code == E_CORRUPT ? OK : code; /* verify names the row */
    }
    contact.group = rostered.admission.group;
    contact.transport_key = rostered.transport_key;
    if (hash_equal(&contact.group, &store->own_group)) {
        return OK;
    }
    unsigned count = rostered.admission.address_count;
    char(*addresses)[ADDRESS_MAX_BYTES + 1] = rostered.admission.addresses;
    struct profile profile;
    if (ledger_find(store, &contact.group, &ledger, NULL) == OK && ledger->size > 0 &&
        ledger->state.profile.address_count > 0) {
        profile = ledger->state.profile; /* `each` may push the ledger out of the cache */
        count = profile.address_count;
        addresses = profile.addresses;
    }
    for (unsigned i = 0; i < count && code == OK; i++) {
        memcpy(contact.address, addresses[i], sizeof contact.address);
        code = each(context, &contact, false);
    }
    return code;
}

static enum err_code read_contact(sqlite3_stmt *statement, struct contact *contact, bool *by_hand)
{
    struct bytes address = db_column_bytes(statement, 1);
    if (!db_column_hash(statement, 0, &contact->group) ||
        !db_column_hash(statement, 2, &contact->transport_key) || address.len > ADDRESS_MAX_BYTES ||
        !address_is_valid(address)) {
        return E_CORRUPT;
    }
    memset(contact->address, 0, sizeof contact->address);
    memcpy(contact->address, address.data, address.len);
    *by_hand = sqlite3_column_int(statement, 3) == BY_HAND;
    return OK;
}

/* One row at a time by its place, so that `each` may ask the store itself. */
static enum err_code kept_contact(struct store *store, int64_t number, struct contact *contact,
                                  bool *by_hand, bool *is_there, struct err *err)
{
    sqlite3_stmt *statement;
    int row = 0;
    enum err_code code =
        db_statement(&store->db,
                     "SELECT group_id, address, transport_key, by_hand FROM contacts"
                     " ORDER BY group_id, address LIMIT 1 OFFSET ?1",
                     &statement, err);
    if (code == OK) {
        (void)sqlite3_bind_int64(statement, 1, number);
        code = db_row(&store->db, statement, &row, err);
    }
    if (code != OK) {
        return code;
    }
    *is_there = row != 0;
    if (row) {
        code = read_contact(statement, contact, by_hand);
        db_reset(statement);
    }
    return code;
}

enum err_code store_contacts(struct store *store, contact_fn each, void *context)
{
    enum err_code code = OK;
    bool is_there = true;
    for (int64_t number = 0; code == OK && is_there && number < (int64_t)2 * PEERS_MAX; number++) {
        struct contact contact;
        bool by_hand = false;
        code = kept_contact(store, number, &contact, &by_hand, &is_there, NULL);
        if (code == E_CORRUPT) {
            code = OK; /* verify names the row */
        } else if (code == OK && is_there) {
            code = each(context, &contact, by_hand);
        }
    }
    for (size_t rank = 0; code == OK && rank < store_roster_count(store); rank++) {
        code = each_of_group(store, rank, each, context);
    }
    return code;
}

/* --- joining a network --- */

static enum err_code keep_invite(struct store *store, const struct invite *invite, struct err *err)
{
    struct buffer packed;
    struct ledger *ledger;
    struct key_state keys;
    enum err_code code = keychain_start(&keys, &invite->network_id, invite->genesis, err);
    if (code == OK) {
        code = ledger_make(store, &invite->network_id, &ledger, err);
    }
    if (code == OK && !ledger->has_keys) {
        struct link link = {.head = {.group = invite->network_id,
                                     .size = 1,
                                     .root = invite->network_id},
                            .leaf = invite->genesis};
        code = ledger_put_link(store, ledger, 0, &link, err);
        ledger->keys = keys;
        ledger->has_keys = true;
        ledger->dirty = true;
    }
    buffer_init(&packed, 0);
    head_pack(&packed, &invite->head);
    if (code == OK) {
        code = packed.failed ? err_set(err, E_MEMORY, "out of memory for an invite")
                             : meta_set(store, "invited", buffer_view(&packed), err);
    }
    buffer_free(&packed);
    for (unsigned i = 0; i < invite->contact_count && code == OK; i++) {
        code = put_contact(store, &invite->contacts[i], FROM_INVITE, err);
    }
    return code;
}

/* The ledger that the invite carries goes the way of every peer's: links, head, leaves, each proved
 * before it is stored. */
static enum err_code take_ledger(struct store *store, const struct invite *invite, struct err *err)
{
    struct book *book = store_book(store);
    struct cursor cursor = cursor_of(invite->links);
    struct want held = {.links = 0};
    struct head_answer answer = {.head = invite->head};
    enum err_code code = OK;
    book->held(book->context, &invite->network_id, &held);
    if (held.have > 0 || invite->leaf_count != invite->head.size) {
        return OK; /* held already, or too long for an invite: peers give the rest */
    }
    for (uint64_t number = 1; code == OK && number <= invite->link_count; number++) {
        struct link link;
        if (!link_read(&cursor, &link)) {
            return err_set(err, E_ENCODING, "key-chain link %" PRIu64 " is malformed", number);
        }
        if (number >= held.links) {
            code = book->take_link(book->context, &invite->network_id, number, &link, err);
        }
    }
    struct chunk chunk = {.group = invite->network_id,
                          .head_size = invite->head.size,
                          .count = invite->leaf_count,
                          .leaves = invite->leaves};
    if (code == OK) {
        code = book->take_head(book->context, &answer, err);
    }
    if (code == OK) {
        code = book->take_chunk(book->context, &chunk, err);
    }
    return code == OK ? store_commit(store, NULL, NULL, err) : code;
}

static enum err_code check_join(struct store *store, const struct invite *invite, struct err *err)
{
    if (store->has_network && !hash_equal(&store->network, &invite->network_id)) {
        return err_set(err, E_STATE,
                       "this group belongs to another network: one network at a time");
    }
    if (!hash_equal(&invite->head.group, &invite->network_id) || invite->head.size < 1) {
        return err_set(err, E_ENCODING, "the invite's head is not of its network");
    }
    return OK;
}

enum err_code store_join(struct store *store, const struct invite *invite, struct err *err)
{
    const bool had_network = store->has_network;
    enum err_code code = check_join(store, invite, err);
    if (code == OK) {
        code = batch_commit(store, err);
    }
    if (code == OK) {
        code = store_keys_save_network(store, &invite->network_id, invite->network_key, err);
    }
    if (code == OK) {
        code = db_begin(&store->db, DB_FULL, err);
    }
    if (code != OK) {
        return code;
    }
    code = keep_invite(store, invite, err);
    if (code == OK) {
        code = ledger_save_all(store, err);
    }
    if (code == OK) {
        code = roster_set_network(store, &invite->network_id, err);
    }
    if (code == OK) {
        code = db_commit(&store->db, err);
    }
    if (code != OK) {
        batch_abandon(store);
        store->has_network = had_network;
        return code;
    }
    store->invited = invite->head;
    store->has_invited = true;
    code = take_ledger(store, invite, err);
    return code == OK ? OK : err_prefix(err, code, "the network's ledger in the invite");
}

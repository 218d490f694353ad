/* Requests that show the network and the contacts: the roster, whom to dial, whom not. */
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/files.h"
#include "store/places.h"
#include "store/requests.h"

/* --- the roster --- */

static void group_name(struct store *store, const struct hash *group, char name[NAME_MAX_BYTES + 1])
{
    struct rostered rostered;
    const struct ledger_state *state;
    name[0] = 0;
    if (store_roster_find(store, group, &rostered) == OK) {
        memcpy(name, rostered.admission.name, NAME_MAX_BYTES + 1);
    } else if (store_ledger_state(store, group, &state) == OK) {
        memcpy(name, state->profile.name, NAME_MAX_BYTES + 1); /* the network itself */
    }
}

static void pack_governors(struct store *store, const struct profile *network, struct buffer *out)
{
    char name[NAME_MAX_BYTES + 1];
    result_uint(out, "quorum", network->officer_count / 2 + 1);
    result_array(out, "governors", network->officer_count);
    for (unsigned i = 0; i < network->officer_count; i++) {
        const struct officer *officer = &network->officers[i];
        group_name(store, &officer->group, name);
        pack_map(out, 4);
        result_uint(out, "number", officer->number);
        result_hash(out, "key", &officer->key);
        result_hash(out, "group", officer->has_group ? &officer->group : NULL);
        result_text(out, "name", name);
    }
}

static void pack_rostered(const struct rostered *rostered, struct buffer *out)
{
    const struct admission *admission = &rostered->admission;
    const struct province *province = place_province(admission->place);
    pack_map(out, 9);
    result_hash(out, "group", &admission->group);
    result_text(out, "name", admission->name);
    result_text(out, "name_en", admission->name_en);
    result_uint(out, "place", admission->place);
    result_text(out, "place_name", province ? province->name_th : NULL);
    result_text(out, "place_name_en", province ? province->name_en : NULL);
    result_text(out, "type", group_type_name(admission->type));
    result_uint(out, "entry", rostered->index);
    result_array(out, "addresses", admission->address_count);
    for (unsigned i = 0; i < admission->address_count; i++) {
        pack_text(out, admission->addresses[i]);
    }
}

enum err_code request_network_show(const struct request_context *context,
                                   const msgpack_object *arguments, struct buffer *result,
                                   struct err *err)
{
    (void)arguments;
    struct store *store = context->store;
    const struct ledger_state *state;
    if (!store_has_network(store)) {
        return err_set(err, E_NO_DATA,
                       "this home belongs to no network; join one with `satcha "
                       "network join INVITE`");
    }
    struct hash network = *store_network(store);
    struct profile *profile = malloc(sizeof *profile);
    if (!profile || store_ledger_state(store, &network, &state) != OK) {
        free(profile);
        return err_set(err, E_NO_DATA, "the network's ledger is not held here yet; start satchad");
    }
    *profile = state->profile;
    size_t count = store_roster_count(store);
    pack_map(result, 9);
    result_hash(result, "network", &network);
    result_text(result, "name", profile->name);
    result_text(result, "name_en", profile->name_en);
    result_text(result, "currency", profile->currency);
    result_uint(result, "minor_digits", profile->minor_digits);
    result_uint(result, "size", state->size);
    pack_governors(store, profile, result); /* two pairs */
    result_array(result, "groups", count);
    enum err_code code = OK;
    for (size_t i = 0; code == OK && i < count; i++) {
        struct rostered rostered;
        code = store_roster_at(store, i, &rostered);
        if (code == OK) {
            pack_rostered(&rostered, result);
        }
    }
    free(profile);
    return code == OK ? OK : err_set(err, code, "the roster cannot be read; run `satcha rebuild`");
}

/* --- contacts --- */

/* Contacts are collected first: naming and asking for bans are store calls of their own. */
struct contact_rows {
    struct contact_row {
        struct contact contact;
        bool by_hand;
    } * rows;
    size_t count, cap;
};

static enum err_code keep_contact(void *context, const struct contact *contact, bool by_hand)
{
    struct contact_rows *list = context;
    for (size_t i = 0; i < list->count; i++) {
        struct contact_row *row = &list->rows[i];
        if (hash_equal(&row->contact.group, &contact->group) &&
            strcmp(row->contact.address, contact->address) == 0) {
            row->by_hand = row->by_hand || by_hand; /* the roster says it as well */
            return OK;
        }
    }
    struct contact_row *rows = array_room(list->rows, list->count, &list->cap, sizeof *rows);
    if (!rows) {
        return E_MEMORY;
    }
    list->rows = rows;
    list->rows[list->count++] = (struct contact_row){*contact, by_hand};
    return OK;
}

enum err_code request_peer_list(const struct request_context *context,
                                const msgpack_object *arguments, struct buffer *result,
                                struct err *err)
{
    (void)arguments;
    struct contact_rows list = {NULL, 0, 0};
    char name[NAME_MAX_BYTES + 1];
    enum err_code code = store_contacts(context->store, keep_contact, &list);
    if (code == OK) {
        pack_map(result, 1);
        result_array(result, "peers", list.count);
        for (size_t i = 0; i < list.count; i++) {
            const struct contact *contact = &list.rows[i].contact;
            group_name(context->store, &contact->group, name);
            pack_map(result, 5);
            result_hash(result, "group", &contact->group);
            result_text(result, "name", name);
            result_text(result, "address", contact->address);
            result_bool(result, "by_hand", list.rows[i].by_hand);
            result_bool(result, "banned", store_is_banned(context->store, &contact->group));
        }
    }
    free(list.rows);
    return code == OK ? OK : err_set(err, code, "the contacts cannot be read");
}

/* A group by name or, where it is not known here yet, by its whole id. */
static enum err_code peer_group(const struct request_context *context,
                                const msgpack_object *arguments, struct hash *group,
                                struct err *err)
{
    struct bytes text;
    enum err_code code = argument_required(arguments, "group", &text, err);
    if (code != OK || hex_parse(text, group->bytes, HASH_BYTES)) {
        return code;
    }
    return argument_group(context, arguments, "group", group, err);
}

static enum err_code peer_key(const struct request_context *context,
                              const msgpack_object *arguments, const struct hash *group,
                              struct hash *key, struct err *err)
{
    struct rostered rostered;
    const struct ledger_state *state;
    struct bytes given = argument_text(arguments, "transport_key");
    if (given.len == HASH_BYTES) {
        memcpy(key->bytes, given.data, HASH_BYTES);
        return OK;
    }
    if (given.len > 0) {
        return hex_parse(given, key->bytes, HASH_BYTES)
                   ? OK
                   : err_set(err, E_USAGE, "transport_key: expected 64 hex digits");
    }
    if (store_roster_find(context->store, group, &rostered) == OK) {
        *key = rostered.transport_key;
        return OK;
    }
    if (store_ledger_state(context->store, group, &state) == OK) {
        *key = state->profile.transport_key; /* the network's own home */
        return OK;
    }
    return err_set(err, E_NOT_FOUND,
                   "that group is not rostered here yet: give its transport key too (`satcha id` "
                   "there shows it)");
}

enum err_code request_peer_add(const struct request_context *context,
                               const msgpack_object *arguments, struct buffer *result,
                               struct err *err)
{
    struct contact contact;
    struct bytes address = {NULL, 0};
    char quoted[QUOTE_MAX];
    memset(&contact, 0, sizeof contact);
    enum err_code code = peer_group(context, arguments, &contact.group, err);
    if (code == OK) {
        code = argument_required(arguments, "address", &address, err);
    }
    if (code == OK && (address.len > ADDRESS_MAX_BYTES || !address_is_valid(address))) {
        code = err_set(err, E_USAGE, "address %s: expected HOST:PORT, as 192.0.2.7:7420",
                       bytes_quote(address, quoted));
    }
    if (code == OK) {
        code = peer_key(context, arguments, &contact.group, &contact.transport_key, err);
    }
    if (code == OK) {
        memcpy(contact.address, address.data, address.len);
        code = store_contact_add(context->store, &contact, err);
    }
    if (code == OK) {
        pack_map(result, 2);
        result_hash(result, "group", &contact.group);
        result_text(result, "address", contact.address);
    }
    return code;
}

enum err_code request_peer_remove(const struct request_context *context,
                                  const msgpack_object *arguments, struct buffer *result,
                                  struct err *err)
{
    struct hash group;
    enum err_code code = peer_group(context, arguments, &group, err);
    if (code == OK) {
        code = store_contact_remove(context->store, &group, err);
    }
    if (code == OK) {
        pack_map(result, 1);
        result_hash(result, "group", &group);
    }
    return code;
}

enum err_code request_peer_ban(const struct request_context *context,
                               const msgpack_object *arguments, struct buffer *result,
                               struct err *err)
{
    struct hash group;
    bool banned = !argument_flag(arguments, "lift");
    enum err_code code = peer_group(context, arguments, &group, err);
    if (code == OK) {
        code = store_ban(context->store, &group, banned, err);
    }
    if (code == OK) {
        pack_map(result, 2);
        result_hash(result, "group", &group);
        result_bool(result, "banned", banned);
    }
    return code;
}

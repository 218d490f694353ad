/* Requests about the network: founding, joining, inviting, admitting. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/files.h"
#include "store/requests.h"

/* --- the network's own home --- */

/* This home must be that of a network. */
static enum err_code own_network(const struct request_context *context,
                                 const struct ledger_state **state, struct err *err)
{
    enum err_code code = request_own_state(context, state, err);
    if (code == OK && (*state)->profile.type != GROUP_NETWORK) {
        code = err_set(err, E_KIND,
                       "this home keeps the books of a group, not of a network; give --home of the "
                       "network (`satcha network found` makes one)");
    }
    return code;
}

/* The admissions that an order writes, with the currency that they must have. */
struct admissions {
    size_t count, cap;
    struct admission *list; /* owned */
    char currency[4];
    uint32_t minor_digits;
};

static enum err_code admission_of_card(const struct card *card, struct admissions *admissions,
                                       struct err *err)
{
    const struct profile *profile = &card->profile;
    if (strcmp(profile->currency, admissions->currency) != 0 ||
        profile->minor_digits != admissions->minor_digits) {
        return err_set(err, E_ROSTER,
                       "%s keeps its books in %s with %" PRIu32 " decimals, the network in %s with "
                       "%" PRIu32,
                       profile->name, profile->currency, profile->minor_digits,
                       admissions->currency, admissions->minor_digits);
    }
    for (size_t i = 0; i < admissions->count; i++) {
        if (hash_equal(&admissions->list[i].group, &card->group)) {
            return err_set(err, E_DUP, "the card of %s is given twice", profile->name);
        }
    }
    struct admission *list =
        array_room(admissions->list, admissions->count, &admissions->cap, sizeof *list);
    if (!list) {
        return err_set(err, E_MEMORY, "out of memory for %zu cards", admissions->count + 1);
    }
    admissions->list = list;
    struct admission *admission = &list[admissions->count++];
    memset(admission, 0, sizeof *admission);
    admission->group = card->group;
    memcpy(admission->name, profile->name, sizeof admission->name);
    memcpy(admission->name_en, profile->name_en, sizeof admission->name_en);
    admission->place = profile->home_place;
    admission->type = profile->type;
    admission->transport_key = card->transport_key;
    admission->address_count = card->address_count;
    memcpy(admission->addresses, card->addresses, sizeof admission->addresses);
    return OK;
}

static enum err_code read_cards(const msgpack_object *arguments, struct admissions *admissions,
                                struct err *err)
{
    struct bytes text = {NULL, 0};
    struct buffer scratch;
    struct card *card = calloc(1, sizeof *card);
    if (!card) {
        return err_set(err, E_MEMORY, "out of memory for a card");
    }
    buffer_init(&scratch, 0);
    enum err_code code = OK;
    for (size_t i = 0; code == OK && argument_item(arguments, "cards", i, &text); i++) {
        code = card_parse(text, &scratch, card, err);
        if (code == OK) {
            code = admission_of_card(card, admissions, err);
        }
        if (code != OK) {
            code = err_prefix(err, code, "card %zu", i + 1);
        }
    }
    if (code == OK && admissions->count == 0) {
        code = err_set(err, E_USAGE, "cards is missing: give the cards of the groups");
    }
    buffer_free(&scratch);
    free(card);
    return code;
}

/* How many of the admissions from `from` on fit one entry. */
static size_t fitting(const struct admissions *admissions, size_t from)
{
    enum { OVERHEAD = 1024 /* the other nine fields, up to eight approvals */ };
    size_t size = OVERHEAD, count = 0;
    while (from + count < admissions->count && count < ROSTER_ADMIT_MAX) {
        size += admission_size(&admissions->list[from + count]);
        if (size > ENTRY_MAX_BYTES) {
            break;
        }
        count++;
    }
    return count;
}

/* Roster entries for all admissions, in one append. A founding roster's first needs no approval. */
static enum err_code append_roster(const struct request_context *context,
                                   const struct write_request *write,
                                   const struct admissions *admissions, bool founding,
                                   struct appended *appended, struct err *err)
{
    enum { ENTRIES_MAX = 64 };
    struct draft *drafts = calloc(ENTRIES_MAX, sizeof *drafts);
    struct buffer terms[ENTRIES_MAX];
    size_t count = 0, from = 0;
    enum err_code code = OK;
    if (!drafts) {
        return err_set(err, E_MEMORY, "out of memory for the roster");
    }
    while (code == OK && from < admissions->count) {
        size_t fits = fitting(admissions, from);
        if (fits == 0 || count == ENTRIES_MAX) {
            code = err_set(err, E_LIMIT, "%zu groups do not fit one order; admit the rest later",
                           admissions->count);
            break;
        }
        buffer_init(&terms[count], ENTRY_MAX_BYTES);
        terms_roster_pack(&terms[count], admissions->list + from, fits,
                          count == 0 && write->has_tag ? write->tag : NULL);
        struct draft *draft = &drafts[count];
        write_request_draft(write, KIND_ROSTER, draft);
        draft->operation_tag = count == 0 ? draft->operation_tag : NULL;
        draft->terms = buffer_view(&terms[count]);
        if (founding && count == 0) {
            draft->officer_key_count = 0;
        } else {
            draft->ref_count = 1;
            draft->refs[0] = (struct ref){.own = true, .index = UINT64_MAX};
        }
        from += fits;
        count++;
    }
    if (code == OK) {
        code = store_append(context->store, drafts, count, write->mode, appended, NULL, err);
    }
    for (size_t i = 0; i < count; i++) {
        buffer_free(&terms[i]);
    }
    free(drafts);
    return code;
}

static void result_admitted(struct buffer *result, const struct admissions *admissions)
{
    result_array(result, "groups", admissions->count);
    for (size_t i = 0; i < admissions->count; i++) {
        pack_map(result, 3);
        result_hash(result, "group", &admissions->list[i].group);
        result_text(result, "name", admissions->list[i].name);
        result_uint(result, "place", admissions->list[i].place);
    }
}

static enum err_code start_network_key(const struct request_context *context, struct err *err)
{
    uint8_t key[32];
    if (store_keys(context->store)->has_network) {
        return OK; /* an interrupted founding is begun again with the same key */
    }
    random_bytes(key, sizeof key);
    enum err_code code =
        store_keys_save_network(context->store, store_own_group(context->store), key, err);
    explicit_bzero(key, sizeof key);
    return code;
}

static enum err_code write_roster(const struct request_context *context,
                                  const msgpack_object *arguments, bool founding,
                                  struct buffer *result, struct err *err)
{
    struct write_request write;
    struct admissions admissions = {.count = 0};
    struct appended appended = {0};
    const struct ledger_state *state;
    char name[NAME_MAX_BYTES + 1];
    enum err_code code = own_network(context, &state, err);
    if (code != OK) {
        return code;
    }
    memcpy(name, state->profile.name, sizeof name);
    memcpy(admissions.currency, state->profile.currency, sizeof admissions.currency);
    admissions.minor_digits = state->profile.minor_digits;
    if (founding && state->size != 1) {
        return err_set(err, E_EXISTS,
                       "this network is founded already; `satcha admit` takes in further groups");
    }
    code = write_request_read(context, arguments, &write, err);
    if (code != OK) {
        return code;
    }
    if (!write_request_already(context, &write, result)) {
        code = read_cards(arguments, &admissions, err);
        if (code == OK && founding) {
            code = start_network_key(context, err);
        }
        if (code == OK) {
            code = append_roster(context, &write, &admissions, founding, &appended, err);
        }
        if (code == OK) {
            result_appended(result, &appended, write.mode, 3);
            result_hash(result, "network", store_own_group(context->store));
            result_text(result, "name", name);
            result_admitted(result, &admissions);
        }
    }
    write_request_wipe(&write);
    free(admissions.list);
    return code;
}

enum err_code request_network_found(const struct request_context *context,
                                    const msgpack_object *arguments, struct buffer *result,
                                    struct err *err)
{
    return write_roster(context, arguments, true, result, err);
}

enum err_code request_admit(const struct request_context *context, const msgpack_object *arguments,
                            struct buffer *result, struct err *err)
{
    return write_roster(context, arguments, false, result, err);
}

/* --- joining --- */

/* What the network says of itself in its genesis. The caller frees; NULL with `code` set. */
static struct profile *invite_profile(const struct invite *invite, enum err_code *code,
                                      struct err *err)
{
    struct entry *entry = malloc(sizeof *entry);
    struct profile *network = calloc(1, sizeof *network);
    if (!entry || !network) {
        *code = err_set(err, E_MEMORY, "out of memory for an invite");
    } else {
        *code = entry_decode(invite->genesis, entry, err);
        if (*code == OK) {
            *code = terms_profile_read(entry->terms, KIND_GENESIS, network, err);
        }
    }
    free(entry);
    if (*code != OK) {
        free(network);
        return NULL;
    }
    return network;
}

static enum err_code check_invite(const struct request_context *context,
                                  const struct invite *invite, char name[NAME_MAX_BYTES + 1],
                                  struct err *err)
{
    const struct ledger_state *state;
    enum err_code code = request_own_state(context, &state, err);
    if (code != OK) {
        return code;
    }
    struct profile *network = invite_profile(invite, &code, err);
    if (!network) {
        return code;
    }
    memcpy(name, network->name, NAME_MAX_BYTES + 1);
    const struct profile *own = &state->profile;
    if (strcmp(own->currency, network->currency) != 0 ||
        own->minor_digits != network->minor_digits) {
        code = err_set(err, E_ROSTER, "this group keeps its books in %s, the network %s in %s",
                       own->currency, name, network->currency);
    } else if (own->has_network) {
        char hex[HEX_HASH_MAX];
        code = err_set(err, E_EXISTS, "this group belongs to network %.8s already%s",
                       hash_format(&own->network, hex),
                       hash_equal(&own->network, &invite->network_id)
                           ? ""
                           : "; leave it first with `satcha amend --leave-network`");
    }
    free(network);
    return code;
}

static enum err_code join(const struct request_context *context, const struct invite *invite,
                          const struct write_request *write, struct appended *appended,
                          struct err *err)
{
    struct write_request trial = *write;
    struct profile *change = calloc(1, sizeof *change);
    if (!change) {
        return err_set(err, E_MEMORY, "out of memory for an amend");
    }
    change->fields = PROFILE_NETWORK;
    change->has_network = true;
    change->network = invite->network_id;
    /* First whether the entry may be written at all: the invite is kept only then. */
    trial.mode = APPEND_DRY_RUN;
    enum err_code code =
        request_amend_append(context, &trial, change, AMEND_NO_KEYS, appended, err);
    if (code == OK && write->mode == APPEND_WRITE) {
        code = store_join(context->store, invite, err);
        if (code == OK) {
            code = request_amend_append(context, write, change, AMEND_NO_KEYS, appended, err);
        }
    }
    explicit_bzero(&trial, sizeof trial);
    free(change);
    return code;
}

enum err_code request_network_join(const struct request_context *context,
                                   const msgpack_object *arguments, struct buffer *result,
                                   struct err *err)
{
    struct write_request write;
    struct appended appended = {0};
    struct invite invite;
    struct buffer scratch;
    struct bytes text;
    char name[NAME_MAX_BYTES + 1];
    enum err_code code = argument_required(arguments, "invite", &text, err);
    if (code == OK) {
        code = write_request_read(context, arguments, &write, err);
    }
    if (code != OK) {
        return code;
    }
    buffer_init(&scratch, 0);
    if (!write_request_already(context, &write, result)) {
        code = invite_parse(text, &scratch, &invite, err);
        if (code == OK) {
            code = check_invite(context, &invite, name, err);
        }
        if (code == OK) {
            code = join(context, &invite, &write, &appended, err);
        }
        if (code == OK) {
            result_appended(result, &appended, write.mode, 2);
            result_hash(result, "network", &invite.network_id);
            result_text(result, "network_name", name);
        }
        explicit_bzero(&invite, sizeof invite);
    }
    write_request_wipe(&write);
    buffer_free(&scratch);
    return code;
}

/* --- inviting --- */

struct contact_list {
    struct invite *invite;
    const struct hash *own;
};

static enum err_code add_contact(void *context, const struct contact *contact, bool by_hand)
{
    struct contact_list *list = context;
    (void)by_hand;
    if (list->invite->contact_count < INVITE_CONTACTS_MAX &&
        !hash_equal(&contact->group, list->own)) {
        list->invite->contacts[list->invite->contact_count++] = *contact;
    }
    return OK;
}

/* The inviter's own addresses come first: it is awake. */
static void add_own(const struct request_context *context, struct invite *invite)
{
    const struct ledger_state *state;
    if (request_own_state(context, &state, NULL) != OK) {
        return;
    }
    for (unsigned i = 0; i < state->profile.address_count; i++) {
        struct contact *contact = &invite->contacts[invite->contact_count++];
        contact->group = *store_own_group(context->store);
        contact->transport_key = state->profile.transport_key;
        memcpy(contact->address, state->profile.addresses[i], sizeof contact->address);
    }
}

/* The bytes that an invite's views point into. */
struct invite_bytes {
    struct buffer genesis, links, leaves;
};

static enum err_code add_leaf(void *context, uint64_t index, struct bytes leaf)
{
    struct buffer *leaves = context;
    (void)index;
    chunk_leaf_add(leaves, leaf);
    return leaves->failed ? E_CAP : OK;
}

/* The network's ledger up to the invite's head, where it is short enough. */
static void add_ledger(const struct request_context *context, struct invite *invite,
                       struct invite_bytes *bytes)
{
    struct book *book = store_book(context->store);
    uint64_t links = book->link_count(book->context, &invite->network_id);
    enum err_code code = OK;
    for (uint64_t number = 1; code == OK && number < links; number++) {
        code = book->read_link(book->context, &invite->network_id, number, &bytes->links);
    }
    if (code == OK) {
        code = store_leaves(context->store, &invite->network_id, 0, invite->head.size, add_leaf,
                            &bytes->leaves);
    }
    if (code != OK || bytes->links.failed) {
        return;
    }
    invite->link_count = links > 0 ? (size_t)links - 1 : 0;
    invite->links = buffer_view(&bytes->links);
    invite->leaf_count = (size_t)invite->head.size;
    invite->leaves = buffer_view(&bytes->leaves);
}

static enum err_code fill_invite(const struct request_context *context, struct invite *invite,
                                 struct invite_bytes *bytes, struct err *err)
{
    struct store *store = context->store;
    const struct home_keys *keys = store_keys(store);
    memset(invite, 0, sizeof *invite);
    if (!store_has_network(store) || !keys->has_network || keys->network_key_count == 0) {
        return err_set(err, E_NO_DATA, "this home belongs to no network that it could invite to");
    }
    invite->network_id = *store_network(store);
    memcpy(invite->network_key, keys->network_keys[0], sizeof invite->network_key);
    enum err_code code = store_head(store, &invite->network_id, &invite->head);
    if (code != OK) {
        return err_set(err, code, "the network's ledger is not held here yet; let it sync first");
    }
    code = request_genesis(store, &invite->network_id, &bytes->genesis, err);
    if (code == OK) {
        invite->genesis = buffer_view(&bytes->genesis);
        add_ledger(context, invite, bytes);
        add_own(context, invite);
        struct contact_list list = {invite, store_own_group(store)};
        code = store_contacts(store, add_contact, &list);
        code = code == OK ? OK : err_set(err, code, "the contacts cannot be read");
    }
    return code;
}

enum err_code request_network_invite(const struct request_context *context,
                                     const msgpack_object *arguments, struct buffer *result,
                                     struct err *err)
{
    (void)arguments;
    struct invite invite;
    struct invite_bytes bytes;
    struct buffer text;
    const struct ledger_state *state;
    buffer_init(&bytes.genesis, ENTRY_MAX_BYTES);
    buffer_init(&bytes.links, INVITE_LEDGER_MAX);
    buffer_init(&bytes.leaves, INVITE_LEDGER_MAX);
    buffer_init(&text, 0);
    enum err_code code = fill_invite(context, &invite, &bytes, err);
    if (code == OK) {
        code = invite_write(&text, &invite);
        code = code == OK ? OK : err_set(err, code, "the invite cannot be written");
    }
    if (code == OK) {
        code = store_ledger_state(context->store, &invite.network_id, &state);
    }
    if (code == OK) {
        pack_map(result, 3);
        result_hash(result, "network", &invite.network_id);
        result_text(result, "network_name", state->profile.name);
        result_bytes(result, "invite", buffer_view(&text));
    }
    explicit_bzero(&invite, sizeof invite);
    if (text.data) {
        explicit_bzero(text.data, text.len);
    }
    buffer_free(&bytes.genesis);
    buffer_free(&bytes.links);
    buffer_free(&bytes.leaves);
    buffer_free(&text);
    return code;
}

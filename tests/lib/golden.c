/* Makes every golden file. The ledgers are read back from the keeper's store after the recorded
 * session, so that what stands in the files has been through log, tree and wire. */
#include "tests/lib/golden.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/accounts.h"
#include "proto/date.h"
#include "proto/id.h"
#include "store/cut.h"
#include "tests/lib/wire.h"

const char *const golden_ledgers[GOLDEN_LEDGERS] = {"network", "savings", "fund",    "hostile",
                                                    "late",    "keeper",  "receiver"};

static void must(enum err_code code, const char *what, const struct err *err)
{
    if (code != OK) {
        (void)fprintf(stderr, "golden: %s: %s: %s\n", what, err_name(code), err ? err->text : "");
        abort();
    }
}

static struct buffer *new_file(struct golden *golden, const char *stem, const char *extension)
{
    assert(golden->count < GOLDEN_FILES_MAX);
    struct golden_file *file = &golden->files[golden->count++];
    (void)snprintf(file->name, sizeof file->name, "%s.%s", stem, extension);
    buffer_init(&file->bytes, 0);
    return &file->bytes;
}

/* --- ledgers --- */

static enum err_code render_verdict(void *context, uint64_t index, enum err_code code)
{
    buffer_print(context, "invalid %" PRIu64 " %s\n", index, err_name(code));
    return OK;
}

void golden_render(struct home *home, const char *name, const struct hash *group,
                   struct buffer *out)
{
    const struct ledger_state *state;
    char digits[HEX_HASH_MAX];
    char date[DATE_TEXT_MAX];
    must(store_ledger_state(home->store, group, &state), name, NULL);
    buffer_print(out, "ledger %s %s\n", name, hash_format(group, digits));
    buffer_print(out, "entries %" PRIu64 ", %" PRIu64 " valid, %" PRIu64 " invalid\n", state->size,
                 state->valid, state->invalid);
    buffer_print(out, "members %" PRId64 "\nlast date %s\n", state->members,
                 date_format_iso(state->last_date, date));
    for (unsigned row = 0; row < account_count(); row++) {
        const struct turnover *turnover = &state->own[row];
        if (amount_sign(turnover->debit) != 0 || amount_sign(turnover->credit) != 0) {
            buffer_print(out, "account %u debit %" PRId64 " credit %" PRId64 "\n",
                         (unsigned)account_at(row)->code, amount_satang(turnover->debit),
                         amount_satang(turnover->credit));
        } else if (state->reported[row]) {
            buffer_print(out, "account %u reported\n", (unsigned)account_at(row)->code);
        }
    }
    must(store_verdicts(home->store, group, state->size, render_verdict, out), name, NULL);
    buffer_append(out, "\n", 1);
    assert(!out->failed);
}

static void write_ledger(struct golden *golden, struct home *home, const char *name,
                         const struct hash *group)
{
    struct book *book = store_book(home->store);
    struct head head;
    uint64_t count;
    must(book->head(book->context, group, &head), name, NULL);
    must(book->read_leaves(book->context, group, 0, head.size, CHUNK_MAX_BYTES,
                           new_file(golden, name, "log"), &count),
         name, NULL);
    assert(count == head.size);
    struct buffer *chain = new_file(golden, name, "chain");
    for (uint64_t i = 0; i < book->link_count(book->context, group); i++) {
        must(book->read_link(book->context, group, i, chain), name, NULL);
    }
    checkpoint_write(new_file(golden, name, "checkpoint"), &head);
}

/* --- cards, invite --- */

static void write_card(struct golden *golden, const struct maker *maker, const char *name)
{
    struct card card;
    memset(&card, 0, sizeof card);
    card.genesis = buffer_view(&maker->items[0].leaf);
    world_first_head(maker, &card.head);
    card.transport_key = maker->transport.public_key;
    card.address_count = 2;
    (void)snprintf(card.addresses[0], sizeof card.addresses[0], "%s.example:7420", name);
    (void)snprintf(card.addresses[1], sizeof card.addresses[1], "[2001:db8::%u]:7420",
                   (unsigned)maker->number);
    must(card_write(new_file(golden, name, "card"), &card), name, NULL);
}

/* --- the session --- */

enum { LINE_BYTES = 48 };

static void record(void *context, const struct wire_end *from, struct bytes bytes)
{
    char digits[2 * LINE_BYTES + 1];
    for (size_t at = 0; at < bytes.len; at += LINE_BYTES) {
        size_t len = bytes.len - at < LINE_BYTES ? bytes.len - at : LINE_BYTES;
        const char *mark = at > 0 ? " " : from->role == NOISE_INITIATOR ? ">" : "<";
        buffer_print(context, "%s %s\n", mark, hex_format(bytes_of(bytes.data + at, len), digits));
    }
}

static void write_key(struct buffer *out, const char *name, const void *key)
{
    char digits[HEX_HASH_MAX];
    buffer_print(out, "%s = %s\n", name, hex_format(bytes_of(key, HASH_BYTES), digits));
}

static void write_session(struct golden *golden, struct world *world)
{
    struct home *homes[2] = {&world->receiver, &world->keeper};
    struct wire_end ends[2];
    struct transport_key ephemeral[2];
    struct buffer *keys = new_file(golden, "session", "keys");
    buffer_print(keys, "# What opens session.wire: the receiver dialled the keeper.\n");
    write_key(keys, "network_id", world->network.id.bytes);
    write_key(keys, "network_key", world_network_key);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t seed[SEED_BYTES];
        const struct transport_key *own = &store_keys(homes[i]->store)->transport;
        memset(seed, (int)(0xe0 + i), sizeof seed);
        transport_key_from_seed(&ephemeral[i], seed);
        write_key(keys, i == 0 ? "initiator_group" : "responder_group",
                  store_own_group(homes[i]->store)->bytes);
        write_key(keys, i == 0 ? "initiator_static" : "responder_static", own->secret);
        write_key(keys, i == 0 ? "initiator_static_public" : "responder_static_public",
                  own->public_key.bytes);
        write_key(keys, i == 0 ? "initiator_ephemeral" : "responder_ephemeral",
                  ephemeral[i].secret);
        write_key(keys, i == 0 ? "initiator_ephemeral_public" : "responder_ephemeral_public",
                  ephemeral[i].public_key.bytes);
        homes[i]->now_ms = UINT64_C(1767700000000);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct home *peer = homes[1 - i];
        struct wire_keys wire = {.network_id = world->network.id,
                                 .network_key = world_network_key,
                                 .own = &store_keys(homes[i]->store)->transport,
                                 .ephemeral = &ephemeral[i],
                                 .own_group = *store_own_group(homes[i]->store),
                                 .peer = *store_own_group(peer->store),
                                 .peer_key = store_keys(peer->store)->transport.public_key};
        wire_open(&ends[i], homes[i], i == 0 ? NOISE_INITIATOR : NOISE_RESPONDER, &wire);
    }
    wire_run(&ends[0], &ends[1], record, new_file(golden, "session", "wire"));
    for (unsigned i = 0; i < 2; i++) {
        assert(ends[i].ready && !ends[i].closed && ends[i].logs == 0);
        wire_close(&ends[i]);
    }
}

static void write_cut(struct golden *golden, struct home *home)
{
    struct cut cut;
    struct err err;
    must(cut_of_heads(home->store, 20459, &cut, &err), "cut", &err);
    must(cut_write(home->store, &cut, new_file(golden, "network", "cut"), &err), "cut", &err);
    cut_free(&cut);
}

static void write_world(struct golden *golden, struct world *world)
{
    struct invite invite;
    struct buffer leaves;
    struct hash groups[GOLDEN_LEDGERS];
    for (unsigned i = 0; i < WORLD_LEDGERS; i++) {
        const struct maker *maker = world_ledger(world, i);
        groups[i] = maker->id;
        must(feed(&world->keeper, maker, maker->count), world_ledger_name(i), &world->keeper.err);
    }
    groups[5] = *store_own_group(world->keeper.store);
    groups[6] = *store_own_group(world->receiver.store);
    write_session(golden, world);
    struct buffer *genesis = new_file(golden, "network", "genesis");
    struct bytes leaf = buffer_view(&world->network.items[0].leaf);
    buffer_append(genesis, leaf.data, leaf.len);
    buffer_init(&leaves, 0);
    world_invite(world, WORLD_FOUNDING_SIZE, &leaves, &invite);
    must(invite_write(new_file(golden, "network", "invite"), &invite), "invite", NULL);
    buffer_free(&leaves);
    for (unsigned i = 1; i < WORLD_LEDGERS; i++) {
        write_card(golden, world_ledger(world, i), world_ledger_name(i));
    }
    struct buffer *body = new_file(golden, "savings", "body");
    buffer_append(body, world->body.data, world->body.len);
    struct buffer *books = new_file(golden, "books", "txt");
    for (unsigned i = 0; i < GOLDEN_LEDGERS; i++) {
        write_ledger(golden, &world->keeper, golden_ledgers[i], &groups[i]);
        golden_render(&world->keeper, golden_ledgers[i], &groups[i], books);
    }
    write_cut(golden, &world->keeper);
}

void golden_make(struct golden *golden)
{
    struct world *world = malloc(sizeof *world);
    assert(world != NULL);
    memset(golden, 0, sizeof *golden);
    world_new(world);
    write_world(golden, world);
    world_free(world);
    free(world);
}

void golden_free(struct golden *golden)
{
    for (size_t i = 0; i < golden->count; i++) {
        buffer_free(&golden->files[i].bytes);
    }
    golden->count = 0;
}

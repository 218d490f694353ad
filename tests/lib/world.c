/* The world's history, entry by entry. Everything follows from the makers' numbers and the homes'
 * streams of bytes: the golden files (tests/golden) are this history, so nothing here is changed
 * once they are written. */
#include "tests/lib/world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/accounts.h"
#include "proto/events.h"
#include "tests/lib/verdict.h"

enum { EVENT_DEPOSIT = 2, EVENT_WITHDRAW = 3, EVENT_DONATION = 5 };

const uint8_t world_network_key[32] = {0x5a, 0x1f, 0x33, 0x90, 0x07, 0xc4, 0x6d, 0xe2,
                                       0x18, 0xbb, 0x72, 0x0e, 0x95, 0xd1, 0x4c, 0xa8,
                                       0x61, 0x2b, 0xfe, 0x80, 0x39, 0x56, 0xe7, 0x14,
                                       0xc9, 0x0a, 0xdd, 0x43, 0x7f, 0x98, 0x25, 0xb6};

static void must(enum err_code code, enum err_code expected, const char *what)
{
    if (code != expected) {
        (void)fprintf(stderr, "world: %s: %s instead of %s\n", what, err_name(code),
                      err_name(expected));
        abort();
    }
}

/* --- the ledgers --- */

/* An amend that says which network the group joined, approved by officer 1. */
static void join(struct maker *maker, const struct hash *network)
{
    struct profile change = change_of(PROFILE_NETWORK | PROFILE_ADDRESSES);
    change.has_network = true;
    change.network = *network;
    change.address_count = 1;
    (void)snprintf(change.addresses[0], sizeof change.addresses[0], "group-%u.example:7420",
                   (unsigned)maker->number);
    maker_amend(maker, &change);
    maker_approve(maker, 1);
    must(maker_append(maker), OK, "join");
}

/* Entry 3 of savings: two members' deposits with real private lines. */
static void deposits_with_body(struct world *world)
{
    static const int64_t satang[2] = {120000, 45050};
    struct maker *maker = &world->savings;
    struct buffer packed;
    uint32_t count;
    buffer_init(&packed, 0);
    for (uint32_t i = 0; i < 4; i++) {
        struct body_line line = {.line = i / 2,
                                 .account = i % 2 == 0 ? 1110 : 2110,
                                 .member = i % 2 == 0 ? 0 : 42 + i / 2,
                                 .amount = amount_of(i % 2 == 0 ? satang[i / 2] : -satang[i / 2]),
                                 .memo = bytes_of_text(i == 0 ? "ฝากสัจจะ" : ""),
                                 .operation = bytes_of_text(i == 0 ? "book-7/12" : "")};
        uint8_t salt[BODY_SALT_BYTES];
        memset(salt, (int)(0xa0 + i), sizeof salt);
        buffer_clear(&packed);
        body_line_pack(&packed, &line);
        body_append(&world->body, salt, buffer_view(&packed));
    }
    begin_post(maker, EVENT_DEPOSIT);
    maker_line(maker, 1110, satang[0] + satang[1]);
    maker_line(maker, 2110, -satang[0] - satang[1]);
    must(body_commit(buffer_view(&world->body), &maker->draft->body, &count), OK, "body");
    must(maker_append(maker), OK, "deposits");
    assert(maker->count == WORLD_BODY_INDEX + 1 && count == 4);
    buffer_free(&packed);
}

static void make_savings(struct world *world)
{
    struct maker *maker = &world->savings;
    join(maker, &world->network.id);
    maker_begin(maker, KIND_MEMBER);
    maker_change(maker, 60);
    must(maker_append(maker), OK, "members");
    deposits_with_body(world);
    must(maker_post(maker, EVENT_DEPOSIT, 1110, 2120, 3000000), OK, "deposit");
    must(maker_post(maker, EVENT_WITHDRAW, 2120, 1110, 1250025), OK, "withdraw");
    must(maker_post(maker, EVENT_DONATION, 1120, 4312, 5000000), OK, "donation");
    begin_reverse(maker, 6, 4312, 1120, 5000000);
    maker_approve(maker, 2);
    must(maker_append(maker), OK, "reverse");
    must(maker_note(maker, "minutes"), OK, "note");
    must(maker_change_key(maker, 1), OK, "signing key");
    maker_begin(maker, KIND_MEMBER);
    maker_change(maker, -2);
    must(maker_append(maker), OK, "members leave");
    must(maker_post(maker, EVENT_DEPOSIT, 1110, 2110, 99), OK, "deposit under the new key");
}

/* New officers 2, 3 and 4, then a new transport key: two links. */
static void make_fund(struct world *world)
{
    struct maker *maker = &world->fund;
    const struct sign_key *key[1] = {&maker->signing};
    struct transport_key transport;
    struct profile profile;
    uint8_t seed[SEED_BYTES];
    join(maker, &world->network.id);
    must(maker_post(maker, EVENT_DEPOSIT, 1110, 2110, 700000), OK, "deposit");
    maker_profile(maker->number, GROUP_VILLAGE_FUND, &profile);
    struct profile change = change_of(PROFILE_OFFICERS | PROFILE_RECOVERY_QUORUM);
    change.officer_count = 3;
    memcpy(change.officers, profile.officers + 1, 3 * sizeof *change.officers);
    change.recovery_quorum = 2;
    maker_amend(maker, &change);
    maker_approve(maker, 1);
    maker_approve(maker, 2);
    must(maker_append_link(maker, key, 1), OK, "officers");
    begin_reverse(maker, 2, 2110, 1110, 700000);
    maker_approve(maker, 1);
    must(maker_append(maker), E_QUORUM, "reverse by a former officer");
    begin_reverse(maker, 2, 2110, 1110, 700000);
    maker_approve(maker, 4);
    must(maker_append(maker), OK, "reverse by a new officer");
    memset(seed, 0x77, sizeof seed);
    transport_key_from_seed(&transport, seed);
    change = change_of(PROFILE_TRANSPORT_KEY);
    change.transport_key = transport.public_key;
    maker_amend(maker, &change);
    maker_approve(maker, 3);
    must(maker_append_link(maker, key, 1), OK, "transport key");
    must(maker_post(maker, EVENT_DEPOSIT, 1110, 2110, 800000), OK, "deposit");
}

/* What one signer may sign and no rule allows, among what is right. */
static void make_hostile(struct world *world)
{
    struct maker *maker = &world->hostile;
    join(maker, &world->network.id);
    must(maker_post(maker, EVENT_DEPOSIT, 1110, 2110, 100000), OK, "deposit");
    begin_post(maker, EVENT_DEPOSIT);
    maker_line(maker, 1110, 500000);
    maker_line(maker, 2110, -400000);
    must(maker_append(maker), E_UNBALANCED, "unbalanced");
    must(maker_append_leaf(maker, bytes_of_text("this is no MessagePack")), E_ENCODING, "text");
    must(maker_post(maker, EVENT_DEPOSIT, 1110, 2110, 50000), OK, "deposit");
    must(maker_post(maker, EVENT_WITHDRAW, 2110, 1110, 900000), E_NEGATIVE, "too much");
    must(maker_post(maker, EVENT_DEPOSIT, 1110, 9999, 100), E_ACCOUNT, "no such account");
    must(maker_note(maker, "end"), OK, "note");
}

static void make_late(struct world *world)
{
    static const struct post_terms terms = {.event = EVENT_OPENING,
                                            .reported_count = 3,
                                            .reported = {1110, 1210, 2110}};
    struct maker *maker = &world->late;
    begin_post(maker, EVENT_OPENING);
    buffer_clear(&maker->terms);
    terms_post_pack(&maker->terms, &terms, NULL);
    maker_line(maker, 2110, -1432828076);
    maker_line(maker, 3900, 1432828076);
    must(maker_append(maker), OK, "opening");
}

static void admit_home(const struct home *home, const char *name, struct admission *admission)
{
    memset(admission, 0, sizeof *admission);
    admission->group = *store_own_group(home->store);
    (void)snprintf(admission->name, sizeof admission->name, "%s", name);
    admission->place = 900000 + home->number;
    admission->type = GROUP_WELFARE;
    admission->transport_key = store_keys(home->store)->transport.public_key;
}

static void make_network(struct world *world)
{
    struct maker *maker = &world->network;
    struct admission admissions[5];
    maker_admission(&world->savings, "กลุ่มสัจจะ", &admissions[0]);
    maker_admission(&world->fund, "กองทุนหมู่บ้าน", &admissions[1]);
    maker_admission(&world->hostile, "กลุ่มสาม", &admissions[2]);
    admit_home(&world->keeper, "กองทุนสวัสดิการ", &admissions[3]);
    admit_home(&world->receiver, "เครือข่าย", &admissions[4]);
    admissions[0].place = 909999;
    (void)snprintf(admissions[0].name_en, sizeof admissions[0].name_en, "savings");
    maker_admit(maker, admissions, 5);
    must(maker_append(maker), OK, "founding roster");
    must(maker_note(maker, "charter"), OK, "note");
    assert(maker->count == WORLD_FOUNDING_SIZE);
    maker_admission(&world->late, "กลุ่มใหม่", &admissions[0]);
    maker_admit(maker, admissions, 1);
    maker_approve(maker, 1);
    maker_approve(maker, 3);
    must(maker_append(maker), OK, "admission");
}

/* The network's governors are officers of the three founding groups, which name the network. */
static void found(struct world *world)
{
    struct profile profile;
    maker_init(&world->savings, 1, GROUP_SAVINGS);
    maker_init(&world->fund, 2, GROUP_VILLAGE_FUND);
    maker_init(&world->hostile, 3, GROUP_SAVINGS);
    maker_init(&world->late, 6, GROUP_WELFARE);
    maker_profile(10, GROUP_NETWORK, &profile);
    profile.officers[0].group = world->savings.id;
    profile.officers[1].group = world->fund.id;
    profile.officers[2].group = world->hostile.id;
    maker_found(&world->network, 10, &profile);
    must(world->network.items[0].verdict, OK, "network");
}

/* Nothing with private lines: in what order a store draws its salts is not a matter of formats. */
static void own_entries(struct home *home)
{
    must(home_note(home, "founded"), OK, "note");
    must(home_note(home, "minutes"), OK, "note");
    must(store_release(home->store, &home->err), OK, "release");
}

static void enter(struct world *world, struct home *home)
{
    struct invite invite;
    struct buffer leaves;
    buffer_init(&leaves, 0);
    world_invite(world, WORLD_FOUNDING_SIZE, &leaves, &invite);
    must(store_join(home->store, &invite, &home->err), OK, "join");
    buffer_free(&leaves);
}

void world_new(struct world *world)
{
    memset(world, 0, sizeof *world);
    buffer_init(&world->body, 0);
    home_new(&world->keeper, WORLD_KEEPER, GROUP_WELFARE, NULL);
    home_new(&world->receiver, WORLD_RECEIVER, GROUP_WELFARE, NULL);
    found(world);
    make_savings(world);
    make_fund(world);
    make_hostile(world);
    make_late(world);
    make_network(world);
    own_entries(&world->keeper);
    own_entries(&world->receiver);
    enter(world, &world->keeper);
    enter(world, &world->receiver);
}

void world_free(struct world *world)
{
    maker_free(&world->network);
    maker_free(&world->savings);
    maker_free(&world->fund);
    maker_free(&world->hostile);
    maker_free(&world->late);
    home_remove(&world->keeper);
    home_remove(&world->receiver);
    buffer_free(&world->body);
}

const struct maker *world_ledger(const struct world *world, unsigned number)
{
    const struct maker *ledgers[WORLD_LEDGERS] = {&world->network, &world->savings, &world->fund,
                                                  &world->hostile, &world->late};
    assert(number < WORLD_LEDGERS);
    return ledgers[number];
}

const char *world_ledger_name(unsigned number)
{
    static const char *const names[WORLD_LEDGERS] = {"network", "savings", "fund", "hostile",
                                                     "late"};
    assert(number < WORLD_LEDGERS);
    return names[number];
}

void world_invite(const struct world *world, uint64_t size, struct buffer *leaves,
                  struct invite *invite)
{
    memset(invite, 0, sizeof *invite);
    invite->network_id = world->network.id;
    memcpy(invite->network_key, world_network_key, sizeof invite->network_key);
    invite->genesis = buffer_view(&world->network.items[0].leaf);
    feed_signed_head(&world->network, size, &invite->head);
    maker_leaves(&world->network, 0, size, leaves);
    invite->leaf_count = (size_t)size;
    invite->leaves = buffer_view(leaves);
    invite->contact_count = 1;
    invite->contacts[0].group = *store_own_group(world->keeper.store);
    invite->contacts[0].transport_key = store_keys(world->keeper.store)->transport.public_key;
    (void)snprintf(invite->contacts[0].address, sizeof invite->contacts[0].address,
                   "keeper.example:7420");
}

void world_first_head(const struct maker *maker, struct head *head)
{
    struct sign_key first;
    memset(head, 0, sizeof *head);
    head->group = maker->id;
    head->size = 1;
    head->root = maker->id;
    maker_signing_key(maker->number, 0, &first);
    head_sign(head, &first);
}

/* --- a peer's words --- */

void feed_signed_head(const struct maker *maker, uint64_t size, struct head *head)
{
    const struct link *last = &maker->links[maker->link_count - 1];
    if (last->head.size == size && maker->link_count > 1) {
        *head = last->head;
        return;
    }
    assert(size > last->head.size || maker->link_count == 1);
    maker_head(maker, size, head);
}

enum err_code feed_links(struct home *home, const struct maker *maker, uint64_t to)
{
    struct book *book = store_book(home->store);
    struct want held;
    enum err_code code = OK;
    book->held(book->context, &maker->id, &held);
    for (uint64_t i = held.links; code == OK && i < maker->link_count; i++) {
        if (maker->links[i].head.size <= to) {
            code = book->take_link(book->context, &maker->id, i, &maker->links[i], &home->err);
        }
    }
    return code;
}

enum err_code feed_head(struct home *home, const struct maker *maker, uint64_t to)
{
    struct book *book = store_book(home->store);
    struct head_answer answer;
    struct want held;
    memset(&answer, 0, sizeof answer);
    book->held(book->context, &maker->id, &held);
    feed_signed_head(maker, to, &answer.head);
    answer.have = held.have;
    answer.has_root = held.have > 0 && held.have <= to;
    if (answer.has_root) {
        maker_root(maker, held.have, &answer.root_at_have);
        maker_consistency(maker, held.have, to, &answer.proof);
    }
    return book->take_head(book->context, &answer, &home->err);
}

enum err_code feed_chunk(struct home *home, const struct maker *maker, uint64_t from, uint64_t to,
                         uint64_t head_size)
{
    struct book *book = store_book(home->store);
    struct chunk chunk;
    struct buffer leaves;
    memset(&chunk, 0, sizeof chunk);
    buffer_init(&leaves, 0);
    maker_leaves(maker, from, to, &leaves);
    chunk.group = maker->id;
    chunk.start = from;
    chunk.count = to - from;
    chunk.head_size = head_size;
    chunk.leaves = buffer_view(&leaves);
    maker_consistency(maker, to, head_size, &chunk.proof);
    enum err_code code = book->take_chunk(book->context, &chunk, &home->err);
    buffer_free(&leaves);
    return code;
}

enum err_code feed_commit(struct home *home)
{
    return store_commit(home->store, NULL, NULL, &home->err);
}

enum err_code feed(struct home *home, const struct maker *maker, uint64_t to)
{
    struct book *book = store_book(home->store);
    struct want held;
    enum err_code code = feed_links(home, maker, to);
    if (code == OK) {
        code = feed_head(home, maker, to);
    }
    book->held(book->context, &maker->id, &held);
    if (code == OK && held.have < to) {
        code = feed_chunk(home, maker, held.have, to, to);
    }
    return code == OK ? feed_commit(home) : code;
}

/* Makes two homes that are ready to sync, for the measures between two daemons:
 *
 *   bench_make FOLDER GROUPS ENTRIES GIVER-ADDRESS TAKER-ADDRESS
 *
 * FOLDER/giver and FOLDER/taker are homes of two groups of one network, whose roster names them and
 * GROUPS groups more, and both hold the network's ledger. The giver holds the ledgers of those
 * GROUPS groups, ENTRIES entries in all: a genesis and two-line deposits with a body commitment.
 * With ENTRIES 0 they are rostered and nothing is held of them.
 *
 * The ledgers are made in memory and enter the giver's store as from a peer: verified. Prints one
 * line of JSON; the sizes are those of the entries' own bytes. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/date.h"
#include "proto/events.h"
#include "proto/id.h"
#include "store/config.h"
#include "store/files.h"
#include "store/store.h"
#include "tests/lib/build.h"
#include "tests/lib/prng.h"

enum {
    GIVER = 900001, /* numbers of groups for the maker's keys; the others count from 1 */
    TAKER = 900002,
    NETWORK = 900003,
    ADMISSIONS_MAX_BYTES = 15000, /* leaves room for refs and approvals in one entry */
    SECONDS_BETWEEN = 20          /* between two deposits of a group */
};

static const uint64_t first_time_ms = UINT64_C(1735700400000); /* 2025-01-01 10:00 in Thailand */

static void must(enum err_code code, const struct err *err, const char *what)
{
    if (code != OK) {
        fprintf(stderr, "bench_make: %s: %s\n", what, err->text);
        exit(1);
    }
}

/* --- one group's ledger, in memory: level[0] leaf hashes, level[k] roots of 2^k leaves --- */

enum { LEVELS = 24 };

struct book_of_one {
    struct hash group;
    struct sign_key signing;
    struct transport_key transport;
    uint64_t count;
    struct hash *level[LEVELS];
    struct buffer leaves; /* as chunks carry them */
    size_t *offset;       /* of each leaf there, and of the end */
    uint64_t leaf_bytes;  /* without the lengths */
    int64_t cash;         /* debits of it, in satang */
};

static void book_free(struct book_of_one *book)
{
    for (unsigned level = 0; level < LEVELS; level++) {
        free(book->level[level]);
    }
    free(book->offset);
    buffer_free(&book->leaves);
}

static void book_init(struct book_of_one *book, uint64_t capacity)
{
    memset(book, 0, sizeof *book);
    buffer_init(&book->leaves, 0);
    book->offset = calloc(capacity + 1, sizeof *book->offset);
    assert(book->offset != NULL);
    for (unsigned level = 0; capacity >> level > 0; level++) {
        book->level[level] = calloc(capacity >> level, sizeof(struct hash));
        assert(level + 1 < LEVELS && book->level[level] != NULL);
    }
}

static void book_append(struct book_of_one *book, struct bytes leaf)
{
    const uint8_t length[2] = {(uint8_t)(leaf.len >> 8), (uint8_t)(leaf.len & 0xff)};
    buffer_append(&book->leaves, length, sizeof length);
    buffer_append(&book->leaves, leaf.data, leaf.len);
    assert(!book->leaves.failed);
    uint64_t index = book->count++;
    book->offset[book->count] = book->leaves.len;
    book->leaf_bytes += leaf.len;
    merkle_leaf_hash(&book->level[0][index], leaf);
    for (unsigned level = 0; index & 1; level++, index >>= 1) {
        const struct hash *left = &book->level[level][index - 1];
        merkle_node_hash(&book->level[level + 1][index >> 1], left, left + 1);
    }
}

static enum err_code book_node(void *context, unsigned level, uint64_t index, struct hash *out)
{
    const struct book_of_one *book = context;
    *out = book->level[level][index];
    return OK;
}

/* Every group has the same officers; its keys follow from its number. */
static void book_genesis(struct book_of_one *book, uint32_t number, struct entry *draft)
{
    static struct profile profile;
    struct buffer terms;
    struct buffer leaf;
    struct err err;
    struct hash seed;
    if (profile.fields == 0) {
        maker_profile(GIVER, GROUP_SAVINGS, &profile);
    }
    maker_other_id(number, &seed);
    sign_key_from_seed(&book->signing, seed.bytes);
    transport_key_from_seed(&book->transport, seed.bytes);
    profile.signing_key = book->signing.public_key;
    profile.transport_key = book->transport.public_key;
    buffer_init(&terms, 0);
    buffer_init(&leaf, 0);
    terms_profile_pack(&terms, &profile, NULL);
    *draft = (struct entry){.version = ENTRY_VERSION,
                            .kind = KIND_GENESIS,
                            .time_ms = first_time_ms,
                            .date = date_of_time(first_time_ms),
                            .actor = 1,
                            .terms = buffer_view(&terms)};
    must(entry_encode(draft, &leaf, &err), &err, "a genesis");
    book_append(book, buffer_view(&leaf));
    book->group = book->level[0][0];
    buffer_free(&leaf);
    buffer_free(&terms);
}

/* Deposits up to `count` entries. */
static void book_fill(struct book_of_one *book, uint64_t count, struct entry *draft)
{
    const struct post_terms deposit = {.event = event_by_name(bytes_of_text("deposit"))->number};
    static struct prng prng;
    struct buffer terms;
    struct buffer leaf;
    struct err err;
    buffer_init(&terms, 0);
    buffer_init(&leaf, 0);
    prng_init(&prng, book->group.bytes[0]);
    terms_post_pack(&terms, &deposit, NULL);
    draft->kind = KIND_POST;
    draft->terms = buffer_view(&terms);
    draft->has_body = true;
    draft->post_count = 2;
    while (book->count < count) {
        int64_t satang = 10000 + 100 * (int64_t)prng_below(&prng, 2000);
        book->cash += satang;
        draft->time_ms = first_time_ms + book->count * SECONDS_BETWEEN * 1000;
        draft->date = date_of_time(draft->time_ms);
        draft->posts[0] = (struct post){.account = 1110, .amount = amount_of(satang)};
        draft->posts[1] = (struct post){.account = 2110, .amount = amount_of(-satang)};
        prng_bytes(&prng, draft->body.bytes, sizeof draft->body.bytes);
        buffer_clear(&leaf);
        must(entry_encode(draft, &leaf, &err), &err, "a deposit");
        book_append(book, buffer_view(&leaf));
    }
    buffer_free(&leaf);
    buffer_free(&terms);
}

static void book_make(struct book_of_one *book, uint32_t number, uint64_t count)
{
    static struct entry draft;
    book_init(book, count);
    book_genesis(book, number, &draft);
    book_fill(book, count, &draft);
}

/* --- giving it to a store, as a peer would --- */

static void give_head(struct book *to, const struct head *head)
{
    struct err err;
    struct head_answer answer = {.head = *head};
    must(to->take_head(to->context, &answer, &err), &err, "a head");
}

static void give_genesis_link(struct book *to, const struct hash *group, struct bytes genesis)
{
    struct err err;
    struct link link = {.head = {.group = *group, .size = 1, .root = *group}, .leaf = genesis};
    must(to->take_link(to->context, group, 0, &link, &err), &err, "a genesis");
}

static void give_book(struct store *store, struct book_of_one *book)
{
    struct err err;
    struct book *to = store_book(store);
    struct merkle_source source = {book_node, book};
    struct head head = {.group = book->group, .size = book->count};
    must(merkle_root_at(&source, book->count, &head.root), &err, "a root");
    head_sign(&head, &book->signing);
    give_genesis_link(to, &book->group, bytes_of(book->leaves.data + 2, book->offset[1] - 2));
    give_head(to, &head);
    for (uint64_t start = 0; start < book->count;) {
        uint64_t end = start + 1;
        while (end < book->count && end - start < CHUNK_LEAVES_MAX &&
               book->offset[end + 1] - book->offset[start] <= CHUNK_MAX_BYTES) {
            end++;
        }
        if (end < book->count && end > RUN_LEAVES) {
            end -= end % RUN_LEAVES;
        }
        struct chunk chunk = {.group = book->group,
                              .start = start,
                              .head_size = book->count,
                              .count = end - start,
                              .leaves = bytes_of(book->leaves.data + book->offset[start],
                                                 book->offset[end] - book->offset[start])};
        must(merkle_consistency_proof(&source, end, book->count, &chunk.proof), &err, "a proof");
        must(to->take_chunk(to->context, &chunk, &err), &err, "a chunk");
        if (store_uncommitted(store) > 16 * CHUNK_MAX_BYTES) {
            must(store_commit(store, NULL, NULL, &err), &err, "a commit");
        }
        start = end;
    }
}

/* The genesis came with the invite. */
static void give_network(struct store *store, const struct maker *network)
{
    struct err err;
    struct head head;
    struct buffer leaves;
    struct book *to = store_book(store);
    maker_head(network, network->count, &head);
    give_head(to, &head);
    buffer_init(&leaves, 0);
    for (uint64_t start = 0; start < network->count;) {
        uint64_t end = start + 1;
        buffer_clear(&leaves);
        maker_leaves(network, start, end, &leaves);
        while (end < network->count && leaves.len + ENTRY_MAX_BYTES + 2 <= CHUNK_MAX_BYTES) {
            maker_leaves(network, end, end + 1, &leaves);
            end++;
        }
        struct chunk chunk = {.group = network->id,
                              .start = start,
                              .head_size = network->count,
                              .count = end - start,
                              .leaves = buffer_view(&leaves)};
        maker_consistency(network, end, network->count, &chunk.proof);
        must(to->take_chunk(to->context, &chunk, &err), &err, "the network's ledger");
        start = end;
    }
    buffer_free(&leaves);
    must(store_commit(store, NULL, NULL, &err), &err, "a commit");
}

/* --- the network --- */

static enum err_code not_looked_up(void *context, const struct admission *admission, uint64_t index)
{
    (void)context;
    (void)admission;
    (void)index;
    return OK;
}

static bool never_rostered(void *context, const struct hash *group)
{
    (void)context;
    (void)group;
    return false;
}

struct roster_writer {
    struct maker *network;
    struct admission pending[ROSTER_ADMIT_MAX];
    size_t count, bytes;
};

static void roster_flush(struct roster_writer *writer)
{
    if (writer->count == 0) {
        return;
    }
    maker_admit(writer->network, writer->pending, writer->count);
    if (writer->network->count > 1) {
        maker_approve(writer->network, 1);
        maker_approve(writer->network, 2);
    }
    must(maker_append(writer->network), &writer->network->err, "a roster entry");
    writer->count = writer->bytes = 0;
}

static void roster_add(struct roster_writer *writer, const struct hash *group,
                       const struct hash *transport_key, uint32_t number)
{
    struct admission admission = {.group = *group,
                                  .type = GROUP_SAVINGS,
                                  .transport_key = *transport_key};
    (void)snprintf(admission.name, sizeof admission.name, "กลุ่มออมทรัพย์ %" PRIu32, number);
    size_t size = admission_size(&admission);
    if (writer->count == ROSTER_ADMIT_MAX || writer->bytes + size > ADMISSIONS_MAX_BYTES) {
        roster_flush(writer);
    }
    writer->pending[writer->count++] = admission;
    writer->bytes += size;
}

/* --- homes --- */

struct home_of_bench {
    char path[PATH_TEXT_MAX];
    const char *address;
    uint32_t number;
    struct store *store;
    struct hash group, transport_key;
};

static void home_make(struct home_of_bench *home, const char *folder, const char *name)
{
    struct err err;
    struct profile profile;
    struct config config;
    char path[PATH_TEXT_MAX];
    (void)snprintf(home->path, sizeof home->path, "%s/%s", folder, name);
    if (mkdir(folder, 0700) != 0 || mkdir(home->path, 0700) != 0) {
        (void)mkdir(home->path, 0700);
    }
    maker_profile(home->number, GROUP_SAVINGS, &profile);
    profile.fields &= ~(unsigned)(PROFILE_SIGNING_KEY | PROFILE_TRANSPORT_KEY);
    must(store_create(home->path, &profile, NULL, store_env_system(), &err), &err, home->path);
    config_default(&config);
    (void)snprintf(config.listen, sizeof config.listen, "%s", home->address);
    must(home_path(home->path, "satcha.conf", path, &err), &err, "satcha.conf");
    must(config_write(path, &config, &err), &err, path);
    must(store_open(home->path, store_env_system(), &home->store, &err), &err, home->path);
    home->group = *store_own_group(home->store);
    home->transport_key = store_keys(home->store)->transport.public_key;
}

static void home_join(struct home_of_bench *home, const struct home_of_bench *other,
                      const struct maker *network)
{
    struct err err;
    static struct invite invite;
    memset(&invite, 0, sizeof invite);
    invite.network_id = network->id;
    memset(invite.network_key, 0x5a, sizeof invite.network_key);
    invite.genesis = buffer_view(&network->items[0].leaf);
    maker_head(network, network->count, &invite.head);
    invite.contact_count = 1;
    invite.contacts[0].group = other->group;
    invite.contacts[0].transport_key = other->transport_key;
    (void)snprintf(invite.contacts[0].address, sizeof invite.contacts[0].address, "%s",
                   other->address);
    must(store_join(home->store, &invite, &err), &err, "joining");
    give_network(home->store, network);
}

/* --- all of it --- */

struct totals {
    uint64_t entries, bytes;
    int64_t cash;
    struct hash first;
};

/* Group ids of groups of which nothing is held: no genesis is needed. */
static void rostered_only(uint32_t number, struct book_of_one *book)
{
    memset(book, 0, sizeof *book);
    maker_other_id(1000 + number, &book->group);
    uint8_t seed[SEED_BYTES];
    memcpy(seed, book->group.bytes, sizeof seed);
    transport_key_from_seed(&book->transport, seed);
}

/* Entries of group `number` of `groups`: equal shares, at least the genesis. */
static uint64_t share(uint64_t entries, uint32_t groups, uint32_t number)
{
    return entries * number / groups - entries * (number - 1) / groups;
}

static void make_all(uint32_t groups, uint64_t entries, struct home_of_bench *giver,
                     struct home_of_bench *taker, struct totals *totals)
{
    struct book_of_one book;
    struct err err;
    static struct maker network;
    static struct roster_writer writer;
    maker_init(&network, NETWORK, GROUP_NETWORK);
    network.fold->admitted = not_looked_up;
    network.fold->is_rostered = never_rostered;
    writer.network = &network;
    roster_add(&writer, &giver->group, &giver->transport_key, GIVER);
    roster_add(&writer, &taker->group, &taker->transport_key, TAKER);
    for (uint32_t number = 1; number <= groups; number++) {
        if (entries == 0) {
            rostered_only(number, &book);
        } else {
            book_make(&book, number, 1);
        }
        roster_add(&writer, &book.group, &book.transport.public_key, number);
        book_free(&book);
    }
    roster_flush(&writer);
    home_join(giver, taker, &network);
    home_join(taker, giver, &network);
    for (uint32_t number = 1; entries > 0 && number <= groups; number++) {
        book_make(&book, number, share(entries, groups, number));
        give_book(giver->store, &book);
        totals->entries += book.count;
        totals->bytes += book.leaf_bytes;
        totals->cash += book.cash;
        if (number == 1) {
            totals->first = book.group;
        }
        book_free(&book);
    }
    must(store_commit(giver->store, NULL, NULL, &err), &err, "a commit");
    maker_free(&network);
}

static void print_hash(const char *key, const struct hash *hash)
{
    char text[HEX_HASH_MAX];
    printf(", \"%s\": \"%s\"", key, hash_format(hash, text));
}

int main(int argc, char **argv)
{
    struct totals totals = {0};
    struct home_of_bench giver = {.number = GIVER};
    struct home_of_bench taker = {.number = TAKER};
    char *end[2];
    if (argc != 6) {
        fputs("usage: bench_make FOLDER GROUPS ENTRIES GIVER-ADDRESS TAKER-ADDRESS\n", stderr);
        return 2;
    }
    unsigned long groups = strtoul(argv[2], &end[0], 10);
    unsigned long entries = strtoul(argv[3], &end[1], 10);
    if (*end[0] || *end[1] || groups < 1 || groups > GROUPS_MAX ||
        (entries > 0 && entries < groups)) {
        fputs("bench_make: at least one group, and an entry for each\n", stderr);
        return 2;
    }
    crypto_init();
    giver.address = argv[4];
    taker.address = argv[5];
    home_make(&giver, argv[1], "giver");
    home_make(&taker, argv[1], "taker");
    make_all((uint32_t)groups, entries, &giver, &taker, &totals);
    printf("{\"groups\": %lu, \"entries\": %" PRIu64 ", \"bytes\": %" PRIu64
           ", \"satang\": %" PRId64,
           groups, totals.entries, totals.bytes, totals.cash);
    print_hash("first", &totals.first);
    print_hash("giver", &giver.group);
    print_hash("taker", &taker.group);
    puts("}");
    store_close(giver.store);
    store_close(taker.store);
    return 0;
}

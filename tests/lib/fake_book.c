/* The node in memory: see the header. */
#include "tests/lib/fake_book.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- ledgers --- */

static void level_push(struct fake_level *level, const struct hash *node)
{
    if (level->count == level->capacity) {
        size_t capacity = level->capacity == 0 ? 4 : level->capacity * 2;
        struct hash *grown = calloc(capacity, sizeof *grown);

        assert(grown != NULL);
        if (level->count > 0) {
            memcpy(grown, level->node, level->count * sizeof *grown);
        }
        free(level->node);
        level->node = grown;
        level->capacity = capacity;
    }
    level->node[level->count++] = *node;
}

static void ledger_push(struct fake_ledger *ledger, struct bytes leaf)
{
    uint8_t length[2] = {(uint8_t)(leaf.len >> 8), (uint8_t)leaf.len};
    struct hash hash;

    if (ledger->count == ledger->capacity) {
        size_t capacity = ledger->capacity == 0 ? 4 : ledger->capacity * 2;
        size_t *grown = calloc(capacity, sizeof *grown);

        assert(grown != NULL);
        if (ledger->count > 0) {
            memcpy(grown, ledger->start, ledger->count * sizeof *grown);
        }
        free(ledger->start);
        ledger->start = grown;
        ledger->capacity = capacity;
    }
    ledger->start[ledger->count++] = ledger->leaves.len;
    buffer_append(&ledger->leaves, length, sizeof length);
    buffer_append(&ledger->leaves, leaf.data, leaf.len);
    merkle_leaf_hash(&hash, leaf);
    merkle_edge_append(&ledger->edge, &hash);
    level_push(&ledger->level[0], &hash);
    for (unsigned l = 0; l + 1 < FAKE_LEVELS && ledger->level[l].count % 2 == 0; l++) {
        const struct hash *pair = &ledger->level[l].node[ledger->level[l].count - 2];

        merkle_node_hash(&hash, &pair[0], &pair[1]);
        level_push(&ledger->level[l + 1], &hash);
    }
}

static enum err_code ledger_node(void *context, unsigned level, uint64_t index, struct hash *out)
{
    const struct fake_ledger *ledger = context;

    if (level >= FAKE_LEVELS || index >= ledger->level[level].count) {
        return E_NO_DATA;
    }
    *out = ledger->level[level].node[index];
    return OK;
}

static void ledger_clear(struct fake_ledger *ledger)
{
    buffer_free(&ledger->leaves);
    free(ledger->start);
    for (unsigned l = 0; l < FAKE_LEVELS; l++) {
        free(ledger->level[l].node);
    }
    for (uint64_t i = 0; i < ledger->links; i++) {
        buffer_free(&ledger->link[i].packed);
    }
    free(ledger->link);
}

static struct fake_ledger *find(struct fake_book *book, const struct hash *group)
{
    for (size_t i = 0; i < book->count; i++) {
        if (hash_equal(&book->ledgers[i].group, group)) {
            return &book->ledgers[i];
        }
    }
    return NULL;
}

/* For what the session asks about: it never names a group that the map does not have. */
static struct fake_ledger *known(struct fake_book *book, const struct hash *group)
{
    struct fake_ledger *ledger = find(book, group);

    assert(ledger != NULL);
    return ledger;
}

static void set_map(struct fake_book *book, const struct fake_ledger *ledger)
{
    struct map_item item = {.group = ledger->group,
                            .epoch = ledger->head.epoch,
                            .size = ledger->head.size,
                            .root = ledger->head.root};

    if (ledger->frozen) {
        map_frozen_item(&ledger->group, &item);
    }
    assert(map_set(book->book.map, &item));
}

static void grow_links(struct fake_ledger *ledger)
{
    uint64_t capacity = ledger->link_capacity == 0 ? 1 : ledger->link_capacity * 2;
    struct fake_link *grown = calloc((size_t)capacity, sizeof *grown);

    assert(grown != NULL);
    if (ledger->links > 0) {
        memcpy(grown, ledger->link, (size_t)ledger->links * sizeof *grown);
    }
    free(ledger->link);
    ledger->link = grown;
    ledger->link_capacity = capacity;
}

static void add_link(struct fake_ledger *ledger, const struct link *link)
{
    struct fake_link *kept;

    if (ledger->links == ledger->link_capacity) {
        grow_links(ledger);
    }
    kept = &ledger->link[ledger->links];
    assert(ledger->links < FAKE_LINKS_MAX && link->leaf.len == FAKE_KEY_LEAF_BYTES);
    buffer_init(&kept->packed, 0);
    link_pack(&kept->packed, link);
    kept->size = link->head.size;
    kept->root = link->head.root;
    memcpy(kept->signing_key.bytes, link->leaf.data + 1, HASH_BYTES);
    memcpy(kept->transport_key.bytes, link->leaf.data + 1 + HASH_BYTES, HASH_BYTES);
    ledger->links++;
}

/* --- serving --- */

static enum err_code book_head(void *context, const struct hash *group, struct head *head)
{
    const struct fake_ledger *ledger = find(context, group);

    if (ledger == NULL || ledger->head.size == 0) {
        return E_NO_DATA;
    }
    if (ledger->frozen) {
        return E_FORKED;
    }
    *head = ledger->head;
    return OK;
}

static uint64_t book_link_count(void *context, const struct hash *group)
{
    const struct fake_ledger *ledger = find(context, group);

    return ledger == NULL ? 0 : ledger->links;
}

static enum err_code book_read_link(void *context, const struct hash *group, uint64_t number,
                                    struct buffer *out)
{
    const struct fake_ledger *ledger = find(context, group);

    if (ledger == NULL || number >= ledger->links) {
        return E_NO_DATA;
    }
    buffer_append(out, ledger->link[number].packed.data, ledger->link[number].packed.len);
    return OK;
}

static enum err_code book_root_at(void *context, const struct hash *group, uint64_t size,
                                  struct hash *root)
{
    struct fake_ledger *ledger = find(context, group);
    const struct merkle_source source = {ledger_node, ledger};

    if (ledger == NULL || size > ledger->count) {
        return E_NO_DATA;
    }
    return merkle_root_at(&source, size, root);
}

static enum err_code book_prove(void *context, const struct hash *group, uint64_t from, uint64_t to,
                                struct merkle_proof *proof)
{
    struct fake_ledger *ledger = find(context, group);
    const struct merkle_source source = {ledger_node, ledger};

    if (ledger == NULL || to > ledger->count) {
        return E_NO_DATA;
    }
    return merkle_consistency_proof(&source, from, to, proof);
}

static size_t leaf_end(const struct fake_ledger *ledger, uint64_t index)
{
    return index + 1 < ledger->count ? ledger->start[index + 1] : ledger->leaves.len;
}

static enum err_code book_read_leaves(void *context, const struct hash *group, uint64_t from,
                                      uint64_t to, size_t max_bytes, struct buffer *out,
                                      uint64_t *count)
{
    const struct fake_book *book = context;
    const struct fake_ledger *ledger = find(context, group);
    uint64_t end = from;
    size_t before = out->len;

    if (ledger == NULL || from >= to || to > ledger->count) {
        return E_NO_DATA;
    }
    while (end < to && leaf_end(ledger, end) - ledger->start[from] <= max_bytes) {
        end++;
    }
    buffer_append(out, ledger->leaves.data + ledger->start[from],
                  leaf_end(ledger, end - 1) - ledger->start[from]);
    if (book->flip_after > 0 && end > book->flip_after && out->len > before) {
        out->data[out->len - 1] ^= 1;
    }
    *count = end - from;
    return OK;
}

static bool book_peer_own_head(void *context, const struct hash *peer, struct head *head,
                               struct start_count *starts)
{
    struct fake_book *book = context;
    const struct fake_ledger *ledger = find(book, peer);

    *starts = book->peer_starts;
    if (ledger == NULL || ledger->head.size == 0) {
        return false;
    }
    *head = ledger->head;
    return true;
}

/* --- pulling --- */

static void book_held(void *context, const struct hash *group, struct want *want)
{
    const struct fake_ledger *ledger = known(context, group);

    want->epoch = ledger->head.epoch;
    want->have = ledger->count;
    want->links = ledger->links;
}

static bool book_claim(void *context, const struct session *session, const struct hash *group)
{
    struct fake_book *book = context;
    struct fake_ledger *ledger = known(context, group);

    if (ledger->claimed_by != NULL || hash_equal(group, &book->book.own_group)) {
        return false;
    }
    ledger->claimed_by = session;
    book->claims++;
    return true;
}

static void book_unclaim(void *context, const struct session *session, const struct hash *group)
{
    struct fake_book *book = context;
    struct fake_ledger *ledger = known(context, group);

    assert(ledger->claimed_by == session);
    ledger->claimed_by = NULL;
    book->claims--;
}

static enum err_code check_link(const struct fake_ledger *ledger, const struct link *link)
{
    const struct fake_link *last = &ledger->link[ledger->links - 1];
    struct hash leaf, key;
    enum err_code code;

    if (link->head.size <= last->size || !hash_equal(&link->head.group, &ledger->group)) {
        return E_PROOF;
    }
    merkle_leaf_hash(&leaf, link->leaf);
    memcpy(key.bytes, link->leaf.data + 1, HASH_BYTES);
    code = merkle_verify_inclusion(&leaf, link->head.size - 1, link->head.size, &link->inclusion,
                                   &link->head.root);
    if (code == OK) {
        code = merkle_verify_consistency(last->size, &last->root, link->head.size, &link->head.root,
                                         &link->consistency);
    }
    if (code == OK) {
        code = head_verify(&link->head, &last->signing_key);
    }
    return code == OK ? head_verify(&link->head, &key) : code;
}

static enum err_code book_take_link(void *context, const struct hash *group, uint64_t number,
                                    const struct link *link, struct err *err)
{
    struct fake_ledger *ledger = known(context, group);
    struct hash leaf;
    enum err_code code = OK;

    if (number != ledger->links || number == FAKE_LINKS_MAX) {
        return err_set(err, E_FRAME, "link out of order");
    }
    if (link->leaf.len != FAKE_KEY_LEAF_BYTES || link->leaf.data[0] != 'K') {
        return err_set(err, E_ENCODING, "no key leaf");
    }
    if (number == 0) {
        merkle_leaf_hash(&leaf, link->leaf);
        if (!hash_equal(&leaf, group) || link->head.size != 1 ||
            !hash_equal(&link->head.root, group)) {
            code = E_PROOF;
        }
    } else {
        code = check_link(ledger, link);
    }
    if (code != OK) {
        return err_set(err, code, "link %llu does not follow", (unsigned long long)number);
    }
    add_link(ledger, link);
    return OK;
}

static enum err_code freeze(struct fake_ledger *ledger, struct err *err)
{
    ledger->frozen = true;
    ledger->changed = true;
    return err_set(err, E_FORKED, "two heads");
}

/* The answer's root at what is held, against ours. */
static enum err_code check_prefix(struct fake_book *book, struct fake_ledger *ledger,
                                  const struct head_answer *answer, struct err *err)
{
    const struct head *head = &answer->head;
    struct hash ours;
    uint64_t at = answer->has_root ? answer->have : head->size;

    if (ledger->count == 0) {
        return OK;
    }
    if (answer->has_root && merkle_verify_consistency(at, &answer->root_at_have, head->size,
                                                      &head->root, &answer->proof) != OK) {
        return err_set(err, E_PROOF, "the head's proof does not verify");
    }
    if (book_root_at(book, &ledger->group, at, &ours) != OK) {
        return err_set(err, E_IO, "no root at %llu", (unsigned long long)at);
    }
    if (!hash_equal(&ours, answer->has_root ? &answer->root_at_have : &head->root)) {
        return freeze(ledger, err);
    }
    return OK;
}

static void complete(struct fake_ledger *ledger)
{
    if (ledger->count == ledger->target.size && ledger->target.size > ledger->head.size) {
        ledger->head = ledger->target;
        ledger->changed = true;
    }
}

static enum err_code book_take_head(void *context, const struct head_answer *answer,
                                    struct err *err)
{
    struct fake_book *book = context;
    struct fake_ledger *ledger = known(book, &answer->head.group);
    enum err_code code;

    if (ledger->links == 0) {
        return err_set(err, E_SIGNATURE, "no key chain");
    }
    if (head_verify(&answer->head, &ledger->link[ledger->links - 1].signing_key) != OK) {
        return err_set(err, E_SIGNATURE, "the signature does not verify");
    }
    code = check_prefix(book, ledger, answer, err);
    if (code != OK) {
        return code;
    }
    if (answer->head.size > ledger->head.size) {
        ledger->target = answer->head;
    }
    complete(ledger);
    return OK;
}

static enum err_code book_take_chunk(void *context, const struct chunk *chunk, struct err *err)
{
    struct fake_ledger *ledger = known(context, &chunk->group);
    struct merkle_edge edge = ledger->edge;
    struct bytes rest = chunk->leaves, leaf;
    struct hash root;
    uint64_t count = 0;
    bool failed = false;

    assert(chunk->start == ledger->count && chunk->head_size == ledger->target.size);
    while (chunk_leaf(&rest, &leaf, &failed)) {
        merkle_leaf_hash(&root, leaf);
        if (edge.size == 0 && !hash_equal(&root, &ledger->group)) {
            return err_set(err, E_LEAF, "not the group's genesis");
        }
        merkle_edge_append(&edge, &root);
        count++;
    }
    if (failed || count != chunk->count) {
        return err_set(err, E_FRAME, "leaves do not fit");
    }
    merkle_edge_root(&edge, &root);
    if (merkle_verify_consistency(edge.size, &root, ledger->target.size, &ledger->target.root,
                                  &chunk->proof) != OK) {
        return err_set(err, E_PROOF, "not under the signed head");
    }
    rest = chunk->leaves;
    while (chunk_leaf(&rest, &leaf, &failed)) {
        ledger_push(ledger, leaf);
    }
    complete(ledger);
    return OK;
}

static void book_peer_started(void *context, const struct hash *peer,
                              const struct start_count *starts)
{
    struct fake_book *book = context;

    (void)peer;
    book->peer_starts = *starts;
}

static bool book_peer_key_known(void *context, const struct hash *peer,
                                const struct hash *static_key)
{
    const struct fake_ledger *ledger = find(context, peer);

    return ledger != NULL && ledger->links > 0 &&
           hash_equal(&ledger->link[ledger->links - 1].transport_key, static_key);
}

static void book_own_head_heard(void *context, const struct hash *peer, const struct head *head,
                                const struct start_count *starts)
{
    struct fake_book *book = context;

    (void)peer;
    book->own_heads_heard++;
    if (head != NULL) {
        book->own_head = *head;
    }
    book->peer_starts = *starts;
}

/* --- making --- */

static void make_keys(struct fake_group *group, size_t number, unsigned seed)
{
    uint8_t bytes[SEED_BYTES] = {(uint8_t)(number >> 8), (uint8_t)number, (uint8_t)seed};

    bytes[3] = (uint8_t)(seed >> 8);
    sign_key_from_seed(&group->key, bytes);
    bytes[4] = 1;
    transport_key_from_seed(&group->transport, bytes);
}

static void make_key_leaf(const struct fake_group *group, uint8_t out[FAKE_KEY_LEAF_BYTES])
{
    out[0] = 'K';
    memcpy(out + 1, group->key.public_key.bytes, HASH_BYTES);
    memcpy(out + 1 + HASH_BYTES, group->transport.public_key.bytes, HASH_BYTES);
}

struct fake_group *fake_groups_new(size_t count, unsigned seed)
{
    struct fake_group *groups = calloc(count, sizeof *groups);

    assert(groups != NULL);
    for (size_t i = 0; i < count; i++) {
        make_keys(&groups[i], i, seed);
        make_key_leaf(&groups[i], groups[i].genesis);
        merkle_leaf_hash(&groups[i].id, bytes_of(groups[i].genesis, FAKE_KEY_LEAF_BYTES));
    }
    return groups;
}

struct fake_book *fake_book_new(struct fake_group *groups, size_t count, size_t own)
{
    struct fake_book *book = calloc(1, sizeof *book);
    struct map_item *items = calloc(count, sizeof *items);
    uint32_t *places = calloc(count, sizeof *places);

    assert(book != NULL && items != NULL && places != NULL);
    book->groups = groups;
    book->count = count;
    book->ledgers = calloc(count, sizeof *book->ledgers);
    assert(book->ledgers != NULL);
    for (size_t i = 0; i < count; i++) {
        book->ledgers[i].group = groups[i].id;
        buffer_init(&book->ledgers[i].leaves, 0);
        merkle_edge_init(&book->ledgers[i].edge);
        items[i].group = groups[i].id;
        places[i] = (uint32_t)(i % 7);
    }
    book->book = (struct book){.context = book,
                               .map = map_new(),
                               .own_group = groups[own].id,
                               .head = book_head,
                               .link_count = book_link_count,
                               .read_link = book_read_link,
                               .root_at = book_root_at,
                               .prove = book_prove,
                               .read_leaves = book_read_leaves,
                               .peer_own_head = book_peer_own_head,
                               .held = book_held,
                               .claim = book_claim,
                               .unclaim = book_unclaim,
                               .take_link = book_take_link,
                               .take_head = book_take_head,
                               .take_chunk = book_take_chunk,
                               .peer_started = book_peer_started,
                               .peer_key_known = book_peer_key_known,
                               .own_head_heard = book_own_head_heard};
    assert(book->book.map != NULL);
    assert(map_reset(book->book.map, items, places, count) == OK);
    free(items);
    free(places);
    return book;
}

void fake_book_free(struct fake_book *book)
{
    if (book == NULL) {
        return;
    }
    for (size_t i = 0; i < book->count; i++) {
        ledger_clear(&book->ledgers[i]);
    }
    map_free(book->book.map);
    free(book->ledgers);
    free(book);
}

static void sign_head(struct fake_book *book, size_t group)
{
    struct fake_ledger *ledger = &book->ledgers[group];

    ledger->head = (struct head){.group = ledger->group, .size = ledger->count};
    merkle_edge_root(&ledger->edge, &ledger->head.root);
    head_sign(&ledger->head, &book->groups[group].key);
    set_map(book, ledger);
}

static void push_genesis(struct fake_book *book, size_t group)
{
    struct fake_ledger *ledger = &book->ledgers[group];
    struct bytes leaf = bytes_of(book->groups[group].genesis, FAKE_KEY_LEAF_BYTES);
    struct link link = {.head = {.group = ledger->group, .size = 1, .root = ledger->group},
                        .leaf = leaf};

    ledger_push(ledger, leaf);
    if (ledger->links == 0) {
        add_link(ledger, &link);
    }
}

void fake_append(struct fake_book *book, size_t group, size_t count, size_t len, unsigned salt)
{
    struct fake_ledger *ledger = &book->ledgers[group];
    uint8_t leaf[ENTRY_MAX_BYTES] = {'D'};

    assert(len >= 16 && len <= sizeof leaf);
    if (ledger->count == 0) {
        push_genesis(book, group);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t number = ledger->count;

        memcpy(leaf + 1, &number, sizeof number);
        memcpy(leaf + 9, &salt, sizeof salt);
        ledger_push(ledger, bytes_of(leaf, len));
    }
    sign_head(book, group);
}

void fake_change_keys(struct fake_book *book, size_t group, unsigned seed)
{
    struct fake_ledger *ledger = &book->ledgers[group];
    const struct merkle_source source = {ledger_node, ledger};
    struct sign_key old = book->groups[group].key;
    uint8_t leaf[FAKE_KEY_LEAF_BYTES] = {0};
    struct link link = {.leaf = bytes_of(leaf, sizeof leaf)};

    make_keys(&book->groups[group], group, seed);
    make_key_leaf(&book->groups[group], leaf);
    ledger_push(ledger, link.leaf);
    sign_head(book, group);
    head_sign(&ledger->head, &old);
    link.head = ledger->head;
    assert(merkle_inclusion_proof(&source, ledger->count - 1, ledger->count, &link.inclusion) ==
           OK);
    assert(merkle_consistency_proof(&source, ledger->link[ledger->links - 1].size, ledger->count,
                                    &link.consistency) == OK);
    add_link(ledger, &link);
}

static void copy_links(struct fake_ledger *to, const struct fake_ledger *from, uint64_t count)
{
    for (uint64_t i = to->links; i < count; i++) {
        struct cursor cursor = cursor_of(buffer_view(&from->link[i].packed));
        struct link link;

        assert(link_read(&cursor, &link));
        add_link(to, &link);
    }
}

void fake_copy(struct fake_book *book, const struct fake_book *from, size_t group)
{
    struct fake_ledger *to = &book->ledgers[group];
    const struct fake_ledger *source = &from->ledgers[group];
    size_t at = to->count < source->count ? source->start[to->count] : source->leaves.len;
    struct bytes rest = bytes_of(source->leaves.data + at, source->leaves.len - at), leaf;
    bool failed = false;

    while (chunk_leaf(&rest, &leaf, &failed)) {
        ledger_push(to, leaf);
    }
    copy_links(to, source, source->links);
    to->head = source->head;
    set_map(book, to);
}

void fake_copy_genesis(struct fake_book *book, const struct fake_book *from, size_t group)
{
    copy_links(&book->ledgers[group], &from->ledgers[group], 1);
}

void fake_commit(struct fake_book *book, void (*changed)(void *context, const struct hash *group),
                 void *context)
{
    for (size_t i = 0; i < book->count; i++) {
        if (!book->ledgers[i].changed) {
            continue;
        }
        book->ledgers[i].changed = false;
        set_map(book, &book->ledgers[i]);
        changed(context, &book->ledgers[i].group);
    }
}

bool fake_books_equal(struct fake_book *a, struct fake_book *b)
{
    struct hash left, right;

    map_digest(a->book.map, &left);
    map_digest(b->book.map, &right);
    return hash_equal(&left, &right);
}

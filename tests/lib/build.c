/* The ledger maker. It keeps everything in memory and proves by plain recursion: slow and short. */
#include "tests/lib/build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t first_time_ms = UINT64_C(1767582000000); /* 2026-01-05 10:00 in Thailand */

/* --- keys --- */

static void seed_of(uint32_t number, const char *purpose, uint32_t generation,
                    uint8_t seed[SEED_BYTES])
{
    struct hash hash;
    const uint8_t figures[8] = {(uint8_t)(number >> 24),
                                (uint8_t)(number >> 16 & 0xff),
                                (uint8_t)(number >> 8 & 0xff),
                                (uint8_t)(number & 0xff),
                                (uint8_t)(generation >> 24),
                                (uint8_t)(generation >> 16 & 0xff),
                                (uint8_t)(generation >> 8 & 0xff),
                                (uint8_t)(generation & 0xff)};
    crypto_init(); /* every maker comes by here first */
    struct bytes parts[2] = {bytes_of_text(purpose), bytes_of(figures, sizeof figures)};
    hash_parts(&hash, parts, 2);
    memcpy(seed, hash.bytes, SEED_BYTES);
}

void maker_signing_key(uint32_t number, uint32_t generation, struct sign_key *key)
{
    uint8_t seed[SEED_BYTES];
    seed_of(number, "signing", generation, seed);
    sign_key_from_seed(key, seed);
}

void maker_officer_key(uint32_t number, uint32_t officer, struct sign_key *key)
{
    uint8_t seed[SEED_BYTES];
    seed_of(number, "officer", officer, seed);
    sign_key_from_seed(key, seed);
}

static void transport_key_of(uint32_t number, struct transport_key *key)
{
    uint8_t seed[SEED_BYTES];
    seed_of(number, "transport", 0, seed);
    transport_key_from_seed(key, seed);
}

void maker_other_id(uint32_t number, struct hash *id)
{
    seed_of(number, "other group", 0, id->bytes);
}

/* --- what the fold looks up --- */

static enum err_code past_root(void *context, uint64_t size, struct hash *root)
{
    const struct maker *maker = context;
    assert(size >= 1 && size <= maker->count);
    *root = maker->items[size - 1].root;
    return OK;
}

static enum err_code past_leaf(void *context, uint64_t index, struct bytes *leaf)
{
    const struct maker *maker = context;
    assert(index < maker->count);
    *leaf = buffer_view(&maker->items[index].leaf);
    return OK;
}

static bool past_valid(void *context, uint64_t index)
{
    const struct maker *maker = context;
    return maker->items[index].verdict == OK;
}

/* A replay has the whole ledger behind it: what comes after the entry judged is not yet past. */
static bool past_reversed(void *context, uint64_t index)
{
    const struct maker *maker = context;
    for (uint64_t i = 0; i < maker->fold->index && i < maker->count; i++) {
        const struct fold_marks *marks = &maker->items[i].marks;
        if (marks->reversed && marks->reversed_index == index) {
            return true;
        }
    }
    return false;
}

static bool past_approved(void *context, const struct hash *unsigned_hash)
{
    const struct maker *maker = context;
    for (uint64_t i = 0; i < maker->fold->index && i < maker->count; i++) {
        const struct fold_marks *marks = &maker->items[i].marks;
        if (marks->approved && hash_equal(&marks->approved_hash, unsigned_hash)) {
            return true;
        }
    }
    return false;
}

static bool past_link(void *context, uint64_t size)
{
    const struct maker *maker = context;
    for (unsigned i = 0; i < maker->link_count; i++) {
        if (maker->link_sizes[i] == size) {
            return true;
        }
    }
    return false;
}

static bool is_rostered(void *context, const struct hash *group)
{
    const struct maker *maker = context;
    for (unsigned i = 0; i < maker->rostered_count; i++) {
        if (maker->rostered_at[i] < maker->fold->index &&
            memcmp(maker->rostered[i].bytes, group->bytes, 8) == 0) {
            return true;
        }
    }
    return false;
}

static enum err_code admitted(void *context, const struct admission *admission, uint64_t index)
{
    struct maker *maker = context;
    if (index < maker->count) {
        return OK; /* a replay tells it again */
    }
    assert(maker->rostered_count < sizeof maker->rostered / sizeof *maker->rostered);
    maker->rostered_at[maker->rostered_count] = index;
    maker->rostered[maker->rostered_count++] = admission->group;
    return OK;
}

/* --- founding --- */

void maker_profile(uint32_t number, enum group_type type, struct profile *profile)
{
    struct sign_key key;
    struct transport_key transport;
    memset(profile, 0, sizeof *profile);
    policy_default(&profile->policy);
    profile->fields = PROFILE_KEYS | PROFILE_TYPE | PROFILE_CURRENCY | PROFILE_MINOR_DIGITS |
                      PROFILE_POLICY | PROFILE_NAME;
    profile->type = type;
    maker_signing_key(number, 0, &key);
    profile->signing_key = key.public_key;
    transport_key_of(number, &transport);
    profile->transport_key = transport.public_key;
    profile->officer_count = 3;
    for (uint32_t i = 0; i < MAKER_OFFICERS_MAX; i++) {
        struct officer *officer = &profile->officers[i];
        maker_officer_key(number, i + 1, &key);
        officer->number = i + 1;
        officer->key = key.public_key;
        officer->has_group = type == GROUP_NETWORK;
        if (officer->has_group) {
            maker_other_id(i + 1, &officer->group);
        }
    }
    profile->recovery_quorum = 2;
    memcpy(profile->currency, "THB", 4);
    profile->minor_digits = 2;
    memcpy(profile->name, "กลุ่ม", sizeof "กลุ่ม");
}

static void set_past(struct maker *maker)
{
    maker->past = (struct past){.context = maker,
                                .root_at = past_root,
                                .leaf = past_leaf,
                                .was_valid = past_valid,
                                .was_reversed = past_reversed,
                                .was_approved = past_approved,
                                .has_link = past_link};
    maker->fold->state = &maker->state;
    maker->fold->past = &maker->past;
    maker->fold->is_rostered = is_rostered;
    maker->fold->admitted = admitted;
    maker->fold->roster_context = maker;
}

void maker_found(struct maker *maker, uint32_t number, const struct profile *genesis)
{
    memset(maker, 0, sizeof *maker);
    maker->number = number;
    maker->draft = calloc(1, sizeof *maker->draft);
    maker->fold = calloc(1, sizeof *maker->fold);
    assert(maker->draft != NULL && maker->fold != NULL);
    buffer_init(&maker->terms, 0);
    merkle_edge_init(&maker->edge);
    ledger_state_init(&maker->state);
    set_past(maker);
    maker_signing_key(number, 0, &maker->signing);
    transport_key_of(number, &maker->transport);
    for (uint32_t i = 0; i < MAKER_OFFICERS_MAX; i++) {
        maker_officer_key(number, i + 1, &maker->officers[i]);
    }
    maker_begin(maker, KIND_GENESIS);
    buffer_clear(&maker->terms);
    terms_profile_pack(&maker->terms, genesis, NULL);
    struct bytes leaf = maker_leaf(maker);
    merkle_leaf_hash(&maker->id, leaf);
    maker->fold->group = maker->id;
    maker->link_count = 1;
    maker->link_sizes[0] = 1;
    (void)maker_append_leaf(maker, leaf);
    struct link *first = &maker->links[0];
    first->head.group = maker->id;
    first->head.size = 1;
    first->head.root = maker->id;
    first->leaf = buffer_view(&maker->items[0].leaf);
}

void maker_init(struct maker *maker, uint32_t number, enum group_type type)
{
    struct profile genesis;
    maker_profile(number, type, &genesis);
    maker_found(maker, number, &genesis);
    assert(maker->items[0].verdict == OK);
}

void maker_free(struct maker *maker)
{
    for (size_t i = 0; i < maker->count; i++) {
        buffer_free(&maker->items[i].leaf);
    }
    free(maker->items);
    free(maker->draft);
    free(maker->fold);
    buffer_free(&maker->terms);
    memset(maker, 0, sizeof *maker);
}

/* --- the draft --- */

struct entry *maker_begin(struct maker *maker, enum kind kind)
{
    struct entry *draft = maker->draft;
    draft->version = ENTRY_VERSION;
    draft->kind = kind;
    draft->time_ms = first_time_ms + 1000 * (uint64_t)maker->count;
    draft->date = 20458; /* 2026-01-05 */
    draft->actor = 1;
    draft->ref_count = 0;
    draft->post_count = 0;
    draft->has_body = false;
    draft->approval_count = 0;
    buffer_clear(&maker->terms);
    terms_empty_pack(&maker->terms, NULL);
    draft->terms = buffer_view(&maker->terms);
    return draft;
}

/* A body commitment of no body: the rules see only that there is one. */
static void some_body(struct maker *maker)
{
    maker->draft->has_body = true;
    seed_of(maker->number, "body", (uint32_t)maker->count, maker->draft->body.bytes);
}

void maker_event(struct maker *maker, uint32_t event)
{
    struct post_terms terms = {.event = event};
    buffer_clear(&maker->terms);
    terms_post_pack(&maker->terms, &terms, NULL);
    some_body(maker);
}

void maker_line(struct maker *maker, uint16_t account, int64_t satang)
{
    assert(maker->draft->post_count < ENTRY_POSTS_MAX);
    struct post *post = &maker->draft->posts[maker->draft->post_count++];
    memset(post, 0, sizeof *post);
    post->account = account;
    post->amount = amount_of(satang);
}

void maker_change(struct maker *maker, int64_t members)
{
    struct member_terms terms = {members};
    buffer_clear(&maker->terms);
    terms_member_pack(&maker->terms, &terms, NULL);
}

void maker_topic(struct maker *maker, const char *topic)
{
    struct note_terms terms = {.topic = bytes_of_text(topic)};
    buffer_clear(&maker->terms);
    terms_note_pack(&maker->terms, &terms, NULL);
}

void maker_amend(struct maker *maker, const struct profile *change)
{
    maker_begin(maker, KIND_AMEND);
    buffer_clear(&maker->terms);
    terms_profile_pack(&maker->terms, change, NULL);
    maker_cite(maker, maker->count - 1);
}

void maker_admit(struct maker *maker, const struct admission *admissions, size_t count)
{
    maker_begin(maker, KIND_ROSTER);
    buffer_clear(&maker->terms);
    terms_roster_pack(&maker->terms, admissions, count, NULL);
    maker_cite(maker, maker->count - 1);
}

void maker_cite(struct maker *maker, uint64_t index)
{
    assert(maker->draft->ref_count < ENTRY_REFS_MAX);
    struct ref *ref = &maker->draft->refs[maker->draft->ref_count++];
    memset(ref, 0, sizeof *ref);
    ref->own = true;
    ref->index = index;
    maker_root(maker, index + 1, &ref->root);
}

void maker_approve(struct maker *maker, uint32_t officer)
{
    assert(officer >= 1 && officer <= MAKER_OFFICERS_MAX);
    maker_approve_by(maker, officer, &maker->officers[officer - 1]);
}

void maker_approve_by(struct maker *maker, uint32_t officer, const struct sign_key *key)
{
    struct hash hash;
    uint8_t message[APPROVAL_MESSAGE_BYTES];
    struct entry *draft = maker->draft;
    unsigned before = draft->approval_count;
    draft->terms = buffer_view(&maker->terms);
    enum err_code code = entry_sort(draft, &maker->err);
    assert(code == OK);
    code = entry_hash_to_approve(draft, &hash, &maker->err);
    assert(code == OK && before < ENTRY_APPROVALS_MAX);
    entry_approval_message(&maker->id, &hash, message);
    struct approval *approval = &draft->approvals[draft->approval_count++];
    approval->officer = officer;
    sign_message(&approval->signature, key, bytes_of(message, sizeof message));
}

struct bytes maker_leaf(struct maker *maker)
{
    static struct buffer leaf;
    buffer_clear(&leaf);
    maker->draft->terms = buffer_view(&maker->terms);
    enum err_code code = entry_sort(maker->draft, &maker->err);
    assert(code == OK);
    code = entry_encode(maker->draft, &leaf, &maker->err);
    assert(code == OK && !leaf.failed);
    return buffer_view(&leaf);
}

/* --- appending --- */

static struct maker_item *new_item(struct maker *maker)
{
    if (maker->count == maker->cap) {
        size_t cap = maker->cap == 0 ? 16 : 2 * maker->cap;
        struct maker_item *items = realloc(maker->items, cap * sizeof *items);
        assert(items != NULL);
        maker->items = items;
        maker->cap = cap;
    }
    struct maker_item *item = &maker->items[maker->count];
    memset(item, 0, sizeof *item);
    return item;
}

enum err_code maker_append_leaf(struct maker *maker, struct bytes leaf)
{
    struct maker_item *item = new_item(maker);
    item->verdict = fold_leaf(maker->fold, leaf, &maker->err);
    if (item->verdict == OK) {
        item->marks = maker->fold->marks;
    }
    buffer_init(&item->leaf, 0);
    buffer_append(&item->leaf, leaf.data, leaf.len);
    merkle_leaf_hash(&item->leaf_hash, leaf);
    merkle_edge_append(&maker->edge, &item->leaf_hash);
    merkle_edge_root(&maker->edge, &item->root);
    maker->count++;
    return item->verdict;
}

enum err_code maker_append(struct maker *maker)
{
    return maker_append_leaf(maker, maker_leaf(maker));
}

enum err_code maker_post(struct maker *maker, uint32_t event, uint16_t debit, uint16_t credit,
                         int64_t satang)
{
    maker_begin(maker, KIND_POST);
    maker_event(maker, event);
    maker_line(maker, debit, satang);
    maker_line(maker, credit, -satang);
    return maker_append(maker);
}

enum err_code maker_note(struct maker *maker, const char *topic)
{
    maker_begin(maker, KIND_NOTE);
    maker_topic(maker, topic);
    return maker_append(maker);
}

enum err_code maker_append_link(struct maker *maker, const struct sign_key *const *keys,
                                unsigned count)
{
    assert(maker->link_count < MAKER_LINKS_MAX);
    struct link *link = &maker->links[maker->link_count];
    maker->link_sizes[maker->link_count++] = maker->count + 1;
    enum err_code code = maker_append(maker);
    memset(link, 0, sizeof *link);
    link->head.group = maker->id;
    link->head.size = maker->count;
    link->head.root = maker->items[maker->count - 1].root;
    for (unsigned i = 0; i < count; i++) {
        head_sign(&link->head, keys[i]);
    }
    link->leaf = buffer_view(&maker->items[maker->count - 1].leaf);
    maker_inclusion(maker, maker->count - 1, maker->count, &link->inclusion);
    maker_consistency(maker, maker->links[maker->link_count - 2].head.size, maker->count,
                      &link->consistency);
    return code;
}

enum err_code maker_change_key(struct maker *maker, uint32_t generation)
{
    struct profile change;
    struct sign_key next;
    maker_signing_key(maker->number, generation, &next);
    memset(&change, 0, sizeof change);
    change.fields = PROFILE_SIGNING_KEY;
    change.signing_key = next.public_key;
    maker_amend(maker, &change);
    maker_approve(maker, 1);
    const struct sign_key *keys[2] = {&maker->signing, &next};
    enum err_code code = maker_append_link(maker, keys, 2);
    maker->signing = next;
    return code;
}

/* --- evidence --- */

void maker_root(const struct maker *maker, uint64_t size, struct hash *root)
{
    assert(size >= 1 && size <= maker->count);
    *root = maker->items[size - 1].root;
}

void maker_head(const struct maker *maker, uint64_t size, struct head *head)
{
    memset(head, 0, sizeof *head);
    head->group = maker->id;
    head->size = size;
    maker_root(maker, size, &head->root);
    head_sign(head, &maker->signing);
}

static enum err_code subtree(void *context, unsigned level, uint64_t index, struct hash *out)
{
    const struct maker *maker = context;
    if (level == 0) {
        assert(index < maker->count);
        *out = maker->items[index].leaf_hash;
        return OK;
    }
    struct hash left;
    struct hash right;
    (void)subtree(context, level - 1, 2 * index, &left);
    (void)subtree(context, level - 1, 2 * index + 1, &right);
    merkle_node_hash(out, &left, &right);
    return OK;
}

static struct merkle_source source_of(const struct maker *maker)
{
    union {
        const void *given;
        void *context; /* subtree() only reads */
    } view = {maker};
    struct merkle_source source = {subtree, view.context};
    return source;
}

void maker_consistency(const struct maker *maker, uint64_t from, uint64_t to,
                       struct merkle_proof *proof)
{
    struct merkle_source source = source_of(maker);
    enum err_code code = merkle_consistency_proof(&source, from, to, proof);
    assert(code == OK);
}

void maker_inclusion(const struct maker *maker, uint64_t index, uint64_t size,
                     struct merkle_proof *proof)
{
    struct merkle_source source = source_of(maker);
    enum err_code code = merkle_inclusion_proof(&source, index, size, proof);
    assert(code == OK);
}

void maker_leaves(const struct maker *maker, uint64_t from, uint64_t to, struct buffer *out)
{
    for (uint64_t i = from; i < to; i++) {
        struct bytes leaf = buffer_view(&maker->items[i].leaf);
        const uint8_t length[2] = {(uint8_t)(leaf.len >> 8), (uint8_t)(leaf.len & 0xff)};
        buffer_append(out, length, sizeof length);
        buffer_append(out, leaf.data, leaf.len);
    }
}

void maker_replay(struct maker *maker, struct ledger_state *state, uint64_t to)
{
    maker->fold->state = state;
    while (state->size < to && state->status == LEDGER_OK) {
        struct bytes leaf = buffer_view(&maker->items[state->size].leaf);
        (void)fold_leaf(maker->fold, leaf, NULL);
    }
    maker->fold->state = &maker->state;
}

void maker_admission(const struct maker *of, const char *name, struct admission *admission)
{
    size_t len = strlen(name);
    assert(len <= NAME_MAX_BYTES);
    memset(admission, 0, sizeof *admission);
    admission->group = of->id;
    memcpy(admission->name, name, len);
    admission->type = of->state.profile.type;
    admission->transport_key = of->transport.public_key;
}

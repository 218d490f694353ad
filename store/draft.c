/* What the author's node adds to a draft: the time, roots of refs, posts summed from the private
 * lines, salts and the commitment to them, new keys, approvals; then the canonical bytes. */
#include "store/draft.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "store/ledger.h"

enum err_code building_make(struct building **ret, struct store *store, struct err *err)
{
    struct building *building = calloc(1, sizeof *building);
    if (building == NULL) {
        return err_set(err, E_MEMORY, "out of memory for an entry");
    }
    building->store = store;
    buffer_init(&building->leaf, ENTRY_MAX_BYTES);
    *ret = building;
    return OK;
}

void building_free(struct building *building)
{
    if (building == NULL) {
        return;
    }
    buffer_free(&building->terms);
    buffer_free(&building->body);
    buffer_free(&building->line);
    buffer_free(&building->leaf);
    home_keys_wipe(&building->keys);
    free(building);
}

/* --- refs --- */

static enum err_code fill_ref(struct building *building, struct ref *ref, struct err *err)
{
    struct store *store = building->store;
    struct ledger *other;
    enum err_code code = OK;
    if (ref->own && ref->index == UINT64_MAX && building->index > 0) {
        ref->index = building->index - 1;
    }
    if (ref->own) {
        if (ref->index >= building->index) {
            return err_set(err, E_REF, "entry %" PRIu64 " is not written yet: there are %" PRIu64,
                           ref->index, building->index);
        }
        code = ledger_root_at(store, building->ledger, ref->index + 1, &ref->root);
    } else {
        code = ledger_find(store, &ref->group, &other, err);
        if (code == E_NO_DATA || (code == OK && ref->index >= other->size)) {
            return err_set(err, E_REF, "entry %" PRIu64 " of that group is not held here",
                           ref->index);
        }
        if (code == OK) {
            code = ledger_root_at(store, other, ref->index + 1, &ref->root);
        }
    }
    return code == OK ? OK : err_set(err, code, "a cited entry cannot be read: run satcha verify");
}

static enum err_code fill_refs(struct building *building, const struct draft *draft,
                               struct err *err)
{
    struct entry *entry = &building->entry;
    enum err_code code = OK;
    if (draft->ref_count > ENTRY_REFS_MAX) {
        return err_set(err, E_LIMIT, "%u refs: an entry has at most %d", draft->ref_count,
                       ENTRY_REFS_MAX);
    }
    entry->ref_count = draft->ref_count;
    for (unsigned i = 0; i < draft->ref_count && code == OK; i++) {
        entry->refs[i] = draft->refs[i];
        code = fill_ref(building, &entry->refs[i], err);
    }
    return code;
}

/* --- posts and body --- */

/* Gross debits and credits by row of the chart, from the private lines. */
struct sums {
    struct amount debit[ACCOUNTS_MAX];
    struct amount credit[ACCOUNTS_MAX];
};

static enum err_code sum_lines(struct sums *sums, const struct draft *draft, struct err *err)
{
    memset(sums, 0, sizeof *sums);
    for (size_t i = 0; i < draft->line_count; i++) {
        const struct body_line *line = &draft->lines[i];
        int row = account_row(line->account);
        if (row < 0) {
            return err_set(err, E_ACCOUNT, "account %u is not in the chart (satcha accounts)",
                           (unsigned)line->account);
        }
        struct amount *sum = amount_sign(line->amount) > 0 ? &sums->debit[row] : &sums->credit[row];
        if (!amount_add(*sum, line->amount, sum)) {
            return err_set(err, E_OVERFLOW, "the lines of account %u do not fit one entry",
                           (unsigned)line->account);
        }
    }
    return OK;
}

static void add_post(struct entry *entry, unsigned row, struct amount amount)
{
    if (amount_sign(amount) != 0) {
        struct post *post = &entry->posts[entry->post_count++];
        memset(post, 0, sizeof *post);
        post->account = account_at(row)->code;
        post->amount = amount;
    }
}

static enum err_code fill_posts(struct building *building, const struct draft *draft,
                                struct err *err)
{
    struct entry *entry = &building->entry;
    static_assert(2 * ACCOUNTS_MAX <= ENTRY_POSTS_MAX, "all accounts fit an entry");
    if (draft->line_count > 0) {
        struct sums sums;
        enum err_code code = sum_lines(&sums, draft, err);
        for (unsigned row = 0; code == OK && row < account_count(); row++) {
            add_post(entry, row, sums.debit[row]);
            add_post(entry, row, sums.credit[row]);
        }
        return code;
    }
    if (draft->post_count > ENTRY_POSTS_MAX) {
        return err_set(err, E_LIMIT, "%u posts: an entry has at most %d", draft->post_count,
                       ENTRY_POSTS_MAX);
    }
    for (unsigned i = 0; i < draft->post_count; i++) {
        entry->posts[i] = draft->posts[i];
    }
    entry->post_count = draft->post_count;
    return OK;
}

enum { SALTS_AT_A_TIME = 256 };

/* Salts are drawn many at a time: a call of the kernel each would cost more than the line. Never
 * more than the entry needs: most entries have two lines. */
struct salts {
    const struct store_env *env;
    size_t wanted; /* not drawn yet */
    size_t next, drawn;
    uint8_t bytes[SALTS_AT_A_TIME][BODY_SALT_BYTES];
};

static const uint8_t *next_salt(struct salts *salts)
{
    if (salts->next == salts->drawn) {
        salts->drawn = salts->wanted < SALTS_AT_A_TIME ? salts->wanted : SALTS_AT_A_TIME;
        salts->wanted -= salts->drawn;
        salts->next = 0;
        salts->env->random(salts->env->context, salts->bytes, salts->drawn * BODY_SALT_BYTES);
    }
    return salts->bytes[salts->next++];
}

static void fill_body_lines(struct building *building, const struct draft *draft)
{
    struct salts salts;
    salts.env = &building->store->env;
    salts.wanted = draft->line_count + draft->member_line_count;
    salts.next = salts.drawn = 0;
    for (size_t i = 0; i < draft->line_count; i++) {
        buffer_clear(&building->line);
        body_line_pack(&building->line, &draft->lines[i]);
        body_append(&building->body, next_salt(&salts), buffer_view(&building->line));
    }
    for (size_t i = 0; i < draft->member_line_count; i++) {
        buffer_clear(&building->line);
        member_line_pack(&building->line, &draft->member_lines[i]);
        body_append(&building->body, next_salt(&salts), buffer_view(&building->line));
    }
    sodium_memzero(&salts, sizeof salts);
}

static enum err_code fill_body(struct building *building, const struct draft *draft,
                               struct err *err)
{
    size_t lines = draft->line_count + draft->member_line_count;
    uint32_t count;
    buffer_clear(&building->body);
    if (lines == 0) {
        return OK;
    }
    if (lines > BODY_LINES_MAX) {
        return err_set(err, E_LIMIT, "%zu lines: one entry has at most %d; split the day", lines,
                       BODY_LINES_MAX);
    }
    fill_body_lines(building, draft);
    if (building->body.failed) {
        return err_set(err, E_MEMORY, "out of memory for %zu lines", lines);
    }
    enum err_code code = body_commit(buffer_view(&building->body), &building->entry.body, &count);
    if (code != OK) {
        return err_set(err, code, "the lines do not make a body");
    }
    building->entry.has_body = true;
    return OK;
}

/* --- keys --- */

/* Puts the next generation of keys into an amend's terms. */
static enum err_code fill_keys(struct building *building, const struct draft *draft,
                               struct err *err)
{
    struct profile change;
    building->changes_keys = false;
    building->entry.terms = draft->terms;
    if (draft->kind != KIND_AMEND) {
        return OK;
    }
    enum err_code code = terms_profile_read(draft->terms, KIND_AMEND, &change, err);
    if (code != OK) {
        return code;
    }
    building->keys = building->store->keys;
    if (draft->new_signing_key || draft->new_transport_key) {
        building->keys.signing_generation += draft->new_signing_key ? 1 : 0;
        building->keys.transport_generation += draft->new_transport_key ? 1 : 0;
        home_keys_derive(&building->keys);
        change.signing_key = building->keys.signing.public_key;
        change.transport_key = building->keys.transport.public_key;
        change.fields |= draft->new_signing_key ? PROFILE_SIGNING_KEY : 0;
        change.fields |= draft->new_transport_key ? PROFILE_TRANSPORT_KEY : 0;
        buffer_clear(&building->terms);
        terms_profile_pack(&building->terms, &change, draft->operation_tag);
        if (building->terms.failed) {
            return err_set(err, E_MEMORY, "out of memory for an amend");
        }
        building->entry.terms = buffer_view(&building->terms);
    }
    building->changes_keys = profile_changes_keys(&change);
    return OK;
}

/* --- approvals --- */

static enum err_code fill_approvals(struct building *building, const struct draft *draft,
                                    struct err *err)
{
    struct entry *entry = &building->entry;
    struct hash unsigned_hash;
    uint8_t message[APPROVAL_MESSAGE_BYTES];
    if (draft->officer_key_count > ENTRY_APPROVALS_MAX) {
        return err_set(err, E_LIMIT, "%u approvals: an entry has at most %d",
                       draft->officer_key_count, ENTRY_APPROVALS_MAX);
    }
    entry->approval_count = 0;
    if (draft->officer_key_count == 0) {
        return OK;
    }
    enum err_code code = entry_hash_to_approve(entry, &unsigned_hash, err);
    if (code != OK) {
        return code;
    }
    entry_approval_message(&building->group, &unsigned_hash, message);
    for (unsigned i = 0; i < draft->officer_key_count; i++) {
        const struct officer_key *key = &draft->officer_keys[i];
        struct approval *approval = &entry->approvals[entry->approval_count++];
        approval->officer = key->number;
        sign_message(&approval->signature, &key->key, bytes_of(message, sizeof message));
    }
    return entry_sort(entry, err);
}

/* --- all of it --- */

static enum err_code check_kind(const struct draft *draft, struct err *err)
{
    const struct kind_row *row = kind_find(draft->kind);
    if (row == NULL) {
        return err_set(err, E_KIND, "there is no kind of entry %d", (int)draft->kind);
    }
    if ((row->flags & KIND_NOT_YET) != 0) {
        return err_set(err, E_NOT_YET, "entries of kind %s are for a later version of satcha",
                       row->name);
    }
    return OK;
}

static void start_entry(struct building *building, const struct draft *draft)
{
    struct entry *entry = &building->entry;
    entry->version = ENTRY_VERSION;
    entry->kind = draft->kind;
    entry->date = draft->date;
    entry->time_ms = store_now_ms(building->store);
    entry->actor = draft->actor;
    entry->ref_count = 0;
    entry->post_count = 0;
    entry->has_body = false;
    entry->approval_count = 0;
}

enum err_code draft_build(struct building *building, const struct draft *draft, struct err *err)
{
    enum err_code code = check_kind(draft, err);
    if (code != OK) {
        return code;
    }
    start_entry(building, draft);
    code = fill_refs(building, draft, err);
    if (code == OK) {
        code = fill_posts(building, draft, err);
    }
    if (code == OK) {
        code = fill_body(building, draft, err);
    }
    if (code == OK) {
        code = fill_keys(building, draft, err);
    }
    if (code == OK) {
        code = entry_sort(&building->entry, err);
    }
    if (code == OK) {
        code = fill_approvals(building, draft, err);
    }
    if (code != OK) {
        return code;
    }
    buffer_clear(&building->leaf);
    return entry_encode(&building->entry, &building->leaf, err);
}

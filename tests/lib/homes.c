/* Homes, made and used as a program would, on a clock that stands still. */
#include "tests/lib/homes.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "proto/date.h"
#include "proto/events.h"
#include "store/files.h"
#include "tests/lib/build.h"

static const uint64_t first_time_ms = UINT64_C(1767582000000); /* 2026-01-05 10:00 in Thailand */

static void must(enum err_code code, const struct home *home)
{
    if (code != OK) {
        (void)fprintf(stderr, "home %u: %s: %s\n", (unsigned)home->number, err_name(code),
                      home->err.text);
        abort();
    }
}

static uint64_t test_now_ms(void *context)
{
    return ((struct home *)context)->now_ms;
}

/* xorshift64: the same bytes in every run, another stream for each home. */
static void test_random(void *context, void *out, size_t len)
{
    struct home *home = context;
    uint8_t *bytes = out;
    for (size_t i = 0; i < len; i++) {
        uint64_t x = home->random_state;
        x ^= (x & UINT64_MAX >> 13) << 13;
        x ^= x >> 7;
        x ^= (x & UINT64_MAX >> 17) << 17;
        home->random_state = x;
        bytes[i] = (uint8_t)(x >> 24 & 0xff);
    }
}

void home_new(struct home *home, uint32_t number, enum group_type type, const struct policy *policy)
{
    struct profile profile;
    crypto_init();
    memset(home, 0, sizeof *home);
    scratch_new(home->path);
    home->number = number;
    home->now_ms = first_time_ms;
    home->random_state = UINT64_C(0x9e3779b97f4a7c15) ^ number;
    home->env = (struct store_env){test_now_ms, test_random, home, NULL};
    maker_profile(number, type, &profile);
    if (policy != NULL) {
        profile.policy = *policy;
        profile.fields |= PROFILE_POLICY;
    }
    must(store_create(home->path, &profile, NULL, &home->env, &home->err), home);
    must(home_open(home), home);
}

enum err_code home_open(struct home *home)
{
    assert(home->store == NULL);
    return store_open(home->path, &home->env, &home->store, &home->err);
}

void home_close(struct home *home)
{
    store_close(home->store);
    home->store = NULL;
}

void home_remove(struct home *home)
{
    home_close(home);
    scratch_remove(home->path);
}

void home_file(const struct home *home, const char *name, char out[SCRATCH_PATH_MAX])
{
    (void)snprintf(out, SCRATCH_PATH_MAX, "%.400s/%s", home->path, name);
}

void home_copy_file(const struct home *home, const char *from, const char *to)
{
    char source[SCRATCH_PATH_MAX];
    char target[SCRATCH_PATH_MAX];
    struct buffer data;
    buffer_init(&data, 0);
    home_file(home, from, source);
    home_file(home, to, target);
    if (file_read(source, (size_t)1 << 30, &data, NULL) != OK ||
        file_write(target, buffer_view(&data), 0600, NULL) != OK) {
        (void)fprintf(stderr, "%s: cannot be copied to %s\n", source, target);
        abort();
    }
    buffer_free(&data);
}

void home_limit_files(uint64_t bytes)
{
    struct rlimit limit;
    bool done = signal(SIGXFSZ, SIG_IGN) != SIG_ERR && getrlimit(RLIMIT_FSIZE, &limit) == 0;
    if (done) {
        limit.rlim_cur = bytes != 0 ? bytes : limit.rlim_max;
        done = setrlimit(RLIMIT_FSIZE, &limit) == 0;
    }
    if (!done) {
        perror("RLIMIT_FSIZE");
        abort();
    }
}

uint64_t home_file_size(const struct home *home, const char *name)
{
    char path[SCRATCH_PATH_MAX];
    struct stat status;
    home_file(home, name, path);
    return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

/* --- appends --- */

static struct draft *new_drafts(size_t count)
{
    struct draft *drafts = calloc(count, sizeof *drafts);
    assert(drafts != NULL);
    return drafts;
}

static enum err_code append(struct home *home, struct draft *drafts, size_t count)
{
    home->now_ms += 1000;
    for (size_t i = 0; i < count; i++) {
        drafts[i].date = date_of_time(home->now_ms);
        drafts[i].actor = 1;
    }
    enum err_code code =
        store_append(home->store, drafts, count, APPEND_WRITE, NULL, NULL, &home->err);
    free(drafts);
    return code;
}

static enum err_code append_event(struct home *home, const char *event, uint32_t member,
                                  int64_t satang, size_t count)
{
    struct posting posting = {.event = event_by_name(bytes_of_text(event))->number,
                              .amount = amount_of(satang),
                              .member = member};
    struct body_line legs[POSTING_LEGS_MAX];
    unsigned leg_count;
    must(event_derive(&posting, 0, legs, &leg_count, &home->err), home);
    struct buffer terms;
    buffer_init(&terms, 0);
    terms_post_pack(&terms, &(struct post_terms){.event = posting.event}, NULL);
    struct draft *drafts = new_drafts(count);
    for (size_t i = 0; i < count; i++) {
        drafts[i].kind = KIND_POST;
        drafts[i].terms = buffer_view(&terms);
        drafts[i].lines = legs;
        drafts[i].line_count = leg_count;
    }
    enum err_code code = append(home, drafts, count);
    buffer_free(&terms);
    return code;
}

enum err_code home_deposit(struct home *home, uint32_t member, int64_t satang, size_t count)
{
    return append_event(home, "deposit", member, satang, count);
}

enum err_code home_withdraw(struct home *home, uint32_t member, int64_t satang)
{
    return append_event(home, "withdraw", member, satang, 1);
}

enum err_code home_member(struct home *home, enum member_operation operation, uint32_t first,
                          uint32_t last)
{
    struct member_line line = {operation, first, last};
    int64_t change = operation == MEMBER_OPENING ? (int64_t)last
                     : operation == MEMBER_JOIN  ? (int64_t)last - (int64_t)first + 1
                     : operation == MEMBER_LEAVE ? (int64_t)first - (int64_t)last - 1
                                                 : 0;
    struct buffer terms;
    buffer_init(&terms, 0);
    terms_member_pack(&terms, &(struct member_terms){change}, NULL);
    struct draft *draft = new_drafts(1);
    draft->kind = KIND_MEMBER;
    draft->terms = buffer_view(&terms);
    draft->member_lines = &line;
    draft->member_line_count = 1;
    enum err_code code = append(home, draft, 1);
    buffer_free(&terms);
    return code;
}

enum err_code home_note(struct home *home, const char *topic)
{
    struct buffer terms;
    struct note_terms note = {.topic = bytes_of_text(topic)};
    buffer_init(&terms, 0);
    terms_note_pack(&terms, &note, NULL);
    struct draft *draft = new_drafts(1);
    draft->kind = KIND_NOTE;
    draft->terms = buffer_view(&terms);
    enum err_code code = append(home, draft, 1);
    buffer_free(&terms);
    return code;
}

/* The draft cites its predecessor and is approved by officers 1 to `count`. */
static enum err_code append_approved(struct home *home, struct draft *draft, unsigned count)
{
    struct officer_key keys[4];
    assert(count <= 4);
    for (unsigned i = 0; i < count; i++) {
        keys[i].number = i + 1;
        maker_officer_key(home->number, i + 1, &keys[i].key);
    }
    draft->ref_count = 1;
    draft->refs[0].own = true;
    draft->refs[0].index = UINT64_MAX;
    draft->officer_keys = keys;
    draft->officer_key_count = count;
    return append(home, draft, 1);
}

enum err_code home_new_key(struct home *home)
{
    struct buffer terms;
    buffer_init(&terms, 0);
    terms_empty_pack(&terms, NULL);
    struct draft *draft = new_drafts(1);
    draft->kind = KIND_AMEND;
    draft->terms = buffer_view(&terms);
    draft->new_signing_key = true;
    enum err_code code = append_approved(home, draft, 2);
    buffer_free(&terms);
    return code;
}

enum err_code home_admit_all(struct home *home, const struct admission *admissions, size_t count)
{
    struct buffer terms;
    buffer_init(&terms, 0);
    terms_roster_pack(&terms, admissions, count, NULL);
    struct draft *draft = new_drafts(1);
    draft->kind = KIND_ROSTER;
    draft->terms = buffer_view(&terms);
    bool founding = home_size(home) == 1;
    enum err_code code = founding ? append(home, draft, 1) : append_approved(home, draft, 2);
    buffer_free(&terms);
    return code;
}

enum err_code home_admit(struct home *home, const struct home *const *groups, size_t count)
{
    struct admission *admissions = calloc(count, sizeof *admissions);
    assert(admissions != NULL);
    for (size_t i = 0; i < count; i++) {
        struct admission *admission = &admissions[i];
        admission->group = *store_own_group(groups[i]->store);
        (void)snprintf(admission->name, sizeof admission->name, "กลุ่ม %u",
                       (unsigned)groups[i]->number);
        (void)snprintf(admission->name_en, sizeof admission->name_en, "group %u",
                       (unsigned)groups[i]->number);
        admission->place = 330000 + groups[i]->number;
        admission->type = GROUP_SAVINGS;
        admission->transport_key = store_keys(groups[i]->store)->transport.public_key;
    }
    enum err_code code = home_admit_all(home, admissions, count);
    free(admissions);
    return code;
}

static enum err_code keep_leaf(void *context, uint64_t index, struct bytes leaf)
{
    (void)index;
    buffer_append(context, leaf.data, leaf.len);
    return OK;
}

enum err_code home_join(struct home *home, const struct home *network)
{
    struct invite *invite = calloc(1, sizeof *invite);
    struct buffer genesis;
    assert(invite != NULL);
    buffer_init(&genesis, 0);
    invite->network_id = *store_own_group(network->store);
    memset(invite->network_key, 7, sizeof invite->network_key);
    must(store_leaves(network->store, &invite->network_id, 0, 1, keep_leaf, &genesis), network);
    must(store_head(network->store, &invite->network_id, &invite->head), network);
    invite->genesis = buffer_view(&genesis);
    enum err_code code = store_join(home->store, invite, &home->err);
    buffer_free(&genesis);
    free(invite);
    return code;
}

uint64_t home_size(const struct home *home)
{
    struct ledger_view view;
    must(store_ledger_find(home->store, store_own_group(home->store), &view), home);
    return view.size;
}

struct hash home_root(const struct home *home)
{
    struct ledger_view view;
    must(store_ledger_find(home->store, store_own_group(home->store), &view), home);
    return view.root;
}

/* init and network found: the two commands that make a home. Keys are made here, in this process;
 * officers' keys go to files of their own beside the home, never into it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/id.h"
#include "store/config.h"
#include "store/files.h"
#include "store/places.h"
#include "store/policy.h"
#include "store/request.h"
#include "tools/commands.h"
#include "tools/json.h"
#include "tools/show.h"

enum { OFFICERS_DEFAULT = 3, POLICY_FILE_MAX = 65536, CARD_FILE_MAX = 131072 };

static enum err_code copy_text(const struct invocation *invocation, const char *option, char *out,
                               size_t size, enum profile_field field, struct profile *profile,
                               struct err *err)
{
    const char *text = invocation_option(invocation, option);
    if (!text) {
        return OK;
    }
    if (strlen(text) >= size || !bytes_is_utf8(bytes_of_text(text))) {
        return err_set(err, E_USAGE, "--%s: UTF-8 text of at most %zu bytes was expected, %zu came",
                       option, size - 1, strlen(text));
    }
    memcpy(out, text, strlen(text) + 1);
    profile->fields |= field;
    return OK;
}

static enum err_code number_of(const struct invocation *invocation, const char *option,
                               uint32_t max, uint32_t *value, struct err *err)
{
    const char *text = invocation_option(invocation, option);
    struct amount number;
    if (!text) {
        return OK;
    }
    if (amount_parse(bytes_of_text(text), 0, &number, NULL) != OK || amount_satang(number) < 0 ||
        amount_satang(number) > max) {
        return err_set(err, E_USAGE, "--%s: a whole number from 0 to %u was expected, not \"%s\"",
                       option, max, text);
    }
    *value = (uint32_t)amount_satang(number);
    return OK;
}

static enum err_code take_address(const struct invocation *invocation, struct config *config,
                                  struct profile *profile, struct err *err)
{
    const char *listen = invocation_option(invocation, "listen");
    const char *address = invocation_option(invocation, "address");
    const char *where = "init";
    enum err_code code = OK;
    if (listen) {
        code = config_set(config, "listen", listen, where, err);
    }
    if (code == OK && address) {
        code = config_set(config, "address", address, where, err);
    }
    const char *dialled = address ? address : listen;
    if (code == OK && dialled) {
        profile->address_count = 1;
        snprintf(profile->addresses[0], sizeof profile->addresses[0], "%s", dialled);
        profile->fields |= PROFILE_ADDRESSES;
    }
    return code;
}

/* What init and network found have in common. */
static enum err_code take_profile(const struct invocation *invocation, struct profile *profile,
                                  struct config *config, struct err *err)
{
    if (!invocation_option(invocation, "name")) {
        return err_set(err, E_USAGE, "--name is missing: what is the group called?");
    }
    memcpy(profile->currency, "THB", 4);
    profile->minor_digits = 2;
    policy_default(&profile->policy);
    profile->fields = PROFILE_TYPE | PROFILE_CURRENCY | PROFILE_MINOR_DIGITS | PROFILE_POLICY;
    enum err_code code = copy_text(invocation, "name", profile->name, sizeof profile->name,
                                   PROFILE_NAME, profile, err);
    if (code == OK) {
        code = copy_text(invocation, "name-en", profile->name_en, sizeof profile->name_en,
                         PROFILE_NAME_EN, profile, err);
    }
    const char *currency = invocation_option(invocation, "currency");
    if (code == OK && currency &&
        (strlen(currency) != 3 || strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)) {
        code = err_set(err, E_USAGE,
                       "--currency: three capital letters were expected, as in THB, not \"%s\"",
                       currency);
    }
    if (code == OK && currency) {
        memcpy(profile->currency, currency, 4);
    }
    if (code == OK) {
        code = number_of(invocation, "minor-digits", 4, &profile->minor_digits, err);
    }
    config_default(config);
    return code == OK ? take_address(invocation, config, profile, err) : code;
}

/* A code of 2, 4 or 6 digits that begins with a province's. */
static bool is_place(uint32_t code)
{
    bool digits = (code >= 10 && code < 100) || (code >= 1000 && code < 10000) || code >= 100000;
    return digits && code < 1000000 && place_province(code) != NULL;
}

static enum err_code bad_place(const char *option, const char *text, struct err *err)
{
    return err_set(err, E_USAGE,
                   "--%s: a place code of 2, 4 or 6 digits that begins with a province's was "
                   "expected, as 84, 8415 or 841502, not \"%s\"",
                   option, text);
}

static enum err_code take_areas(const struct invocation *invocation, struct profile *profile,
                                struct err *err)
{
    for (unsigned i = 0; i < invocation->option_count; i++) {
        if (strcmp(invocation->chosen[i]->name, "area") != 0) {
            continue;
        }
        struct amount code;
        struct bytes text = bytes_of_text(invocation->values[i]);
        if (profile->area_count == SERVICE_AREAS_MAX) {
            return err_set(err, E_USAGE, "--area: more than %d places", SERVICE_AREAS_MAX);
        }
        if (amount_parse(text, 0, &code, NULL) != OK || amount_satang(code) < 0 ||
            amount_satang(code) > 999999 || !is_place((uint32_t)amount_satang(code))) {
            return bad_place("area", invocation->values[i], err);
        }
        profile->areas[profile->area_count++] = (uint32_t)amount_satang(code);
        profile->fields |= PROFILE_AREAS;
    }
    return OK;
}

static enum err_code take_policy(const struct invocation *invocation, struct profile *profile,
                                 struct err *err)
{
    const char *path = invocation_option(invocation, "policy");
    enum err_code code =
        number_of(invocation, "fiscal-month", 12, &profile->policy.fiscal_month, err);
    if (code != OK || !path) {
        return code;
    }
    struct buffer text;
    buffer_init(&text, POLICY_FILE_MAX);
    code = file_read(path, POLICY_FILE_MAX, &text, err);
    if (code == OK) {
        code = policy_parse(buffer_view(&text), profile->minor_digits, &profile->policy, err);
        if (code != OK) {
            code = err_prefix(err, code, "%s", path);
        }
    }
    buffer_free(&text);
    return code;
}

static enum err_code take_group(const struct invocation *invocation, struct profile *profile,
                                struct err *err)
{
    const char *type = invocation_option(invocation, "type");
    if (!type || !group_type_find(bytes_of_text(type), &profile->type) ||
        profile->type == GROUP_NETWORK) {
        return err_set(err, E_USAGE,
                       "--type: savings, village-fund, welfare, financial-institution, "
                       "enterprise, incubator, cooperative or other was expected%s%s%s",
                       type ? ", not \"" : "", type ? type : "",
                       type ? "\" (a network is made by `satcha network found`)" : "");
    }
    enum err_code code = number_of(invocation, "place", 999999, &profile->home_place, err);
    const char *place = invocation_option(invocation, "place");
    if (code == OK && place && !is_place(profile->home_place)) {
        code = bad_place("place", place, err);
    }
    if (code == OK && place) {
        profile->fields |= PROFILE_HOME;
    }
    if (code == OK) {
        code = copy_text(invocation, "legal-form", profile->legal_form, sizeof profile->legal_form,
                         PROFILE_LEGAL_FORM, profile, err);
    }
    if (code == OK) {
        code = copy_text(invocation, "registration", profile->registration,
                         sizeof profile->registration, PROFILE_REGISTRATION, profile, err);
    }
    if (code == OK) {
        code = take_areas(invocation, profile, err);
    }
    return code == OK ? take_policy(invocation, profile, err) : code;
}

static enum err_code make_folder(const char *path, unsigned mode, struct err *err)
{
    if (mkdir(path, mode) != 0 && errno != EEXIST) {
        return err_set(err, E_IO, "the folder %s cannot be made: %s", path, strerror(errno));
    }
    return OK;
}

/* Nothing is written where a key file of that name stands already: it may be somebody's only one.
 */
static enum err_code check_no_keys(const char *folder, uint32_t count, struct err *err)
{
    for (uint32_t number = 1; number <= count; number++) {
        char path[2 * PATH_TEXT_MAX];
        struct stat there;
        snprintf(path, sizeof path, "%s/%u.key", folder, number);
        if (stat(path, &there) == 0) {
            return err_set(err, E_EXISTS,
                           "%s is there already; name another folder with --officers, nothing was "
                           "written",
                           path);
        }
    }
    return OK;
}

/* New officers' keys in `folder`, their public halves in the profile. */
static enum err_code make_officers(const struct invocation *invocation, const char *folder,
                                   struct profile *profile, struct err *err)
{
    uint32_t count = OFFICERS_DEFAULT;
    enum err_code code = number_of(invocation, "officer-count", OFFICERS_MAX, &count, err);
    if (code == OK && count == 0) {
        code = err_set(err, E_USAGE, "--officer-count: at least one officer is needed");
    }
    profile->recovery_quorum =
        count / 2 + 1 > ENTRY_APPROVALS_MAX ? ENTRY_APPROVALS_MAX : count / 2 + 1;
    if (code == OK) {
        code =
            number_of(invocation, "recovery", ENTRY_APPROVALS_MAX, &profile->recovery_quorum, err);
    }
    if (code == OK) {
        code = check_no_keys(folder, count, err);
    }
    if (code == OK) {
        code = make_folder(folder, 0700, err);
    }
    for (uint32_t number = 1; code == OK && number <= count; number++) {
        char path[2 * PATH_TEXT_MAX];
        snprintf(path, sizeof path, "%s/%u.key", folder, number);
        struct officer_key key = {.number = number};
        random_bytes(key.seed, sizeof key.seed);
        sign_key_from_seed(&key.key, key.seed);
        profile->officers[number - 1] =
            (struct officer){.number = number, .key = key.key.public_key};
        code = officer_key_write(path, &key, getenv("SATCHA_PASSPHRASE"), err);
        officer_key_wipe(&key);
    }
    profile->officer_count = count;
    profile->fields |= PROFILE_OFFICERS | PROFILE_RECOVERY_QUORUM;
    return code;
}

static enum err_code make_home(const struct invocation *invocation, struct profile *profile,
                               const struct config *config, struct err *err)
{
    char path[PATH_TEXT_MAX];
    enum err_code code = make_folder(invocation->home, 0700, err);
    if (code == OK) {
        code = store_create(invocation->home, profile, getenv("SATCHA_PASSPHRASE"),
                            store_env_system(), err);
    }
    if (code == OK) {
        code = home_path(invocation->home, "satcha.conf", path, err);
    }
    return code == OK ? config_write(path, config, err) : code;
}

/* What a person does next: typed as it stands, from where he or she stands now. */
static void print_next(const struct invocation *invocation, const char *officers)
{
    bool thai = invocation->language == LANGUAGE_TH;
    const char *home = invocation->home;
    const char *quote = strpbrk(home, " '$`\\&;()<>|*?") ? "\"" : "";
    puts(thai ? "ต่อไป:" : "next:");
    if (!officers) {
        printf("  satcha --home %s%s%s network invite > net.invite   # %s\n", quote, home, quote,
               thai ? "ส่งให้แต่ละกลุ่มใช้เข้าร่วม เก็บเป็นความลับ"
                    : "each group joins with it; keep it secret");
        return;
    }
    printf("  satcha --home %s%s%s member opening 120   # %s\n", quote, home, quote,
           thai ? "จำนวนสมาชิกเมื่อเริ่มทำบัญชี" : "how many members the books begin with");
    printf("  satcha --home %s%s%s card > group.card    # %s\n", quote, home, quote,
           thai ? "ส่งให้เครือข่ายรับเข้าเป็นสมาชิก" : "give it to the network that is to admit you");
}

/* Asks the new home for its id and prints what was made. */
static enum err_code show_made(const struct invocation *invocation, const char *officers,
                               const struct profile *profile, struct err *err)
{
    struct buffer none;
    buffer_init(&none, 0);
    pack_map(&none, 0);
    msgpack_unpacked result;
    enum err_code code = client_request(invocation, "id", buffer_view(&none), &result, err);
    buffer_free(&none);
    if (code != OK) {
        return code;
    }
    if (invocation->json) {
        json_write(stdout, &result.data);
    } else {
        bool thai = invocation->language == LANGUAGE_TH;
        printf("%s  %s\n", thai ? "กลุ่ม" : "group", field_hex(&result.data, "group"));
        printf("%s   %s\n", thai ? "ที่เก็บ" : "home", invocation->home);
        if (officers) {
            printf(thai ? "กุญแจ  กรรมการ %u คน ใน %s\n"
                          "       มอบให้กรรมการคนละดอก อย่าเก็บไว้ในเครื่องนี้ กรรมการ %u คนร่วมกัน"
                          "เปลี่ยนกุญแจที่หายได้\n"
                        : "keys   of %u officers, in %s: give each officer his or her own\n"
                          "       and keep none here; %u of them together can replace a lost key\n",
                   profile->officer_count, officers, profile->recovery_quorum);
        }
        print_next(invocation, officers);
    }
    msgpack_unpacked_destroy(&result);
    return OK;
}

enum err_code command_init(const struct invocation *invocation, struct err *err)
{
    static struct profile profile;
    struct config config;
    char folder[PATH_TEXT_MAX + 32];
    const char *officers = invocation_option(invocation, "officers");
    snprintf(folder, sizeof folder, "%s%s", officers ? officers : invocation->home,
             officers ? "" : "-officers");
    if (home_exists(invocation->home)) {
        return err_set(err, E_EXISTS, "%s is a home already; name another with --home",
                       invocation->home);
    }
    enum err_code code = take_profile(invocation, &profile, &config, err);
    if (code == OK) {
        code = take_group(invocation, &profile, err);
    }
    if (code == OK) {
        code = make_officers(invocation, folder, &profile, err);
    }
    if (code == OK) {
        code = make_home(invocation, &profile, &config, err);
    }
    return code == OK ? show_made(invocation, folder, &profile, err) : code;
}

/* Officer 1 of every founding group becomes its governor. */
static enum err_code take_governor(const char *path, struct profile *network, struct err *err)
{
    static struct card card;
    struct buffer text, scratch;
    buffer_init(&text, CARD_FILE_MAX);
    buffer_init(&scratch, 0);
    enum err_code code = file_read(path, CARD_FILE_MAX, &text, err);
    if (code == OK) {
        code = card_parse(buffer_view(&text), &scratch, &card, err);
        if (code != OK) {
            code = err_prefix(err, code, "%s", path);
        }
    }
    if (code == OK && strcmp(card.profile.currency, network->currency) != 0) {
        code = err_set(err, E_ROSTER, "%s: the group keeps its books in %s, the network in %s",
                       path, card.profile.currency, network->currency);
    }
    if (code == OK && network->officer_count < GOVERNORS_MAX) {
        network->officers[network->officer_count] =
            (struct officer){.number = network->officer_count + 1,
                             .key = card.profile.officers[0].key,
                             .has_group = true,
                             .group = card.group};
        network->officer_count++;
    }
    buffer_free(&text);
    buffer_free(&scratch);
    return code;
}

enum err_code command_found(const struct invocation *invocation, struct err *err)
{
    static struct profile profile;
    struct config config;
    if (home_exists(invocation->home)) {
        return err_set(err, E_EXISTS, "%s is a home already; name another with --home",
                       invocation->home);
    }
    profile.type = GROUP_NETWORK;
    enum err_code code = take_profile(invocation, &profile, &config, err);
    for (unsigned i = 0; code == OK && i < invocation->word_count; i++) {
        code = take_governor(invocation->words[i], &profile, err);
    }
    profile.recovery_quorum = profile.officer_count / 2 + 1;
    profile.fields |= PROFILE_OFFICERS | PROFILE_RECOVERY_QUORUM;
    if (code == OK) {
        code = make_home(invocation, &profile, &config, err);
    }
    struct buffer arguments;
    buffer_init(&arguments, 0);
    msgpack_unpacked result;
    if (code == OK) {
        code = invocation_arguments(invocation, &arguments, err);
    }
    if (code == OK) {
        code = client_request(invocation, "network found", buffer_view(&arguments), &result, err);
    }
    buffer_free(&arguments);
    if (code != OK) {
        return code;
    }
    uint32_t groups = field_count(&result.data, "groups");
    msgpack_unpacked_destroy(&result);
    if (!invocation->json) {
        printf("network of %u groups, %u governors, %u of whom must agree\n", groups,
               profile.officer_count, profile.recovery_quorum);
    }
    return show_made(invocation, NULL, &profile, err);
}

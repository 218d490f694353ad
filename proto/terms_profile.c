/* The profile of a group: what genesis says in full and amend in part.
 *
 *   0 type (uint)                    1 tag of the operation id
 *   2 signing key (bin 32)           3 name (str)
 *   4 transport key (bin 32)         5 home place (uint)
 *   6 officers [[number, key, nil | group] 0..64], ascending
 *   8 recovery quorum (uint)         7 areas served [place 0..32]
 *  10 currency (str 3)               9 legal form (str)
 *  12 minor digits (uint)           11 registration (str)
 *  14 policy (map)                  13 name in English (str)
 *  18 network (nil | bin 32)        15 addresses [str 0..4]
 *  20 closed (bool)                 17 salt (bin 16)
 *
 * Keys 0, 10, 12, 17 stand in a genesis only (they are for good), 18 and 20 in an amend only. */
#include "proto/terms_reader.h"

#include <inttypes.h>
#include <string.h>

enum {
    PROFILE_GENESIS_ONLY = PROFILE_TYPE | PROFILE_CURRENCY | PROFILE_MINOR_DIGITS | PROFILE_SALT,
    PROFILE_AMEND_ONLY = PROFILE_NETWORK | PROFILE_CLOSED,
    PROFILE_ALL = (PROFILE_CLOSED << 1) - 1
};

enum other_keys { OTHERS_REFUSED, OTHERS_SKIPPED };

/* --- reading --- */

/* The field that a key stands for; 0 where this version knows none. */
static unsigned field_of_key(uint64_t key)
{
    static const unsigned fields[21] = {
        [0] = PROFILE_TYPE,          [2] = PROFILE_SIGNING_KEY,
        [3] = PROFILE_NAME,          [4] = PROFILE_TRANSPORT_KEY,
        [5] = PROFILE_HOME,          [6] = PROFILE_OFFICERS,
        [7] = PROFILE_AREAS,         [8] = PROFILE_RECOVERY_QUORUM,
        [9] = PROFILE_LEGAL_FORM,    [10] = PROFILE_CURRENCY,
        [11] = PROFILE_REGISTRATION, [12] = PROFILE_MINOR_DIGITS,
        [13] = PROFILE_NAME_EN,      [14] = PROFILE_POLICY,
        [15] = PROFILE_ADDRESSES,    [17] = PROFILE_SALT,
        [18] = PROFILE_NETWORK,      [20] = PROFILE_CLOSED,
    };
    return key < sizeof fields / sizeof *fields ? fields[key] : 0;
}

void officers_read(struct cursor *cursor, struct officer officers[OFFICERS_MAX], unsigned *count)
{
    uint32_t previous = 0;
    *count = (unsigned)cursor_array(cursor, OFFICERS_MAX);
    for (unsigned i = 0; i < *count; i++) {
        struct officer *officer = &officers[i];
        if (cursor_array(cursor, 3) != 3) {
            cursor_fail(cursor);
        }
        officer->number = (uint32_t)cursor_uint_max(cursor, UINT32_MAX);
        if (officer->number <= previous) {
            cursor_fail(cursor);
        }
        previous = officer->number;
        cursor_bin_exact(cursor, &officer->key, sizeof officer->key);
        officer->has_group = !cursor_nil(cursor);
        if (officer->has_group) {
            cursor_bin_exact(cursor, &officer->group, sizeof officer->group);
        }
    }
}

static void read_areas(struct cursor *cursor, struct profile *out)
{
    out->area_count = (unsigned)cursor_array(cursor, SERVICE_AREAS_MAX);
    for (unsigned i = 0; i < out->area_count; i++) {
        out->areas[i] = terms_place(cursor);
    }
}

static void read_network(struct cursor *cursor, struct profile *out)
{
    out->has_network = !cursor_nil(cursor);
    if (out->has_network) {
        cursor_bin_exact(cursor, &out->network, sizeof out->network);
    }
}

static void read_currency(struct cursor *cursor, struct profile *out)
{
    terms_text(cursor, out->currency, sizeof out->currency - 1);
    if (strlen(out->currency) != sizeof out->currency - 1) {
        cursor_fail(cursor);
    }
}

/* The critical fields. */
static enum err_code read_critical(struct cursor *cursor, uint64_t key, struct profile *out,
                                   struct err *err)
{
    switch (key) {
    case 0:
        out->type = (uint32_t)cursor_uint_max(cursor, UINT32_MAX);
        break;
    case 2:
        cursor_bin_exact(cursor, &out->signing_key, sizeof out->signing_key);
        break;
    case 4:
        cursor_bin_exact(cursor, &out->transport_key, sizeof out->transport_key);
        break;
    case 6:
        officers_read(cursor, out->officers, &out->officer_count);
        break;
    case 8:
        out->recovery_quorum = (uint32_t)cursor_uint_max(cursor, UINT32_MAX);
        break;
    case 10:
        read_currency(cursor, out);
        break;
    case 12:
        out->minor_digits = (uint32_t)cursor_uint_max(cursor, UINT32_MAX);
        break;
    case 14:
        return terms_policy_read(cursor, &out->policy, err);
    case 18:
        read_network(cursor, out);
        break;
    case 20:
        out->closed = cursor_bool(cursor);
        break;
    }
    return OK;
}

static void read_descriptive(struct cursor *cursor, uint64_t key, struct profile *out)
{
    switch (key) {
    case 3:
        terms_text(cursor, out->name, NAME_MAX_BYTES);
        break;
    case 5:
        out->home_place = terms_place(cursor);
        break;
    case 7:
        read_areas(cursor, out);
        break;
    case 9:
        terms_text(cursor, out->legal_form, NAME_MAX_BYTES);
        break;
    case 11:
        terms_text(cursor, out->registration, TOPIC_MAX_BYTES);
        break;
    case 13:
        terms_text(cursor, out->name_en, NAME_MAX_BYTES);
        break;
    case 15:
        out->address_count = terms_addresses(cursor, out->addresses);
        break;
    case 17:
        cursor_bin_exact(cursor, out->salt, sizeof out->salt);
        break;
    }
}

/* Reads the fields of `allowed`. Another known field is refused or skipped, as `others` says; so
 * is an unknown key, by the parity rule. */
static enum err_code read_profile(struct bytes terms, unsigned allowed, enum other_keys others,
                                  struct profile *out, struct err *err)
{
    struct terms_reader reader = terms_reader_of(terms);
    uint64_t key;
    enum err_code code = OK;
    memset(out, 0, sizeof *out);
    policy_default(&out->policy);
    while (code == OK && terms_next(&reader, &key)) {
        unsigned field = field_of_key(key);
        if ((field & allowed) != 0) {
            out->fields |= field;
            if ((key & 1) == 0) {
                code = read_critical(&reader.cursor, key, out, err);
            } else {
                read_descriptive(&reader.cursor, key, out);
            }
        } else if (others == OTHERS_SKIPPED) {
            cursor_skip(&reader.cursor, ENTRY_DEPTH_MAX);
        } else if (field != 0) {
            code = err_set(err, E_ENCODING, "terms of profile: key %" PRIu64 " stands only in %s",
                           key, (field & PROFILE_GENESIS_ONLY) != 0 ? "a genesis" : "an amend");
        } else {
            code = terms_other(&reader, key, err);
        }
    }
    return code == OK ? terms_end_alone(&reader, "profile", err) : code;
}

enum err_code terms_profile_read(struct bytes terms, enum kind kind, struct profile *out,
                                 struct err *err)
{
    unsigned refused = kind == KIND_GENESIS ? PROFILE_AMEND_ONLY : PROFILE_GENESIS_ONLY;
    return read_profile(terms, PROFILE_ALL & ~refused, OTHERS_REFUSED, out, err);
}

enum err_code terms_profile_read_all(struct bytes terms, struct profile *out, struct err *err)
{
    return read_profile(terms, PROFILE_ALL, OTHERS_REFUSED, out, err);
}

enum err_code terms_keys_read(struct bytes terms, enum kind kind, struct profile *out,
                              struct err *err)
{
    unsigned wanted = kind == KIND_GENESIS ? PROFILE_KEYS | PROFILE_TYPE : PROFILE_KEYS;
    return read_profile(terms, wanted, OTHERS_SKIPPED, out, err);
}

/* --- writing --- */

void officers_pack(struct buffer *out, const struct officer *officers, unsigned count)
{
    pack_array(out, count);
    for (unsigned i = 0; i < count; i++) {
        pack_array(out, 3);
        pack_uint(out, officers[i].number);
        pack_bin(out, hash_view(&officers[i].key));
        if (officers[i].has_group) {
            pack_bin(out, hash_view(&officers[i].group));
        } else {
            pack_nil(out);
        }
    }
}

static void pack_areas(struct buffer *out, const struct profile *profile)
{
    pack_array(out, profile->area_count);
    for (unsigned i = 0; i < profile->area_count; i++) {
        pack_uint(out, profile->areas[i]);
    }
}

static void pack_critical(struct buffer *out, uint64_t key, const struct profile *profile)
{
    switch (key) {
    case 0:
        pack_uint(out, profile->type);
        break;
    case 2:
        pack_bin(out, hash_view(&profile->signing_key));
        break;
    case 4:
        pack_bin(out, hash_view(&profile->transport_key));
        break;
    case 6:
        officers_pack(out, profile->officers, profile->officer_count);
        break;
    case 8:
        pack_uint(out, profile->recovery_quorum);
        break;
    case 10:
        pack_text(out, profile->currency);
        break;
    case 12:
        pack_uint(out, profile->minor_digits);
        break;
    case 14:
        terms_policy_pack(out, &profile->policy);
        break;
    case 18:
        if (profile->has_network) {
            pack_bin(out, hash_view(&profile->network));
        } else {
            pack_nil(out);
        }
        break;
    case 20:
        pack_bool(out, profile->closed);
        break;
    }
}

static void pack_descriptive(struct buffer *out, uint64_t key, const struct profile *profile)
{
    switch (key) {
    case 3:
        pack_text(out, profile->name);
        break;
    case 5:
        pack_uint(out, profile->home_place);
        break;
    case 7:
        pack_areas(out, profile);
        break;
    case 9:
        pack_text(out, profile->legal_form);
        break;
    case 11:
        pack_text(out, profile->registration);
        break;
    case 13:
        pack_text(out, profile->name_en);
        break;
    case 15:
        terms_pack_addresses(out, profile->addresses, profile->address_count);
        break;
    case 17:
        pack_bin(out, bytes_of(profile->salt, sizeof profile->salt));
        break;
    }
}

void terms_profile_pack(struct buffer *out, const struct profile *profile, const uint8_t *tag)
{
    unsigned fields = profile->fields & PROFILE_ALL;
    pack_map(out, (size_t)__builtin_popcount(fields) + (tag != NULL));
    for (uint64_t key = 0; key <= 20; key++) {
        if (key == TERMS_TAG_KEY) {
            terms_pack_tag(out, tag);
        } else if ((field_of_key(key) & fields) != 0) {
            pack_uint(out, key);
            if ((key & 1) == 0) {
                pack_critical(out, key, profile);
            } else {
                pack_descriptive(out, key, profile);
            }
        }
    }
}

/* --- the current whole --- */

static void merge_critical(struct profile *to, const struct profile *change)
{
    if ((change->fields & PROFILE_TYPE) != 0) {
        to->type = change->type;
    }
    if ((change->fields & PROFILE_CURRENCY) != 0) {
        memcpy(to->currency, change->currency, sizeof to->currency);
    }
    if ((change->fields & PROFILE_MINOR_DIGITS) != 0) {
        to->minor_digits = change->minor_digits;
    }
    if ((change->fields & PROFILE_POLICY) != 0) {
        to->policy = change->policy;
    }
    if ((change->fields & PROFILE_NETWORK) != 0) {
        to->has_network = change->has_network;
        to->network = change->network;
    }
    if ((change->fields & PROFILE_CLOSED) != 0) {
        to->closed = change->closed;
    }
}

static void merge_descriptive(struct profile *to, const struct profile *change)
{
    if ((change->fields & PROFILE_NAME) != 0) {
        memcpy(to->name, change->name, sizeof to->name);
    }
    if ((change->fields & PROFILE_HOME) != 0) {
        to->home_place = change->home_place;
    }
    if ((change->fields & PROFILE_AREAS) != 0) {
        to->area_count = change->area_count;
        memcpy(to->areas, change->areas, sizeof to->areas);
    }
    if ((change->fields & PROFILE_LEGAL_FORM) != 0) {
        memcpy(to->legal_form, change->legal_form, sizeof to->legal_form);
    }
    if ((change->fields & PROFILE_REGISTRATION) != 0) {
        memcpy(to->registration, change->registration, sizeof to->registration);
    }
    if ((change->fields & PROFILE_NAME_EN) != 0) {
        memcpy(to->name_en, change->name_en, sizeof to->name_en);
    }
    if ((change->fields & PROFILE_ADDRESSES) != 0) {
        to->address_count = change->address_count;
        memcpy(to->addresses, change->addresses, sizeof to->addresses);
    }
    if ((change->fields & PROFILE_SALT) != 0) {
        memcpy(to->salt, change->salt, sizeof to->salt);
    }
}

void profile_merge_keys(struct profile *to, const struct profile *change)
{
    if ((change->fields & PROFILE_SIGNING_KEY) != 0) {
        to->signing_key = change->signing_key;
    }
    if ((change->fields & PROFILE_TRANSPORT_KEY) != 0) {
        to->transport_key = change->transport_key;
    }
    if ((change->fields & PROFILE_OFFICERS) != 0) {
        to->officer_count = change->officer_count;
        memcpy(to->officers, change->officers, sizeof to->officers);
    }
    if ((change->fields & PROFILE_RECOVERY_QUORUM) != 0) {
        to->recovery_quorum = change->recovery_quorum;
    }
    to->fields |= change->fields & PROFILE_KEYS;
}

void profile_merge(struct profile *to, const struct profile *change)
{
    profile_merge_keys(to, change);
    merge_critical(to, change);
    merge_descriptive(to, change);
    to->fields |= change->fields;
}

const struct officer *officer_find(const struct officer *officers, unsigned count, uint32_t number)
{
    for (unsigned i = 0; i < count; i++) {
        if (officers[i].number == number) {
            return &officers[i];
        }
    }
    return NULL;
}

/* The public terms of each kind that this version knows, and their codec. Keys: even = critical,
 * odd = may be ignored by one who does not know it; ascending (docs/protocol.md, "Terms").
 * Key 1 is the same in every kind: the 8-byte tag of the operation id. */
#ifndef SATCHA_PROTO_TERMS_H
#define SATCHA_PROTO_TERMS_H

#include "proto/entry.h"

enum { OPERATION_TAG_BYTES = 8 };

struct officer {
    uint32_t number; /* 1 … */
    struct hash key; /* Ed25519 */
    bool has_group;  /* in a network: the group that the governor belongs to */
    struct hash group;
};

enum group_type {
    GROUP_SAVINGS = 1,
    GROUP_VILLAGE_FUND,
    GROUP_WELFARE,
    GROUP_FINANCIAL_INSTITUTION,
    GROUP_ENTERPRISE,
    GROUP_INCUBATOR,
    GROUP_NETWORK,
    GROUP_COOPERATIVE,
    GROUP_OTHER
};

enum member_money { MEMBER_MONEY_RETURNABLE = 1, MEMBER_MONEY_CONTRIBUTION = 2 };

struct policy_quorum {
    uint16_t kind;
    struct amount from; /* applies to entries whose debits sum to at least this */
    uint32_t approvals; /* 0 … 8 */
};

struct policy {
    bool overdraft;        /* key 0; default false */
    uint32_t min_lines;    /* key 1; default 1 */
    uint32_t member_money; /* key 2; default MEMBER_MONEY_RETURNABLE */
    unsigned quorum_count; /* key 4 */
    struct policy_quorum quorums[POLICY_QUORUMS_MAX];
    uint32_t fiscal_month; /* key 6: first month of the year, 1..12; default 1 */
    uint32_t transit_days; /* key 9; default 7 */
};
void policy_default(struct policy *policy);

enum profile_field { /* which fields of a profile are given: bits */
                     PROFILE_TYPE = 1 << 0,
                     PROFILE_SIGNING_KEY = 1 << 1,
                     PROFILE_TRANSPORT_KEY = 1 << 2,
                     PROFILE_OFFICERS = 1 << 3,
                     PROFILE_RECOVERY_QUORUM = 1 << 4,
                     PROFILE_CURRENCY = 1 << 5,
                     PROFILE_MINOR_DIGITS = 1 << 6,
                     PROFILE_POLICY = 1 << 7,
                     PROFILE_NAME = 1 << 8,
                     PROFILE_HOME = 1 << 9,
                     PROFILE_AREAS = 1 << 10,
                     PROFILE_LEGAL_FORM = 1 << 11,
                     PROFILE_REGISTRATION = 1 << 12,
                     PROFILE_NAME_EN = 1 << 13,
                     PROFILE_ADDRESSES = 1 << 14,
                     PROFILE_SALT = 1 << 15,
                     PROFILE_NETWORK = 1 << 16, /* amend: joining or leaving (has_network) */
                     PROFILE_CLOSED = 1 << 17,  /* amend: the group ends */
                     /* what the key chain decides */
                     PROFILE_KEYS = PROFILE_SIGNING_KEY | PROFILE_TRANSPORT_KEY | PROFILE_OFFICERS |
                                    PROFILE_RECOVERY_QUORUM
};

/* genesis gives all of it, amend some fields, the fold's state holds the current whole.
 * Texts are owned copies here (a profile outlives the leaf). About 3 KiB. */
struct profile {
    unsigned fields;           /* profile_field bits that are set */
    uint32_t type;             /* 0 */
    struct hash signing_key;   /* 2 */
    struct hash transport_key; /* 4 */
    unsigned officer_count;    /* 6 */
    struct officer officers[OFFICERS_MAX];
    uint32_t recovery_quorum; /* 8: 1 … 8 */
    char currency[4];         /* 10: "THB" */
    uint32_t minor_digits;    /* 12: 0 … 4 */
    struct policy policy;     /* 14 */
    bool has_network;         /* 18 (amend): joined, else left */
    struct hash network;
    bool closed;                   /* 20 (amend) */
    char name[NAME_MAX_BYTES + 1]; /* 3: as the group writes it, normally Thai */
    uint32_t home_place;           /* 5: official code of 2, 4 or 6 digits; 0 = none */
    unsigned area_count;           /* 7 */
    uint32_t areas[SERVICE_AREAS_MAX];
    char legal_form[NAME_MAX_BYTES + 1];    /* 9 */
    char registration[TOPIC_MAX_BYTES + 1]; /* 11 */
    char name_en[NAME_MAX_BYTES + 1];       /* 13 */
    unsigned address_count;                 /* 15: "host:port" */
    char addresses[ADDRESSES_MAX][ADDRESS_MAX_BYTES + 1];
    uint8_t salt[16]; /* 17: genesis only */
};

/* One admission in a network's roster: terms key 0 is an array of maps with the keys given here. */
struct admission {
    struct hash group;                /* 0 */
    char name[NAME_MAX_BYTES + 1];    /* 1: the roster name: by this people call it */
    char name_en[NAME_MAX_BYTES + 1]; /* 3: may be empty */
    uint32_t place;                   /* 5 */
    uint32_t type;                    /* 4 */
    struct hash transport_key; /* 2: at admission; the group's own chain gives the current one */
    unsigned address_count;    /* 7 */
    char addresses[ADDRESSES_MAX][ADDRESS_MAX_BYTES + 1];
};

struct post_terms {
    uint32_t event;          /* 0 */
    bool reversed;           /* 2: the sign of a ⇄ event is turned */
    uint32_t round;          /* 4: state-capital, BE year; 0 = none */
    uint32_t grant;          /* 6: fund number of a grant; 0 = none */
    unsigned reported_count; /* 8: accounts that an opening reports though it may have no line */
    uint16_t reported[ACCOUNTS_REPORTED_MAX];
};

struct member_terms {
    int64_t change; /* 0: by how much the number of members changes */
};

struct note_terms {
    struct bytes topic;   /* 0: a short code, at most TOPIC_MAX_BYTES; view into the leaf */
    struct hash document; /* 2 */
};

/* The tag of the operation id, if any is there. */
bool terms_operation_tag(struct bytes terms, uint8_t tag[OPERATION_TAG_BYTES]);

/* Decoders. E_ENCODING malformed (err: the key), E_NEEDS_UPGRADE unknown critical key, E_LIMIT.
 * Unknown odd keys are skipped. */
enum err_code MUST_USE terms_profile_read(struct bytes terms, enum kind kind, struct profile *out,
                                          struct err *err);
/* Every field, of whatever kind: for a profile that was packed as a whole (a ledger's state). */
enum err_code MUST_USE terms_profile_read_all(struct bytes terms, struct profile *out,
                                              struct err *err);
/* Only what the key chain decides: signing and transport key, officers, recovery quorum (and of a
 * genesis the type). Every other key is skipped, critical ones too, because the rule of the chain
 * is one for ever while the rest of the terms may grow. */
enum err_code MUST_USE terms_keys_read(struct bytes terms, enum kind kind, struct profile *out,
                                       struct err *err);
enum err_code MUST_USE terms_post_read(struct bytes terms, struct post_terms *out, struct err *err);
enum err_code MUST_USE terms_member_read(struct bytes terms, struct member_terms *out,
                                         struct err *err);
enum err_code MUST_USE terms_note_read(struct bytes terms, struct note_terms *out, struct err *err);
/* Calls `each` for every admission, in order; stops at the first error. */
typedef enum err_code (*admission_fn)(void *context, const struct admission *admission);
enum err_code MUST_USE terms_roster_read(struct bytes terms, admission_fn each, void *context,
                                         struct err *err);

/* Encoders; `tag` NULL = none. */
void terms_profile_pack(struct buffer *out, const struct profile *profile, const uint8_t *tag);
void terms_post_pack(struct buffer *out, const struct post_terms *terms, const uint8_t *tag);
void terms_member_pack(struct buffer *out, const struct member_terms *terms, const uint8_t *tag);
void terms_note_pack(struct buffer *out, const struct note_terms *terms, const uint8_t *tag);
void terms_roster_pack(struct buffer *out, const struct admission *admissions, size_t count,
                       const uint8_t *tag);
void terms_empty_pack(struct buffer *out, const uint8_t *tag);
/* Packed size of one admission, so that a founder fills entries up to ENTRY_MAX_BYTES. */
size_t admission_size(const struct admission *admission);

/* The list of officers by itself: [[number, key, nil | group]...], ascending by number. */
void officers_pack(struct buffer *out, const struct officer *officers, unsigned count);
void officers_read(struct cursor *cursor, struct officer officers[OFFICERS_MAX], unsigned *count);

/* `to` takes every field that `change` gives. */
void profile_merge(struct profile *to, const struct profile *change);
/* The same for the fields that the key chain decides, and no others. */
void profile_merge_keys(struct profile *to, const struct profile *change);
/* NULL: none of them has that number. */
const struct officer *officer_find(const struct officer *officers, unsigned count, uint32_t number);

#endif

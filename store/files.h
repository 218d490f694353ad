/* Files: cards and invites, which groups hand to one another outside the network; addresses; text
 * of "key = value" lines; reading and writing whole files.
 *
 * A card or an invite is one line of text that survives chat and paper: "satcha-card-1:" or
 * "satcha-invite-1:" and base64 of canonical MessagePack (docs/protocol.md, "Files"). */
#ifndef SATCHA_STORE_FILES_H
#define SATCHA_STORE_FILES_H

#include "proto/message.h"
#include "proto/terms.h"

/* What a group gives to be admitted. */
struct card {
    struct bytes genesis; /* leaf; a view into the buffer that was parsed */
    struct head head;     /* its first checkpoint or a later one */
    struct hash group;
    struct profile profile;    /* of the genesis */
    struct hash transport_key; /* current */
    unsigned address_count;
    char addresses[ADDRESSES_MAX][ADDRESS_MAX_BYTES + 1];
};

struct contact { /* whom to dial */
    struct hash group;
    struct hash transport_key;
    char address[ADDRESS_MAX_BYTES + 1];
};

enum { INVITE_CONTACTS_MAX = 16, INVITE_LEDGER_MAX = CHUNK_MAX_BYTES };
struct invite {
    struct hash network_id;
    uint8_t network_key[32];
    struct bytes genesis; /* of the network; view */
    struct head head;     /* of the network's ledger: nothing older may be believed */
    unsigned contact_count;
    struct contact contacts[INVITE_CONTACTS_MAX];
    /* The network's ledger up to `head`, so that invited groups know one another before they meet
     * anybody: link_count key-chain links from number 1 on (link_pack), leaf_count leaves (u16 BE
     * length, leaf). Empty where it is longer than INVITE_LEDGER_MAX: peers give it then. Views. */
    size_t link_count;
    struct bytes links;
    size_t leaf_count;
    struct bytes leaves;
};

enum err_code MUST_USE card_write(struct buffer *text, const struct card *card);
/* Verifies the head under the genesis key (size 1: root = group id) and addresses. `scratch` holds
 * the decoded bytes that the views point into. */
enum err_code MUST_USE card_parse(struct bytes text, struct buffer *scratch, struct card *card,
                                  struct err *err);
enum err_code MUST_USE invite_write(struct buffer *text, const struct invite *invite);
enum err_code MUST_USE invite_parse(struct bytes text, struct buffer *scratch,
                                    struct invite *invite, struct err *err);

/* "host:port" or "[v6]:port" into its parts: port 0..65535 (0 = any, for listening only). The host
 * comes without brackets. false when it is neither; the outputs are untouched then. */
bool address_split(struct bytes address, char host[ADDRESS_MAX_BYTES + 1], uint16_t *port);
/* The same with a port that can be dialled, 1..65535. */
bool address_is_valid(struct bytes address);

/* Text files of ours (satcha.conf, keys): lines "key = value", comments from '#' at the start of a
 * line, blank lines. Walk: start with a zeroed struct and `rest` = the text. Views point into it.
 */
struct setting {
    struct bytes rest;
    unsigned line; /* of key and value, from 1 */
    struct bytes key, value;
};
enum setting_result { SETTING_READ, SETTING_END, SETTING_BAD /* a line without '=' or key */ };
enum setting_result setting_next(struct setting *setting);

/* Whole files. Read: replaces what is in `out`; E_NOT_FOUND, E_CAP over `max` bytes, E_IO.
 * Write: temporary name, flush, rename, flush of the folder; `mode` as in open(2). E_IO. */
enum err_code MUST_USE file_read(const char *path, size_t max, struct buffer *out, struct err *err);
enum err_code MUST_USE file_write(const char *path, struct bytes data, unsigned mode,
                                  struct err *err);

#endif

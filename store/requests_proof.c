/* Evidence for the outside: signed heads, proofs, and checking what somebody hands over. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/files.h"
#include "store/report.h"
#include "store/requests.h"
#include "store/tlog_proof.h"

enum err_code request_checkpoint(const struct request_context *context,
                                 const msgpack_object *arguments, struct buffer *result,
                                 struct err *err)
{
    struct hash group;
    struct head head;
    struct buffer text;
    enum err_code code = argument_group(context, arguments, "group", &group, err);
    if (code != OK) {
        return code;
    }
    if (store_head(context->store, &group, &head) != OK) {
        return request_no_data(context->store, &group, err);
    }
    buffer_init(&text, NOTE_MAX_BYTES);
    checkpoint_write(&text, &head);
    pack_map(result, 5);
    result_hash(result, "group", &head.group);
    result_uint(result, "epoch", head.epoch);
    result_uint(result, "size", head.size);
    result_hash(result, "root", &head.root);
    result_bytes(result, "text", buffer_view(&text));
    buffer_free(&text);
    return OK;
}

/* --- proofs --- */

static void pack_path(const struct merkle_proof *path, struct buffer *out)
{
    result_array(out, "proof", path->count);
    for (unsigned i = 0; i < path->count; i++) {
        pack_bin(out, hash_view(&path->node[i]));
    }
}

static enum err_code inclusion(struct store *store, const struct hash *group, uint64_t entry,
                               uint64_t size, struct buffer *result, struct err *err)
{
    struct tlog_proof proof = {.index = entry};
    struct buffer leaf, text;
    struct hash root, leaf_hash;
    buffer_init(&leaf, ENTRY_MAX_BYTES);
    buffer_init(&text, 0);
    enum err_code code = store_inclusion(store, group, entry, size, &proof.path);
    if (code == OK) {
        code = store_root_at(store, group, size, &root);
    }
    if (code == OK) {
        code = store_leaf(store, group, entry, &leaf);
    }
    if (code != OK) {
        code = err_set(err, code, "the entries cannot be read; run `satcha verify`");
    }
    proof.leaf = buffer_view(&leaf);
    /* A file needs a signed head: there is one only of the current size. */
    if (code == OK && store_head(store, group, &proof.head) == OK && proof.head.size == size) {
        code = tlog_proof_write(&proof, &text, err);
    }
    if (code == OK) {
        merkle_leaf_hash(&leaf_hash, proof.leaf);
        pack_map(result, 9);
        result_hash(result, "group", group);
        result_text(result, "type", "inclusion");
        result_uint(result, "entry", entry);
        result_uint(result, "size", size);
        result_hash(result, "root", &root);
        result_hash(result, "leaf_hash", &leaf_hash);
        pack_text(result, "leaf");
        pack_bin(result, proof.leaf);
        pack_path(&proof.path, result);
        result_bytes(result, "text", buffer_view(&text));
    }
    buffer_free(&leaf);
    buffer_free(&text);
    return code;
}

static enum err_code consistency(struct store *store, const struct hash *group, uint64_t from,
                                 uint64_t to, struct buffer *result, struct err *err)
{
    struct merkle_proof path;
    struct hash from_root, to_root;
    enum err_code code = store_consistency(store, group, from, to, &path);
    if (code == OK) {
        code = store_root_at(store, group, from, &from_root);
    }
    if (code == OK) {
        code = store_root_at(store, group, to, &to_root);
    }
    if (code != OK) {
        return err_set(err, code, "the entries cannot be read; run `satcha verify`");
    }
    pack_map(result, 7);
    result_hash(result, "group", group);
    result_text(result, "type", "consistency");
    result_uint(result, "from", from);
    result_uint(result, "to", to);
    result_hash(result, "from_root", &from_root);
    result_hash(result, "to_root", &to_root);
    pack_path(&path, result);
    return OK;
}

enum err_code request_proof(const struct request_context *context, const msgpack_object *arguments,
                            struct buffer *result, struct err *err)
{
    struct hash group;
    struct ledger_view view;
    uint64_t entry = 0, from = 0;
    enum err_code code = argument_group(context, arguments, "group", &group, err);
    if (code != OK) {
        return code;
    }
    if (store_ledger_find(context->store, &group, &view) != OK || view.size == 0) {
        return request_no_data(context->store, &group, err);
    }
    uint64_t to = view.size;
    bool of_entry = argument_has(arguments, "entry");
    if (of_entry == argument_has(arguments, "from")) {
        return err_set(err, E_USAGE,
                       "expected entry (is it in the ledger) or from (did the ledger only grow)");
    }
    code = argument_uint(arguments, of_entry ? "size" : "to", view.size, &to, err);
    if (code == OK && of_entry) {
        code = argument_uint(arguments, "entry", LEDGER_SIZE_MAX, &entry, err);
    } else if (code == OK) {
        code = argument_uint(arguments, "from", view.size, &from, err);
    }
    if (code != OK) {
        return code;
    }
    if (of_entry && entry >= to) {
        return err_set(err, E_NO_DATA,
                       "entry %" PRIu64 ": the ledger of that size ends at %" PRIu64, entry,
                       to > 0 ? to - 1 : 0);
    }
    if (!of_entry && (from == 0 || from > to)) {
        return err_set(err, E_USAGE, "from: expected a size from 1 to %" PRIu64, to);
    }
    return of_entry ? inclusion(context->store, &group, entry, to, result, err)
                    : consistency(context->store, &group, from, to, result, err);
}

/* --- checking a file --- */

/* The start of every answer; `more` pairs follow. */
static void result_checked(struct buffer *result, const char *type, const struct hash *group,
                           const char *what, size_t more)
{
    pack_map(result, 5 + more);
    result_bool(result, "good", true);
    result_text(result, "type", type);
    result_text(result, "what", what);
    result_hash(result, "group", group);
    result_array(result, "findings", 0);
}

static enum err_code check_card(struct bytes text, struct buffer *result, struct err *err)
{
    struct buffer scratch;
    char what[NAME_MAX_BYTES + 80];
    struct card *card = calloc(1, sizeof *card);
    if (!card) {
        return err_set(err, E_MEMORY, "out of memory for a card");
    }
    buffer_init(&scratch, 0);
    enum err_code code = card_parse(text, &scratch, card, err);
    if (code == OK) {
        snprintf(what, sizeof what, "the card of %s, signed by its first key", card->profile.name);
        result_checked(result, "card", &card->group, what, 1);
        result_text(result, "name", card->profile.name);
    }
    buffer_free(&scratch);
    free(card);
    return code;
}

static enum err_code check_invite(struct bytes text, struct buffer *result, struct err *err)
{
    struct buffer scratch;
    struct invite invite;
    buffer_init(&scratch, 0);
    enum err_code code = invite_parse(text, &scratch, &invite, err);
    if (code == OK) {
        result_checked(result, "invite", &invite.network_id,
                       "an invite; whoever has it can try to connect: keep it secret", 1);
        result_uint(result, "contacts", invite.contact_count);
        explicit_bzero(&invite, sizeof invite);
    }
    buffer_free(&scratch);
    return code;
}

/* The head's signature under the key in force at its size, and its root where it is held. */
static enum err_code check_head(struct store *store, const struct head *head, struct err *err)
{
    struct ledger_view view;
    struct hash root;
    char hex[HEX_HASH_MAX];
    if (store_ledger_find(store, &head->group, &view) != OK || view.size == 0) {
        return err_set(err, E_NO_DATA,
                       "nothing of the ledger of %.8s is held here, so that its key is not known",
                       hash_format(&head->group, hex));
    }
    struct ledger_state *state = malloc(sizeof *state);
    if (!state) {
        return err_set(err, E_MEMORY, "out of memory for a ledger's state");
    }
    /* Past what is held, the newest known key: a later change of keys cannot be known here. */
    uint64_t size = head->size < view.size ? head->size : view.size;
    enum err_code code = store_ledger_state_at(store, &head->group, size, state, err);
    if (code == OK && head_verify(head, &state->profile.signing_key) != OK) {
        code = err_set(err, E_SIGNATURE,
                       "the checkpoint of size %" PRIu64 " is not signed by the key of %s",
                       head->size, state->profile.name);
    }
    free(state);
    if (code == OK && head->size <= view.size) {
        code = store_root_at(store, &head->group, head->size, &root);
        if (code == OK && !hash_equal(&root, &head->root)) {
            code = err_set(err, E_FORKED,
                           "the checkpoint is signed well and its root differs from the first "
                           "%" PRIu64 " entries held here: two branches of one ledger",
                           head->size);
        }
    }
    return code;
}

static void result_head(struct buffer *result, const struct head *head)
{
    result_uint(result, "epoch", head->epoch);
    result_uint(result, "size", head->size);
    result_hash(result, "root", &head->root);
}

static enum err_code check_checkpoint(struct store *store, struct bytes text, struct buffer *result,
                                      struct err *err)
{
    struct head head;
    enum err_code code = checkpoint_parse(text, &head, err);
    if (code == OK) {
        code = check_head(store, &head, err);
    }
    if (code == OK) {
        result_checked(result, "checkpoint", &head.group,
                       "a checkpoint, signed by the group's key and of the ledger held here", 3);
        result_head(result, &head);
    }
    return code;
}

static enum err_code check_proof(struct store *store, struct bytes text, struct buffer *result,
                                 struct err *err)
{
    struct tlog_proof proof;
    struct buffer scratch;
    buffer_init(&scratch, ENTRY_MAX_BYTES);
    enum err_code code = tlog_proof_parse(text, &scratch, &proof, err);
    if (code == OK) {
        code = tlog_proof_verify(&proof, err);
    }
    if (code == OK) {
        code = check_head(store, &proof.head, err);
    }
    if (code == OK) {
        result_checked(result, "proof", &proof.head.group,
                       "the entry stands in the ledger of that signed head", 4);
        result_head(result, &proof.head);
        result_uint(result, "entry", proof.index);
    }
    buffer_free(&scratch);
    return code;
}

static enum err_code check_cut(struct store *store, struct bytes text, struct buffer *result,
                               struct err *err)
{
    struct cut cut;
    struct report report;
    unsigned verified = 0;
    char what[120];
    enum err_code code = cut_parse(text, &cut, err);
    if (code != OK) {
        return code;
    }
    code = cut_verify(store, text, &cut, &verified, err);
    if (code == OK) {
        code = report_build(store, &cut, &report, err);
    }
    if (code == OK) {
        report_free(&report);
        snprintf(what, sizeof what,
                 "cut %s: every head is held here with the same root; %u signature%s verified",
                 cut.id, verified, verified == 1 ? "" : "s");
        result_checked(result, "cut", &cut.network, what, 3);
        result_text(result, "id", cut.id);
        result_date(result, "as_of", cut.as_of);
        result_uint(result, "signatures", verified);
    }
    cut_free(&cut);
    return code;
}

static bool begins(struct bytes text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && memcmp(text.data, with, len) == 0;
}

enum err_code request_verify(const struct request_context *context, const msgpack_object *arguments,
                             struct buffer *result, struct err *err)
{
    struct store *store = context->store;
    struct bytes text = argument_bin(arguments, "content");
    struct bytes name = argument_text(arguments, "name");
    char quoted[QUOTE_MAX];
    if (!argument_has(arguments, "content")) {
        return request_verify_all(context, result, err);
    }
    enum err_code code;
    if (begins(text, "satcha-card-")) {
        code = check_card(text, result, err);
    } else if (begins(text, "satcha-invite-")) {
        code = check_invite(text, result, err);
    } else if (begins(text, "satcha/cut/")) {
        code = check_cut(store, text, result, err);
    } else if (begins(text, "c2sp.org/tlog-proof@")) {
        code = check_proof(store, text, result, err);
    } else if (begins(text, "satcha/")) {
        code = check_checkpoint(store, text, result, err);
    } else {
        code = err_set(err, E_ENCODING,
                       "expected a card, an invite, a cut, a checkpoint or a proof, by its first "
                       "line");
    }
    return code == OK || name.len == 0 ? code
                                       : err_prefix(err, code, "%s", bytes_quote(name, quoted));
}

/* The request table, and how a request is looked up and run. What a row says is also its
 * documentation: docs/operations.md is written from here. */
#include <string.h>

#include "store/requests.h"

/* What every request that writes an entry takes besides its own arguments. */
#define WRITE_ARGUMENTS "[date], [op], [actor], [officer_keys], [dry_run]"
#define WRITE_RESULT "already, dry_run, entry, entries, size, root"
#define WRITE_ERRORS "E_ROLLBACK, E_RECOVERING, E_CLOCK, E_FORKED, E_IO, E_QUORUM, E_DATE"

static const struct request_row TABLE[] = {
    {"id", "", "group, short, name, name_en, type, signing_key, transport_key", "", 0, request_id},
    {"status", "",
     "group, name, name_en, type, currency, minor_digits, home_place, status, status_text, epoch, "
     "size, root, entries_invalid, members, last_date, network, network_name, groups, groups_held, "
     "addresses, home",
     "", 0, request_status},
    {"card", "", "group, card", "", 0, request_card},
    {"amend",
     "[name], [name_en], [addresses], [policy], [signing_key], [transport_key], "
     "[officers [\"number:public key\"…]], [recovery_quorum], [leave_network], " WRITE_ARGUMENTS,
     WRITE_RESULT, "E_USAGE, " WRITE_ERRORS, REQUEST_WRITES, request_amend},
    {"network found", "cards, [officer_keys], [date], [actor]",
     WRITE_RESULT ", network, name, groups [{group, name, place}…]",
     "E_KIND, E_EXISTS, E_ROSTER, " WRITE_ERRORS, REQUEST_WRITES, request_network_found},
    {"network join", "invite, " WRITE_ARGUMENTS, WRITE_RESULT ", network, network_name",
     "E_EXISTS, E_ENCODING, " WRITE_ERRORS, REQUEST_WRITES, request_network_join},
    {"network invite", "", "network, network_name, invite", "E_NO_DATA", 0, request_network_invite},
    {"network show", "",
     "network, name, name_en, currency, minor_digits, size, quorum, governors [{number, group, "
     "name}…], groups [{group, name, name_en, place, place_name, type, entry, addresses}…]",
     "E_NO_DATA", 0, request_network_show},
    {"admit", "cards, " WRITE_ARGUMENTS,
     WRITE_RESULT ", network, name, groups [{group, name, place}…]",
     "E_KIND, E_ROSTER, E_QUORUM, " WRITE_ERRORS, REQUEST_WRITES, request_admit},
    {"peer list", "", "peers [{group, name, address, by_hand, banned}…]", "", 0, request_peer_list},
    {"peer add", "group, address, [transport_key]", "group, address", "E_NOT_FOUND, E_USAGE",
     REQUEST_WRITES, request_peer_add},
    {"peer remove", "group", "group", "E_NOT_FOUND", REQUEST_WRITES, request_peer_remove},
    {"peer ban", "group, [lift]", "group, banned", "E_NOT_FOUND", REQUEST_WRITES, request_peer_ban},
    {"peers", "",
     "peers [{group, name, address, direction, state, round_trip_ms, bytes_in, bytes_out, "
     "version, behind, error}…]",
     "E_NO_DAEMON", REQUEST_NETWORK, NULL},
    {"ping", "group", "group, round_trip_ms", "E_NO_DAEMON, E_NOT_FOUND, E_TIMEOUT",
     REQUEST_NETWORK, NULL},
    {"groups", "",
     "network, currency, minor_digits, groups [{group, name, name_en, place, type, epoch, size, "
     "stored, root, status, stopped_at, members, valid, invalid, last_date, heard, own, network, "
     "rostered, frozen, flags}…]",
     "", 0, request_groups},
    {"why", "group", "group, name, state, why, heads [{epoch, size, root}…] (of a fork)",
     "E_NOT_FOUND", 0, request_why},
    {"member opening", "count, " WRITE_ARGUMENTS, WRITE_RESULT ", members",
     "E_MEMBER, " WRITE_ERRORS, REQUEST_WRITES, request_member_opening},
    {"member list", "[members], " WRITE_ARGUMENTS,
     "with members, as an order: " WRITE_RESULT
     ", members; without: members, listed, rows [{member, active, entry}…]",
     "E_MEMBER, " WRITE_ERRORS, REQUEST_WRITES, request_member_list},
    {"member join", "members, " WRITE_ARGUMENTS, WRITE_RESULT ", members",
     "E_MEMBER, " WRITE_ERRORS, REQUEST_WRITES, request_member_join},
    {"member leave", "members, " WRITE_ARGUMENTS, WRITE_RESULT ", members",
     "E_MEMBER, E_STATE, " WRITE_ERRORS, REQUEST_WRITES, request_member_leave},
    {"post",
     "event, amount, [member], [account], [pay], [sub], [unit], [fund], [party], [face], [cost], "
     "[interest], [penalty], [round], [memo], [reported], [lines [\"account=amount\"…]] "
     "(journal), " WRITE_ARGUMENTS,
     WRITE_RESULT ", lines [{account, member, amount}…], minor_digits",
     "E_EVENT, E_AMOUNT, E_ACCOUNT, E_MEMBER, E_ROUND, E_NEGATIVE, E_LIMIT, " WRITE_ERRORS,
     REQUEST_WRITES, request_post},
    {"import", "name, content, [dry_run], [per_row], [new_members], [actor], [officer_keys]",
     WRITE_RESULT ", rows, lines, members_joined",
     "FILE:LINE: E_…: E_HEADER, E_ENCODING, E_DUP, E_UNBALANCED and those of post",
     REQUEST_WRITES | REQUEST_LONG, request_import},
    {"reverse", "entry, " WRITE_ARGUMENTS, WRITE_RESULT ", reversed",
     "E_NOT_FOUND, E_KIND, E_STATE, E_NEGATIVE, " WRITE_ERRORS, REQUEST_WRITES, request_reverse},
    {"note", "topic, [document | content], " WRITE_ARGUMENTS, WRITE_RESULT ", document",
     "E_USAGE, " WRITE_ERRORS, REQUEST_WRITES, request_note},
    {"log", "[group], [from], [to], [limit], [last], [raw]",
     "group, name, size, from, to, more, minor_digits, entries [{entry, kind, date, time, actor, "
     "event, reversed, change, topic, document, changed, verdict (nil: valid), approvals, refs "
     "[{group, "
     "entry}…], posts [{account, counterparty, amount}…]}…]; raw: group, size, from, to, more, "
     "leaves (each u16 BE length and leaf)",
     "E_NOT_FOUND, E_NO_DATA", 0, request_log},
    {"lines", "[account], [member], [sub], [party], [unit], [fund], [from], [to], [limit]",
     "minor_digits, more, next, lines [{entry, leg, date, event, line, account, member, party, "
     "sub, unit, fund, amount, memo, op, undone, balance, event_number}…] (own ledger; balance "
     "with account)",
     "E_USAGE", 0, request_lines},
    {"balance", "[group] | [all] | member",
     "group, name, currency, minor_digits, groups, members, rows [{account, debit, credit, "
     "balance, "
     "groups}…], debit, credit; member: member, active, rows [{account, "
     "balance}…]",
     "E_NOT_FOUND, E_NO_DATA, E_MEMBER", 0, request_balance},
    {"audit", "[cut], [date], [by tambon|district|province|cluster|region|country]",
     "cut, network, name, name_en, currency, minor_digits, as_of, rules, sections, coverage, "
     "groups, "
     "combined, good, income, restricted, counts, events, by, places (store/report.h)",
     "E_NO_DATA, E_DIFFERS, E_VERSION, E_SIGNATURE, E_ENCODING", 0, request_audit},
    {"cut", "[date]", "id, as_of, groups, held, text", "E_NO_DATA", 0, request_cut},
    {"checkpoint", "[group]", "group, epoch, size, root, text", "E_NO_DATA", 0, request_checkpoint},
    {"proof", "[group], entry, [size] | from, [to]",
     "group, type, entry, size, root, leaf_hash, leaf, proof [hash…], text | group, type, from, "
     "to, from_root, to_root, proof [hash…]",
     "E_NO_DATA, E_USAGE", 0, request_proof},
    {"verify", "[name, content]",
     "everything: good, type all, findings [{group, entry, what}…], groups, entries; a file: good, "
     "type card|invite|cut|checkpoint|proof, what, findings, group, and the fields of that type",
     "E_ENCODING, E_SIGNATURE, E_PROOF, E_DIFFERS, E_NO_DATA; what everything lacks stands in the "
     "result",
     REQUEST_LONG, request_verify},
    {"rebuild", "", "groups, entries", "E_IO, E_CORRUPT", REQUEST_WRITES | REQUEST_LONG,
     request_rebuild},
    {"doctor", "[confirm_clock]", "good, findings [{good, what, todo}…]", "", 0, request_doctor},
    {"events", "", "events [{number, name, name_th, member, either_way, help}…]", "", 0,
     request_events},
    {"accounts", "", "accounts [{account, name, name_th, type, intergroup}…]", "", 0,
     request_accounts},
    {"complete", "what requests|events|accounts|groups|types", "words", "E_USAGE", 0,
     request_complete},
};

unsigned request_count(void)
{
    return sizeof TABLE / sizeof TABLE[0];
}

const struct request_row *request_at(unsigned row)
{
    return row < request_count() ? &TABLE[row] : NULL;
}

const struct request_row *request_find(struct bytes name)
{
    for (unsigned i = 0; i < request_count(); i++) {
        if (bytes_equal(name, bytes_of_text(TABLE[i].name))) {
            return &TABLE[i];
        }
    }
    return NULL;
}

enum err_code request_unpack(const struct request_row *row, struct bytes arguments,
                             msgpack_unpacked *unpacked, struct err *err)
{
    size_t offset = 0;
    msgpack_unpacked_init(unpacked);
    if (msgpack_unpack_next(unpacked, (const char *)arguments.data, arguments.len, &offset) !=
            MSGPACK_UNPACK_SUCCESS ||
        offset != arguments.len || unpacked->data.type != MSGPACK_OBJECT_MAP) {
        return err_set(err, E_USAGE, "the arguments of %s are not one MessagePack map", row->name);
    }
    return arguments_known(&unpacked->data, row->arguments, err);
}

enum err_code request_whole(const struct request_row *row, const struct buffer *result,
                            struct err *err)
{
    if (result->failed) {
        return err_set(err, E_CAP, "the answer to %s is larger than %zu bytes; ask for less of it",
                       row->name, result->limit);
    }
    return OK;
}

static enum err_code run_row(const struct request_context *context, const struct request_row *row,
                             struct bytes arguments, struct buffer *result, struct err *err)
{
    msgpack_unpacked unpacked;
    enum err_code code = request_unpack(row, arguments, &unpacked, err);
    if (code == OK) {
        code = store_settle(context->store, err); /* what is shown may leave the machine */
    }
    if (code == OK) {
        code = row->run(context, &unpacked.data, result, err);
    }
    msgpack_unpacked_destroy(&unpacked);
    return code == OK ? request_whole(row, result, err) : code;
}

enum err_code request_run(const struct request_context *context, struct bytes name,
                          struct bytes arguments, struct buffer *result, struct err *err)
{
    char quoted[QUOTE_MAX];
    const struct request_row *row = request_find(name);
    if (!row) {
        return err_set(err, E_NOT_FOUND, "there is no request %s; docs/operations.md lists them",
                       bytes_quote(name, quoted));
    }
    if (!row->run) {
        return err_set(err, E_NO_DAEMON,
                       "%s asks the network, which takes a running daemon: start satchad for %s",
                       row->name, store_home(context->store));
    }
    return run_row(context, row, arguments, result, err);
}

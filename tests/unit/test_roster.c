/* The roster as it is read from the network's ledger: order, names, keys, contacts, invites. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/files.h"
#include "tests/lib/build.h"
#include "tests/lib/pair.h"

enum { GROUPS = 40 };

static struct home network;
static struct home member;
static struct admission admissions[GROUPS];

static void assert_code(enum err_code code, enum err_code expected, const struct home *of)
{
    if (code != expected) {
        fail_msg("expected %s, got %s: %s", err_name(expected), err_name(code), of->err.text);
    }
}

/* Admissions of groups that have no node here: places descend, so that order is not admission. */
static int set_up(void **state)
{
    (void)state;
    static struct maker maker;
    home_new(&network, 1, GROUP_NETWORK, NULL);
    home_new(&member, 2, GROUP_SAVINGS, NULL);
    for (uint32_t i = 0; i < GROUPS; i++) {
        char name[32];
        maker_init(&maker, 100 + i, GROUP_SAVINGS);
        (void)snprintf(name, sizeof name, "กองทุน %u", (unsigned)i);
        maker_admission(&maker, name, &admissions[i]);
        admissions[i].place = 330100 - i / 2;
        maker_free(&maker);
    }
    const struct home *const homes[] = {&member};
    assert_code(home_admit_all(&network, admissions, 30), OK, &network);
    assert_code(home_admit(&network, homes, 1), OK, &network);
    assert_code(store_release(network.store, &network.err), OK, &network);
    assert_code(home_join(&member, &network), OK, &member);
    assert_code(store_release(member.store, &member.err), OK, &member);
    pair_sync(&network, &member);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    home_remove(&network);
    home_remove(&member);
    return 0;
}

static void order_is_by_place_and_id(void **state)
{
    (void)state;
    struct rostered before;
    struct rostered at;
    struct ledger_view view;
    assert_int_equal(store_roster_count(member.store), 31);
    for (size_t rank = 0; rank < 31; rank++) {
        assert_int_equal(store_roster_at(member.store, rank, &at), OK);
        assert_int_equal(store_ledger_at(member.store, rank + 1, &view), OK);
        assert_true(hash_equal(&view.group, &at.admission.group));
        if (rank > 0) {
            int order = hash_compare(&before.admission.group, &at.admission.group);
            assert_true(before.admission.place < at.admission.place ||
                        (before.admission.place == at.admission.place && order < 0));
        }
        before = at;
    }
    assert_int_equal(store_roster_at(member.store, 31, &at), E_NOT_FOUND);
    assert_int_equal(store_ledger_at(member.store, 0, &view), OK);
    assert_true(view.network);
}

static void later_admissions_change_the_order(void **state)
{
    (void)state;
    struct rostered at;
    struct hash digest_a;
    struct hash digest_b;
    assert_code(home_admit_all(&network, admissions + 30, 10), OK, &network);
    assert_code(store_commit(network.store, NULL, NULL, &network.err), OK, &network);
    assert_int_equal(store_roster_count(network.store), 41);
    pair_sync(&network, &member);
    assert_int_equal(store_roster_count(member.store), 41);
    assert_int_equal(store_roster_find(member.store, &admissions[35].group, &at), OK);
    assert_string_equal(at.admission.name, admissions[35].name);
    assert_int_equal(at.index, 3);
    map_digest(store_book(network.store)->map, &digest_a);
    map_digest(store_book(member.store)->map, &digest_b);
    assert_true(hash_equal(&digest_a, &digest_b));
    home_close(&member);
    assert_code(home_open(&member), OK, &member);
    map_digest(store_book(member.store)->map, &digest_b);
    assert_true(hash_equal(&digest_a, &digest_b));
    assert_code(store_verify(member.store, NULL, NULL, NULL, &member.err), OK, &member);
    assert_code(store_rebuild(member.store, NULL, &member.err), OK, &member);
    map_digest(store_book(member.store)->map, &digest_b);
    assert_true(hash_equal(&digest_a, &digest_b));
}

static void a_second_admission_is_refused(void **state)
{
    (void)state;
    uint64_t size = home_size(&network);
    assert_code(home_admit_all(&network, admissions + 3, 1), E_ROSTER, &network);
    assert_int_equal(home_size(&network), size);
    assert_int_equal(store_roster_count(network.store), 31);
}

static void assert_resolves(const char *text, enum err_code expected, const struct hash *group)
{
    struct hash found;
    enum err_code code =
        store_resolve_group(member.store, bytes_of_text(text), &found, &member.err);
    assert_code(code, expected, &member);
    if (group != NULL) {
        assert_true(hash_equal(&found, group));
    }
}

static void groups_are_named_by_id_prefix_or_name(void **state)
{
    (void)state;
    char digits[HEX_HASH_MAX];
    assert_resolves("กองทุน 7", OK, &admissions[7].group);
    assert_resolves("group 2", OK, store_own_group(member.store));
    (void)hash_format(&admissions[9].group, digits);
    assert_resolves(digits, OK, &admissions[9].group);
    digits[12] = '\0';
    assert_resolves(digits, OK, &admissions[9].group);
    digits[7] = '\0';
    assert_resolves(digits, E_NOT_FOUND, NULL);
    assert_resolves("nobody", E_NOT_FOUND, NULL);
    assert_resolves("", E_NOT_FOUND, NULL);
}

static void keys_are_the_chains_or_the_admissions(void **state)
{
    (void)state;
    struct book *book = store_book(network.store);
    const struct hash *own = store_own_group(member.store);
    struct hash key = store_keys(member.store)->transport.public_key;
    struct hash other = admissions[3].transport_key;
    assert_true(book->peer_key_known(book->context, own, &key));
    assert_false(book->peer_key_known(book->context, own, &other));
    assert_true(book->peer_key_known(book->context, &admissions[3].group, &other));
    assert_false(book->peer_key_known(book->context, &admissions[3].group, &key));
}

struct contacts {
    unsigned count, by_hand;
    struct contact last;
};

static enum err_code keep_contact(void *context, const struct contact *contact, bool by_hand)
{
    struct contacts *contacts = context;
    contacts->count++;
    contacts->by_hand += by_hand;
    contacts->last = *contact;
    return OK;
}

static void contacts_come_from_hand_and_roster(void **state)
{
    (void)state;
    struct contacts before = {.count = 0};
    struct contacts after = {.count = 0};
    struct contact contact = {.group = admissions[1].group,
                              .transport_key = admissions[1].transport_key,
                              .address = "192.0.2.7:7420"};
    assert_int_equal(store_contacts(member.store, keep_contact, &before), OK);
    assert_code(store_contact_add(member.store, &contact, &member.err), OK, &member);
    assert_code(store_contact_add(member.store, &contact, &member.err), OK, &member);
    assert_int_equal(store_contacts(member.store, keep_contact, &after), OK);
    assert_int_equal(after.count, before.count + 1);
    assert_int_equal(after.by_hand, before.by_hand + 1);
    assert_code(store_contact_remove(member.store, &contact.group, &member.err), OK, &member);
    assert_code(store_contact_remove(member.store, &contact.group, &member.err), E_NOT_FOUND,
                &member);
    (void)snprintf(contact.address, sizeof contact.address, "nowhere");
    assert_code(store_contact_add(member.store, &contact, &member.err), E_USAGE, &member);
    assert_false(store_is_banned(member.store, &contact.group));
    assert_code(store_ban(member.store, &contact.group, true, &member.err), OK, &member);
    assert_true(store_is_banned(member.store, &contact.group));
    assert_code(store_ban(member.store, &contact.group, false, &member.err), OK, &member);
    assert_false(store_is_banned(member.store, &contact.group));
}

static void one_network_at_a_time(void **state)
{
    (void)state;
    struct home other;
    assert_code(home_join(&member, &network), OK, &member); /* the same again: new contacts */
    home_new(&other, 7, GROUP_NETWORK, NULL);
    assert_code(home_join(&member, &other), E_STATE, &member);
    home_remove(&other);
    assert_int_equal(store_roster_count(member.store), 31);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(order_is_by_place_and_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(later_admissions_change_the_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_admission_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(groups_are_named_by_id_prefix_or_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_are_the_chains_or_the_admissions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(contacts_come_from_hand_and_roster, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_network_at_a_time, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

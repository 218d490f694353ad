/* The order of effects, and what is left when it is broken in the middle: a database behind its
 * mark, a crash between the two, a clock set back, a head heard elsewhere, a full disk, SIGKILL. */
#include "tests/lib/cmocka.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/pair.h"

static struct home home;

static void assert_code(enum err_code code, enum err_code expected, const struct home *of)
{
    if (code != expected) {
        fail_msg("expected %s, got %s: %s", err_name(expected), err_name(code), of->err.text);
    }
}

static int set_up(void **state)
{
    (void)state;
    home_new(&home, 1, GROUP_SAVINGS, NULL);
    assert_code(home_member(&home, MEMBER_JOIN, 1, 60), OK, &home);
    assert_code(home_deposit(&home, 42, 120000, 10), OK, &home);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    home_remove(&home);
    return 0;
}

static void keep(const char *name, const char *as)
{
    home_copy_file(&home, name, as);
}

static void a_database_behind_its_mark_is_not_written(void **state)
{
    (void)state;
    home_close(&home);
    keep("ledger.db", "old.db");
    assert_code(home_open(&home), OK, &home);
    assert_code(home_deposit(&home, 42, 100, 3), OK, &home);
    home_close(&home);
    keep("ledger.db", "new.db");
    keep("old.db", "ledger.db");
    assert_code(home_open(&home), OK, &home);
    assert_int_equal(store_own_status(home.store), OWN_ROLLBACK);
    assert_code(home_deposit(&home, 42, 100, 1), E_ROLLBACK, &home);
    assert_non_null(strstr(home.err.text, "ends at 12, the mark says 15"));
    assert_int_equal(home_size(&home), 12);
    assert_code(store_release(home.store, &home.err), E_ROLLBACK, &home);
    home_close(&home);
    keep("new.db", "ledger.db");
    assert_code(home_open(&home), OK, &home);
    assert_code(home_deposit(&home, 42, 100, 1), OK, &home);
}

/* Another history of the same length is no less a rollback. */
static void another_database_is_not_written(void **state)
{
    (void)state;
    home_close(&home);
    keep("ledger.db", "old.db");
    keep("highwater", "old.mark");
    assert_code(home_open(&home), OK, &home);
    assert_code(home_deposit(&home, 42, 100, 1), OK, &home);
    home_close(&home);
    keep("highwater", "new.mark");
    keep("old.db", "ledger.db");
    keep("old.mark", "highwater");
    assert_code(home_open(&home), OK, &home);
    assert_code(home_deposit(&home, 43, 100, 1), OK, &home);
    home_close(&home);
    keep("new.mark", "highwater");
    assert_code(home_open(&home), OK, &home);
    assert_int_equal(store_own_status(home.store), OWN_ROLLBACK);
}

static void a_crash_before_the_mark_loses_nothing(void **state)
{
    (void)state;
    home_close(&home);
    keep("highwater", "before");
    assert_code(home_open(&home), OK, &home);
    assert_code(home_deposit(&home, 42, 100, 1), OK, &home);
    home_close(&home);
    keep("highwater", "after");
    keep("before", "highwater");
    assert_code(home_open(&home), OK, &home);
    assert_int_equal(store_own_status(home.store), OWN_OK);
    assert_int_equal(home_size(&home), 13);
    home_close(&home); /* the mark was brought up: the old database is behind now */
    keep("highwater", "again");
    assert_code(home_open(&home), OK, &home);
    assert_int_equal(store_own_status(home.store), OWN_OK);
}

static void starts_are_counted(void **state)
{
    (void)state;
    struct start_count starts;
    assert_code(store_count_start(home.store, &starts, &home.err), OK, &home);
    assert_int_equal(starts.starts, 1);
    assert_true(start_count_verify(&starts, store_own_group(home.store),
                                   &store_keys(home.store)->signing.public_key));
    assert_code(home_deposit(&home, 42, 100, 1), OK, &home);
    home_close(&home);
    assert_code(home_open(&home), OK, &home);
    assert_code(store_count_start(home.store, &starts, &home.err), OK, &home);
    assert_int_equal(starts.starts, 2);
}

/* Our head at that size, signed with our key, as if it had been released. */
static struct head own_head(uint64_t size)
{
    struct head head = {.group = *store_own_group(home.store), .size = size};
    assert_int_equal(store_root_at(home.store, &head.group, size, &head.root), OK);
    head_sign(&head, &store_keys(home.store)->signing);
    return head;
}

static void hear(const struct head *head, uint64_t starts, const struct sign_key *key)
{
    struct start_count count = {.starts = 0};
    if (starts > 0) {
        start_count_sign(&count, store_own_group(home.store), starts, key);
    }
    store_own_head_heard(home.store, head, &count);
}

static void a_head_heard_elsewhere_stops_writing(void **state)
{
    (void)state;
    struct head head = own_head(12);
    hear(&head, 0, NULL);
    head = own_head(5);
    hear(&head, 0, NULL);
    hear(NULL, 0, NULL);
    assert_int_equal(store_own_status(home.store), OWN_OK);

    head = own_head(12);
    head.size = 13;
    head.signature_count = 0;
    head_sign(&head, &store_keys(home.store)->signing);
    hear(&head, 0, NULL);
    assert_int_equal(store_own_status(home.store), OWN_RECOVERING);
    assert_code(home_deposit(&home, 42, 100, 1), E_RECOVERING, &home);

    home_close(&home);
    assert_code(home_open(&home), OK, &home);
    head = own_head(5);
    head.root.bytes[0] ^= 1;
    head.signature_count = 0;
    head_sign(&head, &store_keys(home.store)->signing);
    hear(&head, 0, NULL);
    assert_int_equal(store_own_status(home.store), OWN_RECOVERING);

    home_close(&home);
    assert_code(home_open(&home), OK, &home);
    head = own_head(5);
    hear(&head, 1, &store_keys(home.store)->signing); /* this home was started elsewhere */
    assert_int_equal(store_own_status(home.store), OWN_RECOVERING);
}

/* A peer with a valid key of its own makes up a longer head, or a greater count, to stop us. */
static void what_a_peer_makes_up_stops_nothing(void **state)
{
    (void)state;
    static const uint8_t seed[SEED_BYTES] = {7};
    struct sign_key other;
    sign_key_from_seed(&other, seed);
    struct head head = own_head(12);
    head.size = 1000;
    hear(&head, 0, NULL); /* our signature, over another size */
    head.signature_count = 0;
    hear(&head, 0, NULL);
    head_sign(&head, &other);
    hear(&head, 99, &other);
    assert_int_equal(store_own_status(home.store), OWN_OK);
    head = own_head(12);
    head.group.bytes[0] ^= 1;
    head.size = 1000;
    head.signature_count = 0;
    head_sign(&head, &store_keys(home.store)->signing);
    hear(&head, 0, NULL); /* another group's */
    assert_int_equal(store_own_status(home.store), OWN_OK);
    assert_code(home_deposit(&home, 42, 100, 1), OK, &home);
}

static bool is_shown(uint64_t size)
{
    struct head head;
    struct book *book = store_book(home.store);
    return book->head(book->context, store_own_group(home.store), &head) == OK && head.size == size;
}

/* An entry is durable, its head not released yet, when a peer tells of a longer one: it stays here,
 * after a restart too, for it would be the second head. */
static void what_is_not_released_stays_when_more_is_heard_of(void **state)
{
    (void)state;
    assert_code(store_release(home.store, &home.err), OK, &home);
    assert_true(is_shown(12));
    struct head head = own_head(12);
    head.size = 20;
    head.signature_count = 0;
    head_sign(&head, &store_keys(home.store)->signing);
    assert_code(home_deposit(&home, 42, 100, 1), OK, &home);
    hear(&head, 0, NULL);
    assert_code(store_commit(home.store, NULL, NULL, &home.err), OK, &home);
    assert_false(is_shown(13));
    home_close(&home);
    assert_code(home_open(&home), OK, &home);
    assert_false(is_shown(13));
    hear(&head, 0, NULL);
    assert_code(store_release(home.store, &home.err), E_RECOVERING, &home);
    assert_false(is_shown(13));
}

/* A key that was stolen and replaced no longer speaks for this ledger. */
static void a_replaced_key_stops_nothing(void **state)
{
    (void)state;
    struct sign_key stolen = store_keys(home.store)->signing;
    assert_code(home_new_key(&home), OK, &home);
    struct head head = own_head(13);
    head.size = 1000;
    head.signature_count = 0;
    head_sign(&head, &stolen);
    hear(&head, 99, &stolen);
    head = own_head(5);
    head.root.bytes[0] ^= 1;
    head.signature_count = 0;
    head_sign(&head, &stolen);
    hear(&head, 0, NULL);
    assert_int_equal(store_own_status(home.store), OWN_OK);
    head = own_head(13);
    head.size = 1000;
    head.signature_count = 0;
    head_sign(&head, &store_keys(home.store)->signing);
    hear(&head, 0, NULL);
    assert_int_equal(store_own_status(home.store), OWN_RECOVERING);
}

static void a_clock_set_back_waits_for_an_officer(void **state)
{
    (void)state;
    uint64_t now_ms = home.now_ms;
    home.now_ms = now_ms - 30000;
    assert_int_equal(store_own_status(home.store), OWN_OK);
    home.now_ms = now_ms - 3600000;
    assert_int_equal(store_own_status(home.store), OWN_CLOCK);
    assert_code(home_deposit(&home, 42, 100, 1), E_CLOCK, &home);
    assert_code(store_confirm_clock(home.store, &home.err), OK, &home);
    assert_int_equal(store_own_status(home.store), OWN_OK);
    assert_code(home_deposit(&home, 42, 100, 1), OK, &home);
    home_close(&home); /* said once for all entries up to then */
    assert_code(home_open(&home), OK, &home);
    assert_int_equal(store_own_status(home.store), OWN_OK);
    home.now_ms = now_ms + 3600000;
    assert_code(home_deposit(&home, 42, 100, 1), OK, &home);
    home.now_ms = now_ms;
    assert_int_equal(store_own_status(home.store), OWN_CLOCK);
}

/* --- a full disk --- */

static void a_full_disk_undoes_the_append_and_no_more(void **state)
{
    (void)state;
    uint64_t acknowledged = home_size(&home);
    unsigned refused = 0;
    for (unsigned i = 0; i < 40; i++) {
        home_limit_files(home_file_size(&home, "ledger.db-wal") + UINT64_C(2000) * i);
        enum err_code code = home_deposit(&home, 42, 100, 60);
        home_limit_files(0);
        if (code == OK) {
            acknowledged += 60;
        } else {
            assert_code(code, E_IO, &home);
            refused++;
        }
        assert_int_equal(home_size(&home), acknowledged);
    }
    assert_true(refused > 3 && refused < 40);
    assert_code(home_deposit(&home, 42, 100, 1), OK, &home);
    assert_code(store_verify(home.store, NULL, NULL, NULL, &home.err), OK, &home);
    home_close(&home);
    assert_code(home_open(&home), OK, &home);
    assert_int_equal(home_size(&home), acknowledged + 1);
}

/* --- SIGKILL --- */

/* Appends until killed; the size of each acknowledged append goes to the pipe. */
static void append_until_killed(int pipe_fd)
{
    if (home_open(&home) != OK) {
        _exit(2);
    }
    for (;;) {
        if (home_deposit(&home, 42, 100, 1 + home.now_ms / 1000 % 7) != OK) {
            _exit(3);
        }
        uint64_t size = home_size(&home);
        if (write(pipe_fd, &size, sizeof size) != (ssize_t)sizeof size) {
            _exit(4);
        }
    }
}

static uint64_t read_last(int pipe_fd, uint64_t last)
{
    uint64_t size;
    while (read(pipe_fd, &size, sizeof size) == (ssize_t)sizeof size) {
        last = size;
    }
    return last;
}

static void a_killed_node_keeps_what_it_acknowledged(void **state)
{
    (void)state;
    const unsigned seed = 20260105;
    uint64_t size = home_size(&home);
    struct hash root = home_root(&home);
    printf("    40 kills, seed %u\n", seed);
    srandom(seed);
    home_close(&home);
    for (unsigned i = 0; i < 40; i++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            append_until_killed(fds[1]);
        }
        (void)close(fds[1]);
        struct timespec wait = {.tv_nsec = 1000000 + random() % 25000000};
        (void)nanosleep(&wait, NULL);
        int status;
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        uint64_t acknowledged = read_last(fds[0], size);
        (void)close(fds[0]);
        home.now_ms += 3600000; /* the child's clock moved with each append */
        assert_code(home_open(&home), OK, &home);
        assert_int_equal(store_own_status(home.store), OWN_OK);
        assert_true(home_size(&home) >= acknowledged);
        struct hash before;
        assert_int_equal(store_root_at(home.store, store_own_group(home.store), size, &before), OK);
        assert_true(hash_equal(&before, &root)); /* heads only extend */
        size = home_size(&home);
        root = home_root(&home);
        home_close(&home);
    }
    assert_code(home_open(&home), OK, &home);
    assert_code(store_verify(home.store, NULL, NULL, NULL, &home.err), OK, &home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_database_behind_its_mark_is_not_written, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_database_is_not_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_before_the_mark_loses_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(starts_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_head_heard_elsewhere_stops_writing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_peer_makes_up_stops_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_replaced_key_stops_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_released_stays_when_more_is_heard_of, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_clock_set_back_waits_for_an_officer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_undoes_the_append_and_no_more, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_killed_node_keeps_what_it_acknowledged, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

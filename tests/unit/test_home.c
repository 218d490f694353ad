/* Where a home is, and that one process at a time holds it. */
#include "tests/lib/cmocka.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/home.h"
#include "tests/lib/scratch.h"

static void test_locate(void **state)
{
    (void)state;
    char path[PATH_TEXT_MAX] = "untouched";
    struct err err;
    assert_int_equal(setenv("SATCHA_HOME", "/srv/fund", 1), 0);
    assert_int_equal(home_locate("elsewhere", path, &err), OK);
    assert_string_equal(path, "elsewhere");
    assert_int_equal(home_locate(NULL, path, &err), OK);
    assert_string_equal(path, "/srv/fund");
    assert_int_equal(unsetenv("SATCHA_HOME"), 0);
    assert_int_equal(setenv("XDG_DATA_HOME", "/data", 1), 0);
    assert_int_equal(home_locate(NULL, path, &err), OK);
    assert_string_equal(path, geteuid() == 0 ? "/var/lib/satcha" : "/data/satcha");
    assert_int_equal(home_locate("", path, &err), E_USAGE);
    char longer[PATH_TEXT_MAX + 1];
    memset(longer, 'a', PATH_TEXT_MAX);
    longer[PATH_TEXT_MAX] = '\0';
    assert_int_equal(home_locate(longer, path, &err), E_USAGE);
    longer[PATH_TEXT_MAX - 1] = '\0';
    assert_int_equal(home_locate(longer, path, &err), OK);
    assert_int_equal(home_path(longer, "keys", path, &err), E_USAGE);
    assert_string_equal(path, longer); /* untouched on failure */
    assert_int_equal(home_path("h", "keys", path, &err), OK);
    assert_string_equal(path, "h/keys");
}

static void test_exists(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    scratch_new(folder);
    char path[PATH_TEXT_MAX];
    assert_false(home_exists(folder));
    assert_int_equal(home_path(folder, "ledger.db", path, NULL), OK);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_true(home_exists(folder));
    scratch_remove(folder);
}

static void test_lock(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    scratch_new(folder);
    struct err err;
    int first = -1;
    int second = -1;
    assert_int_equal(home_lock(folder, 0, &first, &err), OK);
    assert_int_equal(home_lock(folder, 120, &second, &err), E_LOCKED);
    assert_int_equal(second, -1);
    char pid[32];
    snprintf(pid, sizeof pid, "process %ld;", (long)getpid());
    assert_non_null(strstr(err.text, pid));
    close(first);
    assert_int_equal(home_lock(folder, 0, &second, &err), OK);
    close(second);
    scratch_remove(folder);
    assert_int_equal(home_lock(folder, 0, &second, &err), E_NOT_FOUND);
    assert_non_null(strstr(err.text, "satcha init"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locate),
        cmocka_unit_test(test_exists),
        cmocka_unit_test(test_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

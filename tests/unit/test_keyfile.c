/* Key files: round trips plain and sealed, refusals, and what stands on the disk. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/id.h"
#include "store/files.h"
#include "store/keyfile.h"
#include "tests/lib/scratch.h"

struct place {
    char folder[SCRATCH_PATH_MAX];
    char path[SCRATCH_PATH_MAX + 16];
};

static int place_new(void **state)
{
    struct place *place = malloc(sizeof *place);
    assert_non_null(place);
    scratch_new(place->folder);
    snprintf(place->path, sizeof place->path, "%s/keys", place->folder);
    unsetenv("SATCHA_PASSPHRASE");
    *state = place;
    return 0;
}

static int place_remove(void **state)
{
    struct place *place = *state;
    scratch_remove(place->folder);
    free(place);
    return 0;
}

static void keys_of(struct home_keys *keys)
{
    memset(keys, 0, sizeof *keys);
    memset(keys->seed, 7, sizeof keys->seed);
    keys->signing_generation = 2;
    keys->transport_generation = UINT32_MAX;
    keys->has_network = true;
    memset(keys->network_id.bytes, 8, HASH_BYTES);
    keys->network_key_count = 2;
    memset(keys->network_keys[0], 9, 32);
    memset(keys->network_keys[1], 10, 32);
    home_keys_derive(keys);
}

static void test_home_keys(void **state)
{
    struct place *place = *state;
    struct home_keys keys;
    struct home_keys read;
    struct err err;
    assert_int_equal(home_keys_read(place->path, &read, &err), E_NOT_FOUND);
    keys_of(&keys);
    assert_int_equal(home_keys_write(place->path, &keys, NULL, &err), OK);
    assert_int_equal(home_keys_read(place->path, &read, &err), OK);
    assert_memory_equal(&read, &keys, sizeof keys);
    struct stat status;
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    keys.has_network = false;
    keys.network_key_count = 0;
    assert_int_equal(home_keys_write(place->path, &keys, NULL, &err), OK);
    assert_int_equal(home_keys_read(place->path, &read, &err), OK);
    assert_false(read.has_network);
}

static void test_sealed(void **state)
{
    struct place *place = *state;
    struct home_keys keys;
    struct home_keys read;
    struct err err;
    keys_of(&keys);
    assert_int_equal(home_keys_write(place->path, &keys, "rice and salt", &err), OK);
    assert_int_equal(home_keys_read(place->path, &read, &err), E_USAGE);
    assert_int_equal(setenv("SATCHA_PASSPHRASE", "rice and sand", 1), 0);
    assert_int_equal(home_keys_read(place->path, &read, &err), E_CORRUPT);
    assert_int_equal(setenv("SATCHA_PASSPHRASE", "rice and salt", 1), 0);
    assert_int_equal(home_keys_read(place->path, &read, &err), OK);
    assert_memory_equal(&read, &keys, sizeof keys);
    /* Written again without a passphrase it stays sealed; without the environment it is refused. */
    assert_int_equal(home_keys_write(place->path, &keys, NULL, &err), OK);
    struct buffer file;
    buffer_init(&file, 0);
    assert_int_equal(file_read(place->path, 8192, &file, &err), OK);
    assert_memory_equal(file.data, "satcha-sealed 1\n", 16);
    char seed[HEX_HASH_MAX];
    hex_format(bytes_of(keys.seed, 32), seed);
    assert_null(memmem(file.data, file.len, seed, 64));
    buffer_free(&file);
    assert_int_equal(unsetenv("SATCHA_PASSPHRASE"), 0);
    assert_int_equal(home_keys_write(place->path, &keys, NULL, &err), E_USAGE);
}

static void test_refusals(void **state)
{
    struct place *place = *state;
#define SEED "seed = 0707070707070707070707070707070707070707070707070707070707070707\n"
    static const char *const bad[] = {
        "",
        ("satcha-keys 2\n" SEED "signing = 0\ntransport = 0\n"),
        ("satcha-keys 1\n" SEED "signing = 0\n"),
        ("satcha-keys 1\n" SEED "signing = 0\ntransport = 4294967296\n"),
        ("satcha-keys 1\n" SEED "signing = 0\ntransport = 0\ncolour = 1\n"),
        ("satcha-keys 1\n" SEED "signing = 0\ntransport = 0\nnetwork = 00\n"),
        "satcha-keys 1\nseed = 07\nsigning = 0\ntransport = 0\n",
        ("satcha-keys 1\n" SEED "signing = 0\ntransport = 0\nnetwork_key = 07\n"),
        "satcha-sealed 1\nsalt = 00\n",
        ("satcha-officer-key 1\nnumber = 1\n" SEED),
    };
    struct home_keys keys;
    struct err err;
    assert_int_equal(setenv("SATCHA_PASSPHRASE", "x", 1), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(file_write(place->path, bytes_of_text(bad[i]), 0600, &err), OK);
        assert_int_equal(home_keys_read(place->path, &keys, &err), E_CORRUPT);
    }
    struct officer_key officer;
    assert_int_equal(officer_key_read(place->path, &officer, &err), OK);
    assert_int_equal(officer.number, 1);
}

static void test_officer_key(void **state)
{
    struct place *place = *state;
    struct officer_key key = {.number = 12};
    struct officer_key read;
    struct err err;
    memset(key.seed, 5, sizeof key.seed);
    sign_key_from_seed(&key.key, key.seed);
    assert_int_equal(officer_key_write(place->path, &key, NULL, &err), OK);
    assert_int_equal(officer_key_read(place->path, &read, &err), OK);
    assert_memory_equal(&read, &key, sizeof key);
    struct home_keys keys;
    assert_int_equal(home_keys_read(place->path, &keys, &err), E_CORRUPT);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_home_keys, place_new, place_remove),
        cmocka_unit_test_setup_teardown(test_sealed, place_new, place_remove),
        cmocka_unit_test_setup_teardown(test_refusals, place_new, place_remove),
        cmocka_unit_test_setup_teardown(test_officer_key, place_new, place_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* satcha.conf: every key, every refusal with its line, and a round trip. */
#include "tests/lib/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "store/config.h"
#include "store/files.h"
#include "tests/lib/scratch.h"

#define GROUP "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void test_keys(void **state)
{
    (void)state;
    struct config config;
    config_default(&config);
    assert_int_equal(config.links, DIAL_LINKS_TARGET);
    assert_int_equal(config.log_level, LOG_INFO);
    assert_int_equal(config_set(&config, "listen", "[::1]:0", "t", NULL), OK);
    assert_int_equal(config_set(&config, "address", "fund.example.org:7420", "t", NULL), OK);
    assert_int_equal(config_set(&config, "peer", "127.0.0.1:7420 " GROUP, "t", NULL), OK);
    assert_int_equal(config_set(&config, "peer", "127.0.0.1:7421 " GROUP, "t", NULL), OK);
    assert_int_equal(config_set(&config, "log", "debug", "t", NULL), OK);
    assert_int_equal(config_set(&config, "links", "64", "t", NULL), OK);
    assert_int_equal(config_set(&config, "anti_entropy", "1", "t", NULL), OK);
    assert_int_equal(config_set(&config, "own_head_wait", "0", "t", NULL), OK);
    assert_string_equal(config.listen, "[::1]:0");
    assert_int_equal(config.peer_count, 2);
    assert_string_equal(config.peers[1], "127.0.0.1:7421 " GROUP);
    assert_int_equal(config.log_level, LOG_DEBUG);
    assert_int_equal(config.anti_entropy_ms, 1000);
    assert_int_equal(config.own_head_wait_ms, 0);
    assert_int_equal(config_set(&config, "listen", "", "t", NULL), OK);
    assert_string_equal(config.listen, "");
}

static void test_refusals(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"listen", "7420"},       {"listen", "host:65536"},
        {"listen", "h ost:1"},    {"address", "host:0"},
        {"address", "[::1]"},     {"peer", "127.0.0.1:7420"},
        {"peer", "x:1 0011"},     {"peer", "127.0.0.1:0 " GROUP},
        {"log", "loud"},          {"log", ""},
        {"links", "2"},           {"links", "65"},
        {"links", "-5"},          {"links", "99999999999999999999"},
        {"anti_entropy", "0"},    {"anti_entropy", "1.5"},
        {"own_head_wait", "ten"}, {"own_head_wait", "86401"},
    };
    struct err err;
    struct config config;
    config_default(&config);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(config_set(&config, bad[i][0], bad[i][1], "here", &err), E_USAGE);
        assert_int_equal(strncmp(err.text, "here: ", 6), 0);
        assert_non_null(strstr(err.text, "expected"));
    }
    assert_int_equal(config_set(&config, "port", "1", "--port", &err), E_USAGE);
    assert_non_null(strstr(err.text, "there is no setting 'port'"));
    assert_non_null(strstr(err.text, "own_head_wait"));
    for (unsigned i = 0; i < CONFIG_PEERS_MAX; i++) {
        assert_int_equal(config_set(&config, "peer", "a:1 " GROUP, "t", NULL), OK);
    }
    assert_int_equal(config_set(&config, "peer", "a:1 " GROUP, "t", NULL), E_USAGE);
}

static enum err_code read_text(const char *path, const char *text, struct config *config,
                               struct err *err)
{
    assert_int_equal(file_write(path, bytes_of_text(text), 0600, err), OK);
    config_default(config);
    return config_read(path, CONFIG_REQUIRED, config, err);
}

static void test_file(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    char path[SCRATCH_PATH_MAX + 16];
    scratch_new(folder);
    snprintf(path, sizeof path, "%s/satcha.conf", folder);
    struct config config;
    struct config again;
    struct err err;
    config_default(&config);
    assert_int_equal(config_read(path, CONFIG_OPTIONAL, &config, &err), OK);
    assert_int_equal(config_read(path, CONFIG_REQUIRED, &config, &err), E_USAGE);
    assert_int_equal(read_text(path, "# a\n\n links=5\r\n\tlog = error", &config, &err), OK);
    assert_int_equal(config.links, 5);
    assert_int_equal(config.log_level, LOG_ERROR);
    assert_int_equal(config_set(&config, "peer", "127.0.0.1:7421 " GROUP, "t", NULL), OK);
    assert_int_equal(config_write(path, &config, &err), OK);
    config_default(&again);
    assert_int_equal(config_read(path, CONFIG_REQUIRED, &again, &err), OK);
    assert_memory_equal(&again, &config, sizeof config);
    assert_int_equal(read_text(path, "links = 5\nnonsense\n", &config, &err), E_USAGE);
    assert_non_null(strstr(err.text, "satcha.conf:2: "));
    assert_int_equal(read_text(path, "\n\nlinks = 500\n", &config, &err), E_USAGE);
    assert_non_null(strstr(err.text, "satcha.conf:3: "));
    assert_int_equal(read_text(path, "= 5\n", &config, &err), E_USAGE);
    scratch_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* satcha.conf: one row per key. */
#include "store/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/id.h"
#include "store/files.h"

enum { CONFIG_FILE_MAX_BYTES = 65536, SECONDS_MAX = 86400 };

/* A row's `set` returns false when the value is not what `expected` says. */
struct config_row {
    const char *key;
    const char *expected;
    bool (*set)(struct config *config, struct bytes value);
    void (*write)(struct buffer *out, const struct config *config);
};

static void copy_text(char *out, struct bytes value)
{
    memcpy(out, value.data, value.len);
    out[value.len] = '\0';
}

static bool parse_number(struct bytes value, uint32_t min, uint32_t max, uint32_t *out)
{
    uint64_t number;
    if (!bytes_digits(value, max, &number) || number < min) {
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

static bool parse_seconds(struct bytes value, uint32_t min, uint64_t *out_ms)
{
    uint32_t seconds;
    if (!parse_number(value, min, SECONDS_MAX, &seconds)) {
        return false;
    }
    *out_ms = (uint64_t)seconds * 1000;
    return true;
}

static bool set_listen(struct config *config, struct bytes value)
{
    char host[ADDRESS_MAX_BYTES + 1];
    uint16_t port;
    if (value.len != 0 && !address_split(value, host, &port)) {
        return false;
    }
    copy_text(config->listen, value);
    return true;
}

static void write_listen(struct buffer *out, const struct config *config)
{
    buffer_print(out, "listen = %s\n", config->listen);
}

static bool set_address(struct config *config, struct bytes value)
{
    if (value.len != 0 && !address_is_valid(value)) {
        return false;
    }
    copy_text(config->address, value);
    return true;
}

static void write_address(struct buffer *out, const struct config *config)
{
    buffer_print(out, "address = %s\n", config->address);
}

static bool set_peer(struct config *config, struct bytes value)
{
    const uint8_t *space = memchr(value.data, ' ', value.len);
    if (space == NULL || config->peer_count >= CONFIG_PEERS_MAX) {
        return false;
    }
    struct bytes address = bytes_of(value.data, (size_t)(space - value.data));
    struct bytes id = bytes_of(space + 1, value.len - address.len - 1);
    struct hash group;
    if (!address_is_valid(address) || !hex_parse(id, group.bytes, sizeof group.bytes)) {
        return false;
    }
    copy_text(config->peers[config->peer_count++], value);
    return true;
}

static void write_peers(struct buffer *out, const struct config *config)
{
    for (unsigned i = 0; i < config->peer_count; i++) {
        buffer_print(out, "peer = %s\n", config->peers[i]);
    }
}

static bool set_dial(struct config *config, struct bytes value)
{
    bool peers = bytes_equal(value, bytes_of_text("peers"));
    if (!peers && !bytes_equal(value, bytes_of_text("all"))) {
        return false;
    }
    config->dial = peers ? DIAL_PEERS : DIAL_ALL;
    return true;
}

static void write_dial(struct buffer *out, const struct config *config)
{
    buffer_print(out, "dial = %s\n", config->dial == DIAL_PEERS ? "peers" : "all");
}

static const char *const level_names[] =
    {[LOG_ERROR] = "error", [LOG_WARNING] = "warning", [LOG_INFO] = "info", [LOG_DEBUG] = "debug"};

static bool set_log(struct config *config, struct bytes value)
{
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
        if (bytes_equal(value, bytes_of_text(level_names[level]))) {
            config->log_level = (enum log_level)level;
            return true;
        }
    }
    return false;
}

static void write_log(struct buffer *out, const struct config *config)
{
    buffer_print(out, "log = %s\n", level_names[config->log_level]);
}

static bool set_links(struct config *config, struct bytes value)
{
    return parse_number(value, DIAL_LINKS_MIN, LINKS_MAX, &config->links);
}

static void write_links(struct buffer *out, const struct config *config)
{
    buffer_print(out, "links = %u\n", (unsigned)config->links);
}

static bool set_anti_entropy(struct config *config, struct bytes value)
{
    return parse_seconds(value, 1, &config->anti_entropy_ms);
}

static void write_anti_entropy(struct buffer *out, const struct config *config)
{
    buffer_print(out, "anti_entropy = %u\n", (unsigned)(config->anti_entropy_ms / 1000));
}

static bool set_own_head_wait(struct config *config, struct bytes value)
{
    return parse_seconds(value, 0, &config->own_head_wait_ms);
}

static void write_own_head_wait(struct buffer *out, const struct config *config)
{
    buffer_print(out, "own_head_wait = %u\n", (unsigned)(config->own_head_wait_ms / 1000));
}

static const struct config_row rows[] = {
    {"listen", "HOST:PORT, as in 0.0.0.0:7420, or nothing (then this node only dials)", set_listen,
     write_listen},
    {"address", "HOST:PORT that others can dial, as in fund.example.org:7420, or nothing",
     set_address, write_address},
    {"peer", "HOST:PORT and the group's id of 64 hex digits; at most 64 such lines", set_peer,
     write_peers},
    {"dial", "all, or peers (only the `peer` lines and those of `satcha peer add`)", set_dial,
     write_dial},
    {"log", "error, warning, info or debug", set_log, write_log},
    {"links", "a number from 3 to 64", set_links, write_links},
    {"anti_entropy", "seconds, 1 to 86400", set_anti_entropy, write_anti_entropy},
    {"own_head_wait", "seconds, 0 to 86400", set_own_head_wait, write_own_head_wait},
};
enum { ROW_COUNT = sizeof rows / sizeof rows[0] };
_Static_assert(CONFIG_PEERS_MAX == 64 && DIAL_LINKS_MIN == 3 && LINKS_MAX == 64 &&
                   SECONDS_MAX == 86400,
               "the figures in the rows' texts");

void config_default(struct config *config)
{
    memset(config, 0, sizeof *config);
    config->log_level = LOG_INFO;
    config->links = DIAL_LINKS_TARGET;
    config->anti_entropy_ms = ANTI_ENTROPY_MS;
    config->own_head_wait_ms = OWN_HEAD_WAIT_MS;
}

static enum err_code unknown_key(const char *key, const char *where, struct err *err)
{
    char known[128] = "";
    size_t len = 0;
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        int added =
            snprintf(known + len, sizeof known - len, "%s%s", i == 0 ? "" : ", ", rows[i].key);
        if (added < 0 || (size_t)added >= sizeof known - len) {
            break;
        }
        len += (size_t)added;
    }
    char quoted[QUOTE_MAX];
    return err_set(err, E_USAGE, "%s: there is no setting '%s'; the settings are %s", where,
                   bytes_quote(bytes_of_text(key), quoted), known);
}

enum err_code config_set(struct config *config, const char *key, const char *value,
                         const char *where, struct err *err)
{
    struct bytes text = bytes_of_text(value);
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        if (strcmp(key, rows[i].key) != 0) {
            continue;
        }
        /* Every row copies at most what a peer line may hold. */
        if (text.len < sizeof config->peers[0] && rows[i].set(config, text)) {
            return OK;
        }
        char quoted[QUOTE_MAX];
        return err_set(err, E_USAGE, "%s: %s = '%s': expected %s", where, key,
                       bytes_quote(text, quoted), rows[i].expected);
    }
    return unknown_key(key, where, err);
}

/* One line of the file; key and value are copied to be terminated. */
static enum err_code set_line(struct config *config, const char *path,
                              const struct setting *setting, struct err *err)
{
    char where[PATH_TEXT_MAX + 16];
    snprintf(where, sizeof where, "%s:%u", path, setting->line);
    char key[32];
    char value[sizeof config->peers[0] + 1];
    if (setting->key.len >= sizeof key || setting->value.len >= sizeof value ||
        memchr(setting->value.data, '\0', setting->value.len) != NULL ||
        memchr(setting->key.data, '\0', setting->key.len) != NULL) {
        return err_set(err, E_USAGE, "%s: expected a line 'key = value' of ordinary length", where);
    }
    copy_text(key, setting->key);
    copy_text(value, setting->value);
    return config_set(config, key, value, where, err);
}

static enum err_code read_lines(const char *path, struct bytes text, struct config *config,
                                struct err *err)
{
    struct setting setting = {.rest = text};
    for (;;) {
        switch (setting_next(&setting)) {
        case SETTING_END:
            return OK;
        case SETTING_BAD:
            return err_set(err, E_USAGE, "%s:%u: expected 'key = value' or a line starting with #",
                           path, setting.line);
        case SETTING_READ:
            break;
        }
        enum err_code code = set_line(config, path, &setting, err);
        if (code != OK) {
            return code;
        }
    }
}

enum err_code config_read(const char *path, enum config_presence presence, struct config *config,
                          struct err *err)
{
    struct buffer text;
    buffer_init(&text, CONFIG_FILE_MAX_BYTES);
    enum err_code code = file_read(path, CONFIG_FILE_MAX_BYTES, &text, err);
    if (code == OK) {
        code = read_lines(path, buffer_view(&text), config, err);
    } else if (code == E_NOT_FOUND && presence == CONFIG_OPTIONAL) {
        code = OK;
    } else if (code == E_NOT_FOUND) {
        code = err_set(err, E_USAGE, "%s: there is no such configuration file", path);
    }
    buffer_free(&text);
    return code;
}

enum err_code config_write(const char *path, const struct config *config, struct err *err)
{
    struct buffer text;
    buffer_init(&text, CONFIG_FILE_MAX_BYTES);
    buffer_print(&text, "# satcha: settings of this node; satchad --help tells what each means\n");
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        rows[i].write(&text, config);
    }
    enum err_code code = text.failed ? err_set(err, E_MEMORY, "%s: no memory to write it", path)
                                     : file_write(path, buffer_view(&text), 0644, err);
    buffer_free(&text);
    return code;
}

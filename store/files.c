/* Whole files, addresses, and "key = value" text. Cards and invites are in cards.c. */
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/home.h"

/* --- addresses --- */

static bool is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A name or IPv4 address; `extra` are the characters allowed beside letters and digits. */
static bool is_host(struct bytes host, const char *extra)
{
    for (size_t i = 0; i < host.len; i++) {
        if (!is_alphanumeric(host.data[i]) &&
            (host.data[i] == 0 || strchr(extra, host.data[i]) == NULL)) {
            return false;
        }
    }
    return host.len > 0;
}

static bool parse_port(struct bytes text, uint16_t *port)
{
    uint64_t value;
    if (text.len > 5 || !bytes_digits(text, UINT16_MAX, &value)) {
        return false;
    }
    *port = (uint16_t)value;
    return true;
}

bool address_split(struct bytes address, char host[ADDRESS_MAX_BYTES + 1], uint16_t *port)
{
    if (address.len == 0 || address.len > ADDRESS_MAX_BYTES) {
        return false;
    }
    const uint8_t *colon = memrchr(address.data, ':', address.len);
    if (colon == NULL) {
        return false;
    }
    struct bytes name = bytes_of(address.data, (size_t)(colon - address.data));
    struct bytes digits = bytes_of(colon + 1, address.len - name.len - 1);
    bool valid;
    if (name.len > 2 && name.data[0] == '[' && name.data[name.len - 1] == ']') {
        name = bytes_of(name.data + 1, name.len - 2);
        valid = is_host(name, ":.%") && memchr(name.data, ':', name.len) != NULL;
    } else {
        valid = is_host(name, "-._");
    }
    if (!valid || !parse_port(digits, port)) {
        return false;
    }
    memcpy(host, name.data, name.len);
    host[name.len] = '\0';
    return true;
}

bool address_is_valid(struct bytes address)
{
    char host[ADDRESS_MAX_BYTES + 1];
    uint16_t port;
    return address_split(address, host, &port) && port != 0;
}

/* --- "key = value" --- */

static struct bytes trim(struct bytes text)
{
    while (text.len > 0 && strchr(" \t\r", text.data[0]) != NULL && text.data[0] != 0) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && strchr(" \t\r", text.data[text.len - 1]) != NULL &&
           text.data[text.len - 1] != 0) {
        text.len--;
    }
    return text;
}

static struct bytes take_line(struct bytes *rest)
{
    const uint8_t *end = memchr(rest->data, '\n', rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->data);
    struct bytes line = bytes_of(rest->data, len);
    size_t taken = end == NULL ? len : len + 1;
    *rest = bytes_of(rest->data + taken, rest->len - taken);
    return line;
}

enum setting_result setting_next(struct setting *setting)
{
    while (setting->rest.len > 0) {
        struct bytes line = trim(take_line(&setting->rest));
        setting->line++;
        if (line.len == 0 || line.data[0] == '#') {
            continue;
        }
        const uint8_t *equals = memchr(line.data, '=', line.len);
        if (equals == NULL || equals == line.data) {
            return SETTING_BAD;
        }
        size_t before = (size_t)(equals - line.data);
        setting->key = trim(bytes_of(line.data, before));
        setting->value = trim(bytes_of(equals + 1, line.len - before - 1));
        return SETTING_READ;
    }
    return SETTING_END;
}

/* --- whole files --- */

static enum err_code read_all(int fd, const char *path, size_t max, struct buffer *out,
                              struct err *err)
{
    for (;;) {
        uint8_t block[16384];
        ssize_t len = read(fd, block, sizeof block);
        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len < 0) {
            return err_set(err, E_IO, "%s: cannot be read: %s", path, strerror(errno));
        }
        if (len == 0) {
            return OK;
        }
        if (out->len + (size_t)len > max) {
            return err_set(err, E_CAP, "%s: has more than %zu bytes, the most that is read here",
                           path, max);
        }
        buffer_append(out, block, (size_t)len);
        explicit_bzero(block, sizeof block); /* it may have been a key file */
        if (out->failed) {
            return err_set(err, E_MEMORY, "%s: no memory to read it", path);
        }
    }
}

enum err_code file_read(const char *path, size_t max, struct buffer *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set(err, errno == ENOENT ? E_NOT_FOUND : E_IO, "%s: cannot be opened: %s", path,
                       strerror(errno));
    }
    buffer_clear(out);
    enum err_code code = read_all(fd, path, max, out, err);
    close(fd);
    return code;
}

static bool write_all(int fd, struct bytes data)
{
    while (data.len > 0) {
        ssize_t len = write(fd, data.data, data.len);
        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len < 0) {
            return false;
        }
        data.data += len;
        data.len -= (size_t)len;
    }
    return true;
}

/* A rename is durable once the folder is flushed. */
static bool flush_folder_of(const char *path)
{
    char folder[PATH_TEXT_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    if (len >= sizeof folder) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(folder, path, len);
    memcpy(folder + len, "", 1);
    int fd = open(len == 0 ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    /* Some file systems cannot flush a folder and say EINVAL: nothing more can be done there. */
    bool flushed = fsync(fd) == 0 || errno == EINVAL;
    close(fd);
    return flushed;
}

/* fchmod because the umask takes bits from open's mode, and a left-over file keeps its own. */
static bool write_new(const char *path, struct bytes data, unsigned mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return false;
    }
    bool written = fchmod(fd, mode) == 0 && write_all(fd, data) && fsync(fd) == 0;
    int error = errno;
    close(fd);
    errno = error;
    return written;
}

enum err_code file_write(const char *path, struct bytes data, unsigned mode, struct err *err)
{
    char temporary[PATH_TEXT_MAX + 32];
    int len = snprintf(temporary, sizeof temporary, "%s.%ld.new", path, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof temporary) {
        return err_set(err, E_IO, "%s: the path is too long", path);
    }
    if (write_new(temporary, data, mode) && rename(temporary, path) == 0 && flush_folder_of(path)) {
        return OK;
    }
    int error = errno;
    unlink(temporary);
    return err_set(err, E_IO, "%s: cannot be written: %s", path, strerror(error));
}

/* Where a home is, and its lock. */
#include "store/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_POLL_MS = 50 };

/* Copies what snprintf made; E_USAGE where it was cut. */
static enum err_code path_made(int len, const char text[PATH_TEXT_MAX], char out[PATH_TEXT_MAX],
                               struct err *err)
{
    if (len < 0 || len >= PATH_TEXT_MAX) {
        return err_set(err, E_USAGE,
                       "the path of the home has more than %d bytes; use a shorter one",
                       PATH_TEXT_MAX - 1);
    }
    memcpy(out, text, (size_t)len + 1);
    return OK;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

enum err_code home_locate(const char *option, char out[PATH_TEXT_MAX], struct err *err)
{
    const char *home = option != NULL ? option : environment("SATCHA_HOME");
    if (home != NULL && home[0] == '\0') {
        return err_set(err, E_USAGE, "--home is empty; give the folder of the home");
    }
    char text[PATH_TEXT_MAX];
    if (home != NULL) {
        return path_made(snprintf(text, sizeof text, "%s", home), text, out, err);
    }
    if (geteuid() == 0) {
        return path_made(snprintf(text, sizeof text, "/var/lib/satcha"), text, out, err);
    }
    const char *data = environment("XDG_DATA_HOME");
    if (data != NULL) {
        return path_made(snprintf(text, sizeof text, "%s/satcha", data), text, out, err);
    }
    const char *user = environment("HOME");
    if (user == NULL) {
        return err_set(err, E_USAGE, "no home: give --home FOLDER or set SATCHA_HOME");
    }
    return path_made(snprintf(text, sizeof text, "%s/.local/share/satcha", user), text, out, err);
}

enum err_code home_path(const char *home, const char *name, char out[PATH_TEXT_MAX],
                        struct err *err)
{
    char text[PATH_TEXT_MAX];
    return path_made(snprintf(text, sizeof text, "%s/%s", home, name), text, out, err);
}

bool home_exists(const char *home)
{
    char path[PATH_TEXT_MAX];
    struct stat status;
    return home_path(home, "ledger.db", path, NULL) == OK && stat(path, &status) == 0;
}

static uint64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void sleep_ms(long ms)
{
    struct timespec pause = {.tv_sec = 0, .tv_nsec = ms * 1000000};
    nanosleep(&pause, NULL); /* cut short by a signal: then the lock is tried earlier */
}

/* The pid that the holder wrote; 0 when it has not yet written it. */
static long holder_pid(int fd)
{
    char text[24];
    ssize_t len = pread(fd, text, sizeof text - 1, 0);
    if (len <= 0) {
        return 0;
    }
    text[len] = '\0';
    long pid = strtol(text, NULL, 10);
    return pid > 0 ? pid : 0;
}

static enum err_code write_pid(int fd, const char *path, struct err *err)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        return err_set(err, E_IO, "%s: cannot be written: %s", path, strerror(errno));
    }
    return OK;
}

static enum err_code open_lock(const char *home, const char *path, int *fd, struct err *err)
{
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd >= 0) {
        return OK;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return err_set(err, E_NOT_FOUND,
                       "%s: there is no such folder; make a home with `satcha init`", home);
    }
    return err_set(err, E_IO, "%s: cannot be written: %s; the user who runs this must own the home",
                   path, strerror(errno));
}

/* Waits for the lock on an open file. */
static enum err_code take_lock(const char *home, unsigned wait_ms, int fd, struct err *err)
{
    uint64_t until_ms = monotonic_ms() + wait_ms;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return err_set(err, E_IO, "%s: cannot be locked: %s", home, strerror(errno));
        }
        if (monotonic_ms() >= until_ms) {
            return err_set(err, E_LOCKED,
                           "%s is in use by process %ld; stop it first, or use its control socket",
                           home, holder_pid(fd));
        }
        sleep_ms(LOCK_POLL_MS);
    }
    return OK;
}

enum err_code home_lock(const char *home, unsigned wait_ms, int *fd, struct err *err)
{
    char path[PATH_TEXT_MAX];
    int lock = -1;
    enum err_code code = home_path(home, "lock", path, err);
    if (code == OK) {
        code = open_lock(home, path, &lock, err);
    }
    if (code != OK) {
        return code;
    }
    code = take_lock(home, wait_ms, lock, err);
    if (code == OK) {
        code = write_pid(lock, path, err);
    }
    if (code != OK) {
        close(lock);
        return code;
    }
    *fd = lock;
    return OK;
}

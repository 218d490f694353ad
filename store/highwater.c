/* The high-water mark in a preallocated file: two slots in turn, each with its checksum.
 *
 *   offset  bytes
 *        0      8  "satchaHW"
 *        8      4  version, 1
 *       12      4  epoch
 *       16      8  size
 *       24      8  starts
 *       32      8  turn
 *       40     32  root
 *       72      8  first bytes of SHA-256 of the 72 before
 *       80    432  zeros                                   (numbers big endian) */
#include "store/highwater.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    SLOT_BYTES = 512,
    SLOT_COUNT = 2,
    FILE_BYTES = SLOT_BYTES * SLOT_COUNT,
    SUMMED_BYTES = 72,
    SUM_BYTES = 8,
    VERSION = 1
};
static const uint8_t magic[8] = {'s', 'a', 't', 'c', 'h', 'a', 'H', 'W'};

static void slot_write(uint8_t slot[SLOT_BYTES], const struct highwater_mark *mark, uint64_t turn)
{
    memset(slot, 0, SLOT_BYTES);
    memcpy(slot, magic, sizeof magic);
    bytes_put_number(slot + 8, VERSION, 4);
    bytes_put_number(slot + 12, mark->epoch, 4);
    bytes_put_number(slot + 16, mark->size, 8);
    bytes_put_number(slot + 24, mark->starts, 8);
    bytes_put_number(slot + 32, turn, 8);
    memcpy(slot + 40, mark->root.bytes, HASH_BYTES);
    struct hash sum;
    hash_of(&sum, bytes_of(slot, SUMMED_BYTES));
    memcpy(slot + SUMMED_BYTES, sum.bytes, SUM_BYTES);
}

static bool slot_read(const uint8_t slot[SLOT_BYTES], struct highwater_mark *mark, uint64_t *turn)
{
    struct hash sum;
    hash_of(&sum, bytes_of(slot, SUMMED_BYTES));
    if (memcmp(slot, magic, sizeof magic) != 0 || bytes_get_number(slot + 8, 4) != VERSION ||
        memcmp(slot + SUMMED_BYTES, sum.bytes, SUM_BYTES) != 0) {
        return false;
    }
    mark->epoch = (uint32_t)bytes_get_number(slot + 12, 4);
    mark->size = bytes_get_number(slot + 16, 8);
    mark->starts = bytes_get_number(slot + 24, 8);
    *turn = bytes_get_number(slot + 32, 8);
    memcpy(mark->root.bytes, slot + 40, HASH_BYTES);
    return true;
}

/* What a crash while the file was made leaves: nothing, or nothing but zeros. No mark was ever
 * durable in it. */
static bool is_unwritten(const uint8_t *file, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (file[i] != 0) {
            return false;
        }
    }
    return true;
}

static enum err_code io_failed(struct err *err, const char *what)
{
    return err_set(err, E_IO, "highwater: cannot be %s: %s", what, strerror(errno));
}

/* Writes the whole file, so that later writes in place change no metadata. */
static enum err_code preallocate(struct highwater *highwater, struct err *err)
{
    uint8_t file[FILE_BYTES] = {0};
    slot_write(file, &highwater->mark, highwater->turn);
    if (pwrite(highwater->fd, file, sizeof file, 0) != FILE_BYTES || fsync(highwater->fd) != 0) {
        return io_failed(err, "written");
    }
    return OK;
}

static enum err_code load(const char *path, struct highwater *highwater, struct err *err)
{
    uint8_t file[FILE_BYTES] = {0};
    ssize_t len = pread(highwater->fd, file, sizeof file, 0);
    if (len < 0) {
        return io_failed(err, "read");
    }
    if (is_unwritten(file, (size_t)len)) {
        return preallocate(highwater, err);
    }
    bool found = false;
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        struct highwater_mark mark;
        uint64_t turn;
        if (slot_read(file + i * SLOT_BYTES, &mark, &turn) && (!found || turn > highwater->turn)) {
            highwater->mark = mark;
            highwater->turn = turn;
            found = true;
        }
    }
    if (!found) {
        return err_set(err, E_CORRUPT,
                       "%s: neither of its two slots is readable; restore the home from a backup",
                       path);
    }
    return OK;
}

enum err_code highwater_open(const char *path, struct highwater *highwater, struct err *err)
{
    struct highwater opened = {.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (opened.fd < 0) {
        return err_set(err, E_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    enum err_code code = load(path, &opened, err);
    if (code != OK) {
        highwater_close(&opened);
        return code;
    }
    *highwater = opened;
    return OK;
}

enum err_code highwater_set(struct highwater *highwater, const struct highwater_mark *mark,
                            struct err *err)
{
    uint8_t slot[SLOT_BYTES];
    uint64_t turn = highwater->turn + 1;
    slot_write(slot, mark, turn);
    off_t at = (off_t)(turn % SLOT_COUNT) * SLOT_BYTES;
    if (pwrite(highwater->fd, slot, sizeof slot, at) != SLOT_BYTES ||
        fdatasync(highwater->fd) != 0) {
        return io_failed(err, "written");
    }
    highwater->turn = turn;
    highwater->mark = *mark;
    return OK;
}

void highwater_close(struct highwater *highwater)
{
    if (highwater->fd >= 0) {
        close(highwater->fd);
        highwater->fd = -1;
    }
}

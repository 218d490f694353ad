/* The high-water mark: survives reopening, a torn write of either slot, and says when it is gone.
 */
#include "tests/lib/cmocka.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/highwater.h"
#include "tests/lib/scratch.h"

enum { SLOT_BYTES = 512 };

static struct highwater_mark mark_of(uint64_t size)
{
    struct highwater_mark mark = {.epoch = 3, .size = size, .starts = size + 100};
    memset(mark.root.bytes, (int)(size & 0xff), sizeof mark.root.bytes);
    return mark;
}

static void assert_mark(const struct highwater_mark *mark, uint64_t size)
{
    struct highwater_mark expected = mark_of(size);
    assert_int_equal(mark->epoch, expected.epoch);
    assert_int_equal(mark->size, expected.size);
    assert_int_equal(mark->starts, expected.starts);
    assert_true(hash_equal(&mark->root, &expected.root));
}

/* Turns one byte over, as a torn write or a bad sector would. */
static void flip(const char *path, off_t at)
{
    int fd = open(path, O_RDWR);
    uint8_t byte;
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void write_marks(const char *path, uint64_t last)
{
    struct highwater highwater;
    assert_int_equal(highwater_open(path, &highwater, NULL), OK);
    for (uint64_t size = 1; size <= last; size++) {
        struct highwater_mark mark = mark_of(size);
        assert_int_equal(highwater_set(&highwater, &mark, NULL), OK);
    }
    highwater_close(&highwater);
}

static uint64_t size_after_reopening(const char *path)
{
    struct highwater highwater;
    assert_int_equal(highwater_open(path, &highwater, NULL), OK);
    uint64_t size = highwater.mark.size;
    if (size > 0) {
        assert_mark(&highwater.mark, size);
    }
    highwater_close(&highwater);
    return size;
}

static void test_reopen(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    char path[SCRATCH_PATH_MAX + 16];
    scratch_new(folder);
    snprintf(path, sizeof path, "%s/highwater", folder);
    assert_int_equal(size_after_reopening(path), 0);
    assert_int_equal(size_after_reopening(path), 0);
    for (uint64_t last = 1; last < 5; last++) {
        write_marks(path, last);
        assert_int_equal(size_after_reopening(path), last);
    }
    int fd = open(path, O_RDONLY);
    assert_int_equal(lseek(fd, 0, SEEK_END), 2 * SLOT_BYTES);
    close(fd);
    scratch_remove(folder);
}

/* Every byte that is summed, in the slot written last: the mark before is then found. */
static void test_torn_slot(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    char path[SCRATCH_PATH_MAX + 16];
    scratch_new(folder);
    snprintf(path, sizeof path, "%s/highwater", folder);
    write_marks(path, 7); /* turn 7 stands in slot 1, turn 6 in slot 0 */
    for (off_t at = 0; at < 80; at++) {
        flip(path, SLOT_BYTES + at);
        assert_int_equal(size_after_reopening(path), 6);
        flip(path, SLOT_BYTES + at);
        flip(path, at);
        assert_int_equal(size_after_reopening(path), 7);
        flip(path, at);
    }
    scratch_remove(folder);
}

static void test_both_spoiled(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    char path[SCRATCH_PATH_MAX + 16];
    scratch_new(folder);
    snprintf(path, sizeof path, "%s/highwater", folder);
    write_marks(path, 2);
    flip(path, 20);
    flip(path, SLOT_BYTES + 20);
    struct highwater highwater = {.fd = -7};
    struct err err;
    assert_int_equal(highwater_open(path, &highwater, &err), E_CORRUPT);
    assert_int_equal(highwater.fd, -7);
    assert_int_equal(highwater_open(folder, &highwater, &err), E_IO);
    scratch_remove(folder);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reopen),
        cmocka_unit_test(test_torn_slot),
        cmocka_unit_test(test_both_spoiled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

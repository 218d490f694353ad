/* An own append against an fsync of the same disk, in turn:
 *
 *   bench_append HOME PROBE-FILE TIMES
 *
 * Asks the daemon of HOME to post a deposit of member 42, from the first byte of the request to the
 * last of the reply; then writes 4 KiB into PROBE-FILE, made large before, and waits for fdatasync.
 * Prints one line of JSON: the medians in microseconds. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "store/home.h"
#include "store/request.h"

enum { PROBE_BYTES = 4096, PROBE_BLOCKS = 256, TIMES_MAX = 100000, WARM_UP = 20 };

static void must(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "bench_append: %s: %s\n", what, strerror(errno));
        exit(1);
    }
}

static int64_t now_ns(void)
{
    struct timespec now;
    must(clock_gettime(CLOCK_MONOTONIC, &now) == 0, "the clock");
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int connect_daemon(const char *home)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int folder = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
    must(folder >= 0, home);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control.sock",
                   folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0, "a socket");
    must(connect(fd, (const struct sockaddr *)&address, sizeof address) == 0, "control.sock");
    (void)close(folder);
    return fd;
}

static void read_all(int fd, uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t got = recv(fd, data, len, 0);
        must(got > 0, "the reply");
        data += got;
        len -= (size_t)got;
    }
}

/* The amount differs from one to the next, so does the operation. */
static void pack_deposit(struct buffer *request, uint64_t number)
{
    struct buffer arguments;
    buffer_init(&arguments, 0);
    pack_map(&arguments, 3);
    pack_text(&arguments, "event");
    pack_text(&arguments, "deposit");
    pack_text(&arguments, "member");
    pack_uint(&arguments, 42);
    pack_text(&arguments, "amount");
    pack_uint(&arguments, 10000 + number);
    buffer_clear(request);
    control_pack_request(request, bytes_of_text("post"), buffer_view(&arguments));
    buffer_free(&arguments);
}

static int64_t time_append(int fd, struct buffer *request, uint64_t number)
{
    uint8_t prefix[4];
    static uint8_t reply[65536];
    pack_deposit(request, number);
    int64_t begin = now_ns();
    must(send(fd, request->data, request->len, MSG_NOSIGNAL) == (ssize_t)request->len,
         "the request");
    read_all(fd, prefix, sizeof prefix);
    size_t len =
        (size_t)prefix[0] << 24 | (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 | prefix[3];
    must(len >= 2 && len <= sizeof reply, "the reply's length");
    read_all(fd, reply, len);
    int64_t end = now_ns();
    if (reply[1] != CONTROL_RESULT) {
        fprintf(stderr, "bench_append: refused: %.*s\n", (int)len, (const char *)reply);
        exit(1);
    }
    return end - begin;
}

static int64_t time_fsync(int fd, uint64_t number)
{
    static uint8_t block[PROBE_BYTES];
    memset(block, (int)(number & 0xff), sizeof block);
    int64_t begin = now_ns();
    off_t offset = (off_t)(number % PROBE_BLOCKS * PROBE_BYTES);
    must(pwrite(fd, block, sizeof block, offset) == PROBE_BYTES, "the probe");
    must(fdatasync(fd) == 0, "fdatasync");
    return now_ns() - begin;
}

static int open_probe(const char *path)
{
    static const uint8_t blocks[PROBE_BLOCKS * PROBE_BYTES];
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0, path);
    must(write(fd, blocks, sizeof blocks) == sizeof blocks && fsync(fd) == 0, path);
    return fd;
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static double median_us(int64_t *times, size_t count)
{
    qsort(times, count, sizeof *times, compare);
    return (double)times[count / 2] / 1000;
}

int main(int argc, char **argv)
{
    static int64_t appends[TIMES_MAX];
    static int64_t syncs[TIMES_MAX];
    char *end = NULL;
    unsigned long times = argc == 4 ? strtoul(argv[3], &end, 10) : 0;
    if (argc != 4 || *end || times < 1 || times > TIMES_MAX) {
        fputs("usage: bench_append HOME PROBE-FILE TIMES\n", stderr);
        return 2;
    }
    int daemon = connect_daemon(argv[1]);
    int probe = open_probe(argv[2]);
    struct buffer request;
    buffer_init(&request, 0);
    for (uint64_t i = 0; i < times + WARM_UP; i++) {
        size_t kept = i < WARM_UP ? 0 : i - WARM_UP;
        appends[kept] = time_append(daemon, &request, i);
        syncs[kept] = time_fsync(probe, i);
    }
    printf("{\"append_us\": %.1f, \"fsync_us\": %.1f}\n", median_us(appends, times),
           median_us(syncs, times));
    buffer_free(&request);
    (void)close(probe);
    (void)close(daemon);
    return 0;
}

/* Asking the node: over the control socket where a daemon holds the home, else in this process with
 * the same request table. Progress is drawn on a terminal's standard error. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "proto/limits.h"
#include "store/home.h"
#include "store/request.h"
#include "tools/command.h"

enum { BAR_WIDTH = 32, STARTING_POLL_MS = 20 };

static bool bar_is_shown;

static void clear_bar(void)
{
    if (bar_is_shown) {
        fputs("\r\x1b[K", stderr);
        bar_is_shown = false;
    }
}

static void show_progress(void *context, const char *what, uint64_t done, uint64_t total)
{
    (void)context;
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    unsigned filled =
        total == 0 ? 0 : (unsigned)((done < total ? done : total) * BAR_WIDTH / total);
    char bar[BAR_WIDTH + 1];
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', filled);
    bar[BAR_WIDTH] = 0;
    fprintf(stderr, "\r%s [%s] %" PRIu64 "/%" PRIu64 "\x1b[K", what, bar, done, total);
    bar_is_shown = true;
    if (done >= total) {
        clear_bar();
    }
}

/* A socket path that fits sun_path whatever the home's length: through a descriptor of the home. */
static int connect_control(const char *home)
{
    int directory = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        return -1;
    }
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control.sock", directory);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        fd = -1;
    }
    close(directory);
    return fd;
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool read_all(int fd, uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t got = recv(fd, data, len, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        data += got;
        len -= (size_t)got;
    }
    return true;
}

static bool read_frame(int fd, struct buffer *frame)
{
    uint8_t prefix[CONTROL_LENGTH_BYTES];
    if (!read_all(fd, prefix, sizeof prefix)) {
        return false;
    }
    size_t len = (size_t)bytes_get_number(prefix, sizeof prefix);
    buffer_clear(frame);
    uint8_t *data = len <= CONTROL_FRAME_MAX_BYTES ? buffer_extend(frame, len) : NULL;
    return data && read_all(fd, data, len);
}

static enum err_code lost(struct err *err)
{
    return err_set(err, E_NO_DAEMON,
                   "the daemon closed the connection before it answered; look at its log and ask "
                   "again (`satcha log` shows what was written)");
}

/* Texts and bins of an unpacked object point into the bytes that it came from, so a copy of these
 * goes into the zone that the result owns. */
static enum err_code unpack(struct bytes bytes, msgpack_unpacked *result, struct err *err)
{
    size_t offset = 0;
    msgpack_unpacked_init(result);
    result->zone = msgpack_zone_new(MSGPACK_ZONE_CHUNK_SIZE);
    char *copy = result->zone ? msgpack_zone_malloc(result->zone, bytes.len + 1) : NULL;
    if (!copy) {
        msgpack_unpacked_destroy(result);
        return err_set(err, E_MEMORY, "out of memory for an answer of %zu bytes", bytes.len);
    }
    memcpy(copy, bytes.data, bytes.len);
    if (msgpack_unpack(copy, bytes.len, &offset, result->zone, &result->data) !=
            MSGPACK_UNPACK_SUCCESS ||
        offset != bytes.len) {
        msgpack_unpacked_destroy(result);
        return err_set(err, E_FRAME, "the reply is not one MessagePack value");
    }
    return OK;
}

/* [0, result] | [1, code, message] | [2, what, done, total]. True when the reply is final. */
static bool take_reply(msgpack_unpacked *reply, enum err_code *code, struct err *err)
{
    const msgpack_object *items = reply->data.via.array.ptr;
    uint32_t count = reply->data.type == MSGPACK_OBJECT_ARRAY ? reply->data.via.array.size : 0;
    uint64_t type =
        count > 0 && items[0].type == MSGPACK_OBJECT_POSITIVE_INTEGER ? items[0].via.u64 : 99;
    if (type == CONTROL_RESULT && count == 2) {
        *code = OK;
        return true;
    }
    if (type == CONTROL_PROGRESS && count == 4 && items[1].type == MSGPACK_OBJECT_STR) {
        char what[64];
        int len = items[1].via.str.size < sizeof what ? (int)items[1].via.str.size : 0;
        snprintf(what, sizeof what, "%.*s", len, items[1].via.str.ptr);
        show_progress(NULL, what, items[2].via.u64, items[3].via.u64);
        return false;
    }
    if (type == CONTROL_ERROR && count == 3 && items[2].type == MSGPACK_OBJECT_STR) {
        int len = items[2].via.str.size < ERR_TEXT_MAX ? (int)items[2].via.str.size : ERR_TEXT_MAX;
        *code = err_set(err, (enum err_code)items[1].via.u64, "%.*s", len, items[2].via.str.ptr);
        return true;
    }
    *code = err_set(err, E_FRAME, "the daemon's reply has a form that this version does not know");
    return true;
}

static enum err_code ask_daemon(int fd, const char *request, struct bytes arguments,
                                msgpack_unpacked *result, struct err *err)
{
    struct buffer frame;
    buffer_init(&frame, CONTROL_FRAME_MAX_BYTES);
    control_pack_request(&frame, bytes_of_text(request), arguments);
    enum err_code code = frame.failed ? err_set(err, E_CAP, "the request is larger than %d bytes",
                                                CONTROL_FRAME_MAX_BYTES)
                                      : OK;
    if (code == OK && !write_all(fd, frame.data, frame.len)) {
        code = lost(err);
    }
    bool final = code != OK;
    while (!final) {
        if (!read_frame(fd, &frame)) {
            code = lost(err);
            break;
        }
        code = unpack(buffer_view(&frame), result, err);
        final = code != OK || take_reply(result, &code, err);
        if (final && code == OK) {
            result->data = result->data.via.array.ptr[1];
        } else if (code == OK || final) {
            msgpack_unpacked_destroy(result);
        }
    }
    buffer_free(&frame);
    return code;
}

static enum err_code ask_here(const char *home, const char *request, struct bytes arguments,
                              msgpack_unpacked *result, struct err *err)
{
    struct store *store;
    enum err_code code = store_open(home, store_env_system(), &store, err);
    if (code != OK) {
        return code;
    }
    struct progress progress = {.tell = show_progress};
    struct request_context context = {.store = store, .progress = &progress};
    struct buffer answer;
    buffer_init(&answer, CONTROL_FRAME_MAX_BYTES);
    code = request_run(&context, bytes_of_text(request), arguments, &answer, err);
    if (code == OK && answer.failed) {
        code = err_set(err, E_CAP, "the answer is larger than %d bytes; ask for less of it",
                       CONTROL_FRAME_MAX_BYTES);
    }
    if (code == OK) {
        code = unpack(buffer_view(&answer), result, err);
    }
    buffer_free(&answer);
    store_close(store);
    return code;
}

/* A connection to the daemon, or *fd = -1 when the home is free. A daemon that holds the home and
 * does not listen yet is just starting: it is waited for, not for its lock. */
static enum err_code find_node(const char *home, int *fd, struct err *err)
{
    const struct timespec pause = {.tv_nsec = STARTING_POLL_MS * 1000000L};
    for (unsigned waited_ms = 0;; waited_ms += STARTING_POLL_MS) {
        int lock;
        *fd = connect_control(home);
        if (*fd >= 0) {
            return OK;
        }
        enum err_code code = home_lock(home, 0, &lock, err);
        if (code == OK) {
            close(lock);
        }
        if (code != E_LOCKED || waited_ms >= LOCK_WAIT_MS) {
            return code;
        }
        (void)nanosleep(&pause, NULL);
    }
}

enum err_code client_request(const struct invocation *invocation, const char *request,
                             struct bytes arguments, msgpack_unpacked *result, struct err *err)
{
    if (!home_exists(invocation->home)) {
        return err_set(err, E_NOT_FOUND,
                       "there is no home at %s; make one with `satcha --home %s init`, or name "
                       "another with --home",
                       invocation->home, invocation->home);
    }
    int fd;
    enum err_code code = find_node(invocation->home, &fd, err);
    if (code == OK && fd < 0) {
        code = ask_here(invocation->home, request, arguments, result, err);
        clear_bar();
        if (code != E_LOCKED) {
            return code;
        }
        /* A daemon that was just starting took the home in between. */
        code = find_node(invocation->home, &fd, err);
        if (code == OK && fd < 0) {
            return ask_here(invocation->home, request, arguments, result, err);
        }
    }
    if (code != OK) {
        return code;
    }
    code = ask_daemon(fd, request, arguments, result, err);
    clear_bar();
    close(fd);
    return code;
}

enum err_code confirm(const struct invocation *invocation, const char *question, struct err *err)
{
    if (invocation->yes) {
        return OK;
    }
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
        return err_set(err, E_CONFIRM,
                       "%s Nobody is there to answer: say --yes to go on; nothing "
                       "was done",
                       question);
    }
    fprintf(stderr, "%s [y/N] ", question);
    char answer[16];
    if (!fgets(answer, sizeof answer, stdin) || (answer[0] != 'y' && answer[0] != 'Y')) {
        return err_set(err, E_CONFIRM, "not confirmed; nothing was done");
    }
    return OK;
}

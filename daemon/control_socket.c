/* Clients of the control socket: frames in, one request at a time, replies out. */
#include "daemon/control_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/node.h"
#include "daemon/requests.h"
#include "store/home.h"

enum {
    READ_BYTES = 65536,
    BACKLOG = CONTROL_CLIENTS_MAX,
    PROGRESS_MS = 100, /* a person sees no more */
    IDLE_MS = 300000   /* a client that asks nothing; `peers --watch` asks every few seconds */
};

struct client {
    struct control *control;
    uv_pipe_t pipe;
    uv_write_t write;
    bool closing;
    bool writing; /* the loop holds `write` and reads `out` */
    struct buffer in, out;
    uint64_t moved_ms; /* when bytes last went either way */
    uint64_t progress_ms;
    struct late_answer late;
};

struct control {
    struct node *node;
    uv_pipe_t pipe;
    int folder; /* the home: a socket's path is short, a home's may be long */
    struct client *clients[CONTROL_CLIENTS_MAX];
    size_t count;
    char read_buffer[READ_BYTES];
};

/* --- clients --- */

static void on_client_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;
    buffer_free(&client->in);
    buffer_free(&client->out);
    free(client);
}

static void client_close(struct client *client)
{
    struct control *control = client->control;
    if (client->closing) {
        return;
    }
    client->closing = true;
    for (size_t i = 0; i < control->count; i++) {
        if (control->clients[i] == client) {
            control->clients[i] = control->clients[--control->count];
            break;
        }
    }
    uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

static void take_frames(struct client *client);

static void on_written(uv_write_t *request, int status)
{
    struct client *client = request->data;
    client->writing = false;
    if (client->closing) {
        return;
    }
    if (status < 0) {
        client_close(client);
        return;
    }
    buffer_free(&client->out); /* a large reply is not kept */
    client->moved_ms = node_now_ms();
    take_frames(client);
}

static void send_out(struct client *client)
{
    uv_buf_t buffer = uv_buf_init((char *)client->out.data, (unsigned)client->out.len);
    if (client->out.failed ||
        uv_write(&client->write, (uv_stream_t *)&client->pipe, &buffer, 1, on_written) != 0) {
        client_close(client);
        return;
    }
    client->writing = true;
    client->moved_ms = node_now_ms();
}

/* Sent at once as far as the socket takes it; what it does not take goes with the reply. */
static void tell_progress(void *context, const char *what, uint64_t done, uint64_t total)
{
    struct client *client = context;
    uint64_t now_ms = node_now_ms();
    if (client->out.len > 0 || node_elapsed_ms(now_ms, client->progress_ms) < PROGRESS_MS) {
        return;
    }
    client->progress_ms = now_ms;
    control_pack_progress(&client->out, what, done, total);
    uv_buf_t buffer = uv_buf_init((char *)client->out.data, (unsigned)client->out.len);
    int sent = client->out.failed ? 0 : uv_try_write((uv_stream_t *)&client->pipe, &buffer, 1);
    if (sent <= 0) {
        buffer_clear(&client->out); /* this one is left out */
    } else {
        memmove(client->out.data, client->out.data + sent, client->out.len - (size_t)sent);
        client->out.len -= (size_t)sent;
    }
}

static void reply(struct client *client, enum err_code code, const struct buffer *result,
                  const struct err *err)
{
    if (code == OK && client->out.len + result->len < CONTROL_FRAME_MAX_BYTES) {
        control_pack_result(&client->out, buffer_view(result));
    } else if (code == OK) {
        struct err large;
        (void)err_set(&large, E_CAP, "the answer is larger than %d bytes; ask for less of it",
                      CONTROL_FRAME_MAX_BYTES);
        control_pack_error(&client->out, &large);
    } else {
        control_pack_error(&client->out, err);
    }
    send_out(client);
}

/* [1, name, arguments map]; the arguments are judged by the request table. */
static void run(struct client *client, struct bytes frame)
{
    struct cursor cursor = cursor_of(frame);
    bool form = cursor_array(&cursor, 3) == 3 && cursor_uint(&cursor) == 1;
    struct bytes name = cursor_str(&cursor, NAME_MAX_BYTES);
    struct buffer result;
    struct err err = {.text = ""};
    struct progress progress = {.tell = tell_progress, .context = client};
    enum err_code code;
    buffer_init(&result, CONTROL_FRAME_MAX_BYTES);
    client->late.waiting = false;
    client->progress_ms = node_now_ms();
    if (!form || cursor.failed) {
        code = err_set(&err, E_FRAME, "a request is [1, name, arguments]");
    } else {
        struct bytes arguments = bytes_of(cursor.at, (size_t)(cursor.end - cursor.at));
        code = node_request(client->control->node, name, arguments, &progress, &result,
                            &client->late, &err);
    }
    err.code = code;
    if (!client->late.waiting) {
        reply(client, code, &result, &err);
    }
    buffer_free(&result);
}

static void drop_front(struct buffer *buffer, size_t len)
{
    memmove(buffer->data, buffer->data + len, buffer->len - len);
    buffer->len -= len;
    if (buffer->len == 0) {
        buffer_free(buffer);
    }
}

/* Whole requests, one after the other's reply. */
static void take_frames(struct client *client)
{
    while (!client->closing && !client->writing && !client->late.waiting &&
           client->in.len >= CONTROL_LENGTH_BYTES) {
        const uint8_t *at = client->in.data;
        size_t len = (size_t)bytes_get_number(at, CONTROL_LENGTH_BYTES);
        if (len > CONTROL_FRAME_MAX_BYTES) {
            client_close(client);
            return;
        }
        if (client->in.len - CONTROL_LENGTH_BYTES < len) {
            return;
        }
        run(client, bytes_of(at + CONTROL_LENGTH_BYTES, len));
        drop_front(&client->in, CONTROL_LENGTH_BYTES + len);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct client *client = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(client->control->read_buffer, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct client *client = stream->data;
    if (client->closing || len == 0) {
        return;
    }
    if (len < 0) {
        client_close(client);
        return;
    }
    client->moved_ms = node_now_ms();
    buffer_append(&client->in, buffer->base, (size_t)len);
    if (client->in.failed) {
        client_close(client);
        return;
    }
    take_frames(client);
}

static struct client *client_new(struct control *control)
{
    struct client *client = calloc(1, sizeof *client);
    if (client == NULL || uv_pipe_init(&control->node->loop, &client->pipe, 0) != 0) {
        free(client);
        return NULL;
    }
    client->control = control;
    client->pipe.data = client;
    client->write.data = client;
    client->moved_ms = node_now_ms();
    buffer_init(&client->in, (size_t)CONTROL_FRAME_MAX_BYTES + CONTROL_LENGTH_BYTES + READ_BYTES);
    buffer_init(&client->out, 0);
    return client;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct control *control = server->data;
    struct client *client = status < 0 ? NULL : client_new(control);
    if (client == NULL) {
        return;
    }
    bool room = control->count < CONTROL_CLIENTS_MAX;
    if (room) {
        control->clients[control->count++] = client;
    }
    if (uv_accept(server, (uv_stream_t *)&client->pipe) != 0 || !room ||
        uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) != 0) {
        client_close(client);
    }
}

/* --- the socket --- */

static void on_socket_closed(uv_handle_t *handle)
{
    struct control *control = handle->data;
    close(control->folder);
    free(control);
}

void control_close(struct control *control)
{
    if (control == NULL) {
        return;
    }
    while (control->count > 0) {
        client_close(control->clients[0]);
    }
    unlinkat(control->folder, "control.sock", 0);
    uv_close((uv_handle_t *)&control->pipe, on_socket_closed);
}

static enum err_code bind_socket(struct control *control, const char *home, struct err *err)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d/control.sock", control->folder);
    if (unlinkat(control->folder, "control.sock", 0) != 0 && errno != ENOENT) {
        return err_set(err, E_IO, "%s/control.sock: cannot be removed: %s", home, strerror(errno));
    }
    mode_t mask = umask(0177);
    int status = uv_pipe_bind(&control->pipe, path);
    umask(mask);
    if (status == 0) {
        status = uv_listen((uv_stream_t *)&control->pipe, BACKLOG, on_connection);
    }
    if (status != 0) {
        return err_set(err, E_IO,
                       "%s/control.sock: cannot be made: %s; the user who runs satchad must own "
                       "the home",
                       home, uv_strerror(status));
    }
    return OK;
}

enum err_code control_open(struct node *node, struct control **ret, struct err *err)
{
    const char *home = store_home(node->store);
    struct control *control = calloc(1, sizeof *control);
    if (control == NULL) {
        return err_set(err, E_MEMORY, "no memory for the control socket");
    }
    control->node = node;
    control->folder = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (control->folder < 0 || uv_pipe_init(&node->loop, &control->pipe, 0) != 0) {
        enum err_code code = err_set(err, E_IO, "%s: cannot be opened: %s", home, strerror(errno));
        if (control->folder >= 0) {
            close(control->folder);
        }
        free(control);
        return code;
    }
    control->pipe.data = control;
    enum err_code code = bind_socket(control, home, err);
    if (code != OK) {
        control_close(control);
        return code;
    }
    *ret = control;
    return OK;
}

/* --- time --- */

static void answer_late(struct client *client, uint64_t now_ms)
{
    struct buffer result;
    struct err err = {.text = ""};
    enum err_code code;
    buffer_init(&result, CONTROL_FRAME_MAX_BYTES);
    if (node_request_late(client->control->node, &client->late, now_ms, &result, &code, &err)) {
        client->late.waiting = false;
        err.code = code;
        reply(client, code, &result, &err);
    }
    buffer_free(&result);
}

uint64_t control_service(struct control *control, uint64_t now_ms)
{
    uint64_t next_ms = now_ms + MESSAGE_MS;
    for (size_t i = control->count; i > 0; i--) {
        struct client *client = control->clients[i - 1];
        bool middle = client->writing || client->in.len > 0;
        if (client->late.waiting) {
            next_ms = client->late.until_ms < next_ms ? client->late.until_ms : next_ms;
            answer_late(client, now_ms);
        } else if (node_elapsed_ms(now_ms, client->moved_ms) >=
                   (uint64_t)(middle ? MESSAGE_MS : IDLE_MS)) {
            log_line(LOG_DEBUG, "a client of the control socket is dropped: it does not go on");
            client_close(client);
        }
    }
    return next_ms;
}

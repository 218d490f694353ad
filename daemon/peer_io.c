/* A peer's stream: resolving, connecting, reading, writing, closing. */
#include "daemon/peer.h"

#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/node.h"

enum {
    WRITE_BYTES = 262144, /* copied for one asynchronous write */
    KEEP_ALIVE_SECONDS = 60
};

/* --- life --- */

/* Frees the peer once the loop holds nothing of it. */
static void free_when_unused(struct peer *peer)
{
    if (!peer->tcp_gone || peer->resolving) {
        return;
    }
    node_forget_peer(peer->node, peer);
    session_free(peer->session);
    channel_free(peer->channel);
    free(peer->write_buffer);
    free(peer);
}

static void on_closed(uv_handle_t *handle)
{
    struct peer *peer = handle->data;
    peer->tcp_gone = true;
    free_when_unused(peer);
}

static struct peer *peer_new(struct node *node, enum peer_direction direction)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL) {
        return NULL;
    }
    if (uv_tcp_init(&node->loop, &peer->tcp) != 0) {
        free(peer);
        return NULL;
    }
    peer->tcp.data = peer;
    peer->connect.data = peer;
    peer->write.data = peer;
    peer->shutdown.data = peer;
    peer->resolve.data = peer;
    peer->node = node;
    peer->direction = direction;
    peer->opened_ms = node_now_ms();
    peer->written_ms = peer->opened_ms;
    peer->ticked_ms = peer->opened_ms;
    peer->state = PEER_CONNECTING;
    return peer;
}

void peer_close(struct peer *peer, enum err_code code, const char *format, ...)
{
    if (peer->state == PEER_CLOSED) {
        return;
    }
    if (peer->error.code == OK && code != OK) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(peer->error.text, sizeof peer->error.text, format, arguments);
        va_end(arguments);
        peer->error.code = code;
    }
    peer->state = PEER_CLOSED;
    if (peer->resolving) {
        uv_cancel((uv_req_t *)&peer->resolve); /* its callback comes in any case */
    }
    uv_close((uv_handle_t *)&peer->tcp, on_closed);
    node_peer_closed(peer->node, peer);
}

/* --- getting connected --- */

void peer_address_text(const struct sockaddr *address, char out[PEER_ADDRESS_MAX])
{
    char host[64] = "?";
    unsigned port = 0;
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)address;
        uv_ip6_name(v6, host, sizeof host);
        port = ntohs(v6->sin6_port);
    } else if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)address;
        uv_ip4_name(v4, host, sizeof host);
        port = ntohs(v4->sin_port);
    }
    snprintf(out, PEER_ADDRESS_MAX, address->sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
             port);
}

struct peer *peer_accept(struct node *node, uv_stream_t *server)
{
    struct peer *peer = peer_new(node, PEER_IN);
    struct sockaddr_storage address;
    int len = sizeof address;
    if (peer == NULL) {
        return NULL;
    }
    node_add_peer(node, peer);
    if (uv_accept(server, (uv_stream_t *)&peer->tcp) != 0 ||
        uv_tcp_getpeername(&peer->tcp, (struct sockaddr *)&address, &len) != 0) {
        peer_close(peer, E_IO, "the connection was lost before it was accepted");
        return NULL;
    }
    peer_address_text((const struct sockaddr *)&address, peer->address);
    peer_connected(peer);
    return peer;
}

static void on_connected(uv_connect_t *request, int status)
{
    struct peer *peer = request->data;
    if (peer->state != PEER_CONNECTING) {
        return; /* closed meanwhile */
    }
    if (status < 0) {
        peer_close(peer, E_IO, "cannot be reached: %s", uv_strerror(status));
        return;
    }
    peer_connected(peer);
}

static void connect_to(struct peer *peer, const struct sockaddr *address)
{
    peer->state = PEER_CONNECTING;
    int status = uv_tcp_connect(&peer->connect, &peer->tcp, address, on_connected);
    if (status != 0) {
        peer_close(peer, E_IO, "cannot be reached: %s", uv_strerror(status));
    }
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct peer *peer = request->data;
    peer->resolving = false;
    if (peer->state == PEER_CLOSED) {
        uv_freeaddrinfo(found);
        free_when_unused(peer);
        return;
    }
    if (status < 0) {
        peer_close(peer, E_IO, "the name has no address: %s", uv_strerror(status));
    } else {
        connect_to(peer, found->ai_addr);
    }
    uv_freeaddrinfo(found);
}

/* Figures are taken as they are; a name is asked for in the background. */
static void resolve(struct peer *peer)
{
    char host[ADDRESS_MAX_BYTES + 1];
    uint16_t port;
    char service[8];
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (!address_split(bytes_of_text(peer->address), host, &port) || port == 0) {
        peer_close(peer, E_USAGE, "is not HOST:PORT");
    } else if (uv_ip4_addr(host, port, &v4) == 0) {
        connect_to(peer, (const struct sockaddr *)&v4);
    } else if (uv_ip6_addr(host, port, &v6) == 0) {
        connect_to(peer, (const struct sockaddr *)&v6);
    } else {
        const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
        snprintf(service, sizeof service, "%u", (unsigned)port);
        peer->state = PEER_RESOLVING;
        int status =
            uv_getaddrinfo(&peer->node->loop, &peer->resolve, on_resolved, host, service, &hints);
        peer->resolving = status == 0;
        if (status != 0) {
            peer_close(peer, E_IO, "the name has no address: %s", uv_strerror(status));
        }
    }
}

struct peer *peer_dial(struct node *node, const struct contact *contact)
{
    struct peer *peer = peer_new(node, PEER_OUT);
    if (peer == NULL) {
        return NULL;
    }
    snprintf(peer->address, sizeof peer->address, "%s", contact->address);
    peer->has_group = true;
    peer->group = contact->group;
    peer->key = contact->transport_key;
    node_add_peer(node, peer);
    resolve(peer);
    return peer;
}

/* --- reading --- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    const struct peer *peer = handle->data;
    (void)suggested;
    *buffer = uv_buf_init((char *)peer->node->read_buffer, NODE_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct peer *peer = stream->data;
    if (peer->state == PEER_CLOSED || len == 0) {
        return;
    }
    peer->node->io_seen = true;
    if (len == UV_EOF) {
        peer_close(peer, peer->state == PEER_ENDING ? OK : E_IO, "the peer closed the connection");
    } else if (len < 0) {
        peer_close(peer, E_IO, "the connection was lost: %s", uv_strerror((int)len));
    } else {
        peer->bytes_in += (uint64_t)len;
        peer_take(peer, bytes_of(buffer->base, (size_t)len));
    }
}

/* A stream that fits the conversation: small messages at once, a dead or deaf peer noticed. What we
 * queue is bounded by credit and may all fit the kernel's buffer, so that a peer who reads nothing
 * is seen by the kernel alone. */
static void tune(struct peer *peer)
{
    unsigned stall_ms = PEER_STALL_MS;
    uv_os_fd_t fd;
    uv_tcp_nodelay(&peer->tcp, 1);
    uv_tcp_keepalive(&peer->tcp, 1, KEEP_ALIVE_SECONDS);
    if (uv_fileno((const uv_handle_t *)&peer->tcp, &fd) == 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &stall_ms, sizeof stall_ms);
    }
}

void peer_read_start(struct peer *peer)
{
    tune(peer);
    int status = uv_read_start((uv_stream_t *)&peer->tcp, on_alloc, on_read);
    if (status != 0) {
        peer_close(peer, E_IO, "the connection was lost: %s", uv_strerror(status));
    }
}

/* --- writing --- */

size_t peer_backlog(const struct peer *peer)
{
    return channel_output(peer->channel).len + (peer->writing ? peer->write_len : 0);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)request; /* the peer's end of stream, or the deadline of PEER_ENDING, closes */
    (void)status;
}

static void on_written(uv_write_t *request, int status)
{
    struct peer *peer = request->data;
    peer->writing = false;
    if (peer->state == PEER_CLOSED) {
        return;
    }
    if (status < 0) {
        peer_close(peer, E_IO, "the connection was lost: %s", uv_strerror(status));
        return;
    }
    peer->written_ms = node_now_ms();
    peer_flush(peer);
    peer_pump(peer);
}

/* The output may move while the socket is slow, so what is under way is a copy. */
static void write_later(struct peer *peer, struct bytes output)
{
    if (peer->write_buffer == NULL) {
        peer->write_buffer = malloc(WRITE_BYTES);
    }
    if (peer->write_buffer == NULL) {
        peer_close(peer, E_MEMORY, "no memory to write to it");
        return;
    }
    peer->write_len = output.len < WRITE_BYTES ? output.len : (size_t)WRITE_BYTES;
    memcpy(peer->write_buffer, output.data, peer->write_len);
    uv_buf_t buffer = uv_buf_init((char *)peer->write_buffer, (unsigned)peer->write_len);
    int status = uv_write(&peer->write, (uv_stream_t *)&peer->tcp, &buffer, 1, on_written);
    if (status != 0) {
        peer_close(peer, E_IO, "the connection was lost: %s", uv_strerror(status));
        return;
    }
    peer->writing = true;
    peer->bytes_out += peer->write_len;
    channel_output_taken(peer->channel, peer->write_len);
}

void peer_flush(struct peer *peer)
{
    while (peer->state != PEER_CLOSED && !peer->writing) {
        struct bytes output = channel_output(peer->channel);
        if (output.len == 0) {
            peer->written_ms = node_now_ms();
            if (peer->state == PEER_ENDING && peer->shutdown.handle == NULL) {
                uv_shutdown(&peer->shutdown, (uv_stream_t *)&peer->tcp, on_shutdown);
            }
            return;
        }
        /* libuv takes `char *` for what it only reads. */
        uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)output.data, (unsigned)output.len);
        int len = uv_try_write((uv_stream_t *)&peer->tcp, &buffer, 1);
        if (len == UV_EAGAIN) {
            write_later(peer, output);
        } else if (len < 0) {
            peer_close(peer, E_IO, "the connection was lost: %s", uv_strerror(len));
        } else {
            peer->bytes_out += (uint64_t)len;
            peer->written_ms = node_now_ms();
            channel_output_taken(peer->channel, (size_t)len);
        }
    }
}

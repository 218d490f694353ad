/* Accepts connections; who they are turns out in peer.c. */
#include "daemon/listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/node.h"
#include "daemon/peer.h"

enum { BACKLOG = 128 };

struct listener {
    uv_tcp_t tcp;
    struct node *node;
    char address[ADDRESS_MAX_BYTES + 1];
};

const char *listener_address(const struct listener *listener)
{
    return listener->address;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void listener_close(struct listener *listener)
{
    if (listener != NULL && !uv_is_closing((uv_handle_t *)&listener->tcp)) {
        uv_close((uv_handle_t *)&listener->tcp, on_closed);
    }
}

static void on_turned_away(uv_handle_t *handle)
{
    free(handle);
}

/* Accepted and closed: libuv would wait for ever with a connection that nobody takes. */
static void turn_away(uv_stream_t *server)
{
    uv_tcp_t *tcp = malloc(sizeof *tcp);
    if (tcp == NULL || uv_tcp_init(server->loop, tcp) != 0) {
        free(tcp);
        return;
    }
    (void)uv_accept(server, (uv_stream_t *)tcp);
    uv_close((uv_handle_t *)tcp, on_turned_away);
}

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *listener = server->data;
    if (status < 0) {
        log_line(LOG_WARNING, "a connection could not be accepted: %s", uv_strerror(status));
        return;
    }
    if (!node_has_room(listener->node)) {
        node_count_stranger(listener->node, "somewhere", "all places are taken");
        turn_away(server);
        return;
    }
    (void)peer_accept(listener->node, server);
}

/* The first address of the name; figures need no question. */
static enum err_code resolve(struct node *node, const char *address, struct sockaddr_storage *out,
                             struct err *err)
{
    char host[ADDRESS_MAX_BYTES + 1];
    char service[8];
    uint16_t port;
    if (!address_split(bytes_of_text(address), host, &port)) {
        return err_set(err, E_USAGE, "listen = %s: expected HOST:PORT, as in 0.0.0.0:7420",
                       address);
    }
    snprintf(service, sizeof service, "%u", (unsigned)port);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    uv_getaddrinfo_t request;
    int status = uv_getaddrinfo(&node->loop, &request, NULL, host, service, &hints);
    if (status != 0) {
        return err_set(err, E_USAGE, "listen = %s: there is no such address here: %s", address,
                       uv_strerror(status));
    }
    memcpy(out, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
    uv_freeaddrinfo(request.addrinfo);
    return OK;
}

static void name_bound(struct listener *listener)
{
    struct sockaddr_storage bound;
    int len = sizeof bound;
    if (uv_tcp_getsockname(&listener->tcp, (struct sockaddr *)&bound, &len) == 0) {
        peer_address_text((const struct sockaddr *)&bound, listener->address);
    }
}

static enum err_code bind_and_listen(struct listener *listener, const char *address,
                                     struct err *err)
{
    struct sockaddr_storage to;
    enum err_code code = resolve(listener->node, address, &to, err);
    if (code != OK) {
        return code;
    }
    int status = uv_tcp_bind(&listener->tcp, (const struct sockaddr *)&to, 0);
    if (status == 0) {
        status = uv_listen((uv_stream_t *)&listener->tcp, BACKLOG, on_connection);
    }
    if (status == UV_EADDRINUSE) {
        return err_set(err, E_IO,
                       "listen = %s: another program uses this port; stop it, or set another port "
                       "with --listen or in satcha.conf",
                       address);
    }
    if (status != 0) {
        return err_set(err, E_IO,
                       "listen = %s: %s; set another address with --listen or in "
                       "satcha.conf",
                       address, uv_strerror(status));
    }
    name_bound(listener);
    return OK;
}

enum err_code listener_open(struct node *node, const char *address, struct listener **ret,
                            struct err *err)
{
    struct listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL || uv_tcp_init(&node->loop, &listener->tcp) != 0) {
        free(listener);
        return err_set(err, E_MEMORY, "no memory to listen");
    }
    listener->tcp.data = listener;
    listener->node = node;
    enum err_code code = bind_and_listen(listener, address, err);
    if (code != OK) {
        listener_close(listener);
        return code;
    }
    *ret = listener;
    return OK;
}

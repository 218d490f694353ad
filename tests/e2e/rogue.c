/* A peer that misbehaves, for strangers.py:
 *
 *   rogue MODE PORT HOME OWN-GROUP GROUP KEY SECONDS
 *
 * Calls the node of GROUP (its static key is KEY) on 127.0.0.1:PORT with the keys of HOME, whose
 * group is OWN-GROUP (ids and key in hex),
 * and does what MODE says; waits until it is dropped, at most SECONDS. Prints one line:
 *
 *   established=0|1 received=BYTES refusal=E_…|none closed=0|1 after_ms=N */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/channel.h"
#include "proto/id.h"
#include "proto/message.h"
#include "store/home.h"
#include "store/keyfile.h"

struct rogue {
    const char *mode;
    int fd;
    struct channel *channel;
    struct hash target;
    bool established, closed, deaf;
    uint64_t received;
    const char *refusal;
    uint64_t started_ms, trickled_ms;
    struct buffer trickle; /* sent one byte a second */
    size_t trickled;
};

static bool is_mode(const struct rogue *rogue, const char *mode)
{
    return strcmp(rogue->mode, mode) == 0;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void write_bytes(struct rogue *rogue, struct bytes bytes)
{
    while (bytes.len > 0 && !rogue->closed) {
        ssize_t sent = send(rogue->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent <= 0) {
            rogue->closed = true;
            return;
        }
        bytes = bytes_of(bytes.data + sent, bytes.len - (size_t)sent);
    }
}

static void write_output(struct rogue *rogue)
{
    struct bytes output = channel_output(rogue->channel);
    write_bytes(rogue, output);
    channel_output_taken(rogue->channel, output.len);
}

static void send_message(struct rogue *rogue, struct buffer *message)
{
    if (channel_send(rogue->channel, buffer_view(message)) != OK) {
        rogue->closed = true;
    }
    buffer_clear(message);
}

static void say_hello(struct rogue *rogue, uint64_t version)
{
    struct buffer message;
    struct hello hello = {.version_min = version, .version_max = version};
    hello.time_ms = (uint64_t)time(NULL) * 1000;
    random_bytes(hello.digest.bytes, HASH_BYTES);
    buffer_init(&message, 0);
    message_hello(&message, &hello);
    send_message(rogue, &message);
    buffer_free(&message);
}

static void want(struct rogue *rogue, const struct hash *group)
{
    struct buffer message;
    struct want wanted = {.group = *group};
    buffer_init(&message, 0);
    message_want(&message, &wanted);
    send_message(rogue, &message);
    buffer_free(&message);
}

/* What waits for the socket goes to `out` instead. */
static void take_output(struct rogue *rogue, struct buffer *out)
{
    struct bytes output = channel_output(rogue->channel);
    buffer_append(out, output.data, output.len);
    channel_output_taken(rogue->channel, output.len);
}

/* What the mode does once the channel is there. */
static void act(struct rogue *rogue)
{
    struct buffer message;
    buffer_init(&message, 0);
    if (is_mode(rogue, "garbage")) {
        random_bytes(buffer_extend(&message, 100), 100);
        send_message(rogue, &message);
    } else if (is_mode(rogue, "bad-version")) {
        say_hello(rogue, 999);
    } else if (is_mode(rogue, "replay") || is_mode(rogue, "flip")) {
        say_hello(rogue, PROTOCOL_MAX);
        take_output(rogue, &message);
        if (is_mode(rogue, "flip")) {
            message.data[message.len / 2] ^= 1;
        }
        write_bytes(rogue, buffer_view(&message));
        write_bytes(rogue, buffer_view(&message));
    } else if (is_mode(rogue, "half") || is_mode(rogue, "trickle")) {
        say_hello(rogue, PROTOCOL_MAX);
        write_output(rogue);
        want(rogue, &rogue->target);
        take_output(rogue, &rogue->trickle);
        if (is_mode(rogue, "half")) {
            write_bytes(rogue, bytes_of(rogue->trickle.data, rogue->trickle.len / 2));
            buffer_clear(&rogue->trickle);
        }
    } else if (is_mode(rogue, "never-reads")) {
        say_hello(rogue, PROTOCOL_MAX);
        want(rogue, &rogue->target);
        rogue->deaf = true;
    } else if (!is_mode(rogue, "silent")) {
        say_hello(rogue, PROTOCOL_MAX);
    }
    write_output(rogue);
    buffer_free(&message);
}

static void take_bytes(struct rogue *rogue, struct bytes bytes)
{
    struct bytes bytes_of_message;
    struct message message;
    channel_receive(rogue->channel, bytes);
    for (;;) {
        switch (channel_next(rogue->channel, &bytes_of_message)) {
        case CHANNEL_WAIT:
        case CHANNEL_FAILED:
            return;
        case CHANNEL_ESTABLISHED:
            rogue->established = true;
            write_output(rogue);
            act(rogue);
            if (rogue->deaf) {
                return;
            }
            break;
        case CHANNEL_MESSAGE:
            if (message_decode(bytes_of_message, &message, NULL) == OK &&
                message.type == MESSAGE_REFUSE) {
                rogue->refusal = err_name(message.code);
            }
            break;
        }
    }
}

static void run(struct rogue *rogue, uint64_t limit_ms)
{
    uint8_t block[65536];
    rogue->started_ms = now_ms();
    while (!rogue->closed && now_ms() - rogue->started_ms < limit_ms) {
        struct pollfd wait = {.fd = rogue->fd, .events = rogue->deaf ? POLLRDHUP : POLLIN};
        if (poll(&wait, 1, 100) > 0 && (wait.revents & (POLLERR | POLLHUP | POLLRDHUP)) != 0 &&
            rogue->deaf) {
            rogue->closed = true;
        } else if ((wait.revents & POLLIN) != 0) {
            ssize_t len = recv(rogue->fd, block, sizeof block, 0);
            if (len <= 0) {
                rogue->closed = true;
            } else {
                rogue->received += (uint64_t)len;
                take_bytes(rogue, bytes_of(block, (size_t)len));
                write_output(rogue);
            }
        }
        if (rogue->trickled < rogue->trickle.len && now_ms() - rogue->trickled_ms >= 1000) {
            rogue->trickled_ms = now_ms();
            write_bytes(rogue, bytes_of(rogue->trickle.data + rogue->trickled++, 1));
        }
    }
}

static bool call(struct rogue *rogue, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int small = 4096;
    rogue->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (rogue->fd < 0) {
        return false;
    }
    if (is_mode(rogue, "never-reads")) {
        setsockopt(rogue->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    }
    return connect(rogue->fd, (const struct sockaddr *)&address, sizeof address) == 0;
}

/* The channel with the keys of a home, spoiled as the mode says. */
static bool open_channel(struct rogue *rogue, const char *home, const struct hash *own,
                         const struct hash *key)
{
    char path[PATH_TEXT_MAX];
    struct home_keys keys;
    struct err err;
    uint8_t seed[SEED_BYTES];
    struct transport_key ephemeral;
    if (home_path(home, "keys", path, &err) != OK || home_keys_read(path, &keys, &err) != OK) {
        fprintf(stderr, "%s\n", err.text);
        return false;
    }
    random_bytes(seed, sizeof seed);
    transport_key_from_seed(&ephemeral, seed);
    struct channel_config config = {.role = NOISE_INITIATOR,
                                    .network_id = keys.network_id,
                                    .network_key = keys.network_keys[0],
                                    .own = &keys.transport,
                                    .ephemeral = &ephemeral,
                                    .remote_static = key,
                                    .own_group = *own};
    if (is_mode(rogue, "wrong-network-key")) {
        keys.network_keys[0][7] ^= 1;
    }
    if (is_mode(rogue, "not-rostered") || is_mode(rogue, "wrong-key")) {
        random_bytes(seed, sizeof seed);
        transport_key_from_seed(&keys.transport, seed);
    }
    if (is_mode(rogue, "not-rostered")) {
        random_bytes(config.own_group.bytes, HASH_BYTES);
    }
    rogue->channel = channel_open(&config);
    home_keys_wipe(&keys);
    return rogue->channel != NULL;
}

int main(int count, char **words)
{
    struct rogue rogue = {.refusal = "none", .fd = -1};
    struct hash own;
    struct hash key;
    crypto_init();
    if (count != 8 || !hex_parse(bytes_of_text(words[4]), own.bytes, HASH_BYTES) ||
        !hex_parse(bytes_of_text(words[5]), rogue.target.bytes, HASH_BYTES) ||
        !hex_parse(bytes_of_text(words[6]), key.bytes, HASH_BYTES)) {
        fputs("rogue MODE PORT HOME OWN-GROUP GROUP KEY SECONDS\n", stderr);
        return 2;
    }
    rogue.mode = words[1];
    buffer_init(&rogue.trickle, 0);
    if (!open_channel(&rogue, words[3], &own, &key) || !call(&rogue, words[2])) {
        perror("rogue");
        return 3;
    }
    write_output(&rogue);
    run(&rogue, strtoull(words[7], NULL, 10) * 1000);
    printf("established=%d received=%llu refusal=%s closed=%d after_ms=%llu\n", rogue.established,
           (unsigned long long)rogue.received, rogue.refusal, rogue.closed,
           (unsigned long long)(now_ms() - rogue.started_ms));
    channel_free(rogue.channel);
    buffer_free(&rogue.trickle);
    close(rogue.fd);
    return 0;
}

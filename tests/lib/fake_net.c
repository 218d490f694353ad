/* The driver of sessions in tests: what the daemon does with sockets, done with queues. */
#include "tests/lib/fake_net.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void queue_message(struct fake_end *end, struct bytes bytes)
{
    struct fake_message *message = malloc(sizeof *message + bytes.len);

    assert(message != NULL && bytes.len > 1 && bytes.len <= MESSAGE_MAX_BYTES);
    message->next = NULL;
    message->len = bytes.len;
    memcpy(message->data, bytes.data, bytes.len);
    if (end->last == NULL) {
        end->first = message;
    } else {
        end->last->next = message;
    }
    end->last = message;
    if (bytes.data[1] < FAKE_TYPES) {
        end->said[bytes.data[1]]++;
    }
    end->said_bytes += bytes.len;
}

static struct fake_message *take_first(struct fake_end *end)
{
    struct fake_message *message = end->first;

    if (message == NULL) {
        return NULL;
    }
    end->first = message->next;
    if (end->first == NULL) {
        end->last = NULL;
    }
    return message;
}

static void take_effects(struct fake_end *end)
{
    struct effect effect;

    while (session_effect(end->session, &effect)) {
        switch (effect.type) {
        case EFFECT_SEND:
            queue_message(end, effect.message);
            break;
        case EFFECT_CLOSE:
            end->closed = true;
            end->code = effect.code;
            memcpy(end->text, effect.text, sizeof end->text);
            break;
        case EFFECT_READY:
            end->readies++;
            break;
        case EFFECT_EQUAL:
            end->equals++;
            break;
        case EFFECT_STORED:
            end->stored = true;
            break;
        case EFFECT_LOG:
            end->logs++;
            memcpy(end->log, effect.text, sizeof end->log);
            break;
        }
    }
}

static void step(struct fake_net *net, struct fake_end *end, const struct session_event *event)
{
    struct session_event told = *event;

    if (end->session == NULL) {
        return;
    }
    told.receiving = end->receiving;
    session_step(end->session, &told, net->now_ms);
    take_effects(end);
}

void fake_event(struct fake_net *net, struct fake_end *end, enum session_event_type type)
{
    struct session_event event = {.type = type};

    step(net, end, &event);
}

static bool deliver(struct fake_net *net, struct fake_end *end)
{
    struct session_event event = {.type = SESSION_MESSAGE};
    struct fake_message *message;

    if (end->mute || end->deliver_max == 0 || end->other == NULL) {
        return false;
    }
    message = take_first(end);
    if (message == NULL) {
        return false;
    }
    if (end->deliver_max != SIZE_MAX) {
        end->deliver_max--;
    }
    event.message = bytes_of(message->data, message->len);
    step(net, end->other, &event);
    free(message);
    return true;
}

struct changed_context {
    struct fake_net *net;
    struct fake_book *book;
};

static void heads_event(struct fake_net *net, struct fake_book *book, const struct hash *group)
{
    struct session_event event = {.type = SESSION_HEADS, .group = *group};

    for (size_t i = 0; i < net->count; i++) {
        if (net->end[i].book == book) {
            step(net, &net->end[i], &event);
        }
    }
}

static void on_changed(void *context, const struct hash *group)
{
    struct changed_context *changed = context;

    heads_event(changed->net, changed->book, group);
}

void fake_heads(struct fake_net *net, struct fake_book *book, size_t group)
{
    heads_event(net, book, &book->groups[group].id);
}

static bool commit(struct fake_net *net, struct fake_end *end)
{
    struct changed_context changed = {net, end->book};

    if (!end->stored || net->hold_commits) {
        return false;
    }
    for (size_t i = 0; i < net->count; i++) {
        if (net->end[i].book == end->book) {
            net->end[i].stored = false;
        }
    }
    fake_commit(end->book, on_changed, &changed);
    for (size_t i = 0; i < net->count; i++) {
        if (net->end[i].book == end->book) {
            fake_event(net, &net->end[i], SESSION_COMMITTED);
        }
    }
    return true;
}

static bool tick(struct fake_net *net, struct fake_end *end)
{
    if (end->session == NULL || end->closed || session_next_ms(end->session) > net->now_ms) {
        return false;
    }
    fake_event(net, end, SESSION_TICK);
    return true;
}

void fake_run(struct fake_net *net)
{
    bool busy = true;

    for (unsigned rounds = 0; busy; rounds++) {
        assert(rounds < 1000000); /* no conversation may go on for ever */
        busy = false;
        for (size_t i = 0; i < net->count; i++) {
            busy |= deliver(net, &net->end[i]);
            busy |= tick(net, &net->end[i]);
        }
        for (size_t i = 0; i < net->count; i++) {
            busy |= commit(net, &net->end[i]);
        }
    }
}

void fake_wait(struct fake_net *net, uint64_t ms)
{
    for (uint64_t passed = 0; passed < ms; passed += 500) {
        net->now_ms += 500;
        for (size_t i = 0; i < net->count; i++) {
            fake_event(net, &net->end[i], SESSION_TICK);
        }
        fake_run(net);
    }
}

static struct fake_end *add_end(struct fake_net *net, struct fake_book *book,
                                const struct hash *peer, const struct hash *peer_key)
{
    struct fake_end *end = &net->end[net->count++];
    struct session_config config = {.book = &book->book,
                                    .peer = *peer,
                                    .peer_key = *peer_key,
                                    .starts = {.starts = 3}};

    assert(net->count <= FAKE_ENDS_MAX);
    if (net->now_ms == 0) {
        net->now_ms = UINT64_C(1795000000000);
    }
    memset(end, 0, sizeof *end);
    end->book = book;
    end->deliver_max = SIZE_MAX;
    end->session = session_new(&config);
    assert(end->session != NULL);
    return end;
}

static size_t own_number(const struct fake_book *book)
{
    size_t i = 0;

    while (!hash_equal(&book->groups[i].id, &book->book.own_group)) {
        i++;
    }
    return i;
}

struct fake_end *fake_link(struct fake_net *net, struct fake_book *a, struct fake_book *b)
{
    const struct fake_group *group_a = &a->groups[own_number(a)];
    const struct fake_group *group_b = &b->groups[own_number(b)];
    struct fake_end *left = add_end(net, a, &group_b->id, &group_b->transport.public_key);
    struct fake_end *right = add_end(net, b, &group_a->id, &group_a->transport.public_key);

    left->other = right;
    right->other = left;
    fake_event(net, left, SESSION_START);
    fake_event(net, right, SESSION_START);
    return left;
}

struct fake_end *fake_link_alone(struct fake_net *net, struct fake_book *book,
                                 const struct hash *peer, const struct hash *peer_key)
{
    struct fake_end *end = add_end(net, book, peer, peer_key);

    fake_event(net, end, SESSION_START);
    return end;
}

void fake_say(struct fake_net *net, struct fake_end *end, struct bytes message)
{
    struct session_event event = {.type = SESSION_MESSAGE, .message = message};

    step(net, end, &event);
    fake_run(net);
}

bool fake_heard(struct fake_end *end, struct buffer *message)
{
    struct fake_message *first = take_first(end);

    if (first == NULL) {
        return false;
    }
    buffer_clear(message);
    buffer_append(message, first->data, first->len);
    free(first);
    return true;
}

void fake_net_free(struct fake_net *net)
{
    for (size_t i = 0; i < net->count; i++) {
        struct fake_message *message;

        session_free(net->end[i].session);
        while ((message = take_first(&net->end[i])) != NULL) {
            free(message);
        }
    }
    memset(net, 0, sizeof *net);
}

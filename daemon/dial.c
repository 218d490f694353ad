/* The dialler: a list of contacts with their back-off. */
#include "daemon/dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/log.h"
#include "daemon/node.h"
#include "proto/id.h"

enum {
    IDLE_MS = 60000,            /* nothing due before */
    REFRESH_MS = 100,           /* between two readings of the contacts, */
    REFRESH_GROUP_MS = 4,       /* and for each group of the network as much more, */
    REFRESH_LONGEST_MS = 10000, /* at most: reading costs time with every group */
    DRAWN_AT_LEAST_MS = 60000   /* a connection is not given up earlier */
};

struct dialer {
    struct node *node;
    bool stale;
    uint64_t refreshed_ms; /* 0: never */
    size_t seen;           /* contacts met by this reading, for the sample */
    struct dial_target targets[DIAL_TARGETS_MAX];
    size_t count;
    struct dial_target before[DIAL_TARGETS_MAX]; /* of the last reading, while reading */
    size_t before_count;
};

struct dialer *dialer_new(struct node *node)
{
    struct dialer *dialer = calloc(1, sizeof *dialer);
    if (dialer != NULL) {
        dialer->node = node;
        dialer->stale = true;
    }
    return dialer;
}

void dialer_free(struct dialer *dialer)
{
    free(dialer);
}

size_t dialer_count(const struct dialer *dialer)
{
    return dialer->count;
}

const struct dial_target *dialer_at(const struct dialer *dialer, size_t number)
{
    return &dialer->targets[number];
}

void dialer_refresh(struct dialer *dialer)
{
    dialer->stale = true;
}

/* --- which contacts --- */

/* Any connection to the group, however far. */
static bool is_busy(const struct node *node, const struct hash *group)
{
    for (size_t i = 0; i < node->peer_count; i++) {
        const struct peer *peer = node->peers[i];
        if (peer->state != PEER_CLOSED && peer_stands_for_group(peer) &&
            hash_equal(&peer->group, group)) {
            return true;
        }
    }
    return false;
}

static bool same_contact(const struct contact *a, const struct contact *b)
{
    return hash_equal(&a->group, &b->group) && hash_equal(&a->transport_key, &b->transport_key) &&
           strcmp(a->address, b->address) == 0;
}

static struct dial_target *find(struct dial_target *targets, size_t count,
                                const struct contact *contact)
{
    for (size_t i = 0; i < count; i++) {
        if (same_contact(&targets[i].contact, contact)) {
            return &targets[i];
        }
    }
    return NULL;
}

/* A place for one more: at the end, or, where the sample is full, instead of a random one that is
 * neither wanted by a person nor connected. NULL: not drawn. */
static struct dial_target *draw_place(struct dialer *dialer, bool by_hand)
{
    dialer->seen++;
    if (dialer->count < DIAL_TARGETS_MAX) {
        return &dialer->targets[dialer->count++];
    }
    uint64_t place = node_random(by_hand ? DIAL_TARGETS_MAX : dialer->seen);
    if (place >= DIAL_TARGETS_MAX) {
        return NULL;
    }
    struct dial_target *target = &dialer->targets[place];
    bool kept = target->by_hand || is_busy(dialer->node, &target->contact.group);
    return kept ? NULL : target;
}

static void add(struct dialer *dialer, const struct contact *contact, bool by_hand)
{
    struct node *node = dialer->node;
    if (hash_equal(&contact->group, store_own_group(node->store)) ||
        store_is_banned(node->store, &contact->group)) {
        return;
    }
    struct dial_target *there = find(dialer->targets, dialer->count, contact);
    if (there != NULL) {
        there->by_hand |= by_hand;
        return;
    }
    struct dial_target *place = draw_place(dialer, by_hand);
    if (place == NULL) {
        return;
    }
    const struct dial_target *old = find(dialer->before, dialer->before_count, contact);
    if (old != NULL) {
        *place = *old;
    } else {
        memset(place, 0, sizeof *place);
        place->contact = *contact;
    }
    place->by_hand = by_hand;
}

static enum err_code add_contact(void *context, const struct contact *contact, bool by_hand)
{
    struct dialer *dialer = context;
    if (by_hand || dialer->node->config.dial == DIAL_ALL) {
        add(dialer, contact, by_hand);
    }
    return OK;
}

/* The group's static key: from the roster, or, before that is held, from an invite's contact. */
static bool find_key(struct dialer *dialer, const struct hash *group, struct hash *key)
{
    struct rostered rostered;
    if (store_roster_find(dialer->node->store, group, &rostered) == OK) {
        *key = rostered.transport_key;
        return true;
    }
    for (size_t i = 0; i < dialer->count; i++) {
        if (hash_equal(&dialer->targets[i].contact.group, group)) {
            *key = dialer->targets[i].contact.transport_key;
            return true;
        }
    }
    return false;
}

/* "HOST:PORT GROUP-ID" of the settings, as config_set checked it. */
static void add_configured(struct dialer *dialer, const char *line)
{
    struct contact contact;
    const char *space = strchr(line, ' ');
    if (space == NULL || (size_t)(space - line) >= sizeof contact.address) {
        return;
    }
    memset(&contact, 0, sizeof contact);
    memcpy(contact.address, line, (size_t)(space - line));
    if (hex_parse(bytes_of_text(space + 1), contact.group.bytes, HASH_BYTES) &&
        find_key(dialer, &contact.group, &contact.transport_key)) {
        add(dialer, &contact, true);
    }
}

static void read_contacts(struct dialer *dialer, uint64_t now_ms)
{
    struct node *node = dialer->node;
    memcpy(dialer->before, dialer->targets, dialer->count * sizeof dialer->targets[0]);
    dialer->before_count = dialer->count;
    dialer->count = 0;
    dialer->seen = 0;
    enum err_code code = store_contacts(node->store, add_contact, dialer);
    if (code != OK) {
        log_line(LOG_WARNING, "contacts cannot be read: %s", err_name(code));
    }
    for (unsigned i = 0; i < node->config.peer_count; i++) {
        add_configured(dialer, node->config.peers[i]);
    }
    dialer->stale = false;
    dialer->refreshed_ms = now_ms;
}

/* --- when --- */

static uint64_t back_off_ms(unsigned failures)
{
    uint64_t wait_ms = DIAL_FIRST_MS;
    for (unsigned i = 1; i < failures && wait_ms < DIAL_LONGEST_MS; i++) {
        wait_ms *= 2;
    }
    wait_ms = wait_ms < DIAL_LONGEST_MS ? wait_ms : DIAL_LONGEST_MS;
    return wait_ms * 3 / 4 + node_random(wait_ms / 2 + 1);
}

void dialer_ended(struct dialer *dialer, const struct peer *peer)
{
    uint64_t now_ms = node_now_ms();
    bool good = peer->ready && node_elapsed_ms(now_ms, peer->ready_ms) >= DIAL_GOOD_MS;
    for (size_t i = 0; i < dialer->count; i++) {
        struct dial_target *target = &dialer->targets[i];
        if (!hash_equal(&target->contact.group, &peer->group) ||
            strcmp(target->contact.address, peer->address) != 0) {
            continue;
        }
        if (good || peer->error.code == E_DUPLICATE_LINK) {
            target->failures = 0;
        } else {
            target->failures++;
        }
        target->next_ms = now_ms + back_off_ms(target->failures);
        target->code = peer->error.code;
        snprintf(target->error, sizeof target->error, "%.*s", (int)sizeof target->error - 1,
                 peer->error.text);
    }
}

static bool is_small_network(const struct node *node)
{
    return store_roster_count(node->store) <= SMALL_NETWORK_GROUPS;
}

/* Connections that count against the number wanted. */
static size_t count_busy(const struct node *node)
{
    size_t count = 0;
    for (size_t i = 0; i < node->peer_count; i++) {
        const struct peer *peer = node->peers[i];
        count += peer_stands_for_group(peer) && peer->state <= PEER_OPEN;
    }
    return count;
}

static void dial(struct dialer *dialer, struct dial_target *target, uint64_t now_ms)
{
    struct node *node = dialer->node;
    target->next_ms = now_ms + DIAL_LONGEST_MS; /* until dialer_ended says better */
    if (!node_has_room(node)) {
        return;
    }
    bool by_hand = target->by_hand;
    struct peer *peer = peer_dial(node, &target->contact);
    if (peer != NULL) {
        peer->by_hand = by_hand;
    }
}

void dialer_redraw(struct dialer *dialer)
{
    struct node *node = dialer->node;
    if (is_small_network(node) || count_busy(node) < node->config.links) {
        return;
    }
    uint64_t now_ms = node_now_ms();
    size_t start = (size_t)node_random(node->peer_count);
    for (size_t i = 0; i < node->peer_count; i++) {
        struct peer *peer = node->peers[(start + i) % node->peer_count];
        if (peer->state == PEER_OPEN && peer->direction == PEER_OUT && !peer->by_hand &&
            node_elapsed_ms(now_ms, peer->opened_ms) >= DRAWN_AT_LEAST_MS) {
            peer_close(peer, OK, "%s", "");
            break;
        }
    }
    dialer->stale = true;
}

/* When the contacts are to be read; UINT64_MAX: they are fresh. */
static uint64_t refresh_due_ms(const struct dialer *dialer)
{
    if (!dialer->stale) {
        return UINT64_MAX;
    }
    if (dialer->refreshed_ms == 0) {
        return 0;
    }
    uint64_t wait_ms = REFRESH_MS + REFRESH_GROUP_MS * store_roster_count(dialer->node->store);
    return dialer->refreshed_ms + (wait_ms < REFRESH_LONGEST_MS ? wait_ms : REFRESH_LONGEST_MS);
}

uint64_t dialer_service(struct dialer *dialer, uint64_t now_ms)
{
    struct node *node = dialer->node;
    uint64_t next_ms = now_ms + IDLE_MS;
    if (!store_has_network(node->store)) {
        return next_ms;
    }
    if (refresh_due_ms(dialer) <= now_ms) {
        read_contacts(dialer, now_ms);
    }
    size_t wanted = is_small_network(node) ? SIZE_MAX : node->config.links;
    size_t busy = count_busy(node);
    size_t start = dialer->count == 0 ? 0 : (size_t)node_random(dialer->count);
    for (size_t i = 0; i < dialer->count; i++) {
        struct dial_target *target = &dialer->targets[(start + i) % dialer->count];
        if ((!target->by_hand && busy >= wanted) || is_busy(node, &target->contact.group)) {
            continue;
        }
        if (target->next_ms <= now_ms) {
            dial(dialer, target, now_ms);
            busy++;
        }
        if (target->next_ms < next_ms) {
            next_ms = target->next_ms;
        }
    }
    uint64_t refresh_ms = refresh_due_ms(dialer);
    return refresh_ms < next_ms ? refresh_ms : next_ms;
}

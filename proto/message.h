/* The messages between two nodes (docs/protocol.md, "Messages"): canonical MessagePack arrays whose
 * first element is the type. Decoding is strict; unknown types with an odd number are
 * skipped, even ones refused. */
#ifndef SATCHA_PROTO_MESSAGE_H
#define SATCHA_PROTO_MESSAGE_H

#include "proto/checkpoint.h"
#include "proto/merkle.h"
#include "proto/starts.h"

enum { PROTOCOL_MIN = 1, PROTOCOL_MAX = 1 };
enum { GROUP_TAG_BYTES = 8 };

#define WANT_STOP LEDGER_SIZE_MAX /* as `have` of a WANT: no more of this ledger, please */

enum message_type {
    /* [1, min, max, features, time_ms, network size, digest]: the first message; a later
     * one only compares. Fields of later versions behind these are skipped. */
    MESSAGE_HELLO = 1,
    MESSAGE_REFUSE = 2, /* [2, code, text]: the last message before closing */
    MESSAGE_LIST = 4,   /* [4, more, [[tag, epoch, size, root]…]]: the whole map, paged */
    MESSAGE_PUSH = 6,   /* [6, [[tag, epoch, size, root]…]]: heads that are new here */
    /* [8, group, epoch, have, links]: from entry `have` and link `links` on. Replaces an open want
     * of that group; have = WANT_STOP ends it. */
    MESSAGE_WANT = 8,
    MESSAGE_CHAIN = 10, /* [10, group, first, [link…]] */
    MESSAGE_HEAD = 12,  /* [12, head, have, root at have or nil, proof have -> size] */
    /* [14, group, start, head size, count, leaves, proof start+count -> head size] */
    MESSAGE_CHUNK = 14,
    MESSAGE_UNABLE = 16,   /* [16, group, code]: the want is over, and why (0: as asked) */
    MESSAGE_CREDIT = 18,   /* [18, bytes]: that much more may be under way in chunks */
    MESSAGE_OWN = 20,      /* [20, starts]: what do you hold of my own ledger? */
    MESSAGE_OWN_HEAD = 22, /* [22, signed head or nil, starts or nil]: nil = nothing held */
    MESSAGE_PING = 24,     /* [24, number] */
    MESSAGE_PONG = 26      /* [26, number] */
};

/* One line of the map: what is claimed of a ledger. `size` 0 with a zero root: not held. */
struct map_item {
    struct hash group; /* in a LIST or PUSH only the first 8 bytes travel: the tag */
    uint32_t epoch;
    uint64_t size;
    struct hash root;
};

struct hello {
    uint64_t version_min, version_max;
    uint64_t features;     /* bit set; none defined in version 1 */
    uint64_t time_ms;      /* the sender's clock: skew is reported, never acted on */
    uint64_t network_size; /* of the network's ledger */
    struct hash digest;    /* of the whole map, see map.h */
};

/* A key-chain link: the checkpoint of size r whose last entry (index r-1) changes keys, officers
 * or quorum, with the proofs that tie it to the link before. Link 0 is the genesis: size 1, its
 * root is the group id, no signature, no proofs. Views point into the message. */
struct link {
    struct head head;
    struct bytes leaf;
    struct merkle_proof inclusion;   /* leaf r-1 in r */
    struct merkle_proof consistency; /* previous link's size -> r */
};

struct want {
    struct hash group;
    uint32_t epoch;
    uint64_t have;  /* entries held, pending ones included */
    uint64_t links; /* chain links held */
};

struct head_answer {
    struct head head;
    uint64_t have;
    bool has_root; /* false when have = 0 or have > head.size */
    struct hash root_at_have;
    struct merkle_proof proof; /* have -> head.size; empty where there is nothing to prove */
};

struct chunk {
    struct hash group;
    uint64_t start;     /* index of the first leaf */
    uint64_t head_size; /* the signed head that it belongs to */
    uint64_t count;
    struct bytes leaves;       /* count times: length u16 big endian, leaf */
    struct merkle_proof proof; /* start + count -> head_size; empty when they are equal */
};

/* One decoded message. Views and item arrays are valid as long as the message's bytes. */
struct message {
    enum message_type type;
    struct hello hello;
    struct head_answer head;
    struct chunk chunk;
    struct want want;
    bool has_own_head;         /* OWN_HEAD: in head.head */
    struct start_count starts; /* OWN: the peer's; OWN_HEAD: ours, as it once told */
    struct hash group;         /* CHAIN, UNABLE */
    uint64_t number;           /* PING, PONG, CREDIT (bytes), CHAIN (first link) */
    unsigned code;             /* REFUSE, UNABLE: an err_code or a newer number */
    struct bytes text;         /* REFUSE */
    bool more;                 /* LIST */
    size_t count;              /* LIST, PUSH: items; CHAIN: links */
    struct cursor items;       /* LIST, PUSH, CHAIN: read with message_item, message_link */
};

/* OK; E_FRAME when malformed (err says which field); E_NOT_YET for an odd type to be skipped. */
enum err_code MUST_USE message_decode(struct bytes bytes, struct message *message, struct err *err);
bool message_item(struct message *message, struct map_item *item); /* false when none is left */
bool message_link(struct message *message, struct link *link);

void link_pack(struct buffer *out, const struct link *link);
bool link_read(struct cursor *cursor, struct link *link);

void message_hello(struct buffer *out, const struct hello *hello);
void message_refuse(struct buffer *out, enum err_code code, const char *text);
void message_list_begin(struct buffer *out, bool more, size_t count); /* then map_item_pack */
void message_push_begin(struct buffer *out, size_t count);
void map_item_pack(struct buffer *out, const struct map_item *item);
void message_want(struct buffer *out, const struct want *want);
void message_chain_begin(struct buffer *out, const struct hash *group, uint64_t first,
                         size_t count); /* then link_pack */
void message_head(struct buffer *out, const struct head_answer *answer);
void message_chunk(struct buffer *out, const struct chunk *chunk);
void message_unable(struct buffer *out, const struct hash *group, enum err_code code);
void message_credit(struct buffer *out, uint64_t bytes);
void message_own(struct buffer *out, const struct start_count *starts);
/* `head` NULL: nothing held. */
void message_own_head(struct buffer *out, const struct head *head,
                      const struct start_count *starts);
void message_ping(struct buffer *out, uint64_t number);
void message_pong(struct buffer *out, uint64_t number);

/* One more leaf, of at most ENTRY_MAX_BYTES, behind a chunk's leaves. */
void chunk_leaf_add(struct buffer *leaves, struct bytes leaf);
/* Walks a chunk's leaves: false at the end or when a length does not fit (then *failed). */
bool chunk_leaf(struct bytes *rest, struct bytes *leaf, bool *failed);

#endif

/* Every cap on what a peer, a file or a person can make satcha allocate, wait for or write, each
 * with its reason. A number that is part of a format ("for good") says so; the others may be
 * tuned. */
#ifndef SATCHA_PROTO_LIMITS_H
#define SATCHA_PROTO_LIMITS_H

/* --- formats: for good --- */

enum {
    HASH_BYTES = 32,
    ENTRY_MAX_BYTES = 16384, /* a leaf; a page of text is plenty for an agreement's terms */
    ENTRY_REFS_MAX = 16,     /* 15 votes and the agreement */
    ENTRY_POSTS_MAX = 512, /* a close moves every income and expense account; 16 KiB binds first */
    ENTRY_APPROVALS_MAX = 8, /* every quorum is at most 8 */
    ENTRY_DEPTH_MAX = 8,     /* nesting of MessagePack in an entry */
    ENTRY_TERMS_KEYS_MAX = 64,
    BODY_LINES_MAX = 65536, /* a year of a large group is 168,000: a day fits, a year is split */
    BODY_LINE_MAX_BYTES = 512,
    MINOR_DIGITS_MAX = 4, /* of a currency; ISO 4217 has none with more */
    MEMO_MAX_BYTES = 160,
    OPERATION_ID_MAX_BYTES = 64,
    NAME_MAX_BYTES = 200, /* the longest tambon name is 69 bytes of UTF-8 */
    TOPIC_MAX_BYTES = 64,
    OFFICERS_MAX = 64,          /* officers of a group */
    GOVERNORS_MAX = 15,         /* officers of a network: more than half must fit in 8 approvals */
    SERVICE_AREAS_MAX = 32,     /* "14 villages in several tambons" and room */
    ACCOUNTS_REPORTED_MAX = 72, /* every account of the chart */
    ADDRESSES_MAX = 4,
    ADDRESS_MAX_BYTES = 255,
    POLICY_QUORUMS_MAX = 16,
    ROSTER_ADMIT_MAX = 128,   /* admissions in one entry; 16 KiB binds first */
    KEY_CHAIN_MAX = 4096,     /* a key change a month for three centuries */
    HEAD_SIGNATURES_MAX = 2,  /* old and new key at a key change, else one */
    NOTE_SIGNATURES_MAX = 16, /* signed-note lines, unknown ones ignored */
    NOTE_MAX_BYTES = 8192,
    RUN_LEAVES = 256, /* leaves a stored run; a subtree hash is kept for each full one */
    RUN_LEVEL = 8     /* log2(RUN_LEAVES) */
};

#define LEDGER_SIZE_MAX (UINT64_C(1) << 40) /* 10^12 entries: rowids pack ledger and index */
#define AMOUNT_MAX_SATANG INT64_C(1000000000000000) /* 10^15 in one posting: ten trillion baht */
#define TIME_MAX_MS ((UINT64_C(1) << 53) - 1)
#define MEMBER_MAX INT64_C(2147483647)

/* --- the wire --- */

enum {
    FRAME_MAX_BYTES = 65535, /* Noise, section 3: a message including its 16-byte tag */
    FRAME_TAG_BYTES = 16,
    FRAME_REKEY_MESSAGES = 65536, /* each direction rekeys after exactly so many transport frames */
    MESSAGE_MAX_BYTES = 270336,   /* CHUNK_MAX_BYTES + 8 KiB of header and proof */
    CHUNK_MAX_BYTES = 262144,     /* leaves with their length prefixes; one transaction each */
    CHUNK_LEAVES_MAX = 65536,
    CHAIN_PAGE_MAX_BYTES = 131072,
    LIST_PAGE_ITEMS = 2048, /* heads in one page of a full list, at most 59 bytes each: 118 KiB */
    SESSION_WANTS_MAX =
        64, /* ledgers that a peer may ask for at a time; it keeps the others back */
    SESSION_CREDIT_BYTES = 2097152,  /* what a sender may have under way unacknowledged: 8 chunks */
    SESSION_OUT_MAX_BYTES = 4194304, /* queued to a peer who does not read: then it is dropped */
    SESSION_NONSENSE_MAX = 16, /* failed chunks, heads, proofs of a peer before it is dropped */
    HANDSHAKE_MS = 10000,
    STALL_MS = 3000,         /* a pull without progress goes to another peer */
    PULL_TURN_MS = 60000,    /* in this time a pull must bring, or it goes to another peer, */
    PULL_TURN_BYTES = 65536, /* this much: a part of a chunk over the slowest useful link */
    MESSAGE_MS = 30000,      /* the time one started frame may take: a byte a second is dropped */
    PING_MS = 300000,        /* an idle link is proved alive every five minutes */
    PING_ANSWER_MS = 20000,
    ANTI_ENTROPY_MS = 600000,
    OWN_HEAD_WAIT_MS = 600000, /* asking for the own head before the first release */
    CLOCK_SKEW_MS = 600000,
    REFUSAL_TEXT_MAX = 200
};

/* --- a node --- */

enum {
    LINKS_MAX = 64, /* connections at a time, both ways; a stranger costs 10 s of one of them */
    DIAL_LINKS_TARGET = 8, /* 3 to 8 links; all of them where the network is small */
    DIAL_LINKS_MIN = 3,
    SMALL_NETWORK_GROUPS = 16,
    PEERS_MAX = 1024,      /* peers added by hand */
    GROUPS_MAX = 131072,   /* rostered groups a node will hold */
    PEER_LINES_MAX = 60,   /* lines of the log that one peer can cause ... */
    PEER_LINES_MS = 60000, /* ... in this time; the rest is counted */
    /* Peers' entries leave so much of the disk, or 1/16 of a small one, to the own ones: a group
     * that writes without end stops nobody else's books. */
    DISK_RESERVE_BYTES = 268435456,
    DISK_RESERVE_PART = 16,
    CONTROL_CLIENTS_MAX = 32,
    CONTROL_FRAME_MAX_BYTES = 67108864, /* a request or reply: a 100,000-line file fits */
    LOCK_WAIT_MS = 5000
};

#endif

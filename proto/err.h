/* Errors: one list of codes, one way to say what went wrong.
 *
 * A function that can fail returns `enum err_code` (OK = 0) and, where a person may have to
 * read it, fills `struct err` with one line in the user's terms: what, where, what was expected,
 * what to do, both figures. Library code never prints; the tool and the daemon's log do.
 *
 * Numbers are for good: they travel in refusals (docs/protocol.md) and stand in stored verdicts.
 * The second column is the exit status of both programs: 1 refused by a rule, 2 usage, 3 daemon,
 * peer data or I/O not available, 4 verification found something. */
#ifndef SATCHA_PROTO_ERR_H
#define SATCHA_PROTO_ERR_H

#include <stddef.h>

#define ERR_CODES(X)                                                                  \
    /* rules of money and of entries: an entry's verdict is one of these */           \
    X(E_UNBALANCED, 1, 1)                                                             \
    X(E_ACCOUNT, 2, 1)                                                                \
    X(E_CP, 3, 1)                                                                     \
    X(E_AMOUNT, 4, 1)                                                                 \
    X(E_OVERFLOW, 5, 1)                                                               \
    X(E_DATE, 6, 1)                                                                   \
    X(E_CLOSED, 7, 1)                                                                 \
    X(E_REF, 8, 1)                                                                    \
    X(E_STATE, 9, 1)                                                                  \
    X(E_NEGATIVE, 10, 1)                                                              \
    X(E_LIMIT, 11, 1)                                                                 \
    X(E_ROUND, 12, 1)                                                                 \
    X(E_ACTOR, 13, 1)                                                                 \
    X(E_QUORUM, 14, 1)                                                                \
    X(E_DUP, 15, 1)                                                                   \
    X(E_MEMBER, 16, 1)                                                                \
    X(E_EVENT, 17, 1)                                                                 \
    X(E_KIND, 18, 1)                                                                  \
    X(E_ENCODING, 19, 1)                                                              \
    X(E_ROSTER, 20, 1)                                                                \
    X(E_NOT_YET, 21, 1)       /* a later version does this */                         \
    X(E_NEEDS_UPGRADE, 22, 3) /* the entry is newer than this program */              \
    /* evidence: what the bytes, proofs and signatures say */                         \
    X(E_LEAF, 30, 4)                                                                  \
    X(E_SIGNATURE, 31, 4)                                                             \
    X(E_PROOF, 32, 4)                                                                 \
    X(E_FORKED, 33, 4)                                                                \
    X(E_CORRUPT, 34, 4) /* what the disk gives back is not what was written */        \
    X(E_DIFFERS, 35, 4) /* a verification found a difference */                       \
    /* safety of the own ledger */                                                    \
    X(E_ROLLBACK, 40, 3)                                                              \
    X(E_RECOVERING, 41, 3)                                                            \
    X(E_CLOCK, 42, 3)                                                                 \
    X(E_LOCKED, 43, 3)                                                                \
    /* what a person typed */                                                         \
    X(E_USAGE, 50, 2)                                                                 \
    X(E_HEADER, 51, 1)                                                                \
    X(E_AMBIGUOUS, 52, 1)                                                             \
    X(E_NOT_FOUND, 53, 1)                                                             \
    X(E_EXISTS, 54, 1)                                                                \
    X(E_CONFIRM, 55, 2) /* a question is due and there is no terminal and no --yes */ \
    /* the world around */                                                            \
    X(E_IO, 60, 3)                                                                    \
    X(E_NO_DAEMON, 61, 3)                                                             \
    X(E_NO_DATA, 62, 3) /* a head or an entry is not held here */                     \
    X(E_MEMORY, 63, 3)                                                                \
    X(E_TIMEOUT, 64, 3)                                                               \
    X(E_VERSION, 65, 3) /* no protocol or file version in common */                   \
    /* the conversation with a peer */                                                \
    X(E_FRAME, 70, 3)    /* a frame or message that breaks the protocol */            \
    X(E_STRANGER, 71, 3) /* not rostered, or a key that no chain gives */             \
    X(E_CAP, 72, 3)      /* a named cap of limits.h was exceeded */                   \
    X(E_BANNED, 73, 3)                                                                \
    X(E_DUPLICATE_LINK, 74, 3)

enum err_code {
    OK = 0,
#define ERR_ENUM(name, number, status) name = (number),
    ERR_CODES(ERR_ENUM)
#undef ERR_ENUM
};

#define MUST_USE __attribute__((warn_unused_result))

enum { ERR_TEXT_MAX = 400 };

/* The detail of one failure. Owned by the caller, on its stack; `text` is always terminated.
 * Passing NULL for `struct err *` is allowed everywhere and means "the code is enough". */
struct err {
    enum err_code code;
    char text[ERR_TEXT_MAX];
};

/* Fills `err` (may be NULL) and returns `code`, so that `return err_set(err, E_X, "…", …);`
 * is the whole failure path. Text longer than ERR_TEXT_MAX is cut at a character boundary. */
enum err_code err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of the text that is there (file:line, entry, field). Returns
 * err's code; with err == NULL returns `code`. */
enum err_code err_prefix(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "E_NEGATIVE" and so on; "OK" for 0; "E_UNKNOWN" for a number that is none of ours (a peer's
 * newer refusal code). Static storage. */
const char *err_name(unsigned code);

/* Exit status for the code (0, 1, 2, 3, 4); 3 for unknown numbers. */
int err_exit_status(unsigned code);

#endif

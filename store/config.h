/* satcha.conf: "key = value" lines, # comments. One table of keys in config.c; an unknown key or a
 * bad value is E_USAGE with file:line, what was expected and what to do. Flags of satchad override.
 */
#ifndef SATCHA_STORE_CONFIG_H
#define SATCHA_STORE_CONFIG_H

#include <stdint.h>

#include "proto/limits.h"
#include "store/home.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* Whom to dial: every contact, or only those that a person named (`peer` lines, `peer add`). */
enum dial_whom { DIAL_ALL, DIAL_PEERS };

enum { CONFIG_PEERS_MAX = 64 };

struct config {
    char listen[ADDRESS_MAX_BYTES + 1];  /* listen = 127.0.0.1:7420; empty: dials only */
    char address[ADDRESS_MAX_BYTES + 1]; /* address = what others dial; empty: as listen */
    unsigned peer_count;                 /* peer = HOST:PORT GROUP-ID (repeatable; 64 hex digits) */
    char peers[CONFIG_PEERS_MAX][ADDRESS_MAX_BYTES + 70];
    enum dial_whom dial;       /* dial = all|peers; default all */
    enum log_level log_level;  /* log = error|warning|info|debug; default info */
    uint32_t links;            /* links = 3..64; default 8 */
    uint64_t anti_entropy_ms;  /* anti_entropy = seconds; default 600 */
    uint64_t own_head_wait_ms; /* own_head_wait = seconds; default 600 */
};

void config_default(struct config *config);
/* Reads `path` over what is in `config`, which may be half changed on failure. */
enum config_presence { CONFIG_OPTIONAL, CONFIG_REQUIRED }; /* is a missing file an error? */
enum err_code MUST_USE config_read(const char *path, enum config_presence presence,
                                   struct config *config, struct err *err);
/* One "key = value" (flags use it too): `where` names it in errors. */
enum err_code MUST_USE config_set(struct config *config, const char *key, const char *value,
                                  const char *where, struct err *err);
enum err_code MUST_USE config_write(const char *path, const struct config *config, struct err *err);

#endif

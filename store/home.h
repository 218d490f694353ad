/* A home: the folder with everything that one group's node keeps.
 *
 *   satcha.conf   settings, "key = value" lines (config.h)
 *   ledger.db     SQLite: entries and checkpoints verbatim, and projections
 *   keys          0600: the seed, key generation, network keys (keyfile.h)
 *   highwater     the mark of the greatest head that was ever durable (highwater.h)
 *   lock          held by the process that owns the home; holds its pid as text
 *   control.sock  0600, while a daemon runs
 *
 * Officers' keys are files of their own, never in the home. */
#ifndef SATCHA_STORE_HOME_H
#define SATCHA_STORE_HOME_H

#include <stdbool.h>

#include "proto/err.h"

enum { PATH_TEXT_MAX = 1024 };

/* --home, else $SATCHA_HOME, else /var/lib/satcha (root) or $XDG_DATA_HOME/satcha (or
 * $HOME/.local/share/satcha). `option` may be NULL. E_USAGE when too long. */
enum err_code MUST_USE home_locate(const char *option, char out[PATH_TEXT_MAX], struct err *err);
/* "<home>/<name>" */
enum err_code MUST_USE home_path(const char *home, const char *name, char out[PATH_TEXT_MAX],
                                 struct err *err);
bool home_exists(const char *home); /* has a ledger.db */

/* Takes the home's lock, waiting up to wait_ms. *fd is to be closed to release it (the lock goes
 * with the process in any case). E_LOCKED with the holder's pid, E_NOT_FOUND no such folder, E_IO.
 */
enum err_code MUST_USE home_lock(const char *home, unsigned wait_ms, int *fd, struct err *err);

#endif

/* The shared folder of published vectors and real data, which stands beside the repository and may
 * be absent: $SATCHA_SHARED, else ../shared from the repository's root, where tests run. */
#ifndef SATCHA_TESTS_LIB_SHARED_H
#define SATCHA_TESTS_LIB_SHARED_H

#include <stdbool.h>

enum { SHARED_PATH_MAX = 1024 };

/* The path of `name` ("vectors/cctv/…") in the shared folder. false, and a line that says so, when
 * it is not there: the test then calls cmocka's skip(). */
bool shared_path(const char *name, char out[SHARED_PATH_MAX]);

/* Calls `visit` for every file that the glob pattern (below the shared folder) names, in order of
 * name, and returns how many there were; 0, and a line, when none. */
unsigned shared_each(const char *pattern, void (*visit)(const char *path, void *context),
                     void *context);

#endif

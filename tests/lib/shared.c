/* Finding the files of the shared folder. */
#include "tests/lib/shared.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool join(const char *name, char out[SHARED_PATH_MAX])
{
    const char *root = getenv("SATCHA_SHARED");
    int len = snprintf(out, SHARED_PATH_MAX, "%s/%s", root == NULL ? "../shared" : root, name);
    return len > 0 && len < SHARED_PATH_MAX;
}

static void tell_absent(const char *name)
{
    (void)printf("skipped: %s is not in the shared folder (set SATCHA_SHARED)\n", name);
}

bool shared_path(const char *name, char out[SHARED_PATH_MAX])
{
    if (join(name, out) && access(out, R_OK) == 0) {
        return true;
    }
    tell_absent(name);
    return false;
}

unsigned shared_each(const char *pattern, void (*visit)(const char *path, void *context),
                     void *context)
{
    char path[SHARED_PATH_MAX];
    glob_t found = {0};
    unsigned count = 0;
    if (join(pattern, path) && glob(path, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            visit(found.gl_pathv[i], context);
            count++;
        }
    }
    globfree(&found);
    if (count == 0) {
        tell_absent(pattern);
    }
    return count;
}

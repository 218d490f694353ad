/* Temporary folders below build/. */
#include "tests/lib/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void scratch_new(char out[SCRATCH_PATH_MAX])
{
    if (mkdir("build", 0755) != 0) {
        /* Usually it is there already; mkdtemp tells when it cannot be made. */
    }
    snprintf(out, SCRATCH_PATH_MAX, "build/scratch-XXXXXX");
    if (mkdtemp(out) == NULL) {
        perror("build/scratch-XXXXXX");
        abort();
    }
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void scratch_remove(const char *folder)
{
    if (nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        perror(folder);
    }
}

/* Folders for tests that need files: below build/, taken away again. */
#ifndef SATCHA_TESTS_LIB_SCRATCH_H
#define SATCHA_TESTS_LIB_SCRATCH_H

enum { SCRATCH_PATH_MAX = 512 };

/* A new empty folder of this process, in `out` as a path relative to the repository's root. Aborts
 * the test program when it cannot be made. */
void scratch_new(char out[SCRATCH_PATH_MAX]);
/* Removes the folder and everything in it. */
void scratch_remove(const char *folder);

#endif

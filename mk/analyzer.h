/* What clang's analyzer cannot see across files, for `make tidy` only: err_set and err_prefix
 * return the code that they are given, so that `return err_set(err, E_X, …)` is never OK. Without
 * it every out parameter that is rightly untouched on failure looks like garbage to it. */
#ifndef SATCHA_MK_ANALYZER_H
#define SATCHA_MK_ANALYZER_H

#include "proto/err.h"

#define err_set(err, code, ...) (err_set((err), (code), __VA_ARGS__), (code))
#define err_prefix(err, code, ...) (err_prefix((err), (code), __VA_ARGS__), (code))

#endif

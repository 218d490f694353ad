/* cmocka with the headers that it needs before itself. */
#ifndef SATCHA_TESTS_LIB_CMOCKA_H
#define SATCHA_TESTS_LIB_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif

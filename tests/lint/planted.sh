#!/usr/bin/env bash
# Proves that every gate refuses: a small tree under build/planted, with this project's Makefile,
# gates and settings, passes all of them; then one bug at a time is planted and the gate that is
# meant for it must fail and name it. The last line counts the plants.
set -u
cd "$(dirname "$0")/../.." || exit 2
tree=build/planted

verdict() { # outcome, what
    [ "$1" = ok ] || tail -n 20 $tree.out | sed 's/^/    | /'
    echo "$1: $2" | tee -a $tree.verdicts
}

# refuses GATE PATTERN FILE: FILE becomes what stands on standard input; GATE must then fail with a
# line that matches PATTERN. Afterwards FILE is as before.
refuses() {
    local gate=$1 pattern=$2 file=$tree/$3 outcome=ok before=
    mkdir -p "$(dirname "$file")"
    if [ -e "$file" ]; then
        before=$tree.before
        cp -p "$file" $before
    fi
    cat >"$file"
    rm -f $tree/build/log/*.log
    case $file in *.sh) chmod +x "$file" ;; esac
    if [ "$gate" = lint ]; then
        $tree/tests/lint/lint.py >$tree.out 2>&1
    else
        # shellcheck disable=SC2086 # a gate may be several steps
        $tree/mk/check.sh $gate >$tree.out 2>&1
    fi && outcome="NOT REFUSED"
    if [ "$outcome" = ok ] && ! grep -qsE -- "$pattern" $tree.out $tree/build/log/*.log; then
        outcome="REFUSED FOR ANOTHER REASON"
    fi
    if [ -n "$before" ]; then
        cat $before >"$file"
    else
        rm "$file"
    fi
    verdict "$outcome" "$gate: $pattern"
}

sample() { # the sample file of a C layer, with one more function
    printf '%s\n' '/* A sample. */' '#include "proto/sample.h"' ${includes:+"$includes"} '' \
        'int sample_add(int a, int b)' '{' '    return a + b;' '}'
    cat
}

rm -rf $tree $tree.verdicts
mkdir -p $tree/{proto,store,daemon,tools,docs,tests/{unit,lint,e2e,fuzz/corpus/sample}}
cp -r Makefile mk .clang-format .clang-tidy $tree/
cp tests/lint/lint.py $tree/tests/lint/
cp proto/err.h $tree/proto/
sample </dev/null >$tree/proto/sample.c
cat >$tree/proto/sample.h <<'END'
/* A sample. */
#ifndef SATCHA_PROTO_SAMPLE_H
#define SATCHA_PROTO_SAMPLE_H

int sample_add(int a, int b);

#endif
END
cat >$tree/store/keep.c <<'END'
/* A sample. */
#include "store/keep.h"
#include "proto/sample.h"

int keep_add(int a)
{
    return sample_add(a, 1);
}
END
cat >$tree/store/keep.h <<'END'
/* A sample. */
#ifndef SATCHA_STORE_KEEP_H
#define SATCHA_STORE_KEEP_H

int keep_add(int a);

#endif
END
for program in daemon/main.c tools/main.c; do
    cat >$tree/$program <<'END'
/* A sample. */
#include "store/keep.h"

int main(void)
{
    return keep_add(-1);
}
END
done
unit() { # a test program whose one test runs the lines on standard input
    cat <<'END'
/* A sample. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/sample.h"

static void test_sample(void **state)
{
    (void)state;
END
    cat
    cat <<'END'
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sample)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
END
}
unit >$tree/tests/unit/test_sample.c <<'END'
    assert_int_equal(sample_add(1, 2), 3);
END
cat >$tree/tests/fuzz/fuzz_sample.c <<'END'
/* A sample. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == '!') {
        abort();
    }
    return 0;
}
END
echo good >$tree/tests/fuzz/corpus/sample/good
printf '#!/bin/sh\n# e2e: sample\ntest -x build/satcha\n' >$tree/tests/e2e/sample.sh
chmod +x $tree/tests/e2e/sample.sh
cat >$tree/docs/architecture.md <<'END'
- `proto/err.h`: what mk/analyzer.h tells the analyzer about.
- `proto/sample.[ch]`: adds two numbers.
- `store/keep.c`, `store/keep.h`: adds one number.
| `daemon/main.c` | starts the sample daemon. |
- `tools/main.c`: starts the sample tool.
END

# The tree without a plant passes each gate: a later refusal is the plant's.
$tree/mk/check.sh user gcc clang san lint format tidy analyze unit unit-san fuzz e2e >$tree.out 2>&1
if [ "$(tail -n 1 $tree.out)" = "12 passed, 0 failed, 0 skipped" ]; then
    verdict ok "the tree without a plant passes"
else
    verdict REFUSED "the tree without a plant"
fi

# --- compilers ---
sample <<'END' | refuses gcc 'Werror=unused-variable' proto/sample.c
int sample_bad(void);
int sample_bad(void)
{
    int unused = 1;
    return 0;
}
END
sample <<'END' | refuses clang 'Werror,-Wsign-conversion' proto/sample.c
unsigned sample_bad(int a);
unsigned sample_bad(int a)
{
    return a;
}
END
unit <<'END' | refuses "gcc unit" 'test_other is not built' tests/unit/test_other.c
    no_such_function();
END

# --- format, tidy, cppcheck ---
sample <<'END' | refuses format 'clang-format-violations' proto/sample.c
int  sample_bad( void );
END
sample <<'END' | refuses tidy 'misc-redundant-expression' proto/sample.c
int sample_bad(int a);
int sample_bad(int a)
{
    return a > 3 || a > 3;
}
END
includes='#include <stdio.h>' sample <<'END' | refuses tidy 'cert-err33-c' proto/sample.c
void sample_bad(const char *path);
void sample_bad(const char *path)
{
    remove(path);
}
END
sample <<'END' | refuses tidy 'clang-analyzer-core.NullDereference' proto/sample.c
int sample_bad(int a);
int sample_bad(int a)
{
    int *p = 0;
    if (a > 7) {
        p = &a;
    }
    return *p;
}
END
sample <<'END' | refuses analyze 'arrayIndexOutOfBounds' proto/sample.c
int sample_bad(void);
int sample_bad(void)
{
    int two[2] = {1, 2};
    return two[2];
}
END

# --- tests, sanitizers, corpora, scripts ---
unit <<'END' | refuses "gcc unit" 'FAILED  . test_sample' tests/unit/test_sample.c
    assert_int_equal(sample_add(1, 2), 4);
END
unit <<'END' | refuses "gcc unit" '1 failed' tests/unit/test_sample.c
    abort();
END
unit <<'END' | refuses "san unit-san" 'AddressSanitizer: heap-buffer-overflow' tests/unit/test_sample.c
    volatile int size = 4;
    char *block = malloc((size_t)size);
    block[size] = 1;
    free(block);
END
unit <<'END' | refuses "san unit-san" 'LeakSanitizer' tests/unit/test_sample.c
    volatile char *block = malloc(4);
    block[0] = 1;
    block = NULL;
END
unit <<'END' | refuses "san unit-san" 'signed integer overflow' tests/unit/test_sample.c
    volatile int most = INT32_MAX;
    assert_true(sample_add(most, 1) != 0);
END
unit <<'END' | refuses "san unit-san" 'implicit conversion from type' tests/unit/test_sample.c
    volatile uint32_t wide = 300;
    volatile uint8_t narrow = 0;
    narrow = wide;
    assert_true(narrow != 0);
END
unit <<'END' | refuses "san unit-san" 'unsigned integer overflow' tests/unit/test_sample.c
    volatile uint32_t zero = 0;
    assert_true(zero - 1 != 0);
END
echo '!' | refuses fuzz 'deadly signal' tests/fuzz/corpus/sample/bad
printf '/* No corpus. */\n' | refuses fuzz 'corpus/bare is empty' tests/fuzz/fuzz_bare.c
printf '#!/bin/sh\n# e2e: bad\nexit 4\n' | refuses e2e 'exit status 4' tests/e2e/bad.sh
printf '#!/bin/sh\n# e2e: slow\n# timeout: 1\nsleep 60\n' |
    refuses e2e 'exit status 124' tests/e2e/slow.sh

# --- the project's own rules ---
code() { printf '/* A sample. */\n%s\n' "$1"; }
code '#include "store/keep.h"' | refuses lint 'include-direction: proto' proto/bad.c
code '#include <sys/socket.h>' | refuses lint 'include-direction: <sys/socket.h>: proto' proto/bad.c
code '#include <time.h>' | refuses lint 'include-direction: <time.h>: proto' proto/bad.c
code '#include <netinet/in.h>' | refuses lint 'include-direction: <netinet/in.h>: store' store/bad.c
code '#include <sqlite3.h>' | refuses lint 'include-direction: <sqlite3.h>' tools/bad.c
code '#include <uv.h>' | refuses lint 'uv-in-daemon' store/bad.c
code '#include "sample.h"' | refuses lint 'include-root: "sample.h" is not' proto/bad.c
code '#include "proto/none.h"' | refuses lint 'include-root: there is no' proto/bad.c
for call in sprintf strcpy strcat atoi gmtime localtime strftime rand gets strtok system popen \
    alloca; do
    code "    x = $call(y);" | refuses lint "banned-call: $call" tools/bad.c
done
code '    p->list = realloc(p->list, size);' | refuses lint 'realloc-self' store/bad.c
code '    total += a.satang;' | refuses lint 'raw-money' store/bad.c
code '    double total;' | refuses lint 'no-float' proto/bad.c
code '    fprintf(stderr, "x");' | refuses lint 'library-prints' store/bad.c
{ code '' && yes '' | head -n 800; } | refuses lint 'file-lines' store/bad.c
{ code 'void f(void)' && echo '{' && yes '    x();' | head -n 71 && echo '}'; } |
    refuses lint 'function-lines' store/bad.c
echo 'int x;' | refuses lint 'file-comment' store/bad.c
code '#ifndef KEEP_H' | refuses lint 'header-guard' store/bad.h
echo 'See /home/somebody/notes.' | refuses lint 'machine-path' docs/bad.md
echo '"https://registry.example.org/x"' | refuses lint 'registry-host' docs/bad.md
echo 'CFLAGS += -DNDEBUG' | refuses lint 'ndebug' mk/bad.mk
code '' | refuses lint 'architecture: no line for store/bad.c' store/bad.c
echo '- `store/gone.c`: was here before.' |
    refuses lint 'architecture: names store/gone.c' docs/architecture.md
echo '- `store/keep.[ch]`: store' |
    refuses lint 'architecture: a file.s line says' docs/architecture.md
code 'x = a.satang; /* lint:allow(raw-money) */' | refuses lint 'suppression: .*no reason' store/bad.c
code '/* lint:allow(no-rule) for a test */' | refuses lint 'suppression: there is no' store/bad.c
code '/* lint:allow(raw-money) for a test */' | refuses lint 'suppression: .*nothing' store/bad.c

# A suppression with its reason is heard.
code 'x = a.satang; /* lint:allow(raw-money) for a test */' >$tree/store/bad.c
echo '- `store/bad.c`: is allowed to.' >>$tree/docs/architecture.md
if $tree/tests/lint/lint.py >$tree.out; then
    verdict ok "lint: a suppression with its reason"
else
    verdict REFUSED "lint: a suppression with its reason"
fi

awk '/^ok: / { passed++ }
    END { printf "%d passed, %d failed, 0 skipped\n", passed, NR - passed; exit NR > passed }
    ' $tree.verdicts
status=$?
rm -rf $tree $tree.out $tree.before $tree.verdicts
exit $status

#!/bin/sh
# Installs what is missing: `mk/deps.sh build` for the program, `mk/deps.sh build test` for the
# checks too, `mk/deps.sh bench` for what the measures are compared with. Says nothing and asks
# nobody when all is there. Runs before anything is compiled, so it takes no more than a POSIX
# shell. Exit 2: something is missing and cannot be installed here.
set -u

# One line for each Debian package: set, package, and how its presence shows: `pc NAME` a
# pkg-config module, `run NAME` a program, `file NAME` a file, `clang NAME` a part of its runtime.
table='
build  build-essential   file  /usr/include/stdio.h
build  gcc               run   gcc
build  make              run   make
build  pkg-config        run   pkg-config
build  libuv1-dev        pc    libuv
build  libsodium-dev     pc    libsodium
build  libssl-dev        pc    libcrypto
build  libsqlite3-dev    pc    sqlite3
build  libmsgpack-dev    pc    msgpack
test   libcmocka-dev     pc    cmocka
test   libjansson-dev    pc    jansson
test   clang             run   clang
test   libclang-rt-dev   clang libclang_rt.fuzzer
test   llvm              run   llvm-symbolizer
test   clang-tidy        run   clang-tidy
test   clang-format      run   clang-format
test   cppcheck          run   cppcheck
test   git               run   git
test   python3           run   python3
test   openssl           run   openssl
test   sqlite3           run   sqlite3
test   ledger            run   ledger
bench  python3           run   python3
bench  ledger            run   ledger
bench  nodejs            run   node
bench  npm               run   npm
'

present()
{
    case $1 in
    pc) pkg-config --exists "$2" 2>/dev/null ;;
    run) command -v "$2" >/dev/null 2>&1 ;;
    file) test -e "$2" ;;
    clang) test -e "$(clang -print-runtime-dir 2>/dev/null)/$2-$(uname -m).a" ;;
    esac
}

list_missing() # sets...
{
    echo "$table" | while read -r set package how name; do
        case " $* " in
        *" $set "*) test -z "$set" || present "$how" "$name" || echo "$package" ;;
        esac
    done
}

missing=$(list_missing "$@" | tr '\n' ' ')
test -n "$missing" || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "satcha: missing here: $missing" >&2
    echo "These are Debian's names and this system has no apt-get: install what corresponds," >&2
    echo "so that pkg-config knows libuv, libsodium, libcrypto, sqlite3 and msgpack." >&2
    exit 2
fi
as_root=
if [ "$(id -u)" != 0 ]; then
    as_root=sudo
    if ! command -v sudo >/dev/null 2>&1; then
        echo "satcha: missing here: $missing" >&2
        echo "Not root and no sudo; as root: apt-get update && apt-get install $missing" >&2
        exit 2
    fi
fi
echo "Installing: $missing"
# shellcheck disable=SC2086 # both are lists of words
{
    $as_root apt-get -q -o DPkg::Lock::Timeout=300 update &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
            install --no-install-recommends $missing
} </dev/null || {
    echo "satcha: apt-get could not install: $missing (its own message stands above)" >&2
    exit 2
}
missing=$(list_missing "$@" | tr '\n' ' ')
if [ -n "$missing" ]; then
    echo "satcha: installed, yet not found: $missing" >&2
    exit 2
fi

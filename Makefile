# satcha: build, checks, demo. `make help` lists the targets.
PKGS := libuv libsodium libcrypto sqlite3 msgpack
BUILD ?= build
CC ?= gcc
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef -Wvla \
	-Wcast-qual -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum \
	-Wnull-dereference -Wimplicit-fallthrough -Walloca
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -fcf-protection -ffunction-sections
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I. $(WARN) $(HARDEN) $(CFLAGS) $(shell pkg-config --cflags $(PKGS))
LDLIBS_proto := $(shell pkg-config --libs libsodium libcrypto msgpack)
LDLIBS_store := $(LDLIBS_proto) $(shell pkg-config --libs sqlite3)
LDLIBS_daemon := $(LDLIBS_store) $(shell pkg-config --libs libuv)
LDFLAGS ?= -pie -Wl,-z,relro,-z,now -Wl,--gc-sections

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)/*.c))
UNIT := $(patsubst tests/unit/test_%.c,$(BUILD)/test/test_%,$(wildcard tests/unit/test_*.c))

all: $(BUILD)/satcha $(BUILD)/satchad

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libproto.a: $(call obj,proto)
$(BUILD)/libstore.a: $(call obj,store)
$(BUILD)/%.a:
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/satcha: $(call obj,tools) $(BUILD)/libstore.a $(BUILD)/libproto.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS_store)
$(BUILD)/satchad: $(call obj,daemon) $(BUILD)/libstore.a $(BUILD)/libproto.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS_daemon)

# One program for each tests/unit/test_*.c, with cmocka and tests/lib.
$(BUILD)/test/test_%: $(BUILD)/obj/tests/unit/test_%.o $(call obj,tests/lib) $(BUILD)/libstore.a $(BUILD)/libproto.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS_daemon) $(shell pkg-config --libs cmocka)
unit: $(UNIT)
	@for t in $(UNIT); do echo "== $$t"; $$t || exit 1; done

clean:
	rm -rf $(BUILD)
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
.PHONY: all unit clean
.SECONDARY:

# satcha: build, checks, demo. `make help` lists the targets.
#
# The file must parse on a fresh system with nothing but git and make: whatever asks pkg-config or
# a compiler is expanded by the recipe that needs it, never while reading.
ifeq ($(origin CC),default)
CC := gcc
endif
# Another compiler or other flags go to a directory of their own: make BUILD=build/clang CC=clang
BUILD ?= build
CFLAGS ?= -O2 -g
# -Werror in the checks, empty in a user's build.
WERROR ?=
# Any value: address, undefined, integer and implicit-conversion sanitizers, with the hooks of
# libFuzzer (clang only).
SANITIZE ?=
SECONDS ?= 60

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef -Wvla \
	-Wcast-qual -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum \
	-Wnull-dereference -Wimplicit-fallthrough -Walloca
HARDEN := -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 \
	$(if $(filter x86_64 i%86,$(shell uname -m)),-fcf-protection)
SANITIZERS := -fsanitize=fuzzer-no-link,address,undefined,integer,implicit-conversion \
	-fno-sanitize-recover=all -fsanitize-ignorelist=mk/sanitize.ignore -fno-omit-frame-pointer
LANGUAGE := -std=c11 -D_GNU_SOURCE -I.
ALL_CFLAGS = $(LANGUAGE) $(WARN) $(WERROR) -fPIE -ffunction-sections -fdata-sections $(CFLAGS) \
	$(if $(SANITIZE),$(SANITIZERS),$(HARDEN)) $(PKG_CFLAGS)
LDFLAGS ?= -pie -Wl,-z,relro,-z,now,--gc-sections,--as-needed
ALL_LDFLAGS = $(CFLAGS) $(if $(SANITIZE),$(SANITIZERS)) $(LDFLAGS)

PACKAGES := libuv libsodium libcrypto sqlite3 msgpack
# pkg-config is asked once, by the first recipe that needs it.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(call pkg_config,--cflags))$(PKG_CFLAGS)
LDLIBS = $(eval LDLIBS := $$(call pkg_config,--libs))$(LDLIBS)
pkg_config = $(call pkg_checked,$(shell pkg-config $(1) $(PACKAGES) 2>/dev/null || echo missing))
pkg_checked = $(if $(filter missing,$(1)),$(error satcha: a library or pkg-config is missing \
	(wanted: $(PACKAGES)); install them with "make deps"))$(1)

say = @$(if $(V),:,printf '  %-5s %s\n' $(1) '$(2)')
Q := $(if $(V),,@)
obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard $(1)/*.c))
# $(call programs,folder under tests,name prefix,folder under BUILD)
programs = $(patsubst tests/$(1)/%.c,$(BUILD)/$(3)/%,$(wildcard tests/$(1)/$(2)*.c))
UNIT := $(call programs,unit,test_,test) $(call programs,sim,test_,test)
BENCH := $(call programs,bench,bench_,bench)
E2E := $(call programs,e2e,,e2e-programs)
FUZZ := $(call programs,fuzz,fuzz_,fuzz)

all: $(BUILD)/satcha $(BUILD)/satchad ## build/satcha (the tool) and build/satchad (the daemon)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libproto.a: $(call obj,proto)
$(BUILD)/libstore.a: $(call obj,store)
$(BUILD)/libdaemon.a: $(call obj,daemon)
$(BUILD)/libtools.a: $(call obj,tools)
$(BUILD)/libtest.a: $(call obj,tests/lib) \
	$(filter-out $(BUILD)/obj/tests/sim/test_%,$(call obj,tests/sim))
$(BUILD)/lib%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(call say,AR,$@)
	$(Q)ar rcs $@ $^

link = $(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LDLIBS)
$(BUILD)/satcha: $(call obj,tools) $(BUILD)/libstore.a $(BUILD)/libproto.a
	$(call say,LINK,$@)
	$(link)
$(BUILD)/satchad: $(call obj,daemon) $(BUILD)/libstore.a $(BUILD)/libproto.a
	$(call say,LINK,$@)
	$(link)

# A test program is linked with the layers that it, or tests/lib, includes from: a half-written
# daemon does not keep a test of proto/ from running.
layers_of = $(foreach layer,$(if $(call includes,daemon,$(1)),daemon) \
	$(if $(call includes,tools,$(1)),tools) \
	$(if $(call includes,daemon|tools|store,$(1)),store) proto,$(BUILD)/lib$(layer).a)
includes = $(shell grep -slE '^.include "($(1))/' $(2) tests/lib/* tests/sim/*)
.SECONDEXPANSION:
# $(1) folder under tests, $(2) folder under BUILD, $(3) more to link with
define program_rule
$(BUILD)/$(2)/%: $(BUILD)/obj/tests/$(1)/%.o $(BUILD)/libtest.a $$$$(call layers_of,tests/$(1)/$$$$*.c)
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(link) $(3)
endef
$(eval $(call program_rule,unit,test,-lcmocka -ljansson))
$(eval $(call program_rule,sim,test,-lcmocka))
$(eval $(call program_rule,bench,bench,))
$(eval $(call program_rule,e2e,e2e-programs,))
$(eval $(call program_rule,fuzz,fuzz,-fsanitize=fuzzer))

# What the end-to-end scripts run.
runnable: all $(E2E)
everything: all $(UNIT) $(BENCH) $(E2E) $(if $(SANITIZE),$(FUZZ),$(call obj,tests/fuzz))

deps: ## install what the build needs and is missing (Debian; sudo when not root)
	@mk/deps.sh build
deps-test: ## the same for what the checks need
	@mk/deps.sh build test
deps-bench: ## the same for what `make bench` compares with (node, npm, ledger; it can do without)
	@mk/deps.sh build bench

demo: deps ## ten welfare funds on eleven nodes, from nothing to the combined balance
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@tests/e2e/demo.sh

check: deps-test ## every gate and every test; the last line counts
	@mk/check.sh
unit: $(UNIT) ## unit tests of the plain build
	@mk/check.sh programs $^
unit-asan: ## unit tests under the sanitizers
	@mk/check.sh san unit-san
e2e: runnable ## end-to-end scripts
	@mk/check.sh e2e
lint: ## the project's own rules (tests/lint/lint.py)
	@tests/lint/lint.py

FORMATTED = $(wildcard $(foreach d,proto store daemon tools tests/*,$(d)/*.c $(d)/*.h))
format: ## clang-format in place
	@clang-format -i $(FORMATTED)
format-check: ## clang-format, refusing a difference
	@$(if $(FORMATTED),clang-format --dry-run -Werror $(FORMATTED))

# clang-tidy keeps a stamp for each file that it found clean, with the headers it read.
TIDY := $(patsubst %.c,$(BUILD)/tidy/%.ok,$(wildcard proto/*.c store/*.c daemon/*.c tools/*.c))
tidy: $(TIDY) ## clang-tidy (.clang-tidy names the checks)
$(BUILD)/tidy/%.ok: %.c .clang-tidy mk/analyzer.h
	@mkdir -p $(@D)
	$(call say,TIDY,$<)
	@clang -MM -MP -MT $@ -MF $(@:.ok=.d) $(LANGUAGE) $(PKG_CFLAGS) $<
	@clang-tidy --quiet --warnings-as-errors='*' $< -- $(LANGUAGE) $(PKG_CFLAGS) \
		$(if $(filter-out proto/err.c,$<),-include mk/analyzer.h) 2>$(@:.ok=.err) \
		|| { grep -v 'warnings generated' $(@:.ok=.err) >&2; exit 1; }
	@touch $@

# Out parameters are untouched on failure, which cppcheck takes for use before initialisation; the
# compilers and clang-tidy check that better.
analyze: ## cppcheck
	@mkdir -p $(BUILD)/cppcheck
	@cppcheck --quiet --std=c11 -D_GNU_SOURCE -I. --enable=warning,portability --error-exitcode=1 \
		--inline-suppr --suppress=missingIncludeSystem --cppcheck-build-dir=$(BUILD)/cppcheck \
		$(addprefix --suppress=,uninitvar legacyUninitvar uninitStructMember ctuuninitvar) \
		$(wildcard $(addsuffix /*.c,proto store daemon tools tests/*))

fuzz: ## make fuzz TARGET=fuzz_entry SECONDS=60: look for new inputs
	@test -f 'tests/fuzz/$(TARGET).c' || { echo "make fuzz TARGET=NAME [SECONDS=60], NAME one of:" \
		$(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c))) >&2; exit 2; }
	@$(MAKE) --no-print-directory BUILD=build/san CC=clang SANITIZE=1 CFLAGS='-O1 -g' \
		build/san/fuzz/$(TARGET)
	@mkdir -p build/fuzz/$(TARGET)
	build/san/fuzz/$(TARGET) -max_total_time=$(SECONDS) -artifact_prefix=build/fuzz/ \
		build/fuzz/$(TARGET) tests/fuzz/corpus/$(TARGET:fuzz_%=%)

bench: deps all $(BENCH) ## the measured figures, as a table and as build/bench.json
	@tests/bench/run.sh

clean: ## remove build/
	rm -rf build
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

-include $(shell test ! -d $(BUILD) || find $(BUILD)/obj $(BUILD)/tidy -name '*.d' 2>/dev/null)
.PHONY: all runnable everything deps deps-test deps-bench demo check unit unit-asan e2e lint format format-check tidy \
	analyze fuzz bench clean help
.SECONDARY:
.DELETE_ON_ERROR:

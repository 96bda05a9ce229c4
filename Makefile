# `make run` shows the main job, `make test` runs every test; both install what is missing. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

BUILD   ?= build
PREFIX  ?= /usr/local
PYTHON  ?= /usr/bin/python3
VERSION := 0.1.0

# make predefines CC as cc, so ?= would not do.
ifeq ($(origin CC),default)
CC := gcc
endif

# Warnings are errors where nobody would read them otherwise.
WERROR := $(if $(CI)$(filter test check asan tsan unit,$(MAKECMDGOALS)),-Werror)

# Asked for once, when the first recipe needs it: on a fresh machine pg_config arrives only during this very run.
# The server headers must be of libpg_query's major version, whatever other versions are installed.
once      = $(eval $(1) := $$(shell $(2)))$($(1))
PG_MAJOR  = $(call once,PG_MAJOR,sed -n 's/^.define PG_MAJORVERSION "\([0-9]*\)"/\1/p' /usr/include/pg_query.h)
PG_CONFIG = $(call once,PG_CONFIG,ls /usr/lib/postgresql/$(PG_MAJOR)/bin/pg_config 2>/dev/null || echo pg_config)
PGSERVER  = $(call once,PGSERVER,$(PG_CONFIG) --includedir-server)
PGCLIENT  = $(call once,PGCLIENT,$(PG_CONFIG) --includedir)
# The archive, where there is one: calls into the shared library go through tables, which makes a verdict a tenth slower.
ARCHIVE   = $(call once,ARCHIVE,$(CC) -print-file-name=libpg_query.a)
PG_QUERY  = $(if $(findstring /,$(ARCHIVE)),$(ARCHIVE),-lpg_query)

override CPPFLAGS += -I. -D_GNU_SOURCE -DTENANTRY_VERSION='"$(VERSION)"' -isystem $(PGCLIENT) $(EXTRA_CPPFLAGS)
CFLAGS   ?= -O2 -g
override CFLAGS   += -std=gnu11 -Wall -Wextra $(WERROR) -Wno-unused-parameter -fno-strict-aliasing -pthread $(EXTRA_CFLAGS)
override LDFLAGS  += $(EXTRA_LDFLAGS)
override LDLIBS   += $(PG_QUERY) -luv -lpq -linih -lidn -lssl -lcrypto -lm -pthread

PARSER_SOURCES := $(sort $(wildcard parser/*.c))
PROXY_SOURCES  := $(sort $(filter-out proxy/host/main.c,$(wildcard proxy/*/*.c)))
TEST_HELPERS   := $(sort $(wildcard tests/lib/*.c))
PARSER_OBJECTS := $(PARSER_SOURCES:%.c=$(BUILD)/%.o)
PROXY_OBJECTS  := $(PROXY_SOURCES:%.c=$(BUILD)/%.o)
HELPER_OBJECTS := $(TEST_HELPERS:%.c=$(BUILD)/%.o)
UNIT_TESTS     := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(sort $(wildcard tests/unit/test_*.c)))
FUZZERS        := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
C_FILES         = $(shell git ls-files -co --exclude-standard '*.c' '*.h')

.PHONY: all
all: $(BUILD)/tenantry ## build build/tenantry (installs missing build packages first)

$(BUILD)/tenantry: $(BUILD)/proxy/host/main.o $(PROXY_OBJECTS) $(PARSER_OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# PostgreSQL's node headers are for parser/ only (and for the tests that look inside it).
$(BUILD)/parser/%.o: parser/%.c | $(BUILD)/.majors
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -isystem $(PGSERVER) $(CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/tests/%.o: tests/%.c | $(BUILD)/.majors
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -isystem $(PGSERVER) $(CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/%.o: %.c | $(BUILD)/.majors
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# A unit test is one file tests/unit/test_NAME.c, linked with everything but main().
$(BUILD)/tests/unit/test_%: tests/unit/test_%.c $(PROXY_OBJECTS) $(PARSER_OBJECTS) $(HELPER_OBJECTS) | $(BUILD)/.majors
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -isystem $(PGSERVER) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(PROXY_OBJECTS) $(PARSER_OBJECTS) $(HELPER_OBJECTS) -lcmocka $(LDLIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# The parser walks libpg_query's trees with PostgreSQL's own node headers: one major version, or memory is misread. Make expands
# the whole recipe before its first line installs anything: so the shell looks for the headers, not $(PGSERVER).
$(BUILD)/.majors:
	@conf/deps build
	@mkdir -p $(@D)
	@library="$$(sed -n 's/^.define PG_MAJORVERSION "\([0-9]*\)"/\1/p' /usr/include/pg_query.h)"; \
	config="/usr/lib/postgresql/$$library/bin/pg_config"; [ -x "$$config" ] || config=pg_config; \
	folder="$$($$config --includedir-server)"; \
	headers="$$(sed -n 's/^.define PG_MAJORVERSION "\([0-9]*\)"/\1/p' "$$folder/pg_config.h")"; \
	if [ -z "$$library" ] || [ "$$library" != "$$headers" ]; then \
		echo "libpg_query is of PostgreSQL $${library:-(unknown)}, the server headers in $$folder of $${headers:-(none)}:" \
			"install postgresql-server-dev-$${library:-15}" >&2; exit 1; fi
	@touch $@

.PHONY: deps
deps: ## install every Debian package for building, running and testing (sudo when not root)
	@conf/deps build run test

.PHONY: run
run: all ## the main job: serve $DATABASE_URL, or the gallery sample on a throw-away PostgreSQL
	@conf/deps run
	@BUILD=$(BUILD) conf/run

.PHONY: test-programs
test-programs: all $(UNIT_TESTS)

# A driver that cannot be had costs its own client program only: that one says that it is skipped.
.PHONY: test-deps
test-deps:
	@conf/deps build run test
	@$(MAKE) --no-print-directory deps-clients

# The packages come first, also under -j.
.PHONY: test
test: ## every test; the last line is "N passed, N failed"
	@conf/deps build run test
	@$(MAKE) --no-print-directory deps-clients & $(MAKE) --no-print-directory WERROR=-Werror test-programs; status=$$?; wait; exit $$status
	@BUILD=$(BUILD) $(PYTHON) tests/run $(SUITES)

.PHONY: versions
versions: all ## every suite that meets a server, on PostgreSQL 13 to 18 (servers from npm); about a quarter of an hour
	@conf/deps build run test versions
	@$(MAKE) --no-print-directory deps-clients
	@BUILD=$(BUILD) $(PYTHON) tests/run versions

.PHONY: check
check: ## the fast tests, no database: unit tests, statement files, fuzz corpora, include arrows
	@conf/deps build check
	@$(MAKE) --no-print-directory WERROR=-Werror test-programs
	@BUILD=$(BUILD) $(PYTHON) tests/run --fast

.PHONY: unit
unit: $(UNIT_TESTS) ## the unit tests alone
	@for t in $(UNIT_TESTS); do $$t || exit 1; done

SANITIZED = $(MAKE) --no-print-directory CFLAGS="-O1 -g -fno-omit-frame-pointer" WERROR=-Werror
.PHONY: asan
asan: test-deps ## every test under AddressSanitizer and UBSan, in build/asan
	@$(SANITIZED) BUILD=build/asan EXTRA_CFLAGS="-fsanitize=address,undefined -fno-sanitize-recover=undefined" test-programs
	@BUILD=build/asan ASAN_OPTIONS=detect_stack_use_after_return=1:$(ASAN_OPTIONS) LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lib/leaks.txt:print_suppressions=0 \
		UBSAN_OPTIONS=print_stacktrace=1 $(PYTHON) tests/run $(SUITES)

.PHONY: tsan
tsan: test-deps ## every test under ThreadSanitizer, in build/tsan
	@$(SANITIZED) BUILD=build/tsan EXTRA_CFLAGS="-fsanitize=thread" test-programs
	@BUILD=build/tsan TSAN_OPTIONS=halt_on_error=0:$(TSAN_OPTIONS) $(PYTHON) tests/run $(SUITES)

TIME ?= 60
.PHONY: fuzz
fuzz: ## each fuzzer for TIME seconds (default 60), with clang's libFuzzer, AddressSanitizer and UBSan, in build/fuzz
	@conf/deps build fuzz
	@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang CFLAGS="-O1 -g -fno-omit-frame-pointer" \
		EXTRA_CFLAGS="-fsanitize=address,undefined,fuzzer-no-link -Wno-gnu-variable-sized-type-not-at-end" fuzz-programs
	@for f in $(FUZZERS); do mkdir -p build/fuzz/found/$$f tests/fuzz/corpus/$$f; \
		echo "== $$f"; build/fuzz/tests/fuzz/$$f -max_total_time=$(TIME) -timeout=10 -artifact_prefix=build/fuzz/$$f- \
			build/fuzz/found/$$f tests/fuzz/corpus/$$f || exit 1; done
.PHONY: fuzz-programs
fuzz-programs: $(FUZZERS:%=$(BUILD)/tests/fuzz/%)
$(BUILD)/tests/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(PROXY_OBJECTS) $(PARSER_OBJECTS) $(HELPER_OBJECTS) | $(BUILD)/.majors
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -isystem $(PGSERVER) $(CFLAGS) -fsanitize=fuzzer -MMD -MP $(LDFLAGS) -o $@ $< $(PROXY_OBJECTS) $(PARSER_OBJECTS) $(HELPER_OBJECTS) $(LDLIBS)

.PHONY: fuzz-sql
fuzz-sql: all test-deps ## random statements against the oracle for TIME seconds, each time others
	@BUILD=$(BUILD) tests/own_database/fuzz --time $(TIME)

.PHONY: bench
bench: all ## measure against the bare server, PgBouncer and row-level security
	@conf/deps run test bench
	@BUILD=$(BUILD) bench/run

-include bench/*.mk tests/*/*.mk

.PHONY: format
format: ## bring the C files into the house's format
	@conf/deps format
	clang-format -i $(C_FILES)

.PHONY: lint
lint: arrows hints ## include arrows, names in messages, clang-tidy, cppcheck
	@conf/deps build lint
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,portability \
		--suppress=missingInclude --suppress=nullPointerArithmeticRedundantCheck --suppress=varFuncNullUB \
		--suppress=pointerSize:proxy/session/query.c --suppress=autoVariables:proxy/session/server.c \
		'-Dforeach(cell,list)=while ((cell = cell_of(list)))' -I. -D_GNU_SOURCE parser proxy
	@printf '%s\n' $(PARSER_SOURCES) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- $(CPPFLAGS) -isystem $(PGSERVER) -std=gnu11 2>/dev/null
	@printf '%s\n' $(PROXY_SOURCES) proxy/host/main.c | xargs -P 2 -I FILE clang-tidy --quiet FILE -- $(CPPFLAGS) -std=gnu11 2>/dev/null

.PHONY: arrows
arrows: ## who may include what (the layout's one-way arrows)
	@tests/lib/arrows

.PHONY: hints
hints: ## messages that advise to change a setting name one that exists
	@tests/lib/hints

.PHONY: install
install: all ## install the program and its sample configuration under PREFIX (default /usr/local)
	install -D -m 755 $(BUILD)/tenantry $(DESTDIR)$(PREFIX)/bin/tenantry
	install -D -m 644 conf/tenantry.conf $(DESTDIR)$(PREFIX)/share/doc/tenantry/tenantry.conf

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/\1\t\2/p' $(filter-out %.d,$(MAKEFILE_LIST)) | expand -t 12

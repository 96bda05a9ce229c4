# tenantry: `make run` shows the main job, `make test` runs every test. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := all

BUILD   ?= build
PREFIX  ?= /usr/local
CC      ?= gcc
VERSION := 0.1.0
PGSERVER := $(shell pg_config --includedir-server 2>/dev/null)

CPPFLAGS += -I. -D_GNU_SOURCE -DTENANTRY_VERSION='"$(VERSION)"' -isystem $(shell pg_config --includedir 2>/dev/null) $(EXTRA_CPPFLAGS)
CFLAGS   ?= -O2 -g
CFLAGS   += -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter -fno-strict-aliasing -pthread $(EXTRA_CFLAGS)
LDLIBS   += -lpg_query -luv -lpq -linih -lssl -lcrypto -pthread
LDFLAGS  += $(EXTRA_LDFLAGS)

PARSER_SOURCES := $(wildcard parser/*.c)
PROXY_SOURCES  := $(filter-out proxy/host/main.c,$(wildcard proxy/*/*.c))
PARSER_OBJECTS := $(PARSER_SOURCES:%.c=$(BUILD)/%.o)
PROXY_OBJECTS  := $(PROXY_SOURCES:%.c=$(BUILD)/%.o)
UNIT_TESTS     := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))

.PHONY: all
all: $(BUILD)/tenantry ## build build/tenantry

$(BUILD)/tenantry: $(BUILD)/proxy/host/main.o $(PROXY_OBJECTS) $(PARSER_OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# PostgreSQL's node headers are for parser/ only.
$(BUILD)/parser/%.o: parser/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -isystem $(PGSERVER) $(CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
# A unit test is one file tests/unit/test_NAME.c, linked with everything but main().
$(BUILD)/tests/unit/test_%: tests/unit/test_%.c $(PROXY_OBJECTS) $(PARSER_OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -isystem $(PGSERVER) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(PROXY_OBJECTS) $(PARSER_OBJECTS) -lcmocka $(LDLIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: unit
unit: $(UNIT_TESTS)
	@for t in $(UNIT_TESTS); do $$t || exit 1; done

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BUILD)

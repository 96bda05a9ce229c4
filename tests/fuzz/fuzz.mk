# What the fuzzers need beside the common rule, and the replay of their corpora (tests/fuzz/run) in `make check`.
$(BUILD)/tests/fuzz/fuzz_guard: HELPER_OBJECTS += $(BUILD)/tests/rewrite/prove.o
$(BUILD)/tests/fuzz/fuzz_guard: $(BUILD)/tests/rewrite/prove.o

# The fuzzers of the wire need the session and what is below it only.
WIRE_FUZZERS  := bind copy scram session startup
WIRE_OBJECTS  := $(filter $(BUILD)/proxy/session/% $(BUILD)/proxy/wire/% $(BUILD)/proxy/base/%,$(PROXY_OBJECTS)) $(PARSER_OBJECTS) \
	$(BUILD)/tests/lib/catalog_text.o $(BUILD)/tests/lib/session_bench.o
WIRE_LIBS     = $(PG_QUERY) -lidn -lcrypto -lm -pthread
$(WIRE_FUZZERS:%=$(BUILD)/tests/fuzz/fuzz_%): $(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(WIRE_OBJECTS)
	$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(WIRE_LIBS)
$(WIRE_FUZZERS:%=$(BUILD)/tests/fuzz/replay_%): $(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(WIRE_OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(WIRE_LIBS)

REPLAYS := $(FUZZERS:fuzz_%=$(BUILD)/tests/fuzz/replay_%)
$(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/tests/rewrite/prove.o $(PROXY_OBJECTS) $(PARSER_OBJECTS) $(HELPER_OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
test-programs: $(REPLAYS)

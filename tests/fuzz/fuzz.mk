# What the fuzzers need beside the common rule, and the replay of their corpora (tests/fuzz/run) in `make check`.
$(BUILD)/tests/fuzz/fuzz_guard: HELPER_OBJECTS += $(BUILD)/tests/rewrite/prove.o
$(BUILD)/tests/fuzz/fuzz_guard: $(BUILD)/tests/rewrite/prove.o

REPLAYS := $(FUZZERS:fuzz_%=$(BUILD)/tests/fuzz/replay_%)
$(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/tests/rewrite/prove.o $(PROXY_OBJECTS) $(PARSER_OBJECTS) $(HELPER_OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
test-programs: $(REPLAYS)

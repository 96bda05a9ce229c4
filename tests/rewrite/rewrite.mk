# The runner of the statement files (tests/rewrite/run), part of `make check`.
$(BUILD)/tests/rewrite/files: $(BUILD)/tests/rewrite/files.o $(BUILD)/tests/rewrite/prove.o $(PARSER_OBJECTS) $(BUILD)/tests/lib/catalog_text.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PG_QUERY) -lm -pthread
test-programs: $(BUILD)/tests/rewrite/files
# The checker alone, on trial by tests/rewrite/soundness.py.
$(BUILD)/tests/rewrite/judge: $(BUILD)/tests/rewrite/judge.o $(PARSER_OBJECTS) $(BUILD)/tests/lib/catalog_text.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PG_QUERY) -lm -pthread
test-programs: $(BUILD)/tests/rewrite/judge

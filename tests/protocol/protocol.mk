# The runner of the protocol scripts (tests/protocol/run), part of `make check`.
$(BUILD)/tests/protocol/scripts: $(BUILD)/tests/protocol/scripts.o $(BUILD)/tests/protocol/messages.o $(PROXY_OBJECTS) $(PARSER_OBJECTS) $(BUILD)/tests/lib/catalog_text.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
test-programs: $(BUILD)/tests/protocol/scripts

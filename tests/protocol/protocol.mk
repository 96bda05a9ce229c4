# The runner of the protocol scripts (tests/protocol/run), part of `make check`. Linked with the session and what is below it only.
SESSION_OBJECTS := $(filter $(BUILD)/proxy/session/% $(BUILD)/proxy/wire/% $(BUILD)/proxy/base/%,$(PROXY_OBJECTS))
$(BUILD)/tests/protocol/scripts: $(BUILD)/tests/protocol/scripts.o $(BUILD)/tests/protocol/messages.o $(SESSION_OBJECTS) $(PARSER_OBJECTS) $(BUILD)/tests/lib/catalog_text.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PG_QUERY) -lidn -lcrypto -lm -pthread
test-programs: $(BUILD)/tests/protocol/scripts

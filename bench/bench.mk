# The benchmark's own programs; included by the Makefile.
bench: $(BUILD)/bench/verdicts

# Built with the tests, too, so that it stays buildable.
test-programs: $(BUILD)/bench/verdicts

$(BUILD)/bench/verdicts: bench/verdicts.c $(PARSER_OBJECTS) $(BUILD)/tests/lib/catalog_text.o | $(BUILD)/.majors
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -isystem $(PGSERVER) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(PARSER_OBJECTS) $(BUILD)/tests/lib/catalog_text.o $(LDLIBS)

.PHONY: bench-profile
bench-profile: all ## where tenantry's processor time goes during pgbench (perf; PROFILE_MODE, PROFILE_CLIENTS, ...)
	@BUILD=$(BUILD) bench/profile

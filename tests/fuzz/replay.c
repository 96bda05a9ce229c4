/* Runs a fuzzer's entry on files, without libFuzzer: replay FILE... */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *bytes = malloc(1 << 20);

	if (in == NULL || bytes == NULL) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(2);
	}
	size_t n = fread(bytes, 1, 1 << 20, in);
	fclose(in);
	uint8_t *exact = malloc(n ? n : 1); /* so that AddressSanitizer sees the end */
	for (size_t i = 0; i < n; i++)
		exact[i] = bytes[i];
	free(bytes);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

int main(int n, char **arguments)
{
	for (int i = 1; i < n; i++) {
		fprintf(stderr, "%s\n", arguments[i]); /* the last one named is the one that crashed */
		replay(arguments[i]);
	}
	return 0;
}

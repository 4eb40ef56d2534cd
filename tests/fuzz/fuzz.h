/*
 * For fuzz targets: a target is one file that defines LLVMFuzzerTestOneInput
 * and requires what must hold. scripts/fuzz links it with libFuzzer; the
 * Makefile links it with tests/replay.c, which runs the corpus as TAP.
 */
#ifndef SA_TESTS_FUZZ_H
#define SA_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_require(condition)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: required: %s\n", __FILE__, __LINE__, #condition);  \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif

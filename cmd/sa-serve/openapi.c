#include "openapi.h"

/* The assembler reads the file, from the top of the tree; the Makefile knows of it. */
__asm__(".pushsection .rodata\n"
	".global openapi_json\n"
	".type openapi_json, @object\n"
	"openapi_json:\n"
	".incbin \"cmd/sa-serve/openapi.json\"\n"
	".byte 0\n"
	".size openapi_json, . - openapi_json\n"
	".popsection\n");

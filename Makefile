# sandbox-agent: everything lands in build/<variant>/; the plain variant's
# commands are in build/bin/.
#   make            all commands          make check   every test
#   make SAN=1      with ASan and UBSan   make fuzz    the fuzz targets
#   make install    DESTDIR, PREFIX       make fmt     clang-format
#   make dist       OUT, KEY              make deb    OUT

CC = gcc
PREFIX = /usr/local
DESTDIR =
SAN =
FUZZ_SECONDS = 60
Q = @
#   make Q=         shows the commands

VARIANT := $(if $(SAN),san,plain)
B := build/$(VARIANT)
BIN := $(if $(SAN),build/san/bin,build/bin)

COMMANDS := $(patsubst cmd/%/main.c,%,$(wildcard cmd/*/main.c))

# Each command links only what it names here: every library is paid at each start.
LIBS_sa-credentials := -lsodium
LIBS_sa-process   := -lwslay
LIBS_sa-api       := -lwslay
LIBS_sa-install-agent := -lsodium -lsqlite3
LIBS_sa-supervise := -lsqlite3
LIBS_sa-session   := -lsqlite3
LIBS_sa-events    := -lsqlite3 -ljq
LIBS_sa-opencode  := -lsqlite3
LIBS_sa-store     := -lsqlite3 -larchive -lsodium

# The umbrella starts before every other command: a static program starts in two thirds of the time.
# Empty where libc has no static form.
STATIC = $(if $(SAN),,$(shell echo 'int main(void) { return 0; }' | $(CC) -static-pie -x c - -o /dev/null 2>/dev/null && echo -static-pie))
LDFLAGS_sandbox-agent = $(STATIC)

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
        -Wwrite-strings -Wundef -Wformat=2 -Wvla -Wdate-time -Wno-unused-parameter
CFLAGS = -O2 -g
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed
ifdef SAN
CFLAGS = -O1 -g -fno-omit-frame-pointer
HARDEN := -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS = -fsanitize=address,undefined
endif
ALL_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Ilibcommon -include base/banned.h $(WARN) $(HARDEN) -MMD -MP

LIB_SRC := $(wildcard libcommon/*/*.c)
LIB := $(B)/libcommon.a
UNIT_SRC := $(wildcard tests/unit/*.c)
UNIT := $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)
REPLAY := $(patsubst tests/fuzz/%.c,$(B)/unit/fuzz-%,$(wildcard tests/fuzz/*.c))

all: $(COMMANDS:%=$(BIN)/%)

$(B)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(CFLAGS) -c -o $@ $<

# The agents that are built in, as data.
$(B)/obj/libcommon/agent/builtin.o: $(wildcard libcommon/agent/agents.d/*.json)

$(LIB): $(LIB_SRC:%.c=$(B)/obj/%.o)
	@rm -f $@
	$(Q)ar rcs $@ $^

# It takes a file in as it is (.incbin).
$(B)/obj/cmd/sa-serve/openapi.o: cmd/sa-serve/openapi.json

define command_rule
$(BIN)/$(1): $$(patsubst %.c,$$(B)/obj/%.o,$$(wildcard cmd/$(1)/*.c)) $$(LIB)
	@mkdir -p $$(@D)
	@echo '  LINK $$@'
	$$(Q)$$(CC) $$(CFLAGS) $$(filter-out $$(if $$(LDFLAGS_$(1)),-pie),$$(LDFLAGS)) $$(LDFLAGS_$(1)) -o $$@ $$^ $$(LIBS_$(1)) -ldl
endef
$(foreach c,$(COMMANDS),$(eval $(call command_rule,$(c))))

# A unit test may name more libraries in a line "/* libs: -ljq */".
$(B)/unit/%: tests/unit/%.c $(LIB) Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(CFLAGS) $(LDFLAGS) -Itests -o $@ $< $(LIB) -lsqlite3 \
		$$(sed -n 's,^/\* libs: \(.*\) \*/$$,\1,p' $<)

# A fuzz target that runs its corpus, without libFuzzer. A line "/* with: ... */" names files
# of a command that it is about.
$(B)/unit/fuzz-%: tests/fuzz/%.c tests/replay.c $(LIB) Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CFLAGS) $(LDFLAGS) -Itests -o $@ $< tests/replay.c \
		$$(sed -n 's,^/\* with: \(.*\) \*/$$,\1,p' $<) $(LIB) \
		$$(sed -n 's,^/\* libs: \(.*\) \*/$$,\1,p' $<)
$(B)/unit/fuzz-serve_connection: $(wildcard cmd/sa-serve/*.[ch])
$(foreach a,claude codex pi amp,$(eval $(B)/unit/fuzz-acp_$(a): $(wildcard cmd/sa-acp-$(a)/*.[ch]) tests/fuzz/adapter.h))

unit: $(UNIT) $(REPLAY)

check: all unit
	BUILD_DIR='$(B)' BIN_DIR='$(CURDIR)/$(BIN)' scripts/check

# What the other compiler says, in a third of the time that building takes: make syntax CC=clang
syntax:
	$(Q)printf '%s\n' $(LIB_SRC) $(wildcard cmd/*/*.c tests/*.c tests/unit/*.c) | \
		xargs -P $(shell nproc) -n 16 $(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS)) $(CFLAGS) -Itests -fsyntax-only

fuzz:
	scripts/fuzz $(FUZZ_SECONDS)

fmt:
	clang-format -i $$(git ls-files '*.c' '*.h')

install: all
	scripts/install-tree install '$(DESTDIR)' '$(PREFIX)' '$(BIN)'

uninstall:
	scripts/install-tree uninstall '$(DESTDIR)' '$(PREFIX)' '$(BIN)'

# xterm.js for the inspector's terminal; all else works without it.
ui-libraries: cmd/sa-serve/ui/lib
cmd/sa-serve/ui/lib: scripts/ui-libraries
	$(Q)scripts/ui-libraries $@
	@touch $@

# A release: OUT is the folder, KEY a secret key's file, to sign it with.
OUT = build/dist
KEY =
dist: all
	scripts/dist/make '$(OUT)' '$(KEY)'

deb: all
	scripts/deb/make '$(OUT)'

clean:
	rm -rf build cmd/sa-serve/ui/lib

-include $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: all unit check syntax fuzz fmt install uninstall ui-libraries dist deb clean
.DELETE_ON_ERROR:

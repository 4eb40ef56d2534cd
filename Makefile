# sandbox-agent: everything lands in build/<variant>/; the plain variant's
# commands are in build/bin/.
#   make            all commands          make check   every test
#   make SAN=1      with ASan and UBSan   make fuzz    the fuzz targets
#   make install    DESTDIR, PREFIX       make fmt     clang-format

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
LIBS_sa-supervise := -lsqlite3
LIBS_sa-session   := -lsqlite3
LIBS_sa-events    := -lsqlite3 -ljq

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

$(LIB): $(LIB_SRC:%.c=$(B)/obj/%.o)
	@rm -f $@
	$(Q)ar rcs $@ $^

define command_rule
$(BIN)/$(1): $$(patsubst %.c,$$(B)/obj/%.o,$$(wildcard cmd/$(1)/*.c)) $$(LIB)
	@mkdir -p $$(@D)
	@echo '  LINK $$@'
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(LIBS_$(1))
endef
$(foreach c,$(COMMANDS),$(eval $(call command_rule,$(c))))

# A unit test may name more libraries in a line "/* libs: -ljq */".
$(B)/unit/%: tests/unit/%.c $(LIB) Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(CFLAGS) $(LDFLAGS) -Itests -o $@ $< $(LIB) -lsqlite3 \
		$$(sed -n 's,^/\* libs: \(.*\) \*/$$,\1,p' $<)

# A fuzz target that runs its corpus, without libFuzzer.
$(B)/unit/fuzz-%: tests/fuzz/%.c tests/replay.c $(LIB) Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(CFLAGS) $(LDFLAGS) -Itests -o $@ $< tests/replay.c $(LIB) \
		$$(sed -n 's,^/\* libs: \(.*\) \*/$$,\1,p' $<)

unit: $(UNIT) $(REPLAY)

check: all unit
	BUILD_DIR='$(B)' BIN_DIR='$(CURDIR)/$(BIN)' scripts/check

fuzz:
	scripts/fuzz $(FUZZ_SECONDS)

fmt:
	clang-format -i $$(git ls-files '*.c' '*.h')

install: all
	scripts/install-tree install '$(DESTDIR)' '$(PREFIX)' '$(BIN)'

uninstall:
	scripts/install-tree uninstall '$(DESTDIR)' '$(PREFIX)' '$(BIN)'

clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)

.PHONY: all unit check fuzz fmt install uninstall clean
.DELETE_ON_ERROR:

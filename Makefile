# cd4ml - builds, tests and installs the tools. `make help` lists what can be asked for.
#
# One Makefile, no recursion: sources are found by folder, objects lie in build/VARIANT/. A variant is
# a variable with a folder of its own: `make SAN=address,undefined check`, `make CC=clang`.
# CFLAGS, LDFLAGS, DESTDIR and PREFIX are the user's; ours are apart.

PREFIX  ?= /usr/local
DESTDIR ?=
CFLAGS  ?= -O2 -g
LDFLAGS ?=
SAN     ?=
FUZZ    ?=
MPI     ?=
V       ?=
PKG_CONFIG ?= pkg-config

VERSION := 1.0.0
# libcurl is loaded when a transfer is near (lib/remote/libcurl.h), or linked: what is static cannot load anything.
CURL     ?= $(if $(filter -static -static-pie,$(LDFLAGS)),link,load)
LINKED   := $(if $(filter link,$(CURL)),libcurl) libcrypto zlib jansson yaml-0.1 expat $(if $(MPI),ompi-c)
PACKAGES := libcurl $(LINKED)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-6s %s\n' $(1) $(2))
empty :=
comma := ,

# ---- variants -------------------------------------------------------------------------------------
variant := $(notdir $(CC))$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(FUZZ),-fuzz)$(if $(MPI),-mpi)$(if $(filter link,$(CURL)),-curl)
B := build/$(variant)

san_flags := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
our_cppflags := -Ilib -D_XOPEN_SOURCE=700 -D_FILE_OFFSET_BITS=64 -DCD4ML_VERSION='"$(VERSION)"' \
	$(if $(filter link,$(CURL)),-DCD4ML_CURL_LINKED)
our_cflags := -std=c11 -pthread -Wall -Wextra -Wno-missing-field-initializers -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Werror \
	-fno-strict-aliasing -ffp-contract=off $(san_flags) $(if $(FUZZ),-fsanitize=fuzzer-no-link)
our_ldflags := -pthread $(san_flags)

# ---- what there is --------------------------------------------------------------------------------
# Several processes (MPI=1: Open MPI), or one.
lib_src   := $(filter-out $(if $(MPI),%_alone.c,%_mpi.c),$(sort $(wildcard lib/*/*.c)))
tool_src  := $(sort $(wildcard tools/*.c))
tools     := $(tool_src:tools/%.c=%)
unit_src  := $(sort $(wildcard tests/unit/*_*.c))
fuzz_src  := $(filter-out tests/fuzz/driver.c,$(sort $(wildcard tests/fuzz/*.c)))
headers   := $(sort $(wildcard lib/*/*.h lib/*.h))
manuals   := $(sort $(wildcard tools/*.1))

lib_obj   := $(lib_src:%.c=$B/%.o)
tool_bin  := $(tools:%=$B/%)
unit_bin  := $(unit_src:tests/unit/%.c=$B/tests/unit/%)
fuzz_bin  := $(fuzz_src:tests/fuzz/%.c=$B/tests/fuzz/%)

# Asked for only where something is compiled, so that `make help` runs on a bare machine.
pkg_cflags = $(eval pkg_cflags := $(shell $(PKG_CONFIG) --cflags $(PACKAGES)))$(pkg_cflags)
pkg_libs   = $(eval pkg_libs := $(shell $(PKG_CONFIG) $(if $(filter -static -static-pie,$(LDFLAGS)),--static) --libs $(LINKED)) -ldl)$(pkg_libs)

# Kernels: one file per instruction set, chosen at run time.
isa_flags = $(if $(findstring _sse42.c,$<),-msse4.2 -mpclmul -mpopcnt)$(if \
	$(findstring _avx2.c,$<),-mavx2 -mbmi -mbmi2 -mpclmul -mpopcnt -mlzcnt)$(if \
	$(findstring _avx512.c,$<),-mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mbmi -mbmi2 -mpclmul -mpopcnt -mlzcnt)

##@ Build
.PHONY: all
all: $B/libcd4ml.a $(tool_bin) $B/kkbox-data ## build all tools into build/

$B/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(q)$(CC) $(our_cppflags) $(CPPFLAGS) $(pkg_cflags) $(our_cflags) $(isa_flags) $(CFLAGS) -MMD -MP -c -o $@ $<

$B/libcd4ml.a: $(lib_obj)
	$(call say,AR,$@)
	$(q)rm -f $@ && $(AR) rcs $@ $(lib_obj)

$(tool_bin): $B/%: $B/tools/%.o $B/libcd4ml.a
	$(call say,LD,$@)
	$(q)$(CC) $(our_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $< $B/libcd4ml.a $(pkg_libs) -lm

# The example's generator: a program of its own, which takes nothing from here.
generator := examples/kkbox/generate
$B/kkbox-data: $(wildcard $(generator)/*.c $(generator)/*.h)
	$(call say,CC,$(generator))
	@mkdir -p $(@D)
	$(q)$(CC) -I$(generator) $(our_cflags) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.c,$^)

-include $(lib_obj:.o=.d) $(tool_src:%.c=$B/%.d)

##@ Walk-through
.PHONY: demo
demo: all ## the whole walk-through on drawn data (SCALE=0.01; KEEP=1 keeps the folder)
	@PATH='$(CURDIR)/$B':"$$PATH" CD4ML_MK='$(CURDIR)/mk/cd4ml.mk' SCALE='$(SCALE)' KEEP='$(KEEP)' \
		sh examples/kkbox/demo.sh

.PHONY: clean
clean: ## remove build/
	rm -rf build

-include tests/tests.mk

##@ Install
# The fragment's parts lie in share/cd4ml; a line in include/, where make looks by itself, leads to them.
dest_bin     := $(DESTDIR)$(PREFIX)/bin
dest_man     := $(DESTDIR)$(PREFIX)/share/man/man1
dest_share   := $(DESTDIR)$(PREFIX)/share/cd4ml
dest_include := $(DESTDIR)$(PREFIX)/include
dest_lib     := $(DESTDIR)$(PREFIX)/lib

.PHONY: install uninstall
install: all ## install tools, manuals, the fragment, the library (PREFIX=/usr/local, DESTDIR=)
	$(q)mkdir -p '$(dest_bin)' '$(dest_man)' '$(dest_share)' '$(dest_include)' '$(dest_lib)'
	$(q)$(foreach t,$(tools),install -m 755 '$B/$(t)' '$(dest_bin)/' &&) :
	$(q)$(foreach m,$(manuals),install -m 644 '$(m)' '$(dest_man)/' &&) :
	$(q)install -m 755 mk/cd4ml-config '$(dest_bin)/'
	$(q)cd mk && find . -type f ! -name deps.sh ! -name cd4ml-config | while IFS= read -r f; do \
		mkdir -p "$$(dirname '$(abspath $(dest_share))'"/$$f")" && \
		install -m 644 "$$f" '$(abspath $(dest_share))'"/$$f" || exit 1; done
	$(q)printf '%s\n' 'include $(PREFIX)/share/cd4ml/cd4ml.mk' >'$(dest_include)/cd4ml.mk'
	$(if $(wildcard lib/cd4ml.h),$(q)install -m 644 lib/cd4ml.h '$(dest_include)/' && \
		install -m 644 '$B/libcd4ml.a' '$(dest_lib)/')
	$(call say,DONE,'installed in $(DESTDIR)$(PREFIX)')

uninstall: ## remove what install put there (the same PREFIX and DESTDIR)
	$(q)rm -f $(tools:%='$(dest_bin)/%') $(manuals:tools/%='$(dest_man)/%')
	$(q)rm -f '$(dest_bin)/cd4ml-config' '$(dest_include)/cd4ml.mk' '$(dest_include)/cd4ml.h' '$(dest_lib)/libcd4ml.a'
	$(q)rm -rf '$(dest_share)'

.PHONY: help
help: ## show this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z_-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo; echo 'Variables'; \
	echo '  CC=clang  SAN=address,undefined  CFLAGS=  LDFLAGS=  V=1: show the commands'; \
	echo '  MPI=1: with Open MPI, for training by several processes'; \
	echo '  CURL=link: bind libcurl at the start, instead of loading it when it is needed'

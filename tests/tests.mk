# tests.mk - checks of the tree. Included by the Makefile.
#
# T=NAME...   only the tests of these names: tests/NAME.bats, tests/unit/NAME.c, tests/fuzz/NAME.c
# JOBS=N      how many test files run side by side (default: all processors)
# FUZZ_SECONDS=N   how long `make fuzz` spends on each target

T    ?=
JOBS ?=
FUZZ_SECONDS ?= 30
PYTHON ?= python3

bats_src := $(sort $(wildcard tests/*.bats))
picked = $(if $(T),$(filter $(addprefix %/,$(T) $(T:=.bats)),$(1)),$(1))

picked_bench = $(if $(T),$(filter $(T:%=tests/bench/%.sh),$(1)),$(1))

# Each allocation of the library goes through these, so that tests can make the n-th one fail.
wrapped := malloc calloc realloc aligned_alloc posix_memalign
wrap_flags := $(wrapped:%=-Wl,--wrap=%)

$B/tests/%.o: our_cppflags += -DTEST_ROOT='"$(CURDIR)"'

$(unit_bin): $B/tests/unit/%: $B/tests/unit/%.o $B/tests/unit/tap.o $B/tests/unit/wrap.o $B/libcd4ml.a
	$(call say,LD,$@)
	$(q)$(CC) $(our_ldflags) $(CFLAGS) $(LDFLAGS) $(wrap_flags) -o $@ $(filter %.o %.a,$^) $(pkg_libs) -lm

# The tools again, with allocations that fail: for tests/oom.bats.
oom_bin := $(tools:%=$B/oom/%)
$(oom_bin): $B/oom/%: $B/tools/%.o $B/tests/oom/fail.o $B/tests/unit/wrap.o $B/libcd4ml.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(q)$(CC) $(our_ldflags) $(CFLAGS) $(LDFLAGS) $(wrap_flags) -o $@ $(filter %.o %.a,$^) $(pkg_libs) -lm

# With FUZZ=1 (clang) a target is a fuzzer; else a program that replays the corpus.
fuzz_main := $(if $(FUZZ),,$B/tests/fuzz/driver.o)
$(fuzz_bin): $B/tests/fuzz/%: $B/tests/fuzz/%.o $(fuzz_main) $B/libcd4ml.a
	$(call say,LD,$@)
	$(q)$(CC) $(our_ldflags) $(if $(FUZZ),-fsanitize=fuzzer) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(pkg_libs) -lm

-include $(wildcard $B/tests/unit/*.d $B/tests/fuzz/*.d)
.SECONDARY: $(unit_bin:=.o) $(fuzz_bin:=.o)

run_tests = sh tests/run.sh -b '$(CURDIR)/$B' $(if $(JOBS),-j $(JOBS))

##@ Test
.PHONY: check unit asan tsan fuzz lint format
check: all $(if $(filter oom,$(or $(T),oom)),$(oom_bin)) $(call picked,$(unit_bin) $(fuzz_bin)) ## run all tests (T=NAME: one); ends with `N passed, N failed`
	@$(run_tests) $(call picked,$(unit_bin) $(fuzz_bin) $(bats_src))

unit: $(call picked,$(unit_bin) $(fuzz_bin)) ## run the unit tests and replay the fuzz corpora (T=NAME: one)
	@$(run_tests) $(call picked,$(unit_bin) $(fuzz_bin))

asan: ## all tests under AddressSanitizer and UBSan
	@+$(MAKE) --no-print-directory SAN=address,undefined check

# What has threads; the others would only be slow. Names of tests, not of files.
tsan_tests := base_pool base_progress base_diag csv_% table_% hash_% tree_% score_% cas_% remote_% \
	csv-join csv-encode csv-split csv-merge rf-train gbt-train model-eval cas-hash s3-sync stage_% stage-% data-check
tsan_picked = $(foreach t,$(1),$(if $(filter $(tsan_tests),$(basename $(notdir $(t)))),$(t)))

tsan: ## the tests of what has threads, under ThreadSanitizer
	@+$(MAKE) --no-print-directory SAN=thread tsan-run
.PHONY: tsan-run
tsan-run: all $(unit_bin)
	@$(run_tests) $(call picked,$(filter $(call tsan_picked,$(unit_bin) $(bats_src)),$(unit_bin) $(bats_src)))

fuzz: ## run each fuzz target for FUZZ_SECONDS (clang's libFuzzer; T=NAME: one)
	@+$(MAKE) --no-print-directory CC=clang FUZZ=1 SAN=address,undefined fuzz-run
.PHONY: fuzz-run
fuzz-run: $(call picked,$(fuzz_bin))
	@sh tests/fuzz/run.sh -b '$(CURDIR)/$B' -s '$(FUZZ_SECONDS)' $(call picked,$(fuzz_bin))

# CD4ML_INTEROP_VENV: virtual environments that are there already, separated by ':'
.PHONY: interop bench bench-peers
interop: all ## compare with real DVC, xgboost, pandas, ... (makes build/interop; T=NAME: one)
	@eval "$$(sh tests/interop/peers.sh build/interop)" && export PEER_PYTHON PEER_XGBOOST2 PEER_DVC CD4ML_S3_SERVER GITLAB_CI_LOCAL && \
	$(run_tests) -t 1800 $(call picked,$(sort $(wildcard tests/interop/*.bats)))

BENCH_SCALE ?= 0.1
bench: all ## ratios to named peers in one run (BENCH_SCALE=0.1; T=NAME: one)
	@eval "$$(CD4ML_INTEROP_VENV=$${CD4ML_INTEROP_VENV:-none} sh tests/interop/peers.sh build/interop)" && \
	export PEER_PYTHON PEER_DVC CD4ML_S3_SERVER CD4ML_RCLONE CD4ML_AWS && \
	sh tests/bench/run.sh -b '$(CURDIR)/$B' -s '$(BENCH_SCALE)' $(call picked_bench,$(sort $(wildcard tests/bench/*-*.sh)))

bench-peers: ## install pinned rclone (by Go) and aws into build/interop, where they are missing, for `make bench`
	@sh tests/interop/peers.sh build/interop bench

lint: all ## layers, names, banned functions, manuals, shell, format (T=NAME: one)
	@CC='$(CC)' sh tests/lint/run.sh -b '$B' $(T)

format: ## let clang-format (14) lay out all C files
	@f=$$(command -v clang-format-14 || command -v clang-format) || { echo 'clang-format is not installed' >&2; exit 3; }; \
	git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs "$$f" -i

#!/bin/sh
# run.sh -b BUILD -s SECONDS TARGET... - runs libFuzzer programs, each for SECONDS.
#
# They start from tests/fuzz/corpus/NAME; new inputs that reach new code are kept in
# BUILD/corpus/NAME, so that the next run goes on from there. Findings lie in BUILD/found/NAME:
# minimise one (`TARGET -minimize_crash=1 FILE`), mend, and add it to tests/fuzz/corpus/NAME.
# FUZZ_FLAGS are libFuzzer's own, for all of them.
set -u

build='' seconds=30
while getopts b:s: o; do
	case $o in
	b) build=$OPTARG ;;
	s) seconds=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))

UBSAN_OPTIONS=print_stacktrace=1
export UBSAN_OPTIONS
passed=0 failed=0
for target in "$@"; do
	name=${target##*/}
	mkdir -p "$build/corpus/$name" "$build/found/$name" "$build/log"
	set -- -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$build/found/$name/" "$build/corpus/$name"
	[ ! -d "tests/fuzz/corpus/$name" ] || set -- "$@" "tests/fuzz/corpus/$name"
	[ ! -e "tests/fuzz/corpus/$name.dict" ] || set -- -dict="tests/fuzz/corpus/$name.dict" "$@"
	# shellcheck disable=SC2086 # flags, one word each
	set -- ${FUZZ_FLAGS-} "$@"
	log=$build/log/fuzz-$name.log
	if "$target" "$@" >"$log" 2>&1; then
		passed=$((passed + 1))
		runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
		printf 'ok   fuzz %-24s %s runs\n' "$name" "$runs"
	else
		failed=$((failed + 1))
		printf 'FAIL fuzz %-24s see %s\n' "$name" "$log"
		tail -n 40 "$log" | sed 's/^/     /'
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

#!/bin/sh
# run.sh -b BUILD [-j N] [-t SECONDS] TEST... - runs tests side by side, prints `N passed, N failed` last.
#
# A TEST is a .bats file or a program; both write TAP. A program of tests/fuzz is given its corpus.
# Each runs with a TMPDIR of its own that is removed afterwards, no input, and SECONDS to live. Its
# whole output stays in BUILD/log/NAME.tap; what failed is shown. A program that dies, runs fewer tests
# than planned or none, or leaves a sanitizer's report counts as one failed test.
# Exit status: 0, or 1 when a test failed or none ran.
set -u

usage() {
	echo "usage: run.sh -b BUILD [-j N] [-t SECONDS] TEST..." >&2
	exit 2
}

build='' jobs='' seconds=600 one=''
while getopts b:j:t:1 o; do
	case $o in
	b) build=$OPTARG ;;
	j) jobs=$OPTARG ;;
	t) seconds=$OPTARG ;;
	1) one=1 ;; # internal: a single test, in this process
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ -n "$build" ] || usage
[ -n "$jobs" ] || jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
log=$build/log

# ---- a single test ------------------------------------------------------------------------------

# Counts the TAP in $1 given the exit status $2; prints "passed failed skipped why".
count() {
	awk -v status="$2" '
	/^1\.\.[0-9]+/ { plan = substr($1, 4) + 0; planned = 1; if ($0 ~ /# *[Ss][Kk][Ii][Pp]/) skip++ }
	/^ok / { if ($0 ~ /# *[Ss][Kk][Ii][Pp]/) skip++; else pass++ }
	/^not ok / { if ($0 ~ /# *[Tt][Oo][Dd][Oo]/) skip++; else fail++ }
	END {
		ran = pass + fail + (planned && plan == 0 ? 0 : skip)
		if (status == 124 || status == 137)
			why = "killed: it ran too long or memory was short"
		else if (status > 128)
			why = "died of signal " status - 128 " after " ran " tests"
		else if (!planned)
			why = "has no plan: it ended early, after " ran " tests (exit status " status ")"
		else if (plan != ran)
			why = plan " tests planned, " ran " run"
		else if (status != 0 && !fail)
			why = "exit status " status
		if (why != "")
			fail++
		print pass + 0, fail + 0, skip + 0, why
	}' "$1"
}

run_one() {
	name=${1##*/}
	kind=unit
	case $1 in
	*.bats) kind=bats name=${name%.bats} ;;
	*/tests/fuzz/*) kind=fuzz ;;
	esac
	base=$log/$kind-$name
	rm -f "$base".*
	CD4ML_BUILD=$build
	TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/cd4ml-test.XXXXXX") || exit 3
	trap 'chmod -R u+w "$TMPDIR" 2>/dev/null; rm -rf "$TMPDIR"' EXIT
	trap 'exit 130' INT TERM HUP
	common="exitcode=99:log_path=$base.san:allocator_may_return_null=1"
	ASAN_OPTIONS=$common:detect_stack_use_after_return=1:strict_string_checks=1
	UBSAN_OPTIONS=print_stacktrace=1:$common
	TSAN_OPTIONS=second_deadlock_stack=1:$common
	export CD4ML_BUILD TMPDIR ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS
	case $kind in
	bats) set -- bats --formatter tap --print-output-on-failure "$1" ;;
	fuzz) set -- "$1" "tests/fuzz/corpus/$name" ;;
	esac
	if command -v timeout >/dev/null 2>&1; then
		set -- timeout -k 10 "$seconds" "$@"
	fi
	"$@" </dev/null >"$base.tap" 2>"$base.err"
	status=$?
	# read splits; the last variable takes the rest of the line
	count "$base.tap" $status >"$base.count"
	read -r pass fail skip why <"$base.count"
	for f in "$base".san.*; do
		[ -e "$f" ] || continue
		if grep -Eq 'ERROR: |runtime error:|WARNING: ThreadSanitizer' "$f"; then
			fail=$((fail + 1)) why="${why:+$why; }a sanitizer's report"
			break
		fi
	done
	echo "$pass $fail $skip $why" >"$base.count"
	line=$(printf '%-4s %-24s %4d passed' "$kind" "$name" "$pass")
	[ "$skip" -eq 0 ] || line="$line, $skip skipped"
	if [ "$fail" -eq 0 ]; then
		printf 'ok   %s\n' "$line"
		return
	fi
	{
		printf 'FAIL %s, %d failed%s\n' "$line" "$fail" "${why:+: $why}"
		awk '/^not ok/ { show = 1; n++ } /^(ok|1\.\.)/ { show = 0 } show && n <= 20 { print "     " $0 }' "$base.tap"
		[ -z "$why" ] || tail -n 5 "$base.tap" | sed 's/^/     /'
		tail -n 20 "$base.err" | sed 's/^/     /'
		cat "$base".san.* 2>/dev/null | head -n 60 | sed 's/^/     /'
	} >"$base.report"
	cat "$base.report"
}

if [ -n "$one" ]; then
	run_one "$1"
	exit 0
fi

# ---- all of them --------------------------------------------------------------------------------

mkdir -p "$log"
rm -f "$log"/*.count
if command -v bats >/dev/null 2>&1; then
	have_bats=1
else
	have_bats=''
fi
without=0
for t in "$@"; do
	shift
	case $t in
	*.bats) [ -n "$have_bats" ] || { without=$((without + 1)); continue; } ;;
	esac
	set -- "$@" "$t"
done

# The slow ones are started first, so that they do not come alone at the end: .bats files, then the rest.
{
	for t in "$@"; do case $t in *.bats) printf '%s\n' "$t" ;; esac; done
	for t in "$@"; do case $t in *.bats) ;; *) printf '%s\n' "$t" ;; esac; done
} | xargs -P "$jobs" -n 1 sh "$0" -b "$build" -t "$seconds" -1

passed=0 failed=0 skipped=0 bad=''
for f in "$log"/*.count; do
	[ -e "$f" ] || continue
	read -r p n s _ <"$f"
	passed=$((passed + p)) failed=$((failed + n)) skipped=$((skipped + s))
	[ "$n" -eq 0 ] || { f=${f##*/}; bad="$bad ${f%.count}"; }
done
if [ "$without" -gt 0 ]; then
	echo "$without .bats files were not run: bats is missing; mk/deps.sh installs it"
	failed=$((failed + without))
fi
[ -z "$bad" ] || printf '\nFailed, see %s/NAME.tap:%s\n' "$log" "$bad"
[ "$skipped" -eq 0 ] || echo "$skipped skipped"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

#!/bin/sh
# run.sh -b BUILD -s SCALE BENCH... - comparisons with named peers, on the same input in one run.
#
# Each tests/bench/NAME.sh is run in an empty folder with the built tools first on PATH. It makes or links its input,
# says with `handicap` what is unequal, and calls
#	ours NAME COMMAND      the tool
#	peer NAME COMMAND      somebody else; `skip NAME WHY` where it is not there
# each a shell command line; the best wall time of BENCH_RUNS (3) is taken, and the most memory. Then a table: time,
# times ours, time of the processors, memory. Ratios are the result, not seconds: of this machine, of these versions, of this input.
set -u

build='' scale=0.1
while getopts b:s: o; do
	case $o in
	b) build=$OPTARG ;;
	s) scale=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
root=$(pwd)
export BENCH_SCALE="$scale" BENCH_BUILD="$build" BENCH_ROOT="$root" PATH="$build:$PATH"
export BENCH_INPUT="$root/build/bench-input" BENCH_RUNS="${BENCH_RUNS:-3}"

status=0
echo "machine: $(getconf _NPROCESSORS_ONLN) processors, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)"
[ ! -r /proc/loadavg ] || echo "load before: $(cut -d ' ' -f 1 /proc/loadavg) (above 0.5 the ratios are not to be trusted)"
for bench in "$@"; do
	dir=$(mktemp -d "${TMPDIR:-/tmp}/cd4ml-bench.XXXXXX") || exit 3
	trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
	trap 'exit 130' INT TERM HUP
	# shellcheck disable=SC1090,SC1091
	(cd "$dir" && . "$root/tests/bench/frame.sh" && . "$root/$bench" && report) || status=1
	chmod -R u+w "$dir"
	rm -rf "$dir"
	trap - EXIT
done
exit $status

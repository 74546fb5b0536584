#!/bin/sh
# run.sh -b BUILD [NAME...] - the checks of tests/lint, all or those named, each a script that prints what it found.
#
# A script ends with 0 (fine; what it printed are warnings), 1 (found something) or 77 (cannot run here; says why).
# The last line is `N passed, N failed`.
set -u

build=''
while getopts b: o; do
	case $o in
	b) build=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- layers headers symbols banned manuals help shell format sizes files

CD4ML_BUILD=$build
export CD4ML_BUILD
LC_ALL=C.UTF-8
export LC_ALL
passed=0 failed=0
for name in "$@"; do
	found=$(sh "tests/lint/$name.sh" 2>&1)
	case $? in
	0)
		passed=$((passed + 1))
		echo "ok   lint $name"
		[ -z "$found" ] || printf '%s\n' "$found" | sed 's/^/     warning: /'
		;;
	77) echo "skip lint $name: $found" ;;
	*)
		failed=$((failed + 1))
		echo "FAIL lint $name"
		printf '%s\n' "$found" | sed 's/^/     /'
		;;
	esac
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

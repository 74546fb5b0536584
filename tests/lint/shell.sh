#!/bin/sh
# shell.sh - ShellCheck over all shell: .sh, .bash, .ci/run, .bats, in the tree and in the examples.
set -u

command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }
status=0
for f in $(git ls-files '*.sh' '*.bash' .ci/run ':!tests/data'); do
	[ -e "$f" ] || continue
	case $f in
	*.bash) shellcheck -s bash "$f" || status=1 ;;
	*) shellcheck "$f" || status=1 ;;
	esac
done
for f in $(git ls-files '*.bats'); do
	[ -e "$f" ] || continue
	# SC2154: status, output, stderr are bats'. SC2030, SC2031: each test is a subshell. SC2034: good_args is
	# read by helper.bash. SC2054: a,b is one word of it.
	shellcheck -s bats -S warning -e SC2154,SC2030,SC2031,SC2034,SC1091,SC2054 "$f" || status=1
done
exit $status

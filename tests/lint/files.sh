#!/bin/sh
# files.sh - what belongs in the tree: no large or generated file, no path of somebody's machine, scripts that run,
# tests and a line in the README for each tool.
set -u

status=0
bad() {
	echo "$*"
	status=1
}
for f in $(git ls-files); do
	[ -f "$f" ] || continue
	[ "$(wc -c <"$f")" -le 1048576 ] || bad "$f: more than 1 MiB"
done
here=$(pwd)
found=$(git grep -nIF -e "$here/" -e "$HOME/" -- . ':!tests/lint/files.sh' | cut -c 1-120)
[ -z "$found" ] || bad "paths of this machine:
$found"
[ -x .ci/run ] || bad ".ci/run cannot be executed"
for c in tools/*.c; do
	[ -e "$c" ] || continue
	name=${c#tools/}
	name=${name%.c}
	[ -e "tests/$name.bats" ] || bad "tools/$name.c: no tests/$name.bats"
	if [ -e README.md ]; then
		grep -q -- "$name" README.md || bad "tools/$name.c: not in README.md"
	fi
done
for b in tests/*.bats; do
	[ -e "$b" ] || continue
	name=${b#tests/}
	name=${name%.bats}
	[ ! -e "tools/$name.c" ] || grep -q "contract $name" "$b" || bad "$b: does not call \`contract $name\`"
done
exit $status

#!/bin/sh
# manuals.sh - each tool has a manual, which mandoc finds no fault with, with all the sections.
set -u

status=0
for c in tools/*.c; do
	[ -e "$c" ] || continue
	[ -e "${c%.c}.1" ] || { echo "$c: no manual ${c%.c}.1"; status=1; }
done
for m in tools/*.1; do
	[ -e "$m" ] || continue
	for s in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' ENVIRONMENT FILES EXAMPLES; do
		grep -qx "\.Sh $s" "$m" || { echo "$m: no section $s"; status=1; }
	done
done
if command -v mandoc >/dev/null; then
	for m in tools/*.1; do
		[ -e "$m" ] || continue
		# A reference to another of our manuals is fine: they are not installed yet.
		mandoc -Tlint -Wwarning "$m" || status=1
	done
else
	echo "mandoc is not installed: only the sections were looked at"
fi
exit $status

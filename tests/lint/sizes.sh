#!/bin/sh
# sizes.sh - warns of functions over 60 lines, tools and headers over 200, files over 500, lines over 100 columns;
# a file over 800 lines is two files, and fails (in examples only warned of).
set -u

status=0
for f in $(git ls-files --cached --others --exclude-standard '*.c' '*.h'); do
	[ -e "$f" ] || continue
	n=$(wc -l <"$f")
	case $f in
	tools/*.c | *.h) most=200 ;;
	*) most=500 ;;
	esac
	[ "$n" -le "$most" ] || echo "$f: $n lines, more than $most"
	case $f in
	examples/*) ;; # a program there is one file, so that it can be copied
	*) [ "$n" -le 800 ] || { echo "$f: $n lines: two files"; status=1; } ;;
	esac
	awk -v f="$f" '
		/^{/ { begin = NR; name = before }
		/^}/ && begin { if (NR - begin > 61) print f ":" begin ": function of " NR - begin - 1 " lines: " name; begin = 0 }
		/^[a-z].*\(/ { before = $0; sub(/\(.*/, "", before); sub(/.*[ *]/, "", before) }
		{ s = $0; while (match(s, /\t/)) { pad = 8 - (RSTART - 1) % 8; s = substr(s, 1, RSTART - 1) sprintf("%*s", pad, "") substr(s, RSTART + 1) }
		  if (length(s) > 120) print f ":" NR ": " length(s) " columns" }' "$f"
done
exit $status

#!/bin/sh
# help.sh - --help and the manual agree: each long option that `TOOL --help` or `TOOL COMMAND --help` shows is in the
# manual as `Fl -NAME`, and each `.It Fl -NAME` of the manual is shown by one of them.
set -u

status=0
for m in tools/*.1; do
	[ -e "$m" ] || continue
	name=${m#tools/}
	name=${name%.1}
	tool=$CD4ML_BUILD/$name
	[ -x "$tool" ] || { echo "$m: $name is not built"; status=1; continue; }
	help=$("$tool" --help) || { echo "$name --help fails"; status=1; continue; }
	# Commands stand under "Commands", indented by two blanks.
	for c in $(printf '%s\n' "$help" | awk '/^Commands/ { on = 1; next } /^[^ ]/ { on = 0 } on && /^  [a-z]/ { print $1 }'); do
		help="$help
$("$tool" "$c" --help)" || { echo "$name $c --help fails"; status=1; }
	done
	shown=$(printf '%s\n' "$help" | sed 's/--\[no-\]/--/' | sed -n 's/^ \{1,8\}\(-., \)\{0,1\}\(--[a-z][a-z0-9-]*\).*/\2/p' | sort -u)
	for o in $shown; do
		grep -Eq -- "Fl -${o#--}([^a-z0-9-]|\$)" "$m" || { echo "$m: $o of --help is missing"; status=1; }
	done
	# shellcheck disable=SC2013 # words are wanted
	for o in $(grep '^\.It ' "$m" | grep -Eo 'Fl -[a-z][a-z0-9-]*' | sed 's/Fl -/--/' | sort -u); do
		case $o in --no-*) flag=--${o#--no-} ;; *) flag=$o ;; esac
		printf '%s\n' "$shown" | grep -Eqx -- "$o|$flag" || { echo "$m: $o is not in --help"; status=1; }
	done
done
exit $status

#!/bin/sh
# layers.sh - who includes whom. A folder of lib includes only itself and folders of earlier lines of lib/LAYERS,
# never one beside it; includes name the folder; headers of a folder do not include each other in a circle;
# no .c is included; tools include nothing of other tools, and lib nothing of tools or tests.
set -u

found=$(
	{
		cat lib/LAYERS
		echo ---
		grep -n '^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"' lib/*.h lib/*/*.[ch] tools/*.[ch] 2>/dev/null
	} | awk '
	$0 == "---" && !body { body = 1; next }
	!body { for (i = 1; i <= NF; i++) { layer[$i] = NR; folder[$i] = 1 }; next }
	{
		file = $0; sub(/:.*/, "", file)
		place = $0; sub(/:[ \t]*#.*/, "", place)
		inc = $0; sub(/^[^"]*"/, "", inc); sub(/".*/, "", inc)
		n = split(file, part, "/")
		from = n == 3 ? part[2] : ""
		if (inc ~ /\.c$/) print place ": includes a .c file: " inc
		if (part[1] == "tools") {
			if (inc !~ /^[a-z0-9]+\/[a-z0-9_]+\.h$/) print place ": a tool includes \"" inc "\", not folder/file.h of lib"
			next
		}
		if (inc == "cd4ml.h") next
		if (inc !~ /\//) { print place ": \"" inc "\" does not name its folder"; next }
		to = inc; sub(/\/.*/, "", to)
		if (!(to in layer)) { print place ": folder \"" to "\" is not in lib/LAYERS"; next }
		if (from == "") next # lib/cd4ml.h
		if (!(from in layer)) { print place ": folder \"" from "\" is not in lib/LAYERS"; next }
		if (to != from && layer[to] >= layer[from])
			print place ": " from " (layer " layer[from] ") must not include " to " (layer " layer[to] ")"
	}'
)
# Circles among headers: with their guards they compile, in one order.
circles=$(
	grep -H '^[[:blank:]]*#[[:blank:]]*include[[:blank:]]*"' lib/*/*.h 2>/dev/null | awk '
	function module(s) {
		sub(/^lib\//, "", s); sub(/\.h$/, "", s)
		return s
	}
	{
		file = $0; sub(/:.*/, "", file); inc = $0; sub(/^[^"]*"/, "", inc); sub(/".*/, "", inc)
		a = module(file); b = module(inc)
		split(a, x, "/"); split(b, y, "/")
		if (a != b && x[1] == y[1]) print b, a
	}' | sort -u | tsort 2>&1 >/dev/null | sed 's/^tsort: -: /headers that include each other: /; s/^tsort: //'
)
[ -z "$found$circles" ] || { printf '%s\n' "$found" "$circles" | sed '/^$/d'; exit 1; }

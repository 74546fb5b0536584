#!/bin/sh
# symbols.sh - names of what lib exports, and its state.
#
# A symbol of lib/FOLDER/FILE.c begins with FOLDER_THING_, where THING is a file of the folder, the last word of
# FILE, or a struct or enum FOLDER_THING (FOLDER alone too) of the folder's headers; in base with FILE_. Other
# beginnings that are meant are in symbols.txt: `FOLDER/FILE PREFIX`. No variable can be changed, exported or
# static, but those in symbols.txt: `FOLDER/FILE state NAME`.
set -u

{
	cat tests/lint/symbols.txt
	for h in lib/*/*.h; do
		folder=${h#lib/}
		folder=${folder%/*}
		[ "$folder" != base ] || continue
		stem=${h##*/}
		echo "$folder/* ${folder}_${stem%.h}_"
		echo "$folder/* ${folder}_${stem%.h}"
		sed -n "s/^ *\(struct\|enum\) \(${folder}\(_[a-z0-9_]*\)\{0,1\}\) *[{;].*/$folder\/* \2_/p" "$h"
	done
	echo ---
	for o in "$CD4ML_BUILD"/lib/*/*.o; do
		m=${o#"$CD4ML_BUILD"/lib/}
		m=${m%.o}
		[ -e "lib/$m.c" ] || continue # left from a source that is gone
		nm -f sysv --defined-only "$o" | sed "s|^|$m\||"
	done
} | awk -F '|' '
	$0 == "---" && !body { body = 1; FS = "|"; next }
	!body {
		if ($0 !~ /^#/ && split($0, w, /[ \t]+/) >= 2) { if (w[2] == "state") state[w[1] " " w[3]] = 1; else also[w[1]] = also[w[1]] " " w[2] }
		next
	}
	NF >= 8 {
		name = $2; class = $4; section = $8
		gsub(/[ \t]/, "", name); gsub(/[ \t]/, "", class); gsub(/[ \t]/, "", section)
		if (name ~ /^\.|^__(odr_|asan|sanc|llvm|gcov|tsan|ubsan)|^_sub_|^\$/) next
		if (section ~ /^(\.bss|\.data|\.tbss|\.tdata|\*COM\*)$/ || section ~ /^\.(bss|data)\.[^r]/) {
			plain = name; sub(/\.[0-9]+$/, "", plain)
			if (!($1 " " plain in state)) { print "lib/" $1 ".c: state that can be changed: " plain; bad = 1 }
		}
		if (class !~ /^[TDBRVWC]$/) next
		split($1, p, "/"); file = p[2]
		sub(/_(scalar|sse42|avx2|avx512|neon)$/, "", file)
		prefix = p[1] == "base" ? file : p[1] "_" file
		last = file; sub(/.*_/, "", last)
		good = index(name, prefix "_") == 1 || name == prefix || (p[1] != "base" && index(name, p[1] "_" last "_") == 1)
		n = split(also[$1] also[p[1] "/" file] also[p[1] "/*"], w, " ")
		for (i = 1; i <= n; i++)
			if (index(name, w[i]) == 1) good = 1
		if (!good) { print "lib/" $1 ".c: " name " does not begin with " prefix "_, or " p[1] "_ and a thing of that folder"; bad = 1 }
	}
	END { exit bad }'

#!/bin/sh
# headers.sh - each header compiles alone and twice, guarded by CD4ML_FOLDER_FILE_H; lib/cd4ml.h as C++ too.
set -u

flags="-Ilib -D_POSIX_C_SOURCE=200809L $(pkg-config --cflags jansson libcrypto libcurl yaml-0.1 expat zlib 2>/dev/null)"
status=0
for h in lib/*.h lib/*/*.h; do
	[ -e "$h" ] || continue
	name=${h#lib/}
	# shellcheck disable=SC2086 # flags are words
	printf '#include "%s"\n#include "%s"\nextern int x;\n' "$name" "$name" |
		${CC:-cc} $flags -std=c11 -Wall -Wextra -Wstrict-prototypes -Werror -fsyntax-only -x c - || {
		echo "$h: does not compile alone"
		status=1
	}
	guard=CD4ML_$(printf '%s' "${name%.h}" | tr 'a-z/-' 'A-Z__')_H
	[ "$name" != cd4ml.h ] || guard=CD4ML_H
	grep -q "^#ifndef $guard\$" "$h" || {
		echo "$h: not guarded by $guard"
		status=1
	}
done
if [ -e lib/cd4ml.h ]; then
	cxx=$(command -v c++ || command -v g++ || command -v clang++)
	if [ -n "$cxx" ]; then
		# shellcheck disable=SC2086
		echo '#include "cd4ml.h"' | "$cxx" $flags -Wall -Wextra -Werror -fsyntax-only -x c++ - || {
			echo "lib/cd4ml.h: does not compile as C++"
			status=1
		}
	fi
fi
exit $status

#!/bin/sh
# banned.sh - functions that nobody calls, by the undefined symbols of the objects.
#
# Nowhere: what has no bound, no state of its own, no thread safety, or runs a shell. In lib, but for those that
# banned.txt names (`FOLDER/FILE FUNCTION`): what prints, ends the process, reads the environment, and memory that
# is not from base/mem, which tells about its failure.
set -u

{
	cat tests/lint/banned.txt
	echo ---
	for o in "$CD4ML_BUILD"/lib/*/*.o "$CD4ML_BUILD"/tools/*.o; do
		m=${o#"$CD4ML_BUILD"/}
		[ -e "${m%.o}.c" ] || continue
		nm --undefined-only "$o" | sed "s|^ *U *|${m%.o} |"
	done
} | awk '
	BEGIN {
		n = split("strcpy strcat sprintf vsprintf strtok strncpy strncat atoi atol atoll atof rand srand random drand48 " \
			"localtime gmtime ctime asctime system popen gets scanf sscanf fscanf tmpnam tempnam mktemp setjmp longjmp " \
			"alloca getwd setlocale", w, " ")
		for (i = 1; i <= n; i++) never[w[i]] = 1
		n = split("exit _exit abort printf vprintf puts putchar perror fprintf vfprintf fputs fputc putc stdout stderr " \
			"getenv secure_getenv setenv putenv signal sigaction " \
			"malloc calloc realloc strdup strndup aligned_alloc posix_memalign asprintf vasprintf", w, " ")
		for (i = 1; i <= n; i++) not_lib[w[i]] = 1
	}
	$0 == "---" && !body { body = 1; next }
	!body { if ($0 !~ /^#/ && NF >= 2) pass[$1 " " $2] = 1; next }
	{
		f = $2; sub(/^__isoc(99|23)_/, "", f); sub(/^__/, "", f); sub(/_chk$/, "", f)
		m = $1; sub(/^lib\//, "", m)
		if (f in never) { print $1 ".c: calls " f "()"; bad = 1 }
		else if (f in not_lib && $1 ~ /^lib\// && !((m " " f) in pass) && !((m " *") in pass)) { print $1 ".c: calls " f "(): not in a library"; bad = 1 }
	}
	END { exit bad }'

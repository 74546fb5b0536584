#!/bin/sh
# format.sh - the C files are as `make format` leaves them. Releases of clang-format differ: 14 decides.
set -u

f=$(command -v clang-format-14 || command -v clang-format) || { echo "clang-format is not installed"; exit 77; }
case $("$f" --version) in
*' version 14.'*) ;;
*) echo "$("$f" --version): 14 is wanted"; exit 77 ;;
esac
# shellcheck disable=SC2046 # our names have no blanks
bad=$("$f" --dry-run --Werror $(git ls-files --cached --others --exclude-standard '*.c' '*.h') 2>&1 | sed -n 's/: error: .*//p' | cut -d: -f1 | sort | uniq -c)
[ -z "$bad" ] || { echo "not as \`make format\` leaves it (places, file):"; echo "$bad"; exit 1; }

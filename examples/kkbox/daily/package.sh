#!/bin/sh
# package.sh FUNCTION.zip - the daily job as a package for AWS Lambda (runtime provided.al2023, handler ignored).
#
# Run it where the programs were built for that system (in its image, say). In it are bootstrap, daily.sh, the tools
# that they call, and the shared libraries of these that the runtime has not got. git, and flock where it is
# missing, come from a layer.
set -eu

[ $# -eq 1 ] || { echo 'usage: package.sh FUNCTION.zip' >&2; exit 2; }
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin" "$dir/lib"

cp "$here/bootstrap" "$here/daily.sh" "$dir/"
chmod 755 "$dir/bootstrap"
for tool in cas-hash csv-merge data-check s3-sync; do
	path=$(command -v $tool) || { echo "package.sh: $tool is not on PATH" >&2; exit 2; }
	strip -o "$dir/bin/$tool" "$path"
	# OpenSSL, zlib, expat belong to the runtime, and so does libcurl, which the tools load when they need it
	ldd "$path" | sed -n 's/.*=> \(.*lib\(jansson\|yaml\)[^ ]*\) .*/\1/p'
done | sort -u | while read -r lib; do cp -L "$lib" "$dir/lib/"; done

rm -f "$out"
(cd "$dir" && zip -q -9 -r "$out" .)

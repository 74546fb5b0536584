# cas-hash.sh - adding and looking again: many small files, one large file, a folder of large ones.
# shellcheck shell=sh
# shellcheck disable=SC2034 # BEFORE is read by frame.sh

# At scale 1: 20,000 small files, and 1.5 GB. Each run has a folder of its own, and all go at the end: ext4
# does not use a removed file's inode again for a minute, and searches long for others.
n=$(awk -v s="$BENCH_SCALE" 'BEGIN { n = int(20000 * s); print n < 200 ? 200 : n }')
kb=$(awk -v s="$BENCH_SCALE" 'BEGIN { kb = int(1465000 * s); print kb < 1000 ? 1000 : kb }')
run=0
case ${PEER_DVC-} in '') dvc= ;; *) dvc="dvc $("$PEER_DVC" --version)" ;; esac

# fresh DATA INIT - a new folder `work` with DATA in it, a git repository and what INIT makes
fresh() {
	run=$((run + 1))
	rm -f work
	mkdir "work.$run" && ln -s "work.$run" work && cp -r "proto/$1" work/data
	(cd work && git init -q && eval "$2")
	sync
}

# add_both DATA - adds it with us and with DVC, and looks at it with what bounds both
add_both() {
	BEFORE="fresh $1 'cas-hash init'"
	ours "add" "cd work && cas-hash add data"
	BEFORE="fresh $1 true"
	peer "cp -r (a copy alone)" "cp -r proto/$1 work/copy"
	peer "md5sum (the hashes alone)" "find proto/$1 -type f -exec md5sum {} +"
	if [ -n "$dvc" ]; then
		BEFORE="fresh $1 \"'$PEER_DVC' init -q\""
		peer "$dvc add" "cd work && '$PEER_DVC' add -q data"
	else
		skip "dvc add" "no CD4ML_INTEROP_VENV with dvc"
	fi
	BEFORE=
}

mkdir -p proto/many proto/large || return 1
awk -v n="$n" 'BEGIN { for (i = 0; i < n; i++) { f = sprintf("proto/many/%06d.txt", i); print i, i * i > f; close(f) } }'
dd if=/dev/urandom of=proto/one bs=1024 count="$kb" 2>/dev/null || return 1
for i in 1 2 3 4 5 6 7 8; do dd if=/dev/urandom of=proto/large/$i bs=1024 count=$((kb / 8)) 2>/dev/null || return 1; done
handicap "dvc starts a Python interpreter each time, about half a second"

title "cas-hash add: a folder of $n small files"
add_both many
report
title "cas-hash status: nothing changed in $n small files"
fresh many 'cas-hash init && cas-hash add data' >/dev/null 2>&1
ours "status" "cd work && cas-hash status"
peer "find -size (a stat each)" "find work/data/ -size +1M"
[ -z "$dvc" ] || peer "$dvc status" "cd work && '$PEER_DVC' status -q"
report
title "cas-hash add: one file of $kb KB"
add_both one
report
title "cas-hash add: a folder of 8 files, $kb KB"
add_both large
rm -rf work work.*

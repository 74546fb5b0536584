# cas-hash.sh - adding and looking again at a large file and many small ones.
# shellcheck shell=sh

n=$(awk -v s="$BENCH_SCALE" 'BEGIN { n = int(100000 * s); print n < 100 ? 100 : n }')
title "cas-hash add: train.csv and a folder of $n files (scale $BENCH_SCALE)"
handicap "dvc starts a Python interpreter each time, about half a second"
kkbox || return 1
mkdir proto && cp -L train.csv proto/ && mkdir proto/many || return 1
awk -v n="$n" 'BEGIN { for (i = 0; i < n; i++) { f = sprintf("proto/many/%06d.txt", i); print i, i * i > f; close(f) } }'
fresh='chmod -R u+w work 2>/dev/null; rm -rf work; cp -r proto work; cd work && git init -q && '
BEFORE="($fresh cas-hash init)"
ours "add" "cd work && cas-hash add train.csv many"
if [ -n "${PEER_DVC-}" ]; then
	BEFORE="($fresh '$PEER_DVC' init)"
	peer "dvc $("$PEER_DVC" --version) add" "cd work && '$PEER_DVC' add -q train.csv many"
else
	skip "dvc add" "no CD4ML_INTEROP_VENV with dvc"
fi
# shellcheck disable=SC2034 # read by frame.sh
BEFORE=
report
title "cas-hash status: nothing changed"
(eval "$fresh cas-hash init && cas-hash add train.csv many") >/dev/null 2>&1
ours "status" "cd work && cas-hash status"
[ -z "${PEER_DVC-}" ] || peer "dvc status" "cd work && '$PEER_DVC' status -q"

# frame.sh - what a comparison calls; sourced by run.sh in the comparison's empty folder. POSIX sh.
# shellcheck shell=sh

# title TEXT - what is compared, on what
title() {
	printf '\n%s\n' "$*"
	: >.results
}

# handicap TEXT - what is unequal between ours and a peer
handicap() {
	echo "  handicap: $*"
}

skip() {
	echo "$1|skipped: $2" >>.results
}

ours() {
	_measure "ours: $1" "$2"
}

peer() {
	_measure "$1" "$2"
}

# Best wall and processor time in ms, most memory in KB of BENCH_RUNS runs; of one run only if that took more than 5 s.
# BEFORE, if set, is run before each, untimed.
_measure() {
	_best='' _memory=0 _cpu=''
	_i=0
	while [ "$_i" -lt "$BENCH_RUNS" ]; do
		_i=$((_i + 1))
		eval "${BEFORE:-:}" >/dev/null 2>&1
		if ! _took=$("${PYTHON:-python3}" "$BENCH_ROOT/tests/bench/measure.py" "$2" 2>.log); then
			echo "$1|failed: $(tail -n 1 .log | cut -c 1-70)" >>.results
			return 0
		fi
		_ms=${_took%% *} _rest=${_took#* }
		[ "${_rest% *}" -le "$_memory" ] || _memory=${_rest% *}
		if [ -z "$_cpu" ] || [ "${_rest#* }" -lt "$_cpu" ]; then _cpu=${_rest#* }; fi
		if [ -z "$_best" ] || [ "$_ms" -lt "$_best" ]; then _best=$_ms; fi
		[ "$_ms" -le 5000 ] || break
	done
	echo "$1|$_best|$_memory|$_cpu" >>.results
}

report() {
	awk -F '|' '
	{ name[NR] = $1; ms[NR] = $2; kb[NR] = $3; cpu[NR] = $4; if ($1 ~ /^ours/ && !base && $2 + 0 > 0) base = $2 }
	END {
		printf "  %-34s %10s %8s %10s %10s\n", "", "seconds", "x ours", "cpu s", "MB"
		for (i = 1; i <= NR; i++) {
			if (ms[i] !~ /^[0-9]+$/) { printf "  %-34s %s\n", name[i], ms[i]; if (name[i] ~ /^ours/) bad = 1; continue }
			printf "  %-34s %10.3f %8s %10.3f %10.0f\n", name[i], ms[i] / 1000, base ? sprintf("%.1f", ms[i] / base) : "-", cpu[i] / 1000, kb[i] / 1024
		}
		exit bad
	}' .results
}

# kkbox - links the generated KKBox-shaped tables of BENCH_SCALE into this folder
kkbox() {
	_data=$BENCH_INPUT/kkbox-$BENCH_SCALE
	if [ ! -e "$_data/complete" ]; then
		mkdir -p "$_data"
		"$BENCH_BUILD/kkbox-data" --scale "$BENCH_SCALE" --seed 1 "$_data" >/dev/null && : >"$_data/complete" || return 1
	fi
	for _f in train test songs members; do ln -s "$_data/$_f.csv" .; done
}

# python_peer NAME MODULE FILE.py - a peer that is a Python program of this folder
python_peer() {
	if [ -z "${PEER_PYTHON-}" ]; then
		skip "$1" "no CD4ML_INTEROP_VENV"
	elif ! "$PEER_PYTHON" -c "import $2" 2>/dev/null; then
		skip "$1" "not in $PEER_PYTHON"
	else
		_version=$("$PEER_PYTHON" -c "import $2; print($2.__version__)")
		peer "$1 $_version" "'$PEER_PYTHON' $3"
	fi
}

#!/usr/bin/env bats
# Every tool survives every allocation that fails: it ends with 3 and says that memory ran out, or does without; it
# leaves nothing behind and no half-written file; under ASan (make asan) it leaks nothing.
#
# The command lines are those that the tools' own tests call good; more stand in `more` below.

load helper

MOST=${OOM_MOST:-400} # runs of one command line; beyond, a sample

# Further command lines, by tool, in the folder that `good` has filled; each makes what it needs, and sets good_args.
more() {
	case $1 in
	csv-encode)
		printf 't,n,d,y\na,1,20170102,0\nb,,20180203,1\na,3,20190304,0\n' >in.csv
		good_args=(--fit new.json --fill-text u --fill-number 0 --date d --codes-text --drop n in.csv)
		;;
	csv-join)
		printf 'a,b\n1,x\n2,y\n1,z\n' >l.csv
		printf 'a,c\n1,p\n2,"q"\n' >r.csv
		printf 'b,e\nx,5\n' >s.csv
		good_args=(l.csv --full a r.csv --inner b s.csv --report report.json --memory 1)
		;;
	csv-merge)
		printf 'k,v\nb,1\na,1\n' >a.csv
		printf 'v,k\n2,a\n3,c\n' >b.csv
		good_args=(a.csv b.csv --key k --duplicates last --sort-by k)
		;;
	csv-split)
		printf 'k,v\na,1\nb,2\na,3\n' >t.csv
		good_args=(t.csv --by k -o 'part-%s.csv')
		;;
	rf-train | gbt-train)
		awk 'BEGIN { print "x,c,y"; for (i = 0; i < 200; i++) print i * 7 % 31 "," substr("abc", i % 3 + 1, 1) "," (i * 7 % 31 > 15) }' >t.csv
		good_args=(--target y --trees 2 --min-samples-leaf 5 --class-weight 0:2,1:3 -o model.json t.csv)
		;;
	model-eval)
		awk 'BEGIN { print "x,c,y"; for (i = 0; i < 60; i++) print i * 7 % 31 "," substr("abc", i % 3 + 1, 1) "," (i * 7 % 31 > 15) }' >t.csv
		gbt-train --target y --trees 2 --min-samples-leaf 5 -o model.json t.csv
		good_args=(predict model.json t.csv --keep x,y)
		;;
	*) return 1 ;;
	esac
}

# Names and sums of the files here.
state() {
	find . -type f | sort | while IFS= read -r f; do cksum "$f"; done
}

# survives TOOL ARG... - in the current folder, again and again, in a copy of it
survives() {
	local n=0 step status here=$PWD

	while :; do
		step=$((n < MOST / 2 ? 1 : 1 + n / 40))
		n=$((n + step))
		rm -rf ../run
		cp -r "$here" ../run
		cd ../run || return
		status=0
		CD4ML_TEST_FAIL_ALLOC=$n timeout 60 "$BUILD/oom/$1" "${@:2}" </dev/null >../out 2>../err 9>../failed || status=$?
		cd "$here" || return
		[ -s ../failed ] || break # it did not come to n allocations
		if [ $status -gt 3 ] || [ $status -eq 2 ]; then
			echo "$*: allocation $n refused: exit status $status"
			head -n 20 ../err
			return 1
		fi
		if [ $status -eq 3 ]; then
			grep -q 'memory' ../err || { echo "$*: allocation $n refused: no word of memory"; head -n 3 ../err; return 1; }
			if find ../run -name '.*.tmp.*' | grep .; then
				echo "$*: allocation $n refused: leaves a temporary file"
				return 1
			fi
		fi
	done
	if [ $status -gt 1 ]; then
		echo "$*: not a good command line: exit status $status"
		head -n 3 ../err
		return 1
	fi
	echo "$n allocations: $*"
}

# One tool on its command lines, in one thread where it has any.
check_tool() {
	local name=$1 good_args=() good_commands=() threads=()

	mkdir -p "$BATS_TEST_TMPDIR/$name/in"
	cd "$BATS_TEST_TMPDIR/$name/in" || return
	# The functions of the tool's own tests, its tests left out.
	# shellcheck disable=SC1090
	source <(sed 's/^@test .*{$/_not_run() {/; /^load helper$/d; s/^setup()/_not_run()/; s/^teardown()/_not_run()/' "$ROOT/tests/$name.bats")
	good
	if _contract_help_of_good "$name" | grep -q -- '-j, --threads'; then
		threads=(-j 1)
	fi
	survives "$name" "${good_args[@]}" "${threads[@]}" || return
	if more "$name"; then
		survives "$name" "${good_args[@]}" "${threads[@]}" || return
	fi
}

@test "each allocation of each tool may fail" {
	local t name broken=0

	for t in "$ROOT"/tools/*.c; do
		name=$(basename "$t" .c)
		grep -q '^good() {' "$ROOT/tests/$name.bats" 2>/dev/null || continue
		(check_tool "$name") || broken=1
	done
	[ $broken -eq 0 ]
}

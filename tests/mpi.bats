# Several processes: only in a build with MPI=1 (make MPI=1 check T=mpi).

load helper

setup() {
	scratch
	command -v mpirun >/dev/null || skip "no mpirun"
	ldd "$(command -v gbt-train)" | grep libmpi >/dev/null || skip "not built with MPI=1"
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0 # Open MPI's own
	export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 # containers of tests
}

processes() {
	mpirun --oversubscribe -n "$@" -j 1 </dev/null
}

# Four tables; the texts of `late` are numbers in the first two, and not all texts are in each.
parts() {
	awk 'BEGIN { srand(3); for (i = 0; i < 2000; i++) {
		f = "p" int(i / 500) + 1 ".csv"
		if (i % 500 == 0) print "a,b,t,late,w,cls,y,n" >f
		a = rand(); b = int(rand() * 30); k = int(rand() * rand() * 40); s = 2 * a + b % 5 / 3 + k % 3 - 2 + rand()
		print (rand() < .05 ? "" : a) "," b ",t" k + int(i / 500) * 5 "," (i < 1000 ? b : "x" b) "," 1 + i % 3 "," \
			(k % 3 ? "high" : s > 0 ? "mid" : "low") "," s "," int(s * s) >f } }'
}

# same_model OPTIONS... - one process with 2 threads and 2 and 4 processes make the same model, metrics and importance
same_model() {
	local tool=$1 n

	shift
	rm -f one.* many.*
	"$tool" "$@" -j 2 --metrics one.metrics --importance one.importance -o one.json p?.csv
	for n in 2 4; do
		processes $n "$tool" "$@" --metrics many.metrics --importance many.importance -o many.json p?.csv
		cmp many.json one.json
		cmp many.importance one.importance
		same "$(jq 'del(.processes)' many.metrics | md5sum)" "$(jq . one.metrics | md5sum)"
	done
}

@test "two and four processes make the model of one, to the byte" {
	parts
	while read -r options; do
		# shellcheck disable=SC2086 # several options
		same_model gbt-train --trees 6 $options
	done <<-END
	--target y --drop cls,n,w
	--target y --drop cls,n --weight w --subsample 0.3 --sampling-method gradient_based
	--target cls --drop y,n,w --class-weight balanced --subsample 0.6
	--target n --objective poisson --drop y,cls,w --max-leaves 0 --max-depth 5 --colsample-bynode 0.5
	--target y --drop cls,n,w --monotone a:1 --interaction a,t --mtry 2 --max-bin 20
	--target y --drop cls,n,w --objective l1
	--target y --drop cls,n --weight w --objective quantile --quantile-alpha 0.9 --monotone a:1
	--target y --drop cls,n,w --objective huber --huber-slope 0.5
	END
}

@test "a forest, too, with its out-of-bag score" {
	parts
	while read -r options; do
		# shellcheck disable=SC2086 # several options
		same_model rf-train --trees 5 --min-samples-leaf 3 --oob-score $options
	done <<-END
	--target y --drop cls,n,w
	--target y --drop cls,n --weight w --no-bootstrap --subsample 0.6
	--target cls --drop y,n --weight w
	--target cls --drop y,n,w --class-weight balanced --max-leaves 50
	END
}

@test "a process without rows takes part" {
	parts
	head -n 1 p1.csv >p5.csv
	for options in "gbt-train --target y --drop cls,n,w --objective l1" "gbt-train --target cls --drop y,n,w --cv 2 --metrics many.json" \
		"rf-train --target y --drop cls,n,w --oob-score --metrics many.json"; do
		rm -f many.json
		# shellcheck disable=SC2086 # several options
		$options --trees 4 -o one.ubj p1.csv p2.csv
		[ ! -e many.json ] || mv many.json one.json
		# shellcheck disable=SC2086
		processes 3 $options --trees 4 -o many.ubj p1.csv p2.csv p5.csv
		cmp many.ubj one.ubj
		[ ! -e many.json ] || same "$(jq 'del(.processes)' many.json | md5sum)" "$(jq . one.json | md5sum)"
	done
}

@test "rankings, of groups that are whole in one process" {
	for f in 1 2 3 4; do
		awk -v f=$f 'BEGIN { srand(f); print "q,x,z,rel"; for (i = 0; i < 300; i++) { x = rand()
			print "q" f "-" int(rand() * 20) "," x "," rand() "," int(x * 3 + rand() * 2) } }' >p$f.csv
	done
	same_model gbt-train --target rel --group q --objective ranking --trees 6
	sed -i 's/q1-3,/q4-3,/' p1.csv
	run -2 --separate-stderr processes 2 gbt-train --target rel --group q --objective ranking -o m.json p?.csv
	contains "$stderr" "column 'q': group 'q4-3' is in the tables of 2 processes; cut the tables between groups"
	[ ! -e m.json ]
}

@test "folds and their metrics are those of one process" {
	parts
	while read -r tool options; do
		# shellcheck disable=SC2086 # several options
		{
			"$tool" --trees 4 --cv 3 $options -o m.json --metrics one.json p?.csv
			processes 4 "$tool" --trees 4 --cv 3 $options -o n.json --metrics many.json p?.csv
		}
		cmp many.json one.json
		cmp m.json n.json
	done <<-END
	gbt-train --target cls --drop y,n,w
	gbt-train --target y --drop cls,n --weight w --objective l1
	gbt-train --target y --drop cls,w --group t
	gbt-train --target n --drop y,cls,w --trees 30 --learning-rate 0.5 --early-stopping 2
	rf-train --target y --drop cls,n,w
	END
	same "$(processes 2 gbt-train --trees 4 --cv 3 --target y --drop cls,n,w p?.csv)" "$(gbt-train --trees 4 --cv 3 --target y --drop cls,n,w p?.csv)"
}

@test "processes that were killed go on to the same bytes, also as another number of them" {
	parts
	for tool in gbt-train rf-train; do
		cmd=("$tool" --target y --drop cls,n,w --trees 200 --max-leaves 50 --checkpoint c.ubj --checkpoint-every 1)
		"$tool" --target y --drop cls,n,w --trees 200 --max-leaves 50 --metrics one.metrics -o one.ubj p?.csv
		mpirun --oversubscribe -n 4 "${cmd[@]}" -j 1 -o many.ubj p?.csv </dev/null 2>/dev/null 3>&- &
		for _ in {1..1500}; do # until it has trees
			[ "$(stat -c %s c.ubj 2>/dev/null || echo 0)" -lt 5000 ] || break
			sleep 0.02
		done
		pkill -9 -P $! # the processes that mpirun has started
		run ! wait $!
		[ ! -e many.ubj ]
		rm -f many.ubj.* .many.ubj* # what a killed process cannot remove
		run -0 --separate-stderr processes 3 "${cmd[@]}" -v --metrics many.metrics -o many.ubj p?.csv
		contains "$stderr" "going on behind "
		cmp many.ubj one.ubj
		same "$(jq 'del(.processes)' many.metrics | md5sum)" "$(jq . one.metrics | md5sum)"
		[ ! -e c.ubj ]
		rm many.ubj
	done
}

@test "a model is gone on with by several processes" {
	parts
	for tool in gbt-train rf-train; do
		"$tool" --target y --drop cls,n,w --trees 3 -o three.ubj p?.csv
		"$tool" --target y --drop cls,n,w --trees 6 -o one.ubj p?.csv
		processes 2 "$tool" --target y --drop cls,n,w --trees 6 --resume three.ubj -o many.ubj p?.csv
		cmp many.ubj one.ubj
	done
}

@test "a valid table stops all processes at the same round; the first one writes" {
	parts
	opts=(--target y --drop cls,n,w --trees 200 --learning-rate 0.5 --valid p4.csv --early-stopping 3 --importance)
	gbt-train "${opts[@]}" i.json --metrics one.json -o one.ubj p1.csv p2.csv p3.csv
	processes 3 gbt-train "${opts[@]}" j.json --metrics many.json -o many.ubj p1.csv p2.csv p3.csv
	cmp many.ubj one.ubj
	cmp i.json j.json
	same "$(jq 'del(.processes)' many.json | md5sum)" "$(jq . one.json | md5sum)"
	jq -e '.processes | .n == 3 and .bytes_sent > .bytes_sent_per_tree and .bytes_sent_per_tree > 1000' many.json
}

@test "what several processes cannot do is refused" {
	parts
	run -2 --separate-stderr processes 2 gbt-train --target y p1.csv
	contains "$stderr" "1 tables are too few for 2 processes; cut them with csv-split --parts"
	run -2 --separate-stderr processes 2 rf-train --target y --drop cls,n,w --permutation --importance i.json p1.csv p2.csv
	contains "$stderr" "--permutation of a forest shuffles the rows of one process only; run it without mpirun"
	sed '1s/^a,b/b,a/' p2.csv >o.csv
	run -2 --separate-stderr processes 2 gbt-train --target y --drop cls,n,w p1.csv o.csv
	contains "$stderr" "the tables of the processes have different columns"
}

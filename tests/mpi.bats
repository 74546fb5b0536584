# Several processes: only in a build with MPI=1 (make MPI=1 check T=mpi).

load helper

setup() {
	scratch
	command -v mpirun >/dev/null || skip "no mpirun"
	ldd "$(command -v gbt-train)" | grep libmpi >/dev/null || skip "not built with MPI=1"
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

@test "two and four processes make the model of one, to the byte" {
	parts
	while read -r options; do
		# shellcheck disable=SC2086 # several options
		gbt-train --trees 8 $options -j 2 -o one.json p?.csv
		for n in 2 4; do
			rm -f many.json
			# shellcheck disable=SC2086
			processes $n gbt-train --trees 8 $options -o many.json p?.csv
			same "$(md5sum <many.json)" "$(md5sum <one.json)"
		done
	done <<-END
	--target y --drop cls,n,w
	--target y --drop cls,n --weight w --subsample 0.3 --sampling-method gradient_based
	--target cls --drop y,n,w --class-weight balanced --subsample 0.6
	--target n --objective poisson --drop y,cls,w --max-leaves 0 --max-depth 5 --colsample-bynode 0.5
	--target y --drop cls,n,w --monotone a:1 --interaction a,t --mtry 2 --max-bin 20
	END
}

@test "a valid table stops all processes at the same round; the first one writes" {
	parts
	opts=(--target y --drop cls,n,w --trees 200 --learning-rate 0.5 --valid p4.csv --early-stopping 3 --importance i.json)
	gbt-train "${opts[@]}" -o one.json p1.csv p2.csv p3.csv
	cp i.json j.json
	processes 3 gbt-train "${opts[@]}" --metrics m.json -o many.json p1.csv p2.csv p3.csv
	same "$(md5sum <many.json)" "$(md5sum <one.json)"
	same "$(md5sum <i.json)" "$(md5sum <j.json)"
	jq -e '.final | has("valid") and (has("train") | not)' m.json
}

@test "what several processes cannot do is refused" {
	parts
	run -2 --separate-stderr processes 2 gbt-train --target y p1.csv
	contains "$stderr" "1 tables are too few for 2 processes; cut them with csv-split --parts"
	run -2 --separate-stderr processes 2 gbt-train --target y --drop cls,n,w --cv 3 p1.csv p2.csv
	contains "$stderr" "--cv runs by one process only; run it without mpirun"
	run -2 --separate-stderr processes 2 gbt-train --target y --drop cls,n,w --objective l1 p1.csv p2.csv
	contains "$stderr" "by one process only"
	run -2 --separate-stderr processes 2 rf-train --target y --drop cls,n,w p1.csv p2.csv
	contains "$stderr" "a forest is grown by one process only"
	sed '1s/^a,b/b,a/' p2.csv >o.csv
	run -2 --separate-stderr processes 2 gbt-train --target y --drop cls,n,w p1.csv o.csv
	contains "$stderr" "the tables of the processes have different columns"
}

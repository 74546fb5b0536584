# --checkpoint and --resume of both learners: what a break leaves, and that nobody sees it in the model.

load helper

# 400 rows: y follows x and the text t; z is noise; some cells are empty.
table() {
	awk -v seed="${1:-1}" -v rows="${2:-400}" 'BEGIN {
		srand(seed)
		print "x,t,z,w,y,kind,value"
		split("red green blue grey", name, " ")
		for (i = 0; i < rows; i++) {
			x = rand(); k = int(rand() * 4) + 1
			s = 3 * x + (k % 2) + rand() - 2
			printf "%s,%s,%.3f,%d,%d,%s,%.4f\n", (rand() < .1 ? "" : sprintf("%.4f", x)), \
				(rand() < .05 ? "" : name[k]), rand(), 1 + i % 3, (s > 0), \
				(s > 1 ? "high" : s > 0 ? "mid" : "low"), s
		}
	}'
}

# Runs the command with --checkpoint until it is through, but kills it after random times at first.
kill_it() {
	local kills=0 delay

	while [ $kills -lt "$1" ]; do
		delay=$(printf '0.%03d' $((RANDOM % 250)))
		"${@:2}" --checkpoint c --checkpoint-every 3 -o m.ubj &
		sleep "$delay"
		kill -9 $! 2>/dev/null && kills=$((kills + 1))
		wait $! 2>/dev/null || :
		[ ! -e m.ubj ] || break
		rm -f m.ubj.* .m.ubj* # what a killed process cannot remove
	done
	[ $kills -gt 0 ]
	# it may have been killed behind its model, but before the checkpoint went
	if [ ! -e m.ubj ]; then
		"${@:2}" --checkpoint c --checkpoint-every 3 -o m.ubj
		[ ! -e c ]
	fi
	rm -f c
}

@test "runs that were killed at random moments go on to the same bytes" {
	table 1 9000 >t.csv
	for cmd in "gbt-train --target value --drop y,kind --trees 150 --subsample 0.6 --colsample-bynode 0.5" \
		"gbt-train --target kind --drop y,value --trees 40" \
		"rf-train --target y --drop kind,value --trees 60" \
		"rf-train --target kind --drop y,value --weight w --trees 60 --no-bootstrap --subsample 0.7" \
		"rf-train --target value --drop kind,y --trees 60 --max-leaves 500"; do
		# shellcheck disable=SC2086 # several options
		{
			$cmd t.csv -o whole.ubj
			rm -f m.ubj
			kill_it 4 $cmd -j 2 t.csv
		}
		same "$(md5sum <m.ubj)" "$(md5sum <whole.ubj)"
	done
}

@test "what is measured on the way survives a break, too" {
	table >t.csv
	table 2 >v.csv
	for opts in "rf --target y --drop kind,value --oob-score --permutation" "rf --target kind --drop y,value --oob-score" \
		"gbt --target y --drop kind,value --permutation"; do
		# shellcheck disable=SC2206 # several options
		cmd=(${opts%% *}-train ${opts#* } --trees 30 --valid v.csv t.csv)
		"${cmd[@]}" --metrics a.json --importance a.imp -o a.ubj
		rc=0
		(
			ulimit -f 12
			exec "${cmd[@]}" --metrics b.json --importance b.imp --checkpoint c --checkpoint-every 1 -o /dev/null 2>err
		) || rc=$?
		same $rc 3
		contains "$(cat err)" "c: cannot write"
		run -0 --separate-stderr "${cmd[@]}" --metrics b.json --importance b.imp --checkpoint c -v -o b.ubj
		contains "$stderr" "going on behind "
		cmp a.ubj b.ubj
		cmp a.json b.json
		cmp a.imp b.imp
		[ ! -e c ]
	done
}

@test "a full disk leaves the checkpoint before it, which is gone on with" {
	table 1 3000 >t.csv
	for cmd in "gbt-train --target value --drop y,kind --trees 60" "rf-train --target value --drop y,kind --trees 60"; do
		# shellcheck disable=SC2086 # several options
		{
			$cmd -o whole.ubj t.csv
			rc=0
			(
				ulimit -f 60
				exec $cmd --checkpoint c.ubj --checkpoint-every 2 -o /dev/null t.csv 2>err
			) || rc=$?
		}
		same $rc 3
		contains "$(cat err)" "c.ubj: cannot write: File too large"
		only c.ubj err t.csv whole.ubj
		# shellcheck disable=SC2086
		run -0 --separate-stderr $cmd --checkpoint c.ubj -v -o m.ubj t.csv
		contains "$stderr" "going on behind "
		cmp m.ubj whole.ubj
		rm m.ubj
	done
}

@test "the checkpoint stays until all that was asked for is written" {
	table >t.csv
	for m in gbt rf; do
		cmd=("$m-train" --target y --drop kind,value --trees 9 --checkpoint c.ubj --checkpoint-every 4 t.csv)
		run -3 "${cmd[@]}" -o /dev/full
		[ -e c.ubj ]
		mkdir gone
		run ! "${cmd[@]}" --metrics gone/m.json -o m.ubj --importance /dev/full
		[ -e c.ubj ]
		[ ! -e m.ubj ]
		run -0 --separate-stderr "${cmd[@]}" -v -o m.ubj
		contains "$stderr" "going on behind "
		[ ! -e c.ubj ]
		"$m-train" --target y --drop kind,value --trees 9 -o nine.ubj t.csv
		cmp m.ubj nine.ubj
		rm -r gone m.ubj nine.ubj
	done
}

@test "a checkpoint of another run is refused with what differs" {
	table >t.csv
	sed '2s/,[01],/,9,/' t.csv >target.csv
	awk -F, -v OFS=, 'NR == 7 { $3 = 0.5 } { print }' t.csv >z.csv
	awk -F, -v OFS=, '{ print $3, $1, $2, $4, $5, $6, $7 }' t.csv >order.csv
	awk -F, -v OFS=, 'NR == 7 { $4 += 1 } { print }' t.csv >w.csv
	sed 's/blue/black/' t.csv >texts.csv
	for m in gbt rf; do
		cmd=("$m-train" --target value --drop y,kind --weight w --trees 9 --checkpoint c.ubj)
		run -3 "${cmd[@]}" --checkpoint-every 4 -o /dev/full t.csv
		[ -e c.ubj ]
		cp c.ubj kept
		while read -r options what; do
			# shellcheck disable=SC2086 # several options
			run -2 --separate-stderr "${cmd[@]}" ${options//_/ } -o m.ubj
			same "$stderr" "$m-train: c.ubj: a checkpoint of other $what; remove it to begin anew"
			cmp c.ubj kept
		done <<-END
		--seed_3_t.csv options: --seed was '0', and is '3'
		--max-depth_7_t.csv options: --max-depth was '$([ $m = rf ] && echo 25 || echo 0)', and is '7'
		--min-samples-leaf_7_t.csv options: --min-samples-leaf was '$([ $m = rf ] && echo 1 || echo 20)', and is '7'
		--drop_z_t.csv options: --drop was 'y kind', and is 'y kind z'
		z.csv data: column 'z' had other values
		w.csv data: the weights had other values
		texts.csv data: column 't' had other values
		order.csv data: it had other columns
		END
		rm c.ubj
	done
	gbt-train --target y --drop kind,value --trees 3 -o m.ubj t.csv
	run -2 --separate-stderr gbt-train --target y --drop kind,value --trees 3 --checkpoint m.ubj t.csv
	same "$stderr" "gbt-train: m.ubj: a model, no checkpoint; go on with it by --resume, or give another name"
	run -2 --separate-stderr rf-train --target y --drop kind,value --trees 3 --checkpoint m.ubj t.csv
	same "$stderr" "rf-train: m.ubj: no checkpoint of a forest"
}

@test "a damaged checkpoint of a forest counts as far as it is whole; two runs do not share one" {
	table >t.csv
	cmd=(rf-train --target y --drop kind,value --trees 12 --checkpoint c t.csv)
	rf-train --target y --drop kind,value --trees 12 -o whole.ubj t.csv
	run -3 "${cmd[@]}" -o /dev/full --checkpoint-every 1
	size=$(stat -c %s c)
	cp c all
	for cut in $((size - 1)) $((size / 2)) 100; do
		cp all c
		if [ "$cut" -gt 1000 ]; then
			truncate -s "$cut" c
		else
			printf 'XXXX' | dd of=c bs=1 seek=$((size - size / 4)) conv=notrunc status=none
		fi
		run -0 --separate-stderr "${cmd[@]}" -v -o m.ubj
		contains "$stderr" "going on behind tree "
		cmp m.ubj whole.ubj
	done
	cp all c
	(
		flock 9
		run -3 --separate-stderr "${cmd[@]}" -o m.ubj
		same "$stderr" "rf-train: c: another process writes this checkpoint"
	) 9>>c
	run -2 --separate-stderr model-eval predict c t.csv
	same "$stderr" "model-eval: c: a checkpoint of a forest, no model; run rf-train with it again, so that it makes the model"
}

@test "one of this run's checkpoints is a model that predicts" {
	table >t.csv
	run -3 gbt-train --target y --drop kind,value --trees 9 --checkpoint c.ubj --checkpoint-every 4 -o /dev/full t.csv
	gbt-train --target y --drop kind,value --trees 8 -o eight.ubj t.csv
	same "$(model-eval predict c.ubj t.csv | md5sum)" "$(model-eval predict eight.ubj t.csv | md5sum)"
}

@test "a forest is gone on with, as if it had never stopped" {
	table >t.csv
	for options in "--target y --drop kind,value" "--target kind --drop y,value --weight w" \
		"--target value --drop kind,y --no-bootstrap --subsample 0.6 --max-depth 4"; do
		for format in json ubj; do
			# shellcheck disable=SC2086 # several options
			{
				rf-train $options --trees 11 -o eleven.ubj t.csv
				rf-train $options --trees 4 -o four.$format t.csv
				rf-train $options --trees 11 --resume four.$format -o more.ubj t.csv
			}
			cmp more.ubj eleven.ubj
		done
	done
	rf-train --target y --drop kind,value --trees 4 -o four.ubj t.csv
	rf-train --target y --drop kind,value --trees 2 -o two.ubj t.csv
	rf-train --target y --drop kind,value --trees 2 --resume four.ubj -o less.ubj t.csv
	cmp two.ubj less.ubj
	run -2 --separate-stderr rf-train --target y --drop kind,value --resume four.ubj --seed 1 t.csv
	same "$stderr" "rf-train: four.ubj: tree 1 of it was grown on other rows, or by other options; a forest is gone on with on the same table, by the same --seed"
	run -2 --separate-stderr rf-train --target kind --drop y,value --resume four.ubj t.csv
	same "$stderr" "rf-train: four.ubj: it learned two classes, this table has classes; go on with the same table and options"
	gbt-train --target y --drop kind,value --trees 4 -o boost.ubj t.csv
	run -2 --separate-stderr rf-train --target y --drop kind,value --resume boost.ubj t.csv
	contains "$stderr" "boost.ubj: it is no forest"
	run -2 --separate-stderr gbt-train --target y --drop kind,value --resume four.ubj t.csv
	contains "$stderr" "four.ubj: it is a forest"
	table 2 >o.csv
	run -2 --separate-stderr rf-train --target y --drop kind,value --resume four.ubj o.csv
	contains "$stderr" "four.ubj: it splits column"
}

@test "a model is gone on with, as if it had never stopped" {
	table >t.csv
	good_args=(--target y --drop kind,value,w --trees 5 t.csv)
	table 2 >v.csv
	for target in "y --drop kind,value,w" "kind --drop y,value,w" "value --drop kind,y,w --objective l1"; do
		# shellcheck disable=SC2086 # several options
		{
			gbt-train --target $target --trees 4 -o four.ubj t.csv
			gbt-train --target $target --trees 11 --subsample 0.7 -o eleven.json t.csv
			gbt-train --target $target --trees 4 --subsample 0.7 -o four.ubj t.csv
			gbt-train --target $target --trees 11 --subsample 0.7 --resume four.ubj -o more.json t.csv
		}
		same "$(md5sum <more.json)" "$(md5sum <eleven.json)"
	done
	# early stopping looks at the rounds that are there, too
	gbt-train "${good_args[@]}" --trees 300 --learning-rate 0.3 --valid v.csv --early-stopping 5 -o a.json
	gbt-train "${good_args[@]}" --trees 3 --learning-rate 0.3 -o three.json
	gbt-train "${good_args[@]}" --trees 300 --learning-rate 0.3 --valid v.csv --early-stopping 5 --resume three.json -o b.json
	same "$(md5sum <b.json)" "$(md5sum <a.json)"
	run -2 --separate-stderr gbt-train --target y --drop kind,value,z --resume three.json t.csv
	contains "$stderr" "three.json: it has column 'z' where this table has 'w'; go on with the same table and options"
	run -2 --separate-stderr gbt-train --target kind --drop y,value,w --resume three.json t.csv
	contains "$stderr" "three.json: its objective is binary:logistic, this one multi:softprob"
	sed 's/blue/black/' t.csv >o.csv
	run -2 --separate-stderr gbt-train --target y --drop kind,value,w --resume three.json o.csv
	contains "$stderr" "column 't' has other texts in it"
	run -2 --separate-stderr gbt-train "${good_args[@]}" --cv 3 --resume three.json
	contains "$stderr" "--cv and --resume do not go together"
	run -2 --separate-stderr gbt-train "${good_args[@]}" --checkpoint-every 3
	contains "$stderr" "--checkpoint-every has no effect on a run without --checkpoint"
}

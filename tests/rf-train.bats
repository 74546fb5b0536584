load helper

table() {
	awk -v seed="${1:-1}" 'BEGIN {
		srand(seed)
		print "x,t,z,y,kind,value"
		split("red green blue grey", name, " ")
		for (i = 0; i < 500; i++) {
			x = rand(); k = int(rand() * 4) + 1
			s = 3 * x + (k % 2) + rand() - 2
			printf "%s,%s,%.3f,%s,%s,%.4f\n", (rand() < .1 ? "" : sprintf("%.4f", x)), \
				(rand() < .05 ? "" : name[k]), rand(), (s > 0 ? "yes" : "no"), \
				(s > 1 ? "high" : s > 0 ? "mid" : "low"), s
		}
	}'
}

good() {
	table >t.csv
	good_args=(--target y --drop 'kind,value' --trees 5 t.csv)
	good_lines=110 # both learners' options, in groups
}

@test "rf-train keeps the promises of every tool" {
	contract rf-train
}

@test "the model is the same bytes for any number of threads" {
	good
	threads_agree rf-train --target y --drop kind,value --trees 8 t.csv
	threads_agree rf-train --target kind --drop y,value --trees 8 t.csv
	threads_agree rf-train --target value --drop y,kind --trees 8 --no-bootstrap --subsample 0.6 t.csv
	same "$(CD4ML_CPU=scalar rf-train "${good_args[@]}" | md5sum)" "$(rf-train "${good_args[@]}" | md5sum)"
	[ "$(rf-train "${good_args[@]}" --seed 1 | md5sum)" != "$(rf-train "${good_args[@]}" | md5sum)" ]
}

@test "so are trees of thousands of leaves, each below the large ones grown by one thread" {
	awk -v OFS=, 'BEGIN { srand(5); print "a,b,c,y"
		for (i = 0; i < 6000; i++) { a = rand(); b = rand(); print a, b, int(9 * rand()), rand() < a * b } }' >t.csv
	threads_agree rf-train --target y --trees 3 --max-depth 0 --min-samples-leaf 1 t.csv
	threads_agree gbt-train --target y --trees 2 --max-leaves 0 --max-depth 30 --min-samples-leaf 1 --min-child-weight 0 t.csv
	rf-train --target y --trees 1 --max-depth 0 --min-samples-leaf 1 --no-bootstrap -o m.json t.csv
	[ "$(jq '.learner.gradient_booster.model.trees[0].left_children | length' m.json)" -gt 2048 ]
	model-eval predict m.json t.csv --keep y | awk -F, 'NR > 1 { n += $1 == $2 } END { exit !(n > 5990) }'
}

@test "two classes: the probability is the mean share of the positive one" {
	good
	table 2 >v.csv
	rf-train --target y --drop kind,value --trees 60 --min-samples-leaf 3 --valid v.csv --metrics m.json -o m.ubj t.csv
	jq -e '.final.valid.auc > 0.93 and .iterations == []' m.json
	model-eval predict m.ubj v.csv --keep y -o p.csv
	same "$(head -n 1 p.csv)" y,prediction,probability
	awk -F, 'NR > 1 { if ($3 < 0 || $3 > 1) exit 1; n += $1 == $2 } END { exit !(n > 420) }' p.csv
	rf-train "${good_args[@]}" --trees 1 --max-depth 0 --no-bootstrap --mtry all -o one.json
	model-eval predict one.json t.csv --keep y | awk -F, 'NR > 1 { n += $1 == $2 } END { exit !(n == 500) }'
}

@test "several classes: the shares of all add up to 1" {
	good
	rf-train --target kind --drop y,value --trees 20 --min-samples-leaf 3 -o m.json t.csv
	same "$(jq -r '.learner | .learner_model_param.num_target,
		(.gradient_booster.model.gbtree_model_param | .num_parallel_tree, .num_trees)' m.json | paste -sd' ')" "3 1 60"
	model-eval predict m.json t.csv -o p.csv
	same "$(head -n 1 p.csv)" prediction,probability_high,probability_low,probability_mid
	awk -F, 'NR > 1 { s = $2 + $3 + $4; if (s < 0.99999 || s > 1.00001) exit 1 }' p.csv
}

@test "regression: the mean of the leaves' means" {
	good
	table 2 >v.csv
	rf-train --target value --drop y,kind --trees 40 --min-samples-leaf 3 --valid v.csv --metrics m.json -o m.ubj t.csv
	jq -e '.final.valid.r2 > 0.75' m.json
	printf 'x,y\n1,10\n1,20\n2,40.5\n' >s.csv
	rf-train --target y --objective regression --trees 4 --no-bootstrap -o s.ubj s.csv
	same "$(model-eval predict s.ubj s.csv)" "$(printf 'prediction\n15\n15\n40.5')"
}

@test "cross-validation predicts rows that were not learned from" {
	good
	rf-train "${good_args[@]}" --trees 30 --min-samples-leaf 3 --cv 5 --metrics cv.json
	jq -e '.folds == 5 and (.metrics.auc | min > 0.85 and max < 0.999)' cv.json
	only cv.json t.csv
}

@test "depth and smallest leaf hold" {
	good
	rf-train "${good_args[@]}" --max-depth 3 -o m.json
	jq -e '[.learner.gradient_booster.model.trees[].tree_param.num_nodes | tonumber] | max <= 15' m.json
	rf-train "${good_args[@]}" --no-bootstrap --min-samples-leaf 100 -o m.json
	jq -e '[.learner.gradient_booster.model.trees[] | . as $t | range(.left_children | length) |
		select($t.left_children[.] == -1) | $t.sum_hessian[.]] | min >= 100' m.json
}

@test "options of boosting are refused, not ignored" {
	good
	for o in --learning-rate=0.1 --lambda=1 --alpha=1 --colsample-bytree=0.5 "--early-stopping=5 --valid=t.csv"; do
		# shellcheck disable=SC2086
		run -2 --separate-stderr rf-train "${good_args[@]}" $o -o m.json
		contains "$stderr" "has no effect on a forest; leave it out"
	done
	run -2 --separate-stderr rf-train "${good_args[@]}" --mtry 1.5 -o m.json
	contains "$stderr" "--mtry '1.5' is not"
	only t.csv
}

@test "the learner can be exchanged with nothing downstream changed" {
	good
	for m in rf gbt; do
		$m-train --target y --drop kind,value --trees 20 --min-samples-leaf 5 -o m.ubj t.csv
		model-eval predict m.ubj t.csv --keep y -o p.csv
		same "$(head -n 1 p.csv)" y,prediction,probability
		same "$(cut -d, -f2 p.csv | sort -u | tr '\n' ' ')" "no prediction yes "
	done
}

@test "a tree whose sample is empty says what all rows say" {
	{ echo x,y; seq 30 | awk '{print $1","$1 * 2}'; } >r.csv
	rf-train --target y --subsample 1e-9 --trees 3 r.csv -o m.json
	same "$(model-eval predict m.json r.csv | sort -u)" $'31\nprediction'
	printf 'x,y\n1,a\n2,b\n3,c\n4,c\n' >c.csv
	rf-train --target y --subsample 1e-9 --trees 4 c.csv -o m.json
	same "$(model-eval predict m.json c.csv | sort -u)" $'c,0.25,0.25,0.5\nprediction,probability_a,probability_b,probability_c'
}

@test "out of bag: the rows that a tree left out measure the forest as a second table does" {
	good
	table 2 >v.csv
	rf-train --target y --drop kind,value --trees 60 --min-samples-leaf 3 --valid v.csv --oob-score --metrics m.json \
		-o m.ubj t.csv
	jq -e '.final | (.oob.auc - .valid.auc | fabs) < 0.05 and .train.auc > .oob.auc' m.json
	rf-train --target kind --drop y,value --trees 60 --min-samples-leaf 3 --valid v.csv --oob-score --metrics m.json \
		-o m.ubj t.csv
	jq -e '.final | (.oob.accuracy - .valid.accuracy | fabs) < 0.07' m.json
	rf-train --target value --drop y,kind --trees 120 --min-samples-leaf 3 --no-bootstrap --subsample 0.6 --valid v.csv --oob-score \
		--metrics m.json -o m.ubj t.csv
	jq -e '.final | (.oob.r2 - .valid.r2 | fabs) < 0.1' m.json
}

@test "permutation: a column of noise is worth nothing, whatever its gain; threads do not show" {
	good
	for t in y,kind,value kind,y,value value,y,kind; do
		rf-train --target "${t%%,*}" --drop "${t#*,}" --trees 40 --permutation --importance i.json -j 1 -o m.ubj t.csv
		rf-train --target "${t%%,*}" --drop "${t#*,}" --trees 40 --permutation --importance j.json -j 3 -o m.ubj t.csv
		cmp i.json j.json
		jq -e '[.features[] | {(.feature): .permutation}] | add |
			.x > 0.05 and .t > 0.01 and (.z | fabs) < .x / 8' i.json
	done
}

@test "out-of-bag options without rows that are left out, or without a place, are refused" {
	good
	run -2 --separate-stderr rf-train "${good_args[@]}" --no-bootstrap --oob-score --metrics m.json -o m.ubj
	contains "$stderr" "every tree learns from all rows; say --bootstrap or --subsample"
	run -2 --separate-stderr rf-train "${good_args[@]}" --oob-score -o m.ubj
	contains "$stderr" "say --metrics FILE"
	run -2 --separate-stderr rf-train "${good_args[@]}" --oob-score --metrics m.json --cv 3
	contains "$stderr" "does not go with --cv"
	run -2 --separate-stderr rf-train "${good_args[@]}" --permutation -o m.ubj
	contains "$stderr" "say --importance FILE"
	run -2 --separate-stderr gbt-train --target y t.csv --oob-score --metrics i.json -o m.ubj
	contains "$stderr" "has no effect on gradient boosting"
	only t.csv
}

@test "--mtry: the root, the logarithm, a number, a share" {
	good
	same "$(rf-train "${good_args[@]}" --mtry sqrt | md5sum)" "$(rf-train "${good_args[@]}" --mtry 1 | md5sum)"
	same "$(rf-train "${good_args[@]}" --mtry log2 | md5sum)" "$(rf-train "${good_args[@]}" --mtry 1 | md5sum)"
	same "$(rf-train "${good_args[@]}" --mtry 0.6 | md5sum)" "$(rf-train "${good_args[@]}" --mtry 2 | md5sum)"
	same "$(rf-train "${good_args[@]}" --mtry all | md5sum)" "$(rf-train "${good_args[@]}" --mtry 3 | md5sum)"
	[ "$(rf-train "${good_args[@]}" --mtry 2 | md5sum)" != "$(rf-train "${good_args[@]}" --mtry 1 | md5sum)" ]
}

@test "rows of one value are not split, as numbers no more than as classes" {
	awk 'BEGIN { srand(7); print "a,b,y"; for (i = 0; i < 4000; i++) { a = rand(); b = rand(); print a "," b "," (a * b > .3) } }' >t.csv
	for objective in binary regression; do
		rf-train --target y --objective $objective --trees 5 t.csv -o m.json
		jq '[.learner.gradient_booster.model.trees[].tree_param.num_nodes | tonumber] | add' m.json >$objective
	done
	awk -v c="$(cat binary)" -v n="$(cat regression)" 'BEGIN { exit !(n < 1.5 * c) }'
}

@test "balanced classes weigh the same" {
	{ echo x,y; for i in {1..200}; do echo "$((i % 7)),$((i % 20 == 0))"; done; } >t.csv
	rf-train --target y --max-depth 1 --trees 30 --min-samples-leaf 60 --class-weight balanced -o m.ubj t.csv
	model-eval predict m.ubj t.csv | awk -F, 'NR > 1 { s += $2 } END { exit !(s / 200 > 0.4 && s / 200 < 0.6) }'
}

@test "classes that weigh the same in sum make rare ones likelier" {
	{ echo x,y; seq 400 | awk '{ print $1 % 7 "," ($1 % 20 == 0) }'; } >rare.csv
	for w in none balanced; do
		rf-train --target y --trees 20 --class-weight "$w" -o "$w.ubj" rare.csv
		model-eval predict "$w.ubj" rare.csv | awk -F, 'NR > 1 { s += $2 } END { print s / (NR - 1) }' >"$w"
	done
	awk -v a="$(cat none)" -v b="$(cat balanced)" 'BEGIN { exit !(a < 0.1 && b > 0.4 && b < 0.6) }'
}

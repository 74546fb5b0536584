load helper

# 400 rows: y follows x and the text t; z is noise; some cells are empty.
table() {
	awk -v seed="${1:-1}" 'BEGIN {
		srand(seed)
		print "x,t,z,w,y,kind,value"
		split("red green blue \"dark, red\"", name, " ")
		name[4] = "\"dark, red\""
		for (i = 0; i < 400; i++) {
			x = rand(); k = int(rand() * 4) + 1
			s = 3 * x + (k % 2) + rand() - 2
			printf "%s,%s,%.3f,%d,%d,%s,%.4f\n", (rand() < .1 ? "" : sprintf("%.4f", x)), \
				(rand() < .05 ? "" : name[k]), rand(), 1 + i % 3, (s > 0), \
				(s > 1 ? "high" : s > 0 ? "mid" : "low"), s
		}
	}'
}

good() {
	table >t.csv
	good_args=(--target y --drop 'kind,value,w' --trees 5 t.csv)
	good_lines=110 # both learners' options, in groups
}

@test "gbt-train keeps the promises of every tool" {
	contract gbt-train
}

@test "the model is the same bytes for any number of threads, with and without vectors" {
	good
	threads_agree gbt-train --target kind --drop y,value --subsample 0.7 --colsample-bytree 0.7 --trees 10 t.csv
	threads_agree gbt-train --target y --drop kind,value --max-leaves 0 --max-depth 4 --mtry sqrt t.csv
	same "$(CD4ML_CPU=scalar gbt-train "${good_args[@]}" | md5sum)" "$(gbt-train "${good_args[@]}" | md5sum)"
	same "$(gbt-train "${good_args[@]}" --seed 0 | md5sum)" "$(gbt-train "${good_args[@]}" | md5sum)"
	[ "$(gbt-train "${good_args[@]}" --subsample 0.5 --seed 1 | md5sum)" != "$(gbt-train "${good_args[@]}" --subsample 0.5 | md5sum)" ]
}

@test "threads share the columns of small leaves: as one thread would split them" {
	awk 'BEGIN {
		srand(3)
		for (c = 0; c < 17; c++) printf "x%d,", c
		print "k,y,level"
		for (r = 0; r < 20000; r++) {
			for (c = sum = 0; c < 17; c++) {
				v = c % 3 ? int(rand() * 300) : rand()
				sum += c < 4 ? v / (c % 3 ? 300 : 1) : 0
				printf "%s,", rand() < 0.1 ? "" : v
			}
			k = int(rand() * 40)
			print "k" k "," (sum + k % 7 / 7 + rand() > 3) "," int(sum)
		}
	}' >wide.csv
	threads_agree gbt-train --target y --drop level --max-leaves 60 --trees 3 wide.csv
	threads_agree gbt-train --target y --drop level --max-leaves 20 --trees 3 --monotone x0:1,x1:1 wide.csv
	threads_agree gbt-train --target level --drop y --max-leaves 20 --trees 2 --colsample-bytree 0.8 --min-samples-leaf 3000 wide.csv
}

@test "the kind of task is told by the target, and said with -v" {
	good
	run -0 --separate-stderr gbt-train --target y --drop kind,value -v -o m.json t.csv
	contains "$stderr" "target 'y': binary"
	contains "$(cat m.json)" '"name":"binary:logistic"'
	contains "$(cat m.json)" '\"labels\": [\"0\", \"1\"]'
	run -0 --separate-stderr gbt-train --target kind --drop y,value -v -o m.json t.csv
	contains "$stderr" "target 'kind': multiclass"
	contains "$(cat m.json)" '\"labels\": [\"high\", \"low\", \"mid\"]'
	run -0 --separate-stderr gbt-train --target value --drop y,kind -v -o m.json t.csv
	contains "$stderr" "target 'value': regression"
	run -2 --separate-stderr gbt-train --target kind --drop y,value --objective binary -o n.json t.csv
	contains "$stderr" "column 'kind' has 3 distinct values, binary needs 2"
	run -2 --separate-stderr gbt-train --target kind --drop y,value --objective regression -o n.json t.csv
	contains "$stderr" "no numbers to regress on"
	[ ! -e n.json ]
}

@test "the extension chooses the notation, and both predict the same" {
	good
	gbt-train "${good_args[@]}" -o m.json
	gbt-train "${good_args[@]}" -o m.ubj
	same "$(head -c 1 m.json)$(head -c 2 m.ubj)" "{{L"
	same "$(model-eval predict m.json t.csv | md5sum)" "$(model-eval predict m.ubj t.csv | md5sum)"
}

@test "predictions need no encoder, and are better than chance on other rows" {
	good
	table 2 >v.csv
	gbt-train "${good_args[@]}" --trees 40 --valid v.csv --metrics m.json -o m.ubj
	same "$(jq '.iterations | length' m.json)" 40
	jq -e '.final.valid.auc > 0.9 and .final.train.auc > .final.valid.auc' m.json
	jq -e '.iterations[39].train.logloss < .iterations[0].train.logloss' m.json
	model-eval predict m.ubj v.csv --keep y -o p.csv
	same "$(head -n 1 p.csv)" y,prediction,probability
	awk -F, 'NR > 1 { n += $1 == $2 } END { exit !(n > 320) }' p.csv
}

@test "early stopping ends with the best round" {
	good
	table 2 >v.csv
	gbt-train "${good_args[@]}" --trees 500 --learning-rate 0.3 --valid v.csv --early-stopping 5 --metrics m.json -o m.json.model
	n=$(jq '.iterations | length' m.json)
	[ "$n" -lt 500 ]
	best=$(jq '[.iterations[].valid.logloss] | . as $l | index($l | min)' m.json)
	same $((best + 6)) "$n"
	contains "$(cat m.json.model)" "\"num_trees\":\"$((best + 1))\""
	contains "$(cat m.json.model)" "\"best_iteration\":\"$best\""
	jq -e --argjson b "$best" '.final.valid.logloss == .iterations[$b].valid.logloss' m.json
	run -2 --separate-stderr gbt-train "${good_args[@]}" --early-stopping 5 -o x.json
	contains "$stderr" "say --valid FILE"
}

@test "cross-validation reports each fold, and makes no model unless asked to" {
	good
	run -0 gbt-train "${good_args[@]}" --cv 4
	echo "$output" | jq -e '.folds == 4 and .objective == "binary" and .rows == [100, 100, 100, 100] and
		(.metrics.auc | length == 4 and min > 0.85) and .mean.accuracy > 0.75 and .sd.auc > 0'
	gbt-train "${good_args[@]}" --cv 4 --metrics cv.json
	same "$(cat cv.json)" "$output"
	only t.csv cv.json
	run -2 --separate-stderr gbt-train "${good_args[@]}" --cv 4 -o m.json
	contains "$stderr" "--metrics FILE"
	gbt-train "${good_args[@]}" --cv 4 --metrics cv.json -o m.json
	same "$(cat m.json)" "$(gbt-train "${good_args[@]}")"
	threads_agree gbt-train "${good_args[@]}" --cv 3
}

@test "folds stop early, each by the rows that it holds out" {
	good
	opts=(--learning-rate 0.3 --cv 4 --early-stopping 5)
	gbt-train "${good_args[@]}" --trees 400 "${opts[@]}" --metrics cv.json -o m.json
	jq -e '.rounds | length == 4 and max < 395 and (unique | length > 1)' cv.json
	same "$(jq -r '.learner.gradient_booster.model.gbtree_model_param.num_trees' m.json)" "$(jq '.rounds | add / 4 + 0.5 | floor' cv.json)"
	# each fold is measured at its best round
	for fold in 0 3; do
		gbt-train "${good_args[@]}" --trees "$(jq ".rounds[$fold]" cv.json)" --learning-rate 0.3 --cv 4 --metrics one.json
		same "$(jq ".metrics.logloss[$fold], .metrics.auc[$fold]" one.json)" "$(jq ".metrics.logloss[$fold], .metrics.auc[$fold]" cv.json)"
	done
	threads_agree gbt-train "${good_args[@]}" --trees 100 "${opts[@]}"
	gbt-train --target kind --drop y,value --trees 60 "${opts[@]}" t.csv | jq -e '.rounds | max < 60'
	run -2 --separate-stderr gbt-train "${good_args[@]}" --early-stopping 5
	contains "$stderr" "say --valid FILE, or --cv K"
}

@test "folds are drawn by the seed, and sanity-check judges them" {
	good
	gbt-train "${good_args[@]}" --cv 4 --metrics cv.json
	same "$(gbt-train "${good_args[@]}" --cv 4)" "$(cat cv.json)"
	[ "$(gbt-train "${good_args[@]}" --cv 4 --seed 1)" != "$(cat cv.json)" ]
	gbt-train "${good_args[@]}" -o m.json
	model-eval predict m.json t.csv -o p.csv
	printf -- '- {cv: auc, between: [0.6, 1]}\n- {cv: all, outlier: {max_z: 8}}\n' >rules.yaml
	sanity-check p.csv --rules rules.yaml --cv cv.json
	printf -- '- {cv: auc, between: [0.999, 1]}\n' >rules.yaml
	run -1 sanity-check p.csv --rules rules.yaml --cv cv.json
}

@test "folds of a ranking have whole groups" {
	awk 'BEGIN { srand(4); print "q,x,z,rel"; for (i = 0; i < 600; i++) { x = rand()
		print "q" i % 60 "," x "," rand() "," int(x * 3 + rand() * 2) } }' >r.csv
	gbt-train --target rel --group q --objective ranking --trees 20 --cv 3 --early-stopping 4 --metrics cv.json r.csv
	jq -e '(.rows | add == 600 and all(. % 10 == 0)) and (.metrics.ndcg | length == 3 and min > 0.7) and .objective == "ranking"' cv.json
}

@test "importance lists the columns that matter first" {
	good
	gbt-train "${good_args[@]}" --importance i.json -o m.json
	same "$(jq -r '.features[0].feature' i.json)" x
	same "$(jq '.features | length' i.json)" 3
	jq -e '.features[0] | .gain > 0 and .cover > 0 and .weight > 0' i.json
}

@test "limits of leaves, depth and rows hold" {
	good
	gbt-train "${good_args[@]}" --max-leaves 4 -o m.json
	jq -e '[.learner.gradient_booster.model.trees[].tree_param.num_nodes | tonumber] | max == 7' m.json
	gbt-train "${good_args[@]}" --max-leaves 0 --max-depth 2 --min-samples-leaf 1 -o m.json
	jq -e '[.learner.gradient_booster.model.trees[].tree_param.num_nodes | tonumber] | max <= 7' m.json
	gbt-train --target value --drop kind,y,w --min-samples-leaf 150 --trees 3 t.csv -o m.json
	jq -e '[.learner.gradient_booster.model.trees[] | . as $t | range(.left_children | length) |
		select($t.left_children[.] == -1) | $t.sum_hessian[.]] | min >= 150' m.json
}

@test "a weight of 2 is like a row twice" {
	printf 'x,w,y\n1,2,1\n2,1,5\n3,1,2\n' >a.csv
	printf 'x,y\n1,1\n1,1\n2,5\n3,2\n' >b.csv
	opts=(--target y --objective regression --min-samples-leaf 1 --lambda 0 --learning-rate 1 --trees 1)
	gbt-train "${opts[@]}" --weight w a.csv -o a.json
	gbt-train "${opts[@]}" b.csv -o b.json
	same "$(model-eval predict a.json b.csv)" "$(model-eval predict b.json b.csv)"
	same "$(model-eval predict a.json b.csv)" "$(printf 'prediction\n1\n1\n5\n2')"
	run -2 --separate-stderr gbt-train "${opts[@]}" --weight y b.csv -o c.json
	contains "$stderr" "both target and weight"
	sed -i 's/,2$/,-2/' b.csv
	run -2 --separate-stderr gbt-train --target x --objective regression --weight y b.csv -o c.json
	same "$stderr" "gbt-train: b.csv:5: column 'y': the weight -2 is below 0; correct it, or leave the row out"
}

@test "options come from a section of a file; the command line holds" {
	good
	printf 'train:\n  trees: 3\n  max_leaves: 4\n  learning-rate: 0.5\n' >params.yaml
	gbt-train --target y --drop kind,value,w --config params.yaml:train t.csv -o m.json
	contains "$(cat m.json)" '"num_trees":"3"'
	gbt-train --target y --drop kind,value,w --config params.yaml:train --trees 2 t.csv -o m.json
	contains "$(cat m.json)" '"num_trees":"2"'
}

@test "what cannot be learned is refused" {
	good
	run -2 --separate-stderr gbt-train t.csv -o m.json
	same "$stderr" "gbt-train: the column to learn is not given; say --target COL"
	run -2 --separate-stderr gbt-train --target nosuch t.csv -o m.json
	contains "$stderr" "nosuch"
	run -2 --separate-stderr gbt-train --target x t.csv -o m.json
	contains "$stderr" "column 'x': no target; fill in all "
	run -2 --separate-stderr gbt-train --target y --bootstrap t.csv -o m.json
	contains "$stderr" "--bootstrap has no effect on gradient boosting"
	printf 'a,y\n1,3\n2,3\n' >one.csv
	run -2 --separate-stderr gbt-train --target y one.csv -o m.json
	contains "$stderr" "one value only"
	printf 'y\n1\n2\n' >alone.csv
	run -2 --separate-stderr gbt-train --target y alone.csv -o m.json
	contains "$stderr" "no column to learn from"
	printf 'a,y\n' >empty.csv
	run -2 --separate-stderr gbt-train --target y empty.csv -o m.json
	contains "$stderr" "no rows to learn from"
	printf 'a,a,y\n1,2,0\n' >twice.csv
	run -2 --separate-stderr gbt-train --target y twice.csv -o m.json
	same "$stderr" "gbt-train: twice.csv:1: columns 1 and 2 are both called 'a'; rename one of them, or say --no-header if there is none"
	only alone.csv empty.csv one.csv t.csv twice.csv
}

@test "a row that is wrong is named by its line, wherever it stands" {
	printf 'a,y,w\n1,0,1\n"x\ny",1,2\n\n3,0,1\n4,1,1\n' >a.csv
	printf 'w,a,y\n1,5,0\n,6,1\n1,7,\n' >b.csv
	run -2 --separate-stderr gbt-train --target y --ragged skip a.csv b.csv
	same "$stderr" "gbt-train: b.csv:4: column 'y': no target; fill it in, or leave the row out"
	run -2 --separate-stderr gbt-train --target a --drop y --weight w --ragged skip - b.csv <a.csv
	same "$stderr" "gbt-train: b.csv:3: column 'w': no weight; fill it in, or leave the row out"
	run -2 --separate-stderr gbt-train --target w --drop y --ragged skip a.csv b.csv
	contains "$stderr" "b.csv:3: column 'w': no target"
	sed 's/^4,1,1/4,,1/' a.csv >c.csv
	run -2 --separate-stderr gbt-train --target y --ragged skip c.csv
	same "$stderr" "gbt-train: c.csv:7: column 'y': no target; fill it in, or leave the row out"
	run -2 --separate-stderr gbt-train --target y --objective regression --min-samples-leaf 1 --ragged skip --valid c.csv a.csv
	contains "$stderr" "gbt-train: c.csv:7: column 'y': no target"
	sed 's/^4,1,1/4,7,1/' a.csv >c.csv
	run -2 --separate-stderr gbt-train --target y --ragged skip --valid c.csv a.csv
	same "$stderr" "gbt-train: c.csv:7: column 'y': class '7' is not in the training data; learn from such rows too, or leave the row out"
	# a number among texts is only found at the end: the rows are read twice
	{ echo a,y; seq 9000 | sed 's/$/,1/'; echo x,; } >d.csv
	run -2 --separate-stderr gbt-train --target y d.csv
	same "$stderr" "gbt-train: d.csv:9002: column 'y': no target; fill it in, or leave the row out"
}

@test "a table of which little can be learned still makes a model that predicts" {
	printf 'a,y\n1,2\n' >row.csv
	printf 'a,y\n1,3\n2,3\n3,3\n4,3\n' >constant.csv
	printf 'a,b,y\n,1,0\n,2,1\n,1,0\n,2,1\n' >missing.csv
	printf 'a,y\n,0\n,1\n' >nothing.csv
	for objective in regression l1 huber quantile poisson; do
		gbt-train --target y --objective $objective --min-samples-leaf 1 row.csv -o m.json
		same "$(model-eval predict m.json row.csv)" "$(printf 'prediction\n2')"
		gbt-train --target y --objective $objective --min-samples-leaf 1 constant.csv -o m.json
		same "$(model-eval predict m.json constant.csv)" "$(printf 'prediction\n3\n3\n3\n3')"
	done
	for tool in gbt-train rf-train; do
		# of 64 trees a leaf's share is exact
		"$tool" --target y --objective regression --trees 64 constant.csv -o m.json
		same "$(model-eval predict m.json constant.csv)" "$(printf 'prediction\n3\n3\n3\n3')"
		"$tool" --target y --min-samples-leaf 1 missing.csv -o m.json
		same "$(model-eval predict m.json missing.csv | cut -d, -f1 | tr -d '\n')" prediction0101
		jq -e '[.learner.gradient_booster.model.trees[].split_indices[]] | unique | index(0) == null or . == [0, 1]' m.json
		"$tool" --target y --min-samples-leaf 1 nothing.csv -o m.json
		model-eval predict m.json nothing.csv | awk -F, 'NR > 1 && ($2 < 0.4 || $2 > 0.6) { exit 1 }'
		same "$(model-eval predict m.json nothing.csv | wc -l)" 3
		printf 'a,y\ninf,1\n2,0\n-inf,1\n3,0\n' >ends.csv
		"$tool" --target y --min-samples-leaf 1 --trees 40 ends.csv -o m.json
		model-eval predict m.json ends.csv -o /dev/null
	done
}

@test "a cut lies in the middle between the values of a leaf, not beside one" {
	# with g 0 there are only 0 and 10 of x, all others with g 1
	awk 'BEGIN { print "g,x,y"; for (i = 0; i < 200; i++) print i % 2 "," (i % 2 ? 1 + i % 9 : i % 4 * 5) "," (i % 2 ? 100 : i % 4) }' >t.csv
	printf 'g,x\n0,0\n0,4\n0,6\n0,10\n' >new.csv
	for tool in "gbt-train --lambda 0" rf-train; do
		# shellcheck disable=SC2086 # an option may stand behind it
		$tool --target y --objective regression --trees 16 --mtry all t.csv -o m.json
		model-eval predict m.json new.csv | awk 'NR > 1 { v[NR] = $1 } END { exit !(v[2] == v[3] && v[4] == v[5] && v[2] < v[4]) }'
	done
	sed 's/,0$/,low/; s/,2$/,high/; s/,100$/,none/' t.csv >c.csv
	rf-train --target y --trees 16 --mtry all c.csv -o m.json
	same "$(model-eval predict m.json new.csv | cut -d, -f1 | tr '\n' ' ')" "prediction low low high high "
}

@test "columns of as many values as bins can be are told apart" {
	awk 'BEGIN { print "a,t,y"; for (i = 0; i < 70000; i++) { a = i * 7919 % 70000; print a ",t" i % 66000 "," (a % 97 < 40) } }' >t.csv
	for tool in gbt-train rf-train; do
		threads_agree "$tool" --target y --trees 2 --max-bin 65535 --min-samples-leaf 1 --max-depth 12 t.csv
	done
	run -2 gbt-train --target y --max-bin 65536 t.csv
	contains "$output" "option '--max-bin': must be between 2 and 65535"
}

@test "several tables, gzip and standard input are read as one" {
	good
	head -n 201 t.csv >a.csv
	{ head -n 1 t.csv; tail -n +202 t.csv; } | gzip >b.csv.gz
	same "$(gbt-train --target y --drop kind,value,w --trees 5 a.csv b.csv.gz | md5sum)" "$(gbt-train "${good_args[@]}" | md5sum)"
	same "$(gbt-train --target y --drop kind,value,w --trees 5 - <t.csv | md5sum)" "$(gbt-train "${good_args[@]}" | md5sum)"
}

@test "categories that were not seen, and empty cells, are predicted" {
	good
	gbt-train "${good_args[@]}" -o m.ubj
	printf 'z,t,x,more\n0.5,violet,0.9,1\n,,,\n0.5,red,0.9,1\n' >new.csv
	run -0 model-eval predict m.ubj new.csv
	same "${#lines[@]}" 4
}

@test "a run that cannot come to an end is refused before or when it goes astray" {
	{ echo x,y; seq 60 | awk '{print $1","$1 * 1.5}'; } >r.csv
	run -2 --separate-stderr gbt-train --target y --learning-rate 10 --lambda 0 --trees 2000 r.csv -o m.json
	contains "$stderr" "learning diverges: values are too large after"
	contains "$stderr" "; take a lower --learning-rate, or a larger --lambda"
	only r.csv
	good
	run -2 --separate-stderr gbt-train "${good_args[@]}" --drop y
	same "$stderr" "gbt-train: column 'y' is needed, and cannot be dropped"
	run -2 --separate-stderr gbt-train --target nosuch t.csv
	same "$stderr" "gbt-train: t.csv: no column 'nosuch'"
	printf 'x,w,y\n1,0,0\n2,0,1\n' >w.csv
	run -2 --separate-stderr gbt-train --target y --weight w w.csv
	same "$stderr" "gbt-train: w.csv: column 'w': no weight is above 0"
	head -n 1 t.csv >none.csv
	run -2 --separate-stderr gbt-train "${good_args[@]}" --valid none.csv --early-stopping 2
	same "$stderr" "gbt-train: none.csv: no rows to measure on"
	run -2 --separate-stderr gbt-train "${good_args[@]}" --cv 2 --importance i.json
	same "$stderr" "gbt-train: --importance needs a model, and --cv alone makes none; say -o MODEL, too"
	run -2 --separate-stderr gbt-train "${good_args[@]}" --cv 2 --metrics nosuch/cv.json
	contains "$stderr" "there is no folder 'nosuch'"
}

@test "each objective makes its own loss small, and its model says which it is" {
	table >t.csv
	table 2 >v.csv
	while read -r name options xgboost metric; do
		gbt-train --target value --drop kind,y,w --objective "$name" ${options//_/ } --trees 30 \
			--valid v.csv --metrics m.json -o "$name.json" t.csv
		contains "$(cat "$name.json")" "\"name\":\"$xgboost\""
		jq -e --arg m "$metric" '.iterations | .[29].valid[$m] < .[0].valid[$m] and (.[0].valid | length) == 1' m.json
		model-eval predict "$name.json" v.csv -o "$name.csv"
	done <<-END
	regression --seed_0 reg:squarederror rmse
	l1 --seed_0 reg:absoluteerror mae
	huber --huber-slope_0.5 reg:pseudohubererror huber
	quantile --quantile-alpha_0.9 reg:quantileerror pinball
	reg:absoluteerror --seed_0 reg:absoluteerror mae
	END
	same "$(cat l1.csv)" "$(cat reg:absoluteerror.csv)"
	paste -d, quantile.csv v.csv | awk -F, 'NR > 1 { n++; below += $NF < $1 } END { exit !(below / n > 0.8 && below / n < 0.97) }'
	contains "$(cat quantile.json)" '"quantile_alpha":"[0.9E0]"'
	for o in l1 quantile huber; do
		threads_agree gbt-train --target value --drop kind,y,w --weight z --objective "$o" --trees 5 t.csv
	done
}

@test "counts are learned as their means, and are never below 0" {
	awk 'BEGIN { srand(3); print "x,n"; for (i = 0; i < 600; i++) { x = rand(); n = 0
		l = exp(-2 * x); p = rand(); while (p > l) { n++; p *= rand() } print x "," n } }' >c.csv
	gbt-train --target n --objective poisson --metrics m.json -o m.ubj c.csv
	jq -e '.final.train.poisson_deviance < 1.2' m.json
	model-eval predict m.ubj c.csv | awk 'NR > 1 && $1 <= 0 { bad = 1 } END { exit bad }'
	sed -i '$s/,.*/,-1/' c.csv
	run -2 --separate-stderr gbt-train --target n --objective poisson c.csv
	same "$stderr" "gbt-train: c.csv:601: column 'n': -1 is below 0: no count for poisson; correct it, or leave the row out"
}

@test "ranking puts the rows of each group in order, wherever they stand" {
	awk 'BEGIN { srand(4); print "q,x,z,rel"; for (i = 0; i < 900; i++) { x = rand()
		print "q" int(rand() * 60) "," x "," rand() "," int(x * 3 + rand() * 2) } }' >r.csv
	gbt-train --target rel --objective ranking --group q --trees 20 --metrics m.json -o m.json.model r.csv
	jq -e '.iterations | .[19].train.ndcg > .[0].train.ndcg and .[19].train.ndcg > 0.9' m.json
	contains "$(cat m.json.model)" '"name":"rank:ndcg"'
	contains "$(cat m.json.model)" '"feature_names":["x","z"]'
	threads_agree gbt-train --target rel --objective lambdarank --group q --trees 5 r.csv
	gbt-train --target rel --objective ranking --group q --valid r.csv --early-stopping 3 --trees 200 -v -o m.ubj r.csv
	run -2 --separate-stderr gbt-train --target rel --objective ranking r.csv
	same "$stderr" "gbt-train: ranking needs to know which rows belong together; say --group COL"
	run -2 --separate-stderr gbt-train --target x --objective ranking --group q r.csv
	contains "$stderr" "gbt-train: r.csv:2: column 'x': 0."
	contains "$stderr" " is no whole number from 0 to 31: no relevance for ranking; say 0 for irrelevant, more for better rows"
	run -2 --separate-stderr gbt-train --target rel --group q r.csv
	contains "$stderr" "--group has no effect without ranking or --cv"
}

@test "an objective and its options that do not fit are refused" {
	good
	run -2 --separate-stderr gbt-train "${good_args[@]}" --objective nosuch
	contains "$stderr" "option '--objective': 'nosuch' is not known; auto, binary,"
	run -2 --separate-stderr gbt-train "${good_args[@]}" --quantile-alpha 0.3
	contains "$stderr" "--quantile-alpha has no effect on other objectives than quantile"
	run -2 --separate-stderr gbt-train "${good_args[@]}" --objective quantile --quantile-alpha 0
	contains "$stderr" "--quantile-alpha must be between 0 and 1"
	run -2 --separate-stderr gbt-train "${good_args[@]}" --huber-slope 2
	contains "$stderr" "--huber-slope has no effect on other objectives than huber"
	run -2 --separate-stderr rf-train "${good_args[@]}" --objective l1
	same "$stderr" "rf-train: a forest does not learn --objective l1; gbt-train does"
}

@test "no leaf steps farther than --max-delta-step" {
	good
	gbt-train "${good_args[@]}" --max-delta-step 0.2 --learning-rate 0.5 -o m.json
	jq -e '[.learner.gradient_booster.model.trees[] | . as $t | range(.left_children | length) |
		select($t.left_children[.] == -1) | $t.split_conditions[.] | fabs] | max | . > 0.0999 and . < 0.1001' m.json
}

# 1500 rows of four numbers and a sum of them in which a rises, b falls and c bends; some cells are empty.
numbers() {
	awk 'BEGIN { srand(5); print "a,b,c,d,y"; for (i = 0; i < 1500; i++) {
		a = rand(); b = rand(); c = rand(); d = rand()
		y = 2 * a - b + sin(6 * c) + 2 * a * c + rand() - 0.5
		print (rand() < .05 ? "" : a) "," b "," c "," (rand() < .05 ? "" : d) "," y } }'
}

# The sets of columns on the ways to the leaves of a model, a line each.
ways() {
	jq -r '.learner as $l | $l.gradient_booster.model.trees[] | . as $t |
		def go($i; $p): if $t.left_children[$i] < 0 then $p | unique | join("") else
			($p + [$l.feature_names[$t.split_indices[$i]]]) as $q |
			go($t.left_children[$i]; $q), go($t.right_children[$i]; $q) end;
		go(0; [])' "$1" | sort -u
}

# Predictions along a column of $2 for 30 others of all rest: is each step up (1) or down (-1)?
moves() {
	awk -v col="$2" 'BEGIN { srand(9); print "a,b,c,d"; for (k = 0; k < 30; k++) { v[1] = rand(); v[2] = rand(); v[3] = rand(); v[4] = rand()
		for (i = 0; i < 40; i++) { v[col] = i / 40; print v[1] "," v[2] "," v[3] "," v[4] } } }' >grid.csv
	model-eval predict "$1" grid.csv | awk -v way="$3" 'NR > 1 { if ((NR - 2) % 40 && way * ($1 - last) < 0) bad++; last = $1 } END { exit bad > 0 }'
}

@test "a monotone column moves the prediction one way only" {
	numbers >n.csv
	gbt-train --target y n.csv -o free.json
	run ! moves free.json 1 1
	for options in "" "--objective l1" "--objective huber --alpha 0.1" "--max-leaves 0 --max-depth 6 --lambda 0"; do
		# shellcheck disable=SC2086 # several options
		gbt-train --target y --monotone a:1,b:-1 $options n.csv -o m.json
		moves m.json 1 1
		moves m.json 2 -1
		run ! moves m.json 3 1
	done
	threads_agree gbt-train --target y --monotone 'a:1,b:-1' --trees 10 n.csv
	same "$(gbt-train --target y --monotone '(1, -1,0,0)' n.csv | md5sum)" "$(gbt-train --target y --monotone a:1,b:-1 n.csv | md5sum)"
	run -2 --separate-stderr gbt-train --target y --monotone nosuch:1 n.csv
	same "$stderr" "gbt-train: --monotone: there is no column 'nosuch' to learn from"
	run -2 --separate-stderr gbt-train --target y --monotone a n.csv
	same "$stderr" "gbt-train: --monotone: 'a' has no direction; say COL:1 for rising, COL:-1 for falling"
	run -2 --separate-stderr gbt-train --target y --monotone a:2 n.csv
	contains "$stderr" "a direction is -1, 0 or 1"
	run -2 --separate-stderr gbt-train --target y --monotone 1,0 n.csv
	contains "$stderr" "2 directions without names for 4 columns"
	table >t.csv
	run -2 --separate-stderr gbt-train --target value --monotone t:1 t.csv
	contains "$stderr" "column 't' has texts, which have no order"
}

@test "columns meet on a way to a leaf only if one set of --interaction has them all" {
	numbers >n.csv
	gbt-train --target y --trees 20 n.csv -o free.json
	contains "$(ways free.json)" abc
	gbt-train --target y --trees 20 --interaction a,b --interaction b,c n.csv -o m.json
	same "$(ways m.json | grep -vxE 'a|b|c|d|ab|bc')" ""
	contains "$(ways m.json)" ab
	contains "$(ways m.json)" bc
	gbt-train --target y --trees 20 --interaction a,b --interaction b,c --max-leaves 0 --max-depth 5 --mtry 2 n.csv -o m.json
	same "$(ways m.json | grep -vxE 'a|b|c|d|ab|bc')" ""
	threads_agree gbt-train --target y --trees 5 --interaction a,b --interaction c,d n.csv
	# no column may meet another
	gbt-train --target y --trees 20 --interaction a --interaction b --interaction c --interaction d n.csv -o m.json
	same "$(ways m.json | grep -vxE 'a|b|c|d')" ""
	gbt-train --target y --trees 20 --interaction a n.csv -o m.json
	same "$(ways m.json | grep -vxE 'a|b|c|d')" ""
	for none in '' '[]' '[[]]' ' '; do
		run -2 --separate-stderr gbt-train --target y --interaction "$none" n.csv
		same "$stderr" "gbt-train: --interaction: a set without columns; name those that may meet: COL,COL,..."
	done
	run -2 --separate-stderr gbt-train --target y --interaction a,y n.csv
	same "$stderr" "gbt-train: --interaction: there is no column 'y' to learn from"
}

@test "columns are drawn for trees, levels and splits" {
	numbers >n.csv
	gbt-train --target y --trees 40 --max-leaves 0 --max-depth 1 --colsample-bytree 0.25 n.csv -o m.json
	same "$(ways m.json | tr -d '\n')" abcd
	gbt-train --target y --trees 40 --max-leaves 0 --max-depth 4 --colsample-bytree 0.25 n.csv -o m.json
	same "$(ways m.json | tr -d '\n')" abcd
	# one column for a level: the same one everywhere in it
	gbt-train --target y --trees 40 --max-leaves 0 --max-depth 2 --colsample-bylevel 0.25 n.csv -o m.json
	jq -e '[.learner.gradient_booster.model.trees[] | [range(1; 3) as $i | select(.left_children[$i] >= 0) | .split_indices[$i]] |
		unique | length] | max == 1' m.json
	gbt-train --target y --trees 40 --max-leaves 0 --max-depth 2 --colsample-bynode 0.25 n.csv -o m.json
	jq -e '[.learner.gradient_booster.model.trees[] | [range(1; 3) as $i | select(.left_children[$i] >= 0) | .split_indices[$i]] |
		unique | length] | max == 2' m.json
	threads_agree gbt-train --target y --trees 5 --colsample-bylevel 0.5 --colsample-bynode 0.5 n.csv
	run -2 --separate-stderr gbt-train --target y --colsample-bynode 0 n.csv
	same "$stderr" "gbt-train: --colsample-bynode must be above 0"
	run -2 --separate-stderr rf-train --target y --colsample-bylevel 0.5 n.csv
	contains "$stderr" "--colsample-bylevel has no effect on a forest"
}

@test "rows drawn by their gradients make a better model than as many drawn alike" {
	numbers >n.csv
	head -n 700 n.csv >train.csv
	{ head -n 1 n.csv; tail -n 800 n.csv; } >v.csv
	for how in uniform gradient_based; do
		for seed in 1 2 3; do
			gbt-train --target y --subsample 0.15 --sampling-method "$how" --min-samples-leaf 5 --seed "$seed" \
				--valid v.csv --metrics m.json -o m.ubj train.csv 2>/dev/null || [ "$how" = uniform ]
			jq .final.valid.rmse m.json
		done | awk '{ s += $1 } END { print s }' >"$how"
	done
	awk -v a="$(cat gradient_based)" -v b="$(cat uniform)" 'BEGIN { exit !(a < b) }'
	threads_agree gbt-train --target y --subsample 0.3 --sampling-method gradient_based --trees 5 n.csv
	run -2 --separate-stderr gbt-train --target y --sampling-method gradient_based n.csv
	same "$stderr" "gbt-train: --sampling-method has no effect without --subsample; say how many rows: --subsample 0.3"
}

@test "weights of classes are like rows so many times" {
	printf 'x,y\n1,0\n1,0\n1,0\n1,1\n2,1\n2,1\n2,0\n' >a.csv
	{ cat a.csv; grep ',1$' a.csv; } >b.csv
	opts=(--target y --trees 3 --min-samples-leaf 1)
	gbt-train "${opts[@]}" --scale-pos-weight 2 --metrics a.json -o a.ubj a.csv
	gbt-train "${opts[@]}" -o b.ubj b.csv
	same "$(model-eval predict a.ubj a.csv)" "$(model-eval predict b.ubj a.csv)"
	# measured as they are
	jq -e '.final.train.accuracy < 0.8' a.json
	awk 'BEGIN { print "x,w,y"; while ((getline <"a.csv") > 0) if ($0 != "x,y") { split($0, f, ","); printf "%s,%.9g,%s\n", f[1], (f[2] ? 7 / 6 : 7 / 8), f[2] } }' >c.csv
	gbt-train "${opts[@]}" --weight w -o c.ubj c.csv
	gbt-train "${opts[@]}" --class-weight balanced -o d.ubj a.csv
	same "$(model-eval predict d.ubj a.csv)" "$(model-eval predict c.ubj a.csv)"
	# by label: the bytes of the model that a column of the same weights makes
	awk -F, 'NR == 1 { print $0 ",w"; next } { print $0 "," ($2 ? 2.5 : 1) }' a.csv >e.csv
	gbt-train "${opts[@]}" --weight w -o e.json e.csv
	gbt-train "${opts[@]}" --class-weight 1:2.5 -o f.json a.csv
	cmp e.json f.json
	good
	awk -F, -v OFS=, '{ n = NF - 1; print $0, (NR == 1 ? "cw" : $n == "low" ? 0.5 : $n == "mid" ? 3 : 1) }' t.csv >g.csv
	for tool in gbt-train rf-train; do
		"$tool" --target kind --drop y,value,w --trees 6 --weight cw g.csv -o e.json
		"$tool" --target kind --drop y,value,w --trees 6 --class-weight 'low:0.5, mid:3' t.csv -o f.json
		cmp e.json f.json
		# beside a weight of its own: their product
		awk -F, -v OFS=, 'NR == 1 { w = 4; print; next } { n = NF - 4; $n = $n * $NF; print }' g.csv >h.csv
		"$tool" --target kind --drop y,value,cw --trees 6 --weight w h.csv -o e.json
		"$tool" --target kind --drop y,value --trees 6 --weight w --class-weight low:0.5 --class-weight mid:3,high:1 t.csv -o f.json
		cmp e.json f.json
	done
	same "$(gbt-train "${opts[@]}" --class-weight none a.csv | md5sum)" "$(gbt-train "${opts[@]}" a.csv | md5sum)"
	run -2 --separate-stderr gbt-train "${opts[@]}" --class-weight 11:2 a.csv
	same "$stderr" "gbt-train: a.csv: --class-weight: no row has the label '11'; did you mean '1'?"
	run -2 --separate-stderr gbt-train "${opts[@]}" --class-weight 1 a.csv
	contains "$stderr" "--class-weight: '1' gives no weight; say balanced, or LABEL:W,... with numbers from 0 on"
	run -2 --separate-stderr gbt-train "${opts[@]}" --class-weight 1:-2 a.csv
	contains "$stderr" "'1:-2' gives no weight"
	run -2 --separate-stderr gbt-train "${opts[@]}" --class-weight 1:2,1:3 a.csv
	contains "$stderr" "label '1' has two weights"
	run -2 --separate-stderr gbt-train "${opts[@]}" --class-weight 1:0,0:0 a.csv
	contains "$stderr" "no label weighs more than 0"
	run -2 --separate-stderr gbt-train "${opts[@]}" --objective regression --class-weight balanced a.csv
	contains "$stderr" "--class-weight has no effect: column 'y' has no classes"
	run -2 --separate-stderr gbt-train "${opts[@]}" --scale-pos-weight 2 --class-weight balanced a.csv
	contains "$stderr" "do not go together"
}

@test "shuffling a column that matters makes the loss worse" {
	good
	table 2 >v.csv
	gbt-train "${good_args[@]}" --trees 30 --valid v.csv --importance i.json --permutation -o m.json
	jq -e '[.features[] | {(.feature): .permutation}] | add | .x > 0.1 and .t > 0.02 and (.z | fabs) < 0.05' i.json
	threads_agree gbt-train "${good_args[@]}" --valid v.csv --importance i.json --permutation
	run -2 --separate-stderr gbt-train "${good_args[@]}" --permutation --importance i.json
	contains "$stderr" "--permutation needs rows to shuffle"
}

@test "rows of a group stay in one fold" {
	# the group tells the target, and another column tells the group: only folds that part it can cheat
	awk 'BEGIN { srand(6); print "g,x,y"; for (i = 0; i < 600; i++) { g = int(i / 5); if (i % 5 == 0) y[g] = rand() < .5
		print "g" g "," g + rand() / 2 "," y[g] } }' >g.csv
	opts=(--target y --trees 30 --min-samples-leaf 1 --cv 4)
	gbt-train "${opts[@]}" --drop g --metrics a.json g.csv
	gbt-train "${opts[@]}" --group g --metrics b.json g.csv
	jq -e '.mean.auc > 0.9' a.json
	jq -e '.mean.auc < 0.7 and (.rows | add == 600 and max - min <= 15)' b.json
	sed 's/^g[0-9]*,/a,/; 1d' g.csv | sed '1i g,x,y' >a.csv
	run -2 --separate-stderr gbt-train --target y --group g --cv 2 a.csv
	same "$stderr" "gbt-train: 1 groups are too few for 2 folds"
}

@test "options are known by the peers' names, in a file too" {
	good
	cat >c.conf <<-END
		# LightGBM's
		objective = binary
		num_leaves = 7
		learning_rate = 0.2
		min_data_in_leaf = 5
		feature_fraction = 0.7
		lambda_l2 = 3
		num_iterations = 6
	END
	same "$(gbt-train --config c.conf --target y --drop kind,value,w t.csv)" \
		"$(gbt-train --target y --drop kind,value,w --max-leaves 7 --learning-rate 0.2 --min-samples-leaf 5 --colsample-bytree 0.7 --lambda 3 --trees 6 t.csv)"
	same "$(gbt-train --config c.conf --label y --drop kind,value,w --eta 0.2 --num-round 2 t.csv)" \
		"$(gbt-train --config c.conf --target y --drop kind,value,w --trees 2 t.csv)"
	numbers >n.csv
	printf 'objective = reg:squarederror\nmonotone_constraints = (1,-1,0,0)\ninteraction_constraints = [["a","b"],["c","d"]]\nnum_round = 5\n' >x.conf
	same "$(gbt-train --config x.conf --target y n.csv)" \
		"$(gbt-train --target y --monotone a:1,b:-1 --interaction a,b --interaction c,d --trees 5 n.csv)"
	printf 'booster_of_mine = 1\n' >bad.conf
	run -2 --separate-stderr gbt-train --config bad.conf --target y n.csv
	contains "$stderr" "bad.conf:1: unknown option 'booster_of_mine'"
}

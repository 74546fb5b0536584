load helper

metrics() { # ACCURACY [HASH] - writes m.json
	printf '{"rows": 4, "accuracy": %s, "logloss": 0.5, "cv": {"auc": 0.7}, "test_hash": "%s"}\n' \
		"$1" "${2-aa}" >m.json
}

good() {
	metrics 0.7
	echo 0.5 >baseline.txt
	good_args=(m.json --check)
}

@test "baseline-gate keeps the promises of every tool" {
	good_stream=none
	contract baseline-gate
}

@test "a better value passes and becomes the baseline; the same fails the second time" {
	good
	echo model >model.json
	run -0 baseline-gate m.json --model model.json
	same "$output" "accuracy 0.7 beats the baseline 0.5 by 0.2, stored in baseline.txt"
	same_file baseline.txt $'0.7\n'
	same "$(cat baseline.json)" '{
  "metric": "accuracy",
  "value": 0.7,
  "previous": 0.5,
  "direction": "higher",
  "test_hash": "aa",
  "model": "model.json",
  "model_hash": "'"$(md5sum <model.json | cut -c 1-32)"'",
  "commit": null
}'
	run -1 baseline-gate m.json --model model.json
	same "$output" "accuracy 0.7 is the same value as the baseline: it is the same model"
	echo other >model.json
	run -1 baseline-gate m.json --model model.json
	same "$output" "accuracy 0.7 is the same value as the baseline"
	only baseline.json baseline.txt m.json model.json
}

@test "a worse value fails and changes nothing" {
	good
	metrics 0.4
	run -1 baseline-gate m.json
	same "$output" "accuracy 0.4 is worse than the baseline 0.5 by 0.1"
	same_file baseline.txt $'0.5\n'
	only baseline.txt m.json
}

@test "--check judges and stores nothing" {
	good
	run -0 baseline-gate m.json --check
	same "$output" "accuracy 0.7 beats the baseline 0.5 by 0.2"
	same_file baseline.txt $'0.5\n'
	only baseline.txt m.json
}

@test "--min-delta is what it takes at least, in decimals" {
	good
	metrics 0.57
	echo 0.56 >baseline.txt
	run -1 baseline-gate m.json --min-delta 0.011 --check
	same "$output" "accuracy 0.57 is only 0.01 better than the baseline 0.56, 0.011 is asked for"
	run -0 baseline-gate m.json --min-delta 0.01 --check
}

@test "a low log loss is good; a name that is not known wants --direction" {
	good
	echo 0.6 >baseline.txt
	run -0 baseline-gate m.json --metric logloss
	contains "$output" "logloss 0.5 beats the baseline 0.6 by 0.1"
	contains "$(cat baseline.json)" '"direction": "lower"'
	run -2 baseline-gate m.json --metric rows --baseline b.txt --init 1
	contains "$output" "say --direction higher or --direction lower"
	run -1 baseline-gate m.json --metric rows --baseline b.txt --init 1 --direction lower
	only baseline.json baseline.txt m.json
}

@test "a path of keys finds a number further down" {
	good
	run -0 baseline-gate m.json --metric cv.auc --check
	contains "$output" "cv.auc 0.7 beats"
	run -2 baseline-gate m.json --metric acuracy --check
	same "$output" "baseline-gate: m.json: there is no metric 'acuracy'; did you mean 'accuracy'?"
	run -2 baseline-gate m.json --metric test_hash --check
	contains "$output" "metric 'test_hash' is not a number"
}

@test "without a baseline it says how to start one" {
	good
	rm baseline.txt
	run -2 baseline-gate m.json
	contains "$output" "baseline.txt: cannot open: No such file or directory; start one with --init"
	run -0 baseline-gate m.json --init 0.5
	same_file baseline.txt $'0.7\n'
	metrics 0.8
	run -0 baseline-gate m.json --init 0.9
	contains "$output" "beats the baseline 0.7"
}

@test "another test set is refused, unless it is said, or the released model was measured on it" {
	good
	baseline-gate m.json
	metrics 0.9 bb
	run -1 baseline-gate m.json
	contains "$output" "was measured on another test set"
	same_file baseline.txt $'0.7\n'
	cp m.json new.json
	metrics 0.95 bb
	mv m.json released.json
	run -1 baseline-gate new.json --against released.json
	contains "$output" "is worse than the baseline 0.95"
	metrics 0.85 bb
	run -0 baseline-gate new.json --against m.json
	contains "$output" "accuracy 0.9 beats the baseline 0.85 by 0.05, stored"
	contains "$(cat baseline.json)" '"test_hash": "bb"'
	metrics 0.97 cc
	run -2 baseline-gate new.json --against m.json
	contains "$output" "m.json: was not measured on the same test set"
	run -0 baseline-gate m.json --allow-new-test
	contains "$(cat baseline.json)" '"test_hash": "cc"'
}

@test "a number that a person edited stands alone" {
	good
	baseline-gate m.json
	echo 0.6 >baseline.txt
	metrics 0.65 bb
	run -0 baseline-gate m.json
	contains "$output" "beats the baseline 0.6"
}

@test "a baseline of another metric is an error" {
	good
	baseline-gate m.json
	run -2 baseline-gate m.json --metric cv.auc
	contains "$output" "the baseline is of 'accuracy', not of 'cv.auc'"
}

@test "what is no number is refused" {
	good
	echo 0.5x >baseline.txt
	run -2 baseline-gate m.json
	same "$output" "baseline-gate: baseline.txt: '0.5x' is not a number; the file holds one number, the value that the next model must beat"
	printf ' 0.5 \r\n\n' >baseline.txt
	run -0 baseline-gate m.json --check
	: >baseline.txt
	run -2 baseline-gate m.json
	echo '[1]' >m.json
	echo 0.5 >baseline.txt
	run -2 baseline-gate m.json
}

@test "the commit that is checked out is stored" {
	needs git
	good
	git init -q .
	git add m.json
	git commit -q -m x
	mkdir sub
	mv baseline.txt sub
	run -0 baseline-gate m.json --baseline sub/baseline.txt
	contains "$(cat sub/baseline.json)" "\"commit\": \"$(git rev-parse HEAD)\""
}

@test "--json and --junit have the verdict" {
	good
	run -0 baseline-gate m.json --json --junit j.xml
	contains "$output" '"verdict": "better"'
	contains "$output" '"stored": true'
	grep -q '<system-out>accuracy 0.7 beats' j.xml
	run -1 baseline-gate m.json --json --junit j.xml
	contains "$output" '"verdict": "same"'
	grep -q '<failure message=.*is the same value' j.xml
}

@test "what cannot be told is not stored" {
	[ -e /dev/full ] || skip "there is no /dev/full"
	good
	run -3 sh -c 'baseline-gate m.json >/dev/full'
	same_file baseline.txt $'0.5\n'
}

# predictions FILE WRONG... - 200 rows, right but for the rows whose numbers are given
predictions() {
	local file=$1

	shift
	seq 0 199 | awk -v wrong=" $* " '
		BEGIN { print "target,prediction,probability" }
		{ y = $1 % 2; g = index(wrong, " " $1 " ") ? 1 - y : y; print y "," g "," (g ? 0.9 : 0.1) }' >"$file"
}

@test "a paired test passes what is better for sure, and no noise" {
	# shellcheck disable=SC2046 # words are wanted
	predictions old.csv $(seq 0 39)
	predictions new.csv {0..9} 50 51 52
	model-eval evaluate --target target new.csv -m m.json -o report.txt
	run -0 baseline-gate m.json --init 0.5 --released old.csv --predictions new.csv
	contains "$output" "accuracy 0.935 beats the baseline 0.8 by 0.135 (p "
	contains "$(cat baseline.json)" '"previous": 0.8'
	# One row more that is right.
	predictions newer.csv {0..9} 50 51
	model-eval evaluate --target target newer.csv -m m.json -o report.txt
	run -1 baseline-gate m.json --released new.csv --predictions newer.csv
	contains "$output" "accuracy 0.94 is 0.005 better than 0.935, which may be noise (p 0.25, at most 0.05 is asked for)"
	run -1 baseline-gate m.json --released new.csv --predictions newer.csv --json
	contains "$output" '"verdict": "noise"'
	run -0 baseline-gate m.json --released new.csv --predictions newer.csv --confidence 0.7 --check
	run -0 baseline-gate m.json --check
}

@test "a paired test of the AUC; the tables must fit" {
	predictions old.csv {0..39}
	predictions new.csv {0..9}
	model-eval evaluate --target target new.csv -m m.json -o report.txt
	run -0 baseline-gate m.json --metric auc --init 0.5 --released old.csv --predictions new.csv
	contains "$output" "auc 0.95 beats the baseline 0.8 by 0.15 (p "
	run -2 baseline-gate m.json --metric auc --released old.csv
	contains "$output" "a paired test needs --predictions and --released"
	run -2 baseline-gate m.json --metric auc --released new.csv --predictions old.csv
	contains "$output" "m.json: says auc 0.95, the new predictions 0.8"
	run -2 baseline-gate m.json --metric auc --released old.csv --predictions new.csv
	contains "$output" "gives 0.8 on the test set where the baseline has 0.95; it is not of the released model"
	run -2 baseline-gate m.json --metric logloss --baseline b.txt --init 1 --released old.csv --predictions new.csv
	contains "$output" "there is a paired test of accuracy and of auc, not of 'logloss'"
	sed -i '$d' old.csv
	run -2 baseline-gate m.json --metric auc --released old.csv --predictions new.csv
	contains "$output" "the two tables have not the same truth in the same order"
}

load helper

good() {
	printf 'prediction,probability\n1,0.9\n0,0.2\n1,0.6\n0,0.4\n' >p.csv
	printf -- '- {column: prediction, in: [0, 1]}\n- {column: probability, between: [0, 1]}\n' >r.yaml
	good_args=(p.csv --rules r.yaml)
}

# check STATUS RULE [ARG...] - judges p.csv by one rule
check() {
	local want=$1

	printf '%s\n' "- $2" >rule.yaml
	shift 2
	run "-$want" sanity-check p.csv --rules rule.yaml "$@"
}

folds() { # METRIC VALUES ROWS
	printf '{"folds": 5, "metrics": {"%s": [%s]}, "rows": [%s]}\n' "$1" "$2" "$3" >cv.json
}

@test "sanity-check keeps the promises of every tool" {
	contract sanity-check
}

@test "a missing rules file is told, and rules are required" {
	good
	run -2 sanity-check p.csv --rules none.yaml
	contains "$output" none.yaml
	run -2 sanity-check p.csv
	contains "$output" "--rules is missing"
}

@test "each rule is told with what was seen; a failed one gives 1" {
	good
	run -0 sanity-check p.csv --rules r.yaml
	same "$output" "pass     prediction in {0, 1}         all of 4 rows
pass     probability between 0 and 1  all of 4 rows, from 0.2 to 0.9
2 rules: 2 passed"
	printf '2,1.5\n' >>p.csv
	run -1 sanity-check p.csv --rules r.yaml
	same "$output" "FAIL     prediction in {0, 1}         1 of 5 rows break it
         1 of 5 rows have another value; the first: p.csv:6: '2'
FAIL     probability between 0 and 1  1 of 5 rows break it, from 0.2 to 1.5
         1 of 5 rows are outside; the first: p.csv:6: '1.5'
2 rules: 0 passed, 2 failed"
}

@test "a warning is told and fails nothing" {
	good
	check 0 '{column: prediction, in: [0], severity: warning, name: only zeros}'
	same "${lines[0]}" "WARNING  only zeros  2 of 4 rows break it"
	contains "$output" "1 rule: 0 passed, 1 warning"
}

@test "numbers are compared as numbers, texts byte for byte" {
	printf 'v,t\n1.0,a\n01,b\n1e0,a\n' >p.csv
	check 0 '{column: v, in: [1]}'
	check 1 '{column: v, in: ["1"]}'
	check 0 '{column: t, in: [a, b]}'
	check 1 '{column: t, in: [A, b]}'
	check 1 '{column: t, between: [0, 1]}'
}

@test "missing: a share at most; a missing field is in no set and no range" {
	printf 'v,w\n1,a\n,b\nNA,c\n1,d\n' >p.csv
	check 1 '{column: v, missing: 0}'
	contains "$output" "0.25 is not between 0 and 0"
	check 0 '{column: v, missing: 0.25}'
	check 1 '{column: v, missing: 0.25}' --na NA
	check 1 '{column: v, in: [1, NA]}'
}

@test "constant: a collapsed model is seen" {
	good
	check 0 '{column: probability, constant: false}'
	printf 'probability\n0.5\n0.5\n' >p.csv
	check 1 '{column: probability, constant: false}'
	contains "$output" "the model has collapsed"
	printf 'probability\n' >p.csv
	check 1 '{column: probability, constant: false}'
}

@test "share: between, expected, or like another table's" {
	good
	check 0 '{column: prediction, share: {value: 1, between: [0.4, 0.6]}}'
	check 1 '{column: prediction, share: {value: 1, between: [0.6, 0.7]}}'
	contains "$output" "0.5 is not between 0.6 and 0.7"
	check 0 '{column: prediction, share: {value: 1, expected: 0.55, within: 0.1}}'
	check 1 '{column: prediction, share: {value: 1, expected: 0.6, within: 0.1}}'
	printf 'y\n1\n0\n0\n0\n' >train.csv
	check 1 '{column: prediction, share: {value: 1, like: {file: train.csv, column: y}, within: 0.5}}'
	contains "$output" "0.5 is not between 0.125 and 0.375"
	check 0 '{column: prediction, share: {value: 1, like: {file: train.csv, column: y}, within: 1}}'
}

@test "distinct, mean, sd and rows" {
	good
	check 0 '{column: prediction, distinct: {expected: 2, within: 0.1}}'
	check 1 '{column: prediction, distinct: {expected: 3, within: 0.1}}'
	contains "$output" "2 is not between 2.7 and 3.3"
	check 0 '{column: probability, mean: {between: [0.5, 0.6]}}'
	check 1 '{column: probability, sd: {between: [0, 0.1]}}'
	check 0 '{rows: {expected: 4}}'
	check 1 '{rows: {expected: 5}}'
	contains "$output" "4 is not 5"
	printf 'id\n1\n2\n3\n4\n' >t.csv
	check 0 '{rows: {like: {file: t.csv}}}'
	printf '5\n' >>t.csv
	check 1 '{rows: {like: {file: t.csv}}}'
	check 0 '{rows: {like: {file: t.csv}, within: 0.2}}'
}

@test "a fold that is off is an outlier; folds that agree do not make one" {
	good
	folds auc '0.71, 0.712, 0.709, 0.711, 0.55' '10000, 10000, 10000, 10000, 10000'
	check 1 '{cv: auc, outlier: {}}' --cv cv.json
	contains "$output" "auc of fold 5 is 0.55"
	folds auc '0.71, 0.71, 0.71, 0.71, 0.712' '10000, 10000, 10000, 10000, 10000'
	check 0 '{cv: auc, outlier: {max_z: 3}}' --cv cv.json
	check 1 '{cv: auc, outlier: {max_z: 0.1, floor: 0}}' --cv cv.json
	# What the size of a fold explains: 100 rows have a standard error of 0.045.
	folds auc '0.71, 0.71, 0.71, 0.71, 0.81' '100, 100, 100, 100, 100'
	check 0 '{cv: auc, outlier: {max_z: 3}}' --cv cv.json
	folds logloss '2.5, 2.5, 2.5, 2.5, 3.5' '100, 100, 100, 100, 100'
	check 1 '{cv: all, outlier: {max_z: 3}}' --cv cv.json
}

@test "each fold between two values; folds have to be given" {
	good
	folds auc '0.71, 0.72' '100, 100'
	check 0 '{cv: [auc], between: [0.7, 0.8]}' --cv cv.json
	check 1 '{cv: auc, between: [0.715, 0.8]}' --cv cv.json
	check 2 '{cv: auc, outlier: {}}'
	contains "$output" "give its results with --cv"
	check 2 '{cv: acc, outlier: {}}' --cv cv.json
	contains "$output" "cv.json: there is no metric 'acc'"
	folds auc '0.71, 0.72' '100'
	check 2 '{cv: auc, outlier: {}}' --cv cv.json
	contains "$output" "2 folds, 'rows' 1"
}

@test "rules that make no sense are refused with their number" {
	good
	check 2 '{column: prediction}'
	contains "$output" "rule.yaml: rule 1: nothing is checked"
	check 2 '{column: prediction, in: [0], between: [0, 1]}'
	contains "$output" "both 'in' and 'between'; make two rules of it"
	check 2 '{column: prediction, betwen: [0, 1]}'
	contains "$output" betwen
	check 2 '{column: prediction, between: [1, 0]}'
	contains "$output" "higher end first"
	check 2 '{rows: {expected: 3}, column: x}'
	contains "$output" "give one of 'column', 'cv', 'rows'"
	check 2 '{column: prediction, share: {between: [0, 1]}}'
	contains "$output" "has no 'value'"
	check 2 '{column: prediction, in: [0], severity: fatal}'
	contains "$output" "severity 'fatal'"
	check 2 '{column: nosuch, in: [0]}'
	contains "$output" "no column 'nosuch'"
}

@test "JSON rules, a mapping with the list, standard input" {
	good
	printf '{"rules": [{"column": "prediction", "in": [0, 1]}]}\n' >r.json
	run -0 sanity-check - --rules r.json <p.csv
	contains "$output" "1 rule: 1 passed"
}

@test "JUnit shows the reason as text, a warning as skipped, and escapes" {
	good
	printf '%s\n' '- {column: prediction, in: [0], name: "a <b> & \"c\""}' \
		'- {column: prediction, in: [0], severity: warning, name: w}' \
		'- {column: prediction, in: [0, 1], name: w}' >r.yaml
	run -1 sanity-check p.csv --rules r.yaml --junit j.xml --markdown r.md
	grep -q 'tests="3" failures="1" errors="0" skipped="1"' j.xml
	grep -q 'name="a &lt;b&gt; &amp; &quot;c&quot;"' j.xml
	grep -q '<failure message="2 of 4 rows break it">2 of 4 rows have' j.xml
	grep -q 'name="w" .*<skipped>warning: 2 of 4' j.xml
	grep -q 'name="w (2)"' j.xml
	run ! grep type= j.xml
	grep -q '^| fail | a &lt;b> &amp; "c" |' r.md
}

@test "--json has the verdict for programs" {
	good
	run -0 sanity-check p.csv --rules r.yaml --json
	contains "$output" '"passed": true'
	contains "$output" '"status": "pass"'
}

@test "figures are the same for any number of threads" {
	{ echo v; seq 1 300000 | awk '{ print ($1 * 7919) % 10007 / 10007 }'; } >p.csv
	printf '%s\n' '- {column: v, mean: {between: [0, 1]}}' '- {column: v, sd: {between: [0, 1]}}' \
		'- {column: v, distinct: {between: [0, 20000]}}' >r.yaml
	threads_agree sanity-check p.csv --rules r.yaml
}

load helper

X=$DATA/xgboost

good() {
	printf 'id,y,prediction,probability\na,1,1,0.9\nb,0,0,0.2\nc,1,0,0.4\n' >p.csv
	good_args=(evaluate --target y p.csv)
	good_commands=(predict evaluate)
}

# Two labels: eight rows with ties. Expected values: scikit-learn 1.9.1.
pairs() {
	cat >p.csv <<-'CSV'
		id,y,prediction,probability
		1,0,0,0.1
		2,0,0,0.4
		3,1,0,0.4
		4,1,1,0.8
		5,0,1,0.8
		6,1,1,0.9
		7,1,1,0.55
		8,0,0,0.3
	CSV
}

number() { # FILE KEY
	sed -n "s/^  \"$2\": \(.*[^,]\),*\$/\1/p" "$1"
}

@test "model-eval keeps the promises of every tool" {
	contract model-eval
}

@test "predict keeps them too" {
	good() {
		cp "$X/xgb32-binary.json" m.json
		head -n 3 "$X/xgb32-binary.csv" >t.csv
		good_args=(predict m.json t.csv)
		good_missing=1
		good_stream=2
	}
	contract model-eval
}

@test "predict gives XGBoost's own probabilities" {
	run -0 model-eval predict "$X/xgb32-binary.json" "$X/xgb32-binary.csv" -o p.csv
	same "$output" ""
	same "$(head -n 3 p.csv)" $'prediction,probability\n1,0.7404849\n1,0.82318294'
	same "$(wc -l <p.csv)" "$(wc -l <"$X/xgb32-binary.csv")"
}

@test "several labels have a probability each; a number has none" {
	run -0 model-eval predict "$X/xgb32-multi.ubj" "$X/xgb32-multi.csv"
	same "${lines[0]}" prediction,probability_0,probability_1,probability_2
	same "${lines[1]}" 2,0.10617652,0.27383357,0.61998993
	run -0 model-eval predict "$X/xgb32-regression.json" "$X/xgb32-regression.csv"
	same "${lines[0]}" prediction
	same "${lines[1]}" 5.8887787
}

@test "kept columns come first, byte for byte" {
	printf 'ratio,"i d",income,age\r\n-0.591,"x ""y""",37.547,76\r\n-0.1186,007,32.097,56\r\n' >t.csv
	run -0 model-eval predict "$X/xgb32-binary.json" t.csv --keep 'i d,age'
	same "$output" $'"i d",age,prediction,probability\n"x ""y""",76,1,0.7404849\n007,56,1,0.82318294'
}

@test "a threshold moves the border; a probability has to be above it" {
	run -0 model-eval predict "$X/xgb32-binary.json" "$X/xgb32-binary.csv" --threshold 0.75
	same "${lines[1]}" 0,0.7404849
	same "${lines[2]}" 1,0.82318294
}

@test "a column that is missing is named" {
	printf 'age,ratio\n1,2\n' >t.csv
	run -2 --separate-stderr model-eval predict "$X/xgb32-binary.json" t.csv -o p.csv
	contains "$stderr" income
	only t.csv
	run -2 --separate-stderr model-eval predict "$X/xgb32-binary.json" "$X/xgb32-binary.csv" --keep agee
	contains "$stderr" "is 'age' meant?"
}

@test "a kept column may not have the name of a prediction" {
	printf 'age,income,ratio,prediction\n1,2,3,4\n' >t.csv
	run -2 model-eval predict "$X/xgb32-binary.json" t.csv --keep prediction
	contains "$output" "column 'prediction' is one of the predictions' own"
}

@test "predictions are the same for any number of threads, with and without vectors" {
	{ head -n 1 "$X/xgb32-binary.csv"; for i in {1..300}; do tail -n +2 "$X/xgb32-binary.csv"; done; } >t.csv
	threads_agree model-eval predict "$X/xgb32-binary.json" t.csv --keep age
	model-eval predict "$X/xgb32-binary.json" - <t.csv --keep y | gzip >p.csv.gz
	threads_agree model-eval evaluate --target y p.csv.gz --json
	for cpu in scalar avx2; do
		same "$(CD4ML_CPU=$cpu model-eval predict "$X/xgb32-binary.json" t.csv | md5sum)" \
			"$(model-eval predict "$X/xgb32-binary.json" t.csv | md5sum)"
	done
}

@test "two labels: the numbers are scikit-learn's" {
	pairs
	run -0 model-eval evaluate --target y p.csv --metrics m.json --json
	same "$output" "$(cat m.json)"
	# accuracy_score, roc_auc_score, average_precision_score, log_loss, f1_score, matthews_corrcoef
	same "$(number m.json accuracy)" 0.75
	same "$(number m.json auc)" 0.8125
	same "$(number m.json average_precision)" 0.7708333333333333
	same "$(number m.json logloss | cut -c 1-15)" 0.5531163494248
	same "$(number m.json brier | cut -c 1-9)" 0.1890625
	same "$(number m.json f1)" 0.75
	same "$(number m.json mcc)" 0.5
	same "$(number m.json rows)" 8
	same "$(number m.json test_hash)" "\"$(printf '0\n0\n1\n1\n0\n1\n1\n0\n' | md5sum | cut -c 1-32)\""
}

@test "the report has the form of scikit-learn's" {
	pairs
	run -0 model-eval evaluate --target y p.csv
	same "$(head -n 8 <<<"$output")" "             precision    recall  f1-score   support

           0    0.7500    0.7500    0.7500         4
           1    0.7500    0.7500    0.7500         4

    accuracy                        0.7500         8
   macro avg    0.7500    0.7500    0.7500         8
weighted avg    0.7500    0.7500    0.7500         8"
	contains "$output" "$(printf '           0          3          1\n           1          1          3')"
}

@test "several labels: mean of each against the rest" {
	printf 'y,prediction,probability_b,probability_a,probability_c\na,a,.2,.7,.1\nb,b,.5,.3,.2\nc,b,.6,.1,.3\na,c,.1,.4,.5\n' >p.csv
	run -0 model-eval evaluate --target y p.csv --json
	printf '%s' "$output" >m.json
	same "$(number m.json objective)" '"multiclass"'
	same "$(number m.json accuracy)" 0.5
	# roc_auc_score(y, P, multi_class='ovr'), log_loss
	same "$(number m.json auc)" 0.7777777777777777
	same "$(number m.json logloss | cut -c 1-12)" 0.7925214151
}

@test "numbers: errors and explained variance" {
	printf 'y,prediction\n1,1.5\n2,2\n4,3\n' >p.csv
	run -0 model-eval evaluate --target y p.csv --json
	printf '%s' "$output" >m.json
	same "$(number m.json objective)" '"regression"'
	same "$(number m.json mae)" 0.5
	same "$(number m.json max_error)" 1.0
	same "$(number m.json r2 | cut -c 1-12)" 0.7321428571
}

@test "labels without probabilities want to be called so" {
	printf 'y,prediction\nyes,yes\nno,yes\n' >p.csv
	run -2 model-eval evaluate --target y p.csv
	same "$output" "model-eval: p.csv:2: column 'y': 'yes' is not a number; for labels without probabilities say --objective multiclass"
	run -0 model-eval evaluate --target y p.csv --objective multiclass
	contains "$output" "weighted avg"
}

@test "the positive label is the last in order, or the one that is named" {
	printf 'y,prediction,probability\n10,10,0.9\n9,9,0.2\n9,9,0.1\n' >p.csv
	run -0 model-eval evaluate --target y p.csv --json
	contains "$output" '"positive": "10"'
	printf 'y,prediction,probability\ngood,good,0.9\nill,ill,0.2\n' >p.csv
	run -2 model-eval evaluate --target y p.csv
	contains "$output" "rows predicted 'ill' have lower probabilities than those predicted 'good'; name the label"
	run -0 model-eval evaluate --target y p.csv --positive good --json
	contains "$output" '"auc": 1.0'
	run -2 model-eval evaluate --target y p.csv --positive none
	contains "$output" "no row has the positive label 'none'"
}

@test "without predictions, or with a threshold, probabilities decide" {
	printf 'y,p\n1,0.9\n0,0.6\n0,0.1\n' >p.csv
	run -0 model-eval evaluate --target y --probability p p.csv --json
	contains "$output" '"accuracy": 0.6666666666666666'
	run -0 model-eval evaluate --target y --probability p p.csv --threshold 0.6 --json
	contains "$output" '"accuracy": 1.0'
}

@test "weights count" {
	printf 'y,prediction,probability,w\n1,1,0.9,3\n0,1,0.6,1\n' >p.csv
	run -0 model-eval evaluate --target y --weight w p.csv --json
	contains "$output" '"accuracy": 0.75'
	[[ $output != *_low* ]]
}

@test "the order of the rows of each group is measured" {
	# q: relevances in order 2, 0, 1; r: 0, 0, 3; s: nothing is relevant
	printf 'g,prediction,y,w\nq,9,2,3\nr,-1,3,1\ns,1,0,1\nq,0.5,1,3\nr,7,0,1\nq,5,0,3\nr,2,0,1\n' >p.csv
	run -0 model-eval evaluate --target y --group g p.csv --metrics m.json
	contains "$output" "NDCG of the first 10"
	# (3 + 1/2) / (3 + 1/log2 3), 7/2 / 7, 1; (1 + 2/3) / 2, 1/3, 1; 1, 1/3, 1
	jq -e '(.ndcg - (3.5 / (3 + 1 / (3 | log2)) + 0.5 + 1) / 3 | fabs) < 1e-12 and (.map - (5 / 6 + 1 / 3 + 1) / 3 | fabs) < 1e-12 and
		(.mrr - (1 + 1 / 3 + 1) / 3 | fabs) < 1e-12' m.json
	jq -e '.objective == "ranking" and .rows == 7 and .groups == 3 and .groups_irrelevant == 1 and (has("rmse") | not)' m.json
	model-eval evaluate --target y --group g --top 2 p.csv --metrics m.json
	jq -e '(.ndcg - (3 / (3 + 1 / (3 | log2)) + 0 + 1) / 3 | fabs) < 1e-12 and .map == 0.5 and (.mrr - 2 / 3 | fabs) < 1e-12' m.json
	model-eval evaluate --target y --group g --weight w --top 0 p.csv --metrics m.json
	jq -e '(.mrr - (3 + 1 / 3 + 1) / 5 | fabs) < 1e-12' m.json
	threads_agree model-eval evaluate --target y --group g p.csv --json
}

@test "probabilities order groups too, and the gate compares their order" {
	printf 'g,prediction,probability,y\nq,1,0.9,1\nq,0,0.4,0\nr,0,0.3,1\nr,0,0.45,0\n' >p.csv
	model-eval evaluate --target y --group g p.csv --metrics m.json
	jq -e '.objective == "binary" and .map == 0.75 and .mrr == 0.75 and .auc == 0.5 and .groups == 2' m.json
	sed 's/0.45/0.25/' p.csv | model-eval evaluate --target y --group g - --metrics better.json
	for metric in ndcg map mrr; do
		baseline-gate m.json --metric $metric --baseline $metric.json --init 0.5
		run -0 baseline-gate better.json --metric $metric --baseline $metric.json
		contains "$output" "$metric 1 beats the baseline 0."
	done
}

@test "groups without an order, and no relevance, are refused" {
	printf 'g,prediction,y\nq,1,0.5\n' >p.csv
	run -2 model-eval evaluate --target y --group g p.csv
	same "$output" "model-eval: p.csv:2: column 'y': 0.5 is no whole number from 0 to 31: no relevance; say 0 for irrelevant, more for better rows"
	run -2 model-eval evaluate --target y --objective ranking p.csv
	same "$output" "model-eval: p.csv: ranking needs to know which rows belong together; say --group COL"
	run -2 model-eval evaluate --target y --objective regression --group g p.csv
	contains "$output" "--group needs a number to order rows by"
	run -2 model-eval evaluate --target y --group nosuch p.csv
	contains "$output" "no column 'nosuch'"
	printf 'g,prediction,y\nq,1,1\n,2,0\n' >p.csv
	run -2 model-eval evaluate --target y --group g p.csv
	same "$output" "model-eval: p.csv:3: column 'g': is missing"
}

@test "labels that do not fit, missing fields and odd probabilities are told" {
	printf 'y,prediction,probability\n1,1.0,0.9\n0,0.0,0.2\n' >p.csv
	run -2 model-eval evaluate --target y p.csv
	contains "$output" "4 labels in target and prediction, two expected: '0', '0.0', '1', '1.0'"
	printf 'y,prediction,probability\n1,1,0.9\n,0,0.2\n' >p.csv
	run -2 model-eval evaluate --target y p.csv
	same "$output" "model-eval: p.csv:3: column 'y': is missing"
	printf 'y,prediction,probability\n1,1,1.5\n0,0,0.2\n' >p.csv
	run -2 model-eval evaluate --target y p.csv
	same "$output" "model-eval: p.csv:2: column 'probability': 1.5 is no probability: outside of [0, 1]"
	printf 'y,prediction,probability\n' >p.csv
	run -2 model-eval evaluate --target y p.csv
	same "$output" "model-eval: p.csv: there are no rows"
	run -2 model-eval evaluate --target yy p.csv
	contains "$output" "is 'y' meant?"
	run -2 model-eval evaluate p.csv
	contains "$output" "--target is missing"
}

@test "one class only: what is not defined is null" {
	printf 'y,prediction,probability\n0,0,0.2\n0,0,0.1\n' >p.csv
	run -0 model-eval evaluate --target y p.csv --json --html r.html
	contains "$output" '"auc": null'
	contains "$output" '"accuracy": 1.0'
}

@test "the page stands alone and nothing from data becomes markup" {
	printf 'y,prediction,probability\n<b>1&,<b>1&,0.9\n0,0,0.2\n' >p.csv
	run -0 model-eval evaluate --target y p.csv --html r.html --title 'a<b' --markdown r.md --openmetrics r.txt
	[ "$(wc -c <r.html)" -lt 50000 ]
	[ "$(grep -c '<svg' r.html)" -eq 4 ]
	run -1 grep -E '<b>|<script|https?:|src=|href=' r.html
	grep -q '<h1>a&lt;b</h1>' r.html
	grep -q '&lt;b&gt;1&amp;' r.html
	grep -q '| &lt;b>1&amp; |' r.md
	grep -qx 'model_accuracy 1' r.txt
	same "$(tail -n 1 r.txt)" "# EOF"
	! grep -Ev '^[a-z0-9_]+ [-+.e0-9]+$|^# EOF$' r.txt
}

@test "control characters in labels do not reach the terminal" {
	printf 'y,prediction,probability\n"a\033[1m","a\033[1m",0.9\n0,0,0.2\n' >p.csv
	run -0 model-eval evaluate --target y p.csv
	contains "$output" 'a\x1b[1m'
}

@test "numbers that nothing can be drawn of come to an end" {
	printf 'target,prediction\n1e308,-1e308\n-1e308,1e308\n' >huge.csv
	run -0 timeout 20 model-eval evaluate --target target huge.csv --html h.html
	printf 'target,prediction\n1e17,100000000000000016\n100000000000000032,1e17\n' >far.csv
	run -0 timeout 20 model-eval evaluate --target target far.csv --html h.html
}

@test "what would measure nothing is refused" {
	printf 'y,prediction,probability,w\n1,1,.9,0\n0,0,0.1,0\n' >w.csv
	run -2 --separate-stderr model-eval evaluate --target y --weight w w.csv
	same "$stderr" "model-eval: w.csv: column 'w': no weight is above 0"
	printf 'y,prediction,probability,w\n1,1,.9,1e308\n0,0,0.1,1\n' >w.csv
	run -2 --separate-stderr model-eval evaluate --target y --weight w w.csv
	contains "$stderr" "the weights are too large"
	run -2 --separate-stderr model-eval evaluate --target prediction w.csv
	contains "$stderr" "w.csv: column 'prediction' is both truth and prediction"
	printf 'y,prediction\n1.5,1\n2,2.5\n' >r.csv
	run -2 --separate-stderr model-eval evaluate --target y --threshold 0.4 r.csv
	same "$stderr" "model-eval: r.csv: a threshold needs probabilities"
	{ echo x,y; seq 30 | awk '{print $1","$1 * 1.5}'; } >t.csv
	gbt-train --target y --trees 2 t.csv -o m.json
	run -2 --separate-stderr model-eval predict --threshold 0.4 m.json t.csv
	contains "$stderr" "a threshold has no effect on this model"
	run -2 --separate-stderr model-eval predict --keep y,y m.json t.csv
	contains "$stderr" "column 'y' would be kept twice"
}

@test "contributions add up to the margin; a column that no split asks for has none" {
	local m

	printf 'a,b,c,y,z\n' >t.csv
	awk 'BEGIN { srand(3); for (i = 0; i < 400; i++) { a = rand(); b = int(rand() * 4); c = rand() < .2 ? "" : rand()
		print a "," b "," c "," (a + b / 4 + (c == "" ? .3 : c) > 1.2) "," a * b } }' >>t.csv
	for m in gbt rf; do
		$m-train --target y --drop z --trees 10 --min-samples-leaf 5 -o m.ubj t.csv
		model-eval predict m.ubj t.csv --contrib -o p.csv
		same "$(head -n 1 p.csv)" prediction,probability,contrib_a,contrib_b,contrib_c,contrib_bias
		awk -F, -v m=$m 'NR > 1 { s = $3 + $4 + $5 + $6; if (m == "gbt") s = 1 / (1 + exp(-s)); d = s - $2
			if (d > 1e-6 || d < -1e-6) exit 1 }' p.csv
	done
	threads_agree model-eval predict m.ubj t.csv --contrib
	gbt-train --target b --objective multiclass --drop z --trees 3 -o m.json t.csv
	run -0 model-eval predict m.json t.csv --contrib --keep b
	contains "${lines[0]}" ,contrib_0_a,contrib_0_c,contrib_0_y,contrib_0_bias,contrib_1_a
	gbt-train --target z --drop y --trees 1 --max-leaves 2 -o one.json t.csv
	model-eval predict one.json t.csv --contrib | awk -F, 'NR > 1 && ($4 != 0 || ($2 != 0) + ($3 != 0) != 1) { exit 1 }'
}

@test "a weight that is no number is not taken for a label" {
	printf 'y,prediction,w\n1,1,x\n0,0,1\n' >p.csv
	run -2 --separate-stderr model-eval evaluate --target y --weight w p.csv
	same "$stderr" "model-eval: p.csv:2: column 'w': 'x' is not a number"
}

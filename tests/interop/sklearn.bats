# Metrics against scikit-learn itself; the classification report as it prints it.

load ../helper

setup() {
	scratch
	[ -n "${PEER_PYTHON-}" ] || skip "no Python peers"
}

@test "metrics of two labels, ties, several labels and numbers are scikit-learn's" {
	local kind

	for kind in scores ties classes numbers; do
		"$PEER_PYTHON" "$ROOT/tests/interop/metrics-sklearn.py" make p.csv $kind
		model-eval evaluate --target y p.csv -m m.json -o /dev/null
		"$PEER_PYTHON" "$ROOT/tests/interop/metrics-sklearn.py" check p.csv m.json $kind plain
		model-eval evaluate --target y --weight w p.csv -m m.json -o /dev/null
		"$PEER_PYTHON" "$ROOT/tests/interop/metrics-sklearn.py" check p.csv m.json $kind weighted
	done
}

@test "NDCG, MAP and MRR of groups are xgboost's, lightgbm's and scikit-learn's" {
	"$PEER_PYTHON" -c 'import xgboost, lightgbm' 2>/dev/null || skip "no xgboost and lightgbm among the Python peers"
	"$PEER_PYTHON" "$ROOT/tests/interop/metrics-sklearn.py" make p.csv order
	for k in 1 3 10 100; do
		model-eval evaluate --target y --group q --top $k p.csv -m m.json -o /dev/null
		"$PEER_PYTHON" "$ROOT/tests/interop/metrics-sklearn.py" order p.csv m.json $k
	done
}

@test "the classification report reads as scikit-learn's" {
	"$PEER_PYTHON" "$ROOT/tests/interop/metrics-sklearn.py" make p.csv ties
	model-eval evaluate --target y p.csv | head -n 8 | tr -s ' ' >ours
	"$PEER_PYTHON" -c '
import csv
from sklearn.metrics import classification_report
r = list(csv.DictReader(open("p.csv")))
print(classification_report([x["y"] for x in r], [x["prediction"] for x in r], digits=4), end="")' |
		tr -s ' ' >theirs
	diff theirs ours
}

@test "dvc reads the numbers of metrics.json" {
	[ -n "${PEER_DVC-}" ] || skip "no dvc"
	"$PEER_PYTHON" "$ROOT/tests/interop/metrics-sklearn.py" make p.csv ties
	git init -q .
	"$PEER_DVC" init -q
	model-eval evaluate --target y p.csv -m metrics.json -o /dev/null
	run -0 "$PEER_DVC" metrics show metrics.json
	contains "$output" auc
}

# Models of real xgboosts, of today and of 2.1, and ours in them. xgboost-models.py says what is compared.

load ../helper

setup() {
	scratch
	[ -n "${PEER_PYTHON-}" ] || skip "no Python peers"
	"$PEER_PYTHON" -c 'import xgboost' 2>/dev/null || skip "no xgboost among the Python peers"
}

with_2() {
	[ -n "${PEER_XGBOOST2-}" ] || skip "no xgboost 2 among the Python peers"
}

@test "the real xgboost loads every kind of model, and predicts what we predict" {
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/xgboost-models.py" ours
	contains "$output" "models agree (xgboost 3."
}

@test "we predict what the real xgboost predicts with its own models" {
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/xgboost-models.py" theirs
	contains "$output" "models agree (xgboost 3."
}

@test "xgboost 2 loads every kind of model, and predicts what we predict" {
	with_2
	run -0 "$PEER_XGBOOST2" "$ROOT/tests/interop/xgboost-models.py" ours
	contains "$output" "models agree (xgboost 2."
}

@test "we predict what xgboost 2 predicts with its own models" {
	with_2
	run -0 "$PEER_XGBOOST2" "$ROOT/tests/interop/xgboost-models.py" theirs
	contains "$output" "models agree (xgboost 2."
}

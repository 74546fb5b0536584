load ../helper

setup() {
	scratch
	[ -n "${PEER_PYTHON-}" ] || skip "no Python peers"
	"$PEER_PYTHON" -c 'import xgboost' 2>/dev/null || skip "no xgboost among the Python peers"
}

@test "the real xgboost loads every kind of model, and predicts what we predict" {
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/xgboost-models.py" ours
	contains "$output" "models agree"
}

@test "we predict what the real xgboost predicts with its own models" {
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/xgboost-models.py" theirs
	contains "$output" "models agree"
}

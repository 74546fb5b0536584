load ../helper

setup() {
	scratch
	[ -n "${PEER_PYTHON-}" ] || skip "no Python peers"
	"$PEER_PYTHON" -c 'import xgboost, lightgbm' 2>/dev/null || skip "no xgboost and lightgbm among the Python peers"
}

@test "each objective is learned as well as by the peers, and xgboost predicts the same of its model" {
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/objectives.py" losses
	contains "$output" "no loss is worse"
}

@test "constraints are kept, at no more loss than the peers have with them" {
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/objectives.py" constraints
	contains "$output" "constraints are kept"
}

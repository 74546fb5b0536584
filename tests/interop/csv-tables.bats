load ../helper

setup() {
	scratch
	[ -n "${PEER_PYTHON-}" ] || skip "no Python peers"
}

@test "random ugly tables are joined, merged and split as Python's csv and pandas would" {
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/csv-tables.py" 150 1
	contains "$output" "150 rounds agree"
}

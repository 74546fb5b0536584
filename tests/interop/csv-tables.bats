load ../helper

setup() {
	scratch
	[ -n "${PEER_PYTHON-}" ] || skip "no Python peers"
}

@test "random ugly tables are joined, merged and split as Python's csv and pandas would" {
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/csv-tables.py" 150 1
	contains "$output" "150 rounds agree"
}

@test "joins with any options, and tables appended to day by day, are a model's to the byte" {
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/csv-bytes.py" 100 1
	contains "$output" "100 rounds agree"
}

# KKBOX_TABLES names a folder of tables drawn at full size (make raw SCALE=1).
@test "the walk-through's join is DuckDB's, its codes pandas'" {
	peer duckdb
	tables=${KKBOX_TABLES:-$PWD/raw}
	[ -e "$tables/train.csv" ] || kkbox-data --scale 0.01 "$tables"
	"$PEER_PYTHON" "$ROOT/tests/interop/kkbox-tables.py" "$tables"
}

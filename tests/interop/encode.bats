# csv-encode beside pandas, data-check's schemas beside Frictionless.

load ../helper

@test "random ugly tables are fitted and applied as pandas' factorize and fillna would" {
	peer pandas
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/encode.py" pandas 150 1
	contains "$output" "150 rounds agree"
}

@test "counts, means, columns of values and parts, dates and cuts agree with scikit-learn and pandas" {
	peer sklearn
	peer pandas
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/encode-features.py" 60 1
	contains "$output" "60 rounds agree"
}

@test "what data-check infers is valid for Frictionless too" {
	peer frictionless
	printf 'id,n,x,t,d,dt,b,z,e\nk1,1,1.5,red,2020-01-02,2020-01-02T03:04:05Z,true,007,\nk2,,2,red,2020-01-03,2020-01-02T03:04:05Z,false,012,\nk3,3,NA,blue,2020-02-01,2020-01-02T03:04:05Z,True,113,\n' >in.csv
	data-check infer -q --na NA --ranges --key id --label t --domain n in.csv -o s.json
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/encode.py" frictionless in.csv s.json
	same "$output" "[]"
}

@test "data-check and Frictionless find the same rows in the golden table" {
	peer frictionless
	cp "$DATA/schema/data.csv" in.csv
	cp "$DATA/schema/table.json" s.json
	run -0 "$PEER_PYTHON" "$ROOT/tests/interop/encode.py" golden in.csv s.json
	contains "$output" "agree"
}

# The flights data (real, ugly in its own way) joined and learned, beside pandas and LightGBM. The tables are
# looked for in CD4ML_FLIGHTS, else beside the checkout.

load ../helper

FLIGHTS=${CD4ML_FLIGHTS:-$ROOT/../shared/data/flights}

setup() {
	[ -e "$FLIGHTS/train.csv.gz" ] || skip "no flights data in $FLIGHTS"
	scratch
	for t in train test planes airlines airports weather; do
		gzip -dc "$FLIGHTS/$t.csv.gz" >"$t.csv"
	done
}

join_flights() {
	for part in train test; do
		csv-join "$part.csv" --na NA \
			--left tailnum planes.csv --prefix plane_ \
			--left carrier airlines.csv \
			--left dest=faa airports.csv --prefix airport_ \
			--left origin,year,month,day,hour weather.csv --prefix weather_ --duplicates first \
			-o "$part-joined.csv"
	done
}

@test "csv-join of the flights with four tables gives what pandas gives" {
	peer pandas
	join_flights
	"$PEER_PYTHON" "$ROOT/tests/interop/flights.py" join
}

@test "gzip in, the same bytes out" {
	join_flights
	csv-join "$FLIGHTS/train.csv.gz" --na NA --left carrier "$FLIGHTS/airlines.csv.gz" -o gz.csv
	csv-join train.csv --na NA --left carrier airlines.csv -o plain.csv
	cmp gz.csv plain.csv
}

@test "two rows of the weather with one key are refused with both lines" {
	run -2 --separate-stderr csv-join test.csv --left origin,year,month,day,hour weather.csv --prefix w_ -o out.csv
	[[ "$stderr" == *weather.csv:*"is already in line"* ]]
	[ ! -e out.csv ]
}

@test "gbt-train on the joined flights is as good as LightGBM" {
	peer lightgbm
	join_flights
	for seed in 1 2 3; do
		gbt-train --target late --drop time_hour,weather_time_hour --na NA --trees 100 --max-leaves 31 \
			--learning-rate 0.1 --seed $seed -o model.json train-joined.csv
		model-eval predict model.json test-joined.csv --na NA -o predictions-$seed.csv
	done
	"$PEER_PYTHON" "$ROOT/tests/interop/flights.py" lightgbm 100 31 0.1 >&3
}

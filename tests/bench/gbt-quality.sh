# gbt-quality.sh - how good the models are, not how fast: losses on rows that were not learned from, beside XGBoost,
# LightGBM and scikit-learn at equal settings, on eleven tables; of boosting and of forests.
# shellcheck shell=sh

title "gbt-train, rf-train: held-out losses beside the peers, 100 trees (KKBox at scale $BENCH_SCALE)"
handicap "the best of several peers is a hard one to meet: where all are equally good, noise makes one of them the best"
if [ -z "${PEER_PYTHON-}" ]; then
	skip quality "no CD4ML_INTEROP_VENV"
else
	kkbox || return 1
	csv-join train.csv --left song_id songs.csv --left msno members.csv |
		csv-encode --date registration_init_time,expiration_date --drop lyricist --codes-text --plain target \
			--fill-text unknown --fill-number 0 --fit enc.json - -o kkbox.csv || return 1
	flights=${CD4ML_FLIGHTS:-$BENCH_ROOT/../shared/data/flights}
	for part in train test; do
		[ ! -e "$flights/$part.csv.gz" ] || csv-join "$flights/$part.csv.gz" --na NA \
			--left tailnum "$flights/planes.csv.gz" --prefix plane_ \
			--left carrier "$flights/airlines.csv.gz" \
			--left dest=faa "$flights/airports.csv.gz" --prefix airport_ \
			--left origin,year,month,day,hour "$flights/weather.csv.gz" --prefix weather_ --duplicates first \
			-o "flights-$part.csv"
	done
	"$PEER_PYTHON" "$BENCH_ROOT/tests/bench/quality.py" || return 1
fi

# rf-train.sh - a random forest on the joined, encoded table: 20 trees of depth 25, the same settings for all.
# shellcheck shell=sh

title "rf-train: 20 trees of depth 25, leaves of 20 rows, from a CSV of numbers (scale $BENCH_SCALE)"
handicap "the peers read the CSV with pandas' C parser, which is in their time as it is in ours"
handicap "LightGBM grows at most 32768 leaves a tree; scikit-learn grows 2 trees, a tenth"
kkbox || return 1
csv-join train.csv --left song_id songs.csv --left msno members.csv |
	csv-encode --date registration_init_time,expiration_date --drop lyricist --codes-text --plain target \
		--fill-text unknown --fill-number 0 --fit enc.json - -o clean.csv || return 1
cat >train-lightgbm.py <<'PY'
import lightgbm as lgb, pandas as pd
d = pd.read_csv("clean.csv"); y = d.pop("target")
lgb.train({"objective": "binary", "boosting": "rf", "num_leaves": 32768, "max_depth": 25, "max_bin": 255,
           "bagging_freq": 1, "bagging_fraction": 0.632, "feature_fraction_bynode": 0.2, "min_data_in_leaf": 20,
           "num_threads": 2, "verbosity": -1}, lgb.Dataset(d, y), 20).save_model("lgb.txt")
PY
cat >train-sklearn.py <<'PY'
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
d = pd.read_csv("clean.csv"); y = d.pop("target")
RandomForestClassifier(2, max_depth=25, min_samples_leaf=20, n_jobs=2).fit(d, y)
PY
ours rf-train "rf-train --target target --trees 20 --max-depth 25 --min-samples-leaf 20 -j 2 -o model.ubj clean.csv"
python_peer lightgbm lightgbm train-lightgbm.py
python_peer "scikit-learn (2 trees)" sklearn train-sklearn.py

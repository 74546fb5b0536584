# gbt-small.sh - gradient boosting on a small table, where starting up is what counts.
# shellcheck shell=sh

title "gbt-train: 7,000 rows x 28 columns, 100 trees of 31 leaves"
handicap "the peers' time is mostly Python's imports; a long-lived process would not have them"
awk 'BEGIN {
	srand(1)
	for (c = 0; c < 28; c++) printf "x%d,", c
	print "y"
	for (r = 0; r < 7000; r++) {
		sum = 0
		for (c = 0; c < 28; c++) { v = rand() + rand() - 1; if (c % 4 == 0) sum += v; printf "%.5f,", v }
		print (sum + rand() - 0.5 > 0)
	}
}' >small.csv || return 1
cat >train-lightgbm.py <<'PY'
import lightgbm as lgb, pandas as pd
d = pd.read_csv("small.csv"); y = d.pop("y")
lgb.train({"objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "max_bin": 255, "min_data_in_leaf": 20, "lambda_l2": 1,
           "num_threads": 2, "verbosity": -1}, lgb.Dataset(d, y), 100).save_model("lgb.txt")
PY
cat >train-xgboost.py <<'PY'
import xgboost as xgb, pandas as pd
d = pd.read_csv("small.csv"); y = d.pop("y")
xgb.train({"objective": "binary:logistic", "max_leaves": 31, "grow_policy": "lossguide", "max_depth": 0, "eta": 0.1,
           "max_bin": 256, "lambda": 1, "min_child_weight": 1e-3, "tree_method": "hist", "nthread": 2}, xgb.DMatrix(d, y), 100).save_model("xgb.json")
PY
ours gbt-train "gbt-train --target y --trees 100 --max-leaves 31 --max-depth 0 --learning-rate 0.1 -j 2 -o model.json small.csv"
python_peer lightgbm lightgbm train-lightgbm.py
python_peer xgboost xgboost train-xgboost.py

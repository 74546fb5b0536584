# The walk-through's project, left behind by the demo, in the hands of the real dvc.

load ../helper

# Its project, in the current folder, as `make demo` leaves it.
demo() {
	peer_dvc
	export TMPDIR=$PWD CD4ML_MK=$ROOT/mk/cd4ml.mk DVC_SITE_CACHE_DIR=$PWD/site
	SCALE=$1 KEEP=1 "$ROOT/examples/kkbox/demo.sh" >demo.log
	cd cd4ml-demo.*/project || return
}

@test "dvc finds the demo's project up to date, and pulls the same bytes into a fresh clone" {
	demo 0.01
	run -0 dvc status
	same "$output" "Data and pipelines are up to date."
	run -0 dvc status -c
	same "$output" "Cache and remote 'storage' are in sync."

	git clone -q ../origin.git ../clone2
	dvc --cd ../clone2 pull -q
	run -0 dvc --cd ../clone2 status
	same "$output" "Data and pipelines are up to date."
	for f in data/train.csv clean/train.csv models/model.ubj predictions/test.csv reports/evaluation.html; do
		cmp "$f" "../clone2/$f"
	done
	cd ../clone2
	run -0 make status
	[[ "$output" == *"up to date"* ]]
}

# The arrows between stages, sorted; dvc also draws those from .dvc files.
arrows() {
	sed -n 's/^ *\("[^"]*" -> "[^"]*"\);$/\1/p' | grep -v '\.dvc"' | sort
}

@test "dvc sees the demo's stages, graph, metrics and parameters as we do" {
	demo 0.001
	needs jq
	run -0 dvc repro --dry
	contains "$output" "Stage 'evaluate' didn't change, skipping"
	case $output in *Running*) false ;; esac

	same "$(dvc stage list --name-only)" "$(stage-run status --json | jq -r '.stages[].stage')"
	dvc stage list >list
	contains "$(tr -s ' ' <list)" "train the model (MODEL=rf|gbt)"
	dvc dag --dot | arrows >theirs
	make -s dag FORMAT=dot | arrows >ours
	[ "$(wc -l <ours)" -eq 10 ]
	diff -u theirs ours
	run -0 dvc dag
	contains "$output" check_predictions

	# model-1 had less data and was a forest
	sed -i 's/max_leaves: 255/max_leaves: 31/; s/colsample_bytree: 0.7/colsample_bytree: 0.5/' params.yaml
	make repro
	# the numbers that differ: dvc leaves the others out
	numbers='[.[] | select(.old != .new)] | map({key: (.file + " " + .name), value: {old, new}}) | from_entries'
	theirs='[to_entries[] | .key as $f | .value | to_entries[]
		| {key: ($f + " " + .key), value: {old: .value.old, new: .value.new}}] | from_entries'
	for what in metrics params; do
		stage-show $what --rev model-1 --json | jq -S "$numbers" >ours
		dvc $what diff model-1 --json | jq -S "$theirs" >theirs
		[ "$(jq length ours)" -gt 1 ]
		# of parameters, dvc compares all of a file that both have; ours are those that stages use
		[ $what = metrics ] || jq -S --slurpfile o ours 'with_entries(select(.key as $k | $o[0] | has($k)))' theirs >picked
		diff -u "$([ $what = metrics ] && echo theirs || echo picked)" ours
	done
	same "$(jq -r '."params.yaml gbt.max_leaves".new' ours)" 31
}

@test "the demo's project run by dvc: make finds nothing to do" {
	demo 0.001
	rm -r dvc.lock .dvc/cache/runs clean/* models/* predictions/* reports/* metrics/*
	dvc repro
	run -0 make status
	same "$output" "all 8 stages are up to date"
	run -0 make repro
	contains "$output" "Nothing to be done"
	# the same files again; dvc puts the stages into another order, and folds lines elsewhere
	diff -u <(git show HEAD:dvc.lock | tr -s ' ' '\n' | sort) <(tr -s ' ' '\n' <dvc.lock | sort)
	git checkout -q dvc.lock
	same "$(git status --porcelain)" ""

	# and with another parameter and other data, from dvc's run cache too
	sed -i 's/max_leaves: 255/max_leaves: 31/' params.yaml
	dvc repro -q
	run -0 make status
	same "$output" "all 8 stages are up to date"
	git checkout -q params.yaml
	run -0 make repro
	contains "$output" "evaluate: restored from the run cache"
	case $output in *running*) false ;; esac
	run -0 dvc status
	same "$output" "Data and pipelines are up to date."
}

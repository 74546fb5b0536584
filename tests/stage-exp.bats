load helper
load stage

# The pipeline with as many lines as the parameter says.
of_n_lines() {
	pipeline $'# tuned by hand\nn: 1 # lines\nsub: {x: 0.5}' '$(sed -n "s/^n. \([0-9]*\).*/\1/p" params.yaml)'
}

project() {
	of_n_lines
	cas-hash add -q in.txt
	stage-run run -q
	git add -A && git commit -qm one
}

good() {
	of_n_lines
	stage-run run -q
	git add -A && git commit -qm one
	good_args=(show)
	good_missing=none
	good_stream=none
	good_commands=(run show apply remove)
}

go=(--command 'stage-run run')

@test "stage-exp keeps the promises of every tool" {
	contract stage-exp
}

@test "an experiment runs what its parameters change, beside the workspace" {
	project
	git status --porcelain | { ! grep .; }
	run -0 stage-exp run "${go[@]}" --set n=2
	contains "$output" "a: restored from the cache"
	contains "$output" "b: running:"
	contains "$output" "experiment 'exp-1' is done"
	same "$(cat b.txt)" a
	git status --porcelain | { ! grep .; }
	same "$(git worktree list | wc -l)" 1
	same "$(git show refs/cd4ml/exp/exp-1:params.yaml)" $'# tuned by hand\nn: 2 # lines\nsub: {x: 0.5}'
	same "$(git log -1 --format=%B refs/cd4ml/exp/exp-1)" $'Experiment exp-1\n\nn=2'
	# the same again comes from the run cache that both share
	run -0 stage-exp run "${go[@]}" -s n=2 --name again
	contains "$output" "b: restored from the run cache"
}

@test "show compares what differs, and metrics; --json has all" {
	project
	stage-exp run -q "${go[@]}" --set n=2
	printf 'c\n' >>in.txt && cas-hash add -q in.txt
	stage-exp run -q "${go[@]}" --set n=1 --set sub.x=2.5 --name more
	run -2 stage-exp run "${go[@]}" --set n=zero --name bad
	run -0 stage-exp show
	same "$output" "$(printf '%s\n' \
		'experiment  state       n  lines' \
		'workspace   workspace   1      2' \
		'exp-1       done        2      2' \
		'more        done        1      3' \
		'bad         unfinished  -      -')"
	echo '{"lines": 2, "more": 1}' >m.json
	contains "$(stage-exp show | head -n 1)" "lines  more"
	same "$(stage-exp show --metric lines --metric nosuch | head -n 1)" "experiment  state       n  lines"
	contains "$(stage-exp show --metric nosuch | head -n 1)" "lines  more"
	git checkout -q m.json
	stage-exp show --json -o rows.json
	same "$(python3 -c 'import json; print([(r["name"], r["state"], r["metrics"]) for r in json.load(open("rows.json"))])')" \
		"[('workspace', 'workspace', {'m.json': {'lines': 2}}), ('exp-1', 'done', {'m.json': {'lines': 2}}), ('more', 'done', {'m.json': {'lines': 3}}), ('bad', 'unfinished', {})]"
}

@test "apply brings parameters and results here, and refuses to lose changes" {
	project
	stage-exp run -q "${go[@]}" --set n=2 --name two
	run -0 stage-exp apply two
	same "$output" "dvc.lock, params.yaml"
	run -0 stage-run run
	same "$output" "b: restored from the cache"
	same "$(cat b.txt)" $'a\nb'
	same "$(cat params.yaml)" $'# tuned by hand\nn: 2 # lines\nsub: {x: 0.5}'
	stage-exp apply -q two # once more changes nothing
	git checkout -q . && echo 'n: 5' >params.yaml
	run -2 stage-exp apply two
	contains "$output" "'params.yaml' was changed here since the experiment began; commit or undo that, or --force"
	same "$(cat params.yaml)" "n: 5"
	stage-exp apply -q --force two
	contains "$(cat params.yaml)" "n: 2"
	run -2 stage-exp apply nosuch
	contains "$output" "there is no experiment 'nosuch' that ended well"
}

@test "gc keeps what experiments made, until they are removed" {
	project
	printf 'c\nb\na\n' >in.txt
	cas-hash add -q in.txt && stage-run run -q
	git commit -qam two && cas-hash gc -qw
	stage-exp run --set n=2 --name "$(printf 'long%.0s' $(seq 20))" "${go[@]}"
	rm -r .dvc/cache/runs
	run -0 cas-hash gc -w
	contains "$output" " 0 removed"
	stage-exp apply "$(printf 'long%.0s' $(seq 20))"
	run -0 stage-run run
	contains "$output" "b: restored from the cache"
	same "$(cat b.txt)" $'a\nb'
	git checkout -q . && stage-run run -q
	stage-exp remove "$(printf 'long%.0s' $(seq 20))"
	run -0 cas-hash gc -w
	contains "$output" " 1 removed"
}

@test "what is not committed yet is part of the experiment" {
	project
	sed -i 's/>m.json/>m.json; echo changed/' dvc.yaml
	run -0 stage-exp run "${go[@]}" --set n=2
	contains "$output" $'\nchanged'
	contains "$(git show refs/cd4ml/exp/exp-1:dvc.yaml)" "echo changed"
	contains "$(git status --porcelain)" " M dvc.yaml"
	stage-exp apply -q exp-1
}

@test "experiments run side by side" {
	project
	sed -i 's/^    cmd: head/    cmd: sleep 0.2; head/' dvc.yaml
	git commit -qam slow
	for i in 1 2 3 4 5 6; do stage-exp run -q "${go[@]}" --set n=$i & done
	wait
	run -0 stage-exp show
	same "$(echo "$output" | awk '$2 == "done" { print $1, $3 }' | cut -d' ' -f2 | sort | tr '\n' ' ')" "1 2 3 4 5 6 "
	same "$(git for-each-ref refs/cd4ml | wc -l) $(git worktree list | wc -l)" "6 1"
}

@test "mistakes are named before anything runs, and nothing stays of them" {
	project
	run -2 stage-exp run "${go[@]}" --set m=2
	contains "$output" "params.yaml: there is no parameter 'm'"
	run -2 stage-exp run "${go[@]}" --set sub.y=2
	contains "$output" "did you mean 'x' for 'y'?"
	run -2 stage-exp run "${go[@]}" --set n
	contains "$output" "'n' sets nothing: KEY=VALUE is expected"
	run -2 stage-exp run "${go[@]}" --set 'n={'
	run -2 stage-exp run "${go[@]}" --set ../x.yaml:n=2
	contains "$output" "git has no file of parameters '../x.yaml' here"
	run -2 stage-exp run "${go[@]}" --name a/b
	contains "$output" "'a/b' cannot be a name"
	same "$(ls -A .dvc/tmp/exp) $(git worktree list | wc -l)" " 1"
	stage-exp run -q "${go[@]}" --name twice
	run -2 stage-exp run "${go[@]}" --name twice
	contains "$output" "there is an experiment 'twice' already"
	rm -rf .git && git init -q
	run -2 stage-exp run "${go[@]}"
	contains "$output" "there is no commit to begin with; git add and git commit the project first"
}

@test "one that fails keeps its files and its log; remove takes them away" {
	project
	run -2 stage-exp run --command 'echo half >half; echo why >&2; exit 3' --name bad
	contains "$output" "experiment 'bad' (its files are in $PWD/.dvc/tmp/exp/bad)"
	same "$(cat .dvc/tmp/exp/bad/half .dvc/tmp/log/exp-bad.log)" $'half\nwhy'
	stage-exp run -q "${go[@]}" --name well
	stage-exp remove bad well
	same "$(ls -A .dvc/tmp/exp) $(git worktree list | wc -l) $(git for-each-ref refs/cd4ml)" " 1 "
	run -2 stage-exp remove bad
	contains "$output" "there is no experiment 'bad'"
}

@test "a signal ends an experiment and its children" {
	project
	stage-exp run --command 'echo $$ >pid; sleep 60; echo late >late' --name long >out 2>&1 3>&- &
	pid=$!
	until [ -s .dvc/tmp/exp/long/pid ]; do sleep 0.02; done
	kill -TERM "$pid"
	status=0 && wait "$pid" || status=$?
	same "$status" 143
	run -1 kill -0 "$(cat .dvc/tmp/exp/long/pid)"
	[ ! -e .dvc/tmp/exp/long/late ]
	stage-exp remove long
}

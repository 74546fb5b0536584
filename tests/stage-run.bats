load helper
load stage

good() {
	pipeline
	good_args=(run --dry a)
	good_missing=none
	good_stream=none
	good_commands=(run status plan setup merge-driver)
}

@test "stage-run keeps the promises of every tool" {
	contract stage-run
}

@test "all stages run in their order, and then nothing is to do" {
	pipeline
	run -0 --separate-stderr stage-run run
	[ "$(cat a.txt b.txt)" = $'a\nb\na' ]
	run -0 --separate-stderr stage-run run
	[ -z "$output" ]
	run -0 stage-run run -v
	contains "$output" "b: up to date"
	run -0 stage-run status
	same "$output" "all 2 stages are up to date"
}

@test "outputs go to the cache and to .gitignore, uncached metrics do not" {
	pipeline
	stage-run run
	same "$(sort .gitignore)" $'/a.txt\n/b.txt'
	[ -f .dvc/cache/files/md5/60/b725f10c9c85c70d97880dfe8191b3 ] # of "a\n"
}

@test "a touched file changes nothing, other content reruns what depends on it" {
	pipeline
	stage-run run
	touch -d '2001-01-01' in.txt
	run -0 stage-run status
	printf 'c\nb\na\n' >in.txt
	run -1 stage-run status
	contains "$output" $'a: out of date\n    changed dependency: in.txt'
	contains "$output" $'b: waits\n    comes after: a'
	stage-run run
	same "$(cat m.json)" '{"lines":3}'
}

@test "a stage whose new dependency is the same as the old does not run" {
	pipeline
	stage-run run
	printf 'a\nb\n' >in.txt # sorted: a.txt stays as it is
	run -0 stage-run run
	contains "$output" "a: running"
	case $output in *"b: running"*) false ;; esac
}

@test "a changed parameter or command is told and reruns the stage" {
	pipeline
	stage-run run
	printf 'n: 4\nsub: {x: 0.5}\n' >params.yaml
	run -1 stage-run status
	contains "$output" "changed parameter: params.yaml: n (3 -> 4)"
	printf 'n: 3.0\nsub: {x: 0.7}\n' >params.yaml
	run -0 stage-run status
	sed -i 's/head -n 1/head -n 2/' dvc.yaml
	run -1 stage-run status
	contains "$output" "changed command"
	stage-run run
	same "$(cat b.txt)" $'a\nb'
}

@test "parameters stand in TOML too, and not in Python" {
	pipeline
	printf '[train]\ndepth = 6 # levels\nwhen = 2024-05-01\n[[fold]]\nn = 1\n' >p.toml
	sed -i 's/params: \[n\]/params: [p.toml: [train.depth, fold.0.n, train]]/' dvc.yaml
	stage-run run
	contains "$(cat dvc.lock)" $'      p.toml:\n        fold.0.n: 1\n        train:\n          depth: 6\n          when: \'2024-05-01\'\n        train.depth: 6\n'
	sed -i 's/depth = 6/depth = 7/' p.toml
	run -1 stage-run status
	contains "$output" "changed parameter: p.toml: train.depth (6 -> 7)"
	printf 'train = 1\n[train]\n' >p.toml
	run -2 stage-run run
	contains "$output" "p.toml:2: 'train' is a value already, not a table"
	sed -i 's/p.toml: \[.*\]\]/p.py: [depth]]/' dvc.yaml
	echo 'depth = 6' >p.py
	run -2 stage-run run
	contains "$output" "p.py: values are read from YAML, JSON and TOML, not from Python; move them to a params.yaml"
}

# What this process and its children have read.
bytes_read() {
	awk '$1 == "rchar:" { print $2 }' /proc/$$/io
}

@test "a large dependency that was touched a moment ago is hashed once" {
	[ -r /proc/$$/io ] || skip "this system does not count what is read"
	git init -q . && stage-run setup
	head -c 20000000 /dev/zero >in.bin
	printf 'stages: {a: {cmd: cp in.bin a.bin, deps: [in.bin], outs: [a.bin]}}' >dvc.yaml
	stage-run run -q
	from=$(bytes_read)
	touch in.bin && stage-run status
	once=$(bytes_read)
	[ $((once - from)) -gt 20000000 ]
	stage-run status
	[ $(($(bytes_read) - once)) -lt 5000000 ]
}

@test "what ran before comes from the run cache" {
	pipeline
	stage-run run
	cp in.txt first
	printf 'z\n' >in.txt
	stage-run run
	cp first in.txt
	run -0 stage-run run
	same "$output" $'a: restored from the run cache\nb: restored from the run cache'
	same "$(cat b.txt m.json)" $'a\n{"lines":2}'
	printf 'z\n' >in.txt
	run -0 stage-run run --no-run-cache
	contains "$output" "a: running"
}

@test "outputs that are gone come back from the cache" {
	pipeline
	stage-run run
	rm a.txt b.txt
	echo other >m.json
	run -1 stage-run status
	contains "$output" "missing output: a.txt (in the cache)"
	run -0 stage-run run
	same "$output" $'a: restored from the cache\nb: restored from the cache'
	same "$(cat m.json)" '{"lines":2}'
}

@test "a failing command leaves the lock and what it wrote" {
	pipeline
	stage-run run
	cp dvc.lock before
	sed -i 's/cmd: sort.*/cmd: echo half >a.txt; false/' dvc.yaml
	run -2 --separate-stderr stage-run run
	contains "$stderr" "stage-run: stage 'a': the command ended with status 1"
	cmp dvc.lock before
	same "$(cat a.txt)" half
	case $output in *"b: running"*) false ;; esac
}

@test "a failure inside of a pipe, and an unset variable, fail the stage" {
	needs bash
	pipeline
	sed -i 's/cmd: sort.*/cmd: false | cat >a.txt/' dvc.yaml
	run -2 stage-run run a
	sed -i 's/cmd: false.*/cmd: echo $nothing >a.txt/' dvc.yaml
	run -2 stage-run run a
}

@test "a stage that does not make its output fails" {
	pipeline
	sed -i 's/cmd: sort.*/cmd: sort in.txt >c.txt/' dvc.yaml
	run -2 --separate-stderr stage-run run a
	contains "$stderr" "did not make 'a.txt'"
	[ ! -e dvc.lock ]
}

@test "a missing dependency is named with advice" {
	pipeline
	rm in.txt
	run -2 --separate-stderr stage-run run
	same "$stderr" "stage-run: stage 'a': 'in.txt' is not there; get it with make pull or make checkout, or make it"
}

@test "a signal ends the command and its children, and leaves the lock" {
	pipeline
	sed -i 's/cmd: sort.*/cmd: sh -c "echo \\$\\$ >child; echo x >a.txt; exec sleep 60" | sleep 61 | cat/' dvc.yaml
	stage-run run a >out 2>err 3>&- &
	pid=$!
	for _ in $(seq 200); do
		[ -e a.txt ] && break
		sleep 0.02
	done
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ $status -eq 143 ]
	[ ! -e dvc.lock ]
	[ -s child ]
	for _ in $(seq 100); do # a killed child is gone when it was waited for
		kill -0 "$(cat child)" 2>/dev/null || break
		sleep 0.02
	done
	run ! kill -0 "$(cat child)"
	run -1 stage-run status -q
}

@test "what nohup has ignored does not end a stage" {
	pipeline
	sed -i 's/cmd: sort in.txt.*/cmd: while [ ! -e go ]; do sleep 0.05; done; sort in.txt >a.txt/' dvc.yaml
	(trap '' HUP && exec stage-run run a) >out 2>&1 3>&- &
	pid=$!
	until grep -q running out; do sleep 0.02; done
	kill -HUP $pid
	touch go
	wait $pid
	same "$(cat a.txt)" $'a\nb'
}

@test "no part of a command outlives a stage-run that was killed" {
	git init -q . && stage-run setup
	cat >dvc.yaml <<-'EOF'
		stages:
		  a: {cmd: "echo $$ >pid; (sleep 60; echo late >out) & wait; echo late >out", outs: [out]}
	EOF
	stage-run run >/dev/null 2>&1 3>&- &
	pid=$!
	until [ -s pid ]; do sleep 0.02; done
	group=$(ps -o pgid= -p "$(cat pid)" | tr -d ' ')
	kill -KILL "$pid"
	for _ in $(seq 100); do
		ps -eo pgid= | grep -qwx " *$group" || break
		sleep 0.05
	done
	run -1 grep -wx " *$group" <(ps -eo pgid=)
	[ ! -e out ]
}

@test "--dry changes nothing" {
	pipeline
	run -0 stage-run run --dry a
	contains "$output" "a: would run: sort in.txt"
	[ ! -e a.txt ] && [ ! -e dvc.lock ]
}

@test "a command that ends at once is never waited for in vain" {
	pipeline
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		timeout 20 stage-run run -j 4 --force -q a
	done
}

@test "--force runs what is up to date" {
	pipeline
	stage-run run
	run -0 stage-run run --force a
	contains "$output" "a: running"
}

@test "--always runs one stage, and others only if it made something else" {
	pipeline
	stage-run run
	run -0 stage-run run --always a
	contains "$output" "a: running"
	case $output in *"b: "*) false ;; esac
	run -0 stage-run plan --always a -- stage=a "cmd=sort in.txt | cat >a.txt" deps=in.txt outs=a.txt
	same "$output" "ok a b:a"
	run -2 stage-run run --always c
	contains "$output" "there is no stage 'c'"
}

@test "--frozen runs a stage not, whatever changed, and brings what is missing" {
	pipeline
	stage-run run
	printf 'z\n' >in.txt
	rm a.txt
	run -0 stage-run run --frozen a
	same "$output" "a: restored from the cache"
	same "$(cat a.txt)" $'a\nb'
	run -0 stage-run run --frozen a --force
	contains "$output" "b: running"
	case $output in *"a: "*) false ;; esac
	rm -r a.txt .dvc/cache
	run -2 stage-run run --frozen a
	contains "$output" "stage 'a': it is frozen, and 'a.txt' is neither here nor in the cache; get it with make pull"
	run -0 stage-run run --frozen a --allow-missing a
	run -2 stage-run run --frozen a --always a
	contains "$output" "stage 'a' is to run and to be frozen: choose one"
}

@test "an output that a frozen stage never made does not keep it from bringing the others" {
	pipeline
	stage-run run
	sed -i 's/outs: \[a.txt\]/frozen: true\n    outs: [a.txt, more.txt]/' dvc.yaml
	rm a.txt
	run -0 stage-run run a
	same "$output" "a: restored from the cache"
	[ -e a.txt ] && [ ! -e more.txt ]
}

@test "entries of others in dvc.lock are kept" {
	pipeline
	printf "schema: '2.0'\nstages:\n  other:\n    cmd: x\n" >dvc.lock
	stage-run run a
	contains "$(cat dvc.lock)" $'  other:\n    cmd: x\n  a:\n'
}

@test "status in a clone without data goes by what is recorded" {
	pipeline
	stage-run run
	rm -r .dvc/cache a.txt b.txt
	run -0 stage-run status
	contains "$output" "up to date; some of the data is not here"
}

@test "status --json has the reasons" {
	pipeline
	run -1 stage-run status --json
	contains "$output" '"kind": "never run"'
	contains "$output" '"up_to_date": false'
}

@test "two stages that make the same, a cycle, an unknown stage are refused by name" {
	pipeline
	printf 'stages: {a: {cmd: x, outs: [o]}, b: {cmd: x, outs: [o]}}\n' >dvc.yaml
	run -2 stage-run run
	contains "$output" "stages 'a' and 'b' both make 'o'"
	printf 'stages: {a: {cmd: x, deps: [p], outs: [o]}, b: {cmd: x, deps: [o], outs: [p]}}\n' >dvc.yaml
	run -2 stage-show dag
	contains "$output" "go round in a circle"
	printf 'stages: {train: {cmd: x, outs: [o]}}\n' >dvc.yaml
	run -2 stage-run run trian
	contains "$output" "there is no stage 'trian'; did you mean 'train'?"
}

@test "the log has what was printed also when it goes to a terminal, and that stays one" {
	needs script
	git init -q . && stage-run setup
	printf 'stages: {a: {cmd: "if [ -t 2 ]; then echo tty >&2; fi; echo done", always_changed: true}}' >dvc.yaml
	TERM=dumb script -qec 'stage-run run' typescript </dev/null >/dev/null
	same_file .dvc/tmp/log/a.log $'tty\ndone\n'
	contains "$(tr -d '\r' <typescript)" $'tty\ndone'
	stage-run run
	same_file .dvc/tmp/log/a.log $'done\n'
}

@test "a pipe is refused where the shell would not see its failure" {
	needs dash
	dash -c 'set -o pipefail' 2>/dev/null && skip "this dash knows pipefail"
	git init -q . && stage-run setup
	printf 'stages: {a: {cmd: "false | cat >o", outs: [o]}}' >dvc.yaml
	CD4ML_SHELL=dash run -3 stage-run run
	contains "$output" "dash knows no pipefail"
	[ ! -e o ]
	echo "stages: {a: {cmd: \"false || echo 'a|b' >o\", outs: [o]}}" >dvc.yaml
	CD4ML_SHELL=dash run -0 stage-run run
	same_file o $'a|b\n'
	# a shell called sh that has none beside it
	mkdir bin && for c in git cat dash; do ln -s "$(command -v $c)" bin/; done && ln -s dash bin/sh
	printf 'stages: {a: {cmd: "false | cat >o", outs: [o]}}' >dvc.yaml
	PATH=$PWD/bin:$BUILD run -3 stage-run run
	contains "$output" "install bash"
}

@test "setup makes .dvc, sets the remote, and is idempotent" {
	git init -q .
	stage-run setup --remote s3://bucket/p
	contains "$(cat .dvc/config)" "url = s3://bucket/p"
	cp .dvc/config before
	stage-run setup --remote s3://bucket/p
	stage-run setup
	cmp .dvc/config before
	stage-run setup --local --remote file:///tmp/x
	cmp .dvc/config before
	contains "$(cat .dvc/config.local)" "url = /tmp/x"
}

# Two stages that do not need each other: x.txt -> x.out, y.txt -> y.out.
two_stages() {
	git init -q .
	echo 1 >x.txt
	echo 1 >y.txt
	cat >dvc.yaml <<-'EOF'
		stages:
		  x: {cmd: cat x.txt >x.out, deps: [x.txt], outs: [x.out]}
		  y: {cmd: cat y.txt >y.out, deps: [y.txt], outs: [y.out]}
	EOF
	stage-run setup --merge
	stage-run run -q
	git add -A && git commit -qm base
}

# change FILE TEXT BRANCH - a commit on a new branch off main
change() {
	git checkout -q main && git checkout -qb "$3"
	stage-run run -q
	echo "$2" >"$1"
	stage-run run -q
	git commit -qam "$3"
}

@test "git merges what two branches did to different stages, and nothing is to do" {
	two_stages
	change x.txt 2 left
	change y.txt 3 right
	run -0 git merge -q left
	run -0 stage-run run
	case $output in *running*) false ;; esac
	run -0 stage-run status
	same "$(cat x.out y.out)" $'2\n3'
}

@test "a stage that both branches changed is left out of the merge, told, and runs again" {
	two_stages
	change x.txt 2 left
	git checkout -q main && git checkout -qb right
	stage-run run -q
	sed -i 's/cmd: cat x.txt >/cmd: sort x.txt >/' dvc.yaml
	stage-run run -q
	git commit -qam right
	run -0 git merge left
	contains "$output" "both sides changed stage 'x': left out of dvc.lock"
	case $(git show HEAD:dvc.lock) in *"  x:"*) false ;; esac
	run -0 stage-run run
	contains "$output" "x: running: sort x.txt >x.out"
	case $output in *"y: running"*) false ;; esac
	same "$(cat x.out)" 2
}

@test "a rebase and a cherry-pick merge dvc.lock too, and removed stages stay removed" {
	two_stages
	change x.txt 2 left
	change y.txt 3 right
	run -0 git rebase -q left
	run -0 stage-run run
	case $output in *running*) false ;; esac
	git checkout -q main
	sed -i '/^  y:/d' dvc.yaml
	sed -i '/^  y:/,$d' dvc.lock
	git commit -qam "without y"
	run -0 git cherry-pick left
	case $(cat dvc.lock) in *"  y:"*) false ;; esac
}

@test "a dvc.lock that cannot be read is left to people as a conflict" {
	two_stages
	echo 'stages: [' >theirs
	cp dvc.lock before
	run -2 stage-run merge-driver before dvc.lock theirs
	contains "$output" "theirs:"
	cmp dvc.lock before
	run -2 stage-run merge-driver before dvc.lock nosuch
	contains "$output" "nosuch: is not there"
	: >empty # git's word for: this side has none
	run -0 stage-run merge-driver empty dvc.lock before
	cmp dvc.lock before
}

@test "a clone of a project that merges so is set up by the first look" {
	two_stages
	same "$(cat .gitattributes)" "dvc.lock merge=cd4ml"
	stage-run setup --merge
	same "$(cat .gitattributes)" "dvc.lock merge=cd4ml"
	git clone -q . ../clone && cd ../clone || return
	run -1 git config merge.cd4ml.driver
	stage-run setup
	same "$(git config merge.cd4ml.driver)" "stage-run merge-driver %O %A %B"
	git worktree add -q ../linked -b linked && cd ../linked || return
	stage-run setup
	rm .gitattributes
	git config --unset merge.cd4ml.driver
	git config --remove-section merge.cd4ml
	stage-run setup
	run -1 git config merge.cd4ml.driver
}

@test "a second process waits for a running stage, and finds it made" {
	pipeline
	sed -i 's/cmd: sort in.txt.*/cmd: while [ ! -e go ]; do sleep 0.05; done; sort in.txt >a.txt/' dvc.yaml
	stage-run run a >one 2>&1 3>&- &
	first=$!
	for _ in $(seq 200); do
		grep -q running one && break
		sleep 0.02
	done
	stage-run run a >two 2>&1 3>&- &
	second=$!
	for _ in $(seq 200); do
		grep -q waits two && break
		sleep 0.02
	done
	touch go
	wait $first
	wait $second
	contains "$(cat two)" "a.txt' is being written by process $first (stage-run)"
	contains "$(cat two)" "a: made by another process meanwhile"
	case $(cat two) in *running*) false ;; esac
}

@test "--wait ends the waiting with status 3" {
	pipeline
	sed -i 's/cmd: sort in.txt.*/cmd: while [ ! -e go ]; do sleep 0.05; done; sort in.txt >a.txt/' dvc.yaml
	stage-run run a >one 2>&1 3>&- &
	first=$!
	for _ in $(seq 200); do
		grep -q running one && break
		sleep 0.02
	done
	run -3 stage-run run --wait 0.05 a
	contains "$output" "stage 'a': '"
	touch go
	wait $first
}

# The pipeline of `pipeline`, made and pushed to ../store; in.txt is versioned too. Ends in a clone of it.
pushed() {
	pipeline
	stage-run setup --remote "$PWD/../store"
	cas-hash add in.txt
	stage-run run -q
	s3-sync push -q --run-cache
	git add -A && git commit -qm one
	git clone -q . ../clone && cd ../clone || return
}

@test "--pull takes from the remote what ran elsewhere, by the run cache of the remote" {
	pushed
	git rm -q --cached dvc.lock && rm dvc.lock
	run -0 stage-run run --pull
	contains "$output" "a: pulled in.txt"
	contains "$output" "a: restored from the run cache"
	contains "$output" "b: restored from the run cache"
	same "$(cat b.txt)" a
	cmp dvc.lock <(git show HEAD:dvc.lock)
}

@test "--pull brings outputs that are missing, --allow-missing leaves them" {
	pushed
	run -0 stage-run run --pull --allow-missing
	[ -z "$output" ]
	[ ! -e b.txt ]
	run -0 stage-run run --pull b
	same "$output" "b: restored from the cache"
	same "$(cat b.txt)" a
	[ ! -e a.txt ] # nobody needs it
}

@test "--pull brings the dependencies of what must run, and no more" {
	pushed
	echo 'n: 9' >params.yaml
	run -0 stage-run run --pull --allow-missing
	contains "$output" "b: pulled a.txt"
	contains "$output" "b: running"
	case $output in *"a: "*"running"*"a: running"*) false ;; esac
	[ ! -e in.txt ]
}

@test "--pull of a file inside of a folder brings the folder" {
	pipeline
	mkdir data && echo 1 >data/one && echo 2 >data/two
	sed -i 's,deps: \[in.txt\],deps: [data/one],; s,sort in.txt,cat data/one,' dvc.yaml
	stage-run setup --remote "$PWD/../store"
	cas-hash add data
	stage-run run -q
	same "$(stage-ci targets a)" data
	s3-sync push -q
	git add -A && git commit -qm one
	git clone -q . ../clone && cd ../clone || return
	sed -i 's/cat data.one/sort data\/one/' dvc.yaml
	run -0 stage-run run --pull --allow-missing
	contains "$output" "a: pulled data/one"
	[ -e data/two ]
}

@test "a remote that cannot be asked is a warning: the stage then runs" {
	pushed
	s3-sync pull -q in.txt
	echo 'n: 9' >params.yaml
	rm dvc.lock
	stage-run setup --local --remote s3://no-such-bucket/x
	AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_MAX_ATTEMPTS=1 AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b \
		AWS_REGION=us-east-1 run -0 stage-run run --pull
	contains "$output" "the run cache of the remote: "
	contains "$output" "b: running"
}

@test "an output that would take more along when it is removed is refused" {
	git init -q .
	stage-run setup
	mkdir sub
	printf keep >../keep
	printf keep >sub/keep
	for out in . ../keep "$BATS_TEST_TMPDIR/keep" .git/config .dvc dvc.yaml dvc.lock sub/.. a/../../keep; do
		printf 'stages:\n  a:\n    cmd: "true"\n    outs: ["%s"]\n' "$out" >dvc.yaml
		run -2 --separate-stderr stage-run run
		contains "$stderr" "'$out' cannot be an output: it"
	done
	printf 'stages:\n  a:\n    cmd: "true"\n    wdir: sub\n    outs: [../sub]\n' >dvc.yaml
	run -2 --separate-stderr stage-run run
	contains "$stderr" "'../sub' cannot be an output: the stage runs in it"
	[ -s ../keep ] && [ -s sub/keep ] && [ -s .git/config ] && [ -d .dvc ]
}

@test "a stage does not read its own output: it would be gone" {
	git init -q .
	stage-run setup
	mkdir dir
	printf keep >in
	printf keep >dir/in
	printf 'stages:\n  a:\n    cmd: cat in\n    deps: [in]\n    outs: [in]\n' >dvc.yaml
	run -2 --separate-stderr stage-run run
	contains "$stderr" "'in' is an output too, or lies in one"
	printf 'stages:\n  a:\n    cmd: cat dir/in\n    deps: [dir/in]\n    outs: [dir]\n' >dvc.yaml
	run -2 --separate-stderr stage-run run
	contains "$stderr" "'dir/in' is an output too, or lies in one"
	[ -s in ] && [ -s dir/in ]
}

load helper

# A pipeline of two stages: in.txt -> a.txt -> b.txt, with a parameter and a metric.
pipeline() {
	git init -q .
	printf 'b\na\n' >in.txt
	printf 'n: 3\nsub: {x: 0.5}\n' >params.yaml
	cat >dvc.yaml <<-'EOF'
		stages:
		  a:
		    cmd: sort in.txt | cat >a.txt
		    deps: [in.txt]
		    outs: [a.txt]
		  b:
		    cmd: head -n 1 a.txt >b.txt; echo "{\"lines\":$(cat a.txt | wc -l)}" >m.json
		    deps: [a.txt]
		    params: [n]
		    outs: [b.txt]
		    metrics:
		    - m.json:
		        cache: false
	EOF
	stage-run setup
}

good() {
	pipeline
	good_args=(dag)
	good_missing=none
	good_stream=none
	good_commands=(run status dag metrics params comment timings recall gitlab-ci plan targets setup merge-driver)
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
	run -2 stage-run dag
	contains "$output" "go round in a circle"
	printf 'stages: {train: {cmd: x, outs: [o]}}\n' >dvc.yaml
	run -2 stage-run run trian
	contains "$output" "there is no stage 'trian'; did you mean 'train'?"
}

@test "dag draws an SVG in which arrows of several rows have their way" {
	printf 'stages: {a: {cmd: x, outs: [x]}, b: {cmd: x, deps: [x], outs: [y]}, c: {cmd: x, deps: [x, y]}}' >dvc.yaml
	stage-run dag --format svg -o dag.svg
	python3 -c 'import sys, xml.dom.minidom as m
d = m.parse("dag.svg")
assert [t.firstChild.data for t in d.getElementsByTagName("text")] == ["a", "b", "c"]
assert len({r.getAttribute("y") for r in d.getElementsByTagName("rect")}) == 3
paths = d.getElementsByTagName("g")[0].getElementsByTagName("path")
assert len(paths) == 4 and sum(p.hasAttribute("marker-end") for p in paths) == 3'
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

@test "dag draws for the terminal, for Mermaid and for dot" {
	pipeline
	run -0 stage-run dag
	same "$output" $'● a\n│\n● b'
	run -0 stage-run dag --format mermaid
	contains "$output" "s_a --> s_b"
	run -0 stage-run dag --format dot
	contains "$output" '"a" -> "b";'
}

@test "metrics and params stand beside those of the last commit" {
	pipeline
	stage-run run
	git add -A && git commit -qm one
	printf 'x\ny\nz\n' >in.txt
	printf 'n: 5\n' >params.yaml
	stage-run run
	run -0 stage-run metrics
	same "${lines[1]}" "m.json  lines      2    3      +1"
	run -0 stage-run params
	same "${lines[1]}" "params.yaml  n             3    5      +2"
	run -0 stage-run metrics --json
	contains "$output" '"change": 1.0'
	run -2 stage-run metrics --rev nosuch
	contains "$output" "git knows no revision 'nosuch'"
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

@test "targets names what a group needs from a remote, and what it makes" {
	pipeline
	sed -i 's/^  b:/  b:\n    meta: {ci: late}/; s/^  a:/  a:\n    meta: {ci: early}/' dvc.yaml
	stage-run run
	run -0 stage-run targets --ci late
	same "$output" a.txt
	run -0 stage-run targets --ci late --outs
	same "$output" b.txt
	run -0 stage-run targets --ci early
	same "$output" "" # in.txt is in git
	run -2 stage-run targets --ci nosuch
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
	same "$(stage-run targets a)" data
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

@test "timings has each stage's last run, a failed one too" {
	pipeline
	stage-run run -q a
	sed -i 's/cmd: head -n 1.*/cmd: exit 7/' dvc.yaml
	run -2 stage-run run -q b
	run -0 stage-run timings
	same "$(awk 'NR > 1 { print $1, $(NF - 2) }' <<<"$output")" $'a 0\nb 7'
	run -0 stage-run timings --json
	same "$(jq -r '.[1] | .stage, .status, (.max_rss > 100000), (.seconds < 60)' <<<"$output")" $'b\n7\ntrue\ntrue'
	rm -r .dvc/tmp/timing
	run -0 stage-run timings
	contains "$output" "a              -           -       -  -"
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

# a, then b and c side by side, then d, each in a CI group of its own but `mid`, which is in none
diamond() {
	git init -q .
	echo in >in.txt
	cat >dvc.yaml <<-'EOF'
		stages:
		  a: {cmd: cp in.txt a.txt, deps: [in.txt], outs: [a.txt], meta: {ci: make}}
		  mid: {cmd: cp a.txt mid.txt, deps: [a.txt], outs: [mid.txt]}
		  b: {cmd: cp mid.txt b.txt, deps: [mid.txt], outs: [b.txt], meta: {ci: left}}
		  c: {cmd: cp a.txt c.txt, deps: [a.txt], outs: [c.txt], meta: {ci: right}}
		  d:
		    cmd: 'cat b.txt c.txt | tee d.txt >sum.json'
		    deps: [b.txt, c.txt]
		    outs: [d.txt, sum.json: {cache: false}]
		    meta: {ci: evaluate}
	EOF
	stage-run setup --remote "$BATS_TEST_TMPDIR/store"
	cas-hash add -q in.txt
	s3-sync push -q
	git add -A && git commit -qm "a diamond"
}

@test "jobs side by side, each with a lock of its own: the one behind them knows what all made" {
	diamond
	for job in make left right evaluate; do
		git clone -q . "../$job"
	done
	(cd ../make && stage-run run -q --pull --ci make && s3-sync push -q --run-cache)
	for job in left right; do
		cp ../make/dvc.lock "../$job/"
		(cd "../$job" && stage-run run -q --pull --ci $job && s3-sync push -q --run-cache)
	done
	cp ../right/dvc.lock ../evaluate/
	cd ../evaluate
	run -0 stage-run run --pull --ci evaluate
	contains "$output" "mid: recorded from the remote's run cache"
	contains "$output" "b: recorded from the remote's run cache"
	same "$(cat d.txt)" $'in\nin'
	[ ! -e mid.txt ] && [ ! -e a.txt ]
	# without jobs of its own: all at once, no data
	rm -rf ../last && git clone -q ../work ../last && cd ../last
	run -0 stage-run recall
	same "$(grep -c recorded <<<"$output")" 4 # in.txt has a pointer; d was not pushed
	only .dvc .dvcignore .git .gitignore dvc.lock dvc.yaml in.txt.dvc
	run -0 stage-run recall
	same "$output" ""
}

@test "what nobody ran with these inputs is not recorded, and does not stop the others" {
	diamond
	stage-run run -q
	s3-sync push -q --run-cache
	rm -rf ../last && git clone -q . ../last && cd ../last
	sed -i 's/cmd: cp mid.txt b.txt/cmd: cat mid.txt >b.txt/' dvc.yaml
	run -0 stage-run recall
	same "$(sed 's/:.*//' <<<"$output")" $'a\nmid\nc'
}

@test "gitlab-ci has a job for each group, which needs what its stages need" {
	diamond
	run -0 stage-run gitlab-ci --then evaluate --then release
	same "$output" "$(cat <<-'EOF'
		# Written by `make gitlab-ci.yml` from the stages; write it anew when they change.
		include:
		- local: cd4ml.gitlab-ci.yml
		stages:
		- make
		- left
		- right
		- evaluate
		- release
		make:
		  extends: .cd4ml
		  stage: make
		  needs: []
		left:
		  extends: .cd4ml
		  stage: left
		  needs:
		  - make
		right:
		  extends: .cd4ml
		  stage: right
		  needs:
		  - make
		evaluate:
		  extends: .cd4ml:evaluate
		  stage: evaluate
		  needs:
		  - left
		  - right
		  artifacts:
		    paths:
		    - dvc.lock
		    - metrics/
		    - reports/
		    - baseline.txt
		    - baseline.json
		    - sum.json
		release:
		  extends: .cd4ml:release
		  stage: release
	EOF
	)"
}

@test "gitlab-ci refuses groups that need each other, names of GitLab's, and no group at all" {
	diamond
	sed -i 's/ci: evaluate/ci: make/' dvc.yaml
	run -2 stage-run gitlab-ci
	same "$output" "stage-run: the group 'make' needs itself by way of another; a group runs in one job: move stages to another (NAME_CI)"
	sed -i 's/ci: make/ci: image/' dvc.yaml
	run -2 stage-run gitlab-ci
	contains "$output" "a job called 'image' means something else to GitLab"
	sed -i 's/, meta: {ci: [a-z]*}//; /meta:/d' dvc.yaml
	run -2 stage-run gitlab-ci
	contains "$output" "no stage is in a group"
}

# A GitLab of one merge request: notes in notes.json, requests in its log
gitlab() {
	needs python3
	cat >"$BATS_TEST_TMPDIR/gitlab.py" <<-'EOF'
		import http.server, json, os, sys, urllib.parse
		os.chdir(sys.argv[1])
		class H(http.server.BaseHTTPRequestHandler):
		    def log_message(self, *a): pass
		    def answer(self, status, doc):
		        body = json.dumps(doc).encode()
		        self.send_response(status)
		        self.send_header('Content-Length', str(len(body)))
		        self.end_headers(); self.wfile.write(body)
		    def do(self):
		        url = urllib.parse.urlparse(self.path)
		        query = dict(urllib.parse.parse_qsl(url.query))
		        n = int(self.headers.get('Content-Length') or 0)
		        body = json.loads(self.rfile.read(n)) if n else None
		        notes = json.load(open('notes.json'))
		        open('log', 'a').write(self.command + ' ' + self.path + chr(10))
		        base = '/api/v4/projects/7/merge_requests/5/notes'
		        if self.headers.get('PRIVATE-TOKEN') != 'good':
		            return self.answer(401, {'message': '401 Unauthorized'})
		        if not url.path.startswith(base):
		            return self.answer(404, {'message': '404 Not found'})
		        if self.command == 'GET':
		            per, page = int(query['per_page']), int(query['page'])
		            return self.answer(200, notes[per * (page - 1):per * page])
		        if self.command == 'POST':
		            notes.append({'id': len(notes) + 1, 'body': body['body'], 'system': False})
		        else:
		            [note] = [x for x in notes if str(x['id']) == url.path.split('/')[-1]]
		            note['body'] = body['body']
		        json.dump(notes, open('notes.json', 'w'))
		        self.answer(201, {})
		    do_GET = do_POST = do_PUT = do
		s = http.server.HTTPServer(('127.0.0.1', 0), H)
		open('port.new', 'w').write(str(s.server_port)); os.rename('port.new', 'port')
		s.serve_forever()
	EOF
	python3 -c "import json; json.dump([{'id': i + 1, 'body': 'note %d' % i, 'system': i % 2 == 0} for i in range($1)],
		open('$BATS_TEST_TMPDIR/notes.json', 'w'))"
	python3 "$BATS_TEST_TMPDIR/gitlab.py" "$BATS_TEST_TMPDIR" 2>/dev/null 3>&- &
	gitlab=$!
	for _ in $(seq 200); do
		[ ! -e "$BATS_TEST_TMPDIR/port" ] || break
		sleep 0.05
	done
	CI_API_V4_URL=http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")/api/v4
	export CI_API_V4_URL CI_PROJECT_ID=7 CI_MERGE_REQUEST_IID=5
	export CI_JOB_URL=https://gitlab.example.com/g/p/-/jobs/9
}

teardown() {
	[ -z "${gitlab-}" ] || kill "$gitlab"
}

notes() {
	python3 -c "import json; print([x['body'] for x in json.load(open('$BATS_TEST_TMPDIR/notes.json'))][$1])"
}

@test "comment writes a note, and then updates it in place" {
	pipeline
	stage-run run -q
	git add -A && git commit -qm one
	printf 'b\na\nc\n' >in.txt
	sed -i 's/n: 3/n: 4/' params.yaml
	stage-run run -q
	gitlab 250
	CD4ML_COMMENT_TOKEN=good run -0 stage-run comment "reports/a page.html" r.txt
	same "$output" "comment on !5 written"
	same "$(notes 250)" "$(cat <<-'EOF'
		<!-- cd4ml: model -->
		### Model

		| file | metric | HEAD | now | change |
		|---|---|---:|---:|---:|
		| m.json | lines | 2 | 3 | +1 |

		<details><summary>Parameters</summary>

		| file | parameter | HEAD | now | change |
		|---|---|---:|---:|---:|
		| params.yaml | n | 3 | 4 | +1 |

		</details>

		Reports: [reports/a page.html](https://gitlab.example.com/g/p/-/jobs/9/artifacts/file/reports/a%20page.html), [r.txt](https://gitlab.example.com/g/p/-/jobs/9/artifacts/file/r.txt)
	EOF
	)"
	CD4ML_COMMENT_TOKEN=good run -0 stage-run comment --title Again
	same "$output" "comment on !5 updated"
	contains "$(notes 250)" "### Again"
	CD4ML_COMMENT_TOKEN=good run -0 stage-run comment --name other
	same "$output" "comment on !5 written"
	same "$(cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/log" | xargs)" "GET GET GET POST GET GET GET PUT GET GET GET POST"
	run -0 grep -c good "$BATS_TEST_TMPDIR/log" || true
	same "$output" 0
}

@test "comment without token or merge request says so, and a refused one is an error" {
	pipeline
	gitlab 0
	run -0 stage-run comment
	contains "$output" "CD4ML_COMMENT_TOKEN is not set: no comment"
	CD4ML_COMMENT_TOKEN=bad run -2 stage-run comment
	same "$output" "stage-run: GitLab answers 401: 401 Unauthorized; the token needs the scope 'api' and the role Reporter; a job's own may not"
	CI_MERGE_REQUEST_IID='' CD4ML_COMMENT_TOKEN=good run -0 stage-run comment
	contains "$output" "not in a merge request's pipeline: no comment"
	CI_PROJECT_ID=8 CD4ML_COMMENT_TOKEN=good run -2 stage-run comment
	contains "$output" "GitLab answers 404"
	kill $gitlab && wait $gitlab || true
	gitlab=
	CD4ML_COMMENT_TOKEN=good run -3 stage-run comment
}

@test "comment --dry compares with the target branch, of which a shallow clone gets one commit" {
	pipeline
	stage-run run -q
	git add -A && git commit -qm one
	git checkout -qb topic
	printf 'x|y: 1\nn: 9\n' >params.yaml
	sed -i 's/params: \[n\]/params: [n, x|y]/' dvc.yaml
	stage-run run -q
	git add -A && git commit -qm two && git commit -q --allow-empty -m three
	git clone -q --depth 1 --branch topic "file://$PWD" ../clone
	cd ../clone
	export CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main
	run -0 stage-run comment --dry
	contains "$output" "| params.yaml | n | 3 | 9 | +6 |"
	contains "$output" '| params.yaml | x\|y | - | 1 | new |'
	contains "$output" "| main | now |"
	same "$(git rev-list --all --count)" 1
	run -0 stage-run params --md --rev FETCH_HEAD
	contains "$output" "| params.yaml | n | 3 | 9 | +6 |"
	CI_MERGE_REQUEST_TARGET_BRANCH_NAME=nosuch run -2 stage-run comment --dry
	contains "$output" nosuch
}

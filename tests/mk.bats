load helper

# The fragment, in projects of our own. $1 of `project` is more for its Makefile.
MK=$ROOT/mk/cd4ml.mk

project() {
	git init -q .
	printf 'b\na\n' >in.txt
	echo 'n: 3' >params.yaml
	cat >Makefile <<-EOF
		STAGES += a
		a_DEPS := in.txt
		a_OUTS := out/a.txt
		a_CMD  := sort in.txt | tr a-z A-Z \\
		          >out/a.txt
		a_CI   := first
		a_DESC := sorts the letters

		STAGES += b
		b_DEPS := out/a.txt
		b_PARAMS := n
		b_OUTS := b.txt
		b_METRICS := m.json
		b_CMD  := head -n 1 out/a.txt >b.txt; printf '{"lines": %d}\n' "\$\$(wc -l <out/a.txt)" >m.json
		b_CI   := second

		##@ Mine
		mine: ## my own target
		${1-}
		include $MK
	EOF
}

@test "make alone is help: my targets, the stages and the fragment's" {
	project
	run -0 make
	contains "$output" "my own target"
	contains "$output" "sorts the letters"
	contains "$output" "bring all stages up to date"
	contains "$output" "ci-first"
	only .git Makefile in.txt params.yaml # help touches nothing
}

@test "repro makes all, writes DVC's files, and then has nothing to do" {
	project
	run -0 make repro
	same "$(cat out/a.txt b.txt m.json)" $'A\nB\nA\n{"lines": 2}'
	contains "$(cat dvc.yaml)" 'cmd: sort in.txt | tr a-z A-Z >out/a.txt'
	contains "$(cat dvc.lock)" "path: out/a.txt"
	same "$(cat .gitignore out/.gitignore)" $'/b.txt\n/a.txt'
	run -0 make repro
	contains "$output" "Nothing to be done"
	touch in.txt
	run -0 make repro
	contains "$output" "Nothing to be done"
	run -0 make status
	same "$output" "all 2 stages are up to date"
}

@test "-n touches nothing and names what would run" {
	project
	run -0 make -n repro
	contains "$output" "stage-run run"
	only .git Makefile in.txt params.yaml
}

@test "content, command and parameters rerun what depends on them" {
	project
	make repro
	printf 'c\n' >>in.txt
	run -0 make status
	contains "$output" "changed dependency: in.txt"
	run -0 make repro
	contains "$output" "a: running"
	contains "$output" "b: running"
	echo 'n: 4' >params.yaml
	run -0 make repro
	contains "$output" "b: running"
	case $output in *"a: running"*) false ;; esac
	sed -i 's/head -n 1/head -n 2/' Makefile
	run -0 make repro
	contains "$output" "b: running"
	same "$(cat b.txt)" $'A\nB'
}

@test "what ran before is restored" {
	project
	make repro
	printf 'z\n' >in.txt
	make repro
	printf 'b\na\n' >in.txt
	run -0 make repro
	contains "$output" "a: restored from the run cache"
	contains "$output" "b: restored from the run cache"
	same "$(cat m.json)" '{"lines": 2}'
}

@test "a stage's name is a target that brings what it needs" {
	project
	run -0 make a
	[ -e out/a.txt ] && [ ! -e b.txt ]
	printf 'q\n' >in.txt
	run -0 make b
	contains "$output" "a: running"
	contains "$output" "b: running"
}

@test "any command text arrives as it is" {
	project 'STAGES += odd
odd_OUTS := odd.txt
odd_DEPS := in.txt
define odd_CMD
# a comment, "quotes", a `true`, $$$$ and \ and %
x=$${HOME:+set}; printf "%s\n" "it'"'"'s $$x, \$$5 (really)" >odd.txt
if [ "$$x" = set ]; then echo "b\\nc" >>odd.txt; fi
endef'
	run -0 make odd
	same "$(cat odd.txt)" $'it\'s set, $5 (really)\nb\\nc'
	run -0 make status
	case $output in *odd*) false ;; esac
}

@test "side by side, in the right order" {
	git init -q .
	{
		for i in 1 2 3 4 5 6; do
			printf 'STAGES += s%d\ns%d_DEPS := in\ns%d_OUTS := o%d\ns%d_CMD := cat in >o%d\n' $i $i $i $i $i $i
		done
		printf 'STAGES += all\nall_DEPS := o1 o2 o3 o4 o5 o6\nall_OUTS := all.txt\nall_CMD := cat o? >all.txt\n'
		echo "include $MK"
	} >Makefile
	echo x >in
	run -0 make -j4 repro
	same "$(cat all.txt)" $'x\nx\nx\nx\nx\nx'
	run -0 make -j4 repro
	contains "$output" "Nothing to be done"
	same "$(grep -c '^  [a-z0-9]*:$' dvc.lock)" 7
}

@test "a stage in a folder of its own, with outputs outside of the cache, and one that is frozen" {
	git init -q . && mkdir sub && echo x >sub/in
	cat >Makefile <<-EOF
		STAGES := w
		w_WDIR := sub
		w_DEPS := in
		w_OUTS := kept
		w_OUTS_NO_CACHE := plain
		w_OUTS_PERSIST := more
		w_CMD  := echo more >>more; cp in kept; cp in plain
		\$(eval \$(X))
		include $MK
	EOF
	make repro
	same "$(cat sub/.gitignore)" $'/kept\n/more'
	echo y >sub/in
	make repro
	same_file sub/more $'more\nmore\n'
	same_file sub/plain $'y\n'
	echo z >sub/in
	make X='w_FROZEN := 1' repro
	same_file sub/plain $'y\n'
	run -2 make X='w_OUT_NO_CACHE := 1' repro
	contains "$output" "did you mean 'w_OUTS_NO_CACHE'?"
}

@test "a failing command fails make, leaves the lock, and -k goes on with the others" {
	project 'STAGES += bad
bad_OUTS := bad.txt
bad_DEPS := in.txt
bad_CMD := echo half >bad.txt; exit 7'
	run -2 make -k repro
	contains "$output" "stage 'bad': the command ended with status 7"
	[ -e b.txt ]
	case $(cat dvc.lock) in *bad*) false ;; esac
}

@test "FROZEN and ALWAYS are for one call, and from the command line alone" {
	project
	make repro
	printf 'c\n' >>in.txt
	run -0 make repro FROZEN=a
	contains "$output" "Nothing to be done"
	FROZEN=a ALWAYS=b run -0 make repro
	contains "$output" "a: running"
	run -0 make repro ALWAYS="b a"
	contains "$output" "a: running"
	contains "$output" "b: running"
	git diff --quiet dvc.yaml
	run -2 make repro FROZEN=aa
	contains "$output" "there is no stage 'aa'; did you mean 'a'?"
}

@test "-B runs all again, -C works from elsewhere" {
	project
	make repro
	run -0 make -B repro
	contains "$output" "a: running"
	mkdir elsewhere
	cd elsewhere || return
	run -0 make -C .. repro
	contains "$output" "Nothing to be done"
}

@test "a misspelt variable gets the right one proposed" {
	project 'a_OUT := x'
	run -2 make repro
	contains "$output" "'a_OUT' is no variable of stage 'a'; did you mean 'a_OUTS'?"
	[ ! -e dvc.yaml ]
}

@test "a misspelt variable of the fragment gets the right one proposed, others are mine" {
	project 'CD4ML_REMOT := x'
	run -2 make repro
	contains "$output" "'CD4ML_REMOT' is no variable of cd4ml.mk; did you mean 'CD4ML_REMOTE'?"
	project 'CD4ML_OF_MY_OWN_PROJECT := x'
	make repro
	run -2 make CD4ML_BASLINE=x status
	contains "$output" "did you mean 'CD4ML_BASELINE'?"
}

@test "a dependency that is not there, and that nobody makes, is told before anything runs" {
	project 'STAGES += c
c_DEPS := b.txt nosuch.csv
c_OUTS := c.txt
c_CMD := cat nosuch.csv >c.txt'
	run -2 make repro
	contains "${lines[0]}" "warning: stage 'c': 'nosuch.csv' is not there, no stage makes it, and no .dvc file names it"
	contains "$output" "stage 'c': 'nosuch.csv' is not there; get it with make pull or make checkout, or make it"
}

@test "names with \$, #, %, colons, stars and a leading dash are right; with blanks or quotes they are refused" {
	git init -q .
	cat >Makefile <<-EOF
		STAGES := a b
		a_OUTS := x\$\$y x\#y x%y a:b -x *
		a_CMD  := for f in 'x\$\$y' 'x\#y' x%y a:b -x '*'; do echo "of \$\$f" >"./\$\$f"; done
		b_DEPS := \$(a_OUTS)
		b_OUTS := b.txt
		b_CMD  := cat ./-x './*' 'x\$\$y' 'x\#y' x%y a:b >b.txt
		include $MK
	EOF
	make repro
	same_file b.txt $'of -x\nof *\nof x$y\nof x#y\nof x%y\nof a:b\n'
	rm -f ./-x ./\* 'x$y' 'x#y' x%y a:b b.txt
	run -0 make repro
	contains "$output" "b: restored from the cache"
	same "$(cat 'x$y' ./\*)" $'of x$y\nof *'
	git status --porcelain --untracked-files=all | { ! grep -v 'Makefile\|dvc\|gitignore'; }
	for name in 'a\ b' '"a' "a'b"; do
		printf 'STAGES := a\na_OUTS := %s\na_CMD := x\ninclude %s\n' "$name" "$MK" >Makefile
		run -2 make repro
		contains "$output" "looks like a part of a path with blanks"
	done
	printf 'define names\na\nb\nendef\nSTAGES := a\na_OUTS := $(names)\na_CMD := x\ninclude %s\n' "$MK" >Makefile
	run -2 make repro
	contains "$output" "cannot be a path"
}

@test "my own variables that begin like a stage are mine" {
	project 'a_DIR := somewhere
a_b := 1'
	run -0 make -n repro
}

@test "paths with blanks are refused" {
	project 'STAGES += c
c_DEPS := my\ file.csv
c_CMD := true'
	run -2 make repro
	contains "$output" "looks like a part of a path with blanks; make cannot carry these in a list: rename it"
}

@test "a cycle, and two makers of one file, are named" {
	project 'STAGES += c
c_DEPS := b.txt
c_OUTS := in.txt
c_CMD := true'
	run -2 make repro
	contains "$output" "the stages go round in a circle"
	project 'STAGES += c
c_OUTS := b.txt
c_CMD := true'
	run -2 make repro
	contains "$output" "stages 'b' and 'c' both make 'b.txt'"
}

@test "a stage without a command, one that is called as a target" {
	project 'STAGES += c'
	run -2 make repro
	contains "$output" "set c_CMD"
	project 'STAGES += push
push_CMD := true'
	run -2 make
	contains "$output" "a stage cannot be called 'push'"
}

@test "CD4ML_PREFIX renames the targets, CD4ML_WITHOUT leaves parts out" {
	project 'CD4ML_PREFIX := ml-
CD4ML_WITHOUT := ci model'
	run -0 make ml-repro
	[ -e b.txt ]
	run -0 make
	contains "$output" "ml-push"
	case $output in *ci-first* | *ml-gate*) false ;; esac
	run -2 make repro
}

@test "it takes no names of mine, and warns of no undefined ones" {
	project
	run -0 make --warn-undefined-variables -n repro
	case $output in *"undefined variable"*) false ;; esac
	run make -pn -f "$MK" # 3.81 stops at the first $(error) that it prints
	before=$(printf 'all:\n' | make -pn -f - | sed -n 's/^\([A-Za-z][A-Za-z0-9_.]*\) [:?]*=.*/\1/p' | sort -u)
	after=$(sed -n 's/^\([A-Za-z][A-Za-z0-9_.]*\) [:?]*=.*/\1/p' <<<"$output" | sort -u)
	same "$(comm -13 <(echo "$before") <(echo "$after") | grep -v '^CD4ML_' | grep -vx STAGES)" ""
}

@test "dag draws the graph in three ways" {
	project
	run -0 make dag
	same "$output" $'● a\n│\n● b'
	run -0 make dag FORMAT=mermaid
	contains "$output" "s_a --> s_b"
}

@test "metrics and params beside the last commit" {
	project
	make repro
	git add -A && git commit -qm one
	printf 'c\n' >>in.txt
	echo 'n: 9' >params.yaml
	make repro
	run -0 make metrics
	contains "$output" "m.json  lines      2    3      +1"
	run -0 make params
	contains "$output" "params.yaml  n             3    9      +6"
}

@test "a clone that pulled rebuilds nothing" {
	needs s3-sync
	needs cas-hash
	mkdir one
	cd one || return
	project
	sed -i "1i CD4ML_REMOTE := file://$PWD/../store" Makefile
	make add FILE=in.txt
	make repro push
	git add -A && git commit -qm one
	git clone -q . ../two
	cd ../two || return
	run -0 make status
	contains "$output" "up to date; some of the data is not here"
	run -0 make pull repro
	case $output in *running*) false ;; esac
	cmp b.txt ../one/b.txt
	run -0 make repro
	contains "$output" "Nothing to be done"
}

@test "CI jobs in clones of their own pass only the lock" {
	needs s3-sync
	needs cas-hash
	mkdir one
	cd one || return
	project
	sed -i "1i CD4ML_REMOTE := file://$PWD/../store" Makefile
	make add FILE=in.txt
	make push
	git add -A && git commit -qm one
	git clone -q . ../first && git clone -q . ../second
	cd ../first || return
	run -0 make ci-first
	contains "$output" "a: running"
	cd ../second || return
	cp ../first/dvc.lock .
	run -0 make ci-second
	contains "$output" "b: running"
	case $output in *"a: running"*) false ;; esac
	[ ! -e in.txt ] # not what its stages do not need
	same "$(cat m.json)" '{"lines": 2}'
	# later, when nothing changed, a job fetches nothing and runs nothing
	cp dvc.lock ../one/
	cd ../one && git add -A && git commit -qm two && git clone -q . ../third && cd ../third || return
	run -0 make ci-first ci-second
	case $output in *running*) false ;; esac
	[ ! -e out/a.txt ]
	# and what ran elsewhere comes from the remote's run cache
	rm dvc.lock
	run -0 make ci-first ci-second
	case $output in *running*) false ;; esac
	contains "$output" "b: restored from the run cache"
}

@test "the gate passes what is better, once, and release tags it" {
	needs baseline-gate
	needs cas-hash
	project 'CD4ML_GATE_METRICS := m.json
CD4ML_METRIC := lines
CD4ML_GATE_FLAGS := --direction higher'
	echo 0.5 >baseline.txt
	run -0 make gate
	same "$(cat baseline.txt)" 2
	run make gate
	[ "$status" -ne 0 ]
	git add -A && git commit -qm one
	run -0 make release
	contains "$output" "tagged model-1"
	same "$(git tag)" model-1
}

@test "stages from a template, one for each name or shard, and one that takes them all" {
	project 'SHARDS := 1 2 3
define score_stage
STAGES += score-$(1)
score-$(1)_DEPS := in.txt
score-$(1)_OUTS := scores/$(1).txt
score-$(1)_CMD  := echo $(1) "$$$$(wc -l <in.txt)" >scores/$(1).txt
score-$(1)_CI   := score-$(1)
endef
$(foreach s,$(SHARDS),$(eval $(call score_stage,$(s))))
STAGES += scores
scores_DEPS := $(SHARDS:%=scores/%.txt)
scores_OUTS := scores.txt
scores_CMD  := cat $(scores_DEPS) >scores.txt'
	run -0 make -j3 scores
	same "$(cat scores.txt)" $'1 2\n2 2\n3 2'
	run -0 make scores
	contains "$output" "Nothing to be done"
	printf 'c\n' >>in.txt
	run -0 make ci-score-2
	contains "$output" "score-2: running"
	case $output in *"score-1: running"*) false ;; esac
}

@test "timings tells what each stage took" {
	project
	run -0 make repro timings
	contains "$output" "seconds"
	same "$(awk '$1 == "b" && NF > 4 { print $(NF - 2) }' <<<"$output")" 0
}

@test "a release of what the gate has not passed is refused" {
	needs baseline-gate
	project 'CD4ML_GATE_METRICS := m.json
CD4ML_METRIC := lines
CD4ML_MODEL := b.txt
CD4ML_GATE_FLAGS := --direction higher'
	git add -A && git commit -qm one
	echo 0.5 >baseline.txt
	run -2 make release
	contains "$output" "the gate has not passed any model yet"
	make gate
	sed -i 's/head -n 1/head -n 2/' Makefile
	run -2 make release
	contains "$output" "the gate passed another model than this one"
}

# A project whose model comes from a parameter by way of make.
tuned() {
	project 'depth := $(shell sed -n "s/^n: //p" params.yaml)
STAGES += c
c_DEPS := b.txt
c_PARAMS := n
c_OUTS := c.txt
c_METRICS := c.json
c_CMD := echo $(depth) >c.txt; echo "{\"score\": $(depth)}" >c.json
CD4ML_GATE_METRICS := c.json
CD4ML_METRIC := score
CD4ML_MODEL := c.txt
CD4ML_GATE_FLAGS := --direction higher'
	make add FILE=in.txt
	make repro
	git add -A && git commit -qm one
}

@test "exp runs beside the workspace, exp-show compares, exp-apply brings it here" {
	tuned
	run -0 make -n exp SET=n=5
	[ ! -e .dvc/tmp/exp ]
	run -0 make -j4 exp SET=n=5
	contains "$output" "experiment 'exp-1' is done"
	case $output in *jobserver*) false ;; esac
	same "$(cat c.txt)" 3
	run -0 make exp SET="n=7" NAME=best
	run -0 make exp-show
	contains "$output" 'exp-1       done       5      2      5'
	contains "$output" 'best        done       7      2      7'
	run -0 make exp-apply NAME=best
	same "$(cat c.txt params.yaml)" $'7\nn: 7'
	run -0 make repro
	contains "$output" "Nothing to be done"
	run -2 make exp-apply
	contains "$output" "say which: make exp-apply NAME=exp-1"
	run -0 make exp-remove NAME=exp-1
	run -2 make exp SET=m=1
	contains "$output" "there is no parameter 'm'"
}

@test "rollback brings data, model and baseline of the last release back, verify-release makes it again" {
	tuned
	echo 0.5 >baseline.txt
	make gate release
	printf 'z\n' >>in.txt && echo 'n: 9' >params.yaml
	make add FILE=in.txt
	make repro gate
	git add -A && git commit -qm two
	make release
	same "$(git tag)" $'model-1\nmodel-2'
	make push
	run -0 make -j2 verify-release TAG=model-1
	contains "$output" "model-1: all 5 outputs are the same bytes again"
	run -0 make verify-release
	contains "$output" "model-2: all"
	run -0 make rollback
	same "$(cat baseline.txt c.txt in.txt)" $'3\n3\nb\na'
	run -0 make status
	same "$output" "all 3 stages are up to date"
	# in a clone without data it comes from the remote
	git commit -qm back
	git clone -q . ../clone && cd ../clone || return
	make CD4ML_REMOTE="$OLDPWD/.dvc/remote" rollback TAG=model-2
	same "$(cat baseline.txt c.txt in.txt)" $'9\n9\nb\na\nz'
}

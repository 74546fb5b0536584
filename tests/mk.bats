load helper

# The fragment, in projects of our own. $1 of `project` is more for its Makefile.
MK=$ROOT/mk/cd4ml.mk

# line TEXT - number of the first line of Makefile that begins so
line() {
	awk -v text="$1" 'index($0, text) == 1 { print NR; exit }' Makefile
}

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

# A stage for each shard, from a template, and one that takes them all.
score_shards='SHARDS := 1 2 3
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

@test "outputs that are in the cache come back all at once, before what must run" {
	project
	make repro
	rm out/a.txt b.txt
	run -0 make -n repro
	same "$(grep -c 'stage-run run' <<<"$output")" 1
	run -0 make -j4 repro
	same "$output" $'a: restored from the cache\nb: restored from the cache'
	rm out/a.txt b.txt
	run -0 make a # and no more than asked for
	same "$output" "a: restored from the cache"
	[ ! -e b.txt ]
	rm out/a.txt && echo 'n: 4' >params.yaml
	run -0 make -j4 repro
	same "${lines[0]}" "a: restored from the cache"
	contains "${lines[1]}" "b: running"
	run -0 make repro
	contains "$output" "Nothing to be done"
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
	contains "$output" "stage-run: Makefile:$(line a_OUT\ ): 'a_OUT' is no variable of stage 'a'; did you mean 'a_OUTS'?"
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

@test "a dependency that is not there, and that nobody makes, stops all before anything runs" {
	project 'STAGES += c
c_DEPS := b.txt \
	nosuch.csv
c_OUTS := c.txt
c_CMD := cat nosuch.csv >c.txt
nosuch.csv: ; echo 1 >$@'
	run -2 make repro
	contains "${lines[0]}" "stage-run: Makefile:$(line c_DEPS): 'nosuch.csv' in c_DEPS is not there, no stage makes it, and no .dvc file names it; put it there (make add FILE=... versions it); if a rule of yours makes it, ask for it first: make nosuch.csv c"
	[ ! -e out ]
	run -0 make status
	contains "$output" "warning: stage 'c': 'nosuch.csv' is not there"
	run -2 make -k repro
	contains "$output" "b: running"
	contains "$output" "stage 'c': 'nosuch.csv' is not there; get it with make pull or make checkout, or make it"
	make nosuch.csv c
	same_file c.txt $'1\n'
	sed -i 's,nosuch.csv,elsewhere/b.txt,' Makefile
	run -2 make repro
	case $output in *"did you mean"*) false ;; esac
	sed -i 's,^\telsewhere/b.txt$,\tb.tx,' Makefile
	run -2 make repro
	contains "$output" "'b.tx' in c_DEPS is not there, no stage makes it, and no .dvc file names it; did you mean 'b.txt'?"
}

@test "goals of my own may need stages, or change what these read, and others touch nothing" {
	project 'all: more repro
more: ; @echo $(N) >>in.txt
clean: ; @echo cleaned'
	run -0 make clean
	same "$output" cleaned
	only .git Makefile in.txt params.yaml
	run -0 make -n all
	only .git Makefile in.txt params.yaml
	run -0 make all N=x
	same_file out/a.txt $'A\nB\nX\n'
	run -0 make all N=y
	same_file out/a.txt $'A\nB\nX\nY\n'
	contains "$output" "b: running"
	run -0 make more repro N=z
	same_file out/a.txt $'A\nB\nX\nY\nZ\n'
	run -0 make -j4 more b N=q
	sed -i 's/^a_CMD/a_CMDS/' Makefile
	run -2 make all N=0
	contains "$output" "stage-run: Makefile:$(line a_CMDS): 'a_CMDS' is no variable of stage 'a'; did you mean 'a_CMD'?"
	run -0 make clean
}

@test "a default goal of mine that needs stages, and is not seen, is no silent success" {
	project
	echo '.DEFAULT_GOAL := b' >>Makefile
	run -2 make
	contains "$output" "cd4ml: stages were not planned when make began: say make repro"
	run -0 make b
	[ -e b.txt ]
}

@test "messages name the line of my Makefile" {
	project 'STAGES += c d
c_DEPS := "a
c_CMD := true
d_CMD := true'
	run -2 make repro
	contains "$output" "stage-run: Makefile:$(line c_DEPS): stage 'c': deps: '\"a' looks like a part of a path with blanks"
	project 'STAGES += c d
c_CMD := true'
	run -2 make repro
	contains "$output" "stage-run: Makefile:$(line "STAGES += c d"): stage 'd' has no command; set d_CMD"
	project '
override export a_OUT ?= x'
	run -2 make repro
	contains "$output" "stage-run: Makefile:$(line override): 'a_OUT' is no variable"
	project 'include other.mk'
	printf '\n\ndefine a_COMMAND\nx\nendef\n' >other.mk
	run -2 make repro
	contains "$output" "stage-run: other.mk:3: 'a_COMMAND' is no variable"
}

@test "included from a git submodule: here, and in a clone with its submodules" {
	git init -q ../tool && mkdir ../tool/mk && cp -R "$ROOT"/mk/. ../tool/mk/
	git -C ../tool add -A && git -C ../tool commit -qm one
	project
	git -c protocol.file.allow=always submodule --quiet add "$PWD/../tool" cd4ml
	sed -i 's,^include .*,include cd4ml/mk/cd4ml.mk,; 1i CD4ML_REMOTE := ../store' Makefile
	run -0 make -j2 repro push
	run -0 make
	contains "$output" "bring all stages up to date"
	git add -A && git commit -qm one
	run -0 make exp SET=n=7 NAME=seven # its working tree has no submodule
	git -c protocol.file.allow=always clone -q --recurse-submodules . ../clone && cd ../clone || return
	run -0 make pull repro
	case $output in *running*) false ;; esac
	run -0 make repro
	contains "$output" "Nothing to be done"
	git clone -q . ../bare && cd ../bare || return
	run -2 make repro
	contains "$output" "cd4ml/mk/cd4ml.mk: No such file"
}

@test "two pipelines in one repository, one of which reads what the other makes" {
	git init -q . && mkdir one two
	echo 1 >one/in
	printf 'STAGES := a\na_DEPS := in\na_OUTS := a.out\na_CMD := cat in >a.out\ninclude %s\n' "$MK" >one/Makefile
	printf 'STAGES := a b\na_DEPS := ../one/a.out\na_OUTS := a.out\na_CMD := cat ../one/a.out >a.out\nb_OUTS := b.out\nb_DEPS := a.out\nb_CMD := cat a.out >b.out\ninclude %s\n' "$MK" >two/Makefile
	printf 'all: one two\none two: ; +@$(MAKE) --no-print-directory -C $@ repro\ntwo: one\n.PHONY: all one two\n' >Makefile
	run -0 make -j4
	same "$(cat two/b.out)" 1
	[ -e .dvc ] && [ ! -e one/.dvc ]
	same "$(cat one/.gitignore two/.gitignore)" $'/a.out\n/a.out\n/b.out'
	echo 2 >one/in
	run -0 make -C two status
	contains "$output" "all 2 stages are up to date"
	run -0 make -j4
	same "$(cat two/b.out)" 2
	run -0 make -C one repro
	contains "$output" "Nothing to be done"
	# both at once, on one cache and one .dvc
	for i in 3 4 5; do
		echo $i >one/in && rm two/dvc.lock
		make -C one repro >/dev/null 2>&1 3>&- &
		make -C two repro >/dev/null 2>&1 3>&- || wait
		wait $!
		make -j2 >/dev/null
		same "$(cat two/b.out)" $i
	done
	git add -A && git commit -qm one
	same "$(git ls-files | xargs)" ".dvc/.gitignore .dvc/config .dvcignore Makefile one/.gitignore one/Makefile one/dvc.lock one/dvc.yaml one/in two/.gitignore two/Makefile two/dvc.lock two/dvc.yaml"
}

@test "--output-sync keeps the lines of each stage together" {
	make --version | grep -q 'Make [4-9]' || skip "this make has no --output-sync"
	git init -q .
	{
		for i in 1 2 3 4; do
			printf 'STAGES += s%d\ns%d_OUTS := o%d\ns%d_CMD := for k in 1 2 3 4 5; do echo line of s%d; sleep 0.02; done; echo >o%d\n' $i $i $i $i $i $i
		done
		echo "include $MK"
	} >Makefile
	run -0 make -j4 --output-sync=target repro
	same "$(sed -n 's/^line of //p' <<<"$output" | uniq -c | awk '{ print $1 }' | xargs)" "5 5 5 5"
	same "$(grep -c 'running\|done in' <<<"$output")" 8
}

@test "-n, -q and -t touch nothing" {
	project
	run -0 make -n -B repro
	contains "$output" "stage-run run"
	run -1 make -q repro
	run -0 make -t repro
	only .git Makefile in.txt params.yaml
	make repro
	cp dvc.lock ..
	echo c >>in.txt
	run -0 make -n repro
	contains "$output" "stage-run run"
	run -1 make -q repro
	cmp dvc.lock ../dvc.lock
	make repro
	run -0 make -q repro
}

@test "jobs of CI each take the shard of their CI_NODE_INDEX, and one behind them takes all" {
	project "CD4ML_REMOTE := $PWD/../store"$'\n'"$score_shards"$'\n''scores_CI := scores'
	make add FILE=in.txt && make push
	make status >/dev/null
	git add -A && git commit -qm one
	line=$(sed -n 's/^    - \(make .*CI_NODE_INDEX.*\)/\1/p' "$ROOT/mk/gitlab/cd4ml.gitlab-ci.yml")
	for i in 1 2 3; do
		git clone -q . "../job$i"
		(cd "../job$i" && CI_JOB_NAME="score $i/3" CI_NODE_INDEX=$i CI_NODE_TOTAL=3 sh -eu -c "$line") >"../log$i" 2>&1 3>&- &
	done
	wait
	for i in 1 2 3; do
		contains "$(cat "../log$i")" "score-$i: running"
		same "$(grep -c running "../log$i")" 1
	done
	git clone -q . ../last && cd ../last || return
	run -0 make ci-scores
	same "$(grep -c running <<<"$output")" 1
	same_file scores.txt $'1 2\n2 2\n3 2\n'
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
	project "$score_shards"
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

@test "what starts from git says so where the Makefile is not in it" {
	project
	make repro
	run -2 make exp SET=n=5
	same "${lines[0]}" "cd4ml: Makefile is not in git: first git add and git commit what the project is made of"
	run -2 make release
	contains "$output" "cd4ml: Makefile is not in git"
	[ -z "$(git tag)" ]
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
	contains "$output" 'exp-1       done       5      5'
	contains "$output" 'best        done       7      7'
	contains "$(make exp-show METRIC='score lines')" 'best        done       7      2      7'
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

# The example: its generator, and the walk-through at a tiny scale.

load helper

# sums DIR - the bytes of all files in it
sums() {
	(cd "$1" && find . -type f | sort | xargs cksum)
}

@test "kkbox-data: help, and what is no option or no folder" {
	run -0 kkbox-data --help
	contains "$output" "usage: kkbox-data"
	run -2 kkbox-data
	run -2 kkbox-data --scale none d
	contains "$output" "'none'"
	run -2 kkbox-data --scale 0.001 no/such/folder
	contains "$output" "no/such/folder"
	only
}

@test "kkbox-data: the same bytes for any number of threads, others for another seed" {
	kkbox-data --scale 0.003 --days 2 -j 1 one
	kkbox-data --scale 0.003 --days 2 -j 3 three
	same "$(sums three)" "$(sums one)"
	kkbox-data --scale 0.003 --days 2 --seed 2 other
	[ "$(sums other)" != "$(sums one)" ]
	# Known since the first release: reproducible on every machine.
	same "$(sums one | cksum)" "3386737486 233"
}

@test "kkbox-data: rows, columns and sizes follow the real tables" {
	kkbox-data --scale 0.01 --days 2 d
	same "$(wc -l <d/train.csv)" 73775
	same "$(wc -l <d/test.csv)" 25569
	same "$(wc -l <d/test_truth.csv)" 25569
	same "$(wc -l <d/songs.csv)" 22964
	same "$(wc -l <d/members.csv)" 345
	same "$(ls d/days)" $'2017-03-01.csv\n2017-03-02.csv'
	same "$(wc -l <d/days/2017-03-02.csv)" 370
	same "$(head -n 1 d/train.csv)" msno,song_id,source_system_tab,source_screen_name,source_type,target
	same "$(head -n 1 d/days/2017-03-01.csv)" "$(head -n 1 d/train.csv)"
	same "$(head -n 1 d/test.csv)" id,msno,song_id,source_system_tab,source_screen_name,source_type
	same "$(head -n 1 d/songs.csv)" song_id,song_length,genre_ids,artist_name,composer,lyricist,language
	same "$(head -n 1 d/members.csv)" msno,city,bd,gender,registered_via,registration_init_time,expiration_date
	# A row of train has 131 bytes there.
	local size
	size=$(wc -c <d/train.csv)
	[ "$size" -gt $((73774 * 125)) ] && [ "$size" -lt $((73774 * 137)) ]
	awk -F, 'NR > 1 && (length($1) != 44 || length($2) != 44 || NF != 6 || $6 !~ /^[01]$/) { exit 1 }' d/train.csv
	awk -F, 'NR > 1 && ($6 !~ /^20(0[4-9]|1[0-7])[01][0-9][0-3][0-9]$/) { print; exit 1 }' d/members.csv
}

@test "kkbox-data: names with commas, quotes and UTF-8, several genres, missing values" {
	kkbox-data --scale 0.01 d
	grep -q '"[^"]*, [^"]*"' d/songs.csv
	grep -q '""' d/songs.csv
	grep -q '周' d/songs.csv
	grep -Eq '=,[0-9]+,[0-9]+\|[0-9]+,' d/songs.csv
	iconv -f UTF-8 -t UTF-8 d/songs.csv >/dev/null
	awk -F, 'NR > 1 { n++; empty += $4 == "" } END { exit !(empty / n > .03 && empty / n < .08) }' d/train.csv
	awk -F, 'NR > 1 { n++; empty += $4 == "" } END { exit !(empty / n > .4 && empty / n < .7) }' d/members.csv
}

@test "kkbox-data: a user and a song meet once, in train, test and days together" {
	kkbox-data --scale 0.01 --days 3 d
	same "$({ cut -d, -f1,2 d/train.csv; cut -d, -f2,3 d/test.csv; cut -d, -f1,2 d/days/*; } |
		grep -v song_id | sort | uniq -d | wc -l)" 0
	# All of them are in the other tables.
	same "$({ cut -d, -f1 d/train.csv; cut -d, -f2 d/test.csv; } | sort -u | comm -23 - <(cut -d, -f1 d/members.csv | sort) |
		grep -vc msno)" 0
	same "$(cut -d, -f2 d/train.csv | sort -u | comm -23 - <(cut -d, -f1 d/songs.csv | sort) | wc -l)" 0
}

@test "kkbox-data: the best AUC is said, and lies between 0.75 and 0.80" {
	kkbox-data --scale 0.1 -v d >log
	awk '/Bayes AUC/ { n++; bad += $4 + 0 < .75 || $4 + 0 > .8 } END { exit !(n == 2 && !bad) }' log || {
		cat log
		return 1
	}
}

@test "kkbox-data: a full disk is an error" {
	mkdir d
	ln -s /dev/full d/train.csv.part
	run -3 kkbox-data --scale 0.001 d
	contains "$output" "train.csv"
	[ ! -e d/train.csv ]
}

@test "the walk-through, from nothing to a colleague's clone" {
	TMPDIR=$PWD SCALE=0.001 KEEP=1 CD4ML_MK=$ROOT/mk/cd4ml.mk sh "$ROOT/examples/kkbox/demo.sh" >log || {
		cat log
		return 1
	}
	# Three releases, each better than the last.
	same "$(awk '$1 ~ /^model-[0-9]$/ { print $1, $2, ($3 > last); last = $3 }' log)" \
		$'model-1 rf 1\nmodel-2 gbt 1\nmodel-3 gbt 1'
	# The exchanged model reruns what depends on it, and nothing else.
	same "$(awk '/^4\./ { on = 1 } /^5\./ { on = 0 } on && $NF ~ /^.?B$/ && $2 ~ /^[0-9]/ { print $1 }' log | xargs)" \
		"train cv predict check_predictions evaluate"
	contains "$(cat log)" "is the same value as the baseline: it is the same model"
	contains "$(cat log)" "nothing was to do"
	contains "$(cat log)" "Same bytes of data, model and predictions as in the first folder: yes"
	# Nothing but the kept folder was made, and there all is committed.
	set -- cd4ml-demo.*
	only "$1" log
	same "$(git -C "$1/project" status --short)" ""
	same "$(git -C "$1/project" show model-3:baseline.txt)" "$(cat "$1/project/baseline.txt")"
	same "$(git -C "$1/project" ls-files | grep -Ec '^(data|clean|models|predictions)/.*(csv|ubj)$')" 0
	cd "$1/project"
	export CD4ML_MK=$ROOT/mk/cd4ml.mk CD4ML_REMOTE=file://$PWD/../storage
	run -0 make status
	same "$output" "all 8 stages are up to date"
	# A touch is no change; a changed parameter is one for the stages that read it.
	touch data/train.csv rules.yaml
	same "$(make status)" "all 8 stages are up to date"
	sed -i.old 's/max_leaves: 255/max_leaves: 31/' params.yaml
	run -0 make status
	contains "$output" $'train: out of date\n    changed parameter: params.yaml: gbt'
	contains "$output" "5 of 8 stages are not up to date"
}

@test "what a newcomer might do wrong in it is named" {
	mkdir p
	cp -R "$ROOT"/examples/kkbox/. p/
	cd p
	git init -q
	export CD4ML_MK=$ROOT/mk/cd4ml.mk
	run make repro
	[ "$status" -ne 0 ]
	contains "$output" ".csv' in check_data_DEPS is not there, no stage makes it, and no .dvc file names it; put it there"
}

@test "the CI's jobs, each in a clone of its own with what the job before passed on" {
	git init -q --bare origin.git
	cp -R "$ROOT/examples/kkbox" p
	cd p
	git init -q
	git remote add origin ../origin.git
	export CD4ML_MK=$ROOT/mk/cd4ml.mk CD4ML_REMOTE=file://$PWD/../storage
	kkbox-data --scale 0.001 data
	for f in train test test_truth songs members; do make add FILE=data/$f.csv; done
	make push
	git add -A
	git commit -qm data
	git push -q origin main
	cd ..
	for job in check_data train check_predictions evaluate release; do
		git clone -q origin.git "$job"
		[ -z "${before-}" ] || (cd "$before" && tar -cf - dvc.lock metrics baseline.txt baseline.json 2>/dev/null) |
			tar -C "$job" -xf -
		make -C "$job" "ci-$job" >"$job.log" 2>&1 || {
			cat "$job.log"
			return 1
		}
		before=$job
	done
	# The first job needs no model, the last no data.
	[ ! -e check_data/clean ]
	[ ! -e release/data/train.csv ]
	contains "$(cat evaluate.log)" "beats the baseline 0.5"
	same "$(git -C release tag)" model-1
	same "$(git -C release status --short)" ""
}

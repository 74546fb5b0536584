load helper

# The example's daily job against a git remote, a store and a provider of our own.
setup() {
	scratch
	needs flock
	kkbox-data --scale 0.004 --days 2 raw # fewer rows a day fail their check by chance
	git init -q --bare ../origin.git
	git clone -q ../origin.git ../project 2>/dev/null
	cd ../project || return
	cp -R "$ROOT"/examples/kkbox/{daily,schema} .
	mkdir data
	cp ../work/raw/train.csv data/
	stage-run setup --remote "$BATS_TEST_TMPDIR/store"
	cas-hash add -q data/train.csv
	s3-sync push -q
	git add -A && git commit -qm start && git push -q origin HEAD:main
	cd ../work || return
	export DAILY_SOURCE=$PWD/raw/days DAILY_REPO=$BATS_TEST_TMPDIR/origin.git
	export DAILY_WORK=$BATS_TEST_TMPDIR/daily
	job=$ROOT/examples/kkbox/daily/daily.sh
	one=2017-03-01 two=2017-03-02
}

commits() {
	git -C ../origin.git log --format=%s main
}

@test "a day is checked, merged, pushed and committed; the same day twice changes nothing" {
	run -0 sh "$job" $one
	contains "$output" "$one is in"
	same "$(commits | head -n 1)" "data: plays of $one"
	run -0 sh "$job" $one
	contains "$output" "$one is there already"
	run -0 sh "$job" $two
	same "$(commits)" "$(printf '%s\n' "data: plays of $two" "data: plays of $one" start)"
	git clone -q "$DAILY_REPO" ../look && cd ../look || return
	s3-sync pull -q
	cmp data/days/$one.csv ../work/raw/days/$one.csv
	cmp data/days/$two.csv ../work/raw/days/$two.csv
	csv-merge ../work/raw/train.csv data/days/*.csv --key msno,song_id --duplicates last -o want.csv
	cmp want.csv data/train.csv
	# nothing of the job's own lies about in git
	same "$(git ls-files data)" $'data/.gitignore\ndata/days.dvc\ndata/train.csv.dvc'
}

@test "a day that fails its check is not committed, nor one that is not there yet" {
	sed -i '2s/.*/,,,,,,,,/' raw/days/$one.csv
	sed -i '3,$s/^[^,]*,/,/' raw/days/$one.csv
	run -1 sh "$job" $one
	contains "$output" "$one failed its check: nothing is committed"
	same "$(commits)" start
	run -2 sh "$job" 2031-01-01
	contains "$output" "has no 2031-01-01.csv yet"
	run -2 sh "$job" yesterday
}

@test "two that race for the branch both get their day in" {
	DAILY_WORK=$BATS_TEST_TMPDIR/daily.2 sh "$job" $two >two.log 2>&1 3>&- &
	other=$!
	run -0 sh "$job" $one
	wait $other
	same "$(commits | sort)" "$(printf '%s\n' "data: plays of $one" "data: plays of $two" start | sort)"
	git clone -q "$DAILY_REPO" ../look && cd ../look || return
	s3-sync pull -q
	same "$(ls data/days)" "$one.csv"$'\n'"$two.csv"
}

@test "a push that loses the race starts again from what was pushed" {
	# the first push finds that somebody was quicker
	mkdir ../hooks
	cat >../hooks/pre-push <<-EOF2
		#!/bin/sh
		[ ! -e $BATS_TEST_TMPDIR/raced ] || exit 0
		touch $BATS_TEST_TMPDIR/raced
		cd $BATS_TEST_TMPDIR/project && git commit -q --allow-empty -m quicker && git push -q --no-verify origin HEAD:main
	EOF2
	chmod +x ../hooks/pre-push
	GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_1=core.hooksPath GIT_CONFIG_VALUE_1=$BATS_TEST_TMPDIR/hooks run -0 sh "$job" $one
	contains "$output" "somebody else pushed first"
	same "$(commits)" "$(printf '%s\n' "data: plays of $one" quicker start)"
}

@test "one that died midway leaves nothing that the next one minds" {
	sh "$job" $one
	cd ../daily/clone || return
	echo half >data/train.csv
	echo half >data/days/$two.csv
	echo junk >junk.csv
	git add -f junk.csv
	cd ../../work || return
	run -0 sh "$job" $two
	git clone -q "$DAILY_REPO" ../look && cd ../look || return
	[ ! -e junk.csv ]
	s3-sync pull -q
	cmp data/days/$two.csv ../work/raw/days/$two.csv
}

@test "the token is stored nowhere" {
	CD4ML_PUSH_TOKEN=secret123 run -0 sh "$job" $one
	run -1 grep -rq secret123 ../daily/clone/.git
}

# runtime DAY... - Lambda's runtime API with an event for each day, then none
runtime() {
	cat >api.py <<-'EOF2'
		import http.server, json, sys
		events = [b'{"day": "%s"}' % day.encode() for day in sys.argv[1:]]
		class H(http.server.BaseHTTPRequestHandler):
		    n = 0
		    def log_message(self, *a): pass
		    def do_GET(self):
		        if H.n == len(events):
		            self.send_response(500); self.end_headers(); return
		        body = events[H.n]; H.n += 1
		        self.send_response(200)
		        self.send_header('Lambda-Runtime-Aws-Request-Id', 'id-%d' % H.n)
		        self.send_header('Content-Length', str(len(body)))
		        self.end_headers(); self.wfile.write(body)
		    def do_POST(self):
		        body = self.rfile.read(int(self.headers['Content-Length'])).decode()
		        json.loads(body)
		        print(self.path.split('/invocation/')[1], body, flush=True)
		        self.send_response(202); self.send_header('Content-Length', '0'); self.end_headers()
		s = http.server.HTTPServer(('127.0.0.1', 0), H)
		print(s.server_port, file=open('port.new', 'w'), flush=True)
		import os; os.rename('port.new', 'port')
		s.serve_forever()
	EOF2
	python3 api.py "$@" >answers 2>api.err 3>&- &
	api=$!
	for _ in $(seq 200); do
		[ ! -e port ] || break
		sleep 0.05
	done
}

@test "as a Lambda function: two events, the second of a day that is there, the third of none" {
	needs python3
	needs curl
	runtime $one $one 2031-01-01
	AWS_LAMBDA_RUNTIME_API=127.0.0.1:$(cat port) run sh "$ROOT/examples/kkbox/daily/bootstrap"
	kill $api
	contains "$output" "2017-03-01 is there already"
	same "$(head -n 2 answers)" $'id-1/response {"status": 0}\nid-2/response {"status": 0}'
	contains "$(tail -n 1 answers)" "id-3/error {\"errorType\": \"Daily.Status2\""
	same "$(commits | wc -l)" 2
}

@test "in a job of GitLab's the pipeline is started by a trigger token, or said not to start" {
	needs python3
	needs curl
	export CI_JOB_TOKEN=job CI_PROJECT_ID=7
	run -0 sh "$job" $one
	contains "$output" "starts no pipeline: set CD4ML_PUSH_TOKEN, or DAILY_TRIGGER_TOKEN"
	python3 - 2>api.err >asked 3>&- <<-'EOF2' &
		import http.server, os
		class H(http.server.BaseHTTPRequestHandler):
		    def log_message(self, *a): pass
		    def do_POST(self):
		        body = self.rfile.read(int(self.headers['Content-Length'])).decode()
		        print(self.path, 'secret123' in body, 'main' in body, flush=True)
		        self.send_response(201); self.send_header('Content-Length', '0'); self.end_headers()
		s = http.server.HTTPServer(('127.0.0.1', 0), H)
		open('port.new', 'w').write(str(s.server_port)); os.rename('port.new', 'port')
		s.serve_forever()
	EOF2
	api=$!
	for _ in $(seq 200); do
		[ ! -e port ] || break
		sleep 0.05
	done
	CI_API_V4_URL=http://127.0.0.1:$(cat port)/api/v4 DAILY_TRIGGER_TOKEN=secret123 run sh "$job" $two
	kill $api
	same "$status" 0
	contains "$output" "a pipeline for main is started"
	same "$(cat asked)" "/api/v4/projects/7/trigger/pipeline True True"
	CI_API_V4_URL=http://127.0.0.1:9/api/v4 DAILY_TRIGGER_TOKEN=secret123 run -0 sh "$job" $two
	contains "$output" "is there already"
}

@test "the package for Lambda is small, and has all that the function needs but git" {
	needs python3
	needs zip
	needs unzip
	sh "$ROOT/examples/kkbox/daily/package.sh" ../function.zip
	case $BUILD in
	*-*) ;; # sanitizers are large
	*) [ "$(wc -c <../function.zip)" -lt 5000000 ] ;;
	esac
	unzip -q ../function.zip -d ../function
	same "$(cd ../function/bin && echo *)" "cas-hash csv-merge data-check s3-sync"
	runtime $one
	# no tools but the package's
	AWS_LAMBDA_RUNTIME_API=127.0.0.1:$(cat port) PATH=/usr/local/bin:/usr/bin:/bin run sh ../function/bootstrap
	kill $api
	contains "$output" "$one is in"
	same "$(cat answers)" 'id-1/response {"status": 0}'
}

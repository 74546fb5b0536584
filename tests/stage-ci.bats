load helper
load stage

good() {
	pipeline
	good_args=(targets --outs)
	good_missing=none
	good_stream=none
	good_commands=(targets recall comment gitlab-ci)
}

@test "stage-ci keeps the promises of every tool" {
	contract stage-ci
}

@test "targets names what a group needs from a remote, and what it makes" {
	pipeline
	sed -i 's/^  b:/  b:\n    meta: {ci: late}/; s/^  a:/  a:\n    meta: {ci: early}/' dvc.yaml
	stage-run run
	run -0 stage-ci targets --ci late
	same "$output" a.txt
	run -0 stage-ci targets --ci late --outs
	same "$output" b.txt
	run -0 stage-ci targets --ci early
	same "$output" "" # in.txt is in git
	run -2 stage-ci targets --ci nosuch
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
	run -0 stage-ci recall
	same "$(grep -c recorded <<<"$output")" 4 # in.txt has a pointer; d was not pushed
	only .dvc .dvcignore .git .gitignore dvc.lock dvc.yaml in.txt.dvc
	run -0 stage-ci recall
	same "$output" ""
}

@test "what nobody ran with these inputs is not recorded, and does not stop the others" {
	diamond
	stage-run run -q
	s3-sync push -q --run-cache
	rm -rf ../last && git clone -q . ../last && cd ../last
	sed -i 's/cmd: cp mid.txt b.txt/cmd: cat mid.txt >b.txt/' dvc.yaml
	run -0 stage-ci recall
	same "$(sed 's/:.*//' <<<"$output")" $'a\nmid\nc'
}

@test "gitlab-ci has a job for each group, which needs what its stages need" {
	diamond
	run -0 stage-ci gitlab-ci --then evaluate --then release
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
	run -2 stage-ci gitlab-ci
	same "$output" "stage-ci: the group 'make' needs itself by way of another; a group runs in one job: move stages to another (NAME_CI)"
	sed -i 's/ci: make/ci: image/' dvc.yaml
	run -2 stage-ci gitlab-ci
	contains "$output" "a job called 'image' means something else to GitLab"
	sed -i 's/, meta: {ci: [a-z]*}//; /meta:/d' dvc.yaml
	run -2 stage-ci gitlab-ci
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
	CD4ML_COMMENT_TOKEN=good run -0 stage-ci comment "reports/a page.html" r.txt
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
	CD4ML_COMMENT_TOKEN=good run -0 stage-ci comment --title Again
	same "$output" "comment on !5 updated"
	contains "$(notes 250)" "### Again"
	CD4ML_COMMENT_TOKEN=good run -0 stage-ci comment --name other
	same "$output" "comment on !5 written"
	same "$(cut -d ' ' -f 1 "$BATS_TEST_TMPDIR/log" | xargs)" "GET GET GET POST GET GET GET PUT GET GET GET POST"
	run -0 grep -c good "$BATS_TEST_TMPDIR/log" || true
	same "$output" 0
}

@test "comment without token or merge request says so, and a refused one is an error" {
	pipeline
	gitlab 0
	run -0 stage-ci comment
	contains "$output" "CD4ML_COMMENT_TOKEN is not set: no comment"
	CD4ML_COMMENT_TOKEN=bad run -2 stage-ci comment
	same "$output" "stage-ci: GitLab answers 401: 401 Unauthorized; the token needs the scope 'api' and the role Reporter; a job's own may not"
	CI_MERGE_REQUEST_IID='' CD4ML_COMMENT_TOKEN=good run -0 stage-ci comment
	contains "$output" "not in a merge request's pipeline: no comment"
	CI_PROJECT_ID=8 CD4ML_COMMENT_TOKEN=good run -2 stage-ci comment
	contains "$output" "GitLab answers 404"
	kill $gitlab && wait $gitlab || true
	gitlab=
	CD4ML_COMMENT_TOKEN=good run -3 stage-ci comment
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
	run -0 stage-ci comment --dry
	contains "$output" "| params.yaml | n | 3 | 9 | +6 |"
	contains "$output" '| params.yaml | x\|y | - | 1 | new |'
	contains "$output" "| main | now |"
	same "$(git rev-list --all --count)" 1
	run -0 stage-show params --md --rev FETCH_HEAD
	contains "$output" "| params.yaml | n | 3 | 9 | +6 |"
	CI_MERGE_REQUEST_TARGET_BRANCH_NAME=nosuch run -2 stage-ci comment --dry
	contains "$output" nosuch
}

# daily-lambda.sh - the daily job as a Lambda function: from a cold start (no clone) to the answer, one day of 100 kB.
# shellcheck shell=sh

title "daily job in Lambda's runtime: start of bootstrap to its answer, goal below 1 s"
handicap "git's remote, the store and the provider are folders here: no network"

GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=b@example.com GIT_COMMITTER_NAME=bench GIT_COMMITTER_EMAIL=b@example.com
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
top=$PWD
kkbox-data --scale 0.021 --days 2 raw || return 1
git init -q -b main --bare start.git && git init -q -b main project || return 1
(
	cd project && cp -R "$BENCH_ROOT"/examples/kkbox/daily "$BENCH_ROOT"/examples/kkbox/schema . && mkdir data &&
		cp ../raw/train.csv data/ && stage-run setup --remote "$top/store" && cas-hash add -q data/train.csv &&
		s3-sync push -q && git add -A && git commit -qm start && git push -q ../start.git main
) || return 1

# Lambda's runtime API: one event, then the end. It is there before the clock runs.
cat >api.py <<'EOF'
import http.server, os, sys
class H(http.server.BaseHTTPRequestHandler):
    def log_message(self, *a): pass
    def answer(self, status, body=b''):
        self.send_response(status)
        self.send_header('Lambda-Runtime-Aws-Request-Id', 'one')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers(); self.wfile.write(body)
    def do_GET(self):
        used = os.path.exists('used'); open('used', 'w').close()
        self.answer(500 if used else 200, b'{"day": "2017-03-01"}')
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        open('answer', 'w').write(self.path.split('/')[-1] + ' ' + body.decode())
        self.answer(202)
s = http.server.HTTPServer(('127.0.0.1', 0), H)
open('port.new', 'w').write(str(s.server_port)); os.rename('port.new', 'port')
s.serve_forever()
EOF
"${PYTHON:-python3}" api.py >/dev/null 2>&1 &
api=$!
until [ -e port ]; do sleep 0.05; done

cat >cold.sh <<EOF
export DAILY_SOURCE=$top/raw/days DAILY_REPO=$top/origin.git DAILY_WORK=$top/work AWS_LAMBDA_RUNTIME_API=127.0.0.1:$(cat port)
sh "$BENCH_ROOT/examples/kkbox/daily/bootstrap"
[ "\$(cat answer)" = 'response {"status": 0}' ] && [ "\$(git -C origin.git log --format=%s -1 main)" = 'data: plays of 2017-03-01' ]
EOF
BEFORE='rm -rf work origin.git used answer; cp -R start.git origin.git'
ours "$(wc -c <raw/days/2017-03-01.csv) bytes into $(wc -c <raw/train.csv)" "sh cold.sh"
# shellcheck disable=SC2034 # read by frame.sh
BEFORE=
kill $api

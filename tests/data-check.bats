load helper

good() {
	printf 'a,b\n1,x\n2,y\n3,y\n' >in.csv
	good_args=(infer in.csv)
	good_commands=(infer validate)
}

# schema FIELDS [REST] - writes s.json
schema() {
	printf '{"fields": [%s]%s}\n' "$1" "${2:+, $2}" >s.json
}

# finds COLUMN ANOMALY DETAIL - validation of in.csv by s.json ends with 1 and this finding
finds() {
	run -1 --separate-stderr data-check validate --schema s.json in.csv
	contains "$output" "in.csv: error: $1: $2: " || return
	contains "$output" "$3"
}

@test "data-check keeps the promises of every tool" {
	contract data-check
}

@test "what was inferred is valid" {
	printf 'id,n,x,t,d,b,z,e\nk1,1,1.5,red,2020-01-02,true,007,\nk2,,NA,red,2020-01-03,false,012,\nk3,3,2,blue,2020-02-01,true,113,\n' >in.csv
	data-check infer -q --na NA --ranges --unique id --label b in.csv -o s.json
	run -0 data-check validate --schema s.json --environment training in.csv
	same "$output" "in.csv: 3 rows, 8 columns: no anomalies"
	same "$(tr -d ' \n' <s.json | grep -o '"type":"[a-z]*"' | tr '\n' ' ')" \
		'"type":"string" "type":"integer" "type":"number" "type":"string" "type":"date" "type":"boolean" "type":"string" "type":"any" '
	contains "$(tr -d ' \n' <s.json)" '"missingValues":["","NA"]'
	contains "$(tr -d ' \n' <s.json)" '"name":"n","type":"integer","constraints":{"minimum":1,"maximum":3},"check":{"presence":{"minCount":1}}'
	contains "$(tr -d ' \n' <s.json)" '"name":"t","type":"string","constraints":{"required":true,"enum":["blue","red"]}'
	contains "$(tr -d ' \n' <s.json)" '"name":"id","type":"string","constraints":{"required":true,"unique":true},"check"'
}

@test "ranges are inferred only when asked, domains of numbers too" {
	printf 'n\n1\n2\n2\n' >in.csv
	run -0 data-check infer -q in.csv
	[[ $output != *minimum* && $output != *enum* ]]
	run -0 data-check infer -q --domain n in.csv
	contains "$(echo "$output" | tr -d ' \n')" '"enum":[1,2]'
	run -0 data-check infer -q --max-domain 0 <(printf 'a\nx\nx\n')
	[[ $output != *enum* ]]
}

@test "what looks like no feature is warned of" {
	awk 'BEGIN { print ",same,empty,u"; for (i = 0; i < 2000; i++) print i ",1,,k" i }' | sed '1s/^/n/' >in.csv
	run -0 --separate-stderr data-check infer in.csv -o s.json
	contains "$stderr" "column 'n' numbers the rows"
	contains "$stderr" "column 'same' has the same value in all rows"
	contains "$stderr" "column 'empty' is empty in all rows"
	contains "$stderr" "column 'u' has another text in nearly every row"
}

@test "a key that the data contradicts is not inferred" {
	printf 'a,b\n1,1\n1,2\n1,1\n' >in.csv
	run -2 --separate-stderr data-check infer --key a,b in.csv -o s.json
	contains "$stderr" "in.csv: 'a, b' is not unique: the key \"1\", ... of row 4 is already in row 2"
	only in.csv
	run -2 data-check infer --unique nosuch in.csv
}

@test "the golden table has the anomalies that Frictionless finds" {
	cp "$DATA/schema/data.csv" in.csv
	run -1 data-check validate --schema "$DATA/schema/table.json" in.csv
	contains "$output" 'age: INT_TYPE_SMALL_INT: Out-of-range values: unexpectedly small value: -1<0 (row 3)'
	contains "$output" 'age: FEATURE_TYPE_LOW_FRACTION_PRESENT: Column dropped'
	contains "$output" 'income: FLOAT_TYPE_STRING_NOT_FLOAT: Invalid values: expected data of type: FLOAT but got STRING; values that were not floats were found, such as "x" (row 3)'
	contains "$output" 'income: FLOAT_TYPE_HAS_NAN: Invalid values: float feature has NaN values (row 7)'
	contains "$output" 'income: FLOAT_TYPE_HAS_INF: Invalid values: float feature has Inf values (row 6)'
	contains "$output" 'income: FLOAT_TYPE_SMALL_FLOAT: Out-of-range values: unexpectedly small value: -3<0 (row 5)'
	contains "$output" 'colour: ENUM_TYPE_UNEXPECTED_STRING_VALUES: Unexpected string values: examples contain values missing from the schema: pink (~20%) (row 3)'
	contains "$output" 'id: VALUE_PATTERN: '
	contains "$output" 'id: VALUE_LENGTH: '
	contains "$output" 'id: VALUE_DUPLICATE: Duplicated value: value "a1" of row 3 is already in row 2'
	contains "$output" 'y: ENUM_TYPE_UNEXPECTED_STRING_VALUES: '
	contains "$output" 'in.csv: 6 rows, 5 columns: 12 errors, 0 warnings'
}

# The cases of TFDV 1.16.1's validator (its schemas as ours).
@test "presence: TFDV's cases" {
	printf 'a,f\n1,0.1\n,\n3,0.3\n' >in.csv
	schema '{"name": "a", "type": "integer", "constraints": {"required": true}}, {"name": "f", "type": "number", "check": {"presence": {"minCount": 3}}}'
	finds a FEATURE_TYPE_LOW_FRACTION_PRESENT "the feature was present in fewer examples than expected: minimum fraction = 1.000000, actual = 0.666667 (first missing in row 3)"
	finds f FEATURE_TYPE_LOW_NUMBER_PRESENT "minimum count = 3, actual = 2"
	schema '{"name": "a", "type": "integer"}, {"name": "f", "type": "number", "check": {"presence": {"minFraction": 0.9}}}'
	finds f FEATURE_TYPE_LOW_FRACTION_PRESENT "minimum fraction = 0.900000, actual = 0.666667"
	printf 'a,f\n,1\n,1\n' >in.csv
	schema '{"name": "a", "type": "integer", "check": {"presence": {"minCount": 1}}}, {"name": "f"}'
	finds a FEATURE_TYPE_NOT_PRESENT "the feature was not present in any examples"
}

@test "types: a fraction, a text, a boolean, a date" {
	printf 'i,n,b,d\n1.5,x,maybe,2020-02-30\n2,1,yes,2020-02-29\n' >in.csv
	schema '{"name": "i", "type": "integer"}, {"name": "n", "type": "number"}, {"name": "b", "type": "boolean", "trueValues": ["yes"], "falseValues": ["no"]}, {"name": "d", "type": "date"}'
	finds i UNEXPECTED_DATA_TYPE "expected data of type: INT but got FLOAT, such as 1.5 (row 2); 1 row (50 %)"
	finds n FLOAT_TYPE_STRING_NOT_FLOAT "such as \"x\" (row 2)"
	finds b BOOL_TYPE_UNEXPECTED_STRING "saw unexpected value \"maybe\" (row 2) instead of {\"no\", \"yes\"}"
	finds d UNEXPECTED_DATA_TYPE "2020-02-30"
	printf 'i\nx\ny\n' >in.csv
	schema '{"name": "i", "type": "integer"}'
	finds i INT_TYPE_NOT_INT_STRING "expected data of type: INT but got STRING; values that were not ints were found, such as \"x\" (row 2); 2 rows (100 %)"
}

@test "ranges: the most extreme value is shown" {
	printf 'a,f,d\n1,0.5,2020-01-01\n-5,7,2019-01-01\n20,1,2020-06-01\n-2,1,2020-01-01\n' >in.csv
	schema '{"name": "a", "type": "integer", "constraints": {"minimum": 0, "maximum": 10}}, {"name": "f", "type": "number", "constraints": {"exclusiveMaximum": 1}}, {"name": "d", "type": "date", "constraints": {"minimum": "2020-01-01"}}'
	finds a INT_TYPE_SMALL_INT "unexpectedly small value: -5<0 (row 3); 2 rows (50 %)"
	finds a INT_TYPE_BIG_INT "unexpectedly high value: 20>10 (row 4)"
	finds f FLOAT_TYPE_BIG_FLOAT "unexpectedly high value: 7>=1 (row 3); 3 rows (75 %)"
	finds d FLOAT_TYPE_SMALL_FLOAT "unexpectedly small value: 2019-01-01<2020-01-01 (row 3)"
}

@test "domains: shares, and the mass that must be inside" {
	printf 's\nA\nB\nC\nC\nD\n' >in.csv
	schema '{"name": "s", "type": "string", "constraints": {"enum": ["A", "B"]}}'
	finds s ENUM_TYPE_UNEXPECTED_STRING_VALUES "examples contain values missing from the schema: C (~40%), D (~20%) (row 4); 3 rows (60 %)"
	printf 's\nA\nB\nC\n' >in.csv
	schema '{"name": "s", "type": "string", "constraints": {"enum": ["A", "B"]}, "check": {"domainMass": 0.5}}'
	data-check validate --schema s.json in.csv
	schema '{"name": "s", "type": "string", "constraints": {"enum": ["A", "B"]}, "check": {"domainMass": 0.9}}'
	finds s ENUM_TYPE_UNEXPECTED_STRING_VALUES "C (~33%)"
	printf 'n\n1.0\n01\n2\n' >in.csv
	schema '{"name": "n", "type": "number", "constraints": {"enum": [1, "3"]}}'
	finds n ENUM_TYPE_UNEXPECTED_STRING_VALUES "schema: 2 (~33%) (row 4)"
}

@test "numbers of distinct values" {
	printf 's,t\nA,1\nB,1\nC,1\nD,1\n' >in.csv
	schema '{"name": "s", "check": {"distinct": {"minimum": 2, "maximum": 3}}}, {"name": "t", "check": {"distinct": {"minimum": 2, "maximum": 3}}}'
	finds s FEATURE_TYPE_HIGH_UNIQUE "expected no more than 3 unique values but found 4"
	finds t FEATURE_TYPE_LOW_UNIQUE "expected at least 2 unique values but found only 1"
}

@test "keys of several columns occur once" {
	printf 'a,b\n1,1\n1,2\n11,\n1,1\n,\n,\n' >in.csv
	schema '{"name": "a"}, {"name": "b"}' '"uniqueKeys": [["a", "b"]]'
	finds "a, b" KEY_DUPLICATE "the key \"1\", ... of row 5 is already in row 2; 1 row (16.7 %)"
}

@test "columns: missing, new, in the order of the schema" {
	printf 'b,c\n1,2\n' >in.csv
	schema '{"name": "a"}, {"name": "b"}'
	finds a SCHEMA_MISSING_COLUMN "column is completely missing"
	finds c SCHEMA_NEW_COLUMN "new column (column in data but not in schema)"
	schema '{"name": "a"}, {"name": "b"}' '"fieldsMatch": "partial"'
	data-check validate --schema s.json in.csv
	schema '{"name": "b"}' '"fieldsMatch": "subset"'
	data-check validate --schema s.json in.csv
	schema '{"name": "c"}, {"name": "b"}' '"fieldsMatch": "exact"'
	finds "(table)" COLUMN_ORDER "not in the order"
	schema '{"name": "b"}' '"check": {"newColumns": "warning"}'
	run -0 data-check validate --schema s.json in.csv
	contains "$output" "in.csv: warning: c: SCHEMA_NEW_COLUMN"
	schema '{"name": "b"}' '"check": {"newColumns": "ignore"}'
	run -0 data-check validate --schema s.json in.csv
	same "$output" "in.csv: 1 rows, 2 columns: no anomalies"
}

@test "environments: the label is absent in serving" {
	printf 'x\n1\n' >serve.csv
	printf 'x,y\n1,0\n' >train.csv
	schema '{"name": "x"}, {"name": "y", "check": {"environments": ["training"]}}' '"check": {"environments": ["training", "serving"]}'
	data-check validate --schema s.json --environment serving serve.csv
	data-check validate --schema s.json --environment training train.csv
	run -1 data-check validate --schema s.json --environment training serve.csv
	contains "$output" "y: SCHEMA_MISSING_COLUMN"
	run -1 data-check validate --schema s.json --environment serving train.csv
	contains "$output" "new column y found in data but not in the environment serving in the schema"
	run -2 --separate-stderr data-check validate --schema s.json --environment servin train.csv
	contains "$stderr" "did you mean 'serving'?"
}

@test "rows: how many, and of what shape" {
	printf 'a,b\n1,2\n3\n\n4,5,6\n' >in.csv
	schema '{"name": "a"}, {"name": "b"}' '"check": {"rows": {"minimum": 10}}'
	finds "(table)" ROW_SHAPE "row 3 has 1 cell, expected 2; 3 rows (75 %)"
	finds "(table)" DATASET_LOW_NUM_EXAMPLES "the dataset has 4 examples, which is fewer than expected"
	schema '{"name": "a"}, {"name": "b"}' '"check": {"rows": {"maximum": 2}}'
	finds "(table)" DATASET_HIGH_NUM_EXAMPLES "the dataset has 4 examples, which is more than expected"
	printf 'a,b\n' >in.csv
	schema '{"name": "a"}, {"name": "b"}'
	finds "(table)" DATASET_LOW_NUM_EXAMPLES "0 examples"
}

@test "patterns match the whole value" {
	printf 's\nab12\nx\n12\n' >in.csv
	schema '{"name": "s", "constraints": {"pattern": "[a-z]+\\d{2}"}}'
	finds s VALUE_PATTERN "such as \"x\" (row 3); 2 rows (66.7 %)"
	schema '{"name": "s", "constraints": {"pattern": "(?=x)"}}'
	run -2 --separate-stderr data-check validate --schema s.json in.csv
	contains "$stderr" "s.json: field 1 's': the pattern has '(?', which is not supported"
	schema '{"name": "s", "constraints": {"pattern": "(a"}}'
	run -2 data-check validate --schema s.json in.csv
}

@test "lengths are in characters, and bytes that are no UTF-8 are found" {
	printf 's,t\n\xc3\xa9\xc3\xa9,\xff\n' >in.csv
	schema '{"name": "s", "type": "string", "constraints": {"maxLength": 2}}, {"name": "t", "type": "string"}'
	finds t ENUM_TYPE_INVALID_UTF8 "found strings that were not valid UTF8 (row 2)"
	[[ $output != *VALUE_LENGTH* ]]
	data-check validate --json --schema s.json in.csv >out.json || true
	needs python3
	python3 -m json.tool out.json >/dev/null
}

@test "a warning does not fail" {
	printf 'a\nx\n' >in.csv
	schema '{"name": "a", "type": "integer", "check": {"severity": "warning"}}'
	run -0 data-check validate --schema s.json in.csv
	contains "$output" "in.csv: warning: a: INT_TYPE_NOT_INT_STRING"
	contains "$output" "0 errors, 1 warning"
}

@test "a wrong schema is an error with its place" {
	printf 'a\n1\n' >in.csv
	schema '{"name": "a", "constraints": {"minimun": 1}}'
	run -2 --separate-stderr data-check validate --schema s.json in.csv
	contains "$stderr" "s.json: field 1 'a'"
	contains "$stderr" "minimum"
	schema '{"name": "a", "type": "integer", "check": {"presence": {"minFraction": 1.5}}}'
	run -2 --separate-stderr data-check validate --schema s.json in.csv
	contains "$stderr" "'minFraction' must be between 0 and 1"
	run -2 --separate-stderr data-check validate in.csv
	contains "$stderr" "no --schema; write one with data-check infer"
}

@test "JUnit: a failing case for each anomaly, a passing one for each good column" {
	printf 'a,b\nx,1\n' >in.csv
	schema '{"name": "a", "type": "integer"}, {"name": "b", "type": "integer"}'
	run -1 data-check validate --schema s.json --junit out.xml in.csv
	contains "$(cat out.xml)" 'tests="2" failures="1"'
	contains "$(cat out.xml)" 'name="a: INT_TYPE_NOT_INT_STRING"'
	contains "$(cat out.xml)" 'name="b"'
}

@test "--json has the documented members" {
	needs python3
	printf 'a\n1\nx\n' >in.csv
	schema '{"name": "a", "type": "integer"}'
	data-check validate --json --schema s.json in.csv >out.json || [ $? -eq 1 ]
	python3 - <<-'END'
	import json
	d = json.load(open("out.json"))
	assert d["valid"] is False
	f = d["files"][0]
	assert (f["file"], f["rows"], f["columns"], f["errors"], f["warnings"]) == ("in.csv", 2, 1, 1, 0)
	a = f["anomalies"][0]
	assert (a["column"], a["anomaly"], a["severity"], a["count"], a["share"], a["row"], a["line"], a["value"]) == (
		"a", "INT_TYPE_NOT_INT_STRING", "error", 1, 0.5, 3, 3, "x"), a
	END
}

@test "any number of threads, a pipe and a plain file give the same" {
	awk 'BEGIN { print "i,k,v"; for (i = 0; i < 60000; i++) printf "%d,k%d,%s\n", i, i * 7919 % 50003, i % 1000 == 7 ? "" : i % 777 == 5 ? "x" : i / 8 }' >in.csv
	threads_agree data-check infer -q --ranges in.csv
	data-check infer -q in.csv -o s.json
	same "$(data-check infer -q - <in.csv | md5sum)" "$(md5sum <s.json)"
	schema '{"name": "i", "type": "integer", "constraints": {"maximum": 50000}}, {"name": "k", "constraints": {"unique": true, "enum": ["k1"]}, "check": {"distinct": {"maximum": 5}}}, {"name": "v", "type": "number", "constraints": {"required": true}}'
	for j in 1 2 5; do
		data-check validate -j $j --schema s.json in.csv >out$j || [ $? -eq 1 ]
	done
	cmp out1 out2 && cmp out1 out5
	contains "$(cat out1)" 'value "k0" of row 50005 is already in row 2; 9997 rows'
}

@test "a datetime is inferred only where validation takes it for one" {
	printf 'd\n2020-01-01T10:00:00\n2020-01-01Tab:cd:ef\n' >in.csv
	run -0 data-check infer -q in.csv -o s.json
	contains "$(tr -d ' \n' <s.json)" '"type":"string"'
	run -0 data-check validate --schema s.json in.csv
	printf 'd\n2020-01-01T10:00:00\n2020-01-01T10:00:60\n' >in.csv
	run -0 data-check infer -q in.csv -o s.json
	contains "$(tr -d ' \n' <s.json)" '"type":"datetime"'
	run -0 data-check validate --schema s.json in.csv
	printf 'd\n2020-01-01T10:00:61\n' >in.csv
	run -1 data-check validate --schema s.json in.csv
}

@test "a report that cannot be written is refused before the work" {
	printf 'a\n1\n' >in.csv
	data-check infer -q in.csv -o s.json
	run -2 --separate-stderr data-check validate --schema s.json in.csv --junit in.csv
	contains "$stderr" "in.csv"
	same "$(cat in.csv)" $'a\n1'
	run -2 --separate-stderr data-check validate --schema s.json in.csv --junit none/r.xml
	run -2 --separate-stderr data-check validate --schema s.json in.csv --junit r.txt -o r.txt
	[ ! -e r.txt ]
}

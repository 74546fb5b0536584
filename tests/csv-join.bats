load helper

good() {
	printf 'k,v\na,1\nb,2\n' >l.csv
	printf 'k,w\na,x\n' >r.csv
	good_args=(l.csv --left k r.csv)
}

# A small flight table and what joins to it.
flights() {
	printf 'year,dest,tail\n2013,IAH,N1\n2013,"XXX",N2\n2014,IAH,\n' >f.csv
	printf 'faa,name\nIAH,"George, Bush"\nJFK,""\n' >a.csv
	printf 'tail,year,seats\nN1,1999,007\nN3,2001,3\n' >p.csv
}

@test "csv-join keeps the promises of every tool" {
	contract csv-join
}

@test "left keeps all rows, and bytes of fields" {
	flights
	run -0 csv-join f.csv --left dest=faa a.csv
	same "$output" $'year,dest,tail,name\n2013,IAH,N1,"George, Bush"\n2013,"XXX",N2,\n2014,IAH,,"George, Bush"'
}

@test "inner keeps the rows that match" {
	flights
	run -0 csv-join f.csv --inner tail p.csv --cols seats
	same "$output" $'year,dest,tail,seats\n2013,IAH,N1,007'
}

@test "right adds the rows of the table that matched nothing, with the key" {
	flights
	run -0 csv-join f.csv --right tail p.csv --cols seats
	same "$output" $'year,dest,tail,seats\n2013,IAH,N1,007\n,,N3,3'
}

@test "full keeps the rows of both, and quotes" {
	flights
	run -0 csv-join f.csv --full dest=faa a.csv
	same "$output" $'year,dest,tail,name\n2013,IAH,N1,"George, Bush"\n2013,"XXX",N2,\n2014,IAH,,"George, Bush"\n,JFK,,""'
}

@test "semi and anti choose rows and bring no columns" {
	flights
	run -0 csv-join f.csv --semi tail p.csv
	same "$output" $'year,dest,tail\n2013,IAH,N1'
	run -0 csv-join f.csv --anti tail p.csv
	same "$output" $'year,dest,tail\n2013,"XXX",N2\n2014,IAH,'
	run -2 csv-join f.csv --anti tail p.csv --cols seats
}

@test "rows that a right table adds go through the tables behind it" {
	printf 'k,v\na,1\n' >l.csv
	printf 'k,w\na,x\nb,y\nc,z\n' >r.csv
	printf 'k,u\nb,U\n' >s.csv
	run -0 csv-join l.csv --right k r.csv --left k s.csv
	same "$output" $'k,v,w,u\na,1,x,\nb,,y,U\nc,,z,'
	run -0 csv-join l.csv --full k r.csv --inner k s.csv
	same "$output" $'k,v,w,u\nb,,y,U'
	run -0 csv-join l.csv --right k r.csv --right k s.csv
	same "$output" $'k,v,w,u\nb,,y,U'
}

@test "a key of several columns, differently named" {
	printf 'o,y,v\nJ,1,a\nJ,2,b\nL,1,c\n' >l.csv
	printf 'year,origin,t\n1,J,9\n2,J,8\n' >r.csv
	run -0 csv-join l.csv --left o=origin,y=year r.csv
	same "$output" $'o,y,v,t\nJ,1,a,9\nJ,2,b,8\nL,1,c,'
	printf 'a,b\nx,yz\nxy,z\n' >l.csv
	printf 'a,b,c\nxy,z,1\n' >r.csv
	run -0 csv-join l.csv --left a,b r.csv
	same "$output" $'a,b,c\nx,yz,\nxy,z,1'
}

@test "names that collide are refused with both tables, unless there is a prefix" {
	flights
	run -2 csv-join f.csv --left tail p.csv
	same "$output" "csv-join: p.csv: column 'year' is in f.csv too; give a --prefix behind one of the tables, or choose columns with --cols"
	run -0 csv-join f.csv --left tail p.csv --prefix plane_
	same "${lines[0]}" "year,dest,tail,plane_year,seats"
	run -0 csv-join f.csv --left tail p.csv --prefix 'p,'
	same "${lines[0]}" 'year,dest,tail,"p,year",seats'
	printf 'tail,seats\nN1,5\n' >q.csv
	run -2 csv-join f.csv --left tail p.csv --prefix p_ --left tail q.csv --prefix p_
	contains "$output" "column 'p_seats' is in p.csv too"
	run -0 csv-join f.csv --left tail p.csv --prefix p_ --left tail q.csv --prefix q_
	same "${lines[0]}" "year,dest,tail,p_year,p_seats,q_seats"
}

@test "columns are chosen, of LEFT too, in the order asked for" {
	flights
	run -0 csv-join f.csv --cols tail,year --left tail p.csv --cols seats
	same "$output" $'tail,year,seats\nN1,2013,007\nN2,2013,\n,2014,'
}

@test "a duplicate key of the joined table is refused with both lines" {
	printf 'k\na\n' >l.csv
	printf 'k,v\na,1\n"a",2\n' >r.csv
	run -2 --separate-stderr csv-join l.csv --left k r.csv -o out.csv
	[ "$stderr" = "csv-join: r.csv:3: key 'a' is already in line 2; choose one with --duplicates" ]
	[ ! -e out.csv ]
}

@test "duplicates: the first, the last, or all" {
	printf 'k\na\nb\na\n' >l.csv
	printf 'k,v\na,1\nb,5\na,2\na,3\n' >r.csv
	run -0 csv-join l.csv --left k r.csv --duplicates first
	same "$output" $'k,v\na,1\nb,5\na,1'
	run -0 csv-join l.csv --duplicates last --left k r.csv
	same "$output" $'k,v\na,3\nb,5\na,3'
	run -0 csv-join l.csv --left k r.csv --duplicates all
	same "$output" $'k,v\na,1\na,2\na,3\nb,5\na,1\na,2\na,3'
	run -0 csv-join l.csv --left k r.csv --duplicates all --left k r.csv --duplicates all --prefix x
	same "${lines[2]}" "a,1,2"
	same "${#lines[@]}" 20
	run -0 csv-join l.csv --semi k r.csv
	same "$output" $'k\na\nb\na'
}

@test "an empty or --na key matches nothing, unless asked to" {
	printf 'k\n\nNA\n""\n' >l.csv
	printf 'k,v\n"",1\nNA,2\n' >r.csv
	run -0 csv-join -q l.csv --left k r.csv --na NA
	same "$output" $'k,v\n,\nNA,\n"",'
	run -0 csv-join l.csv --left k r.csv
	same "$output" $'k,v\n,\nNA,2\n"",'
	run -0 csv-join l.csv --left k r.csv --na NA --match-empty
	same "$output" $'k,v\n,1\nNA,2\n"",1'
	run -0 csv-join -q l.csv --full k r.csv --na NA
	same "$output" $'k,v\n,\nNA,\n"",\n"",1\nNA,2'
}

@test "case and blanks count, unless told otherwise" {
	printf 'k\nAb\n ab \n' >l.csv
	printf 'k,v\nab,1\n' >r.csv
	run -0 csv-join -q l.csv --left k r.csv
	same "$output" $'k,v\nAb,\n ab ,'
	run -0 csv-join l.csv --left k r.csv --ignore-case
	same "$output" $'k,v\nAb,1\n ab ,'
	run -0 csv-join l.csv --left k r.csv --ignore-case --trim
	same "$output" $'k,v\nAb,1\n ab ,1'
}

@test "too few matches fail, and a join that matches nothing is warned of" {
	printf 'k\na\nb\n' >l.csv
	printf 'k,v\na,1\n' >r.csv
	run -0 csv-join l.csv --left k r.csv --require-match 0.5
	run -2 csv-join l.csv --left k r.csv --require-match 0.6 -o out.csv
	same "$output" "csv-join: r.csv: 50 % of the rows have a match by 'k', 60 % are required"
	[ ! -e out.csv ]
	printf 'k,v\nz,1\n' >r.csv
	run -0 --separate-stderr csv-join l.csv --left k r.csv
	same "$stderr" "csv-join: warning: r.csv: no row has a match by 'k'"
}

@test "the report has the counts of each table" {
	printf 'k\na\nb\n' >l.csv
	printf 'k,v\na,1\na,2\n,3\n' >r.csv
	run -0 csv-join l.csv --full k r.csv --duplicates first --report r.json
	same "$(tr -d ' \n' <r.json)" '{"left":{"file":"l.csv","rows":2},"tables":[{"file":"r.csv","kind":"full","key":"k","rows":3,"keys":1,"without_key":1,"duplicates":1,"matched":1,"unmatched":1,"match_share":0.5,"added":1}],"rows_out":3,"ragged":0}'
	run -0 --separate-stderr csv-join l.csv --left k r.csv --duplicates first -v
	contains "$stderr" "r.csv: 1 of 2 rows match by 'k' (50.00 %)"
}

@test "quotes, newlines, CRLF, a BOM and a missing final newline" {
	printf '\xef\xbb\xbf"k",v\r\n"a\nb",1\r\n"x""y",2' >l.csv
	printf 'w,k\r\n"p\nq","a\nb"\r\nz,"x""y"\r\n' >r.csv
	csv-join l.csv --left k r.csv -o out.csv
	same_file out.csv $'\xef\xbb\xbf"k",v,w\r\n"a\nb",1,"p\nq"\r\n"x""y",2,z\n'
}

@test "gzip, standard input, other delimiters, no header" {
	good
	gzip l.csv
	run -0 csv-join l.csv.gz --left k r.csv
	same "$output" $'k,v,w\na,1,x\nb,2,'
	run -0 sh -c 'gzip -dc l.csv.gz | csv-join - --left k r.csv'
	same "$output" $'k,v,w\na,1,x\nb,2,'
	run -2 csv-join - --left k - </dev/null
	contains "$output" "standard input can be one table only"
	printf '1|x\n2|y\n' >l.psv
	printf 'x|9\n' >r.psv
	run -0 csv-join l.psv -d '|' --no-header --left 2=1 r.psv
	same "$output" $'1|x|9\n2|y|'
}

@test "unknown columns and tables are named" {
	good
	run -2 csv-join l.csv --left kk r.csv
	same "$output" "csv-join: l.csv: there is no column 'kk'; is 'k' meant?"
	run -2 csv-join l.csv --left v=k,k=vv r.csv
	contains "$output" "r.csv: there is no column 'vv'"
	run -2 csv-join l.csv
	contains "$output" "nothing to join"
	run -2 csv-join l.csv --prefix x --left k r.csv
}

@test "an error in a row tells file and line, and leaves no output" {
	good
	printf 'c\n' >>l.csv
	run -2 csv-join l.csv --left k r.csv -o out.csv
	contains "$output" "csv-join: l.csv:4: 1 field where 2 were expected"
	[ ! -e out.csv ]
	run -0 csv-join l.csv --left k r.csv --ragged pad
	same "${lines[3]}" "c,,"
	run -0 csv-join l.csv --left k r.csv --ragged skip
	same "${#lines[@]}" 3
}

@test "order and bytes are the same for any number of threads and any CPU" {
	awk 'BEGIN { print "k,v,t"; for (i = 0; i < 200000; i++) printf "%d,\"x\n%d\",abcdefgh\n", i * 7919 % 5000, i }' >l.csv
	awk 'BEGIN { print "k,w"; for (i = 0; i < 4000; i++) printf "%d,\"w,%d\"\n", i, i }' >r.csv
	threads_agree csv-join l.csv --left k r.csv --full v=w r.csv --prefix z
	want=$(csv-join l.csv --inner k r.csv | md5sum)
	for cpu in scalar sse42 avx2 avx512; do
		same "$(CD4ML_CPU=$cpu csv-join l.csv --inner k r.csv | md5sum)" "$want"
	done
	same "$(csv-join l.csv --inner k r.csv --cols w | head -n 3)" $'k,v,t,w\n0,"x\n0",abcdefgh,"w,0"'
}

@test "a large gzip file, of several members, cut off, damaged" {
	awk 'BEGIN { print "k,v,t"; for (i = 0; i < 200000; i++) printf "%d,\"x\n%d\",abcdefgh\n", i * 7919 % 5000, i }' >l.csv
	awk 'BEGIN { print "k,w"; for (i = 0; i < 4000; i++) printf "%d,\"w,%d\"\n", i, i }' >r.csv
	want=$(csv-join l.csv --left k r.csv | md5sum)
	head -n 300000 l.csv | gzip -1 >l.gz
	tail -n +300001 l.csv | gzip -1 >>l.gz
	threads_agree csv-join l.gz --left k r.csv
	same "$(csv-join l.gz --left k r.csv | md5sum)" "$want"
	same "$(csv-join - --left k r.csv <l.gz | md5sum)" "$want"
	head -c 1000000 l.gz >cut.gz
	run -2 csv-join cut.gz --left k r.csv -o out.csv
	same "$output" "csv-join: cut.gz: the gzip data is truncated; fetch or compress the file again"
	[ ! -e out.csv ]
	printf 'x\n' | gzip >>l.gz
	run -2 csv-join l.gz --left k r.csv -o out.csv
	contains "$output" "1 field where 3 were expected"
}

# agrees ARG... - the same bytes and report with any --memory and any number of threads, LEFT from a file and a pipe
agrees() {
	local memory j

	csv-join -q l.csv "$@" --report want.json >want.csv
	for memory in 1 100K 1M 1G; do
		for j in 1 3; do
			csv-join -q l.csv "$@" --memory $memory -j $j --report got.json >got.csv
			cmp got.csv want.csv
			cmp got.json want.json
		done
		cat l.csv | csv-join -q - "$@" --memory $memory >got.csv
		cmp got.csv want.csv
		csv-join -q - "$@" --memory $memory <l.csv >got.csv
		cmp got.csv want.csv
	done
}

# Tables with newlines in fields, keys in quotes, keys that are missing, several rows of a key.
spilling() {
	awk 'BEGIN { print "k,v,t"; for (i = 0; i < 30000; i++) printf "%s,\"x\n%d\",%d\n", i % 50 ? i * 7919 % 5000 : "", i, i % 7 }' >l.csv
	awk 'BEGIN { print "w,k"; for (i = 0; i < 9000; i++) printf "\"w,%d\",\"%s\"\n", i, i % 30 ? i % 6000 : "" }' >r.csv
	awk 'BEGIN { print "t,u"; for (i = 3; i < 9; i++) printf "%d,u%d\n", i, i }' >s.csv
}

@test "the output is the same whatever the memory: all kinds, all duplicates" {
	spilling
	for kind in left inner right full semi anti; do
		agrees --$kind k r.csv --duplicates all --left t s.csv
	done
	agrees --left t s.csv --full k r.csv --duplicates first
	agrees --full t s.csv --right k r.csv --duplicates last --full v=w,t=k r.csv --prefix z --duplicates all
}

@test "a duplicate key is told by its first line, whatever the memory" {
	spilling
	run -2 csv-join l.csv --left k r.csv
	want=$output
	contains "$want" "is already in line"
	for memory in 1 100K; do
		run -2 csv-join l.csv --left k r.csv --memory $memory -o out.csv
		same "$output" "$want"
		[ ! -e out.csv ]
	done
}

@test "temporary files go to TMPDIR, and none is left" {
	spilling
	mkdir t
	TMPDIR=$PWD/t csv-join l.csv --left k r.csv --duplicates first --memory 1K -o out.csv
	cat l.csv | TMPDIR=$PWD/t csv-join - --left k r.csv --duplicates first --memory 1K -o out.csv
	[ -z "$(ls -A t)" ]
	TMPDIR=$PWD/nosuch run -2 csv-join l.csv --left k r.csv --duplicates first --memory 1K -o out2.csv
	contains "$output" "cannot make a temporary file"
	contains "$output" "set TMPDIR"
	[ ! -e out2.csv ]
	printf 'x\n' >>l.csv
	cat l.csv | TMPDIR=$PWD/t run -2 csv-join - --left k r.csv --duplicates first --memory 1K -o out2.csv
	[ -z "$(ls -A t)" ]
}

@test "what has no effect is refused" {
	good
	run -2 csv-join l.csv --semi k r.csv --prefix p_
	same "$output" "csv-join: --semi k r.csv brings no columns: --prefix has no effect"
	run -2 csv-join l.csv --anti k r.csv --cols w
	same "$output" "csv-join: --anti k r.csv brings no columns: --cols has no effect"
}

@test "--json writes the report on standard output" {
	good
	csv-join l.csv --left k r.csv -o want.csv --report want.json
	run -0 csv-join l.csv --left k r.csv --json -o got.csv
	same "$output" "$(cat want.json)"
	cmp got.csv want.csv
	run -2 csv-join l.csv --left k r.csv --json
	contains "$output" "name a file for the table with -o"
}

@test "another delimiter is told, not taken" {
	good
	printf 'k;v\na;1\n' >s.csv
	run -2 csv-join s.csv --left k r.csv
	same "$output" "csv-join: s.csv: there is no column 'k'; the header is one column, 'k;v': say --delimiter ';' if that is it"
	printf 'k\tv\na\t1\n' >t.csv
	run -2 csv-join l.csv --left k t.csv
	contains "$output" "say --delimiter '\\t' if that is it"
	run -0 csv-join -d ';' s.csv --anti k s.csv
	same "$output" "k;v"
}

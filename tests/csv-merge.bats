load helper

good() {
	printf 'k,v\na,1\n' >a.csv
	printf 'k,v\nb,2\n' >b.csv
	good_args=(a.csv b.csv)
}

@test "csv-merge keeps the promises of every tool" {
	contract csv-merge
}

@test "rows of all files under one header" {
	good
	run -0 csv-merge a.csv b.csv a.csv
	same "$output" $'k,v\na,1\nb,2\na,1'
}

@test "columns go by name; fields pass byte for byte" {
	printf 'a,b,c\n1,2,3\n' >a.csv
	printf 'c,"a",b\n"x,y","",007\n' >b.csv
	run -0 csv-merge a.csv b.csv
	same "$output" $'a,b,c\n1,2,3\n"",007,"x,y"'
}

@test "a column that a file lacks is an error, or filled" {
	printf 'a,b\n1,2\n' >a.csv
	printf 'c,a\n3,4\n' >b.csv
	run -2 csv-merge a.csv b.csv
	same "$output" "csv-merge: a.csv: there is no column 'c', which b.csv has; say --missing fill to leave it empty"
	run -0 csv-merge a.csv b.csv --missing fill
	same "$output" $'a,b,c\n1,2,\n4,,3'
}

@test "line ends pass, and a missing final newline only where it is last" {
	printf 'a\r\n1\r\n2' >a.csv
	printf 'a\n3\n4' >b.csv
	csv-merge a.csv b.csv -o out.csv
	same_file out.csv $'a\r\n1\r\n2\r\n3\n4'
	printf 'a' >a.csv
	csv-merge a.csv b.csv -o out.csv
	same_file out.csv $'a\n3\n4'
}

@test "a key keeps the first row or the last, each at its place" {
	printf 'k,v\na,1\nb,2\na,3\n' >a.csv
	printf 'v,k\n4,"b"\n5,c\n' >b.csv
	run -0 csv-merge a.csv b.csv --key k
	same "$output" $'k,v\na,1\nb,2\nc,5'
	run -0 csv-merge a.csv b.csv --key k --duplicates last
	same "$output" $'k,v\na,3\n"b",4\nc,5'
	run -0 --separate-stderr csv-merge a.csv b.csv --key k -v
	contains "$stderr" "2 duplicates left out"
}

@test "rows without key are all kept" {
	printf 'k,v\n,1\n,2\nNA,3\nNA,4\n' >a.csv
	run -0 csv-merge a.csv --key k --na NA
	same "$output" $'k,v\n,1\n,2\nNA,3\nNA,4'
	run -0 csv-merge a.csv --key k
	same "$output" $'k,v\n,1\n,2\nNA,3'
}

@test "merging the same day once more changes nothing, in place too" {
	printf 'u,s,v\n1,a,x\n1,b,y\n' >train.csv
	printf 'u,s,v\n1,b,z\n2,a,w' >day.csv
	for which in first last; do
		cp train.csv t.csv
		csv-merge t.csv day.csv --key u,s --duplicates $which -o t.csv
		cp t.csv once.csv
		csv-merge t.csv day.csv --key u,s --duplicates $which -o t.csv
		cmp t.csv once.csv
	done
}

@test "sorted: missing values, numbers by size, texts by bytes, stable" {
	printf 'k,v\nb,1\n10,2\n9,3\n,4\na,5\n9.0,6\n-1,7\n' >a.csv
	run -0 csv-merge a.csv --sort-by k
	same "$output" $'k,v\n,4\n-1,7\n9,3\n9.0,6\n10,2\na,5\nb,1'
	run -0 csv-merge a.csv a.csv --key v --sort-by v
	same "${#lines[@]}" 8
	printf 'a,b\n1,z\n1,y\n0,x\n' >b.csv
	run -0 csv-merge b.csv --sort-by a,b
	same "$output" $'a,b\n0,x\n1,y\n1,z'
}

@test "standard input, gzip, no header" {
	good
	gzip b.csv
	run -0 sh -c 'csv-merge - b.csv.gz <a.csv'
	same "$output" $'k,v\na,1\nb,2'
	run -2 csv-merge - - </dev/null
	contains "$output" "named twice"
	printf '1,2\n' >n.csv
	run -0 csv-merge n.csv n.csv --no-header
	same "$output" $'1,2\n1,2'
	run -2 csv-merge a.csv --key nosuch
	contains "$output" "no file has a column 'nosuch'"
}

@test "the same for any number of threads" {
	awk 'BEGIN { print "k,v,t"; for (i = 0; i < 200000; i++) printf "%d,\"x\n%d\",abcdefgh\n", i * 7919 % 50000, i }' >a.csv
	awk 'BEGIN { print "v,k,t"; for (i = 0; i < 100000; i++) printf "%d,%d,z\n", i, i * 3 }' >b.csv
	threads_agree csv-merge a.csv b.csv
	threads_agree csv-merge a.csv b.csv --key k --duplicates last
	threads_agree csv-merge a.csv b.csv --key k --sort-by t,v
}

@test "the same whatever the memory, first and last, sorted or not" {
	awk 'BEGIN { print "k,v,t"; for (i = 0; i < 20000; i++) printf "%s,\"x\n%d\",%d\n", i % 9 ? i * 7919 % 5000 : "", i, i * 31 % 700 }' >a.csv
	awk 'BEGIN { print "v,k,t"; for (i = 0; i < 20000; i++) printf "%d,\"%d\",z%d\n", i, i * 3, i % 50 }' >b.csv
	for what in "--key k" "--key k,t --duplicates last" "--sort-by t" "--sort-by t,v --key k" "--key v --sort-by k --duplicates last"; do
		# shellcheck disable=SC2086
		csv-merge a.csv b.csv a.csv $what -v >want.csv 2>want.txt
		for memory in 1 100K 1M 1G; do
			for j in 1 3; do
				# shellcheck disable=SC2086
				csv-merge a.csv b.csv a.csv $what --memory $memory -j $j -v >got.csv 2>got.txt
				cmp got.csv want.csv
				same "$(cat got.txt)" "$(cat want.txt)"
			done
		done
	done
	mkdir t
	TMPDIR=$PWD/t csv-merge a.csv b.csv --key k --memory 1 -o out.csv
	[ -z "$(ls -A t)" ]
	TMPDIR=$PWD/nosuch run -2 csv-merge a.csv --key k --memory 1 -o out2.csv
	contains "$output" "cannot make a temporary file"
}

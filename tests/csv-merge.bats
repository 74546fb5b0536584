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

# the tables of a store, and a day's rows of which one is there already
days() {
	printf 'u,s,v\n1,a,x\n1,b,"y\ny"\n' >train.csv
	printf 's,v,u\r\na,z,1\r\na,"w",2\r\n"a",q,2\r\nc,,1' >day.csv
}

@test "--into appends the rows whose key is new, as the whole merge would" {
	days
	csv-merge train.csv day.csv --key u,s -o want.csv
	for index in "" "--index t.keys"; do
		cp train.csv t.csv
		# shellcheck disable=SC2086
		run -0 csv-merge day.csv --into t.csv --key u,s $index -v
		contains "$output" "the keys of t.csv were read from it"
		contains "$output" "2 duplicates left out"
		cmp t.csv want.csv
		ino=$(stat -c %i-%Y t.csv)
		# shellcheck disable=SC2086
		csv-merge day.csv --into t.csv --key u,s $index
		cmp t.csv want.csv
		same "$(stat -c %i-%Y t.csv)" "$ino"
	done
	run -0 csv-merge day.csv --into t.csv --key u,s --index t.keys -v
	contains "$output" "the keys of t.csv were in the index"
	printf 'u,s,v\n9,a,new' >next.csv
	csv-merge want.csv next.csv --key u,s -o want2.csv
	run -0 csv-merge next.csv --into t.csv --key u,s --index t.keys -v
	contains "$output" "were in the index"
	cmp t.csv want2.csv
	[ ! -e .t.csv.append ]
}

@test "an index is believed only for its table, key and dialect" {
	days
	cp train.csv t.csv
	csv-merge day.csv --into t.csv --key u,s --index t.keys
	again() {
		run -0 csv-merge day.csv --into t.csv "$@" --index t.keys -v
		contains "$output" "were read from it"
		run -0 csv-merge day.csv --into t.csv "$@" --index t.keys -v
		contains "$output" "were in the index"
	}
	again --key s,u
	again --key u,s --na NA
	again --key u,s --ragged skip
	touch -d 2001-01-01 t.csv
	again --key u,s --ragged skip
	printf '\n7,a,x\n' >>t.csv
	touch -d 2001-01-01 t.csv
	again --key u,s
	sed -i 's/7,a,x/8,a,x/' t.csv
	touch -d 2001-01-01 t.csv
	again --key u,s
	truncate -s 5000 t.keys
	again --key u,s
	printf 'no index' >t.keys
	again --key u,s
	dd if=/dev/zero of=t.keys bs=1 seek=100 count=8 conv=notrunc status=none
	again --key u,s
}

@test "--into: many days are one merge, whatever the threads and memory" {
	for d in 1 2 3 4 5 6 7; do
		awk -v d=$d 'BEGIN { print d % 2 ? "k,t,v" : "v,k,t"; for (i = 0; i < 9000; i++) { k = (i * 7919 + d * 4000) % 40000
			if (d % 2) printf "%d,\"x\n%d\",%d\n", k, k, d; else printf "%d,\"%d\",y\r\n", d, k } }' >day$d.csv
	done
	csv-merge day[1-7].csv --key k -o want.csv
	for how in "-j 1" "-j 3 --memory 1" "-j 3 --index t.keys" "-j 2 --index t.keys --memory 10K"; do
		rm -f t.keys
		cp day1.csv t.csv
		for d in 1 2 3 4 5 6 7; do
			# shellcheck disable=SC2086
			csv-merge day$d.csv day1.csv --into t.csv --key k $how
		done
		cmp t.csv want.csv
	done
}

@test "--into refuses what it cannot do in place" {
	days
	cp train.csv t.csv
	into() {
		cp t.csv before.csv
		run -2 csv-merge "$@"
		cmp t.csv before.csv
		[ ! -e .t.csv.append ]
	}
	into day.csv --into t.csv
	contains "$output" "--into needs --key"
	into day.csv --into t.csv --key u,s -o o.csv
	contains "$output" "cannot both be said"
	into day.csv --into t.csv --key u,s --sort-by u
	contains "$output" "with --sort-by; write the table anew"
	into day.csv --into t.csv --key u,s --duplicates last
	contains "$output" "with --duplicates last"
	into day.csv train.csv --key u,s --index t.keys
	contains "$output" "without --into"
	into t.csv --into t.csv --key u,s
	into day.csv --into nosuch.csv --key u,s
	contains "$output" "nosuch.csv: cannot open"
	printf 'u,s,v,w\n1,z,1,1\n' >wide.csv
	into wide.csv --into t.csv --key u,s --missing fill
	same "$output" "csv-merge: t.csv: there is no column 'w', which wide.csv has; a column cannot be added in place: write the table anew, with -o"
	printf 'u,s\n1,z\n' >narrow.csv
	into narrow.csv --into t.csv --key u,s
	contains "$output" "say --missing fill"
	printf 'u,s,v\n5,a,1\n,z,1\n' >unkeyed.csv
	into unkeyed.csv --into t.csv --key u,s
	contains "$output" "unkeyed.csv:3: the key has a missing value"
	printf 'u,s,v\n5,a,1\n6,z\n' >ragged.csv
	into ragged.csv --into t.csv --key u,s
	contains "$output" "ragged.csv:3: 2 fields where 3 were expected"
	ln t.csv other.csv
	into day.csv --into t.csv --key u,s
	contains "$output" "the file has other names"
	rm other.csv
	ln -s t.csv link.csv
	into day.csv --into link.csv --key u,s
	contains "$output" "symbolic link"
	chmod 444 t.csv
	into day.csv --into t.csv --key u,s
	contains "$output" "read-only"
	gzip <train.csv >t.csv.gz
	into day.csv --into t.csv.gz --key u,s
	contains "$output" "compressed"
	printf 'u,s,v\n1,a,"x\n' >open.csv
	into day.csv --into open.csv --key u,s
	contains "$output" "open.csv:2: a quoted field is never closed"
}

@test "--into: a full disk leaves the table as it was, time and all" {
	days
	awk 'BEGIN { print "u,s,v"; for (i = 0; i < 20000; i++) print i ",new,0123456789" }' >big.csv
	cp -p train.csv t.csv
	for index in "" "--index t.keys"; do
		# shellcheck disable=SC2086
		run -3 bash -c "ulimit -f 200; csv-merge big.csv --into t.csv --key u,s $index"
		cmp t.csv train.csv
		same "$(stat -c %y t.csv)" "$(stat -c %y train.csv)"
		[ ! -e .t.csv.append ]
	done
}

@test "--into killed at any moment: the next run makes the same table" {
	command -v strace >/dev/null || skip "strace is not installed"
	days
	awk 'BEGIN { print "u,s,v"; for (i = 0; i < 3000; i++) print i ",new,0123456789" }' >first.csv
	csv-merge train.csv day.csv first.csv --key u,s -o want.csv
	killed=0
	for call in write pwrite64 fsync fdatasync rename unlink msync ftruncate; do
		for n in 1 2 3; do
			cp train.csv t.csv
			rm -f t.keys
			csv-merge day.csv --into t.csv --key u,s --index t.keys
			if ! strace -f -o /dev/null -e inject=$call:signal=KILL:when=$n \
				csv-merge first.csv --into t.csv --key u,s --index t.keys; then
				killed=$((killed + 1))
			fi
			csv-merge first.csv --into t.csv --key u,s --index t.keys
			cmp t.csv want.csv
			csv-merge first.csv --into t.csv --key u,s --index t.keys
			cmp t.csv want.csv
			[ ! -e .t.csv.append ]
		done
	done
	[ "$killed" -ge 8 ]
}

@test "--into: a journal that is not the table's is refused" {
	days
	printf '5\n1\n1\nabc\n' >.train.csv.append
	cp train.csv before.csv
	run -2 csv-merge day.csv --into train.csv --key u,s
	contains "$output" "look at the file's end, then remove './.train.csv.append'"
	cmp train.csv before.csv
	rm .train.csv.append
	csv-merge day.csv --into train.csv --key u,s
}

@test "a byte order mark at the beginning stays, without a header too" {
	printf '\xef\xbb\xbfa,1\n' >a.csv
	printf 'b,2\n' >b.csv
	csv-merge --no-header a.csv b.csv -o c.csv
	same_file c.csv $'\xef\xbb\xbfa,1\nb,2\n'
	csv-merge --no-header b.csv --into a.csv --key 1
	cmp a.csv c.csv
	csv-join --no-header c.csv --left 1 b.csv -o d.csv
	same_file d.csv $'\xef\xbb\xbfa,1,\nb,2,2\n'
}

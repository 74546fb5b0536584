load ../helper

# The fragment under other versions of GNU make: CD4ML_MAKES names their programs, by whole path.
setup() {
	makes=${CD4ML_MAKES-}
	scratch
	[ -n "$makes" ] || skip "CD4ML_MAKES names no other make"
}

@test "all that the fragment's tests ask for holds under each of CD4ML_MAKES" {
	for make in $makes; do
		mkdir -p bin
		ln -sf "$make" bin/make
		printf 'version:\n\t@echo $(MAKE_VERSION)\n' | bin/make -f - >&3
		PATH=$PWD/bin:$PATH bats "$ROOT/tests/mk.bats" "$ROOT/tests/stage-new.bats"
	done
}

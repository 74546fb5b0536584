load ../helper

# The example's image: built where a builder and its base can be had. CD4ML_IMAGE_BASE names another base.
setup() {
	base=${CD4ML_IMAGE_BASE:-docker.io/library/debian:bookworm-slim}
	scratch
	builder=$(command -v buildah || command -v podman || command -v docker || true)
	[ -n "$builder" ] || skip "no buildah, podman or docker"
	[ -n "$("$builder" images -q "$base" 2>/dev/null)" ] || "$builder" pull -q "$base" >/dev/null 2>&1 ||
		skip "$base cannot be had"
}

# in_image COMMAND... - runs it in the image
in_image() {
	local c

	case $builder in
	*buildah)
		c=$(buildah from --pull-never localhost/cd4ml-test)
		buildah run --isolation chroot "$c" -- "$@"
		set -- $?
		buildah rm "$c" >/dev/null
		return "$1"
		;;
	*) "$builder" run --rm localhost/cd4ml-test "$@" ;;
	esac
}

@test "the image has the tools, and runs a pipeline" {
	cd "$ROOT"
	isolation=()
	case $builder in *buildah) isolation=(--isolation chroot --network host) ;; esac
	"$builder" build "${isolation[@]}" -q -t localhost/cd4ml-test --build-arg BASE="$base" \
		-f examples/kkbox/image/Containerfile . >"$BATS_TEST_TMPDIR/log" 2>&1 || { tail "$BATS_TEST_TMPDIR/log"; false; }
	for tool in tools/*.c; do
		tool=${tool#tools/}
		run -0 in_image "${tool%.c}" --version
	done
	run -0 in_image sh -euc 'git init -q p; cd p; echo b >in
		printf "%s\n" "STAGES := s" "s_DEPS := in" "s_OUTS := out" "s_CMD := cat in >out" "include cd4ml.mk" >Makefile
		make -s repro; cat out'
	contains "$output" "s: done in"
	"$builder" rmi localhost/cd4ml-test >/dev/null
}

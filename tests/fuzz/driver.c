/*
 * driver - replays a corpus without a fuzzer: `TARGET FOLDER-OR-FILE...` gives each file to the
 * target, after the empty input, from memory of exactly its size. A line of TAP for each.
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static int n_inputs;

static void run(const char *name, const uint8_t *data, size_t size)
{
	printf("# %s\n", name);
	fflush(stdout); /* so that the log names the input that kills it */
	LLVMFuzzerTestOneInput(data, size);
	printf("ok %d - %s\n", ++n_inputs, name);
}

static int fail(const char *path)
{
	printf("not ok %d - %s: %s\n", ++n_inputs, path, strerror(errno));
	return 1;
}

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;

	if (!f || fstat(fileno(f), &st) || !(data = malloc((size_t)st.st_size + !st.st_size)))
		return fail(path);
	if (fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
		return fail(path);
	fclose(f);
	run(path, data, (size_t)st.st_size);
	free(data);
	return 0;
}

static int run_folder(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort), status = 0;

	for (int i = 0; i < n; i++) {
		char name[4096];

		snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			status |= run_file(name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return status;
}

int main(int argc, char **argv)
{
	uint8_t *nothing = malloc(1);
	int status = 0;

	if (!nothing)
		return 3;
	run("nothing", nothing, 0);
	free(nothing);
	for (int i = 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st)) {
			if (errno != ENOENT)
				status |= fail(argv[i]);
		} else {
			status |= S_ISDIR(st.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
		}
	}
	printf("1..%d\n", n_inputs);
	return fflush(stdout) || status;
}

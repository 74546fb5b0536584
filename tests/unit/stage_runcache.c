/* stage/runcache: keys are DVC's. tests/data/dvc/runs: entries that DVC 3.67.1 wrote, named KEY-VALUE. */
#include "stage/runcache.h"

#include <dirent.h>
#include <string.h>

#include "base/ydoc.h"
#include "tap.h"

static void check_entry(const char *name)
{
	char key[HASH_SHA256_HEX + 1], value[HASH_SHA256_HEX + 1];
	struct err e = ERR_INIT;
	struct buf path = BUF_INIT, got = BUF_INIT;
	json_t *entry;

	buf_addf(&path, "%s/tests/data/dvc/runs/%s", TEST_ROOT, name);
	entry = ydoc_load(path.p, &e);
	if (no_err(&e, "%s is read", name) && !stage_runcache_keys(entry, key, value, &e)) {
		buf_addf(&got, "%s-%s", key, value);
		is_text(got.p, name, "both keys");
	}
	json_decref(entry);
	buf_release(&path);
	buf_release(&got);
}

int main(void)
{
	DIR *d = opendir(TEST_ROOT "/tests/data/dvc/runs");
	struct dirent *ent;
	int n = 0;

	while (d && (ent = readdir(d))) {
		if (strlen(ent->d_name) != 2 * HASH_SHA256_HEX + 1)
			continue;
		check_entry(ent->d_name);
		n++;
	}
	if (d)
		closedir(d);
	is_int(n, 4, "four entries");
	return done_testing();
}

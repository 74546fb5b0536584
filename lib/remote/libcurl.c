#include "remote/libcurl.h"

#include <string.h>

enum { VERSION_MIN = 0x075500 }; /* 7.85.0: CURLOPT_PROTOCOLS_STR */

#ifdef CD4ML_CURL_LINKED

static int find(struct remote_libcurl *curl, struct err *e)
{
	(void)e;
#define TAKE(name) curl->name = curl_##name;
	REMOTE_LIBCURL_FUNCTIONS(TAKE)
#undef TAKE
	return 0;
}

#else

#include <dlfcn.h>

#ifdef __APPLE__
static const char file[] = "libcurl.4.dylib";
#else
static const char file[] = "libcurl.so.4";
#endif

/* A function's address, which dlsym() gives as an object's: POSIX lets them be the same. */
static int find_one(void *library, const char *name, void *to, struct err *e)
{
	void *p = dlsym(library, name);

	if (!p)
		return err_set(e, ERR_SYSTEM, "%s has no %s(): it is not the libcurl that is meant",
			file, name);
	memcpy(to, &p, sizeof(p));
	return 0;
}

/* It is never unloaded: its own threads and handlers at the exit may still run. */
static int find(struct remote_libcurl *curl, struct err *e)
{
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		err_set(e, ERR_SYSTEM, "cannot load libcurl: %s", dlerror());
		return err_hint(
			e, "install it: libcurl4 (Debian, Ubuntu), libcurl (Fedora, Alpine)");
	}
#define FIND(name)                                            \
	if (find_one(library, "curl_" #name, &curl->name, e)) \
		return -1;
	REMOTE_LIBCURL_FUNCTIONS(FIND)
#undef FIND
	return 0;
}

#endif

int remote_libcurl_load(struct remote_libcurl *curl, struct err *e)
{
	const curl_version_info_data *v;

	if (find(curl, e))
		return -1;
	v = curl->version_info(CURLVERSION_NOW);
	if (v->version_num < VERSION_MIN) {
		err_set(e, ERR_SYSTEM, "libcurl is of version %s", v->version);
		return err_hint(e, "7.85 or later is needed");
	}
	/* Counted inside libcurl: calling it again does nothing. */
	if (curl->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_SYSTEM, "cannot set up libcurl");
	return 0;
}

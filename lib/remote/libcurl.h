/*
 * libcurl - the functions of libcurl, loaded when the first transfer is near.
 *
 * libcurl stands on some thirty other libraries, and binding them takes several times as long as all else that a short
 * command does: most commands never talk to a server. `make CURL=link` binds them at the start, as every program does;
 * a static program has to.
 */
#ifndef CD4ML_REMOTE_LIBCURL_H
#define CD4ML_REMOTE_LIBCURL_H

#include <curl/curl.h>

#include "base/err.h"

/* What is used of it: X(NAME) for each curl_NAME(). */
#define REMOTE_LIBCURL_FUNCTIONS(X) \
	X(easy_cleanup)             \
	X(easy_getinfo)             \
	X(easy_init)                \
	X(easy_pause)               \
	X(easy_reset)               \
	X(easy_setopt)              \
	X(easy_strerror)            \
	X(free)                     \
	X(getdate)                  \
	X(global_init)              \
	X(multi_add_handle)         \
	X(multi_cleanup)            \
	X(multi_info_read)          \
	X(multi_init)               \
	X(multi_remove_handle)      \
	X(multi_setopt)             \
	X(multi_socket_action)      \
	X(slist_append)             \
	X(slist_free_all)           \
	X(url)                      \
	X(url_cleanup)              \
	X(url_get)                  \
	X(url_set)                  \
	X(version_info)

/** curl->easy_init() is curl_easy_init(), and so on. */
struct remote_libcurl {
#define REMOTE_LIBCURL_POINTER(name) __typeof__(curl_##name) *name;
	REMOTE_LIBCURL_FUNCTIONS(REMOTE_LIBCURL_POINTER)
#undef REMOTE_LIBCURL_POINTER
};

/**
 * Loads libcurl, sets it up, and fills `curl`; later calls find it loaded, and it stays so. ERR_SYSTEM where it is not
 * installed, or older than 7.85.
 */
int remote_libcurl_load(struct remote_libcurl *curl, struct err *e) MUST_CHECK;

#endif

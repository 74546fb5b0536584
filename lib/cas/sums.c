#include "cas/sums.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/input.h"
#include "base/mem.h"
#include "base/path.h"
#include "cas/digest.h"
#include "hash/sha256.h"

#include <stdlib.h>

enum { HASH_TEXT_MAX = HASH_SHA256_HEX + 5, LIST_MAX_BYTES = 1 << 30, PIECE = 64 << 10 };

/* ---- one hash ---- */

static int open_plain(const char *path, struct err *e)
{
	struct stat st;
	int fd;

	if (!strcmp(path, "-"))
		return STDIN_FILENO;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		err_errno(e, "cannot open");
		return err_at(e, "%s", path);
	}
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	err_set(e, ERR_INPUT,
		S_ISDIR(st.st_mode) ? "is a folder, which has no SHA-256" : "is not a plain file");
	return err_at(e, "%s", path);
}

static int sha256_file(const char *path, char *text, struct err *e)
{
	struct hash_sha256 *h = hash_sha256_new(e);
	char *piece = h ? mem_array_raw(PIECE, 1, e) : NULL;
	int fd = piece ? open_plain(path, e) : -1, r = -1;
	uint8_t sum[HASH_SHA256_LEN];
	int64_t n = 1;

	if (fd < 0)
		goto out;
	while (n > 0) {
		n = cas_digest_read(fd, path, piece, PIECE, e);
		if (n < 0 || hash_sha256_add(h, piece, (size_t)n, e))
			goto out;
	}
	r = hash_sha256_finish(h, sum, e);
	if (!r)
		hash_sha256_format(sum, text);
out:
	if (fd > STDIN_FILENO)
		close(fd);
	free(piece);
	hash_sha256_free(h);
	return r;
}

static int md5_stdin(char *text, struct err *e)
{
	struct cas_digest d = { .fd = STDIN_FILENO, .label = "standard input", .to = -1 };

	if (cas_digest_stream(&d, e))
		return -1;
	hash_md5_format(d.md5, text);
	return 0;
}

/*
 * A directory in a repository is hashed as it is stored there: without what .dvcignore leaves out. 1, 0 if nothing is there,
 * -1.
 */
static int hash_dir(
	struct cas_worktree *bare, const char *path, struct cas_content *c, struct err *e)
{
	struct buf above = BUF_INIT, root = BUF_INIT, rel = BUF_INIT;
	char *physical = realpath(path, NULL);
	struct cas_worktree *w = NULL;
	int r = -1, is_inside;

	if (!physical) {
		err_errno(e, "cannot open the folder");
		err_at(e, "%s", path);
		goto out;
	}
	path_dir(&above, physical);
	is_inside = buf_check(&above, e) ? -1 : cas_repo_find(above.p, &root, e);
	if (is_inside < 0)
		goto out;
	if (!is_inside) {
		r = cas_worktree_hash(bare, path, false, c, e);
		goto out;
	}
	path_relative(&rel, root.p, physical);
	w = buf_check(&rel, e) ? NULL : cas_worktree_open_bare(root.p, bare->pool, bare->diag, e);
	if (w) {
		w->progress = bare->progress;
		r = cas_worktree_hash(w, rel.p, false, c, e);
	}
	cas_worktree_close(w);
out:
	free(physical);
	buf_release(&above);
	buf_release(&root);
	buf_release(&rel);
	return r;
}

/* 0; 1 if nothing is there; -1. */
static int hash_path(struct cas_worktree *w, const char *path, enum cas_sums_algo algo, char *text,
	struct err *e)
{
	struct cas_content c;
	int r;

	if (algo == CAS_SUMS_SHA256)
		return strcmp(path, "-") != 0 && !path_exists(path) ? 1
								    : sha256_file(path, text, e);
	if (!strcmp(path, "-"))
		return md5_stdin(text, e);
	r = path_is_dir(path) ? hash_dir(w, path, &c, e) : cas_worktree_hash(w, path, false, &c, e);
	if (r > 0)
		cas_id_format(&c.id, text);
	return r < 0 ? -1 : !r;
}

int cas_sums_print(struct cas_worktree *w, const char *path, enum cas_sums_algo algo,
	struct output *out, struct err *e)
{
	char text[HASH_TEXT_MAX];
	int r = hash_path(w, path, algo, text, e);

	if (r > 0) {
		err_set(e, ERR_INPUT, "does not exist");
		err_at(e, "%s", path);
	}
	if (r)
		return -1;
	if (strpbrk(path, "\n\\"))
		output_char(out, '\\');
	output_printf(out, "%s  ", text);
	for (const char *p = path; *p; p++) {
		if (*p == '\n')
			output_text(out, "\\n");
		else if (*p == '\\')
			output_text(out, "\\\\");
		else
			output_char(out, *p);
	}
	output_char(out, '\n');
	return 0;
}

/* ---- checking ---- */

/* "HASH  PATH" or "HASH *PATH"; the path unescaped into `path`. */
static bool parse_line(struct slice line, struct slice *hash, struct buf *path)
{
	bool escaped = slice_starts(line, "\\");
	const char *end;

	if (escaped)
		line = (struct slice){ line.p + 1, line.len - 1 };
	end = line.len ? memchr(line.p, ' ', line.len) : NULL;
	if (!end || (size_t)(end - line.p) + 2 >= line.len || (end[1] != ' ' && end[1] != '*'))
		return false;
	*hash = (struct slice){ line.p, (size_t)(end - line.p) };
	buf_reset(path);
	for (const char *p = end + 2; p < line.p + line.len; p++) {
		if (escaped && *p == '\\' && p + 1 < line.p + line.len) {
			p++;
			buf_add_char(path, *p == 'n' ? '\n' : *p);
		} else {
			buf_add_char(path, *p);
		}
	}
	return true;
}

static bool is_hash(struct slice s, enum cas_sums_algo *algo)
{
	struct cas_id id;

	*algo = s.len == HASH_SHA256_HEX ? CAS_SUMS_SHA256 : CAS_SUMS_MD5;
	if (*algo == CAS_SUMS_MD5)
		return cas_id_parse(s, &id);
	for (size_t i = 0; i < s.len; i++)
		if (!strchr("0123456789abcdefABCDEF", s.p[i]) || !s.p[i])
			return false;
	return true;
}

static bool same_hex(struct slice a, const char *b)
{
	for (size_t i = 0; i < a.len; i++) {
		char c = a.p[i];

		if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		if (c != b[i])
			return false;
	}
	return !b[a.len];
}

static int check_line(struct cas_worktree *w, struct slice line, bool quiet, struct output *out,
	struct cas_sums_check *res, struct err *e)
{
	struct buf path = BUF_INIT;
	char text[HASH_TEXT_MAX], shown[1024] = "";
	enum cas_sums_algo algo;
	struct slice hash;
	int r = -1, got;

	if (!parse_line(line, &hash, &path) || !is_hash(hash, &algo)) {
		err_set(e, ERR_INPUT, "this is not 'HASH  PATH'");
		goto out;
	}
	if (buf_check(&path, e))
		goto out;
	got = hash_path(w, path.p, algo, text, e);
	if (got < 0)
		goto out;
	err_escape(shown, sizeof(shown), path.p);
	if (got > 0) {
		res->n_missing++;
		output_printf(out, "%s: FAILED open or read\n", shown);
	} else if (same_hex(hash, text)) {
		res->n_good++;
		if (!quiet)
			output_printf(out, "%s: OK\n", shown);
	} else {
		res->n_bad++;
		output_printf(out, "%s: FAILED\n", shown);
	}
	r = 0;
out:
	buf_release(&path);
	return r;
}

int cas_sums_check(struct cas_worktree *w, const char *list, bool quiet, struct output *out,
	struct cas_sums_check *res, struct err *e)
{
	struct buf text = BUF_INIT;
	struct slice rest, line;
	size_t n = 0;
	int r = input_load(list, LIST_MAX_BYTES, &text, e);

	for (rest = buf_slice(&text); !r && slice_cut(&rest, '\n', &line);) {
		n++;
		if (slice_ends(line, "\r"))
			line.len--;
		if (line.len && check_line(w, line, quiet, out, res, e))
			r = err_at(e, "%s:%zu", list, n);
	}
	buf_release(&text);
	return r;
}

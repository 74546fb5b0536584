/*
 * names - of artists and persons, in several scripts, some with commas and quotes.
 */
#define _POSIX_C_SOURCE 200809L
#include "world.h"
#include <string.h>

char *put_text(char *p, const char *s)
{
	while (*s)
		*p++ = *s++;
	return p;
}

/* `raw` as a CSV field. */
char *put_field(char *p, const char *raw)
{
	if (!strpbrk(raw, ",\""))
		return put_text(p, raw);
	*p++ = '"';
	for (; *raw; raw++) {
		if (*raw == '"')
			*p++ = '"';
		*p++ = *raw;
	}
	*p++ = '"';
	return p;
}

static char *put_latin(char *p, uint64_t bits, unsigned n_syllables)
{
	static const char *const syllables[32] = { "ka", "ri", "mo", "ta", "len", "so", "bel",
		"mar", "vin", "ja", "ro", "sha", "dan", "el", "ni", "po", "win", "ter", "\xc3\xa9l",
		"lu", "gar", "th", "an", "bo", "ch\xc3\xb6", "sen", "da", "my", "ke", "ol", "fa",
		"jun" };
	char *start = p;

	for (unsigned i = 0; i < n_syllables; i++)
		p = put_text(p, syllables[bits >> 5 * i & 31]);
	if (*start >= 'a' && *start <= 'z')
		*start = (char)(*start - 'a' + 'A');
	return p;
}

static char *put_han(char *p, uint64_t bits, unsigned n_signs)
{
	static const char signs[] = "周林陳張王李黃吳蔡楊許鄭謝洪郭曾"
				    "傑倫俊宥勝惠妹信哲美雅婷怡君志明";

	for (unsigned i = 0; i < n_signs; i++, p += 3)
		memcpy(p, signs + 3 * ((i ? 16 : 0) + (bits >> 4 * i & 15)), 3);
	return p;
}

static char *put_person(char *p, uint64_t bits)
{
	switch (bits & 7) {
	case 0:
	case 1:
	case 2:
		return put_han(p, bits >> 8, 2 + (bits >> 3 & 1));
	case 3:
		p = put_latin(p, bits >> 30, 1 + (bits >> 4 & 1));
		return put_latin(put_text(p, ", "), bits >> 8, 2);
	default:
		p = put_latin(p, bits >> 8, 1 + (bits >> 3 & 1));
		return put_latin(put_text(p, " "), bits >> 24, 2 + (bits >> 4 & 1));
	}
}

/* A raw name of at most 100 bytes. */
static char *put_artist(char *p, const struct world *w, uint32_t artist, uint64_t bits)
{
	const char *who = w->persons[bits >> 40 & (N_PERSONS - 1)];

	if (artist == 0)
		return put_text(p, "Various Artists");
	switch (bits & 15) {
	case 0:
		return put_text(
			put_text(put_text(p, who), ", "), w->persons[bits >> 20 & (N_PERSONS - 1)]);
	case 1:
		p = put_latin(put_text(p, "The "), bits >> 8, 2);
		return put_latin(put_text(p, " "), bits >> 28, 1);
	case 2:
		p = put_text(put_latin(p, bits >> 8, 2), " \"");
		return put_text(put_latin(p, bits >> 18, 2), "\" Band");
	case 3:
	case 4:
	case 5:
	case 6:
		p = put_text(put_han(p, bits >> 8, 3), " (");
		p = put_text(put_latin(p, bits >> 20, 2), " ");
		return put_text(put_latin(p, bits >> 30, 2), ")");
	default:
		return put_text(p, who);
	}
}

void names_make(struct world *w)
{
	char *p = w->text = need((uint64_t)N_PERSONS * 40 + (uint64_t)w->n_artists * 128, 1),
	     raw[128];

	w->persons = need(N_PERSONS, sizeof(*w->persons));
	w->artists = need(w->n_artists, sizeof(*w->artists));
	for (uint32_t i = 0; i < N_PERSONS; i++) {
		w->persons[i] = p;
		p = put_person(p, draw(w->seed, S_PERSON, i)) + 1;
	}
	for (uint32_t i = 0; i < w->n_artists; i++) {
		*put_artist(raw, w, i, draw(w->seed, S_ARTIST, i)) = '\0';
		w->artists[i] = p;
		p = put_field(p, raw) + 1;
	}
}

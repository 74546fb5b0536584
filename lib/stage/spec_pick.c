/* Stages by their names, with the nearest proposed for one that is not there. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "stage/spec.h"

const struct stage_spec *stage_spec_find(const struct stage_pipeline *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->stages[i].name, name))
			return &p->stages[i];
	return NULL;
}

const struct stage_spec *stage_spec_get(
	const struct stage_pipeline *p, const char *name, struct err *e)
{
	const struct stage_spec *s = stage_spec_find(p, name);
	const char **names, *near;

	if (s)
		return s;
	err_set(e, ERR_INPUT, "there is no stage '%s'", name);
	names = mem_array(p->n + 1, sizeof(*names), e);
	if (!names)
		return NULL;
	for (size_t i = 0; i < p->n; i++)
		names[i] = p->stages[i].name;
	near = opt_nearest(name, names);
	if (near)
		err_hint(e, "did you mean '%s'?", near);
	free(names);
	return NULL;
}

static struct stage_spec *get_own(struct stage_pipeline *p, const char *name, struct err *e)
{
	const struct stage_spec *s = stage_spec_get(p, name, e);

	return s ? &p->stages[s - p->stages] : NULL;
}

int stage_spec_take_as(struct stage_pipeline *p, const struct opt_list *frozen,
	const struct opt_list *always, struct err *e)
{
	struct stage_spec *s;

	for (size_t i = 0; i < always->n; i++) {
		s = get_own(p, always->items[i], e);
		if (!s)
			return -1;
		s->always = true;
		s->frozen = false;
	}
	for (size_t i = 0; i < frozen->n; i++) {
		s = get_own(p, frozen->items[i], e);
		if (!s)
			return -1;
		if (opt_list_has(always, s->name))
			return err_set(e, ERR_INPUT,
				"stage '%s' is to run and to be frozen: choose one", s->name);
		s->frozen = true;
	}
	return 0;
}

#include "remote/pace.h"

void remote_pace_book(struct remote_pace *p, uint64_t n, int64_t now_us)
{
	if (!p->bytes_per_s)
		return;
	if (p->free_at_us < now_us)
		p->free_at_us = now_us;
	p->free_at_us += (int64_t)((double)n * 1e6 / (double)p->bytes_per_s);
}

int64_t remote_pace_wait_us(const struct remote_pace *p, int64_t now_us)
{
	return p->bytes_per_s && p->free_at_us > now_us ? p->free_at_us - now_us : 0;
}

#include "csv/scan_kernel.h"

void csv_scan_init(struct csv_scan_state *s, char delimiter, char quote)
{
	*s = (struct csv_scan_state){
		.delimiter = delimiter,
		.quote = quote,
		.has_quote = quote ? ~(uint64_t)0 : 0,
		.may_open = 1,
	};
}

const struct csv_scan *csv_scan_for(enum cpu_isa isa)
{
	switch (isa) {
	case CPU_SCALAR:
		return &csv_scan_scalar;
#ifdef __x86_64__
	case CPU_SSE42:
		return &csv_scan_sse42;
	case CPU_AVX2:
		return &csv_scan_avx2;
	case CPU_AVX512:
		return &csv_scan_avx512;
#endif
	default:
		return NULL;
	}
}

const struct csv_scan *csv_scan_best(void)
{
	const struct csv_scan *s = csv_scan_for(cpu_best());

	return s ? s : &csv_scan_scalar;
}

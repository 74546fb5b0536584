#define _GNU_SOURCE /* sched_getaffinity: a container's share of the processors */
#include "base/cpu.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = { "scalar", "sse42", "avx2", "avx512", "neon" };

static enum cpu_isa detect(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
		__builtin_cpu_supports("bmi2") && __builtin_cpu_supports("pclmul") &&
		__builtin_cpu_supports("popcnt")) {
		if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
			__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
			return CPU_AVX512;
		return CPU_AVX2;
	}
	if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt") &&
		__builtin_cpu_supports("pclmul"))
		return CPU_SSE42;
	return CPU_SCALAR;
#elif defined(__aarch64__)
	return CPU_NEON; /* part of the base architecture */
#else
	return CPU_SCALAR;
#endif
}

enum cpu_isa cpu_best(void)
{
	enum cpu_isa best = detect();
	const char *wish = getenv("CD4ML_CPU");

	if (!wish)
		return best;
	for (int isa = CPU_SCALAR; isa <= (int)best; isa++)
		if (strcmp(wish, names[isa]) == 0 &&
			(best != CPU_NEON || isa == CPU_SCALAR || isa == CPU_NEON))
			return (enum cpu_isa)isa;
	return best;
}

const char *cpu_name(enum cpu_isa isa)
{
	return names[isa];
}

bool cpu_is_name(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

int cpu_count(void)
{
	cpu_set_t set;
	long n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	if (n < 1)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : (int)n;
}

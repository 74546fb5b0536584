/*
 * cpu - which vector instructions may be used.
 */
#ifndef CD4ML_BASE_CPU_H
#define CD4ML_BASE_CPU_H

#include <stdbool.h>
#include <stddef.h>

enum cpu_isa { CPU_SCALAR, CPU_SSE42, CPU_AVX2, CPU_AVX512, CPU_NEON };

/**
 * The best set that this machine has and the environment's CD4ML_CPU (scalar, sse42, avx2, avx512,
 * neon) allows. AVX2 means with BMI2, PCLMUL and POPCNT; AVX-512 means F, BW, DQ, VL too. Asked of
 * the CPU at each call (cheap beside a file's first block, dear inside a loop: keep the answer).
 */
enum cpu_isa cpu_best(void);
const char *cpu_name(enum cpu_isa isa);
/** Is it a name of a set, of any machine's? */
bool cpu_is_name(const char *name);
/** Processors that this process may use. At least 1. */
int cpu_count(void);

/** Lets the processor rest a moment in a loop that looks at memory again and again. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif

#include "tree/kernel.h"

const struct tree_kernel *tree_kernel_for(enum cpu_isa isa)
{
	switch (isa) {
	case CPU_SCALAR:
		return &tree_kernel_scalar;
#ifdef __x86_64__
	case CPU_AVX512:
		return &tree_kernel_avx512;
#endif
	default:
		return NULL;
	}
}

const struct tree_kernel *tree_kernel_best(void)
{
	const struct tree_kernel *k = tree_kernel_for(cpu_best());

	return k ? k : &tree_kernel_scalar;
}

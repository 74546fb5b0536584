/*
 * crc64_kernel - what the CRC-64 kernels share. Only hash/crc64*.c include this.
 */
#ifndef CD4ML_HASH_CRC64_KERNEL_H
#define CD4ML_HASH_CRC64_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/** The remainder after `len` more bytes, without the ones at both ends. */
typedef uint64_t hash_crc64_kernel(uint64_t remainder, const uint8_t *p, size_t len);

hash_crc64_kernel hash_crc64_scalar;
#if defined(__x86_64__)
hash_crc64_kernel hash_crc64_sse42;
#endif

#endif

/*
 * crc64 - CRC-64/NVME, the checksum that S3 computes of whole objects (x-amz-checksum-crc64nvme).
 *
 * NVM Express Command Set 1.0d, 5.2.1.3.4: polynomial 0xad93d23594c93659, bits reflected, begun and ended
 * with all ones; of "123456789" it is 0xae8b14860a799888. It finds damage, not malice.
 */
#ifndef CD4ML_HASH_CRC64_H
#define CD4ML_HASH_CRC64_H

#include <stdint.h>

#include "base/buf.h"
#include "base/cpu.h"

/**
 * Goes on from `crc`, that of the bytes before (0: none), with `data`. `isa` as cpu_best() says it; a set without
 * carry-less multiplication runs the scalar code. Any thread. Cannot fail.
 */
uint64_t hash_crc64_add(uint64_t crc, struct slice data, enum cpu_isa isa);

#endif

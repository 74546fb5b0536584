#include "remote/retry.h"

#include <stddef.h>
#include <string.h>

bool remote_retry_status(long status)
{
	static const short codes[] = { 408, 429, 500, 502, 503, 504, 509 };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (status == codes[i])
			return true;
	return false;
}

bool remote_retry_s3_code(const char *code)
{
	static const char *const codes[] = { "SlowDown", "RequestTimeout", "InternalError",
		"ServiceUnavailable", "Throttling", "ThrottlingException", "RequestLimitExceeded",
		"OperationAborted", "ConditionalRequestConflict", "BandwidthLimitExceeded",
		"RequestTimeoutException" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

int remote_retry_wait_ms(int n, uint64_t random)
{
	int most = n > 7 ? 20000 : 100 << n;

	return (int)(random % (uint64_t)(most + 1));
}

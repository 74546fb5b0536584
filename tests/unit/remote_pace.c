#include "remote/pace.h"

#include "tap.h"

int main(void)
{
	struct remote_pace none = { 0 }, p = { .bytes_per_s = 1000 };

	remote_pace_book(&none, 1 << 30, 5);
	ok(remote_pace_wait_us(&none, 5) == 0, "without a limit nobody waits");
	ok(remote_pace_wait_us(&p, 5) == 0, "the first does not wait");
	remote_pace_book(&p, 500, 1000000);
	ok(remote_pace_wait_us(&p, 1000000) == 500000, "half a second's bytes take half a second");
	remote_pace_book(&p, 500, 1000000);
	ok(remote_pace_wait_us(&p, 1200000) == 800000, "what moves meanwhile is added");
	ok(remote_pace_wait_us(&p, 2000000) == 0, "then the line is free");
	remote_pace_book(&p, 100, 9000000);
	ok(remote_pace_wait_us(&p, 9000000) == 100000, "idle time is not made up for");
	return done_testing();
}

#include "shell/stop_signal.h"

#include <signal.h>
#include <stddef.h>

#include "protocol/base/text.h"

static volatile sig_atomic_t asked;

static void ask(int signal_number)
{
	(void)signal_number;
	asked = 1;
}

void stop_signals_catch(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	const struct sigaction action = { .sa_handler = ask };
	struct sigaction before;

	asked = 0;
	for (size_t i = 0; i < LENGTH(signals); i++)
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL);
}

bool stop_is_asked(void)
{
	return asked != 0;
}

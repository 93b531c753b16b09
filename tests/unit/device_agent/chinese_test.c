#include "device_agent/commands.h"
#include "tests/unit/shell/chinese.h"

int main(void)
{
	return chinese_main(&device_program);
}

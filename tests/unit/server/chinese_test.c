#include "server/commands.h"
#include "tests/unit/shell/chinese.h"

int main(void)
{
	return chinese_main(&server_program);
}

#include "protocol/sync/delivery_class.h"

static const struct {
	enum record_kind kind;
	enum delivery_class class;
} classes[] = {
	/* clang-format off */
	{ RECORD_DEVICE,          CLASS_CONTROL },
	{ RECORD_OPERATION,       CLASS_CONTROL },
	{ RECORD_TECHNICIAN,      CLASS_CONTROL },
	{ RECORD_TERRITORY,       CLASS_CONTROL },
	{ RECORD_TERRITORY_GRANT, CLASS_CONTROL },
	{ RECORD_VISIT,           CLASS_JOBS },
	{ RECORD_WORK_ORDER,      CLASS_JOB_DATA },
	{ RECORD_TASK,            CLASS_JOB_DATA },
	{ RECORD_TASK_ANSWER,     CLASS_JOB_DATA },
	{ RECORD_NOTE,            CLASS_JOB_DATA },
	{ RECORD_TIME_ENTRY,      CLASS_JOB_DATA },
	{ RECORD_ATTACHMENT,      CLASS_JOB_DATA },
	{ RECORD_READING,         CLASS_JOB_DATA },
	{ RECORD_SERVICE_REQUEST, CLASS_JOB_DATA },
	{ RECORD_ISSUE,           CLASS_JOB_DATA },
	{ RECORD_MOVEMENT,        CLASS_JOB_DATA },
	{ RECORD_BALANCE,         CLASS_JOB_DATA },
	{ RECORD_KB_ARTICLE,      CLASS_KNOWLEDGE },
	/* clang-format on */
};

enum delivery_class delivery_class_of(enum record_kind kind)
{
	for (size_t i = 0; i < LENGTH(classes); i++)
		if (classes[i].kind == kind)
			return classes[i].class;
	return CLASS_REFERENCE;
}

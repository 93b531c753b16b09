#include "protocol/sync/inquiry.h"

#include <stdlib.h>
#include <string.h>

struct inquiry *inquiry_create(uint64_t connection)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));

	if (inquiry == NULL)
		abort();
	inquiry->connection = connection;
	return inquiry;
}

void inquiry_free_all(struct inquiry *inquiry)
{
	while (inquiry != NULL) {
		struct inquiry *next = inquiry->next;
		free(inquiry);
		inquiry = next;
	}
}

enum status inquiry_take_pull(struct inquiry *inquiry, struct bytes body)
{
	enum status status = pull_decode(body, &inquiry->pull);

	if (status != STATUS_OK)
		return status;
	if (inquiry->pull.resume.size > 0)
		memcpy(inquiry->resume_bytes, inquiry->pull.resume.data, inquiry->pull.resume.size);
	inquiry->pull.resume.data = inquiry->resume_bytes;
	inquiry->has_pull = true;
	return STATUS_OK;
}

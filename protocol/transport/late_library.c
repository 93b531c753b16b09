#include "protocol/transport/late_library.h"

#include <dlfcn.h>
#include <string.h>

static enum status look_up(const struct late_library *library, void *handle, void *calls)
{
	for (size_t i = 0; i < library->count; i++) {
		void *address = dlsym(handle, library->table[i].name);
		if (address == NULL)
			return fail(STATUS_CANNOT_WRITE, "%s has no %s: install a newer %s", library->file, library->table[i].name,
				library->package);
		/* POSIX: a pointer to data holds one to a function. */
		memcpy((char *)calls + library->table[i].offset, &address, sizeof(address));
	}
	return STATUS_OK;
}

enum status late_library_load(const struct late_library *library, void *calls)
{
	void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);
	enum status status;

	if (handle == NULL)
		return fail(STATUS_CANNOT_WRITE, "an address with http needs %s, which is not installed: install %s", library->name,
			library->package);
	status = look_up(library, handle, calls);
	if (status != STATUS_OK)
		(void)dlclose(handle);
	return status;
}

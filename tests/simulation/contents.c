#include "tests/simulation/contents.h"

#include <stdlib.h>
#include <string.h>

struct contents_page {
	size_t references;
	struct contents_page *next_spare;
	uint8_t bytes[CONTENTS_PAGE];
};

static struct contents_page *spare; /* pages nobody holds, for whoever needs one next */

static struct contents_page *page_create(void)
{
	struct contents_page *page = spare;

	if (page != NULL)
		spare = page->next_spare;
	else
		page = malloc(sizeof(*page));
	if (page == NULL)
		abort();
	page->references = 1;
	return page;
}

static void page_release(struct contents_page *page)
{
	if (page == NULL || --page->references > 0)
		return;
	page->next_spare = spare;
	spare = page;
}

void contents_finish(struct contents *contents)
{
	for (size_t i = 0; i < contents->page_count; i++)
		page_release(contents->pages[i]);
	free(contents->pages);
	*contents = (struct contents){ 0 };
}

/* The page for writing: its own. */
static struct contents_page *own_page(struct contents *contents, size_t number)
{
	struct contents_page *page = contents->pages[number];

	if (page != NULL && page->references == 1)
		return page;
	contents->pages[number] = page_create();
	if (page != NULL)
		memcpy(contents->pages[number]->bytes, page->bytes, CONTENTS_PAGE);
	else
		memset(contents->pages[number]->bytes, 0, CONTENTS_PAGE);
	page_release(page);
	return contents->pages[number];
}

static void set_page_count(struct contents *contents, size_t count)
{
	while (contents->page_count > count)
		page_release(contents->pages[--contents->page_count]);
	if (count > contents->page_capacity) {
		contents->page_capacity = count < 32 ? 32 : count + count / 2;
		contents->pages = realloc(contents->pages, contents->page_capacity * sizeof(struct contents_page *));
		if (contents->pages == NULL)
			abort();
	}
	while (contents->page_count < count)
		contents->pages[contents->page_count++] = NULL;
}

void contents_resize(struct contents *contents, size_t size)
{
	size_t tail = size % CONTENTS_PAGE;

	set_page_count(contents, (size + CONTENTS_PAGE - 1) / CONTENTS_PAGE);
	if (size < contents->size && tail > 0 && contents->pages[size / CONTENTS_PAGE] != NULL)
		memset(own_page(contents, size / CONTENTS_PAGE)->bytes + tail, 0, CONTENTS_PAGE - tail);
	contents->size = size;
}

/* How much of `size` bytes from `offset` on lies in the offset's page. */
static size_t within_page(size_t offset, size_t size)
{
	size_t room = CONTENTS_PAGE - offset % CONTENTS_PAGE;

	return size < room ? size : room;
}

void contents_write(struct contents *contents, size_t offset, const uint8_t *data, size_t size)
{
	if (size > 0 && offset + size > contents->size)
		contents_resize(contents, offset + size);
	while (size > 0) {
		size_t part = within_page(offset, size);
		memcpy(own_page(contents, offset / CONTENTS_PAGE)->bytes + offset % CONTENTS_PAGE, data, part);
		offset += part;
		data += part;
		size -= part;
	}
}

size_t contents_read(const struct contents *contents, size_t offset, uint8_t *out, size_t size)
{
	size_t there = offset < contents->size ? contents->size - offset : 0;
	size_t taken = there < size ? there : size;

	memset(out + taken, 0, size - taken);
	for (size_t left = taken; left > 0;) {
		size_t part = within_page(offset, left);
		const struct contents_page *page = contents->pages[offset / CONTENTS_PAGE];
		if (page != NULL)
			memcpy(out, page->bytes + offset % CONTENTS_PAGE, part);
		else
			memset(out, 0, part);
		offset += part;
		out += part;
		left -= part;
	}
	return taken;
}

void contents_share(struct contents *to, const struct contents *from)
{
	for (size_t i = 0; i < from->page_count; i++)
		if (from->pages[i] != NULL)
			from->pages[i]->references++;
	set_page_count(to, 0);
	set_page_count(to, from->page_count);
	for (size_t i = 0; i < from->page_count; i++)
		to->pages[i] = from->pages[i];
	to->size = from->size;
}

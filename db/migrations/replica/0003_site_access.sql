-- What only those with a job on a site may know of it.

CREATE TABLE site_access (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	site_id BLOB,
	name TEXT,
	code TEXT,
	hazards TEXT,
	source TEXT,
	source_id TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS site_access_by_home ON site_access (home);
CREATE INDEX IF NOT EXISTS site_access_by_site_id ON site_access (site_id);

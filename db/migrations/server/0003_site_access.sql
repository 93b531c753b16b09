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
CREATE INDEX IF NOT EXISTS site_access_by_feed ON site_access (home, gseq, id);
CREATE INDEX IF NOT EXISTS site_access_by_home ON site_access (home, id);
CREATE INDEX IF NOT EXISTS site_access_by_site_id ON site_access (site_id);

-- What was done here before, the latest first: the history of a job.
CREATE INDEX work_order_done_on_asset ON work_order (asset_id, completed_at_ms);
CREATE INDEX work_order_done_at_site ON work_order (site_id, completed_at_ms);

-- Jobs that nobody holds any more link no rows.
DELETE FROM link WHERE job NOT IN (SELECT scope FROM grant_entry WHERE until_gseq = 0);
UPDATE scope SET count = 0, sum = zeroblob(16) WHERE kind = 7 AND number NOT IN (SELECT scope FROM grant_entry WHERE until_gseq = 0);

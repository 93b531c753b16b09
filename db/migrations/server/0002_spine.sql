-- What a whole day on site leaves behind: people to call, checklists and their answers, time, files, meters, further territories.

-- Facts that came with them on records that were there.
ALTER TABLE asset ADD COLUMN merged_into_id BLOB;
ALTER TABLE work_order ADD COLUMN scope_version INTEGER;
ALTER TABLE work_order ADD COLUMN stale INTEGER;
ALTER TABLE work_order ADD COLUMN reason TEXT;
ALTER TABLE visit ADD COLUMN since_at_ms INTEGER;
ALTER TABLE visit ADD COLUMN moved_gseq INTEGER;
ALTER TABLE visit ADD COLUMN signature_id BLOB;
ALTER TABLE visit ADD COLUMN signer_role TEXT;

CREATE TABLE contact (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	account_id BLOB,
	territory_id BLOB,
	name TEXT,
	role TEXT,
	phone TEXT,
	email TEXT,
	preferred_channel INTEGER,
	language TEXT,
	inactive INTEGER,
	source TEXT,
	source_id TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS contact_by_feed ON contact (home, gseq, id);
CREATE INDEX IF NOT EXISTS contact_by_home ON contact (home, id);
CREATE INDEX IF NOT EXISTS contact_by_account_id ON contact (account_id);

CREATE TABLE task (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	work_order_id BLOB,
	territory_id BLOB,
	position INTEGER,
	version INTEGER,
	kind INTEGER,
	title TEXT,
	instruction TEXT,
	mandatory INTEGER,
	limits INTEGER,
	minimum INTEGER,
	maximum INTEGER,
	scale INTEGER,
	unit TEXT,
	options TEXT,
	asset_id BLOB,
	meter_id BLOB,
	withdrawn INTEGER,
	answered INTEGER,
	failed INTEGER,
	primary_answer_id BLOB,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS task_by_feed ON task (home, gseq, id);
CREATE INDEX IF NOT EXISTS task_by_home ON task (home, id);
CREATE INDEX IF NOT EXISTS task_by_work_order_id ON task (work_order_id);

CREATE TABLE task_answer (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	task_id BLOB,
	task_version INTEGER,
	visit_id BLOB,
	work_order_id BLOB,
	territory_id BLOB,
	asset_id BLOB,
	technician_id BLOB,
	at_ms INTEGER,
	truth INTEGER,
	number INTEGER,
	text TEXT,
	attachment_id BLOB,
	reading_id BLOB,
	skip_reason TEXT,
	failed INTEGER,
	late INTEGER,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS task_answer_by_feed ON task_answer (home, gseq, id);
CREATE INDEX IF NOT EXISTS task_answer_by_home ON task_answer (home, id);
CREATE INDEX IF NOT EXISTS task_answer_by_task_id ON task_answer (task_id);
CREATE INDEX IF NOT EXISTS task_answer_by_work_order_id ON task_answer (work_order_id);

CREATE TABLE time_entry (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	visit_id BLOB,
	work_order_id BLOB,
	technician_id BLOB,
	kind INTEGER,
	start_at_ms INTEGER,
	end_at_ms INTEGER,
	source INTEGER,
	text TEXT,
	late INTEGER,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS time_entry_by_feed ON time_entry (home, gseq, id);
CREATE INDEX IF NOT EXISTS time_entry_by_home ON time_entry (home, id);
CREATE INDEX IF NOT EXISTS time_entry_by_work_order_id ON time_entry (work_order_id);
CREATE INDEX IF NOT EXISTS time_entry_by_visit_id ON time_entry (visit_id);

CREATE TABLE attachment (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	record INTEGER,
	record_id BLOB,
	visit_id BLOB,
	work_order_id BLOB,
	territory_id BLOB,
	technician_id BLOB,
	kind INTEGER,
	blob TEXT,
	size INTEGER,
	media_type TEXT,
	caption TEXT,
	taken_at_ms INTEGER,
	late INTEGER,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS attachment_by_feed ON attachment (home, gseq, id);
CREATE INDEX IF NOT EXISTS attachment_by_home ON attachment (home, id);
CREATE INDEX IF NOT EXISTS attachment_by_work_order_id ON attachment (work_order_id);
CREATE INDEX IF NOT EXISTS attachment_by_record_id ON attachment (record_id);

CREATE TABLE meter (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	asset_id BLOB,
	territory_id BLOB,
	name TEXT,
	unit TEXT,
	scale INTEGER,
	kind INTEGER,
	rollover INTEGER,
	last_value INTEGER,
	last_at_ms INTEGER,
	last_reading_id BLOB,
	source TEXT,
	source_id TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS meter_by_feed ON meter (home, gseq, id);
CREATE INDEX IF NOT EXISTS meter_by_home ON meter (home, id);
CREATE INDEX IF NOT EXISTS meter_by_asset_id ON meter (asset_id);

CREATE TABLE reading (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	meter_id BLOB,
	value INTEGER,
	at_ms INTEGER,
	corrects_id BLOB,
	visit_id BLOB,
	work_order_id BLOB,
	territory_id BLOB,
	asset_id BLOB,
	technician_id BLOB,
	late INTEGER,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS reading_by_feed ON reading (home, gseq, id);
CREATE INDEX IF NOT EXISTS reading_by_home ON reading (home, id);
CREATE INDEX IF NOT EXISTS reading_by_meter_id ON reading (meter_id);
CREATE INDEX IF NOT EXISTS reading_by_work_order_id ON reading (work_order_id);

CREATE TABLE territory_grant (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	technician_id BLOB,
	territory_id BLOB,
	ended INTEGER,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS territory_grant_by_feed ON territory_grant (home, gseq, id);
CREATE INDEX IF NOT EXISTS territory_grant_by_home ON territory_grant (home, id);
CREATE INDEX IF NOT EXISTS territory_grant_by_technician_id ON territory_grant (technician_id);

-- What time alone ends is looked for among the open grants.
CREATE INDEX grant_entry_open ON grant_entry (scope) WHERE until_gseq = 0;

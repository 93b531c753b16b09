-- ==== Local state: what the server alone knows. Records (synced truth) are below. ====

-- The organisation; one row.
CREATE TABLE meta (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	organisation BLOB NOT NULL,
	epoch BLOB NOT NULL, -- changes when a backup is restored
	gseq INTEGER NOT NULL -- latest commit
) STRICT;

-- Scopes ever used, under the small numbers that home columns hold, with what is at home or a member there.
CREATE TABLE scope (
	number INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,
	id BLOB NOT NULL,
	count INTEGER NOT NULL,
	sum BLOB NOT NULL, -- of row hashes, 16 bytes
	gseq INTEGER NOT NULL, -- commit that last changed the scope
	UNIQUE (kind, id)
) STRICT;

-- Rows that left a scope, the newest departure of each; forgotten when the row comes back.
CREATE TABLE left_row (
	scope INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	id BLOB NOT NULL,
	gseq INTEGER NOT NULL,
	PRIMARY KEY (scope, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX left_row_by_feed ON left_row (scope, gseq, kind, id);

-- Members of job scopes, which live elsewhere.
CREATE TABLE link (
	job INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	id BLOB NOT NULL,
	gseq INTEGER NOT NULL, -- commit that linked or last changed the row
	from_gseq INTEGER NOT NULL, -- commit that linked it
	PRIMARY KEY (job, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_by_feed ON link (job, gseq, kind, id);
CREATE INDEX link_by_row ON link (kind, id);

-- One chain of operations for each incarnation of a device.
CREATE TABLE chain (
	number INTEGER PRIMARY KEY,
	device BLOB NOT NULL,
	incarnation BLOB NOT NULL,
	last_seq INTEGER NOT NULL, -- decided
	last_hash BLOB NOT NULL,
	last_gseq INTEGER NOT NULL,
	UNIQUE (device, incarnation)
) STRICT;

-- Secrets that salt 256 operations each.
CREATE TABLE salt_window (
	chain INTEGER NOT NULL,
	number INTEGER NOT NULL,
	secret BLOB NOT NULL,
	PRIMARY KEY (chain, number)
) STRICT, WITHOUT ROWID;

-- Signed chain heads.
CREATE TABLE signature (
	chain INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	signature BLOB NOT NULL,
	PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;

-- Everything decided or parked, for good.
CREATE TABLE operation_log (
	chain INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	id BLOB NOT NULL UNIQUE, -- the first it ever had
	canonical BLOB NOT NULL,
	commitment BLOB NOT NULL,
	head BLOB NOT NULL,
	gseq INTEGER NOT NULL,
	received_at_ms INTEGER NOT NULL,
	outcome INTEGER NOT NULL,
	unlike INTEGER, -- 1: its rows go back to the author
	PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX operation_log_by_unlike ON operation_log (chain, seq) WHERE unlike = 1;

-- Devices' keys and progress, beside the record "device".
CREATE TABLE device_entry (
	id BLOB PRIMARY KEY,
	technician BLOB NOT NULL,
	sign_key BLOB NOT NULL,
	box_key BLOB NOT NULL,
	key_number INTEGER NOT NULL,
	state INTEGER NOT NULL,
	lease_until_ms INTEGER NOT NULL,
	acknowledged_gseq INTEGER NOT NULL,
	last_seen_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which scopes a device holds, from which commit to which (0: still).
CREATE TABLE grant_entry (
	device BLOB NOT NULL,
	scope INTEGER NOT NULL,
	from_gseq INTEGER NOT NULL,
	until_gseq INTEGER NOT NULL,
	PRIMARY KEY (device, scope, from_gseq)
) STRICT, WITHOUT ROWID;

-- Invitations. The code itself is nowhere: id and key are hashes of it.
CREATE TABLE ticket (
	id BLOB PRIMARY KEY,
	key BLOB NOT NULL,
	technician BLOB NOT NULL,
	device_name TEXT NOT NULL,
	platform TEXT NOT NULL,
	created_at_ms INTEGER NOT NULL,
	expires_at_ms INTEGER NOT NULL,
	failures INTEGER NOT NULL,
	state INTEGER NOT NULL,
	device BLOB NOT NULL, -- nil until it was used
	sign_key BLOB NOT NULL,
	box_key BLOB NOT NULL,
	words TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- ==== Records: printed from the field tables. ====

CREATE TABLE territory (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	name TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS territory_by_feed ON territory (home, gseq, id);
CREATE INDEX IF NOT EXISTS territory_by_home ON territory (home, id);

CREATE TABLE technician (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	name TEXT,
	territory_id BLOB,
	van_location_id BLOB,
	language TEXT,
	phone TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS technician_by_feed ON technician (home, gseq, id);
CREATE INDEX IF NOT EXISTS technician_by_home ON technician (home, id);

CREATE TABLE part (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	number TEXT,
	description TEXT,
	unit TEXT,
	type TEXT,
	assembly TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS part_by_feed ON part (home, gseq, id);
CREATE INDEX IF NOT EXISTS part_by_home ON part (home, id);

CREATE TABLE stock_location (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	name TEXT,
	kind INTEGER,
	technician_id BLOB,
	territory_id BLOB,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS stock_location_by_feed ON stock_location (home, gseq, id);
CREATE INDEX IF NOT EXISTS stock_location_by_home ON stock_location (home, id);

CREATE TABLE account (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	name TEXT,
	kind INTEGER,
	territory_id BLOB,
	phone TEXT,
	source TEXT,
	source_id TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS account_by_feed ON account (home, gseq, id);
CREATE INDEX IF NOT EXISTS account_by_home ON account (home, id);

CREATE TABLE site (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	account_id BLOB,
	territory_id BLOB,
	name TEXT,
	address TEXT,
	time_zone TEXT,
	access_notes TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS site_by_feed ON site (home, gseq, id);
CREATE INDEX IF NOT EXISTS site_by_home ON site (home, id);

CREATE TABLE asset (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	site_id BLOB,
	territory_id BLOB,
	name TEXT,
	model TEXT,
	serial TEXT,
	status INTEGER,
	installed_at_ms INTEGER,
	source TEXT,
	source_id TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS asset_by_feed ON asset (home, gseq, id);
CREATE INDEX IF NOT EXISTS asset_by_home ON asset (home, id);

CREATE TABLE service_request (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	account_id BLOB,
	site_id BLOB,
	asset_id BLOB,
	territory_id BLOB,
	text TEXT,
	channel INTEGER,
	problem_code TEXT,
	severity INTEGER,
	state INTEGER,
	opened_at_ms INTEGER,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS service_request_by_feed ON service_request (home, gseq, id);
CREATE INDEX IF NOT EXISTS service_request_by_home ON service_request (home, id);

CREATE TABLE work_order (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	number TEXT,
	territory_id BLOB,
	account_id BLOB,
	site_id BLOB,
	asset_id BLOB,
	request_id BLOB,
	type INTEGER,
	title TEXT,
	description TEXT,
	priority INTEGER,
	problem_code TEXT,
	cause_code TEXT,
	action_code TEXT,
	released INTEGER,
	hold_reason TEXT,
	promised_from_at_ms INTEGER,
	promised_to_at_ms INTEGER,
	planned_start_at_ms INTEGER,
	cancelled_at_ms INTEGER,
	closed_at_ms INTEGER,
	completed_at_ms INTEGER,
	source TEXT,
	source_id TEXT,
	cost_cents INTEGER,
	state INTEGER,
	outcome INTEGER,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS work_order_by_feed ON work_order (home, gseq, id);
CREATE INDEX IF NOT EXISTS work_order_by_home ON work_order (home, id);
CREATE INDEX IF NOT EXISTS work_order_by_site_id ON work_order (site_id);
CREATE INDEX IF NOT EXISTS work_order_by_asset_id ON work_order (asset_id);

CREATE TABLE visit (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	work_order_id BLOB,
	technician_id BLOB,
	territory_id BLOB,
	planned_start_at_ms INTEGER,
	planned_end_at_ms INTEGER,
	state INTEGER,
	dispatched_at_ms INTEGER,
	accepted_at_ms INTEGER,
	travelled_at_ms INTEGER,
	arrived_at_ms INTEGER,
	finished_at_ms INTEGER,
	outcome INTEGER,
	cause_code TEXT,
	action_code TEXT,
	text TEXT,
	signer_name TEXT,
	signature_refused_reason TEXT,
	reason TEXT,
	cancel_cause INTEGER,
	replaced_by_id BLOB,
	started_by_id BLOB,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS visit_by_feed ON visit (home, gseq, id);
CREATE INDEX IF NOT EXISTS visit_by_home ON visit (home, id);
CREATE INDEX IF NOT EXISTS visit_by_work_order_id ON visit (work_order_id);
CREATE INDEX IF NOT EXISTS visit_by_technician_id ON visit (technician_id);

CREATE TABLE note (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	work_order_id BLOB,
	territory_id BLOB,
	text TEXT,
	author_id BLOB,
	at_ms INTEGER,
	late INTEGER,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS note_by_feed ON note (home, gseq, id);
CREATE INDEX IF NOT EXISTS note_by_home ON note (home, id);
CREATE INDEX IF NOT EXISTS note_by_work_order_id ON note (work_order_id);

CREATE TABLE movement (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	type INTEGER,
	part_id BLOB,
	quantity INTEGER,
	from_location_id BLOB,
	to_location_id BLOB,
	visit_id BLOB,
	work_order_id BLOB,
	technician_id BLOB,
	at_ms INTEGER,
	reverses_id BLOB,
	territory_id BLOB,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS movement_by_feed ON movement (home, gseq, id);
CREATE INDEX IF NOT EXISTS movement_by_home ON movement (home, id);
CREATE INDEX IF NOT EXISTS movement_by_part_id ON movement (part_id);
CREATE INDEX IF NOT EXISTS movement_by_visit_id ON movement (visit_id);

CREATE TABLE balance (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	location_id BLOB,
	part_id BLOB,
	quantity INTEGER,
	territory_id BLOB,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS balance_by_feed ON balance (home, gseq, id);
CREATE INDEX IF NOT EXISTS balance_by_home ON balance (home, id);
CREATE INDEX IF NOT EXISTS balance_by_location_id ON balance (location_id);

CREATE TABLE kb_article (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	number TEXT,
	language TEXT,
	title TEXT,
	product TEXT,
	symptom TEXT,
	cause TEXT,
	fix TEXT,
	body TEXT,
	tools TEXT,
	parts TEXT,
	state INTEGER,
	source TEXT,
	source_id TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS kb_article_by_feed ON kb_article (home, gseq, id);
CREATE INDEX IF NOT EXISTS kb_article_by_home ON kb_article (home, id);

CREATE TABLE device (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	name TEXT,
	technician_id BLOB,
	state INTEGER,
	enrolled_at_ms INTEGER,
	platform TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS device_by_feed ON device (home, gseq, id);
CREATE INDEX IF NOT EXISTS device_by_home ON device (home, id);
CREATE INDEX IF NOT EXISTS device_by_technician_id ON device (technician_id);

CREATE TABLE operation (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	device_id BLOB,
	seq INTEGER,
	kind INTEGER,
	subject BLOB,
	outcome INTEGER,
	rule TEXT,
	field TEXT,
	detail TEXT,
	issue_id BLOB,
	waits_for BLOB,
	at_ms INTEGER,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS operation_by_feed ON operation (home, gseq, id);
CREATE INDEX IF NOT EXISTS operation_by_home ON operation (home, id);
CREATE INDEX IF NOT EXISTS operation_by_waits_for ON operation (waits_for);

CREATE TABLE issue (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	kind INTEGER,
	territory_id BLOB,
	work_order_id BLOB,
	visit_id BLOB,
	part_id BLOB,
	location_id BLOB,
	device_id BLOB,
	technician_id BLOB,
	operation_id BLOB,
	record INTEGER,
	record_id BLOB,
	field TEXT,
	base_value TEXT,
	mine_value TEXT,
	theirs_value TEXT,
	detail TEXT,
	state INTEGER,
	resolution INTEGER,
	resolution_text TEXT,
	opened_at_ms INTEGER,
	resolved_at_ms INTEGER,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS issue_by_feed ON issue (home, gseq, id);
CREATE INDEX IF NOT EXISTS issue_by_home ON issue (home, id);
CREATE INDEX IF NOT EXISTS issue_by_work_order_id ON issue (work_order_id);

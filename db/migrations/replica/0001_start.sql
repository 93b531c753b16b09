-- A device's replica: rows of the server with the effects of its own pending operations laid on top. All of it can be fetched again.

-- ==== Local: never synced. ====

-- Where the replica stands.
CREATE TABLE state (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	epoch BLOB NOT NULL,
	gseq INTEGER NOT NULL,
	settled_seq INTEGER NOT NULL,
	shown_seq INTEGER NOT NULL,
	incarnation BLOB NOT NULL,
	decided_seq INTEGER NOT NULL,
	resume BLOB NOT NULL
) STRICT;
INSERT INTO state VALUES (1, zeroblob(16), 0, 0, 0, zeroblob(16), 0, x'');

-- Scopes by number: a record's home is one.
CREATE TABLE scope_number (
	number INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,
	id BLOB NOT NULL CHECK (length(id) = 16),
	UNIQUE (kind, id)
) STRICT;

-- Scopes held, with the digest of the confirmed rows in them.
CREATE TABLE scope (
	number INTEGER PRIMARY KEY REFERENCES scope_number (number),
	count INTEGER NOT NULL,
	sum BLOB NOT NULL CHECK (length(sum) = 16)
) STRICT;

-- Members of job scopes.
CREATE TABLE link (
	scope INTEGER NOT NULL REFERENCES scope_number (number),
	kind INTEGER NOT NULL,
	id BLOB NOT NULL,
	PRIMARY KEY (scope, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_by_row ON link (kind, id);

-- Confirmed rows that lie under pending operations: as they were, or that they were absent (home NULL).
CREATE TABLE shadow (
	kind INTEGER NOT NULL,
	id BLOB NOT NULL,
	home INTEGER,
	gseq INTEGER,
	hash BLOB,
	canonical BLOB,
	PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- Pages as received, until their cut.
CREATE TABLE staged (
	position INTEGER PRIMARY KEY,
	page BLOB NOT NULL
) STRICT;

CREATE TABLE incident (
	number INTEGER PRIMARY KEY,
	at_ms INTEGER NOT NULL,
	what TEXT NOT NULL,
	detail TEXT NOT NULL
) STRICT;

-- The search index follows the articles behind: kb_changed names those that it has not caught up with.
CREATE TABLE kb_changed (
	id BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE kb_indexed (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE
) STRICT;
CREATE VIRTUAL TABLE kb_search USING fts5 (title, product, symptom, cause, fix, body, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3');

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
CREATE INDEX IF NOT EXISTS territory_by_home ON territory (home);

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
CREATE INDEX IF NOT EXISTS technician_by_home ON technician (home);

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
CREATE INDEX IF NOT EXISTS part_by_home ON part (home);

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
CREATE INDEX IF NOT EXISTS stock_location_by_home ON stock_location (home);

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
CREATE INDEX IF NOT EXISTS account_by_home ON account (home);

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
CREATE INDEX IF NOT EXISTS site_by_home ON site (home);

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
CREATE INDEX IF NOT EXISTS asset_by_home ON asset (home);

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
CREATE INDEX IF NOT EXISTS service_request_by_home ON service_request (home);

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
CREATE INDEX IF NOT EXISTS work_order_by_home ON work_order (home);
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
CREATE INDEX IF NOT EXISTS visit_by_home ON visit (home);
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
CREATE INDEX IF NOT EXISTS note_by_home ON note (home);
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
CREATE INDEX IF NOT EXISTS movement_by_home ON movement (home);
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
CREATE INDEX IF NOT EXISTS balance_by_home ON balance (home);
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
CREATE INDEX IF NOT EXISTS kb_article_by_home ON kb_article (home);

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
CREATE INDEX IF NOT EXISTS device_by_home ON device (home);
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
CREATE INDEX IF NOT EXISTS operation_by_home ON operation (home);
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
CREATE INDEX IF NOT EXISTS issue_by_home ON issue (home);
CREATE INDEX IF NOT EXISTS issue_by_work_order_id ON issue (work_order_id);

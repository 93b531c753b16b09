-- What an operator should know of: what went wrong, of which device, when, and that somebody has seen it.
CREATE TABLE incident (
	number INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,
	device BLOB NOT NULL CHECK (length(device) = 16),
	subject BLOB NOT NULL CHECK (length(subject) = 16),
	detail TEXT NOT NULL,
	count INTEGER NOT NULL,
	first_at_ms INTEGER NOT NULL,
	last_at_ms INTEGER NOT NULL,
	acknowledged_at_ms INTEGER NOT NULL,
	note TEXT NOT NULL
) STRICT;
CREATE INDEX incident_by_state ON incident (acknowledged_at_ms, kind, device, subject);

-- Operations that were being decided when the server stopped without a word: written before each further try, gone with its decision.
CREATE TABLE attempt (
	device BLOB NOT NULL CHECK (length(device) = 16),
	incarnation BLOB NOT NULL CHECK (length(incarnation) = 16),
	seq INTEGER NOT NULL,
	hash BLOB NOT NULL CHECK (length(hash) = 32),
	count INTEGER NOT NULL,
	at_ms INTEGER NOT NULL,
	PRIMARY KEY (device, incarnation, seq)
) STRICT, WITHOUT ROWID;

-- Where a device's history goes on after a restore: the one before, the last operation they share, and the commit at which this one began.
ALTER TABLE chain ADD COLUMN previous BLOB;
ALTER TABLE chain ADD COLUMN shared_seq INTEGER;
ALTER TABLE chain ADD COLUMN begun_gseq INTEGER;
-- A second history of the same operations: all of it is kept aside until a person says otherwise.
ALTER TABLE chain ADD COLUMN forked INTEGER;

-- What a person decided of a parked operation, and the form it was corrected to. The log keeps what was received.
CREATE TABLE parked_decision (
	number INTEGER PRIMARY KEY,
	operation BLOB NOT NULL CHECK (length(operation) = 16),
	decision INTEGER NOT NULL,
	canonical BLOB,
	reason TEXT NOT NULL,
	at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX parked_decision_by_operation ON parked_decision (operation, number);

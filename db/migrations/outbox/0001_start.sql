-- The device's own operations: the only thing on it that cannot be fetched again.

CREATE TABLE meta (
	only INTEGER PRIMARY KEY CHECK (only = 1),
	device BLOB NOT NULL CHECK (length(device) = 16),
	incarnation INTEGER NOT NULL REFERENCES incarnation (number)
) STRICT;

-- The one with the highest number is current; the others keep what was settled under them.
CREATE TABLE incarnation (
	number INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE CHECK (length(id) = 16)
) STRICT;

-- In the order of the chain, so that an append touches the last page only. The last operation of an incarnation is never deleted: it holds
-- the head that the next one extends.
CREATE TABLE operation (
	incarnation INTEGER NOT NULL REFERENCES incarnation (number),
	seq INTEGER NOT NULL CHECK (seq > 0),
	id BLOB NOT NULL CHECK (length(id) = 16),
	re_sent INTEGER NOT NULL,
	head BLOB NOT NULL CHECK (length(head) = 32),
	canonical BLOB NOT NULL,
	PRIMARY KEY (incarnation, seq)
) STRICT, WITHOUT ROWID;

-- The secret that the salts of a window of operations come from.
CREATE TABLE window_secret (
	incarnation INTEGER NOT NULL REFERENCES incarnation (number),
	window INTEGER NOT NULL,
	secret BLOB NOT NULL CHECK (length(secret) = 32),
	PRIMARY KEY (incarnation, window)
) STRICT, WITHOUT ROWID;

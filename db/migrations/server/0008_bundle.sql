-- What a device last told of itself in a bundle: the next bundle for it begins there.

CREATE TABLE bundle_told (
	device BLOB PRIMARY KEY,
	incarnation BLOB NOT NULL,
	epoch BLOB NOT NULL, -- of its cursor
	gseq INTEGER NOT NULL,
	settled_seq INTEGER NOT NULL,
	own_rows INTEGER NOT NULL -- it also needs the rows that it computed itself
) STRICT, WITHOUT ROWID;

-- Repair by range: what of it is still to do, and the ranges answered until the cut that brings them.

ALTER TABLE state ADD COLUMN repair BLOB NOT NULL DEFAULT x'';

CREATE TABLE answered_range (
	position INTEGER PRIMARY KEY,
	answer BLOB NOT NULL
) STRICT;

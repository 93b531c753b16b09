-- What is left behind in the feeds is forgotten after a while. Commits up to the horizon are behind that: who stands below it cannot be told
-- any more what left its scopes since.

ALTER TABLE meta ADD COLUMN horizon INTEGER NOT NULL DEFAULT 0;

-- When a commit was the latest, now and then.
CREATE TABLE commit_time (
	gseq INTEGER PRIMARY KEY,
	at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX left_row_by_age ON left_row (gseq);
CREATE INDEX grant_entry_by_age ON grant_entry (until_gseq) WHERE until_gseq != 0;

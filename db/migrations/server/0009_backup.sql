-- The newest backup: it holds everything up to this commit, so that devices need not keep what was decided until then.

ALTER TABLE meta ADD COLUMN backup_gseq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN backup_at_ms INTEGER NOT NULL DEFAULT 0;

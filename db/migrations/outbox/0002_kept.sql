-- What the server has acknowledged is kept until a backup of the server holds it: see protocol/sync/keeping.h.

-- The last operation of a former incarnation that was settled under it, whether it is still kept or not.
ALTER TABLE incarnation ADD COLUMN ended_seq INTEGER NOT NULL DEFAULT 0;

UPDATE incarnation SET ended_seq = (SELECT coalesce(max(seq), 0) FROM operation WHERE operation.incarnation = incarnation.number);

-- Everything kept up to `mark_seq` (of the current incarnation) was decided by commit `mark_gseq` of that epoch; NULL: there is no mark.
ALTER TABLE meta ADD COLUMN mark_epoch BLOB CHECK (length(mark_epoch) = 16);
ALTER TABLE meta ADD COLUMN mark_gseq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN mark_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN mark_at_ms INTEGER NOT NULL DEFAULT 0; -- by the server's clock

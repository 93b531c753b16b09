-- When all rows were last compared with what is noted of them, and each scope with its digest.

ALTER TABLE state ADD COLUMN checked_at_ms INTEGER NOT NULL DEFAULT 0;

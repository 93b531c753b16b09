-- When a chain was begun, by the clock: a device begins so many a day. 0: before that was noted.

ALTER TABLE chain ADD COLUMN begun_at_ms INTEGER NOT NULL DEFAULT 0;

CREATE INDEX chain_by_begun ON chain (device, begun_at_ms);

-- A file is served to whoever may see a row that speaks of it.

CREATE INDEX attachment_by_blob ON attachment (blob) WHERE blob != '';

-- The life of the server that the outbox last met; NULL: none yet. In another one the server may lack what it had acknowledged.
ALTER TABLE meta ADD COLUMN server_epoch BLOB CHECK (length(server_epoch) = 16);

UPDATE meta SET server_epoch = mark_epoch;

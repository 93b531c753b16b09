-- The organisation and its scopes.

-- name: meta_put
INSERT INTO meta (one, organisation, epoch, gseq) VALUES (1, $1, $2, $3)
ON CONFLICT (one) DO UPDATE SET organisation = excluded.organisation, epoch = excluded.epoch, gseq = excluded.gseq

-- name: meta_get
SELECT organisation, epoch, gseq FROM meta

-- name: meta_put_gseq
UPDATE meta SET gseq = $1

-- name: scope_find
SELECT number, kind, id, count, sum, gseq FROM scope WHERE kind = $1 AND id = $2

-- name: scope_by_number
SELECT number, kind, id, count, sum, gseq FROM scope WHERE number = $1

-- name: scope_add
INSERT INTO scope (number, kind, id, count, sum, gseq)
VALUES ((SELECT coalesce(max(number), 0) + 1 FROM scope), $1, $2, 0, $3, 0)
RETURNING number

-- name: scope_put
UPDATE scope SET count = $2, sum = $3, gseq = $4 WHERE number = $1

-- The organisation and its scopes.

-- name: meta_put
INSERT INTO meta (one, organisation, epoch, gseq) VALUES (1, $1, $2, $3)
ON CONFLICT (one) DO UPDATE SET organisation = excluded.organisation, epoch = excluded.epoch, gseq = excluded.gseq

-- name: meta_get
SELECT organisation, epoch, gseq, horizon, backup_gseq, backup_at_ms FROM meta

-- name: meta_put_gseq
UPDATE meta SET gseq = $1

-- name: meta_put_horizon
UPDATE meta SET horizon = $1

-- name: meta_put_backup
UPDATE meta SET backup_gseq = $1, backup_at_ms = $2 WHERE backup_gseq <= $1

-- name: commit_time_note
INSERT INTO commit_time (gseq, at_ms) VALUES ($1, $2) ON CONFLICT (gseq) DO NOTHING

-- name: commit_time_before
SELECT coalesce(max(gseq), 0) FROM commit_time WHERE at_ms <= $1

-- name: commit_time_forget
DELETE FROM commit_time WHERE gseq < $1

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

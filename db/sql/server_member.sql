-- Rows that left scopes, members of jobs, and grants.

-- name: left_put
INSERT INTO left_row (scope, kind, id, gseq) VALUES ($1, $2, $3, $4)
ON CONFLICT (scope, kind, id) DO UPDATE SET gseq = excluded.gseq

-- name: left_forget
DELETE FROM left_row WHERE scope = $1 AND kind = $2 AND id = $3

-- name: left_feed
SELECT scope, kind, id, gseq, 0 FROM left_row
WHERE scope = $1 AND (gseq, kind, id) > ($2, $3, $4)
ORDER BY gseq, kind, id

-- name: left_forget_until
DELETE FROM left_row WHERE (scope, kind, id) IN (SELECT scope, kind, id FROM left_row WHERE gseq <= $1 ORDER BY gseq LIMIT $2)

-- name: link_put
INSERT INTO link (job, kind, id, gseq, from_gseq) VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (job, kind, id) DO UPDATE SET gseq = excluded.gseq

-- name: link_remove
DELETE FROM link WHERE job = $1 AND kind = $2 AND id = $3

-- name: link_feed
SELECT job, kind, id, gseq, from_gseq FROM link
WHERE job = $1 AND (gseq, kind, id) > ($2, $3, $4)
ORDER BY gseq, kind, id

-- name: link_by_id
SELECT job, kind, id, gseq, from_gseq FROM link
WHERE job = $1 AND kind = $2 AND id > $3 AND id <= $4
ORDER BY id

-- name: link_of_row
SELECT job, kind, id, gseq, from_gseq FROM link WHERE kind = $1 AND id = $2 ORDER BY job

-- name: grant_each
SELECT scope, from_gseq, until_gseq FROM grant_entry
WHERE device = $1 AND (until_gseq = 0 OR until_gseq > $2)
ORDER BY scope, from_gseq

-- name: grant_open
INSERT INTO grant_entry (device, scope, from_gseq, until_gseq)
SELECT $1, $2, $3, 0
WHERE NOT EXISTS (SELECT 1 FROM grant_entry WHERE device = $1 AND scope = $2 AND until_gseq = 0)
ON CONFLICT (device, scope, from_gseq) DO UPDATE SET until_gseq = 0

-- name: grant_end
UPDATE grant_entry SET until_gseq = $3 WHERE device = $1 AND scope = $2 AND until_gseq = 0

-- name: grant_forget_until
DELETE FROM grant_entry WHERE (device, scope, from_gseq) IN
	(SELECT device, scope, from_gseq FROM grant_entry WHERE until_gseq != 0 AND until_gseq <= $1 ORDER BY until_gseq LIMIT $2)

-- name: grant_reaches
SELECT 1 FROM grant_entry
WHERE device = $1 AND (scope = $4
	OR EXISTS (SELECT 1 FROM link WHERE job = grant_entry.scope AND kind = $2 AND id = $3)
	OR EXISTS (SELECT 1 FROM left_row WHERE left_row.scope = grant_entry.scope AND left_row.kind = $2 AND left_row.id = $3))
LIMIT 1

-- name: grant_of_jobs
SELECT grant_entry.device, scope.id, scope.number
FROM scope LEFT JOIN grant_entry ON grant_entry.scope = scope.number AND grant_entry.until_gseq = 0
WHERE scope.kind = $1 AND scope.number >= $2 AND (scope.count > 0 OR grant_entry.scope IS NOT NULL)
AND (scope.number > $2 OR grant_entry.device > $3)
ORDER BY scope.number, grant_entry.device LIMIT $4

-- name: done_on_asset
SELECT id FROM work_order WHERE asset_id = $1 AND completed_at_ms > $2
ORDER BY completed_at_ms DESC, id DESC LIMIT $3

-- name: done_at_site
SELECT id FROM work_order WHERE site_id = $1 AND completed_at_ms > $2
ORDER BY completed_at_ms DESC, id DESC LIMIT $3

-- name: attachment_of_thumbnail
SELECT id, home FROM attachment WHERE thumbnail = $1 AND thumbnail != '' ORDER BY id

-- name: attachment_of_blob
SELECT id, home FROM attachment WHERE blob = $1 AND blob != '' ORDER BY id

-- name: order_costed
SELECT id FROM work_order WHERE cost_cents IS NOT NULL LIMIT $1

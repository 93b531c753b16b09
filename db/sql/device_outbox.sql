-- The device's outbox: its operations, their chain and its windows.

-- name: outbox_meta
SELECT meta.device, incarnation.id, meta.incarnation
FROM meta JOIN incarnation ON incarnation.number = meta.incarnation

-- name: outbox_meta_put
INSERT INTO meta (only, device, incarnation) VALUES (1, $1, $2)

-- name: outbox_meta_turn
UPDATE meta SET incarnation = $1, mark_epoch = NULL

-- name: outbox_mark
SELECT mark_epoch, mark_gseq, mark_seq, mark_at_ms FROM meta

-- name: outbox_mark_put
UPDATE meta SET mark_epoch = $1, mark_gseq = $2, mark_seq = $3, mark_at_ms = $4

-- name: outbox_epoch_put
UPDATE meta SET server_epoch = $1, mark_epoch = NULL

-- name: outbox_kept
SELECT (SELECT coalesce(min(seq), 1) FROM operation WHERE incarnation = (SELECT incarnation FROM meta)),
	(SELECT count(*) FROM operation WHERE incarnation < (SELECT incarnation FROM meta)),
	(SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size),
	(SELECT server_epoch FROM meta)

-- name: outbox_let_go
DELETE FROM operation WHERE (incarnation, seq) IN (
	SELECT incarnation, seq FROM operation
	WHERE incarnation < (SELECT incarnation FROM meta)
	OR (incarnation = (SELECT incarnation FROM meta) AND seq <= $1
		AND seq < (SELECT max(seq) FROM operation WHERE incarnation = (SELECT incarnation FROM meta)))
	ORDER BY incarnation, seq LIMIT $2)

-- name: outbox_windows_let_go
DELETE FROM window_secret
WHERE NOT EXISTS (SELECT 1 FROM operation AS o WHERE o.incarnation = window_secret.incarnation AND o.seq / 256 <= window_secret.window)
AND (incarnation < (SELECT incarnation FROM meta)
	OR window < (SELECT max(seq) FROM operation WHERE incarnation = (SELECT incarnation FROM meta)) / 256)

-- name: outbox_incarnation_put
INSERT INTO incarnation (id) VALUES ($1) RETURNING number

-- name: outbox_knows
SELECT 1 FROM incarnation WHERE id = $1

-- name: outbox_previous
SELECT i.id, i.ended_seq FROM incarnation AS i
WHERE i.number < (SELECT incarnation FROM meta) ORDER BY i.number DESC LIMIT 1

-- name: outbox_last
SELECT seq, head FROM operation WHERE incarnation = (SELECT incarnation FROM meta) ORDER BY seq DESC LIMIT 1

-- name: outbox_head
SELECT head FROM operation WHERE incarnation = (SELECT incarnation FROM meta) AND seq = $1

-- name: outbox_append
INSERT INTO operation (incarnation, seq, id, re_sent, head, canonical) VALUES ((SELECT incarnation FROM meta), $1, $2, $3, $4, $5)

-- name: outbox_each
SELECT seq, id, re_sent, head, canonical FROM operation
WHERE incarnation = (SELECT incarnation FROM meta) AND seq > $1
ORDER BY seq

-- name: outbox_one
SELECT canonical FROM operation WHERE incarnation = $1 AND seq = $2

-- name: outbox_move
UPDATE operation SET incarnation = $3, seq = seq - $2, re_sent = 1 WHERE incarnation = $1 AND seq > $2

-- name: outbox_move_all
INSERT INTO operation (incarnation, seq, id, re_sent, head, canonical)
SELECT $1, row_number() OVER (ORDER BY incarnation, seq), id, 1, head, canonical FROM operation WHERE incarnation < $1

-- name: outbox_forget_before
DELETE FROM operation WHERE incarnation < $1

-- name: outbox_end
UPDATE incarnation SET ended_seq = $2 WHERE number = $1

-- name: outbox_rehead
UPDATE operation SET head = $3 WHERE incarnation = $1 AND seq = $2

-- name: outbox_window
SELECT secret FROM window_secret WHERE incarnation = (SELECT incarnation FROM meta) AND window = $1

-- name: outbox_window_put
INSERT INTO window_secret (incarnation, window, secret) VALUES ((SELECT incarnation FROM meta), $1, $2)
ON CONFLICT (incarnation, window) DO NOTHING

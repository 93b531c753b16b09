-- Incidents, attempts at operations, and what people decided of parked ones.

-- name: incident_again
UPDATE incident SET count = count + 1, last_at_ms = $5, detail = $4
WHERE acknowledged_at_ms = 0 AND kind = $1 AND device = $2 AND subject = $3

-- name: incident_lately
SELECT 1 FROM incident
WHERE acknowledged_at_ms = 0 AND kind = $1 AND device = $2 AND subject = $3 AND count >= $4 AND last_at_ms BETWEEN $5 AND $6

-- name: incident_add
INSERT INTO incident (kind, device, subject, detail, count, first_at_ms, last_at_ms, acknowledged_at_ms, note)
VALUES ($1, $2, $3, $4, 1, $5, $5, 0, '')

-- name: incident_explained
-- One event is told once: the incident that it looked like at first ends with the word for what it was.
UPDATE incident SET acknowledged_at_ms = $3, note = $4 WHERE acknowledged_at_ms = 0 AND kind = $1 AND device = $2

-- name: incident_each
SELECT number, kind, device, subject, detail, count, first_at_ms, last_at_ms, acknowledged_at_ms, note FROM incident
ORDER BY number DESC LIMIT $1

-- name: incident_open
-- By its index: those that were seen to are not passed over one by one.
SELECT number, kind, device, subject, detail, count, first_at_ms, last_at_ms, acknowledged_at_ms, note FROM incident
WHERE acknowledged_at_ms = 0 ORDER BY number DESC LIMIT $1

-- name: incident_acknowledge
UPDATE incident SET acknowledged_at_ms = $2, note = $3 WHERE number = $1 AND acknowledged_at_ms = 0

-- name: incident_count
SELECT count(*) FROM incident WHERE acknowledged_at_ms = 0

-- name: attempt_get
SELECT count, hash FROM attempt WHERE device = $1 AND incarnation = $2 AND seq = $3

-- name: attempt_put
INSERT INTO attempt (device, incarnation, seq, hash, count, at_ms) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (device, incarnation, seq) DO UPDATE SET hash = excluded.hash, count = excluded.count, at_ms = excluded.at_ms

-- name: attempt_remove
DELETE FROM attempt WHERE device = $1 AND incarnation = $2 AND seq = $3

-- name: attempt_any
SELECT 1 FROM attempt LIMIT 1

-- name: attempt_of_chain
SELECT 1 FROM attempt WHERE device = $1 AND incarnation = $2 LIMIT 1

-- name: parked_decision_add
INSERT INTO parked_decision (operation, decision, canonical, reason, at_ms) VALUES ($1, $2, $3, $4, $5)

-- name: parked_corrected
SELECT canonical FROM parked_decision WHERE operation = $1 AND canonical IS NOT NULL ORDER BY number DESC LIMIT 1

-- name: parked_decision_last
SELECT decision, reason, at_ms FROM parked_decision WHERE operation = $1 ORDER BY number DESC LIMIT 1

-- name: parked_of
-- As log_parked.
SELECT l.id FROM operation AS o CROSS JOIN operation_log AS l ON l.id = o.id JOIN chain AS c ON c.number = l.chain
WHERE o.outcome = 4 AND c.device = $1 AND l.outcome = 4 ORDER BY l.chain, l.seq

-- name: parked_waiting
-- As log_parked; in the order their authors made them. $3: how an earlier version told it of an edit.
SELECT l.id, l.chain, l.seq FROM operation AS o CROSS JOIN operation_log AS l ON l.id = o.id
WHERE o.outcome = 4 AND (o.rule = $2 OR o.kind = $1 AND o.detail = $3)
AND l.outcome = 4 AND (l.chain, l.seq) > ($4, $5)
ORDER BY l.chain, l.seq LIMIT $6

-- name: chain_begin_anew
UPDATE chain SET previous = $2, shared_seq = $3, begun_gseq = $4 WHERE number = $1

-- name: chain_fork
UPDATE chain SET forked = $2 WHERE number = $1

-- name: chain_unfork
UPDATE chain SET forked = -1 WHERE device = $1 AND forked > 0

-- name: chain_after
SELECT 1 FROM chain WHERE device = $1 AND previous = $2 AND begun_gseq <= $3 LIMIT 1

-- name: log_at
SELECT id FROM operation_log WHERE chain = $1 AND seq = $2

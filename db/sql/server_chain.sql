-- Chains of operations and the log.

-- name: chain_find
SELECT number, device, incarnation, last_seq, last_hash, last_gseq, previous, shared_seq, forked FROM chain WHERE device = $1 AND incarnation = $2

-- name: chain_latest
SELECT number, device, incarnation, last_seq, last_hash, last_gseq, previous, shared_seq, forked FROM chain
WHERE device = $1 ORDER BY number DESC LIMIT 1

-- name: chain_by_number
SELECT number, device, incarnation, last_seq, last_hash, last_gseq, previous, shared_seq, forked FROM chain WHERE number = $1

-- name: chain_add
INSERT INTO chain (device, incarnation, last_seq, last_hash, last_gseq, begun_at_ms) VALUES ($1, $2, 0, $3, 0, $4)
RETURNING number

-- name: chains_begun
SELECT count(*) FROM chain WHERE device = $1 AND begun_at_ms BETWEEN $2 AND $3

-- name: chain_put
UPDATE chain SET last_seq = $2, last_hash = $3, last_gseq = $4 WHERE number = $1

-- name: window_add
INSERT INTO salt_window (chain, number, secret) VALUES ($1, $2, $3) ON CONFLICT (chain, number) DO NOTHING

-- name: window_get
SELECT secret FROM salt_window WHERE chain = $1 AND number = $2

-- name: signature_put
INSERT INTO signature (chain, seq, signature) VALUES ($1, $2, $3)
ON CONFLICT (chain, seq) DO UPDATE SET signature = excluded.signature

-- name: log_add
INSERT INTO operation_log (chain, seq, id, canonical, commitment, head, gseq, received_at_ms, outcome, unlike)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: log_get
SELECT chain, seq, id, canonical, commitment, head, gseq, received_at_ms, outcome, unlike FROM operation_log WHERE id = $1

-- name: log_head
SELECT head FROM operation_log WHERE chain = $1 AND seq = $2

-- name: log_outcome
UPDATE operation_log SET outcome = $2, gseq = $3 WHERE id = $1

-- name: log_unlike
SELECT seq FROM operation_log INDEXED BY operation_log_by_unlike
WHERE chain = $1 AND seq > $2 AND seq <= $3 AND unlike = 1 ORDER BY seq

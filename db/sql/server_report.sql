-- What people ask about operations.

-- name: log_latest
SELECT l.id, l.seq, l.canonical, l.gseq, l.received_at_ms, l.outcome, c.device, c.incarnation
FROM operation_log AS l JOIN chain AS c ON c.number = l.chain
WHERE ($2 IS NULL OR c.device = $2) AND ($3 IS NULL OR l.outcome = $3)
ORDER BY l.gseq DESC, l.chain DESC, l.seq DESC LIMIT $1

-- name: log_between
SELECT l.id, l.seq, l.canonical, l.gseq, l.received_at_ms, l.outcome, c.device, c.incarnation
FROM operation_log AS l JOIN chain AS c ON c.number = l.chain
WHERE l.id >= $1 AND l.id <= $2 ORDER BY l.id LIMIT 2

-- name: log_count
SELECT count(*), coalesce(sum(outcome = 2), 0), coalesce(sum(outcome = 3), 0), coalesce(sum(outcome = 4), 0) FROM operation_log

-- name: chain_all
SELECT number, device, incarnation, last_seq, last_hash FROM chain ORDER BY number

-- name: log_of_chain
SELECT seq, canonical, commitment, head FROM operation_log WHERE chain = $1 ORDER BY seq

-- name: scope_all
SELECT kind, id, count, sum FROM scope ORDER BY kind, id

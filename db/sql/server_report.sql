-- What people ask about operations.

-- name: log_latest
-- A chain's operations are decided in their order: the latest of all are among the latest of each. CROSS: chains first.
SELECT l.id, l.seq, l.canonical, l.gseq, l.received_at_ms, l.outcome, c.device, c.incarnation
FROM chain AS c CROSS JOIN operation_log AS l
WHERE l.chain = c.number AND l.seq > c.last_seq - $1 AND ($2 IS NULL OR c.device = $2)
ORDER BY l.gseq DESC, l.chain DESC, l.seq DESC LIMIT $1

-- name: log_parked
-- By their records, which are few, instead of through the whole log. CROSS: these first.
SELECT l.id, l.seq, l.canonical, l.gseq, l.received_at_ms, l.outcome, c.device, c.incarnation
FROM operation AS o CROSS JOIN operation_log AS l ON l.id = o.id JOIN chain AS c ON c.number = l.chain
WHERE o.outcome = 4 AND ($2 IS NULL OR c.device = $2) AND l.outcome = 4
ORDER BY l.gseq DESC, l.chain DESC, l.seq DESC LIMIT $1

-- name: log_between
SELECT l.id, l.seq, l.canonical, l.gseq, l.received_at_ms, l.outcome, c.device, c.incarnation
FROM operation_log AS l JOIN chain AS c ON c.number = l.chain
WHERE l.id >= $1 AND l.id <= $2 ORDER BY l.id LIMIT 2

-- name: log_count
-- All by their chains; those that were not plainly applied, each of which has a record, by that.
SELECT (SELECT coalesce(sum(last_seq), 0) FROM chain), coalesce(sum(outcome = 2), 0), coalesce(sum(outcome = 3), 0),
  coalesce(sum(outcome = 4), 0)
FROM operation

-- name: chain_all
SELECT number, device, incarnation, last_seq, last_hash FROM chain ORDER BY number

-- name: log_of_chain
SELECT seq, canonical, commitment, head FROM operation_log WHERE chain = $1 ORDER BY seq

-- name: scope_all
SELECT kind, id, count, sum FROM scope ORDER BY kind, id

-- name: scope_each
SELECT number, kind, id, count, sum FROM scope ORDER BY number

-- name: link_count
SELECT count(*) FROM link WHERE job = $1

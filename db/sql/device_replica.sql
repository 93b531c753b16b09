-- The device's replica beside its records: state, scopes, links, shadows, staged pages, incidents and the search index.

-- name: replica_state
SELECT epoch, gseq, settled_seq, shown_seq, incarnation, decided_seq FROM state

-- name: replica_state_put
UPDATE state SET epoch = $1, gseq = $2, settled_seq = $3, shown_seq = $4, incarnation = $5, decided_seq = $6
WHERE only = 1

-- name: replica_resume
SELECT resume FROM state

-- name: replica_resume_put
UPDATE state SET resume = $1 WHERE only = 1

-- name: replica_number_of_scope
SELECT number FROM scope_number WHERE kind = $1 AND id = $2

-- name: replica_scope_of_number
SELECT kind, id FROM scope_number WHERE number = $1

-- name: replica_number_put
INSERT INTO scope_number (kind, id) VALUES ($1, $2) RETURNING number

-- name: replica_scope
SELECT count, sum FROM scope WHERE number = $1

-- name: replica_scope_put
INSERT INTO scope (number, count, sum) VALUES ($1, $2, $3)
ON CONFLICT (number) DO UPDATE SET count = excluded.count, sum = excluded.sum

-- name: replica_scope_remove
DELETE FROM scope WHERE number = $1

-- name: replica_scopes
SELECT scope_number.kind, scope_number.id, scope.count, scope.sum
FROM scope JOIN scope_number ON scope_number.number = scope.number
ORDER BY scope.number

-- name: replica_link_put
INSERT INTO link (scope, kind, id) VALUES ($1, $2, $3) ON CONFLICT (scope, kind, id) DO NOTHING

-- name: replica_link_remove
DELETE FROM link WHERE scope = $1 AND kind = $2 AND id = $3

-- name: replica_links_of_row
SELECT scope FROM link WHERE kind = $1 AND id = $2 ORDER BY scope

-- name: replica_links_of_scope
SELECT kind, id FROM link WHERE scope = $1 ORDER BY kind, id

-- name: replica_links_in_span
SELECT kind, id FROM link WHERE scope = $1 AND id > $2 AND id <= $3 ORDER BY kind, id

-- name: replica_shadow_look
SELECT 1 FROM shadow WHERE kind = $1 AND id = $2

-- name: replica_shadow_put
INSERT INTO shadow (kind, id, home, gseq, hash, canonical) VALUES ($1, $2, $3, $4, $5, $6)

-- name: replica_shadow_put_absent
INSERT INTO shadow (kind, id) VALUES ($1, $2)

-- name: replica_shadows
SELECT kind, id, home, gseq, hash FROM shadow ORDER BY kind, id

-- name: replica_shadow_rows
SELECT kind, id, home, gseq, hash, canonical FROM shadow ORDER BY kind, id

-- name: replica_shadows_drop
DELETE FROM shadow

-- name: replica_stage
INSERT INTO staged (page) VALUES ($1)

-- name: replica_staged_count
SELECT count(*) FROM staged

-- name: replica_staged
SELECT page FROM staged ORDER BY position

-- name: replica_staged_clear
DELETE FROM staged

-- name: replica_repair
SELECT repair FROM state

-- name: replica_repair_put
-- By its key: an update of any number of rows has a journal of its own, which beyond 64 KiB is a file outside the folder.
UPDATE state SET repair = $1 WHERE only = 1

-- name: replica_checked_at
SELECT checked_at_ms FROM state

-- name: replica_checked_at_put
UPDATE state SET checked_at_ms = $1 WHERE only = 1

-- name: replica_range_keep
INSERT INTO answered_range (answer) VALUES ($1)

-- name: replica_ranges
SELECT answer FROM answered_range ORDER BY position

-- name: replica_ranges_clear
DELETE FROM answered_range

-- name: replica_incident_put
INSERT INTO incident (at_ms, what, detail) VALUES ($1, $2, $3)

-- name: replica_incident_carry
INSERT INTO incident (at_ms, what, detail) SELECT $1, $2, $3
WHERE NOT EXISTS (SELECT 1 FROM incident WHERE at_ms = $1 AND what = $2 AND detail = $3)

-- name: replica_incidents_trim
DELETE FROM incident WHERE number <= (SELECT max(number) FROM incident) - $1

-- name: replica_incidents_all
SELECT at_ms, what, detail FROM incident ORDER BY number

-- name: replica_incidents
SELECT at_ms, what, detail FROM incident ORDER BY number DESC LIMIT $1

-- name: kb_changed_put
INSERT INTO kb_changed (id) VALUES ($1) ON CONFLICT (id) DO NOTHING

-- name: kb_changed_next
SELECT id FROM kb_changed WHERE id > $1 ORDER BY id LIMIT 1

-- name: kb_changed_done
DELETE FROM kb_changed WHERE id = $1

-- name: kb_changed_count
SELECT count(*) FROM kb_changed

-- name: kb_indexed
SELECT row FROM kb_indexed WHERE id = $1

-- name: kb_indexed_put
INSERT INTO kb_indexed (id) VALUES ($1) RETURNING row

-- name: kb_indexed_remove
DELETE FROM kb_indexed WHERE row = $1

-- name: kb_search_remove
DELETE FROM kb_search WHERE rowid = $1

-- name: kb_search_put
INSERT INTO kb_search (rowid, title, product, symptom, cause, fix, body) VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: kb_search_find
SELECT kb_indexed.id, kb_search.title, kb_search.product, snippet(kb_search, -1, '[', ']', '...', 16)
FROM kb_search JOIN kb_indexed ON kb_indexed.row = kb_search.rowid
WHERE kb_search MATCH $1 AND rank MATCH 'bm25(10.0, 3.0, 5.0, 3.0, 2.0, 1.0)'
ORDER BY rank LIMIT $2

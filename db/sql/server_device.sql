-- Devices and the tickets they enrol with.

-- name: device_get
SELECT id, technician, sign_key, box_key, key_number, state, lease_until_ms, acknowledged_gseq, last_seen_at_ms
FROM device_entry WHERE id = $1

-- name: device_put
INSERT INTO device_entry
(id, technician, sign_key, box_key, key_number, state, lease_until_ms, acknowledged_gseq, last_seen_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (id) DO UPDATE SET technician = excluded.technician, sign_key = excluded.sign_key, box_key = excluded.box_key,
key_number = excluded.key_number, state = excluded.state, lease_until_ms = excluded.lease_until_ms,
acknowledged_gseq = excluded.acknowledged_gseq, last_seen_at_ms = excluded.last_seen_at_ms

-- name: device_each
SELECT id, technician, sign_key, box_key, key_number, state, lease_until_ms, acknowledged_gseq, last_seen_at_ms
FROM device_entry ORDER BY id

-- name: bundle_told_get
SELECT incarnation, epoch, gseq, settled_seq, own_rows FROM bundle_told WHERE device = $1

-- name: bundle_told_put
INSERT INTO bundle_told (device, incarnation, epoch, gseq, settled_seq, own_rows) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (device) DO UPDATE SET incarnation = excluded.incarnation, epoch = excluded.epoch, gseq = excluded.gseq,
settled_seq = excluded.settled_seq, own_rows = excluded.own_rows

-- name: ticket_get
SELECT id, key, technician, device_name, platform, created_at_ms, expires_at_ms, failures, state, device, sign_key, box_key, words
FROM ticket WHERE id = $1

-- name: ticket_put
INSERT INTO ticket
(id, key, technician, device_name, platform, created_at_ms, expires_at_ms, failures, state, device, sign_key, box_key, words)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (id) DO UPDATE SET device_name = excluded.device_name, platform = excluded.platform,
expires_at_ms = excluded.expires_at_ms, failures = excluded.failures, state = excluded.state, device = excluded.device,
sign_key = excluded.sign_key, box_key = excluded.box_key, words = excluded.words

-- name: ticket_each
SELECT id, key, technician, device_name, platform, created_at_ms, expires_at_ms, failures, state, device, sign_key, box_key, words
FROM ticket ORDER BY created_at_ms, id

-- name: ticket_forget
DELETE FROM ticket WHERE expires_at_ms < $1

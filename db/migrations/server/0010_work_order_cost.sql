-- What work orders cost: only the office knows.

CREATE TABLE work_order_cost (
	row INTEGER PRIMARY KEY,
	id BLOB NOT NULL UNIQUE,
	home INTEGER NOT NULL,
	gseq INTEGER NOT NULL,
	author INTEGER NOT NULL,
	hash BLOB NOT NULL,
	work_order_id BLOB,
	cost_cents INTEGER,
	source TEXT,
	source_id TEXT,
	extra BLOB
) STRICT;
CREATE INDEX IF NOT EXISTS work_order_cost_by_feed ON work_order_cost (home, gseq, id);
CREATE INDEX IF NOT EXISTS work_order_cost_by_home ON work_order_cost (home, id);
CREATE INDEX IF NOT EXISTS work_order_cost_by_work_order_id ON work_order_cost (work_order_id);

-- What was used on an order, also without a visit.
CREATE INDEX IF NOT EXISTS movement_by_work_order_id ON movement (work_order_id);

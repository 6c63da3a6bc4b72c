-- wishes --
SELECT * FROM contact_wish ORDER BY id LIMIT 1000;

-- put_wish --
INSERT INTO contact_wish (at, by, medium, address, purpose, wanted) VALUES ($1, $2, $3, $4, $5, $6);

-- opt_outs_of --
SELECT * FROM opt_out WHERE address = $1 ORDER BY medium;

-- consents_of --
SELECT * FROM consent WHERE address = $1 ORDER BY medium, purpose;

-- wishes_of --
SELECT * FROM contact_wish WHERE address = $1 ORDER BY id;

-- follow_ups_of --
-- The latest $2 follow-ups of an address, the latest first.
SELECT
    medium, follows ->> 'flow' AS flow, COALESCE(outcome, stage) AS stands,
    COALESCE(ended_at, CASE stage WHEN 'scheduled' THEN (follows ->> 'due_at')::timestamptz END, stage_since) AS since
FROM interaction WHERE follows IS NOT NULL AND address = $1 ORDER BY arrived_at DESC, id LIMIT $2;

-- counted --
-- How many transcripts besides $1 were sent since $5: on the channel $2, there by the visitor $3, and to the address $4.
SELECT count(*) FILTER (WHERE channel = $2)::int AS on_channel,
       count(*) FILTER (WHERE channel = $2 AND visitor = $3)::int AS by_visitor,
       count(*) FILTER (WHERE address = $4)::int AS to_address
FROM transcript WHERE (channel = $2 OR address = $4) AND at >= $5 AND id <> $1::uuid;

-- keep --
WITH outlived AS (DELETE FROM transcript WHERE at < $5::timestamptz - interval '7 days')
INSERT INTO transcript (id, channel, visitor, address, at) VALUES ($1::uuid, $2, $3, $4, $5::timestamptz)
ON CONFLICT (id) DO NOTHING;

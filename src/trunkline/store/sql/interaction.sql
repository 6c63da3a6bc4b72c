-- live --
-- Every interaction that has not ended, the oldest first.
SELECT * FROM interaction WHERE ended_at IS NULL ORDER BY arrived_at, id;

-- one --
SELECT * FROM interaction WHERE id = $1::uuid;

-- waits --
-- The last $3 waits that ended with an agent between $1 and $2, and what was expected of them; the oldest first.
SELECT * FROM (
    SELECT seq, at, facts->>'queue' AS queue, (facts->>'waited_s')::float8 AS waited_s,
           (facts->>'by_queue_s')::float8 AS by_queue_s, (facts->>'by_last_s')::float8 AS by_last_s
    FROM journal
    WHERE kind = 'accepted' AND at >= $1 AND at < $2 AND facts ? 'queue' AND facts->>'waited_s' IS NOT NULL
    ORDER BY at DESC, seq DESC LIMIT $3
) AS latest ORDER BY at, seq;

-- offers --
-- The facts of every offer of each interaction that agents hold now.
SELECT j.facts FROM interaction i JOIN journal j ON j.interaction_id = i.id AND j.kind = 'offered'
WHERE i.ended_at IS NULL AND i.offer_id IS NOT NULL;

-- has_consented --
SELECT given FROM consent WHERE medium = $1 AND address = $2 AND purpose = $3;

-- followed_up_since --
SELECT EXISTS (
    SELECT FROM interaction
    WHERE follows IS NOT NULL AND address = $2 AND dialled = $1 AND arrived_at >= $4 AND follows ->> 'flow' = $3
        AND stage <> 'scheduled' AND outcome IS DISTINCT FROM 'not_asked'
) AS told;

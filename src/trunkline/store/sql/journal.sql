-- of_interaction --
SELECT seq, at, kind, interaction_id, agent_id, facts FROM journal WHERE interaction_id = $1::uuid ORDER BY seq;

-- roll_call_before --
-- The last roll call up to a line; null where there is none.
SELECT max(seq) AS seq FROM journal WHERE kind = 'roll_called' AND seq <= $1;

-- last --
SELECT max(seq) AS seq FROM journal;

-- between --
-- The first and the last line of a stretch of time; null where nothing happened in it. By times, for which lines are
-- not quite in order: a few that are a little older or younger may be among those in between.
SELECT min(seq) AS first, max(seq) AS last FROM journal WHERE at >= $1 AND at < $2;

-- page --
-- The next $4 lines of these kinds after a line, up to another.
SELECT seq, at, kind, interaction_id, agent_id, facts FROM journal
WHERE seq > $1 AND seq <= $2 AND kind = ANY($3::text[]) ORDER BY seq LIMIT $4;

-- known_agents --
-- The names of all agents there ever were.
SELECT id, name FROM agent;

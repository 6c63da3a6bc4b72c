-- active --
-- Every agent who is not retired.
SELECT id, name, role, queues, presence, reason, since, idle_since, phone, offered_at, busy_s, busy_at,
    unanswered, back_at
FROM agent WHERE retired_at IS NULL ORDER BY id;

-- put --
-- $1 is a JSON array of the agents of the centre file, $2 the time: those in it exist afterwards, with the presence they
-- had; all others are retired, out of their browsers and without a SIP account. $3 is the token under which it is written.
WITH fence AS (
    SELECT token FROM dispatcher_lease WHERE token = $3 FOR KEY SHARE
), put AS (
    INSERT INTO agent AS a (id, name, role, queues, sip_ha1, web_ha1)
    SELECT id, name, role, queues, sip_ha1, web_ha1 FROM jsonb_populate_recordset(NULL::agent, $1)
    WHERE EXISTS (SELECT FROM fence)
    ON CONFLICT (id) DO UPDATE SET
        name = EXCLUDED.name, role = EXCLUDED.role, queues = EXCLUDED.queues,
        sip_ha1 = EXCLUDED.sip_ha1, web_ha1 = EXCLUDED.web_ha1, retired_at = NULL
    RETURNING id
), retired AS (
    UPDATE agent SET retired_at = $2, presence = 'offline', reason = NULL, since = $2
    WHERE retired_at IS NULL AND id NOT IN (SELECT id FROM jsonb_populate_recordset(NULL::agent, $1))
        AND EXISTS (SELECT FROM fence)
    RETURNING id
), left_out AS (
    DELETE FROM session WHERE agent_id IN (SELECT id FROM retired)
)
SELECT EXISTS (SELECT FROM fence) AS held;

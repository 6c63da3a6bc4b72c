-- The parts of one statement, hence of one transaction and one round trip: those that a save has something for, each a
-- `name AS (…)`. $1 interactions, $2 agents and $3 journal rows are JSON arrays of objects whose keys are columns, and
-- $6 is an object of more such arrays, by what they hold. Every interaction and agent comes once, in the order of ids
-- (no deadlocks). A message that is there already stays as it is.
-- $4 is the checksum of all: a save with journal rows fails on journal_batch when the same one has been done before.
-- $5 is the token under which we write. Where a later one is out, nothing is written, and `held` is false; as long as
-- this runs, no later one can be given.

-- fence --
    SELECT token FROM dispatcher_lease WHERE token = $5 FOR KEY SHARE

-- saved_agents --
    INSERT INTO agent AS a (id, name, role, queues, presence, reason, since, idle_since, phone, offered_at, busy_s, busy_at,
        unanswered, back_at)
    SELECT id, name, role, queues, presence, reason, since, idle_since, phone, offered_at, busy_s, busy_at,
        unanswered, back_at
    FROM jsonb_populate_recordset(NULL::agent, $2::text::jsonb)
    WHERE EXISTS (SELECT FROM fence)
    ON CONFLICT (id) DO UPDATE SET
        name = EXCLUDED.name, role = EXCLUDED.role, queues = EXCLUDED.queues,
        presence = EXCLUDED.presence, reason = EXCLUDED.reason, since = EXCLUDED.since,
        idle_since = EXCLUDED.idle_since, phone = EXCLUDED.phone,
        offered_at = EXCLUDED.offered_at, busy_s = EXCLUDED.busy_s, busy_at = EXCLUDED.busy_at,
        unanswered = EXCLUDED.unanswered, back_at = EXCLUDED.back_at

-- saved_interactions --
    INSERT INTO interaction AS i
    SELECT * FROM json_populate_recordset(NULL::interaction, $1::text::json)
    WHERE EXISTS (SELECT FROM fence)
    ON CONFLICT (id) DO UPDATE SET
        medium = EXCLUDED.medium, work = EXCLUDED.work,
        stage = EXCLUDED.stage, stage_since = EXCLUDED.stage_since, arrived_at = EXCLUDED.arrived_at,
        address = EXCLUDED.address, e164 = EXCLUDED.e164, caller_name = EXCLUDED.caller_name,
        dialled = EXCLUDED.dialled, trunk = EXCLUDED.trunk, thread = EXCLUDED.thread,
        call_id = EXCLUDED.call_id, call_channel = EXCLUDED.call_channel,
        customer_id = EXCLUDED.customer_id, run = EXCLUDED.run,
        queue = EXCLUDED.queue, queued_at = EXCLUDED.queued_at, entry = EXCLUDED.entry,
        offer_id = EXCLUDED.offer_id, offered_to = EXCLUDED.offered_to,
        offered_at = EXCLUDED.offered_at, offer_expires_at = EXCLUDED.offer_expires_at,
        agent_id = EXCLUDED.agent_id, answered_at = EXCLUDED.answered_at, held_since = EXCLUDED.held_since,
        talk_ended_at = EXCLUDED.talk_ended_at, wrap_up_until = EXCLUDED.wrap_up_until,
        disposition = EXCLUDED.disposition, note = EXCLUDED.note,
        voicemail_file = EXCLUDED.voicemail_file, voicemail_length = EXCLUDED.voicemail_length,
        outcome = EXCLUDED.outcome, ended_at = EXCLUDED.ended_at,
        offer_answered_at = EXCLUDED.offer_answered_at, callback = EXCLUDED.callback, place = EXCLUDED.place,
        beside = EXCLUDED.beside, handed = EXCLUDED.handed, follows = EXCLUDED.follows

-- saved_messages --
    INSERT INTO message (id, interaction_id, at, side, text, agent_id, choices, keyboard, hidden, details)
    SELECT id, interaction_id, at, side, text, agent_id, choices, keyboard, hidden, details
    FROM ROWS FROM (
        jsonb_to_recordset($6::text::jsonb -> 'messages')
            AS (id uuid, interaction_id uuid, at timestamptz, side text, text text, agent_id text, choices jsonb,
                keyboard text, hidden boolean, details jsonb)
    ) WITH ORDINALITY AS m (id, interaction_id, at, side, text, agent_id, choices, keyboard, hidden, details, place)
    WHERE EXISTS (SELECT FROM fence)
    ORDER BY place
    ON CONFLICT (id) DO NOTHING

-- attached --
    UPDATE file AS f SET message_id = a.message_id
    FROM jsonb_to_recordset($6::text::jsonb -> 'attached') AS a (id uuid, message_id uuid)
    WHERE f.id = a.id AND f.message_id IS NULL AND EXISTS (SELECT FROM fence)

-- saved_reads --
    INSERT INTO read_mark (interaction_id, side, message_id, at)
    SELECT interaction_id, side, message_id, at
    FROM jsonb_to_recordset($6::text::jsonb -> 'reads')
        AS r (interaction_id uuid, side text, message_id uuid, at timestamptz)
    WHERE EXISTS (SELECT FROM fence)
    ON CONFLICT (interaction_id, side) DO UPDATE SET message_id = EXCLUDED.message_id, at = EXCLUDED.at

-- saved_outgoing --
    INSERT INTO outgoing AS o (id, channel, address, text, at, interaction_id, message_id, anyway, state, tries, due,
        external, why, details)
    SELECT id, channel, address, text, at, interaction_id, message_id, anyway, state, tries, due, external, why, details
    FROM ROWS FROM (
        jsonb_to_recordset($6::text::jsonb -> 'outgoing')
            AS (id uuid, channel text, address text, text text, at timestamptz, interaction_id uuid, message_id uuid,
                anyway boolean, state text, tries integer, due timestamptz, external text, why text,
                details jsonb)
    ) WITH ORDINALITY AS m (id, channel, address, text, at, interaction_id, message_id, anyway, state, tries, due,
        external, why, details, place)
    WHERE EXISTS (SELECT FROM fence)
    ORDER BY place
    ON CONFLICT (id) DO UPDATE SET
        state = EXCLUDED.state, tries = EXCLUDED.tries, due = EXCLUDED.due, external = EXCLUDED.external,
        why = EXCLUDED.why

-- opted_out --
    INSERT INTO opt_out (medium, address, since)
    SELECT medium, address, since
    FROM jsonb_to_recordset($6::text::jsonb -> 'opt_outs')
        AS s (medium text, address text, since timestamptz, ended boolean)
    WHERE NOT ended AND EXISTS (SELECT FROM fence)
    ON CONFLICT (medium, address) DO NOTHING

-- opted_in --
    DELETE FROM opt_out AS s
    USING jsonb_to_recordset($6::text::jsonb -> 'opt_outs') AS w (medium text, address text, ended boolean)
    WHERE s.medium = w.medium AND s.address = w.address AND w.ended AND EXISTS (SELECT FROM fence)

-- consented --
    INSERT INTO consent (medium, address, purpose, given, at, how)
    SELECT medium, address, purpose, given, at, how
    FROM jsonb_to_recordset($6::text::jsonb -> 'consents')
        AS s (medium text, address text, purpose text, given boolean, at timestamptz, how text)
    WHERE EXISTS (SELECT FROM fence)
    ON CONFLICT (medium, address, purpose) DO UPDATE SET
        given = EXCLUDED.given, at = EXCLUDED.at, how = EXCLUDED.how

-- saved_drafts --
    INSERT INTO draft AS d (interaction_id, agent_id, at, version, text, details)
    SELECT interaction_id, agent_id, at, version, text, details
    FROM jsonb_to_recordset($6::text::jsonb -> 'drafts')
        AS s (interaction_id uuid, agent_id text, at timestamptz, version bigint, text text, details jsonb,
            over boolean)
    WHERE NOT over AND EXISTS (SELECT FROM fence)
    ORDER BY interaction_id
    ON CONFLICT (interaction_id) DO UPDATE SET
        agent_id = EXCLUDED.agent_id, at = EXCLUDED.at, version = EXCLUDED.version, text = EXCLUDED.text,
        details = EXCLUDED.details

-- dropped_drafts --
    DELETE FROM draft AS d
    USING jsonb_to_recordset($6::text::jsonb -> 'drafts') AS w (interaction_id uuid, over boolean)
    WHERE d.interaction_id = w.interaction_id AND w.over AND EXISTS (SELECT FROM fence)

-- wishes_done --
    DELETE FROM contact_wish AS w
    USING jsonb_to_recordset($6::text::jsonb -> 'wishes_done') AS d (id bigint)
    WHERE w.id = d.id AND EXISTS (SELECT FROM fence)

-- written --
    INSERT INTO journal (at, kind, interaction_id, agent_id, facts, batch)
    SELECT at, kind, interaction_id, agent_id, facts, CASE place WHEN 1 THEN $4::uuid END
    FROM ROWS FROM (
        jsonb_to_recordset($3::text::jsonb)
            AS (at timestamptz, kind text, interaction_id uuid, agent_id text, facts jsonb)
    ) WITH ORDINALITY AS entry (at, kind, interaction_id, agent_id, facts, place)
    WHERE EXISTS (SELECT FROM fence)
    ORDER BY place

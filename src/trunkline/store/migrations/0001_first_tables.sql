-- Agents, interactions, customers, sessions, the journal, and what Asterisk reads of them.
-- Core SQL only: the embedded PostgreSQL has no contrib.

CREATE TABLE agent (
    id            text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9._-]*$' AND id NOT LIKE '%-web'),
    name          text NOT NULL,
    role          text NOT NULL DEFAULT 'agent',
    queues        text[] NOT NULL DEFAULT '{}',
    presence      text NOT NULL DEFAULT 'offline' CHECK (presence IN ('offline', 'ready', 'not_ready')),
    reason        text,
    since         timestamptz,
    idle_since    timestamptz,
    phone         text NOT NULL DEFAULT 'browser' CHECK (phone IN ('browser', 'sip')),
    busy          uuid,
    sip_ha1       text CHECK (sip_ha1 ~ '^[0-9a-f]{32}$'),
    web_ha1       text CHECK (web_ha1 ~ '^[0-9a-f]{32}$'),
    password_hash text,
    retired_at    timestamptz
) WITH (fillfactor = 70);
COMMENT ON TABLE agent IS 'A person who handles interactions. Never deleted: history names them.';
COMMENT ON COLUMN agent.busy IS 'The interaction in their hands. No foreign key: the two are written in one statement.';
COMMENT ON COLUMN agent.sip_ha1 IS 'MD5 of "<id>:trunkline:<password>", the account of the desk or desktop phone.';
COMMENT ON COLUMN agent.web_ha1 IS 'MD5 of "<id>-web:trunkline:<password>", the account of the browser.';

CREATE TABLE session (
    token_sha256 bytea PRIMARY KEY,
    agent_id     text NOT NULL REFERENCES agent ON DELETE CASCADE,
    opened_at    timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX session_expires_at ON session (expires_at);
CREATE INDEX session_agent ON session (agent_id);
COMMENT ON TABLE session IS 'A browser''s log-in. The token itself is known to the browser only.';

CREATE TABLE customer (
    id         uuid PRIMARY KEY,
    name       text,
    tags       text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL
);

CREATE TABLE customer_address (
    medium      text NOT NULL,
    address     text NOT NULL CHECK (address <> ''),
    customer_id uuid NOT NULL REFERENCES customer ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (medium, address)
);
CREATE INDEX customer_address_customer ON customer_address (customer_id);

CREATE TABLE interaction (
    id               uuid PRIMARY KEY,
    medium           text NOT NULL CHECK (medium IN ('voice', 'chat', 'sms', 'email', 'social', 'video')),
    work             text NOT NULL CHECK (work IN ('call', 'voicemail')),
    stage            text NOT NULL
                     CHECK (stage IN ('in_flow', 'waiting', 'offered', 'talking', 'wrap_up', 'ended')),
    stage_since      timestamptz NOT NULL,
    arrived_at       timestamptz NOT NULL,
    address          text NOT NULL,
    e164             text,
    caller_name      text NOT NULL,
    dialled          text NOT NULL,
    trunk            text NOT NULL,
    call_id          text,
    call_channel     text,
    customer_id      uuid,
    run              json,
    queue            text,
    queued_at        timestamptz,
    entry            jsonb,
    offer_id         uuid,
    offered_to       text,
    offered_at       timestamptz,
    offer_expires_at timestamptz,
    agent_id         text REFERENCES agent,
    answered_at      timestamptz,
    held_since       timestamptz,
    talk_ended_at    timestamptz,
    wrap_up_until    timestamptz,
    disposition      text,
    note             text NOT NULL,
    voicemail_file   text,
    voicemail_length interval,
    outcome          text CHECK (outcome IN ('handled', 'abandoned', 'ended_in_flow', 'voicemail', 'fallback')),
    ended_at         timestamptz,
    CHECK ((stage = 'ended') = (ended_at IS NOT NULL)),
    CHECK ((call_id IS NULL) = (call_channel IS NULL)),
    CHECK ((queue IS NULL) = (entry IS NULL) AND (queue IS NULL) = (queued_at IS NULL)),
    CHECK (num_nulls(offer_id, offered_to, offered_at, offer_expires_at) IN (0, 4)),
    CHECK ((voicemail_file IS NULL) = (voicemail_length IS NULL))
) WITH (fillfactor = 70);
-- No index names `stage`: a row that moves on stays a heap-only update until it ends.
CREATE INDEX interaction_live ON interaction (arrived_at) WHERE ended_at IS NULL;
CREATE INDEX interaction_of_customer ON interaction (customer_id, arrived_at DESC, id) WHERE ended_at IS NOT NULL;
COMMENT ON TABLE interaction IS 'One matter over one channel, from arrival to the end of wrap-up.';
COMMENT ON COLUMN interaction.call_id IS 'asterisk/uniqueid of the caller''s channel, while there is one.';
COMMENT ON COLUMN interaction.customer_id IS
    'No foreign key: erasing a customer must not make the state of a call that is under way unwritable.';
COMMENT ON COLUMN interaction.run IS 'The flow run, as flows writes it. Not jsonb, which would make 1e+16 a whole number.';
COMMENT ON COLUMN interaction.entry IS 'The place in the queue beyond queue and queued_at: priority, overflow, music, announcements.';

CREATE TABLE journal (
    seq            bigint GENERATED ALWAYS AS IDENTITY,
    at             timestamptz NOT NULL,
    kind           text NOT NULL,
    interaction_id uuid,
    agent_id       text,
    facts          jsonb NOT NULL,
    batch          uuid,
    -- `at` is in the key so that the table can be partitioned by time without another key.
    PRIMARY KEY (seq, at)
);
CREATE UNIQUE INDEX journal_batch ON journal (batch, at) WHERE batch IS NOT NULL;
CREATE INDEX journal_at ON journal USING brin (at);
CREATE INDEX journal_of_interaction ON journal (interaction_id, seq) WHERE interaction_id IS NOT NULL;
CREATE INDEX journal_agent_work ON journal (agent_id, at)
    WHERE kind IN ('wrapped_up', 'wrap_up_timed_out', 'declined', 'rang_out');
COMMENT ON TABLE journal IS 'The append-only list of everything that happened. No foreign keys: it outlives what it names.';
COMMENT ON COLUMN journal.batch IS 'On the first row of a save: its checksum. A save that is repeated writes nothing twice.';

-- What Asterisk reads (sorcery realtime): a column is an option of res_pjsip, NULL leaves the option at its default.

CREATE VIEW agent_endpoint AS
SELECT id AS endpoint, id AS agent_id, name, false AS web, sip_ha1 AS ha1
FROM agent WHERE retired_at IS NULL AND sip_ha1 IS NOT NULL
UNION ALL
SELECT id || '-web', id, name, true, web_ha1
FROM agent WHERE retired_at IS NULL AND web_ha1 IS NOT NULL;
COMMENT ON VIEW agent_endpoint IS 'The two SIP accounts of every agent who is not retired.';

CREATE VIEW ps_endpoints AS
SELECT
    endpoint AS id,
    'agents'::text AS context,
    endpoint AS aors,
    endpoint AS auth,
    'auth_username,username'::text AS identify_by,
    CASE WHEN web THEN '!all,opus,ulaw' ELSE '!all,g722,ulaw,alaw' END AS allow,
    CASE WHEN web THEN 'yes' END AS webrtc,
    'no'::text AS direct_media,
    'yes'::text AS rtp_symmetric,
    'yes'::text AS force_rport,
    'yes'::text AS rewrite_contact,
    'auto'::text AS dtmf_mode,
    'yes'::text AS timers,
    '60'::text AS rtp_timeout,
    '3600'::text AS rtp_timeout_hold,
    'default'::text AS moh_suggest,
    'no'::text AS allow_transfer,
    'no'::text AS allow_subscribe,
    -- Realtime reads `;` as the end of one value and the start of the next, and `^` as an escape.
    '"' || translate(name, E'"\\<>;^\r\n\t', '') || '" <' || agent_id || '>' AS callerid
FROM agent_endpoint;

CREATE VIEW ps_auths AS
SELECT
    endpoint AS id,
    'md5'::text AS auth_type,
    endpoint AS username,
    'trunkline'::text AS realm,
    ha1 AS md5_cred
FROM agent_endpoint;

CREATE VIEW ps_aors AS
SELECT
    endpoint AS id,
    -- Asterisk selects aors by `contact` when it starts; ours come by REGISTER only.
    NULL::text AS contact,
    '1'::text AS max_contacts,
    'yes'::text AS remove_existing,
    '30'::text AS minimum_expiration,
    '120'::text AS default_expiration,
    CASE WHEN web THEN '15' ELSE '30' END AS qualify_frequency,
    '3.0'::text AS qualify_timeout,
    'yes'::text AS support_path
FROM agent_endpoint;

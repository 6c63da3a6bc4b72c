-- Visitors of a web chat who talk by their browsers: accounts that live as long as the call they are for.

CREATE INDEX interaction_of_browser ON interaction ((callback ->> 'endpoint'))
    WHERE ended_at IS NULL AND callback ->> 'endpoint' IS NOT NULL;
COMMENT ON COLUMN interaction.callback IS
    'Whom to call back: number, due_at (null: when the place comes up), tries; of a browser its endpoint and ha1.';

CREATE VIEW visitor_endpoint AS
SELECT callback ->> 'endpoint' AS endpoint, callback ->> 'ha1' AS ha1
FROM interaction WHERE ended_at IS NULL AND callback ->> 'endpoint' IS NOT NULL;
COMMENT ON VIEW visitor_endpoint IS 'The SIP account of each visitor who waits to talk, or talks, by their browser.';

-- The same columns, so that Asterisk's user keeps its right to read them. A visitor can be called, and can call nobody:
-- no extension is in their context.
CREATE OR REPLACE VIEW ps_endpoints AS
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
FROM agent_endpoint
UNION ALL
SELECT
    endpoint, 'visitors', endpoint, endpoint, 'auth_username,username', '!all,opus,ulaw', 'yes', 'no', 'yes', 'yes',
    'yes', 'auto', 'yes', '60', '3600', 'default', 'no', 'no', '"Visitor" <visitor>'
FROM visitor_endpoint;

CREATE OR REPLACE VIEW ps_auths AS
SELECT
    endpoint AS id,
    'md5'::text AS auth_type,
    endpoint AS username,
    'trunkline'::text AS realm,
    ha1 AS md5_cred
FROM agent_endpoint
UNION ALL
SELECT endpoint, 'md5', endpoint, 'trunkline', ha1 FROM visitor_endpoint;

CREATE OR REPLACE VIEW ps_aors AS
SELECT
    endpoint AS id,
    NULL::text AS contact,
    '1'::text AS max_contacts,
    'yes'::text AS remove_existing,
    '30'::text AS minimum_expiration,
    '120'::text AS default_expiration,
    CASE WHEN web THEN '15' ELSE '30' END AS qualify_frequency,
    '10.0'::text AS qualify_timeout,
    'yes'::text AS support_path
FROM agent_endpoint
UNION ALL
SELECT endpoint, NULL, '1', 'yes', '30', '60', '15', '10.0', 'yes' FROM visitor_endpoint;

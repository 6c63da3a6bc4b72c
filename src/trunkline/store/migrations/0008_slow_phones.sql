-- A phone counts as gone when it has not answered for ten seconds, not three: on a switch that is as busy as it can be
-- answers come late, and to lose all phones then would leave everybody waiting for good.

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
FROM agent_endpoint;

-- here --
SELECT current_database()::text AS name;

-- ensure --
-- Asterisk's user: it reads the three views and nothing else. A DO block takes no parameters: {role} and {verifier}
-- are put in by switch_role.py, which makes both. The lock is for two services that start at once.
DO $do$
BEGIN
    PERFORM pg_advisory_xact_lock(499968338539);
    BEGIN
        CREATE ROLE {role} LOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL;
    END;
    ALTER ROLE {role} PASSWORD '{verifier}' CONNECTION LIMIT 20;
    ALTER ROLE {role} SET default_transaction_read_only = on;
    -- Asterisk asks from the threads that serve phones: better no answer than a late one.
    ALTER ROLE {role} SET statement_timeout = '2s';
    GRANT SELECT ON ps_endpoints, ps_auths, ps_aors TO {role};
END
$do$;

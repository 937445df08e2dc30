-- Owns the database, its schemas and its roles; what is inside a schema belongs to the service.
--
-- Run by psql as the superuser, as often as one likes: by the local runner and by the compose file at
-- every start. For every service SVC it reads from the environment
--   SVC_DATABASE_PASSWORD   of the role `svc`, which reads and writes rows
--   SVC_OWNER_PASSWORD      of the role `svc_owner`, which owns the schema and runs the migrations
-- and, where it is there, POSTGRES_PASSWORD of the superuser. Needs psql 15 (\getenv).

\set ON_ERROR_STOP on

\getenv superuser_password POSTGRES_PASSWORD
\if :{?superuser_password}
ALTER ROLE CURRENT_USER PASSWORD :'superuser_password';
\endif

SELECT 'CREATE DATABASE saldo' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'saldo')
\gexec
\connect saldo

\getenv auth_password AUTH_DATABASE_PASSWORD
\getenv auth_owner_password AUTH_OWNER_PASSWORD
\getenv wallet_password WALLET_DATABASE_PASSWORD
\getenv wallet_owner_password WALLET_OWNER_PASSWORD
\getenv payments_password PAYMENTS_DATABASE_PASSWORD
\getenv payments_owner_password PAYMENTS_OWNER_PASSWORD
\getenv shop_password SHOP_DATABASE_PASSWORD
\getenv shop_owner_password SHOP_OWNER_PASSWORD
\getenv finance_password FINANCE_DATABASE_PASSWORD
\getenv finance_owner_password FINANCE_OWNER_PASSWORD
\getenv notifications_password NOTIFICATIONS_DATABASE_PASSWORD
\getenv notifications_owner_password NOTIFICATIONS_OWNER_PASSWORD

BEGIN;

CREATE TEMPORARY TABLE service (name text, password text, owner_password text) ON COMMIT DROP;
INSERT INTO service VALUES
    ('auth', :'auth_password', :'auth_owner_password'),
    ('wallet', :'wallet_password', :'wallet_owner_password'),
    ('payments', :'payments_password', :'payments_owner_password'),
    ('shop', :'shop_password', :'shop_owner_password'),
    ('finance', :'finance_password', :'finance_owner_password'),
    ('notifications', :'notifications_password', :'notifications_owner_password');

CREATE TEMPORARY VIEW role AS
    SELECT name, password FROM service
    UNION ALL
    SELECT name || '_owner', owner_password FROM service;

-- Nobody gets anything by default.
REVOKE ALL ON DATABASE saldo FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

SELECT format('CREATE ROLE %I', name) FROM role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role.name)
\gexec

SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD %L', name, password)
FROM role
\gexec

SELECT format('GRANT CONNECT ON DATABASE saldo TO %I', name) FROM role
\gexec

-- %1$I is the service: its schema and the role that works with rows; %2$I is the owner.
SELECT format(statement, name, name || '_owner')
FROM service
CROSS JOIN (VALUES
    (1, 'CREATE SCHEMA IF NOT EXISTS %1$I AUTHORIZATION %2$I'),
    (2, 'ALTER ROLE %1$I IN DATABASE saldo SET search_path = %1$I'),
    (3, 'ALTER ROLE %2$I IN DATABASE saldo SET search_path = %1$I'),
    (4, 'GRANT USAGE ON SCHEMA %1$I TO %1$I'),
    -- what is there already
    (5, 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %1$I TO %1$I'),
    (6, 'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %1$I TO %1$I'),
    (7, 'GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %1$I TO %1$I'),
    -- what the owner will create
    (8, 'ALTER DEFAULT PRIVILEGES FOR ROLE %2$I IN SCHEMA %1$I
         GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %1$I'),
    (9, 'ALTER DEFAULT PRIVILEGES FOR ROLE %2$I IN SCHEMA %1$I
         GRANT USAGE, SELECT ON SEQUENCES TO %1$I'),
    (10, 'ALTER DEFAULT PRIVILEGES FOR ROLE %2$I IN SCHEMA %1$I
          GRANT EXECUTE ON FUNCTIONS TO %1$I')
) AS step (position, statement)
ORDER BY name, position
\gexec

-- Step 5 gave back what a migration took: the rows of these tables are only ever added.
SELECT format('REVOKE UPDATE, DELETE ON %1$I.%2$I FROM %1$I', nspname, relname)
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE tgname = 'append_only' AND nspname IN (SELECT name FROM service)
\gexec

COMMIT;

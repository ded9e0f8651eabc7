-- The three database roles and the database of Atlas; safe to run again, which sets the passwords anew.
--
-- compose.yaml runs it when its PostgreSQL starts for the first time. On a server of your own, as a
-- superuser, with the passwords in the environment so that no argument shows them (psql 15 or newer):
--   DB_OWNER_PASSWORD=... DB_APP_PASSWORD=... DB_SIGNER_PASSWORD=... psql -f deploy/postgres/roles.sql
-- Rights on tables come later, from `manage.py grant_roles` after each migration.
\set ON_ERROR_STOP on
\getenv owner_password DB_OWNER_PASSWORD
\getenv app_password DB_APP_PASSWORD
\getenv signer_password DB_SIGNER_PASSWORD

SELECT format('CREATE ROLE %I', name)
FROM unnest(ARRAY['atlas_owner', 'atlas_app', 'atlas_signer']) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name)
\gexec

-- A server that logs statements must not log these: they hold the passwords.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
ALTER ROLE atlas_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE atlas_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
ALTER ROLE atlas_signer LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'signer_password';

SELECT 'CREATE DATABASE atlas OWNER atlas_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'atlas')
\gexec

REVOKE ALL ON DATABASE atlas FROM PUBLIC;
GRANT CONNECT ON DATABASE atlas TO atlas_app, atlas_signer;
\connect atlas
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

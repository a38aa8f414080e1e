#!/bin/sh
# Run once by the database's image, when the data folder is made: the role that the program signs in with. It owns
# nothing and inherits nothing; what it may do it is granted by `throughgate migrate up`.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$PROGRAM_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE throughgate LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'password';
SQL

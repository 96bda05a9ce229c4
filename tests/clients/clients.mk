# The clients' drivers; included by the Makefile.
CLIENT_PACKAGES := python3-psycopg python3-psycopg2 python3-asyncpg python3-sqlalchemy python3-django nodejs npm \
	libpostgresql-jdbc-java default-jdk-headless golang-go golang-github-lib-pq-dev golang-github-jackc-pgx-v4-dev ruby ruby-pg \
	php-cli php-pgsql libdbd-pg-perl

.PHONY: deps-clients
deps-clients: ## the drivers that tests/clients tries: Debian packages, and some from npm
	@BUILD=$(BUILD) tests/clients/deps $(CLIENT_PACKAGES)

/* Catalog snapshots from text, for tests: plain DDL, read with libpg_query, and directives in lines of their
 * own that begin with '@'. tests/lib/shop.catalog is the example that most tests use.
 *
 *   @tenant_column tenant_id integer      column and type (default: tenant_id integer)
 *   @tables orders shop.carts:shop_id     relations configured as tenant relations, some with a column of their own
 *   @shared countries                     relations configured as shared
 *   @tenants public.tenants               the table of tenants (default)
 *   @tenant 1 2 3                         known tenants
 *   @user app                             current_user
 *   @search_path "$user", public          default search_path
 *   @server 150000                        server_version_num
 *
 * Statements: CREATE SCHEMA, TABLE (PRIMARY KEY, UNIQUE, serial, identity, generated, LIKE, INHERITS,
 * PARTITION OF), FOREIGN TABLE, UNIQUE INDEX, INDEX .. USING gin (of patterns), SEQUENCE, VIEW, MATERIALIZED VIEW, RULE (what it reads),
 * FUNCTION and PROCEDURE, AGGREGATE, ALTER TABLE ADD constraint. Views list their columns: CREATE VIEW v (a,
 * b) AS ..; names that come from plain columns may be left out. `public` and the usual relations and
 * functions of pg_catalog are always there. */
#ifndef TENANTRY_TESTS_CATALOG_TEXT_H
#define TENANTRY_TESTS_CATALOG_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "parser/catalog.h"

/* A finished snapshot with one reference. Mistakes in the text end the process with a message: the text is
 * part of the test. */
struct catalog *catalog_text_parse(const char *text, uint64_t generation);
struct catalog *catalog_text_read(const char *path, uint64_t generation);

/* The shop of tests/lib/shop.catalog, found from the repository's root or any directory below it. */
struct catalog *catalog_text_shop(uint64_t generation);

#endif

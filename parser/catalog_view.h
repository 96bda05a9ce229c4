/* Internal to the catalog: views that show the tenant column. */
#ifndef TENANTRY_PARSER_CATALOG_VIEW_H
#define TENANTRY_PARSER_CATALOG_VIEW_H

#include <stdbool.h>

#include "parser/catalog.h"

/* Is every row of this view (kind v, with a definition and a tenant column) made of one row of one tenant
 * relation, and is its tenant column that row's? Then a condition on the view's tenant column confines it, and
 * rows written through it are that relation's. False also for what cannot be read. */
bool catalog_view_is_plain(const struct catalog *catalog, const struct catalog_relation *view);

#endif

/* What tenantry does with every relation and function of a snapshot: isolation and flags.
 *
 * Both depend on each other (a view may call a function that reads a view), so they are decided together,
 * from the facts up to a fixpoint: a relation only ever moves from shared to something stricter, a function
 * only from harmless to flagged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser/body.h"
#include "parser/catalog_internal.h"
#include "parser/catalog_view.h"
#include "parser/encoding.h"

/* A name that a body uses. */
struct use {
	struct catalog_name *name;
	bool as_relation, as_function;
};

struct uses {
	struct use *list;
	size_t n, room;
	const char *reason; /* suspicious by itself; NULL: not */
};

struct classification {
	struct catalog *catalog;
	const struct catalog_rules *rules;
	struct uses *functions, *views; /* one for each function and relation */
	bool changed;
};

/* Objects that initdb made have smaller ones (FirstNormalObjectId). */
enum { FIRST_NORMAL_OID = 16384 };

static bool system_schema(const char *schema)
{
	return strcmp(schema, "pg_catalog") == 0 || strcmp(schema, "information_schema") == 0;
}

/* --- facts of one relation --- */

static const struct catalog_configured *configured(const struct catalog_configured *list, size_t n,
												   const struct catalog_relation *relation)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, relation->name) == 0 &&
			(!list[i].schema || strcmp(list[i].schema, relation->schema) == 0))
			return &list[i];
	return NULL;
}

static int find_column(const struct catalog_relation *relation, const char *name)
{
	for (size_t i = 0; i < relation->n_columns; i++)
		if (strcmp(relation->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* Catalogs with rows' values, other sessions' text or secrets; by name, in whatever schema an extension put
 * them. */
static bool holds_data(const struct catalog_relation *relation)
{
	static const char *const SYSTEM[] = {
		"pg_statistic", "pg_statistic_ext_data", "pg_stats", "pg_stats_ext", "pg_stats_ext_exprs",
		/* the rows that a statement has looked at, at once: EXPLAIN ANALYZE by another way */
		"pg_stat_xact_all_tables", "pg_stat_xact_sys_tables", "pg_stat_xact_user_tables", "pg_stat_activity",
		"pg_largeobject", "pg_authid", "pg_shadow", "citus_stat_activity", "citus_dist_stat_activity",
		"citus_lock_waits", "citus_stat_statements", NULL};
	static const char *const EXTENSIONS[] = {"pg_stat_statements",
											 "pg_stat_monitor",
											 "pg_store_plans",
											 "pg_show_plans",
											 "pg_qualstats",
											 "pg_active_session_history",
											 NULL};
	if (strcmp(relation->schema, "pg_toast") == 0)
		return true;
	bool system = strcmp(relation->schema, "pg_catalog") == 0;
	for (const char *const *name = system ? SYSTEM : EXTENSIONS; *name; name++)
		if (strcmp(relation->name, *name) == 0)
			return true;
	return false;
}

/* The tenant column, with a type that can be compared with a tenant's value; varchar is compared as text. */
static bool has_tenant_column(struct catalog_relation *relation, const char *column)
{
	enum { VARCHAR_OID = 1043 };
	relation->tenant_column = find_column(relation, column);
	if (relation->tenant_column < 0)
		return false;
	uint32_t oid = relation->columns[relation->tenant_column].type_oid;
	if (oid == VARCHAR_OID)
		oid = tenant_type_oid(TENANT_TEXT);
	return tenant_type_from_oid(oid, &relation->tenant_type);
}

static bool is_tenants_table(const struct catalog_rules *rules, const struct catalog_relation *relation)
{
	return rules->tenants_table && strcmp(rules->tenants_table, relation->name) == 0 &&
		   (!rules->tenants_schema || strcmp(rules->tenants_schema, relation->schema) == 0) &&
		   (relation->kind == 'r' || relation->kind == 'p');
}

static enum isolation own_isolation(const struct catalog_rules *rules, struct catalog_relation *relation)
{
	if (holds_data(relation))
		return ISOLATION_DATA;
	if (system_schema(relation->schema) || strchr("rpvmf", relation->kind) == NULL)
		return ISOLATION_SHARED;
	if (is_tenants_table(rules, relation))
		return has_tenant_column(relation, "id") ? ISOLATION_TENANTS : ISOLATION_REFUSED;
	if (configured(rules->shared, rules->n_shared, relation))
		return ISOLATION_SHARED;
	const struct catalog_configured *entry = configured(rules->configured, rules->n_configured, relation);
	if (has_tenant_column(relation, entry && entry->column ? entry->column : rules->tenant_column))
		return ISOLATION_TENANT;
	/* A column of a type that cannot be compared, or a configured table that has none yet. */
	if (relation->tenant_column >= 0 || entry)
		return ISOLATION_REFUSED;
	return ISOLATION_SHARED;
}

/* --- what follows from other relations --- */

static void restrict_to(struct classification *all, struct catalog_relation *relation,
						enum isolation isolation)
{
	relation->isolation = isolation;
	all->changed = true;
	struct catalog_name *name = catalog_name(all->catalog, relation->name, strlen(relation->name));
	if (isolation != ISOLATION_SHARED)
		name->relation = true;
}

static const char *operator_reason(struct classification *all, const char *text);

static const char *flagged_use(const struct uses *uses)
{
	if (uses->reason)
		return uses->reason;
	for (size_t i = 0; i < uses->n; i++)
		if (uses->list[i].as_function && uses->list[i].name->function)
			return uses->list[i].name->reason;
	return NULL;
}

/* The strictest of what a view reads: DATA, then REFUSED, then anything of tenants. */
static enum isolation reads(const struct catalog *catalog, const struct catalog_relation *relation)
{
	bool tenants = false, data = false;
	for (size_t i = 0; i < relation->n_depends; i++) {
		const struct catalog_relation *source = catalog_relation_by_oid(catalog, relation->depends[i]);
		if (!source || source->isolation == ISOLATION_REFUSED)
			return ISOLATION_REFUSED;
		if (source == relation)
			continue;
		data |= source->isolation == ISOLATION_DATA;
		tenants |= source->isolation != ISOLATION_SHARED;
	}
	return data ? ISOLATION_DATA : tenants ? ISOLATION_VIEW : ISOLATION_SHARED;
}

/* Such a view can be updated, and its row is a setting of the session: search_path, the tenant. */
static bool shows_settings(const struct catalog *catalog, const struct catalog_relation *view)
{
	for (size_t i = 0; i < view->n_depends; i++) {
		const struct catalog_relation *source = catalog_relation_by_oid(catalog, view->depends[i]);
		if (source && strcmp(source->name, "pg_settings") == 0 && strcmp(source->schema, "pg_catalog") == 0)
			return true;
	}
	return false;
}

static enum isolation view_isolation(struct classification *all, size_t i)
{
	const struct catalog_relation *relation = &all->catalog->relations[i];
	if (!relation->view_definition || flagged_use(&all->views[i]) ||
		operator_reason(all, relation->view_definition) || shows_settings(all->catalog, relation))
		return ISOLATION_REFUSED;
	enum isolation isolation = reads(all->catalog, relation);
	if (isolation == ISOLATION_VIEW && relation->kind == 'm')
		return ISOLATION_REFUSED;
	return isolation;
}

/* A view that shows the tenant column, over whatever relations. */
static void follow_tenant_view(struct classification *all, size_t i)
{
	struct catalog_relation *view = &all->catalog->relations[i];
	enum isolation isolation = view_isolation(all, i);
	if (isolation == ISOLATION_REFUSED || isolation == ISOLATION_DATA) {
		restrict_to(all, view, isolation);
	} else if (isolation == ISOLATION_VIEW && !view->composed && !catalog_view_is_plain(all->catalog, view)) {
		view->composed = true;
		all->changed = true;
	}
}

/* A shared relation that reads from, or shows the rows of, one that is not. */
static void follow_relation(struct classification *all, size_t i)
{
	struct catalog_relation *relation = &all->catalog->relations[i];
	const struct catalog_rules *rules = all->rules;
	if (relation->isolation == ISOLATION_TENANT && relation->kind == 'v')
		follow_tenant_view(all, i);
	if (relation->isolation != ISOLATION_SHARED && relation->isolation != ISOLATION_VIEW)
		return;
	if (system_schema(relation->schema) || configured(rules->shared, rules->n_shared, relation))
		return;
	enum isolation isolation = relation->isolation;
	if (relation->kind == 'v' || relation->kind == 'm')
		isolation = view_isolation(all, i);
	else if (relation->n_depends > 0 && reads(all->catalog, relation) != ISOLATION_SHARED)
		isolation = ISOLATION_REFUSED; /* by a rule */
	if (isolation != relation->isolation)
		restrict_to(all, relation, isolation);
}

/* Reading a parent shows its children's rows. A child that could not be recognised by itself is as closed as
 * its parent. */
static void follow_parent(struct classification *all, struct catalog_relation *child)
{
	struct catalog_relation *parent =
		(struct catalog_relation *)catalog_relation_by_oid(all->catalog, child->parent);
	if (!parent || child->parent == 0)
		return;
	bool child_closed = child->isolation == ISOLATION_TENANT || child->isolation == ISOLATION_REFUSED;
	bool parent_closed = parent->isolation == ISOLATION_TENANT || parent->isolation == ISOLATION_REFUSED;
	if (child_closed && parent->isolation == ISOLATION_SHARED)
		restrict_to(all, parent, ISOLATION_REFUSED);
	if (!parent_closed || child->isolation != ISOLATION_SHARED)
		return;
	if (parent->isolation == ISOLATION_TENANT &&
		has_tenant_column(child, parent->columns[parent->tenant_column].name))
		restrict_to(all, child, ISOLATION_TENANT);
	else
		restrict_to(all, child, ISOLATION_REFUSED);
}

/* --- functions --- */

static bool collect(void *to, struct catalog_name *name, bool as_relation, bool as_function,
					const char *reason)
{
	struct uses *uses = to;
	if (!name) {
		uses->reason = reason;
		return false;
	}
	if (uses->n == uses->room) {
		uses->room = uses->room ? uses->room * 2 : 16;
		uses->list = reallocarray(uses->list, uses->room, sizeof *uses->list);
		if (!uses->list)
			abort();
	}
	uses->list[uses->n++] = (struct use){name, as_relation, as_function};
	return true;
}

static const char *join(struct catalog *catalog, const char *format, const char *a, const char *b)
{
	char text[512];
	snprintf(text, sizeof text, format, a, b);
	return catalog_copy(catalog, text);
}

static void flag(struct classification *all, struct catalog_function *function, const char *reason)
{
	function->flagged = true;
	function->flag_reason = reason;
	struct catalog_name *name = catalog_name(all->catalog, function->name, strlen(function->name));
	if (!name->function) {
		name->function = true;
		name->reason = reason;
	}
	all->changed = true;
	all->catalog->flagged_operators |= function->kind == 'o';
}

static const char DOUBTFUL[] =
	"it has characters that are not ASCII, and the database's encoding is not UTF8";

/* Names of it may be others to the server. */
static bool is_doubtful(const struct catalog *catalog, const char *body)
{
	return catalog->folds_names && !text_is_ascii(body, strlen(body));
}

/* C code comes from the server or from extensions that a superuser installed; what it can do is known by name
 * (builtin.c). */
static const char *own_reason(struct classification *all, const struct catalog_function *function,
							  struct uses *uses)
{
	if (function->cheap)
		return "it costs less than a comparison (COST), so the server may call it with rows of other tenants";
	if (strcmp(function->language, "internal") == 0 || strcmp(function->language, "c") == 0) {
		/* Of aggregates and operators the body names the functions behind them. */
		if ((function->kind != 'a' && function->kind != 'o') || !function->body)
			return NULL;
	} else if (strcmp(function->language, "sql") != 0 && strcmp(function->language, "plpgsql") != 0) {
		return join(all->catalog, "its language \"%s\" cannot be read%s", function->language, "");
	}
	if (!function->body)
		return "its body is not known";
	if (is_doubtful(all->catalog, function->body))
		return DOUBTFUL;
	body_walk(all->catalog, function->body, collect, uses);
	return uses->reason;
}

static const char *operator_reason(struct classification *all, const char *text)
{
	const struct catalog_function *operator= text ? catalog_flagged_operator(all->catalog, text) : NULL;
	return operator? join(all->catalog, "it uses the operator %s: %s", operator->name, operator->flag_reason)
				   : NULL;
}

static const char *borrowed_reason(struct classification *all, const struct uses *uses)
{
	for (size_t i = 0; i < uses->n; i++) {
		const struct catalog_name *name = uses->list[i].name;
		if (uses->list[i].as_relation && name->relation)
			return join(all->catalog, "it names \"%s\", a relation with rows of several tenants%s",
						name->name, "");
		if (uses->list[i].as_function && name->function)
			return join(all->catalog, "it calls %s(): %s", name->name, name->reason);
	}
	return NULL;
}

static void *zeroed(size_t n, size_t size)
{
	void *memory = calloc(n ? n : 1, size);
	if (!memory)
		abort();
	return memory;
}

static void first_look(struct classification *all)
{
	struct catalog *catalog = all->catalog;
	for (size_t i = 0; i < catalog->n_relations; i++) {
		struct catalog_relation *relation = &catalog->relations[i];
		restrict_to(all, relation, own_isolation(all->rules, relation));
		if (relation->view_definition && !system_schema(relation->schema))
			body_walk(catalog, relation->view_definition, collect, &all->views[i]);
	}
	for (size_t i = 0; i < catalog->n_functions; i++) {
		struct catalog_function *function = &catalog->functions[i];
		/* The server's own SQL functions read system catalogs only; others may have been put beside them. */
		bool own = system_schema(function->schema) && function->oid < FIRST_NORMAL_OID && !function->calls;
		const char *reason = own ? NULL : own_reason(all, function, &all->functions[i]);
		function->flagged = false;
		function->flag_reason = NULL;
		if (reason)
			flag(all, function, reason);
	}
}

void catalog_classify(struct catalog *catalog, const struct catalog_rules *rules)
{
	struct classification all = {
		.catalog = catalog,
		.rules = rules,
		.functions = zeroed(catalog->n_functions, sizeof *all.functions),
		.views = zeroed(catalog->n_relations, sizeof *all.views),
	};
	first_look(&all);
	do {
		all.changed = false;
		for (size_t i = 0; i < catalog->n_relations; i++) {
			follow_relation(&all, i);
			follow_parent(&all, &catalog->relations[i]);
		}
		for (size_t i = 0; i < catalog->n_functions; i++) {
			struct catalog_function *function = &catalog->functions[i];
			const char *reason = function->flagged ? NULL : borrowed_reason(&all, &all.functions[i]);
			if (!function->flagged && !reason && function->kind != 'o')
				reason = operator_reason(&all, function->body);
			if (reason)
				flag(&all, function, reason);
		}
	} while (all.changed);
	for (size_t i = 0; i < catalog->n_functions; i++)
		free(all.functions[i].list);
	for (size_t i = 0; i < catalog->n_relations; i++)
		free(all.views[i].list);
	free(all.functions);
	free(all.views);
}

/* TRUNCATE of tenant relations: a DELETE of the tenant's rows under TRUNCATE's command tag.
 *
 * Refused: CASCADE and RESTART IDENTITY, which reach beyond the tenant; and, as by PostgreSQL, relations that
 * others refer to: DELETE would follow ON DELETE CASCADE where TRUNCATE fails. */
#include "parser/rewrite.h"

static bool refuse_truncate(struct analysis *analysis, const RangeVar *range, const char *detail)
{
	return analysis_refuse(analysis, "0A000", range ? range->location : -1,
						   "TRUNCATE of tenant relations is not possible in this form", detail,
						   "Use DELETE, which removes the tenant's own rows.");
}

/* DELETE FROM c WHERE c.T = $t at the offset `at`. */
static DeleteStmt *truncate_one(struct analysis *analysis, struct leaf *leaf, size_t at)
{
	DeleteStmt *delete = MAKE(DeleteStmt);
	const char *name = leaf_reference(leaf);
	delete->relation = leaf->range;
	const char *from = text_concat("DELETE FROM ", leaf->range->inh ? "" : "ONLY ", name, NULL);
	if (leaf->kind != LEAF_TENANT)
		return splice_text(analysis, at, 0, from) ? delete : NULL;
	delete->whereClause = leaf_predicate(analysis, leaf, at, text_concat(from, " WHERE ", NULL), "");
	return delete->whereClause ? delete : NULL;
}

/* All but the last become data-modifying CTEs. */
static bool truncate_all(struct analysis *analysis, Node **statement, struct level *level, int n, size_t at)
{
	WithClause *with = n > 1 ? MAKE(WithClause) : NULL;
	int i = 0;
	for (struct leaf *leaf = level->leaves; leaf; leaf = leaf->next) {
		bool last = ++i == n;
		char *name = analysis_text("truncated_%d", i);
		const char *before = i == 1 ? "WITH " : ", ";
		if (!last && !splice_text(analysis, at, 0, text_concat(before, name, " AS (", NULL)))
			return false;
		if (last && n > 1 && !splice_text(analysis, at, 0, " "))
			return false;
		DeleteStmt *delete = truncate_one(analysis, leaf, at);
		if (delete == NULL)
			return false;
		if (last) {
			delete->withClause = with;
			*statement = (Node *)delete;
			return true;
		}
		CommonTableExpr *cte = MAKE(CommonTableExpr);
		cte->ctename = name;
		cte->ctequery = (Node *)delete;
		with->ctes = lappend(with->ctes, cte);
		if (!splice_text(analysis, at, 0, ")"))
			return false;
	}
	return rewrite_lost(analysis, -1);
}

/* ExecuteTruncate() of PostgreSQL, with its words. */
static bool check_partitioned(struct analysis *analysis, const struct level *level)
{
	for (const struct leaf *leaf = level->leaves; leaf; leaf = leaf->next)
		if (leaf->relation && leaf->relation->kind == 'p' && !leaf->range->inh)
			return analysis_refuse(
				analysis, "42809", -1, "cannot truncate only a partitioned table", NULL,
				"Do not specify the ONLY keyword, or use TRUNCATE ONLY on the partitions directly.");
	return true;
}

/* A relation of the list, or a partition or child of one. */
static bool is_listed(const struct analysis *analysis, const struct level *level, uint32_t oid)
{
	while (oid) {
		for (const struct leaf *leaf = level->leaves; leaf; leaf = leaf->next)
			if (leaf->relation && leaf->relation->oid == oid)
				return true;
		const struct catalog_relation *relation = catalog_relation_by_oid(analysis->catalog, oid);
		oid = relation ? relation->parent : 0;
	}
	return false;
}

/* heap_truncate_check_FKs() of PostgreSQL, with its words. */
static bool check_references(struct analysis *analysis, const struct level *level)
{
	for (const struct leaf *leaf = level->leaves; leaf; leaf = leaf->next) {
		const struct catalog_relation *referred = leaf->relation;
		for (size_t i = 0; referred && i < referred->n_referencing; i++) {
			uint32_t oid = referred->referencing[i];
			const struct catalog_relation *other = catalog_relation_by_oid(analysis->catalog, oid);
			if (is_listed(analysis, level, oid))
				continue;
			const char *name = other ? other->name : "?";
			return analysis_refuse(
				analysis, "0A000", -1, "cannot truncate a table referenced in a foreign key constraint",
				analysis_text("Table \"%s\" references \"%s\".", name, referred->name),
				analysis_text("Truncate table \"%s\" at the same time, or use TRUNCATE ... CASCADE.", name));
		}
	}
	return true;
}

bool rewrite_truncate(struct analysis *analysis, Node **statement, size_t begin, size_t end)
{
	TruncateStmt *truncate = (TruncateStmt *)*statement;
	struct level *level = level_open(analysis);
	analysis->rewrite->no_position = true;
	int tenants = 0, others = 0;
	ListCell *cell;
	foreach (cell, truncate->relations) {
		RangeVar **range = (RangeVar **)&lfirst(cell);
		struct leaf *leaf = change_target(analysis, level, range, false);
		if (leaf == NULL)
			return false;
		bool tenant = leaf->kind == LEAF_TENANT;
		tenants += tenant;
		others += !tenant;
		if (tenant && leaf->relation->kind == 'v')
			return analysis_refuse(analysis, "42809", -1,
								   text_concat("\"", leaf->relation->name, "\" is not a table", NULL), NULL,
								   NULL);
		if (tenant && leaf->relation->isolation == ISOLATION_TENANTS)
			return refuse_truncate(analysis, *range, "The table of tenants cannot be truncated.");
	}
	level_close(analysis, level);
	if (tenants == 0)
		return true;
	const RangeVar *first = linitial(truncate->relations);
	if (!analysis->policy->truncate_as_delete)
		return refuse_truncate(analysis, first,
							   "It would remove the rows of all tenants; truncate_as_delete is off.");
	if (truncate->restart_seqs || truncate->behavior == DROP_CASCADE)
		return refuse_truncate(analysis, first,
							   "RESTART IDENTITY and CASCADE reach beyond the tenant's rows.");
	if (!check_partitioned(analysis, level) || !check_references(analysis, level))
		return false;
	size_t start = token_at(analysis, begin)->start;
	/* what is removed comes last at its place, so everything new stands before it */
	bool ok = truncate_all(analysis, statement, level, tenants + others, start) &&
			  splice_text(analysis, start, end_before(analysis, end) - start, NULL);
	analysis->raised_tag = "TRUNCATE TABLE";
	return ok;
}

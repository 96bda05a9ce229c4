/* The table of functions that do more than compute; see builtin.h. Names ending in '*' are prefixes. The
 * extensions named are dblink, tablefunc, xml2, adminpack, pageinspect, pg_stat_statements, pg_cron,
 * pg_background, citus, lo, refint. */
#include "parser/builtin.h"

#include <stdbool.h>
#include <string.h>

static const struct {
	const char *name;
	enum builtin kind;
} LIST[] = {
	{"query_to_xml*", BUILTIN_SQL_TEXT},
	{"table_to_xml*", BUILTIN_SQL_TEXT},
	{"schema_to_xml*", BUILTIN_SQL_ALWAYS},
	{"database_to_xml*", BUILTIN_SQL_ALWAYS},
	{"ts_stat", BUILTIN_SQL_TEXT},
	{"ts_rewrite", BUILTIN_TS_REWRITE},
	{"dblink*", BUILTIN_SQL_TEXT},
	{"crosstab*", BUILTIN_SQL_TEXT},
	{"connectby*", BUILTIN_SQL_TEXT},
	{"xpath_table", BUILTIN_SQL_TEXT},
	{"check_primary_key", BUILTIN_SQL_ALWAYS},
	{"check_foreign_key", BUILTIN_SQL_ALWAYS},
	{"schedule", BUILTIN_SQL_ALWAYS},
	{"schedule_in_database", BUILTIN_SQL_ALWAYS},
	{"alter_job", BUILTIN_SQL_ALWAYS},
	{"pg_background_launch", BUILTIN_SQL_ALWAYS},
	{"run_command_on_*", BUILTIN_SQL_ALWAYS},
	{"master_run_on_worker", BUILTIN_SQL_ALWAYS},
	{"replicate_ddl_command", BUILTIN_SQL_ALWAYS},
	{"bdr_replicate_ddl_command", BUILTIN_SQL_ALWAYS},
	{"pgr_*", BUILTIN_SQL_TEXT},
	{"_pgr_*", BUILTIN_SQL_TEXT},
	{"st_estimatedextent*", BUILTIN_DATA},
	{"_postgis_stats", BUILTIN_DATA},
	{"pg_stat_monitor*", BUILTIN_DATA},
	{"pg_store_plans*", BUILTIN_DATA},
	{"pg_show_plans*", BUILTIN_DATA},
	{"pg_qualstats*", BUILTIN_DATA},
	{"pg_active_session_history", BUILTIN_DATA},
	{"pg_stat_get_activity", BUILTIN_DATA},
	{"pg_stat_get_xact_*", BUILTIN_DATA},
	{"pg_stat_get_backend_activity", BUILTIN_DATA},
	{"pg_stat_statements", BUILTIN_DATA},
	{"pg_mcv_list_items", BUILTIN_DATA},
	{"pg_read_*", BUILTIN_REACH},
	{"pg_ls_*", BUILTIN_REACH},
	{"pg_stat_file", BUILTIN_REACH},
	{"pg_file_*", BUILTIN_REACH},
	{"pg_logdir_ls", BUILTIN_REACH},
	{"lo_*", BUILTIN_REACH},
	{"loread", BUILTIN_REACH},
	{"lowrite", BUILTIN_REACH},
	{"pg_logical_*", BUILTIN_REACH},
	{"pg_replication_*", BUILTIN_REACH},
	{"pg_create_logical_*", BUILTIN_REACH},
	{"pg_create_physical_*", BUILTIN_REACH},
	{"pg_copy_logical_*", BUILTIN_REACH},
	{"pg_copy_physical_*", BUILTIN_REACH},
	{"pg_drop_replication_slot", BUILTIN_REACH},
	{"pg_sync_replication_slots", BUILTIN_REACH},
	{"pg_terminate_backend", BUILTIN_REACH},
	{"pg_cancel_backend", BUILTIN_REACH},
	{"pg_log_backend_memory_contexts", BUILTIN_REACH},
	{"pg_reload_conf", BUILTIN_REACH},
	{"pg_rotate_logfile*", BUILTIN_REACH},
	{"pg_switch_wal", BUILTIN_REACH},
	{"pg_create_restore_point", BUILTIN_REACH},
	{"pg_start_backup", BUILTIN_REACH},
	{"pg_stop_backup", BUILTIN_REACH},
	{"pg_backup_start", BUILTIN_REACH},
	{"pg_backup_stop", BUILTIN_REACH},
	{"pg_promote", BUILTIN_REACH},
	{"pg_wal_replay_*", BUILTIN_REACH},
	{"pg_get_wal_*", BUILTIN_REACH},
	{"pg_stat_reset*", BUILTIN_REACH},
	{"pg_clear_*", BUILTIN_REACH},
	{"pg_restore_*", BUILTIN_REACH},
	{"binary_upgrade_*", BUILTIN_REACH},
	{"pg_import_system_collations", BUILTIN_REACH},
	{"get_raw_page*", BUILTIN_REACH},
	{"heap_force_*", BUILTIN_REACH},
	{"heap_page_item*", BUILTIN_REACH},
	{"tuple_data_split", BUILTIN_REACH},
	{"bt_page_items", BUILTIN_REACH},
	{"brin_page_items", BUILTIN_REACH},
	{"gist_page_items*", BUILTIN_REACH},
	{"hash_page_items", BUILTIN_REACH},
	{"gin_leafpage_items", BUILTIN_REACH},
	{"setval", BUILTIN_SETVAL},
	{"set_config", BUILTIN_SET_CONFIG},
	{"set_config_by_name", BUILTIN_SET_CONFIG},
};

static bool matches(const char *pattern, const char *name, size_t length)
{
	size_t fixed = strcspn(pattern, "*");
	if (length < fixed || memcmp(pattern, name, fixed) != 0)
		return false;
	return pattern[fixed] == '*' || length == fixed;
}

enum builtin builtin_kind(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof LIST / sizeof *LIST; i++)
		if (LIST[i].name[0] == name[0] && matches(LIST[i].name, name, length))
			return LIST[i].kind;
	return BUILTIN_HARMLESS;
}

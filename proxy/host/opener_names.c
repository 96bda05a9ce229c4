/* Host names to addresses for the opener, in libuv's thread pool; see opener.h. A name with several addresses
 * becomes several entries of libpq's host list, in the resolver's order, each with its port: libpq then tries
 * them in turn as it would by itself, keeps the name for certificate checks, and never calls the resolver. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/host/opener_internal.h"

struct opener_lookup {
	uv_getaddrinfo_t request;
	struct opener *opener; /* NULL: abandoned */
	char host[256], port[16];
};

static void go_on(struct opener *opener);

/* Item `n` of a comma-separated list; false: the list ends before. A list of one item stands for all (libpq's
 * ports). */
static bool list_item(const char *list, size_t n, char *item, size_t size)
{
	for (; n > 0; n--) {
		list = strchr(list, ',');
		if (!list)
			return false;
		list++;
	}
	snprintf(item, size, "%.*s", (int)strcspn(list, ","), list);
	return true;
}

static void append(char **list, const char *item)
{
	char *longer;
	if (asprintf(&longer, "%s%s%s", *list ? *list : "", *list ? "," : "", item) < 0)
		abort();
	free(*list);
	*list = longer;
}

static void add_entry(struct opener *opener, const char *host, const char *address, const char *port)
{
	append(&opener->hosts, host);
	append(&opener->addresses, address);
	append(&opener->ports, port);
}

static void looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct opener_lookup *lookup = (struct opener_lookup *)request;
	struct opener *opener = lookup->opener;
	char address[INET6_ADDRSTRLEN];
	if (opener && status == 0)
		for (struct addrinfo *a = found; a; a = a->ai_next)
			if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) == 0)
				add_entry(opener, lookup->host, address, lookup->port);
	if (opener && status != 0)
		snprintf(opener->why, sizeof opener->why, "host name \"%s\": %s", lookup->host, uv_strerror(status));
	uv_freeaddrinfo(found);
	free(lookup);
	if (!opener)
		return;
	opener->lookup = NULL;
	go_on(opener);
}

/* True: under way. */
static bool start_lookup(struct opener *opener, const char *host, const char *port)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct opener_lookup *lookup = calloc(1, sizeof *lookup);
	if (!lookup)
		abort();
	lookup->opener = opener;
	snprintf(lookup->host, sizeof lookup->host, "%s", host);
	snprintf(lookup->port, sizeof lookup->port, "%s", port);
	if (uv_getaddrinfo(opener->loop, &lookup->request, looked_up, lookup->host, NULL, &hints) == 0) {
		opener->lookup = lookup;
		return true;
	}
	free(lookup);
	return false;
}

static bool is_numeric(const char *host)
{
	struct in6_addr address;
	return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

/* Works down the hosts from next_host until one needs the resolver or all are done. */
static void go_on(struct opener *opener)
{
	const char *hosts = upstream_value(opener->request.upstream, "host");
	const char *ports = upstream_value(opener->request.upstream, "port");
	char host[256], port[16];
	struct error error;
	while (list_item(hosts, opener->next_host, host, sizeof host)) {
		if (!ports || !list_item(ports, strchr(ports, ',') ? opener->next_host : 0, port, sizeof port))
			snprintf(port, sizeof port, "5432");
		opener->next_host++;
		if (!*host || *host == '/' || *host == '@')
			add_entry(opener, host, "", port);
		else if (is_numeric(host))
			add_entry(opener, host, host, port);
		else if (start_lookup(opener, host, port))
			return;
	}
	if (opener->hosts) {
		opener_connect(opener);
		return;
	}
	error_set(&error, "08001", "tenantry cannot reach its PostgreSQL server");
	error_hint(&error, "The log of tenantry says more.");
	opener_attempt_failed(opener, &error, true, opener->why);
}

void opener_names_resolve(struct opener *opener)
{
	const char *host = upstream_value(opener->request.upstream, "host");
	const char *address = upstream_value(opener->request.upstream, "hostaddr");
	opener_names_free(opener);
	if ((address && *address) || !host || !*host)
		opener_connect(opener);
	else
		go_on(opener);
}

static void put(const char **keywords, const char **values, size_t *n, const char *keyword, const char *value)
{
	size_t i = 0;
	while (i < *n && strcmp(keywords[i], keyword) != 0)
		i++;
	keywords[i] = keyword;
	values[i] = value;
	*n += i == *n;
}

void opener_names_apply(const struct opener *opener, const char **keywords, const char **values, size_t *n)
{
	if (!opener->hosts)
		return;
	put(keywords, values, n, "host", opener->hosts);
	put(keywords, values, n, "hostaddr", opener->addresses);
	put(keywords, values, n, "port", opener->ports);
}

/* The lookup goes on in its thread and frees itself when it is done. */
void opener_names_abandon(struct opener *opener)
{
	if (!opener->lookup)
		return;
	opener->lookup->opener = NULL;
	uv_cancel((uv_req_t *)&opener->lookup->request);
	opener->lookup = NULL;
}

void opener_names_free(struct opener *opener)
{
	free(opener->hosts);
	free(opener->addresses);
	free(opener->ports);
	opener->hosts = opener->addresses = opener->ports = NULL;
	opener->next_host = 0;
}

/* Looking up users; see users.h. */
#include "proxy/session/users.h"

#include <string.h>

static const struct user *find(const struct users *users, const char *name, size_t length)
{
	for (size_t i = 0; i < users->n; i++)
		if (strlen(users->list[i].name) == length && memcmp(users->list[i].name, name, length) == 0)
			return &users->list[i];
	return NULL;
}

const struct user *users_find(const struct users *users, const char *name, const char **suffix)
{
	*suffix = NULL;
	const struct user *user = find(users, name, strlen(name));
	if (user)
		return user;
	/* The last dot first: a user's own name may contain dots, a tenant's value may too. */
	for (size_t i = strlen(name); i > 0; i--) {
		if (name[i - 1] != '.' || !name[i])
			continue;
		user = find(users, name, i - 1);
		if (user && user->right == RIGHT_CHOOSE) {
			*suffix = name + i;
			return user;
		}
	}
	return NULL;
}

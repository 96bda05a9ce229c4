/* Readiness and pid file; see notify.h. The datagram is written here: a library for one sendto() is not worth
 * a dependency. */
#include "proxy/host/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

void notify_systemd(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof address.sun_path)
		return;
	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = 0;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, length);
	close(fd);
}

void notify_systemd_reloading(void)
{
	struct timespec now;
	char state[80];
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%llu",
			 (unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000);
	notify_systemd(state);
}

unsigned long long notify_watchdog_milliseconds(void)
{
	const char *interval = getenv("WATCHDOG_USEC"), *process = getenv("WATCHDOG_PID");
	if (!interval || !getenv("NOTIFY_SOCKET") || (process && strtol(process, NULL, 10) != getpid()))
		return 0;
	return strtoull(interval, NULL, 10) / 1000;
}

static long read_pid(const char *path)
{
	char text[32] = "";
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	long pid = fgets(text, sizeof text, file) ? strtol(text, NULL, 10) : 0;
	fclose(file);
	return pid;
}

bool pid_file_write(const char *path, struct error *error)
{
	if (!*path)
		return true;
	long pid = read_pid(path);
	if (pid > 0 && pid != getpid() && (kill((pid_t)pid, 0) == 0 || errno == EPERM))
		return error_set(error, "55006", "pid_file %s names process %ld, which is running", path, pid);
	FILE *file = fopen(path, "we");
	if (!file)
		return error_set(error, "58030", "pid_file %s: %s", path, strerror(errno));
	fprintf(file, "%d\n", (int)getpid());
	if (fclose(file) != 0)
		return error_set(error, "58030", "pid_file %s: %s", path, strerror(errno));
	return true;
}

void pid_file_remove(const char *path)
{
	if (*path && read_pid(path) == getpid())
		unlink(path);
}

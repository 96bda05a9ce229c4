/* Leading standard error into a file; see log_file.h. dup2() is one step: no thread's line is lost. */
#include "proxy/host/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int log_file_keep(void)
{
	return fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
}

bool log_file_open(const char *path, int kept, struct error *error)
{
	int fd = *path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640) : kept;
	if (fd < 0)
		return error_set(error, "58030", "log_file %s: %s", path, strerror(errno));
	bool fine = dup2(fd, STDERR_FILENO) >= 0;
	int why = errno;
	if (*path)
		close(fd);
	return fine || error_set(error, "58030", "log_file %s: %s", path, strerror(why));
}

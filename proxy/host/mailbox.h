/* Letters to another thread's loop: a function and its argument, run there in the order of posting. */
#ifndef TENANTRY_HOST_MAILBOX_H
#define TENANTRY_HOST_MAILBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <uv.h>

/* `owner` is what the mailbox was opened with. */
typedef void (*mailbox_letter)(void *owner, void *data);

struct mailbox {
	uv_async_t wake;
	pthread_mutex_t lock;
	struct letter *first, **last;
	void *owner;
	bool closed;
};

void mailbox_open(struct mailbox *mailbox, uv_loop_t *loop, void *owner);
/* Any thread. False: the mailbox is closed, the letter was not taken and will not be run. */
bool mailbox_post(struct mailbox *mailbox, mailbox_letter run, void *data);
/* On the owner's loop: runs what is there, takes nothing more and closes the handle. */
void mailbox_close(struct mailbox *mailbox);
/* When the loop is gone and no other thread can post. */
void mailbox_destroy(struct mailbox *mailbox);

#endif

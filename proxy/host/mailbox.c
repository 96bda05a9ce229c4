/* Letters between threads; see mailbox.h. */
#include "proxy/host/mailbox.h"

#include <stdlib.h>

struct letter {
	struct letter *next;
	mailbox_letter run;
	void *data;
};

static void deliver(struct mailbox *mailbox)
{
	for (;;) {
		pthread_mutex_lock(&mailbox->lock);
		struct letter *letter = mailbox->first;
		mailbox->first = NULL;
		mailbox->last = &mailbox->first;
		pthread_mutex_unlock(&mailbox->lock);
		if (!letter)
			return;
		while (letter) {
			struct letter *next = letter->next;
			letter->run(mailbox->owner, letter->data);
			free(letter);
			letter = next;
		}
	}
}

static void woken(uv_async_t *wake)
{
	deliver(wake->data);
}

void mailbox_open(struct mailbox *mailbox, uv_loop_t *loop, void *owner)
{
	*mailbox = (struct mailbox){.owner = owner};
	mailbox->last = &mailbox->first;
	pthread_mutex_init(&mailbox->lock, NULL);
	if (uv_async_init(loop, &mailbox->wake, woken) != 0)
		abort();
	mailbox->wake.data = mailbox;
}

bool mailbox_post(struct mailbox *mailbox, mailbox_letter run, void *data)
{
	struct letter *letter = malloc(sizeof *letter);
	if (!letter)
		abort();
	*letter = (struct letter){NULL, run, data};
	pthread_mutex_lock(&mailbox->lock);
	bool open = !mailbox->closed;
	if (open) {
		*mailbox->last = letter;
		mailbox->last = &letter->next;
		uv_async_send(&mailbox->wake);
	}
	pthread_mutex_unlock(&mailbox->lock);
	if (!open)
		free(letter);
	return open;
}

void mailbox_close(struct mailbox *mailbox)
{
	deliver(mailbox);
	pthread_mutex_lock(&mailbox->lock);
	mailbox->closed = true;
	pthread_mutex_unlock(&mailbox->lock);
	deliver(mailbox);
	uv_close((uv_handle_t *)&mailbox->wake, NULL);
}

void mailbox_destroy(struct mailbox *mailbox)
{
	pthread_mutex_destroy(&mailbox->lock);
}

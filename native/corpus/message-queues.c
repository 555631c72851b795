// POSIX message queues with messages in them.
#include "corpus.h"

#include <mqueue.h>

static mqd_t queue;

static void set_up(void) {
    struct mq_attr attributes = {.mq_maxmsg = 5, .mq_msgsize = 64};
    queue = mq_open("/corpus", O_RDWR | O_CREAT | O_NONBLOCK, 0600, &attributes);
    NEED(queue >= 0);
    NEED(mq_send(queue, "low", 4, 1) == 0 && mq_send(queue, "high", 5, 9) == 0);
}

static void check(void) {
    char text[64];
    unsigned priority;
    KEPT(mq_receive(queue, text, 64, &priority) == 5 && priority == 9 && strcmp(text, "high") == 0);
    KEPT(mq_receive(queue, text, 64, &priority) == 4 && priority == 1 && strcmp(text, "low") == 0);
    KEPT(mq_receive(queue, text, 64, &priority) < 0 && errno == EAGAIN);
    mqd_t again = mq_open("/corpus", O_RDWR);
    KEPT(again >= 0 && mq_close(again) == 0);
    KEPT(mq_send(queue, "low", 4, 1) == 0 && mq_send(queue, "high", 5, 9) == 0);
}

int main(void) {
    return corpus(set_up, check);
}

// A POSIX message queue with a message in it, that nobody has open just now.
#include "corpus.h"

#include <mqueue.h>

static void leave(void) {
    struct mq_attr attributes = {.mq_maxmsg = 5, .mq_msgsize = 64};
    mqd_t queue = mq_open("/corpus", O_RDWR | O_CREAT, 0600, &attributes);
    NEED(queue >= 0 && mq_send(queue, "left", 5, 1) == 0 && mq_close(queue) == 0);
}

static void check(void) {
    char text[64];
    mqd_t queue = mq_open("/corpus", O_RDWR | O_NONBLOCK);
    KEPT(queue >= 0);
    KEPT(mq_receive(queue, text, 64, NULL) == 5 && strcmp(text, "left") == 0);
    KEPT(mq_close(queue) == 0);
    leave();
}

int main(void) {
    return corpus(leave, check);
}

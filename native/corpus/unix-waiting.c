// A Unix socket's client that has connected and sent, and waits to be accepted.
#include "corpus.h"

#include <sys/socket.h>
#include <sys/un.h>

static int listener, client;
static struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/shm/socket"};

static void set_up(void) {
    unlink(address.sun_path);
    NEED((listener = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
    NEED(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 5) == 0);
    NEED((client = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
    NEED(connect(client, (struct sockaddr *)&address, sizeof address) == 0 && writes(client, "asked"));
}

static void check(void) {
    int served = accept(listener, NULL, NULL);
    KEPT(served >= 0 && reads(served, "asked") && writes(served, "answered") && reads(client, "answered"));
    close(served);
    close(client);
    KEPT((client = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
    KEPT(connect(client, (struct sockaddr *)&address, sizeof address) == 0 && writes(client, "asked"));
}

int main(void) {
    return corpus(set_up, check);
}

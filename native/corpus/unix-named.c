// A Unix socket that listens at a name among home's files: it can be connected to afterwards.
#include "corpus.h"

#include <sys/socket.h>
#include <sys/un.h>

static int listener;
static struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};

static void set_up(void) {
    unlink(address.sun_path);
    NEED((listener = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
    NEED(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 5) == 0);
}

static void check(void) {
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    KEPT(client >= 0 && connect(client, (struct sockaddr *)&address, sizeof address) == 0);
    int served = accept(listener, NULL, NULL);
    KEPT(served >= 0 && writes(client, "asked") && reads(served, "asked"));
    close(served);
    close(client);
}

int main(void) {
    return corpus(set_up, check);
}

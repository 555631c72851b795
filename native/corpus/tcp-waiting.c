// A TCP client that has connected and sent, and waits to be accepted.
#include "corpus.h"

#include <netinet/in.h>
#include <sys/socket.h>

static int listener, client;
static struct sockaddr_in address = {.sin_family = AF_INET};

static void set_up(void) {
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    NEED((listener = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
    NEED(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 5) == 0);
    NEED(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
    NEED((client = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
    NEED(connect(client, (struct sockaddr *)&address, sizeof address) == 0 && writes(client, "asked"));
}

static void check(void) {
    int served = accept(listener, NULL, NULL);
    KEPT(served >= 0 && reads(served, "asked") && writes(served, "answered") && reads(client, "answered"));
    close(served);
    close(client);
    KEPT((client = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
    KEPT(connect(client, (struct sockaddr *)&address, sizeof address) == 0 && writes(client, "asked"));
}

int main(void) {
    return corpus(set_up, check);
}

// Packet and raw sockets of root in its own network, and a ping socket.
#include "corpus.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

static int raw, packets;

static void set_up(void) {
    if (geteuid() != 0)
        without("only root has raw sockets");
    raw = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    packets = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, htons(ETH_P_ALL));
    NEED(raw >= 0);
    NEED(packets >= 0);
}

static void check(void) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    unsigned char echo[8] = {8, 0, 0xf7, 0xff}, buffer[256];
    KEPT(sendto(raw, echo, sizeof echo, 0, (struct sockaddr *)&at, sizeof at) == sizeof echo);
    KEPT(recv(raw, buffer, sizeof buffer, 0) > 0);
    KEPT(recv(packets, buffer, sizeof buffer, 0) > 0);
}

int main(void) {
    return corpus(set_up, check);
}

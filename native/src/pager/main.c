// Process: drover-pager, on the target of a move whose memory follows (post-copy): one for each such guest, child of the keeper.
// `criu lazy-pages` serves the guest's page faults (userfaultfd) and fetches the rest in the background. It takes this for a
// page server (CRIU's own protocol, criu/page-xfer.c of 4.1); what it asks for is passed to the daemon, which asks the source.
//
// It touches nothing of the guest, and waits for nobody who does. The keeper could not do this: a guest that faults while the
// kernel copies into a pipe holds that pipe, and the keeper, which reads it, would wait for the guest. Questions are kept until
// they are answered, so that no daemon's end loses one.
//
// usage: drover-pager LISTENER PAGE-SERVER PATH HOME JOB EPOCH SOURCE   (two descriptors; where it listens; whose memory; the
// node that has it). It ends when CRIU does.
#define _GNU_SOURCE
#include "../common/channel.h"
#include "../common/protocol.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAGE_BYTES 4096u
/// CRIU asks for at most 4 MiB at once.
#define ASKED_AT_MOST_PAGES 1024u

/// As CRIU has it on its socket, in the machine's byte order.
struct page_server_iov {
    uint32_t command, pages;
    uint64_t address, process;
};
enum { COMMAND_BITS = 0xffff, COMMAND_ADD = 6, COMMAND_GET = 7, COMMAND_CLOSE = 0x1023, COMMAND_FORCE_CLOSE = 0x1024 };

struct pager {
    int listener;
    struct channel criu, daemon; // what CRIU says has no frames: only the buffers and the descriptor are used
    struct bytes wanted;         // questions without an answer, as CRIU has put them
    const char *home, *source;
    uint64_t job;
    uint32_t epoch;
};

static void tell_want(struct pager *p, const struct page_server_iov *want) {
    if (p->daemon.fd < 0)
        return; // the next one is told all
    size_t mark = frame_begin(&p->daemon.out, P_WANT);
    put_u32(&p->daemon.out, (uint32_t)want->process);
    put_u64(&p->daemon.out, want->address);
    put_u32(&p->daemon.out, want->pages);
    frame_end(&p->daemon.out, mark);
}

static void greet(struct pager *p) {
    size_t mark = frame_begin(&p->daemon.out, P_GUEST);
    put_text(&p->daemon.out, p->home);
    put_u64(&p->daemon.out, p->job);
    put_u32(&p->daemon.out, p->epoch);
    put_text(&p->daemon.out, p->source);
    frame_end(&p->daemon.out, mark);
    struct page_server_iov want;
    for (size_t at = 0; at < bytes_length(&p->wanted); at += sizeof want) {
        memcpy(&want, bytes_first(&p->wanted) + at, sizeof want);
        tell_want(p, &want);
    }
}

static void take_daemon(struct pager *p) {
    int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.uid != 0) {
        close(fd);
        return;
    }
    channel_close(&p->daemon); // a daemon that was restarted takes its place
    p->daemon.fd = fd;
    greet(p);
}

/// False: it is no question.
static bool take_question(struct pager *p, const struct page_server_iov *asked) {
    switch (asked->command & COMMAND_BITS) {
        case COMMAND_GET:
            if (asked->pages == 0 || asked->pages > ASKED_AT_MOST_PAGES)
                return false;
            put_raw(&p->wanted, asked, sizeof *asked);
            tell_want(p, asked);
            return true;
        case COMMAND_CLOSE:
        case COMMAND_FORCE_CLOSE: put_u32(&p->criu.out, 0); return true; // nothing went wrong here
        default: return false;
    }
}

/// False: CRIU has ended, or is not understood, and ends then.
static bool take_questions(struct pager *p) {
    struct page_server_iov asked;
    bool alive = channel_fill(&p->criu);
    while (bytes_length(&p->criu.in) >= sizeof asked) {
        memcpy(&asked, bytes_first(&p->criu.in), sizeof asked);
        bytes_consume(&p->criu.in, sizeof asked);
        if (!take_question(p, &asked)) {
            fprintf(stderr, "drover-pager: CRIU asks what is no question: command %u, %u pages\n", asked.command, asked.pages);
            return false;
        }
    }
    return alive;
}

/// Answers come in the order of the questions; any other one is of a question that was asked twice.
static void take_pages(struct pager *p, struct reader *r) {
    uint32_t process = get_u32(r);
    uint64_t address = get_u64(r);
    struct slice content = get_rest(r);
    struct page_server_iov first;
    if (r->bad || bytes_length(&p->wanted) < sizeof first)
        return;
    memcpy(&first, bytes_first(&p->wanted), sizeof first);
    size_t pages = content.length / PAGE_BYTES;
    if (first.process != process || first.address != address || pages == 0 || pages > first.pages
        || content.length % PAGE_BYTES != 0)
        return;
    bytes_consume(&p->wanted, sizeof first);
    struct page_server_iov head = {COMMAND_ADD, (uint32_t)pages, address, process};
    put_raw(&p->criu.out, &head, sizeof head);
    put_raw(&p->criu.out, content.at, content.length);
}

static void take_answers(struct pager *p) {
    struct frame f;
    int got;
    bool alive = channel_fill(&p->daemon);
    while ((got = channel_next(&p->daemon, &f)) > 0)
        if (f.type == P_PAGES)
            take_pages(p, &f.body);
    bytes_consume(&p->daemon.in, 0);
    if (got < 0 || !alive)
        channel_close(&p->daemon);
}

static bool has_more(const struct channel *c) { return bytes_length(&c->out) > 0; }

static void serve(struct pager *p) {
    for (;;) {
        struct pollfd on[3] = {
            {.fd = p->criu.fd, .events = (short)(POLLIN | (has_more(&p->criu) ? POLLOUT : 0))},
            {.fd = p->listener, .events = POLLIN},
            {.fd = p->daemon.fd, .events = (short)(POLLIN | (has_more(&p->daemon) ? POLLOUT : 0))},
        };
        if (poll(on, 3, -1) < 0 && errno != EINTR)
            return;
        if (on[0].revents & (POLLIN | POLLHUP | POLLERR) && !take_questions(p))
            return;
        if (on[2].revents & (POLLIN | POLLHUP | POLLERR))
            take_answers(p);
        if (on[1].revents & POLLIN)
            take_daemon(p);
        if (!channel_flush(&p->criu))
            return;
        if (!channel_flush(&p->daemon))
            channel_close(&p->daemon);
    }
}

int main(int argc, char **argv) {
    if (argc != 8) {
        fprintf(stderr, "drover-pager: only drover-keeper has it run\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct pager p = {.daemon.fd = -1};
    p.listener = atoi(argv[1]);
    p.criu.fd = atoi(argv[2]);
    p.home = argv[4];
    p.job = strtoull(argv[5], NULL, 10);
    p.epoch = (uint32_t)strtoul(argv[6], NULL, 10);
    p.source = argv[7];
    serve(&p);
    unlink(argv[3]);
    return 0;
}

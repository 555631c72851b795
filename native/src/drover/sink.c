// Process: the deputy. Where the job's output goes at home. The inherited descriptors are never made non-blocking (others
// share them): where the kernel lets us we open our own description of the same pipe or terminal, else we write only
// as much as poll promises.
#define _GNU_SOURCE
#include "drover.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/// A terminal that polls as writable takes at least this much without waiting.
#define TERMINAL_STEP_BYTES 64

static bool same_open_file(int a, int b) {
    long result = syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, a, b);
    if (result >= 0)
        return result == 0;
    struct stat one, two; // a kernel without kcmp: a pipe's inode says it too
    return fstat(a, &one) == 0 && fstat(b, &two) == 0 && one.st_ino == two.st_ino && one.st_dev == two.st_dev
        && !S_ISREG(one.st_mode);
}

void sink_find(struct sink *s, int fd, const struct terminal *t) {
    struct stat st, terminal;
    *s = (struct sink){.fd = fd, .own = -1, .as = KIND_PIPE};
    if (fstat(fd, &st) < 0) {
        s->as = KIND_CLOSED;
        return;
    }
    s->socket = S_ISSOCK(st.st_mode);
    s->regular = S_ISREG(st.st_mode) || S_ISBLK(st.st_mode);
    if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
        s->as = KIND_NULL;
    else if (t->fd >= 0 && S_ISCHR(st.st_mode) && fstat(t->fd, &terminal) == 0 && terminal.st_rdev == st.st_rdev)
        s->as = KIND_TTY;
    else if (fd == 2 && same_open_file(1, 2))
        s->as = KIND_SAME;
}

void sink_open(struct sink *s) {
    if (s->as == KIND_CLOSED || s->as == KIND_NULL || s->regular || s->socket)
        return;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", s->fd);
    s->own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/// A multiplicative hash over 8-byte words, independent of how the stream was cut: equal prefixes have equal hashes.
static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static void digest(uint64_t *hash, uint8_t rest[8], uint64_t offset, const uint8_t *data, size_t length) {
    size_t held = (size_t)(offset % 8);
    uint64_t word;
    while (length > 0) {
        if (held == 0 && length >= 8) {
            memcpy(&word, data, 8);
            *hash = mix(*hash, word);
            data += 8;
            length -= 8;
            continue;
        }
        rest[held++] = *data++;
        length--;
        if (held == 8) {
            memcpy(&word, rest, 8);
            *hash = mix(*hash, word);
            held = 0;
        }
    }
}

static ssize_t write_some(struct sink *s, const uint8_t *data, size_t length) {
    if (s->own >= 0)
        return write(s->own, data, length);
    if (s->regular)
        return write(s->fd, data, length);
    if (s->socket)
        return send(s->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    struct pollfd p = {s->fd, POLLOUT, 0};
    if (poll(&p, 1, 0) <= 0 || !(p.revents & (POLLOUT | POLLERR | POLLHUP))) {
        errno = EAGAIN;
        return -1;
    }
    size_t step = s->as == KIND_TTY ? TERMINAL_STEP_BYTES : PIPE_BUF;
    return write(s->fd, data, length < step ? length : step);
}

void sink_write(struct sink *s) {
    s->waits = false;
    while (!s->closed && s->ring.sent < s->ring.end) {
        size_t length;
        const uint8_t *data = ring_unsent(&s->ring, WINDOW_BYTES, &length);
        ssize_t n = write_some(s, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            s->waits = true;
            break;
        }
        if (n < 0) { // EPIPE, EIO of a hung-up terminal, ENOSPC: nothing more can be delivered
            if (errno != EPIPE)
                say("drover: cannot write the job's output to descriptor %d: %s; the job gets a broken pipe", s->fd,
                    strerror(errno));
            s->closed = true;
            break;
        }
        digest(&s->hash, s->hash_rest, s->ring.sent, data, (size_t)n);
        s->ring.sent += (uint64_t)n;
        ring_ack(&s->ring, s->ring.sent);
    }
    if (s->closed) // swallow the rest
        s->ring.sent = s->ring.acked = s->ring.end;
}

bool sink_receive(struct sink *s, uint64_t offset, const uint8_t *data, size_t length) {
    if (offset > s->ring.end)
        return false;
    uint64_t known = s->ring.end - offset;
    if (known >= length)
        return true;
    data += known;
    length -= (size_t)known;
    if (s->ring.end < s->skip) { // a rerun repeats itself: compare instead of printing again
        size_t n = length < s->skip - s->ring.end ? length : (size_t)(s->skip - s->ring.end);
        digest(&s->skipped_hash, s->skipped_rest, s->ring.end, data, n);
        s->ring.end += n;
        s->ring.sent = s->ring.acked = s->ring.end;
        data += n;
        length -= n;
        if (s->ring.end == s->skip)
            s->differs = s->hash != s->skipped_hash || memcmp(s->hash_rest, s->skipped_rest, (size_t)(s->skip % 8)) != 0;
    }
    if (s->differs)
        return true;
    if (length > ring_room(&s->ring))
        length = ring_room(&s->ring); // beyond the window: it is not acknowledged, so it comes again
    ring_append(&s->ring, data, length);
    sink_write(s);
    return true;
}

void sink_restart(struct sink *s) {
    if (s->ring.acked > s->skip)
        s->skip = s->ring.acked;
    ring_free(&s->ring);
    s->skipped_hash = 0;
    s->acked_sent = 0;
    s->closed_sent = false;
    s->ended = false;
    s->waits = false;
}

void release_inherited(int fd) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC); // its number must not be given to a socket
    if (null < 0)
        return;
    dup2(null, fd);
    close(null);
}

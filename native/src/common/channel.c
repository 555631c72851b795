// Part of the launcher (deputy) and the keeper: see channel.h.
#include "channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

bool channel_fill(struct channel *c) {
    for (int turn = 0; turn < 4; turn++) {
        size_t room = 256u << 10;
        uint8_t *to = bytes_reserve(&c->in, turn == 0 ? 64u << 10 : room);
        room = c->in.capacity - c->in.end;
        ssize_t n = recv(c->fd, to, room, MSG_DONTWAIT);
        if (n == 0)
            return false;
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        c->in.end += (size_t)n;
        if ((size_t)n < room)
            return true;
    }
    return true;
}

int channel_next(struct channel *c, struct frame *f) {
    if (bytes_length(&c->in) < 4)
        return 0;
    struct reader r = {bytes_first(&c->in), bytes_length(&c->in), false};
    uint32_t length = get_u32(&r);
    if (length == 0 || length > FRAME_LIMIT_BYTES)
        return -1;
    if (r.left < length)
        return 0;
    f->type = get_u8(&r);
    f->body = (struct reader){r.at, length - 1, false};
    c->in.start += 4 + length; // the memory stays until the next fill
    return 1;
}

bool channel_flush(struct channel *c) {
    while (c->fd >= 0 && bytes_length(&c->out) > 0) {
        ssize_t n = send(c->fd, bytes_first(&c->out), bytes_length(&c->out), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        bytes_consume(&c->out, (size_t)n);
    }
    return true;
}

void channel_close(struct channel *c) {
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    bytes_free(&c->in);
    bytes_free(&c->out);
}

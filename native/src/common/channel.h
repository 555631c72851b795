// Part of the launcher (deputy) and the keeper: one connected, non-blocking stream socket that carries frames.
#pragma once
#include "wire.h"

#include <sys/types.h>

struct channel {
    int fd; // -1: not connected
    struct bytes in, out;
};

struct frame {
    uint8_t type;
    struct reader body;
};

/// Reads what has arrived (at most 1 MiB a call, so that other work gets its turn). False: the peer is gone.
bool channel_fill(struct channel *c);
/// Takes the next whole frame; its body lives until the next call of any channel function. 1 a frame, 0 none yet, -1 malformed.
int channel_next(struct channel *c, struct frame *f);
/// Writes what the socket takes. False: the peer is gone.
bool channel_flush(struct channel *c);
void channel_close(struct channel *c);

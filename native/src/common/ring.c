// Part of the deputy and the keeper: see ring.h.
#include "ring.h"

#include "wire.h"

#include <string.h>
#include <sys/mman.h>

static void ring_map(struct ring *r) {
    if (r->base)
        return;
    void *at = mmap(NULL, WINDOW_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        die("no memory for a stream");
    r->base = at;
}

uint8_t *ring_space(struct ring *r, size_t *room) {
    ring_map(r);
    size_t at = (size_t)(r->end % WINDOW_BYTES);
    size_t free_bytes = ring_room(r);
    *room = WINDOW_BYTES - at < free_bytes ? WINDOW_BYTES - at : free_bytes;
    return r->base + at;
}

void ring_append(struct ring *r, const uint8_t *data, size_t length) {
    while (length > 0) {
        size_t room;
        uint8_t *to = ring_space(r, &room);
        size_t n = length < room ? length : room;
        memcpy(to, data, n);
        r->end += n;
        data += n;
        length -= n;
    }
}

const uint8_t *ring_unsent(struct ring *r, size_t limit, size_t *length) {
    size_t at = (size_t)(r->sent % WINDOW_BYTES);
    size_t n = (size_t)(r->end - r->sent);
    if (n > WINDOW_BYTES - at)
        n = WINDOW_BYTES - at;
    if (n > limit)
        n = limit;
    *length = n;
    return r->base ? r->base + at : NULL;
}

bool ring_ack(struct ring *r, uint64_t offset) {
    if (offset > r->end)
        return false;
    if (offset > r->acked)
        r->acked = offset;
    if (r->sent < r->acked)
        r->sent = r->acked;
    return true;
}

void ring_free(struct ring *r) {
    if (r->base)
        munmap(r->base, WINDOW_BYTES);
    *r = (struct ring){0};
}

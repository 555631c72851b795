// Part of the deputy and the keeper: the bytes of one stream that the other end has not consumed yet. They are kept for
// resending, so that neither daemon between the two has to remember anything.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// At most this much of a stream is under way. Reason: 100 Mbit/s times 20 ms; and a thousand guests stay within memory.
#define WINDOW_BYTES (256u << 10)
/// The largest DATA frame, so that a keystroke waits for at most one of them.
#define CHUNK_BYTES (64u << 10)

/// Offsets count from the start of the stream: acked <= sent <= end, end - acked <= WINDOW_BYTES.
struct ring {
    uint8_t *base; // mapped at first use
    uint64_t acked, sent, end;
};

static inline size_t ring_room(const struct ring *r) { return WINDOW_BYTES - (size_t)(r->end - r->acked); }
static inline bool ring_is_empty(const struct ring *r) { return r->end == r->acked; }

/// The contiguous free memory after the end (its size in *room), to be filled and then added.
uint8_t *ring_space(struct ring *r, size_t *room);
static inline void ring_added(struct ring *r, size_t length) { r->end += length; }
/// Copies in; the caller has checked the room.
void ring_append(struct ring *r, const uint8_t *data, size_t length);
/// The contiguous unsent bytes, at most `limit`.
const uint8_t *ring_unsent(struct ring *r, size_t limit, size_t *length);
/// All before `offset` is consumed. False: the offset was never sent, which no honest peer says.
bool ring_ack(struct ring *r, uint64_t offset);
/// Everything not acknowledged will be sent again.
static inline void ring_rewind(struct ring *r) { r->sent = r->acked; }
void ring_free(struct ring *r);

// Part of every program here: bytes on a wire. Little-endian integers, length-prefixed strings and frames
// (u32 length, u8 type, payload), growable buffers, and a reader that never runs past the end.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The largest frame on a local socket: an environment and an argument list fit (the kernel allows 6 MiB, 3/4 of the
/// stack limit; real ones are below 2 MiB).
#define FRAME_LIMIT_BYTES (4u << 20)

/// A growable byte queue: content is base[start..end).
struct bytes {
    uint8_t *base;
    size_t start, end, capacity;
};

static inline size_t bytes_length(const struct bytes *b) { return b->end - b->start; }
static inline uint8_t *bytes_first(const struct bytes *b) { return b->base + b->start; }

uint8_t *bytes_reserve(struct bytes *b, size_t room);
void bytes_consume(struct bytes *b, size_t length);
void bytes_free(struct bytes *b);

void put_raw(struct bytes *b, const void *data, size_t length);
void put_u8(struct bytes *b, uint8_t v);
void put_u16(struct bytes *b, uint16_t v);
void put_u32(struct bytes *b, uint32_t v);
void put_u64(struct bytes *b, uint64_t v);
void put_str(struct bytes *b, const void *data, size_t length);
void put_text(struct bytes *b, const char *text);

/// Begins a frame and returns the mark that frame_end needs.
size_t frame_begin(struct bytes *b, uint8_t type);
void frame_end(struct bytes *b, size_t mark);

/// A piece of memory owned by somebody else.
struct slice {
    const uint8_t *at;
    size_t length;
};

/// Reads front to back. After a read past the end `bad` is set and everything read is zero.
struct reader {
    const uint8_t *at;
    size_t left;
    bool bad;
};

uint8_t get_u8(struct reader *r);
uint16_t get_u16(struct reader *r);
uint32_t get_u32(struct reader *r);
uint64_t get_u64(struct reader *r);
struct slice get_str(struct reader *r);
/// The rest of the frame.
struct slice get_rest(struct reader *r);
/// A NUL-terminated copy; NULL for a string with a NUL inside.
char *slice_text(struct slice s);

/// Ends the process: out of memory, or the kernel broke a promise.
_Noreturn void die(const char *what);

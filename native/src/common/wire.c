// Part of every program here: see wire.h.
#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void die(const char *what) {
    fprintf(stderr, "drover: %s: %s\n", what, strerror(errno));
    _exit(125);
}

uint8_t *bytes_reserve(struct bytes *b, size_t room) {
    if (b->capacity - b->end >= room)
        return b->base + b->end;
    if (b->start > 0) {
        memmove(b->base, b->base + b->start, b->end - b->start);
        b->end -= b->start;
        b->start = 0;
    }
    if (b->capacity - b->end < room) {
        size_t wanted = b->capacity ? b->capacity : 4096;
        while (wanted - b->end < room)
            wanted *= 2;
        uint8_t *grown = realloc(b->base, wanted);
        if (!grown)
            die("no memory for a buffer");
        b->base = grown;
        b->capacity = wanted;
    }
    return b->base + b->end;
}

void bytes_consume(struct bytes *b, size_t length) {
    b->start += length;
    if (b->start == b->end) {
        b->start = b->end = 0;
        if (b->capacity > (1u << 20)) // a rare large frame: give its memory back
            bytes_free(b);
    }
}

void bytes_free(struct bytes *b) {
    free(b->base);
    *b = (struct bytes){0};
}

void put_raw(struct bytes *b, const void *data, size_t length) {
    if (length == 0)
        return;
    memcpy(bytes_reserve(b, length), data, length);
    b->end += length;
}

static void put_number(struct bytes *b, uint64_t v, unsigned width) {
    uint8_t *to = bytes_reserve(b, width);
    for (unsigned i = 0; i < width; i++)
        to[i] = (uint8_t)(v >> (8 * i));
    b->end += width;
}

void put_u8(struct bytes *b, uint8_t v) { put_number(b, v, 1); }
void put_u16(struct bytes *b, uint16_t v) { put_number(b, v, 2); }
void put_u32(struct bytes *b, uint32_t v) { put_number(b, v, 4); }
void put_u64(struct bytes *b, uint64_t v) { put_number(b, v, 8); }

void put_str(struct bytes *b, const void *data, size_t length) {
    put_u32(b, (uint32_t)length);
    put_raw(b, data, length);
}

void put_text(struct bytes *b, const char *text) { put_str(b, text, strlen(text)); }

size_t frame_begin(struct bytes *b, uint8_t type) {
    size_t mark = bytes_length(b);
    put_u32(b, 0);
    put_u8(b, type);
    return mark;
}

void frame_end(struct bytes *b, size_t mark) {
    size_t length = bytes_length(b) - mark - 4;
    uint8_t *to = b->base + b->start + mark;
    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(length >> (8 * i));
}

static uint64_t get_number(struct reader *r, unsigned width) {
    if (r->left < width) {
        r->bad = true;
        r->left = 0;
        return 0;
    }
    uint64_t v = 0;
    for (unsigned i = 0; i < width; i++)
        v |= (uint64_t)r->at[i] << (8 * i);
    r->at += width;
    r->left -= width;
    return v;
}

uint8_t get_u8(struct reader *r) { return (uint8_t)get_number(r, 1); }
uint16_t get_u16(struct reader *r) { return (uint16_t)get_number(r, 2); }
uint32_t get_u32(struct reader *r) { return (uint32_t)get_number(r, 4); }
uint64_t get_u64(struct reader *r) { return get_number(r, 8); }

struct slice get_str(struct reader *r) {
    uint32_t length = get_u32(r);
    if (r->left < length) {
        r->bad = true;
        r->left = 0;
        return (struct slice){0};
    }
    struct slice s = {r->at, length};
    r->at += length;
    r->left -= length;
    return s;
}

struct slice get_rest(struct reader *r) {
    struct slice s = {r->at, r->left};
    r->left = 0;
    return s;
}

char *slice_text(struct slice s) {
    if (s.length > 0 && memchr(s.at, 0, s.length))
        return NULL;
    char *text = malloc(s.length + 1);
    if (!text)
        die("no memory for a string");
    if (s.length > 0)
        memcpy(text, s.at, s.length);
    text[s.length] = 0;
    return text;
}

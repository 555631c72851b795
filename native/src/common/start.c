// Part of the keeper and of drover-init: see start.h. The daemon's part, then the deputy's spec blob.
#include "start.h"

#include "protocol.h"

#include <stdlib.h>

static void *array(size_t count, size_t size) {
    void *a = calloc(count + 1, size);
    if (!a)
        die("no memory for the job's description");
    return a;
}

static char *text(struct reader *r) {
    char *t = slice_text(get_str(r));
    if (!t) {
        r->bad = true;
        t = slice_text((struct slice){0});
    }
    return t;
}

/// A count can never exceed the bytes that are left, so a hostile one allocates nothing.
static uint32_t count(struct reader *r, size_t bytes_each) {
    uint32_t n = get_u32(r);
    if (n > r->left / bytes_each) {
        r->bad = true;
        return 0;
    }
    return n;
}

static char **texts(struct reader *r) {
    uint32_t n = count(r, 4);
    char **list = array(n, sizeof *list);
    for (uint32_t i = 0; i < n; i++)
        list[i] = text(r);
    return list;
}

static bool spec_parse(struct reader *r, struct start *s) {
    if (get_u8(r) != SPEC_VERSION)
        return false;
    s->umask = get_u32(r);
    s->nice = (int32_t)get_u32(r);
    s->limit_count = count(r, 20);
    s->limits = array(s->limit_count, sizeof *s->limits);
    for (uint32_t i = 0; i < s->limit_count; i++) {
        s->limits[i].resource = get_u32(r);
        s->limits[i].soft = get_u64(r);
        s->limits[i].hard = get_u64(r);
    }
    s->ignored = get_u64(r);
    s->blocked = get_u64(r);
    s->deputy_pid = (int32_t)get_u32(r);
    s->cwd = text(r);
    s->path = text(r);
    s->arguments = texts(r);
    s->environment = texts(r);
    for (int i = 0; i < 3; i++)
        s->kind[i] = get_u8(r);
    s->window.ws_row = get_u16(r);
    s->window.ws_col = get_u16(r);
    s->window.ws_xpixel = get_u16(r);
    s->window.ws_ypixel = get_u16(r);
    s->termios = get_str(r);
    s->raw_terminal = get_u8(r);
    return !r->bad && s->kind[0] <= KIND_TTY && s->kind[1] <= KIND_TTY && s->kind[2] <= KIND_SAME;
}

bool network_parse(struct reader *r, struct network *n) {
    n->kind = get_u8(r);
    if (n->kind == NETWORK_HOME) {
        n->address = get_u32(r);
        n->resolver_path = text(r);
        n->resolver_lines = text(r);
    }
    return n->kind <= NETWORK_HOME && !r->bad;
}

void network_free(struct network *n) {
    free(n->resolver_path);
    free(n->resolver_lines);
    *n = (struct network){0};
}

bool start_parse(struct reader *r, struct start *s) {
    s->root = get_u8(r);
    s->uid = get_u32(r);
    s->gid = get_u32(r);
    s->group_count = count(r, 4);
    s->groups = array(s->group_count, sizeof *s->groups);
    for (uint32_t i = 0; i < s->group_count; i++)
        s->groups[i] = get_u32(r);
    s->hostname = text(r);
    s->memory_limit_bytes = get_u64(r);
    s->cpu_weight = get_u32(r);
    return s->root <= 1 && network_parse(r, &s->network) && spec_parse(r, s);
}

static void free_texts(char **list) {
    for (char **t = list; t && *t; t++)
        free(*t);
    free(list);
}

void start_free(struct start *s) {
    free(s->groups);
    free(s->hostname);
    network_free(&s->network);
    free(s->limits);
    free(s->cwd);
    free(s->path);
    free_texts(s->arguments);
    free_texts(s->environment);
    *s = (struct start){0};
}

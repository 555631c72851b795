// Process: `drover run`. Its options, up to the first word that is none.
#include "drover.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN_USAGE \
    "usage: drover run [--node N] [--nodes a,b] [--mem 2G] [--stay] [--detach] [--checkpoint 60s] [--net none|node|home] " \
    "[--tree] [--] CMD ARGS"

static _Noreturn void wrong(const char *what, const char *word) {
    say("drover: %s: %s\n%s", what, word, RUN_USAGE);
    exit(EXIT_USAGE);
}

static uint64_t number_with_unit(const char *text, bool is_time) {
    char *rest;
    uint64_t n = strtoull(text, &rest, 10); // without digits it is 0, and a sign is no unit: both are refused below
    if (!isdigit((unsigned char)text[0]))
        n = 0;
    uint64_t factor = 1;
    int unit = tolower((unsigned char)*rest);
    if (is_time)
        factor = unit == 0 || unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 0;
    else
        factor = unit == 0 ? 1 : unit == 'k' ? 1ull << 10 : unit == 'm' ? 1ull << 20 : unit == 'g' ? 1ull << 30
            : unit == 't'                                                              ? 1ull << 40
                                                                                       : 0;
    if (unit)
        rest++;
    if (!is_time && unit && (*rest == 'i' || *rest == 'B' || *rest == 'b'))
        rest += strcmp(rest, "iB") == 0 ? 2 : 1;
    if (factor == 0 || *rest || n == 0 || n > UINT64_MAX / factor)
        wrong(is_time ? "seconds are needed, as 60s or 5m, not" : "a size is needed, as 512M or 2G, not", text);
    return n * factor;
}

/// The value of an option that is written `--name value` or `--name=value`; NULL if this word is another one.
static const char *value_of(const char *name, char ***at) {
    const char *word = **at;
    size_t length = strlen(name);
    if (strncmp(word, name, length) != 0)
        return NULL;
    if (word[length] == '=')
        return word + length + 1;
    if (word[length])
        return NULL;
    if (!(*at)[1])
        wrong("a value is missing after", name);
    return *++*at;
}

void options_parse(struct options *o, char **words) {
    *o = (struct options){0};
    char **at = words;
    for (; *at && (*at)[0] == '-'; at++) {
        const char *value;
        if (strcmp(*at, "--") == 0) {
            at++;
            break;
        }
        if (strcmp(*at, "--help") == 0 || strcmp(*at, "-h") == 0) {
            puts(RUN_USAGE);
            exit(0);
        }
        if (strcmp(*at, "--stay") == 0)
            o->stay = true;
        else if (strcmp(*at, "--detach") == 0)
            o->detach = true;
        else if (strcmp(*at, "--tree") == 0)
            o->tree = true;
        else if ((value = value_of("--nodes", &at)))
            o->nodes = value;
        else if ((value = value_of("--node", &at)))
            o->node = value;
        else if ((value = value_of("--mem", &at)))
            o->mem_bytes = number_with_unit(value, false);
        else if ((value = value_of("--checkpoint", &at)))
            o->checkpoint_seconds = number_with_unit(value, true);
        else if ((value = value_of("--net", &at))) {
            o->net = value;
            if (strcmp(value, "none") != 0 && strcmp(value, "node") != 0 && strcmp(value, "home") != 0)
                wrong("--net takes none, node or home, not", value);
        } else
            wrong("unknown option", *at);
    }
    if (!*at)
        wrong("what to run is missing", "CMD");
    o->command = at;
}

static void put_string(struct bytes *b, const char *text, size_t length) {
    put_raw(b, "\"", 1);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        char escaped[8];
        if (c == '"' || c == '\\')
            put_raw(b, "\\", 1);
        if (c < 0x20)
            put_raw(b, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", c));
        else
            put_raw(b, &c, 1);
    }
    put_raw(b, "\"", 1);
}

static void put_key(struct bytes *b, size_t start, const char *key) {
    if (bytes_length(b) > start + 1)
        put_raw(b, ",", 1);
    put_string(b, key, strlen(key));
    put_raw(b, ":", 1);
}

static void put_member(struct bytes *b, size_t start, const char *key, const char *literal) {
    put_key(b, start, key);
    put_raw(b, literal, strlen(literal));
}

void options_put_json(const struct options *o, struct bytes *b) {
    char number[32];
    size_t start = bytes_length(b);
    put_raw(b, "{", 1);
    if (o->node) {
        put_key(b, start, "node");
        put_string(b, o->node, strlen(o->node));
    }
    if (o->nodes) {
        put_key(b, start, "nodes");
        put_raw(b, "[", 1);
        for (const char *at = o->nodes;;) {
            size_t length = strcspn(at, ",");
            put_string(b, at, length);
            if (!at[length])
                break;
            put_raw(b, ",", 1);
            at += length + 1;
        }
        put_raw(b, "]", 1);
    }
    if (o->mem_bytes) {
        snprintf(number, sizeof number, "%" PRIu64, o->mem_bytes);
        put_member(b, start, "mem", number);
    }
    if (o->checkpoint_seconds) {
        snprintf(number, sizeof number, "%" PRIu64, o->checkpoint_seconds);
        put_member(b, start, "checkpoint", number);
    }
    if (o->net) {
        put_key(b, start, "net");
        put_string(b, o->net, strlen(o->net));
    }
    if (o->stay)
        put_member(b, start, "stay", "true");
    if (o->detach)
        put_member(b, start, "detach", "true");
    if (o->tree)
        put_member(b, start, "tree", "true");
    put_raw(b, "}", 1);
}

// Process: `drover`. `drover run` and `drover attach` are this program itself, the deputy: it stands at home for a job,
// holds the descriptors the job inherited, and speaks with the daemon on its Unix socket. Other words exec Java.
#pragma once
#include "../common/channel.h"
#include "../common/protocol.h"
#include "../common/ring.h"

#include <sys/ioctl.h>
#include <termios.h>

#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_DROVER 125 // `drover run` alone: its other statuses are the command's

/// A message of three parts: what, why, what next.
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

// options.c
struct options {
    const char *node, *nodes, *net;
    uint64_t mem_bytes, checkpoint_seconds;
    bool stay, detach, tree;
    char **command; // NULL-terminated, not empty
};
/// Ends the process with EXIT_USAGE and a message if the words make no sense.
void options_parse(struct options *o, char **words);
void options_put_json(const struct options *o, struct bytes *b);

// terminal.c: home's terminal
struct terminal {
    int fd; // -1: none of the standard descriptors is one
    bool reads, writes; // stdin, stdout are it
    bool raw;
    struct termios original;
};
void terminal_find(struct terminal *t);
bool terminal_foreground(const struct terminal *t);
/// Raw when this job is in the foreground and reads from it; else nothing.
void terminal_raw(struct terminal *t);
void terminal_restore(struct terminal *t);
struct winsize terminal_size(const struct terminal *t);

// source.c: stdin, never read ahead
enum source_kind { SOURCE_NONE, SOURCE_PIPE, SOURCE_FILE, SOURCE_SOCKET, SOURCE_CHARACTERS };
struct source {
    enum source_kind kind;
    uint8_t as; // enum stdio_kind the guest sees
    int tee[2];
    off_t base; // file: the offset at the start
    uint64_t taken; // consumed from the original
    bool hung_up, ended, end_sent, closed, ready;
    struct ring ring;
};
void source_find(struct source *s, const struct terminal *t);
/// Fetches what there is into the ring, without consuming it. Sets ended at the end of file.
void source_peek(struct source *s, const struct terminal *t);
/// The guest has read everything before the offset: now it is consumed at home.
void source_consume(struct source *s, uint64_t offset);
/// A rerun starts the stream again. False: what was consumed cannot be had again.
bool source_restart(struct source *s);

// sink.c: stdout, stderr, the terminal
struct sink {
    int fd;     // the inherited one
    int own;    // our own description of the same, non-blocking; -1: fd has to be used with care
    uint8_t as; // enum stdio_kind the guest sees
    bool socket, regular;
    bool closed, closed_sent;
    bool ended; // the guest writes no more
    bool waits; // for room
    uint64_t acked_sent;
    uint64_t skip; // a rerun: this much was delivered before
    uint64_t hash, skipped_hash;
    uint8_t hash_rest[8], skipped_rest[8];
    bool differs;  // a rerun printed something else
    struct ring ring; // ring.end: received, ring.acked: delivered
};
void sink_find(struct sink *s, int fd, const struct terminal *t);
void sink_open(struct sink *s);
/// False: a gap; something was lost on the way.
bool sink_receive(struct sink *s, uint64_t offset, const uint8_t *data, size_t length);
void sink_write(struct sink *s);
void sink_restart(struct sink *s);
/// Lets go of an inherited descriptor, so that whoever waits for its end sees it.
void release_inherited(int fd);

// spec.c
/// argv[0]'s executable by PATH as a shell finds it. NULL: says why; *status is 126 or 127.
char *spec_resolve(const char *name, int *status);
void spec_put(struct bytes *b, char **command, const char *path, const struct terminal *t, const uint8_t kind[3]);

// link.c
/// A connected socket or -1 (errno).
int link_connect(void);
const char *link_path(void);
int link_patience_seconds(void);
_Noreturn void link_unreachable(int error);

// inside.c
/// Inside a guest: becomes the command. Elsewhere: returns.
void run_inside_guest(char **words);
// deputy.c
_Noreturn void deputy_run(char **words);
// detach.c: the deputy of a job that outlives its terminal
/// Forks; returns only in the background. *told is where detach_tell writes.
void detach_fork(int *told);
void detach_tell(int told, uint64_t job, const char *log_path);
// ending.c
/// Ends as the job did: by exit status or by the same signal.
_Noreturn void end_as(uint8_t how, uint8_t code);
// attach.c
_Noreturn void attach_run(char **words);
// java.c
_Noreturn void java_run(int argc, char **argv);

// Process: drover-criu-gate. What a thread or a socket has that CRIU 4.1 does not know: written into the image on the source, and given
// again on the target. And what cannot be given again, for which the guest stays.
//
// The file has a line for each: "affinity THREAD MASK", "slack THREAD NANOSECONDS", "user-timeout PROCESS DESCRIPTOR MILLISECONDS",
// with numbers as the guest has them. It comes from another node: what of it cannot be, or is not for a process of this guest, changes
// nothing.
#define _GNU_SOURCE
#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/// CRIU reads no such file; the daemon sends each that ends so.
#define FILE_NAME "drover-attributes.img"
/// 64 processors a word.
#define MASK_WORDS (sizeof(cpu_set_t) / sizeof(uint64_t))

static FILE *open_file(int flags, const char *mode) {
    const char *directory = getenv("CRTOOLS_IMAGE_DIR");
    char path[4200];
    if (!directory)
        return NULL;
    snprintf(path, sizeof path, "%s/" FILE_NAME, directory);
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? NULL : fdopen(fd, mode);
}

/// The number that a thread has in its guest; 0 if it has ended.
static int number_in_guest(const char *thread) {
    char path[64], line[256];
    int found = 0;
    snprintf(path, sizeof path, "/proc/%.20s/status", thread);
    FILE *status = fopen(path, "re");
    while (status && fgets(line, sizeof line, status))
        if (strncmp(line, "NSpid:", 6) == 0)
            found = atoi(strrchr(line, '\t') + 1);
    if (status)
        fclose(status);
    return found;
}

static long slack_of(const char *thread) {
    char path[64];
    long slack = -1;
    snprintf(path, sizeof path, "/proc/%.20s/timerslack_ns", thread);
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%ld", &slack) != 1)
        slack = -1;
    if (f)
        fclose(f);
    return slack;
}

// ---- source

struct source {
    FILE *file;
    const char *process;
    cpu_set_t usual; // of who has chosen nothing
    long usual_slack;
    char *why;
};

static bool note_thread(const char *thread, void *with) {
    struct source *s = with;
    cpu_set_t mask;
    if (sched_getaffinity(atoi(thread), sizeof mask, &mask) == 0 && !CPU_EQUAL(&mask, &s->usual)) {
        uint64_t words[MASK_WORDS];
        memcpy(words, &mask, sizeof words);
        fprintf(s->file, "affinity %d ", number_in_guest(thread));
        for (size_t i = MASK_WORDS; i-- > 0;)
            fprintf(s->file, "%016llx", (unsigned long long)words[i]);
        fputc('\n', s->file);
    }
    long slack = slack_of(thread);
    if (slack >= 0 && slack != s->usual_slack)
        fprintf(s->file, "slack %d %ld\n", number_in_guest(thread), slack);
    return true;
}

static void note_socket(struct source *s, const char *fd) {
    int taken = take_descriptor(s->process, fd), protocol = 0;
    unsigned timeout_ms = 0;
    socklen_t length = sizeof protocol, timeout_length = sizeof timeout_ms;
    if (taken < 0)
        return;
    if (getsockopt(taken, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) == 0 && protocol == IPPROTO_TCP
        && getsockopt(taken, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, &timeout_length) == 0 && timeout_ms != 0)
        fprintf(s->file, "user-timeout %d %s %u\n", number_in_guest(s->process), fd, timeout_ms);
    close(taken);
}

/// What has happened and was not read is not in the image, and happens once.
static bool has_events(struct source *s, const char *fd) {
    int taken = take_descriptor(s->process, fd), unread = 0;
    bool has = taken >= 0 && ioctl(taken, FIONREAD, &unread) == 0 && unread > 0;
    if (taken >= 0)
        close(taken);
    if (has)
        snprintf(s->why, OBJECTION_BYTES, "it has not read yet what it watches files for (inotify, process %d); try again",
            number_in_guest(s->process));
    return has;
}

static bool note_descriptor(const char *fd, void *with) {
    struct source *s = with;
    if (descriptor_is(s->process, fd, "socket:"))
        note_socket(s, fd);
    return !descriptor_is(s->process, fd, "anon_inode:inotify") || !has_events(s, fd);
}

static bool note_process(const char *process, void *with) {
    struct source *s = with;
    s->process = process;
    return each_thread(process, note_thread, s) && each_descriptor(process, note_descriptor, s);
}

bool note_attributes(int init, char why[OBJECTION_BYTES]) {
    struct source s = {open_file(O_WRONLY | O_CREAT | O_TRUNC, "we"), NULL, {{0}}, prctl(PR_GET_TIMERSLACK), why};
    snprintf(why, OBJECTION_BYTES, "its attributes cannot be written down: %s", strerror(errno));
    if (!s.file)
        return false;
    bool ok = sched_getaffinity(0, sizeof s.usual, &s.usual) == 0 && each_process(init, note_process, &s);
    bool written = !ferror(s.file);
    return fclose(s.file) == 0 && ok && written;
}

// ---- target

struct thread {
    int in_guest, here;
};

struct threads {
    struct thread *all;
    size_t count, room;
};

static bool add_thread(const char *thread, void *with) {
    struct threads *t = with;
    if (t->count == t->room) {
        t->room = t->room ? 2 * t->room : 64;
        struct thread *more = reallocarray(t->all, t->room, sizeof *t->all);
        if (!more)
            return false;
        t->all = more;
    }
    t->all[t->count++] = (struct thread){number_in_guest(thread), atoi(thread)};
    return true;
}

static bool add_threads(const char *process, void *with) { return each_thread(process, add_thread, with); }

static int by_number(const void *a, const void *b) {
    int one = ((const struct thread *)a)->in_guest, two = ((const struct thread *)b)->in_guest;
    return (one > two) - (one < two);
}

/// 0: there is none.
static int here(const struct threads *t, int in_guest) {
    struct thread *found = bsearch(&(struct thread){in_guest, 0}, t->all, t->count, sizeof *t->all, by_number);
    return found ? found->here : 0;
}

/// Only of what this node has: a node with fewer processors gives none of those, and then all.
static void give_affinity(int thread, const char *hex) {
    uint64_t words[MASK_WORDS];
    cpu_set_t mask;
    for (size_t i = MASK_WORDS; i-- > 0; hex += 16) {
        unsigned long long word;
        if (sscanf(hex, "%16llx", &word) != 1)
            return;
        words[i] = word;
    }
    memcpy(&mask, words, sizeof words);
    sched_setaffinity(thread, sizeof mask, &mask);
}

static void give_slack(int thread, unsigned long nanos) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/timerslack_ns", thread);
    FILE *f = fopen(path, "we");
    if (!f)
        return;
    fprintf(f, "%lu", nanos);
    fclose(f);
}

static void give_user_timeout(int process, int fd, unsigned ms) {
    char pid[16], number[16];
    snprintf(pid, sizeof pid, "%d", process);
    snprintf(number, sizeof number, "%d", fd);
    int taken = take_descriptor(pid, number);
    if (taken < 0)
        return;
    setsockopt(taken, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof ms);
    close(taken);
}

static void give(const struct threads *t, const char *line) {
    char hex[16 * MASK_WORDS + 1];
    int number, fd, at;
    unsigned long nanos;
    unsigned ms;
    if (sscanf(line, "affinity %d %256s", &number, hex) == 2 && (at = here(t, number)) > 0 && strlen(hex) == sizeof hex - 1)
        give_affinity(at, hex);
    else if (sscanf(line, "slack %d %lu", &number, &nanos) == 2 && (at = here(t, number)) > 0)
        give_slack(at, nanos);
    else if (sscanf(line, "user-timeout %d %d %u", &number, &fd, &ms) == 3 && (at = here(t, number)) > 0 && fd >= 0)
        give_user_timeout(at, fd, ms);
}
_Static_assert(16 * MASK_WORDS == 256, "as give() reads it");

void give_attributes(int init) {
    FILE *file = open_file(O_RDONLY, "re");
    struct threads t = {0};
    char line[512];
    if (!file)
        return; // of a source that writes none
    if (each_process(init, add_threads, &t) && t.count > 0) {
        qsort(t.all, t.count, sizeof *t.all, by_number);
        while (fgets(line, sizeof line, file))
            give(&t, line);
    }
    free(t.all);
    fclose(file);
}

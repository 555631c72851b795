// Process: each program of the corpus. What all of them share: the talk with bench/corpus, and content to look at again.
#include "corpus.h"

#include <stdarg.h>
#include <sys/prctl.h>

int looks;
static pid_t first;

static void say(const char *word, const char *format, va_list values) {
    char line[600];
    int at = snprintf(line, sizeof line, "%s", word);
    at += vsnprintf(line + at, sizeof line - (size_t)at - 1, format, values);
    if (at > (int)sizeof line - 2)
        at = (int)sizeof line - 2;
    line[at] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)at + 1) < 0)
        _exit(3);
}

static void end(int status) {
    if (getpid() != first)
        kill(first, SIGKILL); // what a child has lost is lost
    _exit(status);
}

void lost(const char *format, ...) {
    va_list values;
    va_start(values, format);
    say("lost: ", format, values);
    va_end(values);
    end(1);
    _exit(1);
}

static void say_text(const char *word, const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(word, format, values);
    va_end(values);
}

void not_kept(const char *file, int line, const char *what) {
    if (errno != 0) // since the check began
        lost("%s:%d: %s: %s", file, line, what, strerror(errno));
    lost("%s:%d: %s", file, line, what);
}

void without(const char *what) {
    say_text("without: ", "%s", what);
    end(0);
    _exit(0);
}

void not_set_up(const char *file, int line, const char *what) {
    say_text("not set up: ", "%s:%d: %s: %s", file, line, what, strerror(errno));
    end(2);
    _exit(2);
}

/// False at the end of stdin.
static bool line_comes(void) {
    char c = 0;
    ssize_t n = 0;
    while (c != '\n') {
        n = read(STDIN_FILENO, &c, 1);
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
    }
    return true;
}

int corpus(void (*set_up)(void), void (*check)(void)) {
    first = getpid();
    set_up();
    say_text("ready", " ");
    for (; line_comes(); looks++) {
        errno = 0;
        check();
        say_text("kept", " ");
    }
    return 0;
}

pid_t child(void (*run)(void *), void *with) {
    pid_t pid = fork();
    NEED(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run(with);
        _exit(0);
    }
    return pid;
}

void sleep_ms(int ms) {
    struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) < 0 && errno == EINTR) {
    }
}

int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

unsigned char content(size_t at, unsigned seed) {
    uint64_t x = (at + 1) * 0x9E3779B97F4A7C15u + seed;
    x ^= x >> 29;
    x *= 0xBF58476D1CE4E5B9u;
    return (unsigned char)(x >> 40);
}

void fill(void *memory, size_t length, unsigned seed) {
    for (size_t i = 0; i < length; i++)
        ((unsigned char *)memory)[i] = content(i, seed);
}

bool is_filled(const void *memory, size_t length, unsigned seed) {
    for (size_t i = 0; i < length; i++)
        if (((const unsigned char *)memory)[i] != content(i, seed))
            return false;
    return true;
}

bool write_content(int fd, size_t length, unsigned seed) {
    char *buffer = malloc(length);
    fill(buffer, length, seed);
    size_t done = 0;
    for (ssize_t n; done < length && (n = write(fd, buffer + done, length - done)) > 0;)
        done += (size_t)n;
    free(buffer);
    return done == length;
}

bool reads(int fd, const char *text) {
    char found[4096];
    size_t wanted = strlen(text), at = 0;
    for (ssize_t n; at < wanted && (n = read(fd, found + at, wanted - at)) > 0;)
        at += (size_t)n;
    return at == wanted && memcmp(found, text, wanted) == 0;
}

bool writes(int fd, const char *text) {
    return write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

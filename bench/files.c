// Part of bench/files: does what it is told on standard input, one command a line, with files, and prints how long each
// took. The same program does it on each file system. Commands: see main. Linked statically, so that it runs in nodes
// without a distribution.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, PAGE = 4096, IN_A_DIRECTORY = 1000 };

static char chunk[CHUNK];
static uint64_t state = 88172645463325252ull;

static void fail(const char *what, const char *path) {
    printf("failed %s %s: %s\n", what, path, strerror(errno));
    fflush(stdout);
    exit(1);
}

static uint64_t next_random(void) { // xorshift64
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static void fill(void) {
    for (size_t i = 0; i < CHUNK; i += sizeof state) {
        uint64_t word = next_random();
        memcpy(chunk + i, &word, sizeof word);
    }
}

// Words of C and numbers: a compressor leaves some 40 %.
static void fill_text(void) {
    static const char *const WORDS[] = {"static", "int", "return", "struct", "char", "const", "(", ")", "{", "}", ";", "if",
                                        "for", "=", "->", "0", "NULL"};
    for (size_t i = 0; i < CHUNK;) {
        char word[32];
        uint64_t random = next_random();
        if (random % 4)
            snprintf(word, sizeof word, "%s ", WORDS[(random >> 8) % (sizeof WORDS / sizeof *WORDS)]);
        else
            snprintf(word, sizeof word, "%u\n", (unsigned)(random >> 44));
        size_t length = strlen(word);
        if (length > CHUNK - i) length = CHUNK - i;
        memcpy(chunk + i, word, length);
        i += length;
    }
}

static int opened(const char *path, int flags) {
    int descriptor = open(path, flags | O_CLOEXEC, 0644);
    if (descriptor < 0) fail("open", path);
    return descriptor;
}

static void closed(int descriptor, const char *path) {
    if (close(descriptor) < 0) fail("close", path);
}

static void write_all(int descriptor, size_t bytes, const char *path) {
    for (size_t done = 0; done < bytes;) {
        ssize_t put = write(descriptor, chunk + done, bytes - done);
        if (put < 0) fail("write", path);
        done += (size_t)put;
    }
}

static char *name_of(const char *directory, long i) {
    static char path[4096];
    snprintf(path, sizeof path, "%s/f%ld", directory, i);
    return path;
}

// COUNT files of BYTES random bytes.
static void make(const char *directory, long count, long bytes) {
    if (mkdir(directory, 0755) < 0) fail("mkdir", directory);
    for (long i = 0; i < count; i++) {
        char *path = name_of(directory, i);
        int descriptor = opened(path, O_WRONLY | O_CREAT | O_EXCL);
        memcpy(chunk, &i, sizeof i); // no two the same
        write_all(descriptor, (size_t)bytes, path);
        closed(descriptor, path);
    }
    fill();
}

// The same in directories of IN_A_DIRECTORY empty files.
static void make_tree(const char *directory, long count, long unused) {
    (void)unused;
    if (mkdir(directory, 0755) < 0) fail("mkdir", directory);
    for (long d = 0; d * IN_A_DIRECTORY < count; d++) {
        char inner[3000];
        snprintf(inner, sizeof inner, "%s/d%ld", directory, d);
        make(inner, count - d * IN_A_DIRECTORY < IN_A_DIRECTORY ? count - d * IN_A_DIRECTORY : IN_A_DIRECTORY, 0);
    }
}

static void read_files(const char *directory, long count, long bytes) {
    for (long i = 0; i < count; i++) {
        char *path = name_of(directory, i);
        int descriptor = opened(path, O_RDONLY);
        long total = 0;
        ssize_t got;
        while ((got = read(descriptor, chunk, CHUNK)) > 0) total += got;
        if (got < 0 || total != bytes) fail("read", path);
        closed(descriptor, path);
    }
}

// What ls -lR asks.
static long walk(const char *directory) {
    DIR *listing = opendir(directory);
    if (!listing) fail("opendir", directory);
    long found = 0;
    struct dirent *entry;
    while ((entry = readdir(listing))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        struct stat status;
        if (fstatat(dirfd(listing), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) fail("stat", entry->d_name);
        if (S_ISDIR(status.st_mode)) {
            char inner[4096];
            snprintf(inner, sizeof inner, "%s/%s", directory, entry->d_name);
            found += walk(inner);
        } else {
            found++;
        }
    }
    closedir(listing);
    return found;
}

static void stat_tree(const char *directory, long count, long unused) {
    (void)unused;
    if (walk(directory) != count) fail("count", directory);
}

static void create(const char *directory, long count, long bytes) {
    for (long i = 0; i < count; i++) {
        char *path = name_of(directory, i);
        int descriptor = opened(path, O_WRONLY | O_CREAT | O_EXCL);
        write_all(descriptor, (size_t)bytes, path);
        closed(descriptor, path);
    }
}

static void remove_files(const char *directory, long count, long unused) {
    (void)unused;
    for (long i = 0; i < count; i++)
        if (unlink(name_of(directory, i)) < 0) fail("unlink", name_of(directory, i));
}

static void write_file(const char *path, long megabytes, long unused) {
    (void)unused;
    int descriptor = opened(path, O_WRONLY | O_CREAT | O_TRUNC);
    for (long i = 0; i < megabytes; i++) write_all(descriptor, CHUNK, path);
    closed(descriptor, path);
}

static void read_file(const char *path, long megabytes, long unused) {
    (void)unused;
    int descriptor = opened(path, O_RDONLY);
    long total = 0;
    ssize_t got;
    while ((got = read(descriptor, chunk, CHUNK)) > 0) total += got;
    if (got < 0 || total != megabytes * CHUNK) fail("read", path);
    closed(descriptor, path);
}

// Changes something in every 128 KiB, so that nothing that is cached elsewhere is right.
static void freshen(const char *path, long megabytes, long unused) {
    (void)unused;
    int descriptor = opened(path, O_WRONLY);
    for (long at = 0; at < megabytes * CHUNK; at += 128 << 10) {
        uint64_t word = next_random();
        if (pwrite(descriptor, &word, sizeof word, at) < 0) fail("write", path);
    }
    closed(descriptor, path);
}

static void random_pages(const char *path, long megabytes, long count, int writes) {
    int descriptor = opened(path, writes ? O_WRONLY : O_RDONLY);
    for (long i = 0; i < count; i++) {
        off_t at = (off_t)(next_random() % (uint64_t)(megabytes * CHUNK / PAGE)) * PAGE;
        ssize_t done = writes ? pwrite(descriptor, chunk, PAGE, at) : pread(descriptor, chunk, PAGE, at);
        if (done != PAGE) fail(writes ? "write" : "read", path);
    }
    closed(descriptor, path);
}

static void random_reads(const char *path, long megabytes, long count) { random_pages(path, megabytes, count, 0); }

static void random_writes(const char *path, long megabytes, long count) { random_pages(path, megabytes, count, 1); }

// A ustar archive ARCHIVE of COUNT files in one directory is taken apart into the directory that it lies in, as tar does.
static void extract(const char *archive, long count, long unused) {
    (void)unused;
    char directory[3000];
    snprintf(directory, sizeof directory, "%s.d", archive);
    if (mkdir(directory, 0755) < 0) fail("mkdir", directory);
    FILE *file = fopen(archive, "re");
    if (!file) fail("open", archive);
    setvbuf(file, NULL, _IOFBF, 10240);
    char header[512];
    long made = 0;
    while (fread(header, sizeof header, 1, file) == 1 && header[0]) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%.100s", directory, header);
        size_t size = strtoul(header + 124, NULL, 8);
        if (size > CHUNK || fread(chunk, (size + 511) & ~511ul, 1, file) != 1) fail("read", archive);
        int descriptor = opened(path, O_WRONLY | O_CREAT | O_EXCL);
        write_all(descriptor, size, path);
        struct timespec times[2] = {{0, UTIME_OMIT}, {(time_t)strtoul(header + 136, NULL, 8), 0}};
        if (futimens(descriptor, times) < 0) fail("utimens", path);
        closed(descriptor, path);
        made++;
    }
    fclose(file);
    if (made != count) fail("count", archive);
}

static const struct {
    const char *name;
    void (*run)(const char *, long, long);
} COMMANDS[] = {
    {"make", make},           {"make-tree", make_tree},   {"read-files", read_files},     {"stat-tree", stat_tree},
    {"create", create},       {"unlink", remove_files},   {"write", write_file},          {"read", read_file},
    {"write-text", write_file}, {"freshen", freshen},     {"random-reads", random_reads}, {"random-writes", random_writes}, {"extract", extract},
};

int main(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    state ^= (uint64_t)now.tv_nsec << 20 ^ (uint64_t)getpid();
    fill();
    char line[8192], name[32], path[4096];
    while (fgets(line, sizeof line, stdin)) {
        long first = 0, second = 0;
        if (sscanf(line, "%31s %4095s %ld %ld", name, path, &first, &second) < 2) fail("parse", line);
        void (*run)(const char *, long, long) = NULL;
        for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
            if (!strcmp(name, COMMANDS[i].name)) run = COMMANDS[i].run;
        if (!run) fail("know", name);
        if (!strcmp(name, "write-text"))
            fill_text();
        else
            fill(); // reading has left other content there
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        run(path, first, second);
        clock_gettime(CLOCK_MONOTONIC, &to);
        printf("%.6f\n", (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
        fflush(stdout);
    }
    return 0;
}

// Directories: one read half-way, descriptors of others (O_PATH too) to open below, and a working directory.
#include "corpus.h"

#include <dirent.h>

#define FILES 300
static DIR *half;
static bool seen[FILES];
static int at, path, link_itself;

static void note_next(void) {
    struct dirent *e = readdir(half);
    int number;
    if (e && sscanf(e->d_name, "f%d", &number) == 1 && number >= 0 && number < FILES) {
        if (seen[number])
            lost("%s came twice", e->d_name);
        seen[number] = true;
    }
}

static void set_up(void) {
    NEED(mkdir("many", 0700) == 0 || errno == EEXIST);
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "many/f%d", i);
        int fd = open(name, O_WRONLY | O_CREAT, 0600);
        NEED(fd >= 0);
        close(fd);
    }
    NEED((at = open("many", O_RDONLY | O_DIRECTORY)) >= 0);
    NEED((path = open("many/f1", O_PATH)) >= 0);
    NEED(symlink("nowhere", "link") == 0 || errno == EEXIST);
    NEED((link_itself = open("link", O_PATH | O_NOFOLLOW)) >= 0);
    NEED((half = opendir("many")) != NULL);
    for (int i = 0; i < 40; i++)
        note_next();
    NEED(chdir("many") == 0);
}

static void check(void) {
    char text[64], name[64];
    for (int i = 0; i < 40; i++)
        note_next();
    int fd = openat(at, "f7", O_RDONLY);
    KEPT(fd >= 0);
    close(fd);
    struct stat st, other;
    KEPT(fstat(path, &st) == 0 && stat("f1", &other) == 0 && st.st_ino == other.st_ino);
    KEPT((fcntl(path, F_GETFL) & O_PATH) != 0);
    KEPT(readlinkat(link_itself, "", text, sizeof text) == 7);
    snprintf(name, sizeof name, "/proc/self/fd/%d", at);
    KEPT(readlink("/proc/self/cwd", text, sizeof text) == readlink(name, text, sizeof text));
    if (looks == 0)
        return;
    for (int i = 0; i < FILES; i++)
        note_next();
    for (int i = 0; i < FILES; i++)
        if (!seen[i] && looks == 1)
            lost("f%d never came", i);
    rewinddir(half);
    memset(seen, 0, sizeof seen);
}

int main(void) {
    return corpus(set_up, check);
}

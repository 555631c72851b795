// The guest's own files in /dev/shm and /run: content, holes, modes, links, times, empty directories, long names.
#include "corpus.h"

static const struct timespec TIMES[2] = {{1000000000, 123456789}, {1100000000, 987654321}};
static char longest[256];

static void set_up(void) {
    umask(0);
    NEED(chdir("/dev/shm") == 0 && mkdir("d", 0750) == 0 && mkdir("d/empty", 01777) == 0);
    int fd = open("d/file", O_RDWR | O_CREAT, 04755);
    NEED(fd >= 0 && write_content(fd, 300000, 1) && close(fd) == 0);
    NEED(chmod("d/file", 04755) == 0 && link("d/file", "d/link") == 0 && symlink("../no where", "d/symbolic") == 0);
    NEED(mkfifo("d/fifo", 0620) == 0);
    NEED((fd = open("d/sparse", O_RDWR | O_CREAT, 0600)) >= 0 && pwrite(fd, "end", 3, 30 << 20) == 3 && close(fd) == 0);
    memset(longest, 'n', 255);
    NEED((fd = open(longest, O_WRONLY | O_CREAT, 0)) >= 0 && close(fd) == 0);
    NEED((fd = open("-rf *\n'\"", O_WRONLY | O_CREAT, 0600)) >= 0 && close(fd) == 0);
    NEED(utimensat(AT_FDCWD, "d/file", TIMES, 0) == 0);
    if (geteuid() == 0)
        NEED(chown("d/empty", 7010, 12345) == 0 && (fd = open("/run/own", O_WRONLY | O_CREAT, 0600)) >= 0 && writes(fd, "run"));
}

static void check(void) {
    static unsigned char buffer[300000];
    struct stat st, other;
    KEPT(stat("d", &st) == 0 && (st.st_mode & 07777) == 0750);
    KEPT(stat("d/empty", &st) == 0 && (st.st_mode & 07777) == 01777);
    KEPT(geteuid() != 0 || (st.st_uid == 7010 && st.st_gid == 12345));
    KEPT(stat("d/file", &st) == 0 && stat("d/link", &other) == 0 && st.st_ino == other.st_ino && st.st_nlink == 2);
    KEPT((st.st_mode & 07777) == 04755);
    KEPT(st.st_mtim.tv_sec == TIMES[1].tv_sec);
    KEPT(st.st_mtim.tv_nsec == TIMES[1].tv_nsec);
    int fd = open("d/file", O_RDONLY);
    KEPT(fd >= 0 && read(fd, buffer, sizeof buffer) == 300000 && is_filled(buffer, 300000, 1) && close(fd) == 0);
    KEPT(readlink("d/symbolic", (char *)buffer, 100) == 11);
    KEPT(stat("d/fifo", &st) == 0 && S_ISFIFO(st.st_mode) && (st.st_mode & 0777) == 0620);
    KEPT(stat("d/sparse", &st) == 0 && st.st_size == (30 << 20) + 3);
    KEPT(st.st_blocks < 1000);
    KEPT(stat(longest, &st) == 0 && (st.st_mode & 0777) == 0);
    KEPT(access("-rf *\n'\"", R_OK) == 0);
    KEPT(geteuid() != 0 || (stat("/run/own", &st) == 0 && st.st_size == 3));
}

int main(void) {
    return corpus(set_up, check);
}

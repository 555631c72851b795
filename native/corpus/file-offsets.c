// Offsets and flags of open files, shared ones too: also through fork and dup.
#include "corpus.h"

#include <sys/socket.h>

static int plain, copy, appended, reader, parent_end, child_end;

static void reads_with_us(void *with) {
    (void)with;
    char c;
    while (read(child_end, &c, 1) == 1) {
        if (read(plain, &c, 1) != 1) // the offset is everybody's
            c = 0;
        if (write(child_end, &c, 1) != 1)
            return;
    }
}

static void set_up(void) {
    int pair[2];
    NEED((plain = open("plain", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)) >= 0);
    NEED(write_content(plain, 100000, 1));
    NEED(lseek(plain, 500, SEEK_SET) == 500);
    NEED((copy = fcntl(plain, F_DUPFD, 40)) >= 40);
    NEED((appended = open("appended", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NONBLOCK, 0600)) >= 0);
    NEED(writes(appended, "begin\n"));
    NEED((reader = open("appended", O_RDONLY)) >= 0);
    NEED(reads(reader, "beg"));
    NEED(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    parent_end = pair[0];
    child_end = pair[1];
    child(reads_with_us, NULL);
}

static void check(void) {
    unsigned char c = 'x';
    off_t at = lseek(plain, 0, SEEK_CUR);
    KEPT(at == 500 + 3 * looks);
    KEPT(read(plain, &c, 1) == 1 && c == content((size_t)at, 1));
    KEPT(read(copy, &c, 1) == 1 && c == content((size_t)at + 1, 1));
    KEPT(write(parent_end, &c, 1) == 1 && read(parent_end, &c, 1) == 1 && c == content((size_t)at + 2, 1));
    KEPT((fcntl(plain, F_GETFL) & O_ACCMODE) == O_RDWR);
    KEPT(fcntl(plain, F_GETFD) == FD_CLOEXEC && fcntl(copy, F_GETFD) == 0);
    KEPT((fcntl(appended, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK)) == (O_WRONLY | O_APPEND | O_NONBLOCK));
    KEPT(lseek(appended, 0, SEEK_SET) == 0 && writes(appended, "more\n"));
    KEPT(reads(reader, looks == 0 ? "in\nmore\n" : "more\n"));
    struct stat st;
    KEPT(fstat(plain, &st) == 0 && st.st_size == 100000 && (st.st_mode & 07777) == 0640 && st.st_uid == geteuid());
}

int main(void) {
    return corpus(set_up, check);
}

// Ids, groups and capabilities; of root also those of a child that has given them up.
#include "corpus.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

struct who {
    uid_t uid[3];
    gid_t gid[3];
    int count;
    gid_t groups[64];
    struct __user_cap_data_struct rights[2];
    uint64_t bounding;
    int keeps;
};
static struct who before;
static int parent_end, child_end;

static struct who look(void) {
    struct who w;
    memset(&w, 0, sizeof w);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    NEED(getresuid(&w.uid[0], &w.uid[1], &w.uid[2]) == 0 && getresgid(&w.gid[0], &w.gid[1], &w.gid[2]) == 0);
    NEED((w.count = getgroups(64, w.groups)) >= 0 && syscall(SYS_capget, &header, w.rights) == 0);
    for (unsigned i = 0; i < 64; i++)
        if (prctl(PR_CAPBSET_READ, i) == 1)
            w.bounding |= 1ull << i;
    w.keeps = prctl(PR_GET_SECUREBITS);
    return w;
}

static void become_another(void *with) {
    gid_t groups[] = {50, 60, 70};
    char c;
    (void)with;
    NEED(setgroups(3, groups) == 0 && setresgid(1001, 1002, 1002) == 0 && setresuid(1001, 1002, 1003) == 0);
    struct who w = look();
    while (read(child_end, &c, 1) == 1) {
        struct who now = look();
        c = memcmp(&w, &now, sizeof w) == 0 && now.uid[0] == 1001 && now.uid[2] == 1003 ? 'y' : 'n';
        if (write(child_end, &c, 1) != 1)
            return;
    }
}

static void set_up(void) {
    int pair[2];
    NEED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    parent_end = pair[0];
    child_end = pair[1];
    before = look();
    if (geteuid() == 0)
        child(become_another, NULL);
}

static void check(void) {
    struct who now = look();
    char c = '?';
    KEPT(memcmp(now.uid, before.uid, sizeof now.uid) == 0 && memcmp(now.gid, before.gid, sizeof now.gid) == 0);
    KEPT(now.count == before.count && memcmp(now.groups, before.groups, sizeof now.groups) == 0);
    KEPT(memcmp(now.rights, before.rights, sizeof now.rights) == 0);
    KEPT(now.bounding == before.bounding);
    KEPT(now.keeps == before.keeps);
    KEPT(geteuid() != 0 || (write(parent_end, &c, 1) == 1 && read(parent_end, &c, 1) == 1 && c == 'y'));
}

int main(void) {
    return corpus(set_up, check);
}

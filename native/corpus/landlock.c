// A process that has shut itself out of files (Landlock), as xz does: it may not get in again by a move.
#include "corpus.h"

#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void set_up(void) {
    struct landlock_ruleset_attr all = {.handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules < 0)
        without("a guest has no Landlock");
    NEED(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0 && close(rules) == 0);
    NEED(open("made", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES);
}

static void check(void) {
    KEPT(open("made", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES);
}

int main(void) {
    return corpus(set_up, check);
}

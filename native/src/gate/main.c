// Process: drover-criu-gate, an action script of CRIU (child of it), for a moment at each step of a move. Talks to the
// keeper, on the socket in DROVER_GATE: says how far CRIU has come, and ends as the keeper says. 0: CRIU goes on; else it
// undoes what it did.
#define _GNU_SOURCE
#include "gate.h"

#include <errno.h>
#include <stdbool.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what) {
    fprintf(stderr, "drover-criu-gate: cannot %s: %s\n", what, strerror(errno));
    return 1;
}

/// What the guest wrote into shared mappings of home's files is only in this node's memory, and home refuses it when the
/// guest is the target's.
static int write_back(int init) {
    char root[64];
    snprintf(root, sizeof root, "/proc/%d/root", init);
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && syncfs(fd) == 0 ? 0 : -1;
}

static bool is_as_it_must_be(enum gate step, int init) {
    if (step != GATE_RESTORED && step != GATE_CHECKED)
        return true;
    const char *keeper = getenv("DROVER_KEEPER");
    struct whose job = {init, keeper ? atoi(keeper) : 0, getenv("DROVER_UID"), getenv("DROVER_GROUPS"), getenv("DROVER_ROOT"), getenv("DROVER_RESOLVERS")};
    char why[OBJECTION_BYTES] = "nobody says whose it is";
    if (keeper && job.uid && job.groups && job.root && job.resolvers && init > 0
        && (step == GATE_RESTORED ? is_in_its_place(&job, why) : has_its_rights_only(&job, why))) {
        if (step != GATE_RESTORED || keep_timers_going(init, why))
            return true;
        fprintf(stderr, "Error (drover-criu-gate): %s\n", why);
        return false;
    }
    fprintf(stderr, "Error (drover-criu-gate): what was restored is no guest: %s\n", why);
    return false;
}

/// Tells the keeper, and returns what it answers.
static int ask(const char *path, const struct gate_message *message) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return fail("reach the keeper");
    if (send(fd, message, sizeof *message, MSG_NOSIGNAL) < 0)
        return fail("tell the keeper");
    unsigned char answer = 1;
    ssize_t n;
    do
        n = recv(fd, &answer, 1, 0);
    while (n < 0 && errno == EINTR);
    return n == 1 ? answer : 1; // without a keeper, nobody can go on
}

int main(void) {
    const char *action = getenv("CRTOOLS_SCRIPT_ACTION"), *init = getenv("CRTOOLS_INIT_PID");
    const char *path = getenv("DROVER_GATE"), *number = getenv("DROVER_MOVE");
    if (!action || !path || !number) {
        fprintf(stderr, "drover-criu-gate: an action script of CRIU; only drover-keeper has it run\n");
        return 2;
    }
    enum gate step = strcmp(action, "post-dump") == 0 ? GATE_DUMPED
        : strcmp(action, "setup-namespaces") == 0     ? GATE_NAMESPACES
        : strcmp(action, "post-restore") == 0         ? GATE_RESTORED
        : strcmp(action, "pre-resume") == 0           ? GATE_CHECKED
                                                      : GATE_NONE;
    if (step == GATE_NONE)
        return 0;
    struct gate_message message = {(unsigned)strtoul(number, NULL, 10), step, init ? atoi(init) : 0};
    if (step == GATE_DUMPED && write_back(message.init) < 0)
        return fail("write back what the guest has changed by mappings");
    char why[OBJECTION_BYTES];
    if (step == GATE_DUMPED && !note_attributes(message.init, why)) {
        fprintf(stderr, "Error (drover-criu-gate): %s\n", why);
        return 1;
    }
    if (step == GATE_DUMPED)
        tell_descriptors(message.init);
    int status = is_as_it_must_be(step, message.init) ? ask(path, &message) : 1;
    if (step == GATE_RESTORED && status == 0)
        give_attributes(message.init);
    // Here CRIU goes on whatever is said, and lets the guest run.
    if (status != 0 && step == GATE_CHECKED && message.init > 0)
        end_guest(message.init);
    return status;
}

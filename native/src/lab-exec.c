// drover-lab-node exec: runs a command in a node as if it had been started there. One process stays outside to pass on
// signals, stops and the exit status; the command itself is in all namespaces and in the control groups of the node.
// Usage: exec LAB NODE [--group home|system] [--user NAME] [--env K=V] [--detach LOG] [--] CMD ARGS

#include "lab-node.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAXIMUM_EXTRA = 64, MAXIMUM_SUPPLEMENTARY = 64 };

struct request {
    const char *lab, *node, *group, *user, *log;
    const char *extra[MAXIMUM_EXTRA];
    int extras;
    char **command;
};

static int usage(void) {
    fprintf(stderr, "usage: exec NODE [--user NAME] [--env K=V] [--] CMD ARGS\n");
    return 2;
}

static bool parse(int argc, char **argv, struct request *out) {
    int at = 0;
    if (argc < 2)
        return false;
    out->node = argv[at++];
    if (strchr(out->node, '/'))
        return false;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        if (argv[at][2] == 0) {
            at++;
            break;
        }
        if (at + 1 >= argc)
            return false;
        const char *value = argv[at + 1];
        if (strcmp(argv[at], "--group") == 0)
            out->group = value;
        else if (strcmp(argv[at], "--user") == 0)
            out->user = value;
        else if (strcmp(argv[at], "--detach") == 0)
            out->log = value;
        else if (strcmp(argv[at], "--env") == 0 && out->extras < MAXIMUM_EXTRA)
            out->extra[out->extras++] = value;
        else
            return false;
    }
    out->command = argv + at;
    return at < argc;
}

static int open_node(const struct request *request) {
    char path[PATH_MAX];
    struct process_id init;
    if (path_of(path, "%s/nodes/%s/init", request->lab, request->node) < 0)
        return -1;
    int fd = -1;
    if (read_process(path, &init) == 0)
        fd = (int)syscall(SYS_pidfd_open, init.pid, 0);
    if (fd < 0 || start_ticks_of(init.pid) != init.start_ticks) {
        if (path_of(path, "%s/nodes/%s", request->lab, request->node) < 0)
            return -1;
        if (access(path, F_OK) != 0)
            fprintf(stderr, "drover lab: there is no node '%s' in %s; see: drover lab status\n", request->node,
                    request->lab);
        else
            fprintf(stderr, "drover lab: node %s is down; start it with: drover lab start %s\n", request->node,
                    request->node);
        return -1;
    }
    if (path_of(path, "%s/nodes/%s/hung", request->lab, request->node) < 0)
        return -1;
    if (access(path, F_OK) == 0) {
        fprintf(stderr, "drover lab: node %s hangs; let it go on with: drover lab cont %s\n", request->node,
                request->node);
        return -1;
    }
    return fd;
}

static int become_user(const char *name) {
    // By hand, not by getpwnam: the node's own table counts, and a static program has no name service.
    FILE *table = fopen("/etc/passwd", "re");
    struct passwd *entry = NULL;
    while (table && (entry = fgetpwent(table)) && strcmp(entry->pw_name, name) != 0)
        ;
    if (table)
        fclose(table);
    if (!entry) {
        fprintf(stderr, "drover lab: the node knows no user '%s'\n", name);
        return -1;
    }
    gid_t groups[MAXIMUM_SUPPLEMENTARY];
    size_t count = 0;
    groups[count++] = entry->pw_gid;
    table = fopen("/etc/group", "re");
    struct group *group;
    while (table && (group = fgetgrent(table)))
        for (char **member = group->gr_mem; *member; member++)
            if (strcmp(*member, name) == 0 && group->gr_gid != entry->pw_gid && count < MAXIMUM_SUPPLEMENTARY)
                groups[count++] = group->gr_gid;
    if (table)
        fclose(table);
    if (setgroups(count, groups) != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0)
        return fail("become", name);
    if (setenv("HOME", entry->pw_dir, 1) != 0 || setenv("USER", name, 1) != 0 || setenv("LOGNAME", name, 1) != 0)
        return fail("set the environment of", name);
    return 0;
}

// LAB/env holds K=V lines: PATH and the like.
static int make_environment(const struct request *request, char *text, size_t size) {
    char path[PATH_MAX];
    const char *terminal = getenv("TERM");
    if (path_of(path, "%s/env", request->lab) < 0)
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
    if (fd >= 0)
        close(fd);
    if (length < 0)
        return fail("read", path);
    text[length] = 0;
    char *kept = terminal ? strdup(terminal) : NULL;
    clearenv();
    if (kept && setenv("TERM", kept, 1) != 0)
        return fail("set", "TERM");
    free(kept);
    for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
        if (strchr(line, '=') && putenv(line) != 0)
            return fail("set", line);
    if (setenv("HOME", "/root", 0) != 0 || setenv("USER", "root", 0) != 0 || setenv("LOGNAME", "root", 0) != 0)
        return fail("set", "HOME");
    for (int i = 0; i < request->extras; i++)
        if (putenv((char *)(unsigned long)request->extra[i]) != 0)
            return fail("set", request->extra[i]);
    return 0;
}

static _Noreturn void become_command(const struct request *request, const int *groups, int count, const sigset_t *mask) {
    if (join_groups(groups, count) < 0)
        _exit(EXIT_LAB_FAILED);
    if (request->user && become_user(request->user) < 0)
        _exit(EXIT_LAB_FAILED);
    if (chdir("/") != 0)
        _exit(EXIT_LAB_FAILED);
    umask(022);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(request->command[0], request->command);
    int error = errno;
    fprintf(stderr, "drover lab: cannot run '%s' on %s: %s\n", request->command[0], request->node, strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

// The command becomes a child of the node's first process; its output goes to the log.
static int detach(const struct request *request, const int *groups, int count, int log, const sigset_t *mask) {
    pid_t between = fork();
    if (between < 0)
        return fail("fork into", request->node), EXIT_LAB_FAILED;
    if (between == 0) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (setsid() < 0 || null < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
            _exit(EXIT_LAB_FAILED);
        pid_t command = fork();
        if (command == 0)
            become_command(request, groups, count, mask);
        _exit(command < 0 ? EXIT_LAB_FAILED : 0);
    }
    int status;
    while (waitpid(between, &status, 0) < 0)
        if (errno != EINTR)
            return fail("wait for", "the command"), EXIT_LAB_FAILED;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_LAB_FAILED;
}

static _Noreturn void die_of(int signal_number) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);   // the command's core, if any, is its own
    signal(signal_number, SIG_DFL);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, signal_number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    raise(signal_number);
    _exit(128 + signal_number);
}

static int pass_on(pid_t child, const sigset_t *watched) {
    for (;;) {
        int status;
        pid_t got;
        while ((got = waitpid(child, &status, WNOHANG | WUNTRACED)) == child) {
            if (WIFEXITED(status))
                return WEXITSTATUS(status);
            if (WIFSIGNALED(status))
                die_of(WTERMSIG(status));
            if (WIFSTOPPED(status)) {
                raise(SIGSTOP);   // and when somebody continues us:
                kill(child, SIGCONT);
            }
        }
        if (got < 0 && errno != EINTR)
            return fail("wait for", "the command"), EXIT_LAB_FAILED;
        siginfo_t info;
        int signal_number = sigwaitinfo(watched, &info);
        // The terminal signals the whole foreground group: the command has it already.
        if (signal_number > 0 && signal_number != SIGCHLD && info.si_code != SI_KERNEL)
            kill(child, signal_number);
    }
}

int exec_main(int argc, char **argv, const char *lab) {
    struct request request = {.lab = lab, .group = "home"};
    if (!parse(argc, argv, &request))
        return usage();
    int groups[MAXIMUM_GROUPS], log = -1;
    char path[PATH_MAX];
    static char environment[65536];
    int node = open_node(&request);
    if (node < 0 || path_of(path, "%s/nodes/%s/groups.%s", lab, request.node, request.group) < 0)
        return EXIT_LAB_FAILED;
    int count = open_groups(path, groups);
    if (count < 0)
        return EXIT_LAB_FAILED;
    if (request.log && (log = open(request.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) < 0)
        return fail("write", request.log), EXIT_LAB_FAILED;
    if (make_environment(&request, environment, sizeof environment) < 0)
        return EXIT_LAB_FAILED;
    sigset_t watched, nothing;
    static const int forwarded[] = {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH,
                                    SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT};
    sigemptyset(&watched);
    sigemptyset(&nothing);
    for (size_t i = 0; i < sizeof forwarded / sizeof *forwarded; i++)
        sigaddset(&watched, forwarded[i]);
    sigprocmask(SIG_BLOCK, &watched, NULL);
    if (setns(node, CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWTIME) != 0)
        return fail("enter", request.node), EXIT_LAB_FAILED;
    if (request.log)
        return detach(&request, groups, count, log, &nothing);
    pid_t child = fork();
    if (child < 0)
        return fail("fork into", request.node), EXIT_LAB_FAILED;
    if (child == 0) {
        // Whoever kills this program uncatchably kills the command: nothing may be left running unseen.
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
            _exit(EXIT_LAB_FAILED);
        become_command(&request, groups, count, &nothing);
    }
    return pass_on(child, &watched);
}

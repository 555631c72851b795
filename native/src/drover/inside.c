// Process: `drover run` inside a guest. Where the job runs was decided when it started: this becomes the command at once.
#define _GNU_SOURCE
#include "drover.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// A text without #! is a script for the shell, as execvp has it.
static void exec_as_script(const char *path, char **command) {
    size_t count = 0;
    while (command[count])
        count++;
    char **arguments = calloc(count + 2, sizeof *arguments);
    if (!arguments)
        die("no memory for the arguments");
    static char shell[] = "/bin/sh";
    arguments[0] = shell;
    arguments[1] = strdup(path);
    memcpy(arguments + 2, command + 1, count * sizeof *arguments);
    execv(shell, arguments);
}

void run_inside_guest(char **words) {
    if (access(GUEST_MARK, F_OK) < 0)
        return;
    struct options options;
    options_parse(&options, words);
    if (options.detach) {
        say("drover: --detach is not possible inside a job: what outlives the job has no home there; start it at home");
        _exit(EXIT_DROVER);
    }
    int status = 0;
    char *path = spec_resolve(options.command[0], &status);
    if (!path)
        _exit(status);
    execv(path, options.command);
    if (errno == ENOEXEC)
        exec_as_script(path, options.command);
    int error = errno;
    say("drover: cannot run %s: %s", path, strerror(error));
    _exit(error == ENOENT ? 127 : 126);
}

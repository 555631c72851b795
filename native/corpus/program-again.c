// Programs that a guest starts after it was moved, also its own.
#include "corpus.h"

static int output_of(const char *command, char *found, int size) {
    FILE *f = popen(command, "re");
    int n = f ? (int)fread(found, 1, (size_t)size - 1, f) : 0;
    found[n > 0 ? n : 0] = 0;
    return f ? pclose(f) : -1;
}

static void set_up(void) {
}

static void check(void) {
    char found[256], wanted[256];
    KEPT(output_of("echo one | tr o O | cat", found, sizeof found) == 0 && strcmp(found, "One\n") == 0);
    snprintf(wanted, sizeof wanted, "%d\n", (int)getpid());
    KEPT(output_of("ps -o ppid= -p $$ | tr -d ' '", found, sizeof found) == 0 && strcmp(found, wanted) == 0);
    KEPT(output_of("/proc/$PPID/exe once", found, sizeof found) == 0 && strcmp(found, "once") == 0);
    KEPT(output_of("exit 3", found, sizeof found) == 3 << 8);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "once") == 0)
        return fputs("once", stdout) < 0;
    return corpus(set_up, check);
}

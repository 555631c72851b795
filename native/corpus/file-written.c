// A child writes a file of home line by line, also while it is moved: each line is there once, in order.
#include "corpus.h"

static pid_t writer;

static void write_lines(void *with) {
    (void)with;
    int fd = open("lines", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    for (int i = 0;; i++) {
        char line[16];
        snprintf(line, sizeof line, "%d\n", i);
        if (fd < 0 || !writes(fd, line))
            lost("line %d: %s", i, strerror(errno));
        sleep_ms(5);
    }
}

static int lines(void) {
    FILE *f = fopen("lines", "re");
    int count = 0, number;
    while (f && fscanf(f, "%d", &number) == 1)
        if (number != count++)
            lost("line %d is %d", count - 1, number);
    if (f)
        fclose(f);
    return count;
}

static void set_up(void) {
    writer = child(write_lines, NULL);
    while (lines() < 10)
        sleep_ms(10);
}

static void check(void) {
    KEPT(kill(writer, SIGSTOP) == 0); // so that no line is half there
    int status;
    KEPT(waitpid(writer, &status, WUNTRACED) == writer && WIFSTOPPED(status));
    int before = lines();
    KEPT(before >= 10);
    KEPT(kill(writer, SIGCONT) == 0);
    sleep_ms(100);
    KEPT(kill(writer, SIGSTOP) == 0 && waitpid(writer, &status, WUNTRACED) == writer && WIFSTOPPED(status));
    KEPT(lines() > before);
    KEPT(kill(writer, SIGCONT) == 0);
}

int main(void) {
    return corpus(set_up, check);
}

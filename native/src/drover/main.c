// Process: `drover`, see drover.h. Here: which of the words is meant.
#include "drover.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void say(const char *format, ...) {
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text - 1, format, arguments);
    va_end(arguments);
    size_t length = n < 0 ? 0 : (size_t)n > sizeof text - 2 ? sizeof text - 2 : (size_t)n;
    text[length++] = '\n';
    ssize_t ignored = write(2, text, length); // there is nobody else to tell
    (void)ignored;
}

int main(int argc, char **argv) {
    if (argc >= 2 && strcmp(argv[1], "run") == 0) {
        run_inside_guest(argv + 2);
        deputy_run(argv + 2);
    }
    if (argc >= 2 && strcmp(argv[1], "attach") == 0)
        attach_run(argv + 2);
    java_run(argc, argv);
}

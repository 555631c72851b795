// Process: `drover` for every word but run and attach: becomes a Java virtual machine with the right main class.
#define _GNU_SOURCE
#include "drover.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JAVA_NEEDED 25
#define JAVA_OF_SETUP "/usr/local/lib/drover/jdk/current" // setup/jdk makes it where the distribution has none
#define ARGUMENT_LIMIT 96 // flags of ours, of daemon.jvm, and room; the user's words are counted apart

struct command {
    const char *arguments[ARGUMENT_LIMIT];
    size_t count;
};

static void add(struct command *c, const char *argument) {
    if (c->count == ARGUMENT_LIMIT) {
        say("drover: more than %d flags for Java: shorten lib/daemon.jvm", ARGUMENT_LIMIT);
        exit(EXIT_FAILED);
    }
    c->arguments[c->count++] = argument;
}

static char *format(const char *pattern, const char *a, const char *b) {
    char *text;
    if (asprintf(&text, pattern, a, b) < 0)
        die("no memory for a path");
    return text;
}

/// The Java version of a directory by its `release` file; 0 if it is none.
static int version_of(const char *home) {
    char *path = format("%s/release%s", home, "");
    FILE *f = fopen(path, "re");
    free(path);
    int version = 0;
    char line[512];
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "JAVA_VERSION=\"%d", &version) == 1)
            break;
    if (f)
        fclose(f);
    return version;
}

static char *java_in(const char *home) {
    if (!home || !*home || version_of(home) < JAVA_NEEDED)
        return NULL;
    char *java = format("%s/bin/java%s", home, "");
    if (access(java, X_OK) == 0)
        return java;
    free(java);
    return NULL;
}

static char *java_in_path(void) {
    const char *path = getenv("PATH");
    for (const char *at = path; at && *at; at += strspn(at, ":")) {
        size_t length = strcspn(at, ":");
        char candidate[PATH_MAX], real[PATH_MAX];
        snprintf(candidate, sizeof candidate, "%.*s/java", (int)length, at);
        at += length;
        if (!realpath(candidate, real))
            continue;
        char *end = strstr(real, "/bin/java");
        if (!end)
            continue;
        *end = 0;
        char *java = java_in(real);
        if (java)
            return java;
    }
    return NULL;
}

static char *java_installed(void) {
    DIR *d = opendir("/usr/lib/jvm");
    char *java = NULL;
    for (struct dirent *e; d && !java && (e = readdir(d));) {
        char *home = format("/usr/lib/jvm/%s%s", e->d_name, "");
        java = java_in(home);
        free(home);
    }
    if (d)
        closedir(d);
    return java;
}

static char *find_java(void) {
    char *java = java_in(getenv("DROVER_JAVA_HOME"));
    if (!java)
        java = java_in(getenv("JAVA_HOME"));
    if (!java)
        java = java_in_path();
    if (!java)
        java = java_in(JAVA_OF_SETUP);
    if (!java)
        java = java_installed();
    if (!java) {
        say("drover: no Java %d or newer found in DROVER_JAVA_HOME, JAVA_HOME, PATH, " JAVA_OF_SETUP " or /usr/lib/jvm; "
            "install one, for example: apt install openjdk-%d-jre-headless (Debian 13), or, as root in a checkout of "
            "drover: setup/jdk (Debian 12 too)",
            JAVA_NEEDED, JAVA_NEEDED);
        exit(EXIT_FAILED);
    }
    return java;
}

/// The installed image: the directory above bin/.
static char *find_image(void) {
    static char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        die("cannot find this program's own file");
    path[n] = 0;
    for (int level = 0; level < 2; level++) {
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = 0;
    }
    return path;
}

static void add_flags_of(struct command *c, const char *file) {
    FILE *f = fopen(file, "re");
    char line[1024];
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\r\n")] = 0;
        if (line[0] && line[0] != '#')
            add(c, strdup(line));
    }
    if (f)
        fclose(f);
}

static void add_cache(struct command *c, const char *image, const char *name) {
    char *cache = format("%s/lib/%s.aot", image, name);
    if (access(cache, R_OK) == 0)
        add(c, format("-XX:AOTCache=%s%s", cache, ""));
    free(cache);
}

/// A daemon's live objects are some 20 MB, and half a kilobyte for each file that a node or a home knows: large machines
/// have room for more of these.
static char *heap_of_a_daemon(void) {
    long megabytes = sysconf(_SC_PHYS_PAGES) / 32 * sysconf(_SC_PAGESIZE) >> 20;
    char *flag;
    if (asprintf(&flag, "-Xmx%ldm", megabytes < 128 ? 128 : megabytes > 1024 ? 1024 : megabytes) < 0)
        die("no memory for a flag");
    return flag;
}

static bool is_one_of(const char *word, const char *const *list) {
    for (; *list; list++)
        if (strcmp(word, *list) == 0)
            return true;
    return false;
}

_Noreturn void java_run(int argc, char **argv) {
    static const char *const daemons[] = {"daemon", "init", "join", "leave", "token", "revoke", "ca", "doctor", NULL};
    static const char *const labs[] = {"lab", "demo", NULL};
    const char *word = argc >= 2 ? argv[1] : "";
    bool is_daemon = strcmp(word, "daemon") == 0;
    bool is_simulator = strcmp(word, "sim") == 0;
    const char *main_class = is_one_of(word, daemons) ? "drover.daemon/drover.daemon.Main"
        : is_one_of(word, labs)                       ? "drover.lab/drover.lab.Main"
        : is_simulator                                ? "drover.simulator/drover.simulator.Main"
                                                      : "drover.cli/drover.cli.Main";
    const char *image = find_image();
    struct command c = {.count = 0};
    char *java = find_java();
    add(&c, java);
    add(&c, "-XX:+UseSerialGC");
    add(&c, "-XX:+UseCompactObjectHeaders");
    add(&c, "-Xss256k");
    if (is_daemon)
        add(&c, heap_of_a_daemon());
    if (is_daemon ? getenv("DROVER_BRIEF_DAEMON") != NULL : !is_simulator)
        add(&c, "-XX:TieredStopAtLevel=1"); // it ends before a better compiler has paid
    const char *name = is_one_of(word, daemons) ? "daemon" : is_one_of(word, labs) ? "lab" : is_simulator ? "sim" : "cli";
    if (strcmp(name, "cli") != 0 && !is_simulator)
        add(&c, "--enable-native-access=drover.linux");
    add_cache(&c, image, name);
    add(&c, format("-Ddrover.home=%s%s", image, ""));
    add_flags_of(&c, format("%s/lib/%s.jvm", image, name)); // what the build found to be needed, one flag a line
    add(&c, "-p");
    add(&c, format("%s/lib%s", image, ""));
    add(&c, "-m");
    add(&c, main_class);
    const char **arguments = calloc(c.count + (size_t)argc + 1, sizeof *arguments);
    if (!arguments)
        die("no memory for the arguments");
    memcpy(arguments, c.arguments, c.count * sizeof *arguments);
    for (int i = 1; i < argc; i++)
        arguments[c.count++] = argv[i];
    execv(java, (char *const *)(uintptr_t)arguments);
    say("drover: cannot run %s: %s", java, strerror(errno));
    exit(EXIT_FAILED);
}

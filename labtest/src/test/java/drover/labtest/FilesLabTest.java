package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Real programs that live by their files, run on other nodes over the home file system.
class FilesLabTest {
    private static final Duration LONG = Duration.ofMinutes(4);
    private static TestLab lab;

    @BeforeAll
    static void up() throws Exception {
        lab = SharedLabs.take();
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    private static String at(String node, String script) throws Exception {
        return lab.at(LONG, "n1", TestLab.runWords(node, "sh", "-c", script)).orFail();
    }

    @Test
    void gitMakesCommitsAndClones() throws Exception {
        String script = """
                set -e; export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
                mkdir -p /srv/git; cd /srv/git; git init -q first; cp -r /usr/include/linux first/; cd first
                git add -A; git commit -qm one; git mv linux moved; git commit -qm two; cd ..
                git clone -q first second; cd second; git fsck --strict; git status --porcelain; git log --oneline | wc -l""";
        assertEquals("2", at("n2", script).lines().reduce((a, b) -> b).orElseThrow());
        String check = "cd /srv/git/second && git fsck && test -z \"$(git status --porcelain)\""
                + " && diff -r moved /usr/include/linux && git log --oneline | wc -l";
        assertEquals("2", lab.sh("n1", check));
    }

    @Test
    void aNodeTellsHowOftenItAskedAHomeForItsFiles() throws Exception {
        at("n3", "cat /etc/services >/dev/null");
        String nodes = lab.sh("n3", "drover nodes --json");
        long calls = 0;
        long requests = 0;
        for (var node : new JsonMapper().readTree(nodes)) {
            if (!node.path("name").asText().equals("n1")) continue;
            calls = node.path("file_calls").asLong();
            requests = node.path("file_requests").asLong();
        }
        assertTrue(0 < calls && calls <= requests, nodes);
    }

    @Test
    void tarPacksATreeAsAtHomeAndUnpacksItAgain() throws Exception {
        String pack = "cd /usr && tar --sort=name -cf - include/linux include/x86_64-linux-gnu | sha256sum";
        assertEquals(lab.sh("n1", pack), at("n2", pack));
        at("n2", "mkdir -p /srv/tree && tar -C /usr -cf - include/linux | tar -C /srv/tree -xpf -");
        String compare = "cd /usr && tar --sort=name -cf - include/linux | sha256sum;"
                + " cd /srv/tree && tar --sort=name -cf - include/linux | sha256sum";
        String[] sums = lab.sh("n1", compare).split("\n");
        assertEquals(sums[0], sums[1]);
    }

    @Test
    void pythonWithSubprocessesRuns() throws Exception {
        String program = """
                import os, subprocess, tempfile, concurrent.futures as f
                d = tempfile.mkdtemp(dir='/srv')
                def one(i):
                    path = f'{d}/{i}'
                    subprocess.run(['sh', '-c', f'seq {i} {i + 99} > {path}'], check=True)
                    total = subprocess.run(['awk', '{s += $1} END {print s}', path], capture_output=True, check=True)
                    os.rename(path, path + '.done')
                    return int(total.stdout)
                with f.ThreadPoolExecutor(4) as pool: print(sum(pool.map(one, range(20))), len(os.listdir(d)), d)""";
        String[] words = lab.at(LONG, "n1", TestLab.runWords("n2", "python3", "-c", program))
                .orFail()
                .split(" ");
        int expected = 0;
        for (int i = 0; i < 20; i++) for (int k = i; k < i + 100; k++) expected += k;
        assertEquals(expected, Integer.parseInt(words[0]));
        assertEquals("20", words[1]);
        assertEquals("20", lab.sh("n1", "ls " + words[2] + " | grep -c done"));
        assertTrue(!Files.exists(lab.file("n2", words[2])));
    }

    @Test
    void aCompilerWorksAndWhatItMadeRunsOnAnotherNode() throws Exception {
        lab.sh("n1", """
                mkdir -p /srv/c; cd /srv/c; printf 'int twice(int x) { return 2 * x; }\\n' > twice.c
                printf '#include <stdio.h>\\nint twice(int); int main(void) { printf("%%d\\\\n", twice(21)); }\\n' > main.c
                printf 'main: main.o twice.o\\n\\tcc -o $@ $^\\n' > Makefile""");
        at("n2", "cd /srv/c && make -j2");
        assertEquals("42", at("n3", "/srv/c/main"));
    }

    @Test
    void whatOneJobWroteTheNextSeesOnAnotherNode() throws Exception {
        for (int i = 0; i < 10; i++) {
            at("n2", "echo version " + i + " > /srv/seen; mkdir /srv/dir" + i);
            assertEquals("version " + i, at("n3", "cat /srv/seen; rmdir /srv/dir" + i));
            assertEquals("gone", at("n2", "test -e /srv/dir" + i + " || echo gone"));
        }
    }

    @Test
    void whatHomeChangesTheNextJobSees() throws Exception {
        for (int i = 0; i < 10; i++) {
            lab.sh("n1", "echo home " + i + " > /srv/changing");
            assertEquals("home " + i, at("n2", "cat /srv/changing"));
        }
    }

    @Test
    void linesAppendedFromTwoNodesAreAllThereAndWhole() throws Exception {
        String script = "i=0; while [ $i -lt 300 ]; do echo \"line $i of NODE\" >> /srv/appended; i=$((i+1)); done";
        try (Command one = lab.startRun("n2", "sh", "-c", script.replace("NODE", "n2"));
                Command two = lab.startRun("n3", "sh", "-c", script.replace("NODE", "n3"))) {
            one.await(LONG).orFail();
            two.await(LONG).orFail();
        }
        assertEquals("600", lab.sh("n1", "grep -cE '^line [0-9]+ of n[23]$' /srv/appended"));
        assertEquals("600", lab.sh("n1", "sort -u /srv/appended | wc -l"));
    }
}

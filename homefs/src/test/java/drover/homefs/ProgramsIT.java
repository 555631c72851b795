package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Real programs over two mounts of one home. Needs root and /dev/fuse.
class ProgramsIT {
    private static TwoNodes nodes;
    private Path work;

    @BeforeAll
    static void mount() {
        nodes = new TwoNodes();
    }

    @AfterAll
    static void unmount() {
        nodes.close();
    }

    @BeforeEach
    void directory() throws IOException {
        work = Files.createTempDirectory("drover-programs");
    }

    @AfterEach
    void clean() {
        nodes.run(work, List.of("rm", "-rf", work.toString()));
    }

    private void assertRuns(String script) {
        TwoNodes.Result result = nodes.sh(work, "set -e; exec 2>&1; " + script);
        assertEquals(0, result.status(), result.output());
    }

    @Test
    void aProgramRunsWithNothingButTheMountAsItsRoot() {
        assertRuns("chroot $ROOT_A /bin/sh -c 'test \"$(uname)\" = Linux && /bin/true'");
    }

    @Test
    void gitClonesCommitsAndPacks() {
        assertRuns("export HOME=$A; git config --global user.name t; git config --global user.email t@t;"
                + "git config --global --add safe.directory '*'; cd $A; git init -q origin; cd origin;"
                + "for i in $(seq 200); do echo $i > file$i; done; git add .; git commit -qm one;"
                + "git clone -q $A/origin $A/clone; cd $A/clone; echo more >> file7; git commit -qam two; git gc -q;"
                + "cd $B/clone; git fsck --full; test \"$(git status --porcelain)\" = ''; test $(git log --oneline | wc -l) = 2;"
                + "diff -r --exclude=.git $H/origin $B/clone | grep -q '^> more'");
    }

    @Test
    void tarPacksAndUnpacksATree() {
        assertRuns("mkdir $H/tree; cd $H/tree; for i in $(seq 30); do mkdir d$i; for j in $(seq 20); do"
                + " echo $i.$j > d$i/f$j; done; ln -s f1 d$i/link; ln d$i/f2 d$i/hard; chmod 6$((i % 7))1 d$i/f3; done;"
                + "cd $A; tar cf packed.tar tree; mkdir out; tar xpf packed.tar -C out; diff -r tree out/tree;"
                + "cd $B; tar df packed.tar; (cd $H/tree; find . | LC_ALL=C sort | xargs stat -c '%n %a %h %s %Y') > list1;"
                + "(cd $B/out/tree; find . | LC_ALL=C sort | xargs stat -c '%n %a %h %s %Y') > list2; grep -v ' [0-9]* 4096 ' list1 > l1;"
                + "grep -v ' [0-9]* 4096 ' list2 > l2; cmp l1 l2");
    }

    /// The content of a small file comes along with its open.
    @Test
    void whoReadsLessThanASmallFileGetsWhatWasAskedFor() {
        assertRuns(
                "head -c 9000 /dev/urandom > $H/small; dd if=$A/small iflag=direct bs=4096 count=1 > $H/part;"
                        + "cmp -n 4096 $H/small $H/part; test $(stat -c %s $H/part) = 4096; dd if=$B/small iflag=direct bs=4096 | cmp - $H/small");
        TwoNodes.Result result = nodes.python(work, """
                import os
                open(os.environ["H"] + "/small2", "w").write("0123456789" * 2000)
                for root in os.environ["A"], os.environ["B"]:
                    fd = os.open(root + "/small2", os.O_RDONLY)
                    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
                    assert os.pread(fd, 10, 0) == b"0123456789"
                    assert os.pread(fd, 10, 10000) == b"0123456789"
                    os.close(fd)
                """);
        assertEquals(0, result.status(), result.output());
    }

    @Test
    void pythonWithSubprocessesAndPoolsWorks() {
        TwoNodes.Result result = nodes.python(work, """
                import concurrent.futures, os, sqlite3, subprocess, sys, tempfile
                os.chdir(os.environ["A"])
                def job(i):
                    name = "out%d" % i
                    subprocess.run(["sh", "-c", "echo %d > %s; cat %s" % (i, name, name)], check=True, stdout=subprocess.PIPE)
                    return int(open(name).read())
                with concurrent.futures.ThreadPoolExecutor(8) as pool:
                    assert list(pool.map(job, range(60))) == list(range(60))
                with tempfile.TemporaryDirectory(dir=".") as d:
                    db = sqlite3.connect(os.path.join(d, "db"))
                    db.execute("create table t(x)")
                    db.executemany("insert into t values(?)", [(i,) for i in range(500)])
                    db.commit()
                    other = sqlite3.connect(os.path.join(os.environ["B"], d, "db"))
                    assert other.execute("select count(*), sum(x) from t").fetchone() == (500, 124750)
                    other.execute("insert into t values(1)")
                    other.commit()
                    assert db.execute("select count(*) from t").fetchone() == (501,)
                print("fine")
                """);
        assertEquals("fine\n", result.output());
    }

    @Test
    void aJobThatStartsSeesWhatHomeHasJustChanged() throws Exception {
        for (int i = 0; i < 20; i++) {
            assertEquals(1, nodes.sh(work, "cat $A/new > /dev/null 2>&1").status(), "the name must not exist yet");
            nodes.sh(work, "printf 'round " + i + "' > $H/new");
            nodes.beginJob(0);
            assertEquals("round " + i, nodes.sh(work, "cat $A/new").output());
            nodes.sh(work, "rm $H/new");
            nodes.beginJob(0);
        }
    }

    @Test
    void aStartingJobDoesNotDisturbMountsAndWorkingDirectoriesOfOthers() throws Exception {
        Files.createDirectories(work.resolve("dir/sub"));
        Process other = nodes.start(
                work,
                List.of(
                        "sh",
                        "-c",
                        "mount -t tmpfs none $A/dir; cd $A; mkdir dir/inner && cd dir/inner; echo mounted; read go;"
                                + " pwd; test -d $A/dir/inner && echo still; umount -l $A/dir"));
        try (var said = other.inputReader();
                var told = other.outputWriter()) {
            assertEquals("mounted", said.readLine());
            for (int i = 0; i < 5; i++) {
                nodes.beginJob(0);
                assertEquals(
                        0, nodes.sh(work, "ls $A/dir $A/dir/inner > /dev/null").status());
            }
            told.write("go\n");
            told.flush();
            String directory = said.readLine();
            assertTrue(directory.endsWith("dir/inner"), directory);
            assertEquals("still", said.readLine());
        }
    }

    /// How many descriptors of a removed file this process, which is home here, has open.
    private static long held(Path file) throws IOException {
        long held = 0;
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                try {
                    if (Files.readSymbolicLink(descriptor).toString().equals(file + " (deleted)")) held++;
                } catch (NoSuchFileException e) {
                    // closed since the list was made
                }
            }
        }
        return held;
    }

    private static void awaitHeld(int count, Path file) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (held(file) != count && System.nanoTime() - deadline < 0) Thread.sleep(100);
        assertEquals(count, held(file), "descriptors of " + file);
    }

    @Test
    void whatHomeRemovesGivesItsRoomBackUnlessAProgramHasItOpen() throws Exception {
        Path known = Files.writeString(work.resolve("known"), "known to both nodes");
        Path open = Files.writeString(work.resolve("open"), "still readable");
        assertRuns("cat $A/known $B/known $B/open");
        Process reader = nodes.start(work, List.of("sh", "-c", "exec 3< $A/open; echo opened; read go; cat <&3"));
        try (var said = reader.inputReader();
                var told = reader.outputWriter()) {
            assertEquals("opened", said.readLine());
            Files.delete(known);
            Files.delete(open);
            awaitHeld(0, known);
            told.write("go\n");
            told.flush();
            assertEquals("still readable", said.readLine());
        }
        awaitHeld(0, open);
    }
}

package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.homefs.server.FileServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What one node or home changes, another node sees: at once when the change was made through a node, within
/// 50 ms at the median when it was made at home and the machine is not too busy to look twice within that time.
/// Needs root and /dev/fuse.
class CoherenceIT {
    /// Each kind of change: how it is prepared at home, what a reader asks again and again, and the change.
    /// `look` is asked until the answer comes from the reader's own kernel, so that there is something stale
    /// to be believed.
    private static final String TABLE = """
            import ctypes, errno, os, random, struct, subprocess, sys, time
            reader, writer, home = sys.argv[1], sys.argv[2], sys.argv[3]
            patience = float(sys.argv[4])

            def read(p):
                with open(p, "rb") as f: return f.read()
            def write(p, b, flags=os.O_WRONLY):
                fd = os.open(p, flags, 0o644); os.write(fd, b); os.close(fd)
            # The name that is about to leave may do so between the listing and the look at what it leads to.
            def listed(d, leaving=None):
                def size(e):
                    try: return e.stat(follow_symlinks=False).st_size if e.is_file() else 0
                    except FileNotFoundError:
                        if e.name != leaving: raise
                        return "gone"
                return sorted((e.name, size(e)) for e in os.scandir(d))
            def exists(p): return os.path.lexists(p)
            def stat(p, *fields):
                s = os.lstat(p); return tuple(getattr(s, f) for f in fields)

            # name: (prepare(home path), look(path), change(path))
            changes = {
                "create":         (lambda d: None, lambda d: exists(d+"/f"), lambda d: write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT|os.O_EXCL)),
                "mkdir":          (lambda d: None, lambda d: exists(d+"/f"), lambda d: os.mkdir(d+"/f")),
                "mkfifo":         (lambda d: None, lambda d: exists(d+"/f"), lambda d: os.mkfifo(d+"/f")),
                "symlink":        (lambda d: None, lambda d: exists(d+"/f"), lambda d: os.symlink("x", d+"/f")),
                "link":           (lambda d: write(d+"/g", b"1", os.O_WRONLY|os.O_CREAT), lambda d: (exists(d+"/f"), stat(d+"/g", "st_nlink")), lambda d: os.link(d+"/g", d+"/f")),
                "create, listed": (lambda d: write(d+"/g", b"1", os.O_WRONLY|os.O_CREAT), lambda d: listed(d), lambda d: write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT|os.O_EXCL)),
                "unlink, listed": (lambda d: write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), lambda d: listed(d, "f"), lambda d: os.unlink(d+"/f")),
                "rename, listed": (lambda d: write(d+"/g", b"1", os.O_WRONLY|os.O_CREAT), lambda d: listed(d, "g"), lambda d: os.rename(d+"/g", d+"/f")),
                "rename to elsewhere, listed": (lambda d: (os.mkdir(d+"/s"), write(d+"/g", b"1", os.O_WRONLY|os.O_CREAT)), lambda d: (listed(d, "g"), listed(d+"/s")), lambda d: os.rename(d+"/g", d+"/s/f")),
                "rmdir, listed":  (lambda d: os.mkdir(d+"/f"), lambda d: listed(d), lambda d: os.rmdir(d+"/f")),
                "write, listed":  (lambda d: write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), lambda d: listed(d), lambda d: write(d+"/f", b"22")),
                "link to elsewhere": (lambda d: (write(d+"/g", b"1", os.O_WRONLY|os.O_CREAT), os.mkdir(d+"/s")), lambda d: (stat(d+"/g", "st_nlink", "st_ctime_ns"), os.listdir(d+"/s")), lambda d: os.link(d+"/g", d+"/s/f")),
                "unlink":         (lambda d: write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), lambda d: exists(d+"/f"), lambda d: os.unlink(d+"/f")),
                "unlink a link":  (lambda d: (write(d+"/g", b"1", os.O_WRONLY|os.O_CREAT), os.link(d+"/g", d+"/f")), lambda d: (exists(d+"/f"), stat(d+"/g", "st_nlink")), lambda d: os.unlink(d+"/f")),
                "rmdir":          (lambda d: os.mkdir(d+"/f"), lambda d: exists(d+"/f"), lambda d: os.rmdir(d+"/f")),
                "rename":         (lambda d: write(d+"/g", b"1", os.O_WRONLY|os.O_CREAT), lambda d: (exists(d+"/f"), exists(d+"/g")), lambda d: os.rename(d+"/g", d+"/f")),
                "rename over":    (lambda d: (write(d+"/g", b"new", os.O_WRONLY|os.O_CREAT), write(d+"/f", b"old", os.O_WRONLY|os.O_CREAT)), lambda d: (read(d+"/f"), exists(d+"/g")), lambda d: os.rename(d+"/g", d+"/f")),
                "rename of a directory": (lambda d: os.makedirs(d+"/g/h"), lambda d: (exists(d+"/f/h"), exists(d+"/g/h")), lambda d: os.rename(d+"/g", d+"/f")),
                "rename to elsewhere": (lambda d: (os.mkdir(d+"/s"), write(d+"/g", b"1", os.O_WRONLY|os.O_CREAT)), lambda d: (exists(d+"/s/f"), exists(d+"/g")), lambda d: os.rename(d+"/g", d+"/s/f")),
                "exchange":       (lambda d: (write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), write(d+"/g", b"22", os.O_WRONLY|os.O_CREAT)), lambda d: (read(d+"/f"), read(d+"/g")), lambda d: exchange(d+"/f", d+"/g")),
                "write":          (lambda d: write(d+"/f", b"old", os.O_WRONLY|os.O_CREAT), lambda d: read(d+"/f"), lambda d: write(d+"/f", b"new")),
                "append":         (lambda d: write(d+"/f", b"old", os.O_WRONLY|os.O_CREAT), lambda d: (read(d+"/f"), stat(d+"/f", "st_size")), lambda d: write(d+"/f", b"new", os.O_WRONLY|os.O_APPEND)),
                "write to a file that the reader holds open": (lambda d: write(d+"/f", b"old", os.O_WRONLY|os.O_CREAT), lambda d: held(d+"/f"), lambda d: write(d+"/f", b"new")),
                "write to a file that the reader has mapped": (lambda d: write(d+"/f", b"old", os.O_WRONLY|os.O_CREAT), lambda d: mapped(d+"/f"), lambda d: write(d+"/f", b"new")),
                "write to a file that has lost its name to another": (lambda d: write(d+"/f", b"old", os.O_WRONLY|os.O_CREAT), lambda d: held(d+"/f"), lambda d: write_nameless(d)),
                "truncate":       (lambda d: write(d+"/f", b"old", os.O_WRONLY|os.O_CREAT), lambda d: (read(d+"/f"), stat(d+"/f", "st_size")), lambda d: os.truncate(d+"/f", 1)),
                "open with O_TRUNC": (lambda d: write(d+"/f", b"old", os.O_WRONLY|os.O_CREAT), lambda d: read(d+"/f"), lambda d: os.close(os.open(d+"/f", os.O_WRONLY|os.O_TRUNC))),
                "fallocate":      (lambda d: write(d+"/f", b"old", os.O_WRONLY|os.O_CREAT), lambda d: stat(d+"/f", "st_size"), lambda d: allocate(d+"/f")),
                "chmod":          (lambda d: write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), lambda d: stat(d+"/f", "st_mode"), lambda d: os.chmod(d+"/f", 0o600)),
                "chmod of a directory": (lambda d: os.mkdir(d+"/f"), lambda d: stat(d+"/f", "st_mode"), lambda d: os.chmod(d+"/f", 0o700)),
                "chown":          (lambda d: write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), lambda d: stat(d+"/f", "st_uid", "st_gid"), lambda d: os.chown(d+"/f", 7, 8)),
                "utimens":        (lambda d: write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), lambda d: stat(d+"/f", "st_mtime_ns"), lambda d: os.utime(d+"/f", ns=(5, 123456789))),
                "setxattr":       (lambda d: write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), lambda d: (os.listxattr(d+"/f"), stat(d+"/f", "st_ctime_ns")), lambda d: os.setxattr(d+"/f", "user.x", b"1")),
                "setcap":         (lambda d: write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), lambda d: capability(d+"/f"), lambda d: os.setxattr(d+"/f", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000"))),
                "a list of who may": (lambda d: write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), lambda d: (acl(d+"/f"), stat(d+"/f", "st_mode")), lambda d: os.setxattr(d+"/f", ACL, LIST)),
                "another list of who may": (lambda d: (write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), os.setxattr(d+"/f", ACL, LIST)), lambda d: acl(d+"/f"), lambda d: os.setxattr(d+"/f", ACL, LIST.replace(b"\\2\\0\\6", b"\\2\\0\\4"))),
                "no list of who may": (lambda d: (write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), os.setxattr(d+"/f", ACL, LIST)), lambda d: (acl(d+"/f"), stat(d+"/f", "st_mode")), lambda d: os.removexattr(d+"/f", ACL)),
                "a list's mask":  (lambda d: (write(d+"/f", b"1", os.O_WRONLY|os.O_CREAT), os.setxattr(d+"/f", ACL, LIST)), lambda d: acl(d+"/f"), lambda d: os.chmod(d+"/f", 0o600)),
                "a directory's default list": (lambda d: os.mkdir(d+"/f"), lambda d: acl(d+"/f", "system.posix_acl_default"), lambda d: os.setxattr(d+"/f", "system.posix_acl_default", LIST)),
                "a directory's times and links": (lambda d: os.mkdir(d+"/f"), lambda d: stat(d+"/f", "st_mtime_ns", "st_nlink"), lambda d: os.mkdir(d+"/f/g")),
                "a listing":      (lambda d: os.mkdir(d+"/f"), lambda d: sorted(os.listdir(d+"/f")), lambda d: os.mkdir(d+"/f/g")),
            }
            libc = ctypes.CDLL(None, use_errno=True)
            def exchange(a, b):
                if libc.renameat2(-100, a.encode(), -100, b.encode(), 2) != 0: raise OSError(ctypes.get_errno(), "renameat2")
            def allocate(p):
                fd = os.open(p, os.O_WRONLY); os.posix_fallocate(fd, 0, 5000); os.close(fd)
            def capability(p):
                try: return os.getxattr(p, "security.capability")
                except OSError as e: return e.errno
            ACL = "system.posix_acl_access"
            # u::rw-,u:1000:rw-,g::r--,m::rw-,o::---
            LIST = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *e) for e in ((1, 6, -1), (2, 6, 1000), (4, 4, -1), (16, 6, -1), (32, 0, -1)))
            def acl(p, name=ACL):
                try: return os.getxattr(p, name)
                except OSError as e: return e.errno
            # the reader has to learn meanwhile what the name leads to now
            def write_nameless(d):
                fd = os.open(d+"/f", os.O_WRONLY)
                write(d+"/g", b"another", os.O_WRONLY|os.O_CREAT)
                os.rename(d+"/g", d+"/f")
                r = reader + d[len(writer):] + "/f"
                for i in range(5):
                    if not exists(r) or held(r) != b"old": print("not old")
                    time.sleep(0.05)
                os.write(fd, b"new"); os.close(fd)
            open_files = {}
            def held(p):
                if p not in open_files: open_files[p] = os.open(p, os.O_RDONLY)
                return os.pread(open_files[p], 10, 0)
            maps = {}
            def mapped(p):
                import mmap
                if p not in maps:
                    fd = os.open(p, os.O_RDONLY); maps[p] = mmap.mmap(fd, 3, prot=mmap.PROT_READ); os.close(fd)
                return maps[p][:3]

            # Returns how long the reader took for its first look, and then to see the change.
            def tried(name, round, prepare, look, change):
                d = "/d%d-%d" % (list(changes).index(name), round)
                os.mkdir(home + d)
                prepare(home + d)
                begun = time.monotonic()
                before = look(reader + d)
                first = time.monotonic() - begun
                end = begun + 0.12 + 0.1 * round  # from an unwatched directory to one that is
                while time.monotonic() < end: before = look(reader + d); time.sleep(0.002)
                change(writer + d)
                begun = time.monotonic()
                truth = b"new" if "the reader" in name or "lost its name" in name else look(home + d)
                looks, waited, seen = 0, 0, 0
                while True:
                    after = look(reader + d)
                    looks, last, seen = looks + 1, seen, time.monotonic() - begun
                    waited += min(0.1, seen - last)  # while the machine stands still, nobody is told anything
                    if after == truth or waited >= patience: break
                if after != truth: failures.append("%s, round %d: %r, at home %r, before %r, %d looks in %.1f s" % (name, round, after, truth, before, looks, seen))
                return first, seen

            failures, times = [], []
            for name, row in changes.items():
                for round in range(3):
                    if len(failures) == 5: break  # each may have taken all of the patience
                    try: times.append(tried(name, round, *row))
                    except OSError as e: failures.append("%s, round %d: %r" % (name, round, e))
            # To be told of it and to look again takes what two first looks take: that a busy machine needs longer
            # than 50 ms for these says nothing about the promise.
            late = [seen for first, seen in times if seen > max(0.05, 2 * first)]
            if patience and len(late) > len(times) / 2:
                median = [sorted(t)[len(t) // 2] * 1000 for t in zip(*times)]
                failures.append("%d of %d were seen late; medians: first look %.1f ms, change %.1f ms" % (len(late), len(times), *median))
            print("\\n".join(failures) if failures else "all seen")
            """;

    private TwoNodes nodes;
    private Path work;

    @BeforeEach
    void mount() throws IOException {
        nodes = new TwoNodes();
        work = Files.createTempDirectory("drover-coherence");
    }

    @AfterEach
    void unmount() {
        nodes.run(work, java.util.List.of("rm", "-rf", work.toString()));
        nodes.close();
    }

    /// @param seconds to wait for a change to be seen
    private void assertAllSeen(Path reader, Path writer, double seconds) {
        TwoNodes.Result result = nodes.run(
                work,
                java.util.List.of(
                        "/usr/bin/python3",
                        "-c",
                        TABLE,
                        reader.toString(),
                        writer.toString(),
                        work.toString(),
                        Double.toString(seconds)));
        assertEquals("all seen\n", result.output());
        assertTrue(nodes.sides.get(0).mount.counters().recalled() > 30, "hardly anything was believed");
    }

    @Test
    void whatAnotherNodeChangedIsSeenWhenItsCallHasReturned() {
        assertAllSeen(nodes.on(0, work), nodes.on(1, work), 0);
    }

    @Test
    void whatHomeChangedIsSeenWithinFiftyMilliseconds() {
        assertAllSeen(nodes.on(0, work), work, 5);
    }

    /// While something changes at home, a node is told to ask for a name again. Who has mapped the file never does.
    @Test
    void whatHomeChangesIsSeenByWhoHasMappedItWhateverElseChanges() {
        assertSeenByWhoHasMappedThem(200, 200, """
                noise = subprocess.Popen([sys.executable, '-c', '''if True:
                    import os, sys, time
                    end = time.monotonic() + 60
                    while time.monotonic() < end:
                        os.close(os.open(sys.argv[1], os.O_CREAT)); os.unlink(sys.argv[1])''', H + '/noise/f'])
                """, "noise.kill(); noise.wait()");
    }

    /// Of a directory with more names than are promised.
    @Test
    void whatHomeChangesInALargeDirectoryIsSeenByWhoHasMappedIt() {
        assertSeenByWhoHasMappedThem(17_000, 600, "for e in os.scandir(A + '/d'): e.stat()", "pass");
    }

    private void assertSeenByWhoHasMappedThem(int files, int mapped, String before, String after) {
        String script = """
                import mmap, os, random, subprocess, sys, time
                A, H = os.environ['A'], os.environ['H']
                os.mkdir(H + '/noise'); os.mkdir(H + '/d')
                for i in range(FILES):
                    with open(H + '/d/%d' % i, 'wb') as f: f.write(b'old')
                os.listdir(A + '/noise')
                BEFORE
                try:
                    maps = {}
                    for i in random.sample(range(FILES), MAPPED):
                        fd = os.open(A + '/d/%d' % i, os.O_RDONLY)
                        maps[i] = mmap.mmap(fd, 3, prot=mmap.PROT_READ); os.close(fd)
                        assert maps[i][:3] == b'old'
                    for i in maps:
                        fd = os.open(H + '/d/%d' % i, os.O_WRONLY); os.write(fd, b'new'); os.close(fd)
                    end = time.monotonic() + 20
                    while time.monotonic() < end and not all(m[:3] == b'new' for m in maps.values()): time.sleep(0.05)
                    print([i for i in maps if maps[i][:3] != b'new'])
                finally:
                    AFTER
                """;
        script = script.replace("FILES", Integer.toString(files))
                .replace("MAPPED", Integer.toString(mapped))
                .replace("BEFORE", before)
                .replace("AFTER", after);
        assertEquals(
                "[]\n",
                nodes.run(work, List.of("python3", "-c", script)).output(),
                "these were believed to be as before");
    }

    /// Home promises of a file that is read under the name it had, and forgets that when the file is closed.
    @Test
    void aNameIsStillKnownToBeBelievedAbsentWhenWhoeverHeldItsLastFileHasClosedIt() {
        String script = """
                import os
                A, B, H = os.environ['A'], os.environ['B'], os.environ['H']
                with open(H + '/f', 'wb') as f: f.write(b'old' * 100_000)
                fd = os.open(A + '/f', os.O_RDONLY)
                os.unlink(A + '/f')
                assert not os.path.exists(A + '/f')
                assert len(os.pread(fd, 300_000, 0)) == 300_000
                os.close(fd)
                """;
        assertEquals("", nodes.run(work, List.of("python3", "-c", script)).output());
        assertEquals(
                "there\n",
                nodes.sh(work, "echo 1 > $B/f; test -e $A/f && echo there").output());
    }

    @Test
    void whatIsBelievedIsNotAskedForAgain() throws IOException {
        try (MachineCaches _ = MachineCaches.counted()) {
            assertNothingIsAskedForAgain();
        }
    }

    private void assertNothingIsAskedForAgain() {
        String warm = "cat $A/f > /dev/null; ls -l $A > /dev/null; test -e $A/none; stat $A/d/f > /dev/null";
        nodes.sh(work, "mkdir $H/d; echo 1 > $H/f; echo 1 > $H/d/f");
        for (int i = 0; i < 5; i++) nodes.sh(work, warm + "; sleep 0.1");
        nodes.sh(work, "sleep 1.2; " + warm);
        var before = nodes.sides.get(0).mount.counters().requests();
        nodes.sh(work, "sleep 1.2; " + warm);
        var after = nodes.sides.get(0).mount.counters().requests();
        assertEquals(before.get("LOOKUP"), after.get("LOOKUP"), before + " then " + after);
    }

    @Test
    void aNodeThatDoesNotAnswerIsWaitedForNoLongerThanItsGuestsMayRun() throws Exception {
        nodes.sh(work, "echo old > $H/f; for i in 1 2 3 4 5; do cat $A/f; sleep 0.1; done");
        TwoNodes.Side silent = nodes.sides.get(0);
        silent.disconnect();
        long begin = System.nanoTime();
        Process change = nodes.start(work, List.of("sh", "-c", "echo new > $B/f"));
        assertTrue(endsWithin(10, change), "the change still waits");
        double seconds = (System.nanoTime() - begin) / 1e9;
        assertTrue(seconds > 3, "the change took only " + seconds + " s");
        assertEquals(0, change.exitValue());
        assertTrue(nodes.server.isBehind(silent.node), "its guests are not told that all is well");
        silent.connect();
        for (int i = 0; i < 200 && nodes.server.isBehind(silent.node); i++) Thread.sleep(10);
        assertEquals("new\n", nodes.sh(work, "cat $A/f").output());
    }

    @Test
    void aRestartedDaemonOfTheNodeIsToldWhatItsKernelStillBelieves() throws Exception {
        nodes.sh(work, "echo old > $H/f; for i in 1 2 3 4 5; do cat $A/f; test -e $A/none; sleep 0.1; done");
        TwoNodes.Side side = nodes.sides.get(0);
        side.disconnect();
        side.mount.close();
        Process change = nodes.start(work, java.util.List.of("sh", "-c", "echo new > $B/f; echo 1 > $B/none"));
        Thread.sleep(500);
        assertTrue(change.isAlive(), "the change did not wait for the node whose daemon is away");
        side.start(0, true);
        assertEquals(0, change.waitFor());
        assertEquals(
                "new\nthere\n",
                nodes.sh(work, "cat $A/f; test -e $A/none && echo there").output());
    }

    @Test
    void homesRestartLeavesNothingBelievedThatIsNotSo() throws Exception {
        nodes.sh(work, "echo old > $H/f; for i in 1 2 3 4 5; do cat $A/f; test -e $A/none; sleep 0.1; done");
        nodes.sides.forEach(TwoNodes.Side::disconnect);
        nodes.server.close();
        nodes.sh(work, "echo new > $H/f; echo 1 > $H/none");
        nodes.startServer(Path.of("/"), FileServerConfig.bootNow() + 100);
        nodes.sides.forEach(TwoNodes.Side::connect);
        nodes.beginJob(0);
        assertEquals(
                "new\nthere\n",
                nodes.sh(work, "cat $A/f; test -e $A/none && echo there").output());
    }

    @Test
    void whatANodeKnewBeforeHomesRestartItChangesForAllToSee() throws Exception {
        nodes.sh(work, "mkdir $H/d; echo old > $H/d/f; cat $A/d/f");
        restartHome();
        nodes.sides.forEach(TwoNodes.Side::connect);
        nodes.sh(work, "for i in 1 2 3 4 5; do cat $B/d/f; test -e $B/d/none; sleep 0.1; done");
        assertEquals(
                "new\nthere\n",
                nodes.sh(work, "echo new > $A/d/f; echo 1 > $A/d/none; cat $B/d/f; test -e $B/d/none && echo there")
                        .output());
    }

    @Test
    void aChangeWaitsForANodeThatHasNotHeardOfHomesRestart() throws Exception {
        nodes.sh(work, "echo 1 > $H/f; for i in 1 2 3 4 5; do cat $A/f $B/f; sleep 0.1; done");
        restartHome();
        nodes.sides.get(1).connect();
        Process change = nodes.start(work, List.of("sh", "-c", "chmod 600 $B/f"));
        assertFalse(change.waitFor(500, TimeUnit.MILLISECONDS), "n1 believes that its mode is another");
        nodes.sides.get(0).connect();
        assertEquals(0, change.waitFor());
        assertEquals("600\n", nodes.sh(work, "stat -c %a $A/f").output());
    }

    @Test
    void aJobStartsWhenItsNodeHasHeardOfHomesRestart() throws Exception {
        nodes.sh(work, "echo 1 > $H/f; for i in 1 2 3 4 5; do cat $A/f; sleep 0.1; done");
        restartHome();
        nodes.sh(work, "chmod 600 $H/f");
        TwoNodes.Side side = nodes.sides.get(0);
        Thread job = Thread.ofPlatform().start(side.mount::beginJob);
        assertFalse(job.join(Duration.ofMillis(500)), "its node does not know home as it runs now");
        side.connect();
        job.join();
        assertEquals("600\n", nodes.sh(work, "stat -c %a $A/f").output());
    }

    /// @param seconds without those for which the machine stood still
    private static boolean endsWithin(long seconds, Process process) throws InterruptedException {
        long left = TimeUnit.SECONDS.toNanos(seconds);
        for (long last = System.nanoTime(), now; !process.waitFor(10, TimeUnit.MILLISECONDS); last = now) {
            now = System.nanoTime();
            left -= Math.min(now - last, 100_000_000);
            if (left < 0) return false;
        }
        return true;
    }

    private void restartHome() {
        nodes.sides.forEach(TwoNodes.Side::disconnect);
        nodes.server.close();
        nodes.startServer(Path.of("/"), FileServerConfig.bootNow() + 100);
    }
}

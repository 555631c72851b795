package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Files that are opened for reading without asking home behave as if home had opened them. Needs root and
/// /dev/fuse.
class LocalOpensIT {
    /// Read until nothing of it is asked of home any more.
    private static final String WARM = "for i in 1 2 3 4 5 6; do cat $A/f > /dev/null; sleep 0.1; done; ";

    private TwoNodes nodes;
    private Path work;

    private MachineCaches caches;

    @BeforeEach
    void mount() throws IOException {
        caches = MachineCaches.dropped();
        nodes = new TwoNodes();
        work = Files.createTempDirectory("drover-local");
        nodes.run(work, List.of("chmod", "755", work.toString()));
        nodes.sh(work, "echo content > $H/f; chmod 644 $H/f");
    }

    @AfterEach
    void unmount() throws IOException {
        nodes.run(work, List.of("rm", "-rf", work.toString()));
        nodes.close();
        caches.close();
    }

    private long calls() {
        return nodes.sides.get(0).mount.counters().calls();
    }

    @Test
    void aProgramThatWasRunBeforeIsRunWithoutAskingHome() {
        nodes.sh(work, "mkdir $H/bin; cp /bin/true $H/bin/");
        // what was made just now is leased when home watches the new directory; and whoever makes a file in /tmp
        // meanwhile has the node ask for that once more
        for (int run = 0; callsOfARun() + callsOfARun() > 0; run++)
            assertTrue(run < 25, "home is asked at each of 50 runs");
    }

    private long callsOfARun() {
        long before = calls();
        assertEquals(0, nodes.sh(work, "$A/bin/true; s=$?; sleep 0.15; exit $s").status());
        return calls() - before;
    }

    @Test
    void anotherUserReadsWhatHeMayAndNothingElse() {
        nodes.sh(work, "cp $H/f $H/g; chmod 600 $H/g; for i in 1 2 3 4 5 6; do cat $A/f $A/g; sleep 0.1; done");
        assertEquals("content\n", nodes.shAsUser(work, "cat $A/f").output());
        assertTrue(nodes.shAsUser(work, "cat $A/g").output().contains("Permission denied"));
        nodes.sh(work, "chmod 600 $B/f");
        assertTrue(nodes.shAsUser(work, "cat $A/f").output().contains("Permission denied"), "after chmod elsewhere");
    }

    @Test
    void anAccessListIsObeyed() {
        TwoNodes.Result set = nodes.run(
                work,
                List.of(
                        "python3",
                        "-c",
                        // user::rw- user:1000:--- group::r-- mask::r-- other::r--
                        "import os,struct; os.setxattr(os.environ['H']+'/f', 'system.posix_acl_access', struct.pack('<I',2)+b''.join("
                                + "struct.pack('<HHI',*e) for e in [(1,6,2**32-1),(2,0,1000),(4,4,2**32-1),(16,4,2**32-1),(32,4,2**32-1)]))"));
        assertEquals(0, set.status(), set.output());
        nodes.sh(work, WARM);
        assertEquals("content\n", nodes.sh(work, "cat $A/f").output());
        assertTrue(nodes.shAsUser(work, "cat $A/f").status() != 0, "the list denies it to this user");
    }

    @Test
    void aFileThatIsRemovedWhileOpenCanStillBeRead() {
        for (String remover : List.of("$B", "$H", "$A")) {
            nodes.sh(work, "head -c 300000 /dev/urandom > $H/f; chmod 644 $H/f; " + WARM);
            TwoNodes.Result result = nodes.run(
                    work,
                    List.of(
                            "bash",
                            "-c",
                            "sum=$(sha1sum < $A/f); exec 5< $A/f; rm " + remover + "/f; sleep 6.2; sleep 6; "
                                    + "echo 3 > /proc/sys/vm/drop_caches; test \"$sum\" = \"$(sha1sum <&5)\" && echo same"));
            assertEquals("same\n", result.output(), "removed by " + remover);
        }
    }

    /// Who has opened it has had the right to.
    @Test
    void aFileWhoseModeIsChangedWhileOpenCanStillBeRead() {
        for (String changed : List.of(
                "chmod 600 $B", "chmod 600 $H", "chmod 600 $A", "setfacl -m u:1000:- $B", "setfacl -m u:1000:- $A"))
            for (String before : List.of("", "echo more >> $H/f; ", "echo more >> $B/f; ")) {
                nodes.sh(work, "rm -f $H/f; echo content > $H/f; chmod 644 $H/f; " + WARM);
                Process reader;
                try {
                    reader = nodes.start(
                            work,
                            List.of(
                                    "setpriv",
                                    "--reuid=1000",
                                    "--regid=1000",
                                    "--groups=1000,2001,2002",
                                    "bash",
                                    "-c",
                                    "exec 5< $A/f; echo open; read line; head -c 8 <&5; cat $A/f"));
                    var lines = reader.inputReader();
                    assertEquals("open", lines.readLine());
                    TwoNodes.Result change = nodes.sh(work, before + changed + "/f; echo 3 > /proc/sys/vm/drop_caches");
                    assertEquals(new TwoNodes.Result(0, ""), change);
                    reader.getOutputStream().write('\n');
                    reader.getOutputStream().close();
                    assertEquals("content", lines.readLine(), before + changed);
                    assertTrue(lines.readLine().contains("Permission denied"), "opened after " + changed);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }
    }

    /// The kernel tells of the end of such a lock by the close, and nobody waits for that.
    @Test
    void twoOpensOfOneGuestExcludeEachOtherByFlock() {
        TwoNodes.Result result = nodes.run(
                work,
                List.of(
                        "bash",
                        "-c",
                        WARM + "exec 5< $A/f; exec 6< $A/f; flock -x 5; flock -xn 6 || echo excluded;"
                                + " flock -xn $B/f true || echo elsewhere; exec 5<&-; flock -x -w 9 6 && echo free;"
                                + " exec 6<&-; flock -x -w 9 $B/f echo free elsewhere"));
        assertEquals("excluded\nelsewhere\nfree\nfree elsewhere\n", result.output());
    }

    @Test
    void locksOfFcntlAndSeeksWorkOnSuchFiles() {
        TwoNodes.Result result = nodes.python(work, """
                import os, fcntl, time
                a, b = os.environ["A"] + "/f", os.environ["B"] + "/f"
                for i in range(6):
                    open(a).read(); time.sleep(0.1)
                f = open(a)
                fcntl.lockf(f, fcntl.LOCK_SH)
                g = open(b, "r+")
                try: fcntl.lockf(g, fcntl.LOCK_EX | fcntl.LOCK_NB); print("no lock")
                except OSError: print("locked")
                print(os.lseek(f.fileno(), 0, os.SEEK_HOLE), os.fstat(f.fileno()).st_size)
                f.close()
                fcntl.lockf(g, fcntl.LOCK_EX | fcntl.LOCK_NB); print("free")
                """);
        assertEquals("locked\n8 8\nfree\n", result.output());
    }

    /// Home has to hear of a close, too, when locks of fcntl(2) end with it.
    @Test
    void whoReadsManyFilesClosesThemWithoutAWordUntilItLocks() {
        String read = """
                import os, fcntl, time
                a, b = os.environ["A"] + "/f", os.environ["B"] + "/f"
                for i in range(6):
                    open(a).read(); time.sleep(0.1)
                for i in range(600): open(a).close()
                """;
        assertEquals("", nodes.python(work, read).output());
        var counters = nodes.sides.getFirst().mount.counters();
        long flushes = counters.requests().get("FLUSH");
        assertTrue(flushes < 400, flushes + " closes told of");
        String lock = """
                with open(a) as f:
                    fcntl.lockf(f, fcntl.LOCK_SH); fcntl.lockf(f, fcntl.LOCK_UN)
                def free():
                    with open(b, "r+") as g: fcntl.lockf(g, fcntl.LOCK_EX | fcntl.LOCK_NB)
                free()
                f, second = open(a), open(a)
                fcntl.lockf(f, fcntl.LOCK_SH)
                try: free(); print("no lock")
                except OSError: pass
                second.close()
                free()
                """;
        assertEquals("", nodes.python(work, read + lock).output());
        long before = counters.requests().get("FLUSH");
        assertEquals("", nodes.python(work, read).output());
        assertTrue(counters.requests().get("FLUSH") - before >= 600, "closes told of again");
    }

    @Test
    void aLaterDaemonServesWhatWasOpenedBeforeIt() throws Exception {
        nodes.sh(work, "head -c 3000000 /dev/urandom > $H/f; chmod 644 $H/f; " + WARM);
        Process reader = nodes.start(
                work,
                List.of(
                        "bash",
                        "-c",
                        "exec 5< $A/f; echo open; read line; echo 3 > /proc/sys/vm/drop_caches;"
                                + " cmp $H/f - <&5 && echo same"));
        var lines = reader.inputReader();
        assertEquals("open", lines.readLine());
        TwoNodes.Side side = nodes.sides.get(0);
        side.disconnect();
        side.mount.close();
        side.start(0, true);
        reader.getOutputStream().write('\n');
        reader.getOutputStream().close();
        assertEquals("same", lines.readLine());
    }
}

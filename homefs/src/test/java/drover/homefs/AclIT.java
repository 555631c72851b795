package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// POSIX ACLs (acl(5)) of home's files hold on every node as at home: on a tmpfs, which has them, and on a ramfs,
/// which has none. Needs root, /dev/fuse, setfacl(1) and getfacl(1).
class AclIT {
    private static final int FILES = 200;
    /// Of what is asked once, whatever the number of files.
    private static final int ONCE = 20;

    private static Path disk;
    private static TwoNodes nodes;
    private Path work;

    @BeforeAll
    static void mount() throws Exception {
        disk = Files.createTempDirectory("drover-acl");
        machine("set -e; chmod 755 .; mkdir with without; mount -t tmpfs none with; mount -t ramfs none without;"
                + " chmod 755 with without");
        nodes = new TwoNodes();
    }

    @AfterAll
    static void unmount() throws Exception {
        if (nodes != null) nodes.close();
        machine("umount -l with; umount -l without; cd /; rm -rf \"$OLDPWD\"");
    }

    @BeforeEach
    void directory() throws IOException {
        work = Files.createTempDirectory(disk.resolve("with"), "work");
        nodes.run(work, List.of("chmod", "755", work.toString()));
    }

    @AfterEach
    void clean() {
        nodes.run(work, List.of("rm", "-rf", work.toString()));
    }

    private static void machine(String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-c", script)
                .directory(disk.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }

    private String root(String script) {
        TwoNodes.Result result = nodes.sh(work, "set -e; exec 2>&1; " + script);
        assertEquals(0, result.status(), result.output());
        return result.output();
    }

    private String user(String script) {
        return nodes.shAsUser(work, "exec 2>&1; " + script).output();
    }

    private static final String REFUSED = "Permission denied";

    private void assertRefused(String script) {
        String said = user(script);
        assertTrue(said.contains(REFUSED), said);
    }

    @Test
    void aUserOnTheListMayWhatTheModeRefuses() {
        root("echo secret > $H/f; chmod 600 $H/f; cat $A/f $B/f");
        assertRefused("cat $A/f");
        root("setfacl -m u:1000:rw $B/f");
        assertEquals("secret\n", user("cat $A/f && echo more >> $A/f"));
        assertEquals("secret\nmore\n", user("cat $B/f"));
        assertEquals("yes\n", user("test -w $B/f && echo yes"));
    }

    @Test
    void aUserOnTheListIsRefusedWhatTheModeAllows() {
        root("echo public > $H/f; setfacl -m u:1000:--- $H/f; for i in 1 2 3 4 5; do cat $A/f $B/f; sleep 0.05; done");
        assertRefused("cat $A/f");
        assertRefused("cat $B/f");
        assertEquals("no\n", user("test -r $A/f || echo no"));
    }

    @Test
    void aGroupOnTheListMayWhatTheModeRefuses() {
        root("echo ours > $H/f; chmod 600 $H/f; setfacl -m g:2002:r $A/f");
        assertEquals("ours\n", user("cat $A/f"));
        assertEquals("ours\n", user("cat $B/f"));
        assertRefused("echo more >> $A/f");
    }

    @Test
    void whoMayNotSearchADirectoryFindsNothingThatOthersHaveLookedUp() {
        root("mkdir $H/d; echo inside > $H/d/f; setfacl -m u:1000:--- $H/d;"
                + " for i in 1 2 3 4 5; do cat $A/d/f; ls $A/d; sleep 0.05; done");
        assertRefused("cat $A/d/f");
        assertRefused("stat $A/d/f");
        assertRefused("ls $A/d");
    }

    @Test
    void whoMaySearchADirectoryByTheListDoes() {
        root("mkdir -m 700 $H/d; echo inside > $H/d/f; chmod 644 $H/d/f; setfacl -m u:1000:rwx $H/d");
        assertEquals("f\ninside\n", user("ls $A/d; cat $A/d/f"));
        assertEquals("", user("echo 1 > $A/d/mine; rm $B/d/f"));
        assertEquals("1\n", root("cat $H/d/mine"));
    }

    @Test
    void whatIsChangedOnTheListIsSeenByTheOtherNodeAtOnce() {
        root("echo x > $H/f; chmod 600 $H/f");
        for (int i = 0; i < 20; i++) {
            root("setfacl -m u:1000:r $B/f");
            assertEquals("x\n", user("cat $A/f"), "round " + i);
            root("setfacl -x u:1000 $B/f");
            assertRefused("cat $A/f");
            root("setfacl -m u:1000:r $A/f");
            assertEquals("x\n", user("cat $B/f"), "round " + i);
            root("setfacl -b $A/f");
            assertRefused("cat $B/f");
            assertRefused("cat $A/f");
        }
    }

    @Test
    void whoHoldsAFileOpenSeesItsListAsItIs() {
        // no name is looked up, and no attribute asked for
        TwoNodes.Result result = nodes.python(work, """
                import os, subprocess
                A, B, H = (os.environ[e] for e in "ABH")
                open(H + "/f", "w").close()
                fd = os.open(A + "/f", os.O_RDONLY)
                def listed():
                    try: return os.getxattr(fd, "system.posix_acl_access")
                    except OSError as e: return e.errno
                for i in range(20):
                    assert listed() == 61, listed()
                    subprocess.check_call(["setfacl", "-m", "u:1000:r", B + "/f"])
                    assert listed() == os.getxattr(H + "/f", "system.posix_acl_access")
                    subprocess.check_call(["setfacl", "-b", (A if i % 2 else B) + "/f"])
                """);
        assertEquals(0, result.status(), result.output());
    }

    @Test
    void whatIsChangedAtHomeIsSeen() {
        root("echo x > $H/f; chmod 600 $H/f; for i in 1 2 3 4 5; do cat $A/f $B/f; sleep 0.05; done");
        for (int i = 0; i < 5; i++) {
            root("setfacl -m u:1000:r $H/f");
            assertEquals("x\n", user("for i in $(seq 100); do test -r $A/f && break; sleep 0.02; done; cat $A/f"));
            root("setfacl -b $H/f");
            assertRefused("for i in $(seq 100); do test -r $A/f || break; sleep 0.02; done; cat $A/f");
        }
    }

    @Test
    void theModeShowsTheMaskAndChangesIt() {
        root("echo x > $H/f; chmod 600 $H/f; setfacl -m u:1000:rw $A/f");
        assertEquals("660\n660\n660\n", root("stat -c %a $A/f $B/f $H/f"));
        root("chmod 600 $A/f");
        assertRefused("cat $A/f");
        assertRefused("cat $B/f");
        assertEquals("mask::---\nmask::---\n", root("getfacl -cp $A/f $B/f | grep mask"));
        root("chmod 640 $B/f");
        assertEquals("x\n", user("cat $A/f"));
        assertRefused("echo more >> $A/f");
        root("setfacl -b $B/f");
        assertEquals("600\n600\n600\n", root("stat -c %a $A/f $B/f $H/f"), "of its owner alone, as it was made");
        assertRefused("cat $A/f");
    }

    @Test
    void everyNodeShowsTheListAsHomeDoes() {
        root("mkdir $H/d; setfacl -m u:1000:rwx,g:2002:r-x,d:u:1001:r,d:g::- $B/d; setfacl -m u:7:r $A/d");
        String show = "getfacl -nc d";
        String homes = root("cd $H; " + show);
        assertTrue(homes.contains("user:1000:rwx") && homes.contains("default:user:1001:r--"), homes);
        assertEquals(homes, root("cd $A; " + show));
        assertEquals(homes, root("cd $B; " + show));
        assertEquals(homes, user("cd $A; " + show));
    }

    @Test
    void whatIsMadeInheritsTheDefaultsWhateverTheUmask() {
        String make = "echo > $where/f; mkdir $where/sub; mkfifo $where/p; echo '#!' > $where/x; chmod +x $where/x;"
                + " mkdir -m 750 $where/sub/sub; ln -s f $where/s;";
        for (String defaults : List.of("d:u:1000:rwx,d:g::r-x,d:o::---", "d:u::rwx,d:g::rwx,d:o::r-x"))
            for (String umask : List.of("0", "077", "022")) {
                for (String where : List.of("$H", "$A", "$B"))
                    root("umask 022; mkdir " + where + "/d; setfacl -m " + defaults + " " + where + "/d;"
                            + " umask " + umask + "; where=" + where + "/d; " + make
                            + " cd " + where
                            + "; getfacl -ncR d > /tmp/shown$$; stat -c '%n %a' d/* d/*/* >> /tmp/shown$$;"
                            + " cd $H; getfacl -ncR d > /tmp/homes$$; stat -c '%n %a' d/* d/*/* >> /tmp/homes$$;"
                            + " cmp /tmp/shown$$ /tmp/homes$$; mv /tmp/homes$$ " + disk + "/made-" + where.charAt(1)
                            + "; rm /tmp/shown$$; rm -r $H/d");
                root("cd " + disk + "; cmp made-H made-A; cmp made-H made-B; grep -q 'd/sub/sub' made-H");
            }
    }

    @Test
    void withoutDefaultsTheUmaskCounts() {
        assertEquals(
                "640\n750\n640\n", root("umask 027; echo > $A/f; mkdir $A/d; mkfifo $A/p; stat -c %a $H/f $H/d $H/p"));
    }

    @Test
    void aUserSetsTheListsOfHisOwnFilesOnly() {
        root("mkdir $H/d; chown 1000:1000 $H/d; echo x > $H/d/roots; chmod 644 $H/d/roots");
        assertEquals("", user("umask 077; echo mine > $A/d/f; setfacl -m u:1234:r $A/d/f"));
        String other = "setpriv --reuid=1234 --regid=1234 --clear-groups cat ";
        assertEquals("mine\nmine\n", root(other + "$A/d/f; " + other + "$B/d/f"));
        String said = user("setfacl -m u:1000:rw $A/d/roots");
        assertTrue(said.contains("Operation not permitted"), said);
        assertEquals("0\n", root("getfacl -cp $H/d/roots | grep -c 1000 || true"));
    }

    @Test
    void whoIsNotOfTheFilesGroupLosesItsSetIdBitWithAList() {
        root("echo x > $H/f; chown 1000:3999 $H/f; chmod 2755 $H/f; cp --preserve=all $H/f $H/g");
        user("setfacl -m u:7:r $A/f; setfacl -m u:7:r $H/g");
        assertEquals("755\n755\n755\n755\n", root("stat -c %a $H/f $A/f $B/f $H/g"));
    }

    @Test
    void copiesKeepTheirLists() {
        root("mkdir $H/d; echo x > $H/d/f; setfacl -m u:1000:rw $H/d/f; setfacl -m d:u:1000:rx $H/d; cp -a $A/d $A/e");
        assertEquals(root("cd $H/d; getfacl -ncR ."), root("cd $H/e; getfacl -ncR ."));
        assertEquals("x\n", user("cat $B/e/f"));
    }

    @Test
    void aFileSystemWithoutListsGoesByTheMode() {
        Path bare = disk.resolve("without");
        root("echo public > " + bare + "/f; echo secret > " + bare + "/g; chmod 644 " + bare + "/f; chmod 640 " + bare
                + "/g");
        String a = nodes.on(0, bare).toString();
        assertEquals("public\n", user("cat " + a + "/f"));
        assertEquals("f\ng\n", user("ls " + a));
        assertRefused("cat " + a + "/g");
        TwoNodes.Result result = nodes.sh(work, "setfacl -m u:1000:r " + a + "/g 2>&1");
        assertTrue(result.output().contains("Operation not supported"), result.output());
        assertEquals("user::rw-\ngroup::r--\nother::---\n\n", root("getfacl -cp " + a + "/g"));
    }

    private long calls() {
        return nodes.sides.get(0).mount.counters().calls();
    }

    /// When anybody mounts something on this machine, all is taken back and asked for again: such a round does not
    /// count.
    @Test
    void filesWithoutAListAreNotAskedForOne() {
        List<List<Long>> rounds = new ArrayList<>();
        do rounds.add(callsFor("many" + rounds.size()));
        while (rounds.size() < 4 && !areFew(rounds.getLast()));
        assertTrue(areFew(rounds.getLast()), "calls: " + rounds);
    }

    private static boolean areFew(List<Long> calls) {
        // find it, open it with its content, release it; then their attributes may have to be asked for once more
        return calls.getFirst() <= 3 * FILES + ONCE && calls.getLast() <= FILES + 3 * ONCE;
    }

    private List<Long> callsFor(String many) {
        root("mkdir $H/" + many + "; cd $H/" + many + "; for i in $(seq " + FILES
                + "); do echo $i > $i; done; chmod 644 *");
        long before = calls();
        user("cd $A/" + many + "; for i in $(seq " + FILES + "); do read x < $i; done");
        long first = calls() - before;
        before = calls();
        user("cd $A/" + many + "; for i in *; do test -r $i; done; ls -l > /dev/null; getfacl -R . > /dev/null");
        return List.of(first, calls() - before);
    }
}

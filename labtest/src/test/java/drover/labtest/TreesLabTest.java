package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Programs that copy, pack, edit and build trees of files. The tree is Python's library, more than a thousand
/// files, and what else a file can be; with a larger scale also all headers.
class TreesLabTest extends RealPrograms {
    /// All that two copies must have in common; of directories not their size.
    private static final String LIST = "find . \\( -type d -printf '%P %y %m %U %G %T@\\n' \\) -o -printf"
            + " '%P %y %m %U %G %n %s %T@ %l\\n' | LC_ALL=C sort | sha256sum; find . -type f -print0 | LC_ALL=C sort -z |"
            + " xargs -0 sha256sum | sha256sum";

    @BeforeAll
    static void tree() throws Exception {
        lab.sh("n1", """
                mkdir -p /srv/tree; cd /srv/tree; [ $SCALE = 1 ] || cp -a /usr/include .
                cp -a $(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))') python
                rm -rf python/config-*; find python -name __pycache__ | xargs rm -r
                mkdir odd; cd odd; echo x > set-ids; chmod 6751 set-ids; mkdir sticky; chmod 1777 sticky; echo y > none
                chmod 000 none; ln -s nowhere dangling; ln none another-name; mkfifo pipe; : > empty
                printf 'z' > "$(printf 'n\\303\\266n \\377 \\nascii')"; truncate -s 1M sparse; echo end >> sparse
                chown 1234:5678 empty; touch -d '1971-02-03 04:05:06.123456789' empty; chmod 2755 .; mkdir -m 0500 deep
                touch -d '2038-01-20 00:00:01.5' sticky . ..""".replace("$SCALE", "" + SCALE));
    }

    private static String list(String node, String directory) throws Exception {
        String script = "cd " + directory + "; " + LIST;
        return node.equals("n1") ? lab.sh("n1", script) : at(node, script);
    }

    @Test
    void tarPacksOnOneNodeAndUnpacksOnTheOtherWhatIsEqualInAll() throws Exception {
        String original = list("n1", "/srv/tree");
        assertEquals(original, list("n2", "/srv/tree"));
        at("n2", "tar -C /srv/tree --format=posix -cf /srv/tree.tar .");
        at("n3", "mkdir /srv/unpacked; tar -C /srv/unpacked -xpf /srv/tree.tar");
        assertEquals(original, list("n1", "/srv/unpacked"));
        assertEquals(original, list("n2", "/srv/unpacked"));
        at("n2", "tar -C /srv/unpacked -df /srv/tree.tar; rm -rf /srv/unpacked /srv/tree.tar; test ! -e /srv/unpacked");
    }

    @Test
    void rsyncCopiesMendsAndFindsNothingMoreToDo() throws Exception {
        needs("rsync");
        at("n2", "rsync -aHAX /srv/tree/ /srv/copy");
        assertEquals(list("n1", "/srv/tree"), list("n1", "/srv/copy"));
        lab.sh(
                "n1",
                "cd /srv/copy; echo more >> odd/set-ids; rm -r python/email; touch extra; mv python/json python/nosj");
        at("n3", "rsync -aHAX --delete --inplace /srv/tree/ /srv/copy");
        assertEquals("", at("n2", "rsync -aHAXc --delete -i -n /srv/tree/ /srv/copy"));
        assertEquals(list("n1", "/srv/tree"), list("n1", "/srv/copy"));
        String linked = at(
                "n3", "rsync -aHAX --link-dest=/srv/copy /srv/tree/ /srv/linked; stat -c %h /srv/linked/python/os.py");
        assertEquals("2", linked);
        assertEquals("", at("n2", "rsync -aHAXc --delete -i -n /srv/tree/ /srv/linked; rm -rf /srv/copy /srv/linked"));
    }

    @Test
    void vimSavesByRenameAndInPlace() throws Exception {
        needs("vim");
        lab.sh("n1", "mkdir /srv/edit; cd /srv/edit; seq 1000 > text; chmod 640 text; ln text other; cp text before");
        String vim = "vim -es -u NONE -c 'set nocompatible backup' ";
        at("n2", "cd /srv/edit; " + vim + "-c 'set backupcopy=no' -c '%s/^5/five/' -c wq text");
        assertEquals(
                "111 five",
                lab.sh(
                        "n1",
                        "cd /srv/edit; cmp text~ before; cmp other before; echo $(grep -c five text)"
                                + " $(sed -n '5s/[^a-z]//p' text; sed -n 5p text)"));
        String inode = lab.sh("n1", "stat -c '%i %a' /srv/edit/text");
        at("n3", "cd /srv/edit; " + vim + "-c 'set backupcopy=yes undofile' -c 'g/7/d' -c wq text");
        assertEquals(inode + " 729", lab.sh("n1", "cd /srv/edit; stat -c '%i %a' text | tr '\\n' ' '; wc -l < text"));
        assertEquals(".text.un~\nbefore\nother\ntext\ntext~", at("n2", "ls -A /srv/edit"));
    }

    @Test
    void pythonMakesAnEnvironmentThatOtherNodesUse() throws Exception {
        at(
                "n2",
                "cd /srv; python3 -m venv --without-pip env; m=$(echo env/lib/python3*)/site-packages/answer;"
                        + " mkdir $m; echo 'X = 41' > $m/__init__.py");
        String use = "/srv/env/bin/python -c 'import answer, sys; print(answer.X + 1, sys.prefix)'";
        assertEquals("42 /srv/env", at("n3", use));
        assertEquals("42 /srv/env", lab.sh("n1", use));
        at(
                "n3",
                "echo 'X = 42' > $(echo /srv/env/lib/python3*/site-packages/answer)/__init__.py; touch -d '+1 hour'"
                        + " $(echo /srv/env/lib/python3*/site-packages/answer)/__init__.py");
        assertEquals("43 /srv/env", at("n2", use));
    }

    /// This project's own C programs, since they are at hand without a network.
    @Test
    void makeBuildsTheSameAsAtHomeAndHasNothingMoreToDo() throws Exception {
        Path native_ = Path.of("../native").toRealPath();
        try (Stream<Path> sources = Files.list(native_.resolve("src"))) {
            assertTrue(sources.findAny().isPresent());
        }
        lab.sh(
                "n1",
                "mkdir -p /srv/project/native; cp -r " + native_ + "/src " + native_ + "/test " + native_
                        + "/Makefile /srv/project/native");
        String sums = "cd /srv/project/native; find target -type f ! -name '*.d' | LC_ALL=C sort | xargs sha256sum";
        at("n2", "make -j4 -C /srv/project/native");
        String there = lab.sh("n1", sums);
        assertTrue(there.lines().count() > 3, there);
        assertTrue(at("n3", "make -C /srv/project/native").contains("Nothing to be done"));
        lab.sh("n1", "rm -r /srv/project/native/target; make -j4 -C /srv/project/native");
        assertEquals(there, lab.sh("n1", sums));
    }
}

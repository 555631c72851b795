package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// git(1) in repositories at home, from one node and from two at once.
class GitLabTest extends RealPrograms {
    private static final String ME = "export GIT_CONFIG_NOSYSTEM=1 HOME=/srv/me; ";

    @BeforeAll
    static void settings() throws Exception {
        lab.sh("n1", """
                mkdir -p /srv/me; export HOME=/srv/me; git config --global user.name me; git config --global user.email me@n1
                git config --global init.defaultBranch main; git config --global advice.detachedHead false""");
    }

    @Test
    void aLargeTreeIsAddedRebasedCheckedOutTwicePackedAndCloned() throws Exception {
        at("n2", ME + """
                git init -q /srv/big; cd /srv/big; cp -r /usr/include/linux .
                cp -r $(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))') python; rm -rf python/config-*; find python -name __pycache__ | xargs rm -r
                git add -A; git commit -qm one; test -z "$(git status --porcelain)"
                """);
        assertEquals("", lab.sh("n1", ME + "cd /srv/big; git status --porcelain"));
        assertEquals("", at("n3", ME + "cd /srv/big; git status --porcelain"));
        String log = at("n3", ME + """
                cd /srv/big; git checkout -q -b topic
                for i in 1 2 3 4; do echo $i >> python/os.py; echo $i > new$i; git add -A; git commit -qm topic$i; done
                git checkout -q main; for i in 1 2 3; do echo $i >> linux/fs.h; git commit -qam main$i; done
                git rebase -q main topic; git worktree add -q ../worktree main; cd ../worktree
                echo more >> python/re/__init__.py; git commit -qam more; cd ../big
                git worktree list | wc -l; git log --format=%s topic | tr '\\n' ' '""");
        assertEquals("2\ntopic4 topic3 topic2 topic1 main3 main2 main1 one", log.strip());
        at(
                "n2",
                ME
                        + "cd /srv/big; git gc -q; git fsck --strict --no-dangling; git clone -q --no-local -b main . ../clone");
        String same =
                "cd /srv; diff -r --no-dereference --exclude=.git worktree clone && cd big && git fsck --full --no-dangling && git status --porcelain"
                        + " && git -C ../worktree status --porcelain && git -C ../clone status --porcelain";
        assertEquals("", lab.sh("n1", ME + same));
    }

    /// Each node works in a clone of its own; whoever comes second fetches, rebases and pushes again.
    @Test
    void twoNodesPushToOneRepositoryAtOnce() throws Exception {
        lab.sh(
                "n1",
                ME + "git init -q --bare /srv/shared.git; git clone -q /srv/shared.git /srv/seed 2>&1; cd /srv/seed;"
                        + " echo start > start; git add -A; git commit -qm start; git push -q origin main");
        int commits = 8 * SCALE;
        String script =
                ME + "git clone -q /srv/shared.git /srv/mine-NODE; cd /srv/mine-NODE; i=0; while [ $i -lt " + commits
                        + " ]; do echo $i > NODE-$i; echo $i >> NODE; git add -A; git commit -qm NODE-$i; n=0;"
                        + " until git push -q origin main 2> ../NODE.err; do n=$((n+1)); [ $n -lt 100 ] || { cat ../NODE.err; exit 1; };"
                        + " git pull -q --rebase; done; i=$((i+1)); done";
        together(new Job("n2", script.replace("NODE", "n2")), new Job("n3", script.replace("NODE", "n3")));
        String check =
                ME + "cd /srv/shared.git; git fsck --strict --full --no-dangling; git log --oneline main | wc -l;"
                        + " git ls-tree --name-only main | wc -l; git show main:n2 | wc -l; git show main:n3 | wc -l";
        String expected = (2 * commits + 1) + "\n" + (2 * commits + 3) + "\n" + commits + "\n" + commits;
        assertEquals(expected, lab.sh("n1", check));
    }

    /// One index and one list of references: git's own lock files keep the nodes apart.
    @Test
    void twoNodesCommitInOneWorkingTreeAtOnce() throws Exception {
        lab.sh("n1", ME + "git init -q /srv/tree; cd /srv/tree; echo start > start; git add -A; git commit -qm start");
        int commits = 8 * SCALE;
        String script = ME + "cd /srv/tree; i=0; while [ $i -lt " + commits + " ]; do echo $i > NODE-$i; n=0;"
                + " until git add NODE-$i 2> /tmp/NODE && git commit -qm NODE-$i NODE-$i 2>> /tmp/NODE; do n=$((n+1));"
                + " [ $n -lt 300 ] || { cat /tmp/NODE; exit 1; }; sleep 0.02; done; i=$((i+1)); done";
        together(new Job("n2", script.replace("NODE", "n2")), new Job("n3", script.replace("NODE", "n3")));
        String check = ME
                + "cd /srv/tree; git fsck --strict --full --no-dangling; git log --oneline | wc -l; git ls-files | wc -l";
        assertEquals((2 * commits + 1) + "\n" + (2 * commits + 1), lab.sh("n1", check));
        assertEquals("", lab.sh("n1", ME + "cd /srv/tree; git status --porcelain"));
    }
}

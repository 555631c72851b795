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

/// What home was asked for before a guest came to it is what is there when the guest comes. Needs root and /dev/fuse.
class AheadIT {
    /// The first of 100 files are read, so that those behind them have arrived when the rest is done.
    private static final String BEGUN = """
            import os, time; A=os.environ['A']; B=os.environ['B']; H=os.environ['H']
            def read(i, at=A): return open(at + '/%d' % i).read()
            for i in range(100): open(H + '/%d' % i, 'w').write('old %d' % i)
            os.chmod(H + '/18', 0o600)
            for i in range(12): assert read(i) == 'old %d' % i
            time.sleep(0.3)
            """;

    private TwoNodes nodes;
    private Path work;

    @BeforeEach
    void mount() throws IOException {
        nodes = new TwoNodes();
        work = Files.createTempDirectory("drover-ahead");
        nodes.run(work, List.of("chmod", "755", work.toString()));
    }

    @AfterEach
    void unmount() {
        nodes.run(work, List.of("rm", "-rf", work.toString()));
        nodes.close();
    }

    private void run(String script) {
        TwoNodes.Result result = nodes.python(work, BEGUN + script);
        assertEquals(0, result.status(), result.output());
        var counters = nodes.sides.getFirst().mount.counters();
        assertTrue(counters.bytesAhead() > 0 && counters.namesAhead() > 8, "asked for ahead");
    }

    @Test
    void whatAnotherNodeChangesIsSeenAtOnce() {
        run("""
                open(B + '/12', 'w').write('new')
                os.unlink(B + '/13')
                os.rename(B + '/15', B + '/14')
                os.chmod(B + '/16', 0o600)
                open(B + '/17', 'a').write('er')
                assert read(12) == 'new'
                assert not os.path.exists(A + '/13') and read(14) == 'old 15' and not os.path.exists(A + '/15')
                assert os.stat(A + '/16').st_mode & 0o777 == 0o600
                assert read(17) == 'old 17er'
                """);
    }

    @Test
    void whatTheNodeItselfChangesIsSeenAtOnce() {
        run("""
                open(A + '/12', 'w').write('new')
                os.unlink(A + '/13')
                os.rename(A + '/15', A + '/14')
                os.truncate(A + '/16', 2)
                with open(A + '/17', 'r+') as f: f.write('OLD')
                os.link(A + '/19', A + '/x')
                os.mkdir(A + '/y')
                assert read(12) == 'new'
                assert not os.path.exists(A + '/13') and read(14) == 'old 15' and not os.path.exists(A + '/15')
                assert read(16) == 'ol' and read(17) == 'OLD 17'
                assert os.stat(A + '/19').st_nlink == 2 and read(19) == 'old 19'
                """);
    }

    @Test
    void whatIsChangedAtHomeIsSeenSoon() {
        run("""
                open(H + '/12', 'w').write('new')
                os.unlink(H + '/13')
                end = time.monotonic() + 5
                while read(12) != 'new' or os.path.exists(A + '/13'): assert time.monotonic() < end
                """);
    }

    @Test
    void nobodyGetsWhatHeMayNotRead() {
        run("");
        assertTrue(nodes.shAsUser(work, "cat $A/18").output().contains("Permission denied"));
        assertEquals("old 19", nodes.shAsUser(work, "cat $A/19").output());
        TwoNodes.Result others = nodes.shAsUser(
                work, "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do cat $A/$i; done 2>&1 | tail -1");
        assertTrue(others.output().contains("Permission denied"), others.output());
    }

    /// Home promises what is in the directory, and the kernel is given what came ahead before it asks.
    @Test
    void whatCameAheadIsReadWithoutARequest() {
        run("time.sleep(0.3)\nfor i in range(12, 100):\n    if i != 18: assert read(i) == 'old %d' % i");
        var requests = nodes.sides.getFirst().mount.counters().requests();
        assertTrue(requests.getOrDefault("READ", 0L) < 50, requests.toString());
        run("open(B + '/50', 'w').write('new'); assert read(50) == 'new' and read(51) == 'old 51'");
    }

    @Test
    void filesOfManySizesAreReadWhole() {
        TwoNodes.Result result = nodes.python(work, """
                import os, random; A=os.environ['A']; H=os.environ['H']
                sizes = [0, 1, 4095, 4096, 4097, 16384, 65535, 65536, 65537, 200000] * 6
                written = [random.randbytes(size) for size in sizes]
                for i, data in enumerate(written): open(H + '/%d' % i, 'wb').write(data)
                for i, data in enumerate(written):
                    with open(A + '/%d' % i, 'rb', buffering=0) as f:
                        assert f.read(100) == data[:100], i
                        assert os.pread(f.fileno(), 1 << 20, 0) == data, i
                """);
        assertEquals(0, result.status(), result.output());
        assertTrue(nodes.sides.getFirst().mount.counters().bytesAhead() > 0, "asked for ahead");
    }
}

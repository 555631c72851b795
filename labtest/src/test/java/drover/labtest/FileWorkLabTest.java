package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Random work on files of which all is read back and checked, on one node and on two by turns.
/// `-Ddrover.real.seed` works as a failure's seed did.
class FileWorkLabTest extends RealPrograms {
    private static final long SEED = Long.getLong("drover.real.seed", System.nanoTime() >>> 10);

    @BeforeAll
    static void scripts() throws Exception {
        bring("fsx.py", "/srv/fsx.py");
    }

    private static String fsx(String file, int rounds, int operations, String more) {
        return String.join(" ", "python3 /srv/fsx.py", file, "" + SEED, "" + rounds * SCALE, "" + operations, more);
    }

    private static String sum(String file) throws Exception {
        return lab.sh("n1", "sha256sum < " + file + " | cut -d ' ' -f 1");
    }

    @Test
    void randomWorkOnOneNodeIsAsTheModelSays() throws Exception {
        assertEquals(at("n2", fsx("/srv/alone", 15, 100, "")), sum("/srv/alone"));
    }

    @Test
    void whatOneNodeClosedTheOtherOpensUnchanged() throws Exception {
        takeTurns("reopen");
    }

    @Test
    void aLockHandsOverAFileThatBothNodesHaveOpen() throws Exception {
        takeTurns("lock");
    }

    private static void takeTurns(String how) throws Exception {
        String file = "/srv/turns-" + how;
        List<String> models = together(
                new Job("n2", fsx(file, 30, 20, "0 2 " + how)), new Job("n3", fsx(file, 30, 20, "1 2 " + how)));
        String sum = sum(file);
        assertEquals(List.of(sum, sum), models);
    }

    @Test
    void fioFindsWhatItWroteInEachWayOfWriting() throws Exception {
        needs("fio");
        String fio = "for engine in sync psync pvsync2 mmap libaio posixaio io_uring; do fio --name=$engine --minimal"
                + " --ioengine=$engine --rw=randrw --bs=4k-64k --size=" + 4 * SCALE + "m --numjobs=2 --iodepth=8"
                + " --fsync=64 --verify=crc32c --verify_fatal=1 --do_verify=1 > $engine.out || { cat $engine.out; exit 1; };"
                + " done; fio --name=direct --minimal --ioengine=psync --direct=1 --fallocate=posix --rw=randwrite"
                + " --bs=4k --size=4m --verify=md5 --verify_fatal=1 > direct.out; grep -h '^3;' *.out | cut -d ';' -f 5 | sort | uniq -c";
        // error 0 of each of the jobs
        List<String> errors = together(
                new Job("n2", "mkdir -p /srv/fio2; cd /srv/fio2; " + fio),
                new Job("n3", "mkdir -p /srv/fio3; cd /srv/fio3; " + fio));
        for (String each : errors) assertEquals("15 0", each.strip());
    }
}

package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import drover.homefs.server.FileTransfer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// How far a guest is with large files. Needs root and /dev/fuse.
class TransfersIT {
    private TwoNodes nodes;
    private Path work;

    @BeforeEach
    void mount() throws IOException {
        nodes = new TwoNodes();
        work = Files.createTempDirectory("drover-transfers");
    }

    @AfterEach
    void unmount() {
        nodes.run(work, List.of("rm", "-rf", work.toString()));
        nodes.close();
    }

    @Test
    void whatIsReadOrWrittenIsTold() throws Exception {
        nodes.sh(work, "head -c 20000000 /dev/zero > $H/input; echo small > $H/small");
        Process guest = nodes.start(work, List.of("/usr/bin/python3", "-c", """
                import os, sys
                a = os.environ["A"]
                small = open(a + "/small"); small.read()
                source = open(a + "/input", "rb", buffering=0)
                for _ in range(12): source.read(1000000)
                target = open(a + "/output", "wb", buffering=0)
                for _ in range(9): target.write(bytes(1000000))
                print("there", flush=True)
                sys.stdin.read()
                """));
        assertEquals("there", guest.inputReader().readLine());
        List<FileTransfer> transfers = nodes.server.transfersOf(TwoNodes.ROOTS[0]).stream()
                .sorted((one, other) -> Boolean.compare(one.writes(), other.writes()))
                .toList();
        assertEquals(2, transfers.size(), transfers.toString());
        FileTransfer read = transfers.get(0);
        assertEquals(work + "/input", read.path().toString());
        assertEquals(20_000_000, read.size());
        assertEquals(true, read.position() >= 12_000_000 && read.position() <= 20_000_000, read.toString());
        FileTransfer written = transfers.get(1);
        assertEquals(new FileTransfer(written.path(), true, 9_000_000, 9_000_000, 9_000_000), written);
        assertEquals(work + "/output", written.path().toString());
        assertEquals(List.of(), nodes.server.transfersOf(TwoNodes.ROOTS[1]));
        guest.getOutputStream().close();
        assertEquals(0, guest.waitFor());
    }
}

package drover.lab.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.lab.namespaces.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RsaKeysIT {
    @TempDir
    Path directory;

    private final RsaKeys workload = new RsaKeys(0, 512);

    private Path makeKeys() throws IOException {
        Path file = directory.resolve("keys-0000.pem");
        String script = workload.subJobs().getFirst().command().getLast();
        Programs.run(java.util.List.of("sh", "-c", "cd " + directory + " && " + script));
        assertTrue(Files.readString(file).contains("BEGIN PRIVATE KEY"));
        return file;
    }

    @Test
    void keysThatOpensslMadeAreFoundGood() throws IOException {
        makeKeys();
        assertEquals(new Verdict(0, java.util.List.of()), workload.verify(directory, directory));
    }

    @Test
    void aKeyThatAppearsTwiceIsFound() throws IOException {
        Path file = makeKeys();
        String keys = Files.readString(file);
        int second = keys.indexOf("-----BEGIN", 1);
        Files.writeString(
                file,
                keys.substring(0, second)
                        + keys.substring(0, second)
                        + keys.substring(keys.indexOf("-----BEGIN", second + 1)));
        assertEquals(1, workload.verify(directory, directory).lost());
    }

    @Test
    void aTruncatedFileIsLost() throws IOException {
        Path file = makeKeys();
        Files.writeString(file, Files.readString(file).substring(0, 1000));
        assertEquals(1, workload.verify(directory, directory).lost());
    }

    @Test
    void aMissingFileIsLost() throws IOException {
        assertEquals(1, workload.verify(directory, directory).lost());
    }
}

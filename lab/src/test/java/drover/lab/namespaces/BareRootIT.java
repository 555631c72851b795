package drover.lab.namespaces;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BareRootIT {
    @TempDir
    Path directory;

    @Test
    void whatAJdkKeepsInEtcComesAlongWhereItsLinksPoint() throws Exception {
        Path jdk = Files.createDirectories(directory.resolve("jdk"));
        Path etc = Files.createDirectories(directory.resolve("etc"));
        Path conf = Files.createDirectories(jdk.resolve("conf/security"));
        Files.writeString(jdk.resolve("release"), "25");
        Files.writeString(etc.resolve("real"), "x");
        Files.createSymbolicLink(etc.resolve("java.security"), Path.of("real"));
        Files.createSymbolicLink(conf.resolve("java.security"), etc.resolve("java.security"));
        Files.createSymbolicLink(conf.resolve("inside"), Path.of("../../release"));
        Files.createSymbolicLink(conf.resolve("a-folder"), etc);
        Files.createSymbolicLink(conf.resolve("dangling"), etc.resolve("missing"));
        assertEquals(
                Map.of(
                        etc.resolve("java.security").toString(),
                        etc.resolve("real").toRealPath()),
                BareRoot.linkedFiles(jdk));
    }
}

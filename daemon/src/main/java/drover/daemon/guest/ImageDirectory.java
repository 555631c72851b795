package drover.daemon.guest;

import drover.model.GuestKey;
import drover.model.NodeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where the image of one guest lies on a node while it moves. Only root may look: it is the guest's memory.
record ImageDirectory(Path path) {
    /// CRIU may write what it has to say of itself while the guest is gone already.
    private static final int REMOVALS = 3;

    private static final String TARGET = "target";

    private static final Logger LOG = LoggerFactory.getLogger(ImageDirectory.class);

    /// @param images where all of this node lie
    static ImageDirectory of(Path images, GuestKey guest) {
        return new ImageDirectory(
                images.resolve(guest.job().home() + "-" + guest.job().number() + "-" + guest.epoch()));
    }

    /// Makes it anew: CRIU takes images of another guest that lie there for this one's.
    void make() throws IOException {
        remove();
        var rootOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        if (!Files.isDirectory(path.getParent())) Files.createDirectories(path.getParent(), rootOnly);
        Files.createDirectory(path, rootOnly);
    }

    /// Notes where the guest goes, for a daemon that comes after this one.
    void noteTarget(NodeId target) throws IOException {
        Files.writeString(path.resolve(TARGET), target.name());
    }

    /// Where it goes; empty if that was not noted.
    Optional<NodeId> target() {
        try {
            return Optional.of(new NodeId(Files.readString(path.resolve(TARGET))));
        } catch (IOException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    void remove() {
        removeAll(path);
    }

    /// What an earlier daemon left.
    static void removeAllIn(Path images) {
        removeAll(images);
    }

    /// The images, without what CRIU says beside them.
    List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(path)) {
            return all.filter(file -> file.toString().endsWith(".img")).sorted().toList();
        }
    }

    private static void removeAll(Path top) {
        for (int left = REMOVALS; Files.exists(top); left--)
            try (Stream<Path> all = Files.walk(top)) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(each);
            } catch (IOException | UncheckedIOException e) {
                if (left > 0) continue;
                LOG.warn("cannot remove {}: {}", top, e.toString());
                return;
            }
    }
}

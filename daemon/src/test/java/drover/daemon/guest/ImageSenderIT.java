package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.image.ImageFrame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// An image on its way, with a target that the test plays.
class ImageSenderIT {
    private static final GuestKey GUEST = new GuestKey(new JobId(new NodeId("n1"), 5), 2);

    /// Takes what comes at once, before the sender goes on.
    private static final class SwiftTarget implements ImageSender.Way {
        private final List<String> said = new ArrayList<>();
        private ImageSender sender;
        private final AtomicLong taken = new AtomicLong();

        @Override
        public boolean isUp() {
            return true;
        }

        @Override
        public boolean send(ImageFrame frame) {
            switch (frame) {
                case ImageFrame.Part part -> {
                    said.add(part.file());
                    sender.taken(taken.addAndGet(part.bytes().readableBytes()));
                }
                case ImageFrame.End _ -> said.add("end");
                default -> throw new AssertionError("a source says nothing else");
            }
            return true;
        }
    }

    @Test
    @Timeout(5) // its patience is longer
    void aTargetMayHaveTakenAllBeforeTheSenderGoesOn(@TempDir Path images) throws IOException {
        ImageDirectory image = ImageDirectory.of(images, GUEST);
        image.make();
        Files.write(image.path().resolve("pages-1.img"), new byte[300_000]);
        Files.write(image.path().resolve("core-1.img"), new byte[10]);
        var target = new SwiftTarget();
        target.sender = new ImageSender(target, new NodeId("n2"), GUEST);
        target.sender.complete();
        target.sender.follow(image);
        target.sender.send(image, false, new byte[0]);
        assertEquals(List.of("core-1.img", "pages-1.img", "pages-1.img", "end"), target.said);
        assertEquals(300_010, target.taken.get());
    }

    @Test
    @Timeout(30)
    void pagesAreSentWhileMoreOfThemAreWritten(@TempDir Path images) throws Exception {
        ImageDirectory image = ImageDirectory.of(images, GUEST);
        image.make();
        Path pages = image.path().resolve("pages-1.img");
        Files.write(image.path().resolve("core-1.img"), new byte[10]);
        Files.write(image.path().resolve("empty.img"), new byte[0]);
        var target = new SwiftTarget();
        target.sender = new ImageSender(target, new NodeId("n2"), GUEST);
        Thread following = Thread.ofPlatform().start(() -> {
            try {
                target.sender.follow(image);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        for (int i = 1; i <= 3; i++) {
            Files.write(pages, new byte[300_000], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            while (target.taken.get() < i * 300_000L / (256 << 10) * (256 << 10)) Thread.sleep(1);
        }
        target.sender.complete();
        following.join();
        target.sender.send(image, false, new byte[0]);
        assertEquals(900_010, target.taken.get());
        assertEquals(
                List.of("core-1.img", "empty.img", "pages-1.img", "end"), target.said.subList(3, target.said.size()));
    }
}

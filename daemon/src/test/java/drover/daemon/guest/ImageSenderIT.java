package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.image.ImageFrame;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
        private long taken;

        @Override
        public boolean isUp() {
            return true;
        }

        @Override
        public boolean send(ImageFrame frame) {
            switch (frame) {
                case ImageFrame.Part part -> {
                    taken += part.bytes().readableBytes();
                    said.add(part.file());
                    sender.taken(taken);
                }
                case ImageFrame.End _ -> said.add("end");
                case ImageFrame.Taken _ -> throw new AssertionError("a source takes nothing");
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
        target.sender.send(image, new byte[0]);
        assertEquals(List.of("core-1.img", "pages-1.img", "pages-1.img", "end"), target.said);
        assertEquals(300_010, target.taken);
    }
}

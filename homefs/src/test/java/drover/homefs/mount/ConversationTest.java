package drover.homefs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;

import drover.model.NodeId;
import drover.protocol.file.CallCodec;
import drover.protocol.file.FileOperation;
import drover.protocol.file.MalformedFileFrame;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConversationTest {
    private final List<Long> acknowledged = new ArrayList<>();
    private final Conversation conversation = new Conversation(
            new NodeId("home"),
            this::send,
            HomeMountConfig.of(0, 1),
            new Restarts(new NodeId("home"), new KnownNodes(), new OpenHandles(), false),
            new MountCounters());

    private boolean send(LinkClass linkClass, ByteBuf frame) {
        try {
            if (CallCodec.decode(frame).operation() instanceof FileOperation.Recalled(long number))
                acknowledged.add(number);
            return true;
        } catch (MalformedFileFrame e) {
            throw new IllegalStateException(e);
        } finally {
            frame.release();
        }
    }

    @Test
    void aRecallIsAcknowledgedToTheHomeThatMadeItOnly() {
        conversation.linkUp();
        long link = conversation.link();
        conversation.acknowledge(link, 1);
        conversation.linkDown();
        conversation.acknowledge(link, 2);
        conversation.linkUp();
        conversation.acknowledge(link, 3);
        conversation.acknowledge(conversation.link(), 4);
        assertEquals(List.of(1L, 4L), acknowledged);
    }
}

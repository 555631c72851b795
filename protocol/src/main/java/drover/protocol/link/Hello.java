package drover.protocol.link;

import drover.model.NodeId;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/// The first frame in each direction of a link: HELLO with the versions spoken, or a refusal with its reason.
sealed interface Hello {
    /// The longest such frame, so that a stranger makes the node hold no more.
    int LIMIT_BYTES = 1024;

    int TYPE_GREETING = 1;
    int TYPE_REFUSAL = 2;
    int MAGIC = 'D' | 'R' << 8 | 'O' << 16 | 'V' << 24;

    record Greeting(int versionMin, int versionMax, LinkClass linkClass, String clusterId, NodeId node)
            implements Hello {
        public Greeting {
            if (versionMin < 1 || versionMax < versionMin || versionMax > 0xffff)
                throw new IllegalArgumentException(
                        "versions must be 1 <= min <= max <= 65535, got " + versionMin + " and " + versionMax);
        }
    }

    record Refusal(String reason) implements Hello {}

    /// The newest version both speak, or 0 if there is none.
    static int common(Greeting a, Greeting b) {
        int newest = Math.min(a.versionMax(), b.versionMax());
        return newest >= Math.max(a.versionMin(), b.versionMin()) ? newest : 0;
    }

    default void encode(ByteBuf out) {
        switch (this) {
            case Greeting greeting -> {
                out.writeByte(TYPE_GREETING).writeIntLE(MAGIC);
                out.writeShortLE(greeting.versionMin).writeShortLE(greeting.versionMax);
                out.writeByte(greeting.linkClass.code());
                writeString(out, greeting.clusterId);
                writeString(out, greeting.node.name());
            }
            case Refusal refusal -> {
                out.writeByte(TYPE_REFUSAL);
                String reason = refusal.reason;
                writeString(out, reason.length() > 200 ? reason.substring(0, 200) + "..." : reason);
            }
        }
    }

    /// Reads either.
    ///
    /// @throws IllegalArgumentException when the frame is neither
    static Hello decode(ByteBuf in) {
        try {
            int type = in.readUnsignedByte();
            Hello hello = switch (type) {
                case TYPE_GREETING -> greeting(in);
                case TYPE_REFUSAL -> new Refusal(readString(in));
                default -> throw new IllegalArgumentException("the first frame has the unknown type " + type);
            };
            if (in.isReadable())
                throw new IllegalArgumentException("the first frame has " + in.readableBytes() + " bytes too many");
            return hello;
        } catch (IndexOutOfBoundsException e) {
            throw new IllegalArgumentException("the first frame is truncated", e);
        }
    }

    private static Greeting greeting(ByteBuf in) {
        int magic = in.readIntLE();
        if (magic != MAGIC)
            throw new IllegalArgumentException(
                    "the first frame begins with 0x" + Integer.toHexString(magic) + ", so the peer is no Drover node");
        int versionMin = in.readUnsignedShortLE();
        int versionMax = in.readUnsignedShortLE();
        int linkClass = in.readUnsignedByte();
        String cluster = readString(in);
        return new Greeting(
                versionMin,
                versionMax,
                LinkClass.ofCode(linkClass)
                        .orElseThrow(() -> new IllegalArgumentException("unknown class of link " + linkClass)),
                cluster,
                new NodeId(readString(in)));
    }

    private static void writeString(ByteBuf out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeIntLE(bytes.length).writeBytes(bytes);
    }

    private static String readString(ByteBuf in) {
        long length = in.readUnsignedIntLE();
        if (length > in.readableBytes())
            throw new IllegalArgumentException("a text of " + length + " bytes is cut off");
        return in.readCharSequence((int) length, StandardCharsets.UTF_8).toString();
    }
}

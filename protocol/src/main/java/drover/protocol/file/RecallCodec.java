package drover.protocol.file;

import drover.protocol.file.FileRecall.Item;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;

/// Recalls as frames, and frames as recalls. Stateless; any thread.
public final class RecallCodec {
    /// So many fit one frame, whatever their names.
    public static final int MAX_ITEMS = 1_000;

    private static final int HEADER_BYTES = 1 + 8 + 4;

    private RecallCodec() {}

    public static boolean isRecall(ByteBuf frame) {
        return frame.isReadable() && frame.getByte(frame.readerIndex()) == FileFields.RECALL;
    }

    public static ByteBuf encode(FileRecall recall, ByteBufAllocator allocator) {
        ByteBuf out = allocator.directBuffer(HEADER_BYTES + 64);
        out.writeByte(FileFields.RECALL)
                .writeLongLE(recall.number())
                .writeIntLE(recall.items().size());
        for (Item item : recall.items()) {
            switch (item) {
                case Item.Name(long directory, Bytes name, long node) ->
                    FileFields.putBytes(out.writeByte(1).writeLongLE(directory).writeLongLE(node), name);
                case Item.Attributes(long node) -> out.writeByte(2).writeLongLE(node);
                case Item.Content(long node) -> out.writeByte(3).writeLongLE(node);
                case Item.Everything() -> out.writeByte(4);
                case Item.AtMost(long nodes) -> out.writeByte(5).writeLongLE(nodes);
            }
        }
        return out;
    }

    public static FileRecall decode(ByteBuf frame) throws MalformedFileFrame {
        if (!isRecall(frame) || frame.readableBytes() < HEADER_BYTES)
            throw new MalformedFileFrame("no recall: " + frame.readableBytes() + " bytes");
        ByteBuf in = frame.duplicate().skipBytes(1);
        long number = in.readLongLE();
        try {
            int count = FileFields.count(in, MAX_ITEMS, 1);
            List<Item> items = new ArrayList<>(count);
            for (int i = 0; i < count; i++) items.add(item(in));
            return new FileRecall(number, items);
        } catch (IndexOutOfBoundsException e) {
            throw new MalformedFileFrame("recall " + number + " is cut off");
        }
    }

    private static Item item(ByteBuf in) throws MalformedFileFrame {
        int kind = in.readByte();
        return switch (kind) {
            case 1 -> {
                long directory = in.readLongLE();
                long node = in.readLongLE();
                yield new Item.Name(directory, FileFields.bytes(in), node);
            }
            case 2 -> new Item.Attributes(in.readLongLE());
            case 3 -> new Item.Content(in.readLongLE());
            case 4 -> new Item.Everything();
            case 5 -> new Item.AtMost(in.readLongLE());
            default -> throw new MalformedFileFrame("a recall of the unknown kind " + kind);
        };
    }
}

package drover.daemon.membership;

import drover.model.LoadVector;
import drover.model.NodeId;
import drover.model.Openness;
import drover.policy.load.LoadEntry;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/// Load entries as bytes: u8 version, u8 count, then each entry in 39 bytes and the node's name. Little-endian.
///
/// Memory travels in units of 64 KiB and pressures in hundredths: what is lost is below what a sample means.
/// Ages are in milliseconds; an entry too old for that field is not sent. Whether a node takes guests is in the two
/// highest bits of their number: nodes of before that read one that has very many.
final class LoadCodec {
    private static final byte VERSION = 2;
    private static final int MEMORY_UNIT_SHIFT = 16;
    private static final int FIXED_BYTES = 2 + 6 * 4 + 1 + 1 + 2 + 4 + 4; // age, then the vector
    private static final int NO_PRESSURE = 255;
    private static final long AGE_LIMIT_MS = 0xffff;
    private static final double THOUSAND = 1000;
    private static final int OPENNESS_SHIFT = 14;
    private static final int GUESTS_MAX = (1 << OPENNESS_SHIFT) - 1;

    private LoadCodec() {}

    /// Writes as many entries, in their order, as fit in `limitBytes`.
    static byte[] encode(SequencedMap<NodeId, LoadEntry> entries, int limitBytes) {
        ByteBuffer out = ByteBuffer.allocate(limitBytes).order(ByteOrder.LITTLE_ENDIAN);
        out.put(VERSION).put((byte) 0);
        int count = 0;
        for (Map.Entry<NodeId, LoadEntry> entry : entries.entrySet()) {
            byte[] name = entry.getKey().name().getBytes(StandardCharsets.US_ASCII);
            if (entry.getValue().age().toMillis() > AGE_LIMIT_MS) continue;
            if (count == 255 || out.remaining() < 1 + name.length + FIXED_BYTES) break;
            out.put((byte) name.length).put(name);
            put(out, entry.getValue());
            count++;
        }
        out.put(1, (byte) count);
        byte[] bytes = new byte[out.position()];
        out.get(0, bytes);
        return bytes;
    }

    private static void put(ByteBuffer out, LoadEntry entry) {
        LoadVector vector = entry.vector();
        out.putShort((short) entry.age().toMillis())
                .putFloat((float) vector.speed())
                .putFloat((float) vector.cpus())
                .putFloat((float) vector.cpuLoad())
                .putFloat((float) vector.settledLoad())
                .putInt((int) (vector.memoryTotalBytes() >>> MEMORY_UNIT_SHIFT))
                .putInt((int) (vector.memoryFreeBytes() >>> MEMORY_UNIT_SHIFT))
                .put(pressure(vector.cpuPressure()))
                .put(pressure(vector.memoryPressure()))
                .putShort((short) (Math.min(vector.guests(), GUESTS_MAX) | bits(vector.openness()) << OPENNESS_SHIFT))
                .putInt((int) vector.sequence())
                .putInt((int) vector.incarnation());
    }

    private static byte pressure(double share) {
        return (byte) (share < 0 ? NO_PRESSURE : Math.round(100 * Math.min(share, 1)));
    }

    /// Reads what `encode` wrote.
    static SequencedMap<NodeId, LoadEntry> decode(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        try {
            byte version = in.get();
            if (version != VERSION) throw new IllegalArgumentException("load entries of unknown version " + version);
            int count = Byte.toUnsignedInt(in.get());
            SequencedMap<NodeId, LoadEntry> entries = new LinkedHashMap<>();
            for (int i = 0; i < count; i++) {
                byte[] name = new byte[Byte.toUnsignedInt(in.get())];
                in.get(name);
                entries.put(new NodeId(new String(name, StandardCharsets.US_ASCII)), get(in));
            }
            return entries;
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("load entries end in the middle, after " + bytes.length + " bytes", e);
        }
    }

    private static LoadEntry get(ByteBuffer in) {
        Duration age = Duration.ofMillis(Short.toUnsignedInt(in.getShort()));
        double speed = in.getFloat();
        double cpus = Math.round(in.getFloat() * THOUSAND) / THOUSAND; // 0.1, not what 0.1f widens to
        double cpuLoad = in.getFloat();
        double settledLoad = in.getFloat();
        long total = Integer.toUnsignedLong(in.getInt()) << MEMORY_UNIT_SHIFT;
        long free = Integer.toUnsignedLong(in.getInt()) << MEMORY_UNIT_SHIFT;
        double cpuPressure = pressure(in.get());
        double memoryPressure = pressure(in.get());
        int guests = Short.toUnsignedInt(in.getShort());
        Openness openness = openness(guests >>> OPENNESS_SHIFT);
        long sequence = Integer.toUnsignedLong(in.getInt());
        long incarnation = Integer.toUnsignedLong(in.getInt());
        return new LoadEntry(
                new LoadVector(
                        speed,
                        cpus,
                        cpuLoad,
                        settledLoad,
                        total,
                        free,
                        cpuPressure,
                        memoryPressure,
                        guests & GUESTS_MAX,
                        openness,
                        sequence,
                        incarnation),
                age);
    }

    private static int bits(Openness openness) {
        return switch (openness) {
            case OPEN -> 0;
            case BLOCKED -> 1;
            case DRAINING -> 2;
        };
    }

    /// What a later version may say beyond these is no invitation.
    private static Openness openness(int bits) {
        return switch (bits) {
            case 0 -> Openness.OPEN;
            case 2 -> Openness.DRAINING;
            default -> Openness.BLOCKED;
        };
    }

    private static double pressure(byte hundredths) {
        int value = Byte.toUnsignedInt(hundredths);
        return value == NO_PRESSURE ? -1 : value / 100.0;
    }
}

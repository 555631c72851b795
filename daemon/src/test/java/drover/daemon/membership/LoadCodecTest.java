package drover.daemon.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.LoadVector;
import drover.model.NodeId;
import drover.model.Openness;
import drover.policy.load.LoadEntry;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;

class LoadCodecTest {
    private static final LoadVector VECTOR = new LoadVector(
            1.25, 0.5, 3.75, 2.5, 64L << 30, 5L << 30, 0.25, -1, 7, Openness.OPEN, 123456, 1_795_000_000L);

    private static SequencedMap<NodeId, LoadEntry> entries(int count) {
        SequencedMap<NodeId, LoadEntry> entries = new LinkedHashMap<>();
        for (int i = 1; i <= count; i++)
            entries.put(new NodeId("node-" + i), new LoadEntry(VECTOR, Duration.ofMillis(i)));
        return entries;
    }

    @Test
    void whatIsWrittenIsRead() {
        SequencedMap<NodeId, LoadEntry> entries = entries(3);
        assertEquals(entries, LoadCodec.decode(LoadCodec.encode(entries, LoadGossip.MESSAGE_BYTES)));
    }

    @Test
    void whetherGuestsAreTakenGoesAlong() {
        for (Openness openness : Openness.values()) {
            LoadVector vector = new LoadVector(1, 1, 0, 0, 1L << 30, 1L << 20, 0, 0, 7, openness, 1, 1);
            SequencedMap<NodeId, LoadEntry> one = entries(1);
            one.replaceAll((_, entry) -> new LoadEntry(vector, entry.age()));
            assertEquals(one, LoadCodec.decode(LoadCodec.encode(one, LoadGossip.MESSAGE_BYTES)));
        }
    }

    @Test
    void aMessageHasTheSameSizeLimitForAnyCluster() {
        byte[] bytes = LoadCodec.encode(entries(1000), LoadGossip.MESSAGE_BYTES);
        assertTrue(bytes.length <= LoadGossip.MESSAGE_BYTES, bytes.length + " bytes");
        SequencedMap<NodeId, LoadEntry> read = LoadCodec.decode(bytes);
        assertEquals(List.copyOf(entries(read.size()).keySet()), List.copyOf(read.keySet()), "the first ones");
        assertTrue(read.size() >= 16, "a window of only " + read.size());
    }

    @Test
    void eachTruncationIsRefused() {
        byte[] bytes = LoadCodec.encode(entries(2), LoadGossip.MESSAGE_BYTES);
        for (int length = 0; length < bytes.length; length++) {
            byte[] cut = Arrays.copyOf(bytes, length);
            assertThrows(IllegalArgumentException.class, () -> LoadCodec.decode(cut), "cut to " + length);
        }
    }

    @Test
    void anotherVersionIsRefused() {
        byte[] bytes = LoadCodec.encode(entries(1), LoadGossip.MESSAGE_BYTES);
        bytes[0] = 9;
        assertThrows(IllegalArgumentException.class, () -> LoadCodec.decode(bytes));
    }
}

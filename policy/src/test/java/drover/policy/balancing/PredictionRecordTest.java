package drover.policy.balancing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.JobId;
import drover.model.NodeId;
import drover.policy.balancing.BalancingDecision.Cause;
import drover.policy.balancing.BalancingDecision.Move;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PredictionRecordTest {
    private static final Duration TEN = Duration.ofSeconds(10);

    @Test
    void aMoveThatBringsWhatWasSaidChangesNothing() {
        assertEquals(new PredictionRecord(1, 1), PredictionRecord.NEW.with(3, 1, TEN, TEN));
        assertEquals(1, PredictionRecord.NEW.caution());
    }

    @Test
    void movesThatBringHalfDoubleTheDemand() {
        PredictionRecord record = PredictionRecord.NEW;
        for (int i = 0; i < 100; i++) record = record.with(3, 1, TEN, Duration.ofSeconds(20));
        assertEquals(2, record.caution(), 0.01);
    }

    @Test
    void cautionIsBoundedSoThatARecoveryIsPossible() {
        PredictionRecord record = PredictionRecord.NEW;
        for (int i = 0; i < 100; i++) record = record.with(2, 1, TEN, Duration.ofHours(1));
        assertEquals(16, record.caution(), 0.01);
        for (int i = 0; i < 20; i++) record = record.with(2, 1, TEN, TEN);
        assertTrue(record.caution() < 1.1, "caution " + record.caution());
    }

    @Test
    void aMoveThatPredictedNothingTellsNothing() {
        assertSame(PredictionRecord.NEW, PredictionRecord.NEW.with(1, 1, TEN, TEN));
        assertSame(PredictionRecord.NEW, PredictionRecord.NEW.with(2, 1, Duration.ZERO, TEN));
    }

    @Test
    void aMoveForMemoryPromisedNoTime() {
        assertEquals(
                1, PredictionRecord.NEW.after(move(Cause.PROCESSOR), TEN, TEN).moves());
        assertSame(PredictionRecord.NEW, PredictionRecord.NEW.after(move(Cause.MEMORY), TEN, Duration.ofHours(1)));
    }

    private static Move move(Cause cause) {
        JobId job = new JobId(new NodeId("n1"), 1);
        return new Move(job, new NodeId("n2"), cause, TEN, Duration.ofSeconds(1), 2, 1, "a reason");
    }
}

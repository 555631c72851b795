package drover.policy.balancing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.JobId;
import drover.model.LoadVector;
import drover.model.NodeId;
import drover.policy.balancing.BalancingDecision.Cause;
import drover.policy.balancing.BalancingDecision.Move;
import drover.policy.balancing.BalancingDecision.Stay;
import drover.policy.load.LoadEntry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BalancingPolicyTest {
    private static final long MIB = 1L << 20;
    private static final NodeId HERE = new NodeId("n1");

    private static LoadVector vector(double speed, double tasks, long freeMib) {
        return new LoadVector(speed, 1, tasks, 1024 * MIB, freeMib * MIB, -1, -1, 0, 1, 1);
    }

    private static Resident guest(long number, double cpuSeconds, long mib, int moves) {
        return new Resident(
                new JobId(HERE, number),
                Duration.ofMillis(Math.round(cpuSeconds * 1000)),
                mib * MIB,
                1,
                Duration.ofMinutes(1),
                moves,
                "");
    }

    private static Target target(String name, LoadVector load, double mibPerSecond) {
        return new Target(new NodeId(name), new LoadEntry(load, Duration.ofSeconds(3)), 0, 0, mibPerSecond * MIB);
    }

    private static BalancingDecision decide(LoadVector own, List<Resident> guests, Target... targets) {
        return decide(own, guests, PredictionRecord.NEW, targets);
    }

    private static BalancingDecision decide(
            LoadVector own, List<Resident> guests, PredictionRecord record, Target... targets) {
        var view = new BalancingView(HERE, own, 0, guests, List.of(targets), record);
        return BalancingPolicy.decide(view, BalancingLimits.USUAL, new Random(1));
    }

    @Test
    void anOldGuestOfACrowdedNodeMovesToTheIdleOne() {
        Move move = assertInstanceOf(
                Move.class,
                decide(
                        vector(1, 3, 512),
                        List.of(guest(1, 60, 10, 0), guest(2, 5, 10, 0), guest(3, 5, 10, 0)),
                        target("n2", vector(1, 2, 512), 100),
                        target("n3", vector(1, 0, 512), 100)));
        assertEquals(new NodeId("n3"), move.target());
        assertEquals(1, move.job().number(), "the oldest has most before it");
        assertEquals(Cause.PROCESSOR, move.cause());
        assertTrue(move.gain().compareTo(move.cost()) > 0, move.toString());
    }

    @Test
    void aYoungGuestStaysUntilItsAgePaysForItsMove() {
        // n = 2 here, m = 1 there: Harchol-Balter and Downey demand an age above cost / (n - m) = 10.3 s
        Target idle = target("n2", vector(1, 0, 900), 10);
        List<Resident> young = List.of(guest(1, 10.2, 100, 0), guest(2, 0.1, 100, 0));
        List<Resident> old = List.of(guest(1, 10.4, 100, 0), guest(2, 0.1, 100, 0));
        assertInstanceOf(Stay.class, decide(vector(1, 2, 512), young, idle));
        assertInstanceOf(Move.class, decide(vector(1, 2, 512), old, idle));
    }

    @Test
    void aSlowLinkMakesTheSameMoveTooDear() {
        List<Resident> guests = List.of(guest(1, 20, 100, 0), guest(2, 20, 100, 0));
        assertInstanceOf(Move.class, decide(vector(1, 2, 512), guests, target("n2", vector(1, 0, 900), 10)));
        assertInstanceOf(Stay.class, decide(vector(1, 2, 512), guests, target("n2", vector(1, 0, 900), 1)));
    }

    @Test
    void equalLoadsMoveNobody() {
        List<Resident> guests = List.of(guest(1, 1e6, 1, 0), guest(2, 1e6, 1, 0));
        assertInstanceOf(Stay.class, decide(vector(1, 2, 512), guests, target("n2", vector(1, 2, 900), 100)));
        assertInstanceOf(
                Stay.class,
                decide(vector(1, 2, 512), guests, target("n2", vector(1, 1, 900), 100)),
                "the other node would then be as crowded as this one is now");
    }

    @Test
    void aNodeThatIsHardlyBetterIsNoReasonHoweverOldTheGuest() {
        List<Resident> old = List.of(guest(1, 1e6, 1, 0));
        Target[] idle = {
            target("n2", vector(1, 0, 900), 100),
            target("n3", vector(1, 0, 900), 100),
            target("n4", vector(1, 0, 900), 100)
        };
        assertInstanceOf(Stay.class, decide(vector(1, 1.05, 512), old, idle));
        assertInstanceOf(Stay.class, decide(vector(0.96, 1, 512), old, idle));
        assertInstanceOf(Move.class, decide(vector(1, 1.06, 512), old, idle));
        assertInstanceOf(Move.class, decide(vector(0.94, 1, 512), old, idle));
    }

    @Test
    void aBurstThatHasNotSettledSendsNobodyAway() {
        LoadVector own = vector(1, 9, 512).withSettledLoad(1.1);
        assertInstanceOf(Stay.class, decide(own, List.of(guest(1, 2, 1, 0)), target("n2", vector(1, 0, 900), 100)));
    }

    @Test
    void aSlowerNodeIsNoGainUnlessThisOneIsCrowded() {
        List<Resident> guests = List.of(guest(1, 1000, 1, 0));
        Target slow = target("n2", vector(0.25, 0, 900), 100);
        assertInstanceOf(Stay.class, decide(vector(1, 2, 512), guests, slow));
        assertInstanceOf(Move.class, decide(vector(1, 6, 512), guests, slow));
    }

    @Test
    void theLastIdleFastNodesAreLeftToNewcomers() {
        List<Resident> alone = List.of(guest(1, 1000, 1, 0));
        Target n2 = target("n2", vector(1, 0, 900), 100);
        Target n3 = target("n3", vector(1, 0, 900), 100);
        Target n4 = target("n4", vector(1, 0, 900), 100);
        assertInstanceOf(Stay.class, decide(vector(0.5, 1, 512), alone, n2, n3));
        assertInstanceOf(Move.class, decide(vector(0.5, 1, 512), alone, n2, n3, n4));
        List<Resident> two = List.of(guest(1, 1000, 1, 0), guest(2, 1000, 1, 0));
        assertInstanceOf(Move.class, decide(vector(0.5, 2, 512), two, n2), "two that compete need not wait");
    }

    @Test
    void eachMoveDoublesWhatTheNextMustGainAndFiveAreEnough() {
        for (int moves = 0; moves < 5; moves++) {
            double enough = 0.4 * Math.pow(2, moves) + 0.1; // fixed cost 0.3 s and 0.1 s for its bytes, n - m = 1
            Target idle = target("n2", vector(1, 0, 900), 100);
            assertInstanceOf(Stay.class, decide(vector(1, 2, 512), List.of(guest(1, enough - 0.2, 10, moves)), idle));
            assertInstanceOf(Move.class, decide(vector(1, 2, 512), List.of(guest(1, enough, 10, moves)), idle));
        }
        assertInstanceOf(
                Stay.class,
                decide(vector(1, 9, 512), List.of(guest(1, 1e6, 1, 5)), target("n2", vector(1, 0, 900), 100)));
    }

    @Test
    void whoHasComeAMomentAgoOrCannotMoveStays() {
        Target idle = target("n2", vector(1, 0, 900), 100);
        JobId job = new JobId(HERE, 1);
        Duration long_ = Duration.ofHours(1);
        var arrived = new Resident(job, long_, MIB, 1, Duration.ofSeconds(1), 1, "");
        var started = new Resident(job, long_, MIB, 1, Duration.ofSeconds(1), 0, "");
        var bound = new Resident(job, long_, MIB, 1, long_, 0, "it holds an io_uring descriptor");
        var asleep = new Resident(job, long_, MIB, 0, long_, 0, "");
        assertInstanceOf(Stay.class, decide(vector(1, 3, 512), List.of(arrived), idle));
        assertInstanceOf(Move.class, decide(vector(1, 3, 512), List.of(started), idle));
        assertInstanceOf(Stay.class, decide(vector(1, 3, 512), List.of(bound), idle));
        assertInstanceOf(Stay.class, decide(vector(1, 3, 512), List.of(asleep), idle));
    }

    @Test
    void aNodeWhosePredictionsWereWrongMovesLess() {
        List<Resident> guests = List.of(guest(1, 2, 10, 0), guest(2, 2, 10, 0));
        Target idle = target("n2", vector(1, 0, 900), 100);
        PredictionRecord record = PredictionRecord.NEW;
        assertInstanceOf(Move.class, decide(vector(1, 2, 512), guests, record, idle));
        for (int i = 0; i < 20; i++) record = record.with(2, 1, Duration.ofSeconds(10), Duration.ofSeconds(20));
        assertInstanceOf(Stay.class, decide(vector(1, 2, 512), guests, record, idle));
        for (int i = 0; i < 20; i++) record = record.with(2, 1, Duration.ofSeconds(10), Duration.ofSeconds(10));
        assertInstanceOf(Move.class, decide(vector(1, 2, 512), guests, record, idle));
    }

    @Test
    void whatWasSentToATargetCountsBeforeItsVectorShowsIt() {
        var sentTo = new Target(
                new NodeId("n2"), new LoadEntry(vector(1, 0, 512), Duration.ofSeconds(3)), 1, 500 * MIB, 100 * MIB);
        assertInstanceOf(Stay.class, decide(vector(1, 2, 512), List.of(guest(1, 100, 1, 0)), sentTo));
        assertInstanceOf(
                Stay.class, decide(vector(1, 9, 512), List.of(guest(1, 100, 20, 0)), sentTo), "no memory left");
    }

    @Test
    void aNodeOutOfMemorySendsTheSmallestGuestThatIsEnoughHoweverYoung() {
        Target roomy = target("n2", vector(1, 5, 900), 100);
        List<Resident> guests =
                List.of(guest(1, 0.1, 8, 0), guest(2, 0.1, 40, 0), guest(3, 0.1, 400, 0), guest(4, 0.1, 500, 0));
        Move move = assertInstanceOf(Move.class, decide(vector(1, 4, 106), guests, roomy));
        assertEquals(Cause.MEMORY, move.cause());
        assertEquals(2, move.job().number(), "22 MiB are missing to the reserve of an eighth");
    }

    @Test
    void ifNoGuestIsEnoughTheLargestThatFitsElsewhereGoes() {
        List<Resident> guests = List.of(guest(1, 0.1, 8, 0), guest(2, 0.1, 12, 0), guest(3, 0.1, 700, 0));
        Target small = target("n2", vector(1, 0, 150), 100);
        Move move = assertInstanceOf(Move.class, decide(vector(1, 3, 0), guests, small));
        assertEquals(2, move.job().number());
        Target full = target("n3", vector(1, 0, 130), 100);
        assertInstanceOf(Stay.class, decide(vector(1, 3, 0), guests, full), "it would only thrash there");
    }

    @Test
    void aNodeKeepsAnEighthFreeWithinBounds() {
        BalancingLimits limits = BalancingLimits.USUAL;
        assertEquals(128 * MIB, limits.reserveBytes(vector(1, 0, 0)));
        for (long[] each : new long[][] {{100, 32}, {512, 64}, {64 * 1024, 1024}}) {
            LoadVector node = new LoadVector(1, 1, 0, each[0] * MIB, 0, -1, -1, 0, 1, 1);
            assertEquals(each[1] * MIB, limits.reserveBytes(node), each[0] + " MiB");
        }
    }

    @Test
    void equallyGoodTargetsAreDrawnSoThatNoneIsFlooded() {
        List<Target> targets = new ArrayList<>();
        for (int i = 2; i <= 9; i++) targets.add(target("n" + i, vector(1, 0, 512), 100));
        var view = new BalancingView(
                HERE, vector(1, 9, 512), 0, List.of(guest(1, 100, 1, 0)), targets, PredictionRecord.NEW);
        Set<NodeId> chosen = new HashSet<>();
        Random random = new Random(3);
        for (int i = 0; i < 100; i++)
            chosen.add(((Move) BalancingPolicy.decide(view, BalancingLimits.USUAL, random)).target());
        assertEquals(8, chosen.size());
    }

    @Test
    void whoeverLeavesAVeryCrowdedNodeStillGoesToAnIdleOne() {
        List<Target> targets = new ArrayList<>();
        for (int i = 2; i <= 9; i++) targets.add(target("n" + i, vector(1, i < 9 ? 1 : 0, 512), 100));
        var view = new BalancingView(
                HERE, vector(1, 25, 512), 0, List.of(guest(1, 100, 1, 0)), targets, PredictionRecord.NEW);
        Random random = new Random(4);
        for (int i = 0; i < 50; i++)
            assertEquals(
                    new NodeId("n9"), ((Move) BalancingPolicy.decide(view, BalancingLimits.USUAL, random)).target());
    }

    @Test
    void aTargetRefusesWhatItsPresentDoesNotAllow() {
        Resident guest = guest(1, 100, 100, 0);
        LoadVector source = vector(1, 2, 512);
        BalancingLimits limits = BalancingLimits.USUAL;
        assertTrue(BalancingPolicy.admits(vector(1, 0, 512), 0, source, guest, Cause.PROCESSOR, limits));
        assertFalse(BalancingPolicy.admits(vector(1, 1, 512), 0, source, guest, Cause.PROCESSOR, limits));
        assertTrue(BalancingPolicy.admits(vector(1, 1, 512), 0, source, guest, Cause.MEMORY, limits));
        assertFalse(BalancingPolicy.admits(vector(1, 0, 512), 400 * MIB, source, guest, Cause.MEMORY, limits));
    }
}

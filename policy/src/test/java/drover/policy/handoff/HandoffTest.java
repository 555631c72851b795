package drover.policy.handoff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.policy.handoff.HandoffEvent.*;
import drover.policy.handoff.HandoffState.*;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HandoffTest {
    private static final List<HandoffEvent> EVENTS = List.of(
            new TargetReady(),
            new TargetRestored(),
            new RowWritten(),
            new SourceDead(),
            new TargetRuns(),
            new Failed("the link broke"),
            new SayAgain());

    private static List<HandoffAction> actionsOf(HandoffEvent... events) {
        List<HandoffAction> actions = new ArrayList<>(Handoff.begin().actions());
        HandoffState state = Handoff.begin().state();
        for (HandoffEvent event : events) {
            Handoff.Step step = Handoff.next(state, event);
            actions.addAll(step.actions());
            state = step.state();
        }
        return actions;
    }

    @Test
    void aMoveAsItShouldBe() {
        assertEquals(
                List.of(
                        new HandoffAction.PrepareTarget(),
                        new HandoffAction.SendFromSource(),
                        new HandoffAction.WriteRow(),
                        new HandoffAction.EndSource(),
                        new HandoffAction.ResumeTarget(),
                        new HandoffAction.ReportMoved()),
                actionsOf(
                        new TargetReady(), new TargetRestored(), new RowWritten(), new SourceDead(), new TargetRuns()));
    }

    @Test
    void aFailureBeforeTheRowIsWrittenLeavesItOnTheSource() {
        assertEquals(
                List.of(
                        new HandoffAction.PrepareTarget(),
                        new HandoffAction.ForgetOnTarget(),
                        new HandoffAction.ReportStays("full")),
                actionsOf(new Failed("full")),
                "the source was not asked yet: it has nothing to undo");
        assertEquals(
                List.of(
                        new HandoffAction.PrepareTarget(),
                        new HandoffAction.SendFromSource(),
                        new HandoffAction.ForgetOnTarget(),
                        new HandoffAction.KeepOnSource(),
                        new HandoffAction.ReportStays("gone")),
                actionsOf(new TargetReady(), new Failed("gone"), new TargetRestored(), new RowWritten()));
    }

    @Test
    void fromTheRowOnItIsFinishedWhateverFails() {
        Failed failed = new Failed("gone");
        assertEquals(
                actionsOf(
                        new TargetReady(), new TargetRestored(), new RowWritten(), new SourceDead(), new TargetRuns()),
                actionsOf(
                        new TargetReady(),
                        new TargetRestored(),
                        failed,
                        new RowWritten(),
                        failed,
                        new SourceDead(),
                        failed,
                        new TargetRuns(),
                        failed));
    }

    @Test
    void whatIsToBeFinishedIsSaidAgain() {
        assertEquals(
                List.of(new HandoffAction.EndSource()),
                Handoff.next(new Committed(), new SayAgain()).actions());
        assertEquals(
                List.of(new HandoffAction.ResumeTarget()),
                Handoff.next(new Resuming(), new SayAgain()).actions());
        assertEquals(List.of(), Handoff.next(new Sending(), new SayAgain()).actions());
    }

    @Test
    void aDaemonThatFindsTheRowEndsTheSourceFirst() {
        assertEquals(new Committed(), Handoff.recovered().state());
        assertEquals(List.of(new HandoffAction.EndSource()), Handoff.recovered().actions());
    }

    /// Whatever happens in whatever order: the target is let run only when the source is dead, the source goes
    /// on only as long as no row was written, and after one of them nothing leads to the other.
    @Test
    void neverTwoMayRunInAnyOrderOfEvents() {
        for (long seed = 0; seed < 20_000; seed++) {
            Random random = new Random(seed);
            HandoffState state = Handoff.begin().state();
            boolean sourceMayRun = true;
            boolean targetMayRun = false;
            boolean written = false;
            for (int i = 0; i < 12; i++) {
                Handoff.Step step = Handoff.next(state, EVENTS.get(random.nextInt(EVENTS.size())));
                for (HandoffAction action : step.actions()) {
                    switch (action) {
                        case HandoffAction.WriteRow _ -> sourceMayRun = false;
                        case HandoffAction.EndSource _ -> written = true;
                        case HandoffAction.ResumeTarget _ -> {
                            assertTrue(written, "seed " + seed);
                            targetMayRun = true;
                        }
                        case HandoffAction.KeepOnSource _ -> assertFalse(written, "seed " + seed);
                        case HandoffAction.ReportStays _ -> assertTrue(sourceMayRun, "seed " + seed);
                        case HandoffAction.PrepareTarget _,
                                HandoffAction.SendFromSource _,
                                HandoffAction.ForgetOnTarget _,
                                HandoffAction.ReportMoved _ -> {}
                    }
                }
                state = step.state();
                assertFalse(sourceMayRun && targetMayRun, "seed " + seed);
                assertEquals(
                        targetMayRun ? Runner.TARGET : sourceMayRun ? Runner.SOURCE : Runner.NOBODY,
                        state.runner(),
                        "seed " + seed);
                assertEquals(written, state.mustBeFinished(), "seed " + seed);
            }
        }
    }
}

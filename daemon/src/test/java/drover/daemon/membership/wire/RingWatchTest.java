package drover.daemon.membership.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RingWatchTest {
    private static final List<String> VIEW = List.of("a", "b", "c", "d", "e", "f");

    private static RingWatch<String> watchOf(String self) {
        RingWatch<String> watch = new RingWatch<>(self, 1000, 5000, 2000);
        watch.view(VIEW);
        return watch;
    }

    private static long s(double seconds) {
        return (long) (seconds * TimeUnit.SECONDS.toNanos(1));
    }

    @Test
    void eachMemberIsWatchedByTwoHoweverLargeTheCluster() {
        for (String watched : VIEW) {
            long watchers = VIEW.stream()
                    .filter(self -> watchOf(self).watched().contains(watched))
                    .count();
            assertEquals(2, watchers, watched);
        }
    }

    @Test
    void eachMemberAssuresThoseWhoWatchItInTurn() {
        for (String self : VIEW)
            for (String watcher : watchOf(self).watchers())
                assertTrue(watchOf(watcher).watched().contains(self), watcher + " watches " + self);
        RingWatch<String> watch = watchOf("e");
        assertEquals(List.of("f", "a"), watch.watchers());
        for (int t = 0; t < 6; t += 2) {
            Set<String> assured = new TreeSet<>(watch.tick(s(t)).assure());
            assured.addAll(watch.tick(s(t + 1)).assure());
            assertEquals(Set.of("a", "f"), assured);
        }
    }

    @Test
    void twoMembersAssureEachOther() {
        RingWatch<String> watch = watchOf("a");
        watch.view(List.of("a", "b"));
        assertEquals(List.of("b"), watch.tick(0).assure());
        watch.view(List.of("a"));
        assertEquals(List.of(), watch.tick(s(1)).assure());
    }

    @Test
    void onlyWhoMissedAWordIsAsked() {
        RingWatch<String> watch = watchOf("e"); // watches d and c
        assertEquals(List.of(), watch.tick(0).ping());
        watch.heard("d", s(0.9)); // each has its turn every other second
        watch.heard("c", s(0.9));
        assertEquals(List.of(), watch.tick(s(1)).ping());
        assertEquals(List.of(), watch.tick(s(2)).ping());
        watch.heard("d", s(2.9));
        assertEquals(List.of(), watch.tick(s(3)).ping(), "a word that is a little late is none that is missed");
        assertEquals(List.of("c"), watch.tick(s(4)).ping());
        watch.heard("c", s(4.1));
        assertEquals(List.of(), watch.tick(s(5)).ping());
    }

    @Test
    void whoIsWatchedInsteadOfASilentOneIsAsked() {
        RingWatch<String> watch = watchOf("e");
        watch.broken("d", 0);
        watch.tick(0);
        assertEquals(List.of("c", "b"), watch.watched());
        for (int t = 1; t <= 3; t++) watch.tick(s(t));
        watch.heard("c", s(3.5));
        assertEquals(List.of("b"), watch.tick(s(4)).ping(), "nobody told it to assure e");
    }

    @Test
    void aSilentMemberIsReportedToTheFirstFourOthers() {
        RingWatch<String> watch = watchOf("e"); // watches d and c
        for (int t = 0; t <= 5; t++) {
            assertTrue(watch.tick(s(t)).report().isEmpty(), "too early: after " + t + " s");
            watch.heard("c", s(t));
        }
        List<RingWatch.Report<String>> reports = watch.tick(s(6)).report();
        assertEquals(
                List.of("a", "b", "c", "e"),
                reports.stream().map(RingWatch.Report::judge).toList());
        assertTrue(reports.stream().allMatch(report -> report.silent().equals("d")));
        assertEquals(List.of("c", "b"), watch.watched(), "the next predecessor is watched instead");
    }

    @Test
    void aJudgeGivesUpOnlyWhoDoesNotAnswerItEither() {
        RingWatch<String> judge = watchOf("a");
        assertEquals(List.of("d"), judge.doubt("d", 0).ping());
        assertTrue(judge.verdict(s(1)).giveUp().isEmpty());
        assertTrue(judge.heard("d", s(1.5)), "it was doubted");
        assertTrue(judge.verdict(s(2.1)).giveUp().isEmpty());
        judge.doubt("d", s(3));
        assertEquals(List.of("d"), judge.verdict(s(5.01)).giveUp());
    }

    @Test
    void aMemberWhoseMachineRefusesIsGivenUpAtOnce() {
        RingWatch<String> judge = watchOf("a");
        assertTrue(judge.refused("d").giveUp().isEmpty(), "nobody reported it");
        judge.doubt("d", 0);
        assertEquals(List.of("d"), judge.refused("d").giveUp());
    }

    @Test
    void aMemberThatWasStoppedItselfSuspectsNobodyWhenItGoesOn() {
        RingWatch<String> watch = watchOf("e");
        watch.tick(0);
        watch.heard("c", 0);
        watch.heard("d", 0);
        assertTrue(watch.tick(s(100)).report().isEmpty());
        for (int t = 101; t <= 104; t++) assertTrue(watch.tick(s(t)).report().isEmpty(), "at " + t);
        boolean reported = false;
        for (int t = 105; t <= 106; t++) reported |= !watch.tick(s(t)).report().isEmpty();
        assertTrue(reported, "but from then on silence counts");
    }

    @Test
    void aReportWithoutEffectIsRepeated() {
        RingWatch<String> watch = watchOf("e");
        assertFalse(watch.broken("d", 0).isEmpty());
        assertTrue(watch.broken("d", s(1)).isEmpty(), "once is enough for a while");
        for (int t = 1; t <= 5; t++) {
            watch.tick(s(t));
            watch.heard("c", s(t));
            watch.heard("b", s(t));
        }
        boolean again = false;
        for (int t = 6; t <= 12; t++) {
            again |= watch.tick(s(t)).report().stream()
                    .anyMatch(report -> report.silent().equals("d"));
            watch.heard("c", s(t));
        }
        assertTrue(again);
    }

    /// Wherever it stands in the ring: else it waits for ever for one of those before it to make the next view.
    @Test
    void whoIsCutOffGivesUpAllOthersSoon() {
        List<Integer> view = IntStream.range(0, 14).boxed().toList();
        for (int self : view) {
            RingWatch<Integer> watch = new RingWatch<>(self, 1000, 5000, 2000);
            watch.view(view);
            Set<Integer> givenUp = new TreeSet<>(Set.of(self));
            for (int t = 0; t <= 28; t++) {
                RingWatch.Actions<Integer> actions = watch.tick(s(t));
                for (RingWatch.Report<Integer> report : actions.report())
                    if (report.judge() == self) watch.doubt(report.silent(), s(t));
                givenUp.addAll(actions.giveUp());
            }
            assertEquals(Set.copyOf(view), givenUp, "given up by " + self);
        }
    }

    @Test
    void whoHearsSomebodyWatchesNoMoreThanTwo() {
        RingWatch<String> watch = watchOf("e"); // watches d and c
        for (int t = 0; t <= 30; t++) {
            watch.tick(s(t));
            watch.heard("b", s(t));
            assertTrue(watch.watched().size() <= 2, "at " + t);
        }
    }

    @Test
    void whoWasReportedAndAnswersIsWatchedAgain() {
        RingWatch<String> watch = watchOf("e");
        watch.broken("d", 0);
        boolean asked = false;
        for (int t = 0; t <= 6; t++) {
            asked |= watch.tick(s(t)).ping().contains("d");
            watch.heard("c", s(t));
            watch.heard("b", s(t));
        }
        assertTrue(asked, "it is asked when it is reported again");
        watch.heard("d", s(6.1));
        assertEquals(List.of("d", "c"), watch.watched());
    }

    @Test
    void whoLeftTheViewIsNotJudged() {
        RingWatch<String> judge = watchOf("a");
        judge.doubt("d", 0);
        judge.view(List.of("a", "b"));
        assertTrue(judge.verdict(s(9)).giveUp().isEmpty());
        assertTrue(judge.doubt("d", s(9)).ping().isEmpty());
    }
}

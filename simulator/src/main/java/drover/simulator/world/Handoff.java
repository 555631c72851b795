package drover.simulator.world;

import drover.model.JobId;
import drover.model.LoadVector;
import drover.simulator.world.Copy.Prediction;
import drover.simulator.world.Copy.State;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// How jobs start, move and end: the messages between a home, a source and a target. Home's book decides: a copy
/// runs only after home has said so, a move raises the epoch in one line of it, and what carries a former epoch
/// is refused. While leases are on, a copy that has not heard from home for one is frozen by its node's keeper.
final class Handoff {
    private static final long PATIENCE_NS = 5 * Timeline.SECOND;
    private static final long SMALL = 300; // bytes of a message

    private final World world;

    Handoff(World world) {
        this.world = world;
    }

    private long now() {
        return world.timeline().nowNs();
    }

    private void send(SimNode from, SimNode to, Runnable delivery) {
        world.network().send(from, to, SMALL, delivery);
    }

    // Start, leases, end

    void start(SimNode node, JobSpec spec, int epoch, int moves) {
        Copy former = node.copy(spec.job());
        if (former != null && former.epoch >= epoch) return;
        Copy copy = new Copy(spec, epoch, 0, moves, now(), null);
        node.put(copy);
        if (world.settings().leases()) ping(node, world.home(spec));
        else node.run(copy);
    }

    void ended(SimNode node, Copy copy) {
        if (copy.prediction != null) world.told(node, copy, copy.spec.workSeconds());
        SimNode home = world.home(copy.spec);
        if (world.settings().leases()) {
            if (!node.isPaused()) ping(node, home); // repeated each second until home has it
            return;
        }
        node.drop(copy, "end");
        send(node, home, () -> {
            HomeBook.Line line = home.book().open(copy.spec.job());
            if (line != null && line.node == node && line.epoch == copy.epoch)
                home.book().end(line);
        });
    }

    /// A node renews its leases with each home that has copies here.
    void pingAll(SimNode node) {
        node.copies().stream()
                .map(copy -> world.home(copy.spec))
                .distinct()
                .toList()
                .forEach(home -> ping(node, home));
    }

    private record Listed(JobId job, int epoch, boolean ended) {}

    private void ping(SimNode node, SimNode home) {
        long asked = now();
        List<Listed> list = new ArrayList<>();
        for (Copy copy : node.copies())
            if (world.home(copy.spec) == home)
                list.add(new Listed(copy.spec.job(), copy.epoch, copy.state == State.ENDED));
        send(node, home, () -> {
            Map<Listed, Boolean> answers = new HashMap<>();
            for (Listed each : list) answers.put(each, renew(home, node, each));
            send(home, node, () -> answers.forEach((each, valid) -> renewed(node, each, valid, asked)));
        });
    }

    private boolean renew(SimNode home, SimNode node, Listed each) {
        HomeBook.Line line = home.book().open(each.job());
        if (line == null || line.node != node || line.epoch != each.epoch()) return false;
        if (each.ended()) {
            home.book().end(line);
            return false;
        }
        line.answeredNs = now();
        return true;
    }

    private void renewed(SimNode node, Listed each, boolean valid, long asked) {
        Copy copy = node.copy(each.job());
        if (copy == null || copy.epoch != each.epoch()) return;
        if (copy.state == State.MOVING) {
            // A copy that came and waits for its commit is not in the book yet; its commit is asked for elsewhere.
            if (!valid && copy.boundAway) node.drop(copy, "obsolete");
            return;
        }
        if (!valid && (each.ended() || copy.state != State.ENDED)) node.drop(copy, "obsolete");
        else if (valid && copy.state != State.ENDED) lease(node, copy, asked);
    }

    /// Home has answered what was asked at `asked`: the copy may run for a lease from then on.
    private void lease(SimNode node, Copy copy, long asked) {
        if (world.settings().leases()) {
            copy.leaseUntilNs = asked + Timeline.nanos(world.settings().leaseSeconds());
            if (copy.leaseUntilNs <= now()) return;
            world.timeline().at(copy.leaseUntilNs, () -> {
                if (copy.state == State.RUNNING && now() >= copy.leaseUntilNs) node.stop(copy, State.OVERDUE, "lease");
            });
        }
        node.run(copy);
    }

    // Move

    void move(SimNode from, Copy copy, SimNode to, Admission admission, Prediction prediction, String why) {
        if (copy.state != State.RUNNING || copy.boundAway || from == to) return;
        copy.boundAway = true;
        JobId job = copy.spec.job();
        LoadVector source = from.vector(from.filter().local());
        int epoch = copy.epoch;
        send(from, to, () -> {
            boolean yes = admission.admits(to, source);
            if (yes) {
                to.expect(job, copy.spec.bytes());
                world.timeline().after(expected(copy) + 4 * PATIENCE_NS, () -> to.expectNoMore(job));
            }
            send(to, from, () -> {
                if (from.copy(job) != copy || copy.state != State.RUNNING || copy.epoch != epoch || !copy.boundAway)
                    return;
                if (yes) freezeAndShip(from, copy, to, prediction, why);
                else copy.boundAway = false;
            });
        });
        world.timeline().after(PATIENCE_NS, () -> {
            if (copy.state != State.MOVING && copy.epoch == epoch) copy.boundAway = false; // no answer
        });
    }

    private long expected(Copy copy) {
        return Timeline.nanos(world.settings().fixedMoveSeconds() + copy.spec.bytes() / 1e7);
    }

    private void freezeAndShip(SimNode from, Copy copy, SimNode to, Prediction prediction, String why) {
        from.stop(copy, State.MOVING, "move");
        long frozen = now();
        int epoch = copy.epoch;
        double queued = world.network().backlogSeconds(from);
        world.timeline().after(Timeline.nanos(world.settings().fixedMoveSeconds()), () -> {
            if (from.copy(copy.spec.job()) != copy || copy.state != State.MOVING || copy.epoch != epoch) return;
            world.network().send(from, to, copy.spec.bytes(), () -> {
                Copy former = to.copy(copy.spec.job());
                if (former != null && former.epoch >= epoch) return;
                to.expectNoMore(copy.spec.job());
                Copy came = new Copy(copy.spec, epoch, copy.doneSeconds, copy.moves + 1, frozen, prediction);
                came.state = State.MOVING;
                to.put(came);
                askCommit(to, came, from, why);
            });
        });
        if (world.settings().leases())
            world.timeline()
                    .after(expected(copy) + Timeline.nanos(queued) + PATIENCE_NS, () -> abort(from, copy, epoch));
    }

    private void askCommit(SimNode to, Copy came, SimNode from, String why) {
        if (to.copy(came.spec.job()) != came || came.state != State.MOVING) return;
        SimNode home = world.home(came.spec);
        long asked = now();
        int epoch = came.epoch;
        send(to, home, () -> {
            HomeBook.Line line = home.book().open(came.spec.job());
            boolean commits = line != null && line.node == from && line.epoch == epoch;
            if (commits) {
                line.node = to;
                line.epoch++;
                line.moves++;
                line.answeredNs = now();
                world.observer().moved(now(), line.spec.job(), from.id(), to.id(), line.moves, why);
                send(home, from, () -> {
                    Copy left = from.copy(came.spec.job());
                    if (left == null || left.epoch != epoch) return;
                    if (left.prediction != null) world.told(from, left, left.doneSeconds);
                    from.drop(left, "moved");
                });
            }
            boolean again = line != null && line.node == to && line.epoch == epoch + 1;
            if (again) line.answeredNs = now();
            send(home, to, () -> {
                if (to.copy(came.spec.job()) != came || came.state != State.MOVING || came.epoch != epoch) return;
                if (!again) {
                    to.drop(came, "refused");
                    return;
                }
                came.epoch = epoch + 1;
                came.state = State.OVERDUE;
                lease(to, came, asked);
            });
        });
        if (world.settings().leases()) world.timeline().after(PATIENCE_NS / 2, () -> askCommit(to, came, from, why));
    }

    /// The source gives up: home raises the epoch, so that a late commit of the target is refused.
    private void abort(SimNode from, Copy copy, int epoch) {
        if (from.copy(copy.spec.job()) != copy || copy.state != State.MOVING || copy.epoch != epoch) return;
        SimNode home = world.home(copy.spec);
        long asked = now();
        send(from, home, () -> {
            HomeBook.Line line = home.book().open(copy.spec.job());
            if (line != null && line.node == from && line.epoch == epoch) line.epoch++;
            boolean stays = line != null && line.node == from && line.epoch == epoch + 1;
            if (stays) line.answeredNs = now();
            send(home, from, () -> {
                if (from.copy(copy.spec.job()) != copy || copy.state != State.MOVING || copy.epoch != epoch) return;
                if (!stays) {
                    from.drop(copy, "moved");
                    return;
                }
                copy.epoch = epoch + 1;
                copy.boundAway = false;
                copy.state = State.OVERDUE; // until a later lease, if this answer is too old for one
                lease(from, copy, asked);
            });
        });
        world.timeline().after(PATIENCE_NS / 2, () -> abort(from, copy, epoch));
    }
}

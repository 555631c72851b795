package drover.simulator.faults;

import drover.simulator.world.SimNode;
import drover.simulator.world.Timeline;
import drover.simulator.world.World;
import java.util.List;

/// One fault: it begins, and ends.
public sealed interface Fault {
    double beginsSeconds();

    double endsSeconds();

    /// Power off, then on again.
    record Crash(int node, double beginsSeconds, double endsSeconds) implements Fault {}

    /// The daemon hangs; guests and keeper go on.
    record Pause(int node, double beginsSeconds, double endsSeconds) implements Fault {}

    /// These nodes and the others do not hear each other.
    record Partition(List<Integer> nodes, double beginsSeconds, double endsSeconds) implements Fault {
        public Partition {
            nodes = List.copyOf(nodes);
        }
    }

    /// A share of all messages is lost.
    record Loss(double share, double beginsSeconds, double endsSeconds) implements Fault {}

    /// Messages take up to this longer, and overtake each other.
    record Delay(double seconds, double beginsSeconds, double endsSeconds) implements Fault {}

    /// Plans beginning and end.
    default void plan(World world) {
        world.timeline().at(Timeline.nanos(beginsSeconds()), () -> {
            world.note(this + " begins");
            set(world, true);
        });
        world.timeline().at(Timeline.nanos(endsSeconds()), () -> {
            world.note(this + " ends");
            set(world, false);
        });
    }

    private void set(World world, boolean on) {
        switch (this) {
            case Crash crash -> {
                SimNode node = world.nodes().get(crash.node());
                if (on && node.isUp()) node.crash();
                else if (!on && !node.isUp()) node.restart();
            }
            case Pause pause -> {
                SimNode node = world.nodes().get(pause.node());
                if (on) node.pause();
                else node.resume();
            }
            case Partition partition ->
                partition.nodes().forEach(node -> world.network().partition(node, on ? 1 : 0));
            case Loss loss -> world.network().lose(on ? loss.share() : 0);
            case Delay delay -> world.network().delay(on ? delay.seconds() : 0);
        }
    }
}

package drover.labtest;

import java.util.List;

/// The daemons of a lab's nodes, to be killed and started, stopped and continued.
///
/// @param lab whose
record Daemons(TestLab lab) {
    /// Pids on the machine.
    List<Long> of(String node) throws Exception {
        return lab.pids(node, "drover.daemon/");
    }

    /// Its guests and its keeper go on meanwhile.
    void restart(String node) throws Exception {
        signal("KILL", of(node));
        TestLab.awaitTrue("the daemon of " + node + " is gone", () -> of(node).isEmpty());
        lab.launch(node, "drover", "daemon");
    }

    /// At once: the lab's own commands take longer than a move.
    static void signal(String signal, List<Long> pids) throws Exception {
        for (long pid : pids) Command.run(List.of("kill", "-" + signal, Long.toString(pid)), Command.LIMIT);
    }
}

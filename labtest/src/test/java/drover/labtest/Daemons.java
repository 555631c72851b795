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

    /// With KILL or TERM, and waits until it is gone.
    void end(String node, String signal) throws Exception {
        signal(signal, of(node));
        TestLab.awaitTrue("the daemon of " + node + " is gone", () -> of(node).isEmpty());
    }

    /// Its guests and its keeper go on meanwhile.
    void restart(String node) throws Exception {
        end(node, "KILL");
        lab.launch(node, "drover", "daemon");
    }

    /// Adds lines to the node's configuration, unless they are there, and restarts its daemon.
    void configure(String node, String... lines) throws Exception {
        String file = "/etc/drover/drover.properties";
        if (lab.sh(node, "cat " + file).contains(lines[0])) return;
        for (String line : lines) lab.sh(node, "echo " + line + " >> " + file);
        restart(node);
    }

    /// At once: the lab's own commands take longer than a move.
    static void signal(String signal, List<Long> pids) throws Exception {
        for (long pid : pids) Command.run(List.of("kill", "-" + signal, Long.toString(pid)), Command.LIMIT);
    }
}

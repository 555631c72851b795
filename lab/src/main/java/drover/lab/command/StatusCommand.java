package drover.lab.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.lab.namespaces.Lab;
import drover.lab.namespaces.NodeStatus;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "status", description = "Lists the nodes: name, address, state (up, hung, down), pid on this machine.")
final class StatusCommand implements Callable<Integer> {
    @Mixin
    NameOption lab = new NameOption();

    @Option(names = "--json", description = "one array")
    boolean json;

    @Override
    public Integer call() {
        Lab it = lab.open();
        if (json) System.out.println(asJson(it).toPrettyString());
        else print(it);
        return 0;
    }

    private static ArrayNode asJson(Lab lab) {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        for (NodeStatus each : lab.status()) {
            ObjectNode node = all.addObject();
            node.put("name", each.name().name()).put("address", each.address());
            if (each.pid().isPresent()) node.put("pid", each.pid().getAsLong());
            else node.putNull("pid");
            node.put("state", each.state().toString()).put("cut_off", each.cutOff());
        }
        return all;
    }

    private static void print(Lab lab) {
        System.out.printf("%-6s %-14s %-6s %s%n", "NODE", "ADDRESS", "STATE", "PID");
        for (NodeStatus each : lab.status())
            System.out.printf(
                    "%-6s %-14s %-6s %s%s%n",
                    each.name(),
                    each.address(),
                    each.state(),
                    each.pid().isPresent() ? each.pid().getAsLong() : "-",
                    each.cutOff() ? "  (cut off)" : "");
    }
}

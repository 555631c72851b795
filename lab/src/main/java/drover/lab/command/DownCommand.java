package drover.lab.command;

import drover.lab.namespaces.LabSetup;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "down",
        description = "Takes a lab down and leaves nothing of it: no process, mount, namespace, control group or file.")
final class DownCommand implements Callable<Integer> {
    @Mixin
    NameOption lab = new NameOption();

    @Override
    public Integer call() {
        boolean existed = LabSetup.takeDown(lab.name);
        System.err.println(existed ? "lab " + lab.name + " is down" : "there was no lab " + lab.name);
        return 0;
    }
}

package drover.lab.command;

import picocli.CommandLine.Command;

@Command(
        name = "lab",
        description = "Plays a cluster on this machine: real daemons, each on a node with its own namespaces.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            UpCommand.class,
            ExecCommand.class,
            StatusCommand.class,
            NodeCommands.Kill.class,
            NodeCommands.Start.class,
            NodeCommands.Stop.class,
            NodeCommands.Cont.class,
            NodeCommands.Partition.class,
            NodeCommands.Heal.class,
            LogsCommand.class,
            ExperimentCommand.class,
            DownCommand.class
        })
final class LabCommand {}

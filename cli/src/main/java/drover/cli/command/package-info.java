/// One class per command.
package drover.cli.command;

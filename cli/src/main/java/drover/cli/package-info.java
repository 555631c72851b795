/// Entry of the commands.
package drover.cli;

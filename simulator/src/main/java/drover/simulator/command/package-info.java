/// The words of `drover sim`.
package drover.simulator.command;

/// What goes wrong in a simulated cluster, drawn from a seed.
package drover.simulator.faults;

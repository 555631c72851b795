/// What must hold in every simulated cluster, whatever fails.
package drover.simulator.checkers;

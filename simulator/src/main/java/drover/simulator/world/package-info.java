/// Simulated time, network, nodes, homes and jobs, from a seed.
package drover.simulator.world;

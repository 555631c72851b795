/// Clusters and jobs, drawn from a seed.
package drover.simulator.workload;

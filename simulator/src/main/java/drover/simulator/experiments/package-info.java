/// What is measured in simulated clusters, and how it is written down.
package drover.simulator.experiments;

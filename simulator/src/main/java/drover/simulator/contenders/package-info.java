/// Ways of assigning jobs to nodes, side by side under one model.
package drover.simulator.contenders;

/// The entry point; what it starts is in the packages below.
package drover.simulator;

/// Reads the clock, and is in a circle with `random`.
package drover.architecture.impure.clock;

/// Reads a random source.
package drover.architecture.impure.random;

/// The daemon's main: wires the steps of a job's journey together.
package drover.daemon;

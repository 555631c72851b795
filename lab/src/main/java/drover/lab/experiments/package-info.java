/// Measured runs of real work on a lab: sub-jobs, systems that run them, meters, tables, plots, a report.
///
/// Read [drover.lab.experiments.Experiment] first: it says in which order things happen.
package drover.lab.experiments;

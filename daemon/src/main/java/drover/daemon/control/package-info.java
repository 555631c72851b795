/// Home's authority over its jobs: from the request to the committed end. [drover.daemon.control.HomeJobs] is the
/// door; behind it a job goes from `Admission` over `JobStarts` and `GuestReports` to `JobEnds`, and back to
/// `JobStarts` where `NodeLoss` says so.
package drover.daemon.control;

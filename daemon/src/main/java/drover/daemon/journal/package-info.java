/// Home's journal: decides which copy of a job may run.
package drover.daemon.journal;

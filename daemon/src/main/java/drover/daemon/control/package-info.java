/// Home's authority over its jobs: from the request to the committed end.
package drover.daemon.control;

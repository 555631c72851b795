/// `drover doctor`: what this machine has of what drover needs, and what to do about the rest.
package drover.daemon.doctor;

/// One class per man page; each call returns its result or the errno.
package drover.linux.syscall;

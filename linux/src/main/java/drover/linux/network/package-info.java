/// Network devices whose packets a program reads and writes.
package drover.linux.network;

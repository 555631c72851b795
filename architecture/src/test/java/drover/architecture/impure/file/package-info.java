/// Reads a file and calls native code.
package drover.architecture.impure.file;

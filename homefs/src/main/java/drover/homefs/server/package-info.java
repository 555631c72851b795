/// At home: performs file calls under the caller's own ids. Owns node ids and handles.
package drover.homefs.server;

// Kubectl-tanist is a kubectl plugin for Tanist. `kubectl tanist get` shows who leads, `kubectl tanist explain` why, and
// `kubectl tanist dashboard` both in a browser. `kubectl tanist handover` lets another pod lead, `kubectl tanist doctor` checks the
// installation, `kubectl tanist report` writes a file for a bug report, and `kubectl tanist bench` measures failovers on any cluster.
//
// The same program is in the image that bench runs in the cluster. Its hidden commands are the server whose leader is removed, the
// client that sends requests to it, and the floor.
package main

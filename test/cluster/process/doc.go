// Package process starts programs that outlive this command and finds them again.
//
// Every program carries the cluster's folder in its environment. A pid file would outlive its process, and its number would
// one day be another process's; the environment goes with the process and comes along to everything it starts (containerd hands
// it to its shims), so a cluster can be found and ended whatever was killed in between.
//
// Whatever starts a program for a cluster does so here.
package process

// Package kubeconfig gives the commands what kubectl's own flags select: a client of the cluster, and the namespace. It has the flags and
// arguments that several commands take. It never decides what a command asks of the cluster.
package kubeconfig

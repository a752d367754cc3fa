// Package node makes a machine's part of a cluster: a network namespace on a bridge, with a containerd, a kubelet and a kube-proxy
// of its own. All that a node is lies in three places (its folder, its folder under /run, its network namespace), so that it can
// lose its power at any moment and be started or removed afterwards. Images for its containerd are made here too, from static binaries.
//
// Package cluster calls it. It needs root.
package node

// Package controlplane runs etcd, kube-apiserver, kube-controller-manager, kube-scheduler and KWOK's controller on the host.
//
// KWOK's own cluster tool does the work, with the binaries built here: it makes the certificates, starts the programs and waits
// until they serve. This package writes its configuration, which undoes what it does for simulations (slow node monitoring,
// managing every node), and adds what real nodes need. It also creates simulated nodes, whose kubelets KWOK's controller plays.
//
// Package cluster starts it. Package node has it issue the identities of kubelets and kube-proxies.
package controlplane

package node

import (
	_ "embed"
	"errors"
	"path/filepath"

	"github.com/tanist-dev/tanist/test/cluster/controlplane"
)

//go:embed kubelet.yaml.tmpl
var kubeletYAML string

// startKubelet starts the node's kubelet under its own name: node authorization, node restriction and admission see a node, as
// in any cluster.
func (n Node) startKubelet(cp controlplane.Config) error {
	kubeconfig := n.path("kubelet.kubeconfig")
	values := map[string]string{
		"Socket": n.socket(), "IP": n.IP(), "CA": cp.CAFile(), "PodLogs": n.path("pod-logs"), "Plugins": n.path("volume-plugins"),
		"Cgroup": n.cgroup(),
	}
	return errors.Join(
		cp.WriteIdentity(kubeconfig, "system:node:"+n.Name(), "system:nodes"),
		render(n.path("kubelet.yaml"), kubeletYAML, values),
		n.start(filepath.Join(n.Components, "kubelet"),
			"--kubeconfig", kubeconfig, "--config", n.path("kubelet.yaml"), "--hostname-override", n.Name(), "--node-ip", n.IP(),
			"--root-dir", n.path("kubelet"), "--cert-dir", n.path("kubelet-pki"), "--v", "1"),
	)
}

// startProxy starts the node's kube-proxy.
func (n Node) startProxy(cp controlplane.Config) error {
	kubeconfig := n.path("kube-proxy.kubeconfig")
	return errors.Join(
		cp.WriteIdentity(kubeconfig, "system:kube-proxy"),
		n.start(filepath.Join(n.Components, "kube-proxy"), ProxyArgs(n.ProxyMode, kubeconfig, n.Name())...),
	)
}

// ProxyArgs are kube-proxy's, for a node and for the host. All that concerns timing is stock.
func ProxyArgs(mode, kubeconfig, node string) []string {
	return []string{
		"--proxy-mode", mode, "--kubeconfig", kubeconfig, "--hostname-override", node, "--cluster-cidr", PodCIDR,
		"--conntrack-max-per-core=0", "--v", "1",
	}
}

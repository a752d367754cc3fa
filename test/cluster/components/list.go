package components

// KubernetesVersion is the version of every Kubernetes component; go.mod pins the modules to it.
const KubernetesVersion = "v1.37.2"

// component is a program and the package it is built from.
type component struct{ name, pkg string }

// SimulatedCluster, RealNodes and CertManager are what a cluster is built from: with simulated nodes alone it needs the first, and a
// part for each of the others that it has besides.
var (
	SimulatedCluster = []string{
		"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "etcd", "kwok", "kwokctl", "stages",
	}
	RealNodes   = []string{"kubelet", "kube-proxy", "pause"}
	CertManager = []string{"cert-manager", "crds"}
)

// list is in the order of the longest first builds, so that the wait is at the beginning and the end comes quickly.
var list = []component{
	{"kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"},
	{"kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"},
	{"kubelet", "k8s.io/kubernetes/cmd/kubelet"},
	{"kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler"},
	{"kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy"},
	{"kubectl", "k8s.io/kubernetes/cmd/kubectl"},
	{"etcd", "go.etcd.io/etcd/server/v3"},
	{"kwok", "sigs.k8s.io/kwok/cmd/kwok"},
	{"kwokctl", "sigs.k8s.io/kwok/cmd/kwokctl"},
	{"cert-manager", "./cmd/cert-manager"},
	{"pause", "./cmd/pause"},
}

// folder is a component that is no program but a folder of a module.
type folder struct{ name, module, path string }

// data are copied as they are.
var data = []folder{
	{"crds", "github.com/cert-manager/cert-manager", "deploy/crds"},
	{"stages", "sigs.k8s.io/kwok", "kustomize/stage"},
}

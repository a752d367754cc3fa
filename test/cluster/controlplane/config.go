package controlplane

import (
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kwok/pkg/apis/config/v1alpha1"
	"sigs.k8s.io/yaml"
)

// simulatedNodeAnnotation and its value mark the nodes whose kubelet KWOK plays. KWOK leaves all others alone.
const (
	simulatedNodeAnnotation = "kwok.x-k8s.io/node"
	simulatedNodeValue      = "fake"
)

// Config is a control plane to start.
type Config struct {
	// Dir is the cluster's folder, Components the one with the programs.
	Dir, Components string
	// Address is where the API server is reached, Bind what it listens on.
	Address, Bind string
	Port          int
	// Endpoint has the API server publish Address as the endpoint of the Service "kubernetes", for pods that really run.
	Endpoint bool
	// ServiceCIDR is the range of ClusterIPs and ServiceIP its first address, the API server's own.
	ServiceCIDR, ServiceIP string
}

func (c Config) pki(file string) string { return filepath.Join(c.clusterDir(), "pki", file) }

// kwokctl renders the configuration file of kwokctl.
func (c Config) kwokctl() ([]byte, error) {
	bin := func(name string) string { return filepath.Join(c.Components, name) }
	conf := v1alpha1.KwokctlConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.KwokctlConfigurationKind},
		Options: v1alpha1.KwokctlConfigurationOptions{
			Runtime:                     "binary",
			BindAddress:                 c.Bind,
			KubeApiserverPort:           uint32(c.Port),
			KubeApiserverCertSANs:       []string{c.Address, c.ServiceIP},
			EtcdBinary:                  bin("etcd"),
			KubeApiserverBinary:         bin("kube-apiserver"),
			KubeControllerManagerBinary: bin("kube-controller-manager"),
			KubeSchedulerBinary:         bin("kube-scheduler"),
			KubectlBinary:               bin("kubectl"),
			KwokControllerBinary:        bin("kwok"),
		},
		ComponentsPatches: []v1alpha1.ComponentPatches{
			{Name: "kube-apiserver", ExtraArgs: []v1alpha1.ExtraArgs{
				{Key: "advertise-address", Value: c.Address},
				{Key: "service-cluster-ip-range", Value: c.ServiceCIDR},
				{Key: "kubelet-preferred-address-types", Value: "InternalIP"}, // no DNS knows the nodes' names
				{Key: "kubelet-client-certificate", Value: c.pki("admin.crt")},
				{Key: "kubelet-client-key", Value: c.pki("admin.key")},
				{Key: "enable-admission-plugins", Value: "NodeRestriction"},
				{Key: "endpoint-reconciler-type", Value: c.reconciler()},
			}},
			{Name: "kube-controller-manager", ExtraArgs: []v1alpha1.ExtraArgs{
				// kwokctl slows these down for thousands of nodes; these are the stock values.
				{Key: "node-monitor-period", Value: "5s", Override: true},
				{Key: "node-monitor-grace-period", Value: "50s", Override: true},
				{Key: "use-service-account-credentials", Value: "true"},
				{Key: "leader-elect", Value: "false"},
			}},
			{Name: "kube-scheduler", ExtraArgs: []v1alpha1.ExtraArgs{{Key: "leader-elect", Value: "false"}}},
			{Name: "kwok-controller", ExtraArgs: []v1alpha1.ExtraArgs{
				{Key: "manage-all-nodes", Value: "false", Override: true},
				// The same here: a kubelet's stock value, renewed every 10 s. With kwokctl's, a node is late by its grace period.
				{Key: "node-lease-duration-seconds", Value: "40", Override: true},
				{Key: "manage-nodes-with-annotation-selector", Value: simulatedNodeAnnotation + "=" + simulatedNodeValue},
			}},
		},
	}
	out, err := yaml.Marshal(conf)
	if err != nil {
		return nil, err
	}
	stages, err := stages(c.Components)
	if err != nil {
		return nil, err
	}
	for _, s := range stages {
		out = append(append(out, "---\n"...), s...)
	}
	return out, nil
}

// reconciler is "lease", the stock one, or "none": the stock one refuses an address on loopback, and a machine without a network
// has no other.
func (c Config) reconciler() string {
	if c.Endpoint {
		return "lease"
	}
	return "none"
}

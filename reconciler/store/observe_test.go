package store

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/test/gen"
)

// compareAddresses compares addresses with ==: they have unexported fields.
var compareAddresses = cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })

// asked gives the first container of a pod a readiness probe.
func asked(handler corev1.ProbeHandler) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Spec.Containers[0].ReadinessProbe = &corev1.Probe{ProbeHandler: handler, TimeoutSeconds: 2, FailureThreshold: 4, PeriodSeconds: 7}
	}
}

func TestProbeOf(t *testing.T) {
	web := intstr.FromString("web")
	get := func(headers ...corev1.HTTPHeader) corev1.ProbeHandler {
		return corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready?x=1", Port: web, HTTPHeaders: headers}}
	}
	secure := get()
	secure.HTTPGet.Scheme = corev1.URISchemeHTTPS
	withoutPorts := func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports = nil }
	probe := func(change func(*observe.Probe)) *observe.Probe {
		p := &observe.Probe{
			Kind: observe.ProbeHTTP, Address: netip.MustParseAddrPort("10.1.0.1:8080"), Path: "/ready?x=1", Timeout: 2 * time.Second, FailureThreshold: 4,
		}
		change(p)
		return p
	}
	cases := map[string]struct {
		changes []func(*corev1.Pod)
		want    *observe.Probe
	}{
		"no probe": {},
		"an HTTP request to a named port": {
			changes: []func(*corev1.Pod){asked(get())}, want: probe(func(*observe.Probe) {}),
		},
		"an HTTPS request": {
			changes: []func(*corev1.Pod){asked(secure)}, want: probe(func(p *observe.Probe) { p.Kind = observe.ProbeHTTPS }),
		},
		"headers, of which the first Host counts": {
			changes: []func(*corev1.Pod){asked(get(
				corev1.HTTPHeader{Name: "X-Probe", Value: "1"}, corev1.HTTPHeader{Name: "host", Value: "shop"},
				corev1.HTTPHeader{Name: "X-Probe", Value: "2"}, corev1.HTTPHeader{Name: "Host", Value: "other"},
			))},
			want: probe(func(p *observe.Probe) {
				p.Host, p.Headers = "shop", []observe.Header{{Name: "X-Probe", Value: "1"}, {Name: "X-Probe", Value: "2"}}
			}),
		},
		"a health check": {
			changes: []func(*corev1.Pod){asked(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 9000, Service: new("db")}})},
			want: probe(func(p *observe.Probe) {
				p.Kind, p.Service, p.Path, p.Address = observe.ProbeGRPC, "db", "", netip.MustParseAddrPort("10.1.0.1:9000")
			}),
		},
		"a connection": {
			changes: []func(*corev1.Pod){asked(corev1.ProbeHandler{TCPSocket: &corev1.TCPSocketAction{Port: web}})},
			want:    probe(func(p *observe.Probe) { p.Kind, p.Path = observe.ProbeTCP, "" }),
		},
		"a command": {
			changes: []func(*corev1.Pod){asked(corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"true"}}})},
		},
		"a pod without named ports": {
			changes: []func(*corev1.Pod){asked(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 8080}}), withoutPorts},
			want:    probe(func(p *observe.Probe) { p.Kind, p.Path = observe.ProbeGRPC, "" }),
		},
		"a pod without named ports, with a drain window": {
			changes: []func(*corev1.Pod){asked(corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 8080}}), withoutPorts, func(pod *corev1.Pod) {
				pod.Spec.Containers[0].Lifecycle = gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})
			}},
			want: probe(func(p *observe.Probe) { p.Kind, p.Path = observe.ProbeGRPC, "" }),
		},
		"a sidecar's probe": {
			changes: []func(*corev1.Pod){asked(get()), func(pod *corev1.Pod) {
				pod.Spec.Containers[0].RestartPolicy = new(corev1.ContainerRestartPolicyAlways)
				pod.Spec.InitContainers, pod.Spec.Containers = pod.Spec.Containers, []corev1.Container{{Name: "main"}}
			}},
			want: probe(func(*observe.Probe) {}),
		},
		"a pod on the network of its node": {
			changes: []func(*corev1.Pod){asked(get()), func(pod *corev1.Pod) {
				pod.Spec.HostNetwork, pod.Status.PodIPs = true, []corev1.PodIP{{IP: "192.168.0.1"}}
			}},
			want: probe(func(p *observe.Probe) { p.Address = netip.MustParseAddrPort("192.168.0.1:8080") }),
		},
		"a pod whose first address is of IPv6": {
			changes: []func(*corev1.Pod){asked(get()), func(pod *corev1.Pod) { pod.Status.PodIPs = pod.Status.PodIPs[1:] }},
			want:    probe(func(p *observe.Probe) { p.Address = netip.MustParseAddrPort("[fd00::1]:8080") }),
		},
		"a pod without an address": {
			changes: []func(*corev1.Pod){asked(get()), func(pod *corev1.Pod) { pod.Status.PodIPs = nil }},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod := gen.ReadyPod("a1", test.changes...)
			trimmed := trim.Pod(pod)
			for which, pod := range map[string]*corev1.Pod{"the pod": pod, "the trimmed pod": trimmed, "the pod that was trimmed twice": trim.Pod(trimmed)} {
				if diff := cmp.Diff(test.want, ProbeOf(pod), compareAddresses); diff != "" {
					t.Errorf("unexpected probe of %s (-want +got):\n%s", which, diff)
				}
			}
			window, ownHook := config.DrainWindowOf(&pod.Spec)
			gotWindow, gotOwnHook := config.DrainWindowOf(&trimmed.Spec)
			if gotWindow != window || gotOwnHook != ownHook || config.Probed(&trimmed.Spec) != config.Probed(&pod.Spec) ||
				trim.RunsToCompletion(trimmed) != trim.RunsToCompletion(pod) {
				t.Errorf("the trimmed pod is another in what else is asked of it: %+v", trimmed.Spec)
			}
		})
	}
}

func TestObservedNodes(t *testing.T) {
	kubelet := netip.MustParseAddrPort("10.0.0.1:10250")
	address := func(kind corev1.NodeAddressType, address string) func(*corev1.Node) {
		return func(node *corev1.Node) {
			node.Status.Addresses = append([]corev1.NodeAddress{{Type: kind, Address: address}}, node.Status.Addresses...)
		}
	}
	cases := map[string]struct {
		changes []func(*corev1.Node)
		want    observe.Node
	}{
		"a node that has told nothing":   {want: observe.Node{Name: "n"}},
		"a node with a kubelet":          {changes: []func(*corev1.Node){gen.WithKubelet("10.0.0.1", "z")}, want: observe.Node{Name: "n", Zone: "z", Kubelet: kubelet}},
		"an external address is not it":  {changes: []func(*corev1.Node){gen.WithKubelet("10.0.0.1", "z"), address(corev1.NodeExternalIP, "1.2.3.4")}, want: observe.Node{Name: "n", Zone: "z", Kubelet: kubelet}},
		"what is no address is left out": {changes: []func(*corev1.Node){gen.WithKubelet("10.0.0.1", "z"), address(corev1.NodeInternalIP, "n.local")}, want: observe.Node{Name: "n", Zone: "z", Kubelet: kubelet}},
		"a node of IPv6": {
			changes: []func(*corev1.Node){gen.WithKubelet("fd00::1", "z")},
			want:    observe.Node{Name: "n", Zone: "z", Kubelet: netip.MustParseAddrPort("[fd00::1]:10250")},
		},
		"a kubelet without a port is not known": {
			changes: []func(*corev1.Node){gen.WithKubelet("10.0.0.1", "z"), func(node *corev1.Node) { node.Status.DaemonEndpoints.KubeletEndpoint.Port = 0 }},
			want:    observe.Node{Name: "n", Zone: "z"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			node := gen.NodeNamed("n", test.changes...)
			trimmed, err := trim.Transform(node)
			if err != nil {
				t.Fatal(err)
			}
			for which, node := range map[string]*corev1.Node{"the node": node, "the trimmed node": trimmed.(*corev1.Node)} {
				stores := NewFake(node)
				got, found := stores.ObservedNode("n")
				if diff := cmp.Diff(test.want, got, compareAddresses); diff != "" || !found {
					t.Errorf("unexpected %s (-want +got):\n%s", which, diff)
				}
				if diff := cmp.Diff([]observe.Node{test.want}, stores.ObservedNodes(), compareAddresses); diff != "" {
					t.Errorf("unexpected nodes with %s (-want +got):\n%s", which, diff)
				}
			}
		})
	}
	if node, found := NewFake().ObservedNode("n"); found {
		t.Errorf("a node that is not there is found: %+v", node)
	}
}

func TestReplicas(t *testing.T) {
	replica := func(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
		pod := gen.ReadyPod(name, func(pod *corev1.Pod) {
			pod.Namespace, pod.Labels = "tanist-system", map[string]string{config.ReplicaNameKey: config.ReplicaName}
			pod.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "metrics", ContainerPort: 8443}, {Name: config.PeersPort, ContainerPort: 8444}}
		})
		return trim.Pod(gen.Changed(pod, changes))
	}
	stores := NewFake(
		replica("b2"), replica("a1"),
		replica("unready3", gen.NotReady),
		replica("older4", func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports = pod.Spec.Containers[0].Ports[:1] }),
		replica("new5", func(pod *corev1.Pod) { pod.Status.PodIPs = nil }),
		replica("other6", func(pod *corev1.Pod) { pod.Labels[config.ReplicaNameKey] = "exporter" }),
		replica("elsewhere7", func(pod *corev1.Pod) { pod.Namespace = "other" }),
	)
	want := []observe.Replica{
		{Name: "a1", Node: "node-of-a1", Address: netip.MustParseAddrPort("10.1.0.1:8444")},
		{Name: "b2", Node: "node-of-b2", Address: netip.MustParseAddrPort("10.1.0.2:8444")},
	}
	if diff := cmp.Diff(want, stores.Replicas(), compareAddresses); diff != "" {
		t.Errorf("unexpected replicas (-want +got):\n%s", diff)
	}
}

func TestPodsAt(t *testing.T) {
	stores := NewFake(
		gen.ReadyPod("a1"), gen.ReadyPod("b2"), gen.ReadyPod("other1", func(pod *corev1.Pod) { pod.Namespace = "bank" }),
		gen.ReadyPod("new3", func(pod *corev1.Pod) { pod.Status.PodIPs = nil }),
	)
	for address, want := range map[string][]string{"10.1.0.1": {"a1", "other1"}, "10.1.0.2": {"b2"}, "fd00::2": {"b2"}, "10.1.0.3": nil} {
		var names []string
		for _, pod := range stores.PodsAt(address) {
			names = append(names, pod.Name)
		}
		slices.Sort(names)
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("unexpected pods at %s (-want +got):\n%s", address, diff)
		}
	}
}

package bench

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
)

func TestPlace(t *testing.T) {
	notReady := realNode("node-2")
	notReady.Status.Conditions[0].Status = corev1.ConditionFalse
	labelled := realNode("kwok-2")
	labelled.Labels[kwokLabel] = kwokLabelValue
	tests := map[string]struct {
		nodes   []*corev1.Node
		kind    string
		want    placement
		wantErr string
	}{
		"all real: the scheduler chooses": {[]*corev1.Node{realNode("node-1"), notReady}, NodesAuto, placement{}, ""},
		"all simulated: it chooses, too":  {[]*corev1.Node{kwokNode("kwok-1"), labelled}, NodesAuto, placement{simulated: true}, ""},
		"both: real ones are preferred": {
			[]*corev1.Node{kwokNode("kwok-1"), realNode("node-1"), notReady}, NodesAuto, placement{hosts: []string{"node-1"}}, "",
		},
		"both, simulated asked for": {
			[]*corev1.Node{kwokNode("kwok-1"), labelled, realNode("node-1")}, NodesSimulated,
			placement{simulated: true, hosts: []string{"kwok-1", "kwok-2"}}, "",
		},
		"real asked for, none ready": {
			[]*corev1.Node{kwokNode("kwok-1"), notReady}, NodesReal, placement{},
			"--nodes real: the cluster has 0 real nodes that are ready and 1 simulated ones",
		},
		"no node at all": {nil, NodesAuto, placement{}, "--nodes auto: the cluster has 0 real nodes that are ready and 0 simulated ones"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			env := Environment{simulated: map[string]bool{}}
			for _, node := range test.nodes {
				env.add(node)
			}
			got, err := env.place(test.kind)
			if diff := cmp.Diff(test.wantErr, text(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(placement{})); diff != "" {
				t.Errorf("placement (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPodsGoWhereTheyArePlaced(t *testing.T) {
	simulated := restrictedPod("image", []string{"bench-server"}, placement{simulated: true, hosts: []string{"kwok-1"}})
	if len(simulated.Tolerations) != 1 || simulated.Tolerations[0].Key != kwokKey {
		t.Errorf("tolerations = %v, want the simulated nodes' taint", simulated.Tolerations)
	}
	terms := simulated.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	if diff := cmp.Diff([]string{"kwok-1"}, terms[0].MatchExpressions[0].Values); diff != "" {
		t.Errorf("hosts (-want +got):\n%s", diff)
	}
	anywhere := restrictedPod("image", []string{"bench-server"}, placement{})
	if anywhere.Affinity != nil || anywhere.Tolerations != nil {
		t.Errorf("affinity %v, tolerations %v, want none", anywhere.Affinity, anywhere.Tolerations)
	}
}

func TestWorkloadsAgree(t *testing.T) {
	w := workload{name: "bench", image: "image", pods: 3}.keepServing(0)
	deployment, service := w.deployment(), w.service()
	if diff := cmp.Diff(service.Spec.Selector, deployment.Spec.Selector.MatchLabels); diff != "" {
		t.Errorf("selectors of Service and Deployment (-Service +Deployment):\n%s", diff)
	}
	for key, value := range service.Spec.Selector {
		if deployment.Spec.Template.Labels[key] != value {
			t.Errorf("pods have %s=%q, want %q", key, deployment.Spec.Template.Labels[key], value)
		}
	}
	if service.Annotations[config.EnabledKey] != "true" {
		t.Error("the Service is not opted in")
	}
	source := floorSourceOf(workload{name: "bench-floor"})
	if diff := cmp.Diff(map[string]string{serviceLabel: "bench-floor"}, source.Spec.Selector); diff != "" || len(source.Annotations) > 0 {
		t.Errorf("the floor's source Service has annotations %v and selector (-want +got):\n%s", source.Annotations, diff)
	}
	floor, slice := floorServiceOf(workload{name: "bench-floor"}, discoveryv1.AddressTypeIPv6)
	if len(floor.Spec.Selector) > 0 || len(floor.Annotations) > 0 {
		t.Errorf("the floor's Service has selector %v and annotations %v, want none", floor.Spec.Selector, floor.Annotations)
	}
	if slice.Labels[discoveryv1.LabelServiceName] != floor.Name || slice.Labels[discoveryv1.LabelManagedBy] == config.SliceManagedBy {
		t.Errorf("the floor's slice has labels %v", slice.Labels)
	}
	if *slice.Ports[0].Name != floor.Spec.Ports[0].Name {
		t.Errorf("the slice's port is %q, the Service's %q: kube-proxy would find none", *slice.Ports[0].Name, floor.Spec.Ports[0].Name)
	}
}

func TestFloorEndsLikeTanist(t *testing.T) {
	model := &corev1.Pod{Spec: workload{name: "bench"}.keepServing(3 * time.Second).podSpec()}
	got := workload{name: "bench-floor"}.keepServing(0).endLike(model).podSpec()
	if *got.TerminationGracePeriodSeconds != 8 || got.Containers[0].Lifecycle.PreStop.Sleep.Seconds != 3 {
		t.Errorf("grace %d, lifecycle %v, want 8 s and a sleep of 3 s", *got.TerminationGracePeriodSeconds, got.Containers[0].Lifecycle)
	}
}

func TestTrafficURL(t *testing.T) {
	service := func(ip string, ports ...corev1.ServicePort) *corev1.Service {
		service := &corev1.Service{Spec: corev1.ServiceSpec{ClusterIP: ip, Ports: ports}}
		service.Name = "web-leader"
		return service
	}
	tests := map[string]struct {
		service *corev1.Service
		want    string
		wantErr string
	}{
		"the first TCP port": {
			service: service("10.96.0.7", corev1.ServicePort{Port: 53, Protocol: corev1.ProtocolUDP}, corev1.ServicePort{Port: 80}),
			want:    "http://10.96.0.7:80/live",
		},
		"an IPv6 address":    {service: service("fd00::7", corev1.ServicePort{Port: 80}), want: "http://[fd00::7]:80/live"},
		"a headless Service": {service: service("None"), wantErr: "failed to find where to send traffic: Service web-leader has no ClusterIP"},
		"no TCP port": {
			service: service("10.96.0.7", corev1.ServicePort{Port: 53, Protocol: corev1.ProtocolUDP}),
			wantErr: "failed to find where to send traffic: Service web-leader has no TCP port",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := trafficURL(test.service, "/live")
			if got != test.want || text(err) != test.wantErr {
				t.Errorf("got %q, %v, want %q, %q", got, err, test.want, test.wantErr)
			}
		})
	}
}

func TestAddressType(t *testing.T) {
	tests := map[string]discoveryv1.AddressType{
		"10.0.0.1": discoveryv1.AddressTypeIPv4, "fd00::1": discoveryv1.AddressTypeIPv6, "": discoveryv1.AddressTypeIPv4,
	}
	for address, want := range tests {
		if got := addressType(&corev1.Pod{Status: corev1.PodStatus{PodIP: address}}); got != want {
			t.Errorf("%q is %s, want %s", address, got, want)
		}
	}
}

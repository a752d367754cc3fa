package leaderservice

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

const (
	anywhere = corev1.ServiceExternalTrafficPolicyCluster
	nearby   = corev1.ServiceExternalTrafficPolicyLocal
)

// typed is the part of a spec that depends on the type.
type typed struct {
	Type      corev1.ServiceType
	ClusterIP string
	NodePort  int32
	Policy    corev1.ServiceExternalTrafficPolicy
	Class     string
	Health    int32
	Allocate  bool
	Ranges    []string
	Address   string
}

func typedOf(spec corev1.ServiceSpec) typed {
	of := typed{
		Type: spec.Type, ClusterIP: spec.ClusterIP, NodePort: spec.Ports[0].NodePort, Policy: spec.ExternalTrafficPolicy,
		Health: spec.HealthCheckNodePort, Ranges: spec.LoadBalancerSourceRanges, Address: spec.LoadBalancerIP,
	}
	if spec.LoadBalancerClass != nil {
		of.Class = *spec.LoadBalancerClass
	}
	if spec.AllocateLoadBalancerNodePorts != nil {
		of.Allocate = *spec.AllocateLoadBalancerNodePorts
	}
	return of
}

// balanced makes a leader Service one of type LoadBalancer, with what the API server allocates.
func balanced(s *corev1.Service) {
	s.Spec.Type, s.Spec.ExternalTrafficPolicy, s.Spec.HealthCheckNodePort = corev1.ServiceTypeLoadBalancer, nearby, 30002
	s.Spec.Ports[0].NodePort, s.Spec.AllocateLoadBalancerNodePorts = 30001, new(true)
}

func headless(s *corev1.Service) {
	s.Spec.ClusterIP, s.Spec.ClusterIPs = corev1.ClusterIPNone, []string{corev1.ClusterIPNone}
}

func TestTheLeaderServiceHasTheTypeThatIsAskedFor(t *testing.T) {
	asks := func(kind config.LeaderServiceType, policy corev1.ServiceExternalTrafficPolicy, class string) config.Options {
		options := config.DefaultOptions("web")
		options.LeaderServiceType, options.ExternalTrafficPolicy, options.LoadBalancerClass = kind, policy, class
		return options
	}
	plain := typed{Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.0.0.7"}
	classed := func(class string) func(*corev1.Service) {
		return func(s *corev1.Service) { balanced(s); s.Spec.LoadBalancerClass = new(class) }
	}
	cases := map[string]struct {
		source, current func(*corev1.Service)
		options         config.Options
		want            typed
		replaced        bool
	}{
		"by default, it has a cluster IP":     {options: config.DefaultOptions("web"), want: plain},
		"what nobody has asked for is undone": {options: config.DefaultOptions("web"), current: balanced, want: plain},
		"a node port": {
			options: asks(config.TypeNodePort, "", ""), want: typed{Type: corev1.ServiceTypeNodePort, ClusterIP: "10.0.0.7", Policy: anywhere},
		},
		"a node port that is allocated stays": {
			options: asks(config.TypeNodePort, nearby, ""), current: func(s *corev1.Service) { s.Spec.Type, s.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 30001 },
			want: typed{Type: corev1.ServiceTypeNodePort, ClusterIP: "10.0.0.7", NodePort: 30001, Policy: nearby},
		},
		"the source's own node port is not taken": {
			source:  func(s *corev1.Service) { s.Spec.Type, s.Spec.Ports[0].NodePort = corev1.ServiceTypeNodePort, 30009 },
			options: asks(config.TypeNodePort, "", ""), want: typed{Type: corev1.ServiceTypeNodePort, ClusterIP: "10.0.0.7", Policy: anywhere},
		},
		"a load balancer": {
			options: asks(config.TypeLoadBalancer, nearby, "example.com/x"),
			want:    typed{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.0.0.7", Policy: nearby, Class: "example.com/x"},
		},
		"what is allocated for a load balancer stays": {
			options: asks(config.TypeLoadBalancer, nearby, ""), current: balanced,
			want: typed{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.0.0.7", NodePort: 30001, Policy: nearby, Health: 30002, Allocate: true},
		},
		"an address that a load balancer's controller has written stays": {
			options: asks(config.TypeLoadBalancer, nearby, ""), current: func(s *corev1.Service) { balanced(s); s.Spec.LoadBalancerIP = "192.0.2.1" },
			want: typed{
				Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.0.0.7", NodePort: 30001, Policy: nearby, Health: 30002, Allocate: true,
				Address: "192.0.2.1",
			},
		},
		"an address goes with the type": {
			options: config.DefaultOptions("web"), current: func(s *corev1.Service) { balanced(s); s.Spec.LoadBalancerIP = "192.0.2.1" }, want: plain,
		},
		"the port of health checks goes with the policy": {
			options: asks(config.TypeLoadBalancer, anywhere, ""), current: balanced,
			want: typed{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.0.0.7", NodePort: 30001, Policy: anywhere, Allocate: true},
		},
		"a class that the cluster has set stays": {
			options: asks(config.TypeLoadBalancer, nearby, ""), current: classed("example.com/default"),
			want: typed{
				Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.0.0.7", NodePort: 30001, Policy: nearby, Health: 30002, Allocate: true,
				Class: "example.com/default",
			},
		},
		"another class takes a step between": {options: asks(config.TypeLoadBalancer, nearby, "example.com/x"), current: classed("example.com/y"), want: plain},
		"a class where there was none, too":  {options: asks(config.TypeLoadBalancer, nearby, "example.com/x"), current: balanced, want: plain},
		"the balancer is open to no more clients than that of the source": {
			source: func(s *corev1.Service) {
				s.Spec.Type, s.Spec.LoadBalancerSourceRanges = corev1.ServiceTypeLoadBalancer, []string{"198.51.100.0/24"}
			},
			options: asks(config.TypeLoadBalancer, "", ""),
			want:    typed{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "10.0.0.7", Policy: anywhere, Ranges: []string{"198.51.100.0/24"}},
		},
		"headless stays headless": {
			options: asks(config.TypeHeadless, "", ""), current: headless, want: typed{Type: corev1.ServiceTypeClusterIP, ClusterIP: "None"},
		},
		"a cluster IP cannot become headless": {
			options: asks(config.TypeHeadless, "", ""), want: typed{Type: corev1.ServiceTypeClusterIP, ClusterIP: "None"}, replaced: true,
		},
		"headless cannot become a load balancer": {
			options: asks(config.TypeLoadBalancer, "", ""), current: headless,
			want: typed{Type: corev1.ServiceTypeLoadBalancer, ClusterIP: "None", Policy: anywhere}, replaced: true,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			source, current := gen.WebService(), gen.LeaderOf(gen.WebService())
			if test.source != nil {
				test.source(source)
			}
			if test.current != nil {
				test.current(current)
			}
			before := current.DeepCopy()
			got := Mirror(current, source, test.options, leaderslice.State{})
			if diff := cmp.Diff(test.want, typedOf(got.Spec)); diff != "" {
				t.Errorf("unexpected spec (-want +got):\n%s", diff)
			}
			if got := mustReplace(current, source, test.options); got != test.replaced {
				t.Errorf("replaced: %t, want %t", got, test.replaced)
			}
			if diff := cmp.Diff(before, current); diff != "" {
				t.Errorf("the leader Service was changed (-before +after):\n%s", diff)
			}
		})
	}
}

// TestAHeadlessLeaderServiceIsMadeAnew: it is deleted first, because it has the same name. One with another name stays until the new one
// exists.
func TestAHeadlessLeaderServiceIsMadeAnew(t *testing.T) {
	web := gen.WebService(func(s *corev1.Service) { s.Annotations[config.LeaderServiceTypeKey] = "Headless" })
	leader := gen.LeaderOf(web)
	in := inputOf(web, withLeader(leader), func(in *input) { in.nameHolder = leader })
	in.options, _ = config.ParseOptions(web)
	p := decide(in, gen.T0)
	if len(p.deleteServices) != 1 || p.create != nil || p.patch != nil {
		t.Errorf("got %+v, want only the deletion", p)
	}

	in.options.LeaderService, in.nameHolder = "boss", nil
	p = decide(in, gen.T0)
	if len(p.deleteServices) != 0 || p.create == nil || p.create.Spec.ClusterIP != corev1.ClusterIPNone ||
		p.create.Annotations[config.LeaderServiceTypeKey] != "Headless" {
		t.Errorf("got %+v, want only a new headless Service", p)
	}
}

func TestTheConditionSaysWhatAPauseHoldsBack(t *testing.T) {
	web := gen.WebService()
	leader := gen.LeaderOf(web, withCondition(conditionOf("True", conditionLeaderReady, 0)))
	in := inputOf(web, withLeader(leader), withSlices(gen.SliceOf(leader, "IPv4")), func(in *input) { in.state = led("a1", 5) })
	if change := in.conditionChange(leader, gen.T0); change != nil {
		t.Fatalf("got %+v without a pause", change)
	}
	in.options.Paused = true
	for _, held := range []string{"", "NodeGoing"} {
		in.heldBack = held
		change := in.conditionChange(leader, gen.T0)
		want := held
		if want == "" {
			want = nothingHeldBack
		}
		if change == nil || change.paused == nil || change.paused.Reason != want || change.condition.Reason != conditionLeaderReady {
			t.Fatalf("got %+v, want both conditions, with the reason %s", change, want)
		}
		leader.Status.Conditions = append(leader.Status.Conditions[:1:1], *change.paused)
		if change := in.conditionChange(leader, gen.T0); change != nil {
			t.Errorf("got %+v, although the conditions are right", change)
		}
	}
	in.options.Paused, in.heldBack = false, ""
	if change := in.conditionChange(leader, gen.T0); change == nil || change.paused != nil {
		t.Errorf("got %+v after the pause, want the condition removed", change)
	}
}

// TestATypeThatIsRefusedHoldsUpNothingElse: what opens the leader Service to the outside is the last of several writes.
func TestATypeThatIsRefusedHoldsUpNothingElse(t *testing.T) {
	web := gen.WebService(func(s *corev1.Service) {
		s.Annotations[config.LeaderServiceTypeKey], s.Annotations[config.CopyLabelsKey] = "LoadBalancer", "team"
	})
	p := decide(inputOf(web), gen.T0)
	if p.create == nil || p.create.Spec.Type != corev1.ServiceTypeClusterIP || p.create.Annotations[config.LeaderServiceTypeKey] != "" {
		t.Fatalf("got %+v, want a new leader Service of type ClusterIP", p.create)
	}

	leader := p.create
	leader.UID, leader.ResourceVersion, leader.Spec.ClusterIP = "leader", "1", "10.0.0.7"
	web.Labels = map[string]string{"team": "shop"}
	p = decide(inputOf(web, withLeader(leader)), gen.T0)
	if p.patch == nil || p.patch.desired.Labels["team"] != "shop" || p.patch.desired.Spec.Type != corev1.ServiceTypeClusterIP || p.requeueAfter != outdatedDelay {
		t.Fatalf("got %+v, want the label alone, and the rest soon", p.patch)
	}

	p = decide(inputOf(web, withLeader(p.patch.desired)), gen.T0)
	if p.patch == nil || p.patch.desired.Spec.Type != corev1.ServiceTypeLoadBalancer ||
		p.patch.desired.Annotations[config.LeaderServiceTypeKey] != "LoadBalancer" {
		t.Fatalf("got %+v, want the type", p.patch)
	}

	// The way back is no write of its own: nothing should refuse it.
	open := p.patch.desired
	delete(web.Annotations, config.LeaderServiceTypeKey)
	delete(web.Annotations, config.CopyLabelsKey)
	p = decide(inputOf(web, withLeader(open)), gen.T0)
	if p.patch == nil || p.patch.desired.Spec.Type != corev1.ServiceTypeClusterIP || p.patch.desired.Labels["team"] != "" {
		t.Errorf("got %+v, want the type and the label undone", p.patch)
	}
}

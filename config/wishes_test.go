package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestParseWishes(t *testing.T) {
	const path = "metadata.annotations[tanist.dev/"
	cases := map[string]struct {
		pairs      []string
		want       func(*Options)
		wantErrors []string
	}{
		"a pause":             {pairs: []string{"paused", "true"}, want: func(o *Options) { o.Paused = true }},
		"a pause that is off": {pairs: []string{"paused", "false"}},
		"a mistyped pause": {
			pairs: []string{"paused", "yes"}, wantErrors: []string{path + `paused]: Unsupported value: "yes": supported values: "false", "true"`},
		},

		"some announcements": {
			pairs: []string{"handover-on", "rollout, cordon"}, want: func(o *Options) { o.HandoverOn = []string{"cordon", "rollout"} },
		},
		"no announcement": {pairs: []string{"handover-on", "none"}, want: func(o *Options) { o.HandoverOn = []string{} }},
		"an empty list":   {pairs: []string{"handover-on", ""}, want: func(o *Options) { o.HandoverOn = []string{} }},
		"an unknown announcement": {
			pairs: []string{"handover-on", "cordon,reboot"},
			wantErrors: []string{path + `handover-on]: Unsupported value: "reboot": supported values: "cordon", "removal-taint", "node-shutdown", ` +
				`"rollout", "scale-down", "disruption-target", "none"`},
		},
		"none beside an announcement": {
			pairs:      []string{"handover-on", "none,cordon"},
			wantErrors: []string{path + `handover-on]: Invalid value: "none,cordon": must be either "none" or a list of announcements`},
		},
		"a pause and announcements": {
			pairs: []string{"paused", "true", "handover-on", "cordon"},
			want:  func(o *Options) { o.Paused, o.HandoverOn = true, []string{"cordon"} },
		},

		"a condition": {
			pairs: []string{"candidate-condition", "example.com/CaughtUp"}, want: func(o *Options) { o.CandidateCondition = "example.com/CaughtUp" },
		},
		"no condition": {pairs: []string{"candidate-condition", ""}},
		"a condition of Kubernetes itself": {
			pairs: []string{"candidate-condition", "Ready"},
			wantErrors: []string{path + `candidate-condition]: Invalid value: "Ready": must be the type of a condition that an application sets ` +
				`on its pods, with a domain, such as example.com/CaughtUp`},
		},

		"preferred nodes": {
			pairs: []string{"preferred-nodes", "zone in (a,b),!spot"}, want: func(o *Options) { o.PreferredNodes = "zone in (a,b),!spot" },
		},
		"no preferred nodes": {pairs: []string{"preferred-nodes", " "}},
		"a selector that cannot be parsed": {
			pairs: []string{"preferred-nodes", "zone=(a"},
			wantErrors: []string{path + `preferred-nodes]: Invalid value: "zone=(a": must be a selector of node labels, such as ` +
				`topology.kubernetes.io/zone=eu-1a: `},
		},
		"a selector that is too long": {
			pairs:      []string{"preferred-nodes", "zone in (" + strings.Repeat("a,", 600) + "b)"},
			wantErrors: []string{path + `preferred-nodes]: Invalid value: "zone in (a,a`},
		},

		"a load balancer": {
			pairs: []string{"leader-service-type", "LoadBalancer", "external-traffic-policy", "Local", "load-balancer-class", "example.com/internal"},
			want: func(o *Options) {
				o.LeaderServiceType, o.ExternalTrafficPolicy, o.LoadBalancerClass = TypeLoadBalancer, corev1.ServiceExternalTrafficPolicyLocal, "example.com/internal"
			},
		},
		"a node port": {
			pairs: []string{"leader-service-type", "NodePort", "external-traffic-policy", "Cluster"},
			want: func(o *Options) {
				o.LeaderServiceType, o.ExternalTrafficPolicy = TypeNodePort, corev1.ServiceExternalTrafficPolicyCluster
			},
		},
		"a headless Service": {pairs: []string{"leader-service-type", "Headless"}, want: func(o *Options) { o.LeaderServiceType = TypeHeadless }},
		"a type that nobody may ask for": {
			pairs: []string{"leader-service-type", "ExternalName", "external-traffic-policy", "Local"}, // the policy is not reported: it may be right
			wantErrors: []string{path + `leader-service-type]: Unsupported value: "ExternalName": supported values: "ClusterIP", "NodePort", ` +
				`"LoadBalancer", "Headless"`},
		},
		"a policy without a type for it": {
			pairs:      []string{"external-traffic-policy", "Local"},
			wantErrors: []string{path + `external-traffic-policy]: Invalid value: "Local": needs tanist.dev/leader-service-type: NodePort or LoadBalancer`},
		},
		"a policy of a headless Service": {
			pairs:      []string{"leader-service-type", "Headless", "external-traffic-policy", "Cluster"},
			want:       func(o *Options) { o.LeaderServiceType = TypeHeadless },
			wantErrors: []string{path + `external-traffic-policy]: Invalid value: "Cluster": needs tanist.dev/leader-service-type: NodePort or LoadBalancer`},
		},
		"a class without a load balancer": {
			pairs:      []string{"leader-service-type", "NodePort", "load-balancer-class", "example.com/internal"},
			want:       func(o *Options) { o.LeaderServiceType = TypeNodePort },
			wantErrors: []string{path + `load-balancer-class]: Invalid value: "example.com/internal": needs tanist.dev/leader-service-type: LoadBalancer`},
		},

		"a wish of a pod": {
			pairs: []string{"candidate", "false"},
			wantErrors: []string{path + `candidate]: Invalid value: "false": belongs on the pods (in the template of their workload), ` +
				`not on the Service`},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			want := DefaultOptions("db")
			if test.want != nil {
				test.want(&want)
			}
			got, errs := ParseOptions(service(test.pairs...))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("unexpected options (-want +got):\n%s", diff)
			}
			messages := messages(errs)
			if len(messages) != len(test.wantErrors) {
				t.Fatalf("got errors %q, want %q", messages, test.wantErrors)
			}
			for i, want := range test.wantErrors {
				if !strings.HasPrefix(messages[i], want) {
					t.Errorf("got error %q, want %q", messages[i], want)
				}
			}
		})
	}
}

// TestTheLastGoodWishStays: a contradiction that gets past admission takes nothing away but what is wrong.
func TestTheLastGoodWishStays(t *testing.T) {
	before := map[string]string{LeaderServiceTypeKey: "LoadBalancer", ExternalTrafficPolicyKey: "Local", PreferredNodesKey: "zone=a", PausedKey: "true"}
	options, errs := ResolveOptions(service(
		"leader-service-type", "LoadBalanced", "external-traffic-policy", "Local", "preferred-nodes", "zone=(", "paused", "no"), before)
	if len(errs) != 3 {
		t.Errorf("got %v, want three errors", errs)
	}
	want := DefaultOptions("db")
	want.LeaderServiceType, want.ExternalTrafficPolicy, want.PreferredNodes, want.Paused = TypeLoadBalancer, "Local", "zone=a", true
	if diff := cmp.Diff(want, options); diff != "" {
		t.Errorf("unexpected options (-want +got):\n%s", diff)
	}

	// A policy that was right no longer is, because the type has changed: the type is what the user has just written.
	options, errs = ResolveOptions(service("external-traffic-policy", "Local"), before)
	if len(errs) != 1 || options.ExternalTrafficPolicy != "" || options.LeaderServiceType != TypeClusterIP {
		t.Errorf("got %v and %+v, want a leader Service of type ClusterIP without a policy", errs, options)
	}
}

func TestAServiceOverridesWhatTheTuningHandsOverOn(t *testing.T) {
	tuning := DefaultTuning()
	tuning.Election.HandoverOnCordon, tuning.Election.RemovalTaints = false, []string{"example.com/going"}
	if diff := cmp.Diff(tuning.Election, Options{}.ElectionOr(tuning)); diff != "" {
		t.Errorf("a Service that asks for nothing does not have the tuning (-want +got):\n%s", diff)
	}
	want := tuning.Election
	want.HandoverOnCordon, want.HandoverOnRollout = true, true
	want.HandoverOnRemovalTaint, want.HandoverOnNodeShutdown, want.HandoverOnScaleDown, want.HandoverOnDisruptionTarget = false, false, false, false
	if diff := cmp.Diff(want, Options{HandoverOn: []string{"cordon", "rollout"}}.ElectionOr(tuning)); diff != "" {
		t.Errorf("unexpected tuning (-want +got):\n%s", diff)
	}
}

func TestParseCandidate(t *testing.T) {
	for value, want := range map[string]bool{"true": true, "false": false, "no": true, "": true} {
		may, err := ParseCandidate(map[string]string{CandidateKey: value})
		if may != want || (err != nil) != (value != "true" && value != "false") {
			t.Errorf("%q: got %t, %v", value, may, err)
		}
	}
	if may, err := ParseCandidate(nil); !may || err != nil {
		t.Errorf("without the annotation: got %t, %v", may, err)
	}
}

package planner

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/reconciler/leaderservice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// wishes are what a user may ask for in the scenario of TestWishes, by the names of the annotations. The one of a pod is b2's.
var wishes = []struct{ name, value string }{
	{"paused", "true"},
	{"handover-on", "rollout"},
	{"candidate", "false"},
	{"candidate-condition", "example.com/CaughtUp"},
	{"preferred-nodes", "zone=green"},
	{"after-handover", "evict"},
	{"leader-service-type", "LoadBalancer"},
	{"external-traffic-policy", "Local"},
}

// wanted is who leads in the scenario, whether the old leader is evicted, and the type of the leader Service. Who would lead without a pause is
// in parentheses behind the leader that stays. Refused is the wish that admission refuses: the rest is what is in force if it gets past admission.
var wanted = map[string]string{
	"":                        "b2: NodeGoing, ClusterIP",
	"paused":                  "a1 (b2: NodeGoing), ClusterIP",
	"handover-on":             "a1, ClusterIP",
	"candidate":               "c3: NodeGoing, ClusterIP",
	"candidate-condition":     "b2: NodeGoing, ClusterIP",
	"preferred-nodes":         "c3: NodeGoing, ClusterIP",
	"after-handover":          "b2: NodeGoing, evicts a1, ClusterIP",
	"leader-service-type":     "b2: NodeGoing, LoadBalancer Cluster",
	"external-traffic-policy": "refused: external-traffic-policy; b2: NodeGoing, ClusterIP",

	"paused + handover-on":             "a1, ClusterIP", // nothing is held back: the cordon would move nobody anyway
	"paused + candidate":               "a1 (c3: NodeGoing), ClusterIP",
	"paused + candidate-condition":     "a1 (b2: NodeGoing), ClusterIP",
	"paused + preferred-nodes":         "a1 (c3: NodeGoing), ClusterIP",
	"paused + after-handover":          "a1 (b2: NodeGoing), ClusterIP",
	"paused + leader-service-type":     "a1 (b2: NodeGoing), LoadBalancer Cluster",
	"paused + external-traffic-policy": "refused: external-traffic-policy; a1 (b2: NodeGoing), ClusterIP",

	"handover-on + candidate":               "a1, ClusterIP",
	"handover-on + candidate-condition":     "b2: LeaderExcluded, ClusterIP", // a1 has not caught up, and b2 has
	"handover-on + preferred-nodes":         "a1, ClusterIP",                 // a preferred node takes nothing from a leader that is well
	"handover-on + after-handover":          "a1, ClusterIP",
	"handover-on + leader-service-type":     "a1, LoadBalancer Cluster",
	"handover-on + external-traffic-policy": "refused: external-traffic-policy; a1, ClusterIP",

	"candidate + candidate-condition":     "a1, ClusterIP", // nobody may follow, so the leader keeps serving until its node goes
	"candidate + preferred-nodes":         "c3: NodeGoing, ClusterIP",
	"candidate + after-handover":          "c3: NodeGoing, evicts a1, ClusterIP",
	"candidate + leader-service-type":     "c3: NodeGoing, LoadBalancer Cluster",
	"candidate + external-traffic-policy": "refused: external-traffic-policy; c3: NodeGoing, ClusterIP",

	"candidate-condition + preferred-nodes":         "b2: NodeGoing, ClusterIP", // who may lead counts more than who is preferred
	"candidate-condition + after-handover":          "b2: NodeGoing, evicts a1, ClusterIP",
	"candidate-condition + leader-service-type":     "b2: NodeGoing, LoadBalancer Cluster",
	"candidate-condition + external-traffic-policy": "refused: external-traffic-policy; b2: NodeGoing, ClusterIP",

	"preferred-nodes + after-handover":          "c3: NodeGoing, evicts a1, ClusterIP",
	"preferred-nodes + leader-service-type":     "c3: NodeGoing, LoadBalancer Cluster",
	"preferred-nodes + external-traffic-policy": "refused: external-traffic-policy; c3: NodeGoing, ClusterIP",

	"after-handover + leader-service-type":     "b2: NodeGoing, evicts a1, LoadBalancer Cluster",
	"after-handover + external-traffic-policy": "refused: external-traffic-policy; b2: NodeGoing, evicts a1, ClusterIP",

	"leader-service-type + external-traffic-policy": "b2: NodeGoing, LoadBalancer Local",
}

// TestWishes shows each wish and each pair of wishes on one scenario: pod a1 leads, and its node is cordoned. b2 and c3 could follow. b2 comes
// first by its name, and alone has caught up. c3 is in the green zone.
func TestWishes(t *testing.T) {
	sets := [][]int{{}}
	for i := range wishes {
		sets = append(sets, []int{i})
		for j := range i {
			sets = append(sets, []int{j, i})
		}
	}
	if len(sets) != len(wanted) {
		t.Errorf("there are %d sets of wishes, and %d expectations", len(sets), len(wanted))
	}
	for _, set := range sets {
		var names []string
		service, pod := map[string]string{}, map[string]string{}
		for _, i := range set {
			names = append(names, wishes[i].name)
			if key := config.Domain + "/" + wishes[i].name; key == config.CandidateKey {
				pod[key] = wishes[i].value
			} else {
				service[key] = wishes[i].value
			}
		}
		name := strings.Join(names, " + ")
		t.Run(name, func(t *testing.T) {
			if got := outcomeOfWishes(service, pod); got != wanted[name] {
				t.Errorf("got %q, want %q", got, wanted[name])
			}
		})
	}
}

func outcomeOfWishes(service, pod map[string]string) string {
	source := gen.WebService(func(s *corev1.Service) {
		maps.Copy(s.Annotations, service)
	})
	caughtUp := func(p *corev1.Pod) {
		p.Annotations = pod
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: "example.com/CaughtUp", Status: corev1.ConditionTrue})
	}
	var pods []*corev1.Pod
	for _, pod := range []*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", caughtUp), gen.ReadyPod("c3")} {
		pods = append(pods, trim.Pod(pod))
	}
	stores := store.NewFake(
		gen.NodeNamed("node-of-a1", gen.Cordoned), gen.NodeNamed("node-of-b2"),
		gen.NodeNamed("node-of-c3", func(node *corev1.Node) { node.Labels = map[string]string{"zone": "green"} }))
	options, errs := config.ParseOptions(source)
	in := inputOf(dummy.Leading("a1", 5), pods, func(in *Input) {
		in.Source, in.Options = source, options
		in.Disruptions = disruption.Of(stores, pods, options, in.Tuning)
	})

	var text []string
	for _, wish := range wishes {
		if config.Wrong(errs, config.Domain+"/"+wish.name) {
			text = append(text, "refused: "+wish.name)
		}
	}
	p := Decide(in, gen.T0)
	who := p.After.Leader.Name
	switch {
	case p.Decision.Move:
		who += ": " + p.After.Reason
	case p.Decision.HeldBack != nil:
		who += fmt.Sprintf(" (%s: %s)", p.Decision.HeldBack.Name, p.Decision.HeldBackReason)
	}
	if old := oldLeaderIn(carryOut(in, p)).Name; old != "" {
		who += ", evicts " + old
	}
	spec := leaderservice.Mirror(&corev1.Service{}, source, options, leaderslice.State{}).Spec
	kind := strings.TrimSpace(string(spec.Type) + " " + string(spec.ExternalTrafficPolicy))
	return strings.Join(slices.Concat(text, []string{who + ", " + kind}), "; ")
}

func believes(b *dummy.Observer) func(*Input) { return func(in *Input) { in.Observer = b } }

// TestAPauseHandlesLosses: what can wait waits, and what cannot does not.
func TestAPauseHandlesLosses(t *testing.T) {
	a, b := gen.ReadyPod("a1"), gen.ReadyPod("b2")
	for name, test := range map[string]struct {
		leader *corev1.Pod
		change func(*Input)
		want   string
	}{
		"the leader is well":                 {leader: a, want: "a1"},
		"it is deleted":                      {leader: gen.ReadyPod("a1", gen.Terminating), want: "b2"},
		"it is gone":                         {want: "b2"},
		"it is not ready":                    {leader: gen.ReadyPod("a1", gen.NotReady), want: "b2"},
		"it is not ready, within the grace":  {leader: gen.ReadyPod("a1", gen.NotReady), change: func(in *Input) { in.Options.NotReadyGrace = time.Hour }, want: "a1"},
		"it will be evicted":                 {leader: gen.ReadyPod("a1", gen.DisruptionTarget), want: "a1"},
		"another pod is preferred":           {leader: a, change: func(in *Input) { in.Options.PreferredLeader = "b2" }, want: "a1"},
		"another pod is better":              {leader: gen.ReadyPod("a1", gen.MadeAt(gen.T0)), change: func(in *Input) { in.Options.Sticky = false }, want: "a1"},
		"its user no longer wants it":        {leader: gen.ReadyPod("a1", func(p *corev1.Pod) { p.Annotations = map[string]string{config.CandidateKey: "false"} }), want: "a1"},
		"it runs to completion":              {leader: gen.ReadyPod("a1", func(p *corev1.Pod) { p.Spec.RestartPolicy = corev1.RestartPolicyNever }), want: "a1"},
		"an observer believes that it hangs": {leader: a, change: believes(dummy.Convicts(observe.LeaderFrozen, "a1", "b2")), want: "b2"},
	} {
		t.Run(name, func(t *testing.T) {
			pods := []*corev1.Pod{b}
			if test.leader != nil {
				pods = append(pods, test.leader)
			}
			in := inputOf(dummy.Leading("a1", 5), pods, func(in *Input) {
				in.Options.Paused = true
				if test.change != nil {
					test.change(in)
				}
			})
			if got := Decide(in, gen.T0).After.Leader.Name; got != test.want {
				t.Errorf("%s leads, want %s", got, test.want)
			}
		})
	}
}

// TestALeaderOutsideTheNamedWorkload: it is never taken away for want of a pod of the workload, which may be about to adopt it.
func TestALeaderOutsideTheNamedWorkload(t *testing.T) {
	ofDB := gen.OwnedByKind("apps/v1", "StatefulSet", "db", "", "")
	unfit := func(name string) string {
		return "pod " + name + " cannot lead: it does not belong to StatefulSet/db, which tanist.dev/same-controller on the Service names"
	}
	cases := map[string]struct {
		pods []*corev1.Pod
		want []string
	}{
		"nobody else is of the workload": {[]*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2")}, []string{"a1", unfit("b2")}},
		"another one is":                 {[]*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", ofDB)}, []string{"b2: LeaderExcluded", unfit("a1")}},
		"another one is, and not ready":  {[]*corev1.Pod{gen.ReadyPod("a1"), gen.ReadyPod("b2", ofDB, gen.NotReady)}, []string{"a1"}},
		"it is lost":                     {[]*corev1.Pod{gen.ReadyPod("a1", gen.NotReady), gen.ReadyPod("b2")}, []string{": NoCandidate", unfit("a1"), unfit("b2")}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), test.pods, func(in *Input) {
				in.Options.SameController = config.Workload{Kind: "StatefulSet", Name: "db"}
				in.Disruptions = disruption.Of(store.NewFake(gen.StatefulSet("db", 2, "v1")), test.pods, in.Options, in.Tuning)
			})
			p := Decide(in, gen.T0)
			got := []string{p.After.Leader.Name}
			if p.Decision.Move {
				got[0] += ": " + p.After.Reason
			}
			for _, warning := range warningsOf(in, notify.ReasonUnfitPod) {
				got = append(got, warning.Note)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

package planner

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// A replica that dies between its writes has written the slice of the primary family alone.
func TestAnotherReplicaCompletesACommit(t *testing.T) {
	for name, authority := range map[string]commitrules.Authority{"the holder of the Lease": commitrules.AuthorityAll, "another replica": commitrules.AuthorityLosses} {
		t.Run(name, func(t *testing.T) {
			in := dual(dummy.Leading("a1", 5), gen.ReadyPod("b2"))
			first := Decide(in, gen.T0)
			in = carryOut(in, first, 1)
			in.Authority = authority
			p := Decide(in, gen.T0.Add(50*time.Millisecond))
			want := planned{Leader: "b2", Term: newTerm, Reason: "LeaderGone", Ready: true, Writes: []string{"update web-leader-ipv6"}}
			if diff := cmp.Diff(want, plannedOf(p)); diff != "" || p.WritesPrimary {
				t.Fatalf("it writes the primary slice: %t, unexpected plan (-want +got):\n%s", p.WritesPrimary, diff)
			}
			// Both slices say exactly the same, although they were written at different times.
			in = carryOut(in, p)
			one, other := in.Record.Slices["web-leader-ipv4"], in.Record.Slices["web-leader-ipv6"]
			if diff := cmp.Diff(one.State, other.State); diff != "" {
				t.Errorf("the families differ (-primary +other):\n%s", diff)
			}
			if again := Decide(in, gen.T0); len(again.Writes) > 0 {
				t.Errorf("%d more writes", len(again.Writes))
			}
		})
	}
}

func TestTheOtherFamilyFollowsThePrimaryOne(t *testing.T) {
	const ipv6 = discoveryv1.AddressTypeIPv6
	cases := map[string]struct {
		input     Input
		change    func(*Input)
		want      planned
		endpoints int // of the IPv6 slice
	}{
		"the other slice has another leader in the same term": {
			input: dual(dummy.Leading("a1", 5), gen.ReadyPod("a1"), gen.ReadyPod("b2")),
			change: onSlice(ipv6, func(slice *discoveryv1.EndpointSlice) {
				slice.Annotations[config.LeaderKey], slice.Endpoints = "b2", []discoveryv1.Endpoint{leaderslice.Endpoint(gen.ReadyPod("b2"), "fd00::2", true)}
			}),
			want:      planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: []string{"update web-leader-ipv6"}},
			endpoints: 1,
		},
		"the other slice has another leader in a higher term: both get a term that is higher still": {
			input: dual(dummy.Leading("a1", 5), gen.ReadyPod("a1"), gen.ReadyPod("b2")),
			change: onSlice(ipv6, func(slice *discoveryv1.EndpointSlice) {
				slice.Annotations[config.LeaderKey], slice.Annotations[config.TermKey] = "b2", "6"
			}),
			want: planned{
				Leader: "a1", Term: newTerm, Reason: "LeaderDeleted", Ready: true, Writes: []string{"update web-leader-ipv4", "update web-leader-ipv6"},
			},
			endpoints: 1,
		},
		"only the leader's address of the other family has changed": {
			input: dual(dummy.Leading("a1", 5), gen.ReadyPod("a1")),
			change: func(in *Input) {
				in.Pods = []*corev1.Pod{gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.Status.PodIPs[1].IP = "fd00::99" })}
			},
			want:      planned{Leader: "a1", Term: 5, Reason: "LeaderDeleted", Ready: true, Writes: []string{"update web-leader-ipv6"}},
			endpoints: 1,
		},
		"the leader has no address of a family that is only preferred": {
			input: inputOf(dummy.Leading("a1", 5), []*corev1.Pod{gen.ReadyPod("b2", func(pod *corev1.Pod) { pod.Status.PodIPs = pod.Status.PodIPs[:1] })},
				func(in *Input) {
					in.Source = gen.WebService(gen.DualStack(corev1.IPFamilyPolicyPreferDualStack))
					in.LeaderService = gen.LeaderOf(in.Source)
				}),
			want: planned{
				Leader: "b2", Term: newTerm, Reason: "LeaderGone", Ready: true, Writes: []string{"update web-leader-ipv4", "update web-leader-ipv6"},
			},
		},
		"the other slice is not ours: only the primary one is written": {
			input:  dual(dummy.Leading("a1", 5), gen.ReadyPod("b2")),
			change: onSlice(ipv6, func(slice *discoveryv1.EndpointSlice) { slice.OwnerReferences[0].Kind = "Endpoints" }),
			want: planned{
				Leader: "b2", Term: newTerm, Reason: "LeaderGone", Ready: true, Writes: []string{"update web-leader-ipv4"}, Taken: []string{"web-leader-ipv6"},
			},
		},
		"the primary slice is not ours: nothing is written": {
			input:  dual(dummy.Leading("a1", 5), gen.ReadyPod("b2")),
			change: onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) { slice.OwnerReferences[0].Kind = "Endpoints" }),
			want:   planned{Leader: "b2", Term: firstTerm("b2"), Reason: "FirstLeader", Ready: true, Taken: []string{"web-leader-ipv4"}},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := test.input
			if test.change != nil {
				test.change(&in)
			}
			p := Decide(in, gen.T0)
			if diff := cmp.Diff(test.want, plannedOf(p)); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
			for _, write := range p.Writes {
				if write.Desired.AddressType == ipv6 && len(write.Desired.Endpoints) != test.endpoints {
					t.Errorf("the IPv6 slice gets endpoints %+v", write.Desired.Endpoints)
				}
			}
		})
	}
}

// The term of a slice never falls, unless it is not plausible.
func TestTheTermOfASliceNeverFalls(t *testing.T) {
	for _, ipv4 := range []string{"5", "6", "1772366440000", ""} {
		for _, ipv6 := range []string{"5", "6", "1772366440000", ""} {
			for _, authority := range []commitrules.Authority{commitrules.AuthorityAll, commitrules.AuthorityLosses, commitrules.AuthorityUndisputed} {
				for _, pods := range [][]*corev1.Pod{{gen.ReadyPod("a1")}, {gen.ReadyPod("b2")}, nil} {
					in := dual(dummy.Leading("a1", 5), pods...)
					in.Authority = authority
					termed(discoveryv1.AddressTypeIPv4, ipv4)(&in)
					termed(discoveryv1.AddressTypeIPv6, ipv6)(&in)
					for _, write := range Decide(in, gen.T0).Writes {
						if before, after := leaderslice.ParseTerm(write.Current.Annotations), leaderslice.ParseTerm(write.Desired.Annotations); after < before || after == 0 {
							t.Errorf("%s goes from term %d to %d", write.Desired.Name, before, after)
						}
					}
				}
			}
		}
	}
}

func TestTheSlicesOfBothFamiliesHaveTheLeadersPorts(t *testing.T) {
	other := gen.ReadyPod("b2", func(pod *corev1.Pod) { pod.Spec.Containers[0].Ports[0].ContainerPort = 9090 })
	p := Decide(dual(dummy.Leading("a1", 5), other), gen.T0)
	if len(p.Writes) != 2 {
		t.Fatalf("%d writes, want both families'", len(p.Writes))
	}
	for _, write := range p.Writes {
		if ports := write.Desired.Ports; len(ports) != 1 || *ports[0].Port != 9090 {
			t.Errorf("%s has ports %+v", write.Desired.Name, ports)
		}
	}
}

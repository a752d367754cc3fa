package failover

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/test/gen"
)

// leading returns a state in which a pod leads.
func leading(pod string, term int64) leaderslice.State {
	return leaderslice.State{
		Leader: leaderslice.Leader{UID: types.UID(pod + "-uid"), Name: pod, Node: "node-of-" + pod, Ready: true},
		Term:   term, Since: gen.T0.Add(-time.Minute), Reason: "LeaderDeleted",
	}
}

// inputOf returns the input of the holder of the Lease when the slices of all families record a state.
func inputOf(state leaderslice.State, pods []*corev1.Pod, changes ...func(*input)) input {
	source := gen.WebService()
	in := input{
		source: source, leaderService: gen.LeaderOf(source), pods: pods,
		options: config.DefaultOptions("web"), tuning: config.DefaultTuning(),
		seen: leaderslice.Basis{Pods: "30", Services: "20"}, authority: commitrules.AuthorityAll,
	}
	for _, change := range changes {
		change(&in)
	}
	in.record = recordOf(in, state)
	return in
}

// recordOf returns the record of the leader cache when the slices of all families record a state.
func recordOf(in input, state leaderslice.State) cache.Record {
	record := cache.Record{State: state, HighestTerm: state.Term, Slices: map[string]leaderslice.Slice{}}
	if state == (leaderslice.State{}) {
		return record
	}
	content := leaderslice.Content{
		Source: in.source, LeaderService: in.leaderService, State: state, Basis: leaderslice.Basis{Pods: "30", Services: "20"},
		Pod: in.pod(state.Leader.UID),
	}
	if content.Pod == nil && state.Leader.Name != "" {
		content.Pod = gen.ReadyPod(state.Leader.Name) // the pod is gone since the slices were written
	}
	for i, family := range leaderslice.Families(in.leaderService) {
		slice := content.Render(family)
		if i == 0 {
			slice = content.RenderPrimary(family)
		}
		slice.UID, slice.ResourceVersion = types.UID(slice.Name+"-uid"), "40"
		record.Slices[slice.Name] = leaderslice.Parse(slice)
	}
	return record
}

// edited changes the IPv4 slice as someone else would.
func edited(edit func(*discoveryv1.EndpointSlice)) func(input) input {
	return func(in input) input {
		slice := in.record.Slices["web-leader-ipv4"].Object.DeepCopy()
		edit(slice)
		in.record.Slices["web-leader-ipv4"] = leaderslice.Parse(slice)
		return in
	}
}

// dual is inputOf for a Service that requires both families.
func dual(state leaderslice.State, pods ...*corev1.Pod) input {
	return inputOf(state, pods, func(in *input) {
		in.source = gen.WebService(gen.DualStack(corev1.IPFamilyPolicyRequireDualStack))
		in.leaderService = gen.LeaderOf(in.source)
	})
}

// onSlice changes one family's slice as someone else would.
func onSlice(family discoveryv1.AddressType, edit func(*discoveryv1.EndpointSlice)) func(*input) {
	return func(in *input) {
		name := leaderslice.Name(in.leaderService.Name, family)
		slice := in.record.Slices[name].Object.DeepCopy()
		edit(slice)
		in.record.Slices = maps.Clone(in.record.Slices)
		in.record.Slices[name] = leaderslice.Parse(slice)
	}
}

// withoutSlice removes one family's slice.
func withoutSlice(family discoveryv1.AddressType) func(*input) {
	return func(in *input) {
		in.record.Slices = maps.Clone(in.record.Slices)
		delete(in.record.Slices, leaderslice.Name(in.leaderService.Name, family))
	}
}

// carryOut returns the input once the first n writes of a plan, or all of them, are made.
func carryOut(in input, p plan, n ...int) input {
	in.record.Slices = maps.Clone(in.record.Slices)
	for i, write := range p.writes {
		if len(n) > 0 && i >= n[0] {
			break
		}
		slice := write.Desired.DeepCopy()
		if write.Current != nil {
			slice = updatedSlice(write.Current, write.Desired)
		} else {
			slice.UID, slice.ResourceVersion = types.UID(slice.Name+"-uid"), "41"
		}
		in.record.Slices[slice.Name] = leaderslice.Parse(slice)
	}
	return in
}

// warningsOf returns the warnings with one reason.
func warningsOf(in input, reason string) []notify.Warning {
	return slices.DeleteFunc(warnings(in, decide(in, gen.T0)), func(warning notify.Warning) bool { return warning.Reason != reason })
}

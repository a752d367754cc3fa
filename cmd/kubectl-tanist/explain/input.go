package explain

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/disruption"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// Input is what an explanation is derived from.
type Input struct {
	status.Objects
	// Others are the nodes of the pods, and the ReplicaSets (their metadata), Deployments, StatefulSets and DaemonSets of the namespace.
	Others []metav1.Object
	// WorkloadsKnown is false if the user may not read all kinds of workloads.
	WorkloadsKnown bool
	// Tuning is the tuning in force, or the default one.
	Tuning config.Tuning
	// Notes say what the user may not read.
	Notes []string
}

// elected is what an election of the Service takes and gives.
type elected struct {
	leaderService *corev1.Service
	options       config.Options
	ports         []corev1.ServicePort
	pods          map[types.UID]*corev1.Pod
	nodes         map[string]disruption.NodeSign
	rules         election.Rules
	candidates    []election.Candidate
	incumbent     election.Incumbent
	// losses are the latest moves by an observer's verdict.
	losses    leaderslice.Losses
	decision  election.Decision
	standings []election.Standing
}

// elect repeats the election as Tanist does it, with what the API shows. It returns nil for a Service without a leader Service.
func elect(in Input, now time.Time) (*elected, error) {
	e := &elected{pods: map[types.UID]*corev1.Pod{}}
	wanted, _ := config.ParseOptions(in.Service)
	e.leaderService = status.LeaderServiceOf(in.Service, wanted.LeaderService, in.Services)
	if e.leaderService == nil || len(leaderslice.Families(e.leaderService)) == 0 {
		return nil, nil
	}
	e.options, _ = store.ResolveOptions(in.Service, e.leaderService)
	e.rules, e.ports = disruption.Rules(e.options), in.Service.Spec.Ports
	if err := e.nominate(in); err != nil {
		return nil, err
	}
	e.readNodes(in)
	e.readPrimary(in, now)
	e.follow(in)
	e.decision, e.standings = election.Explain(e.rules, e.candidates, e.incumbent, now)
	for i := range e.standings {
		e.standings[i].Obstacles = slices.DeleteFunc(e.standings[i].Obstacles, func(o election.Obstacle) bool {
			return o == election.ObstacleUnfit && e.hasNotStarted(e.standings[i].Candidate)
		})
	}
	return e, nil
}

// hasNotStarted reports whether a pod has no address because it has not started. That it is not ready says enough.
func (e *elected) hasNotStarted(c election.Candidate) bool {
	pod := e.pods[types.UID(c.UID)]
	return !c.Ready && len(pod.Status.PodIPs) == 0 && c.Problem == disruption.MissingAddress(leaderslice.Families(e.leaderService))
}

// nominate turns the pods into candidates.
func (e *elected) nominate(in Input) error {
	stores, err := store.FromObjects(in.Others...)
	if err != nil {
		return fmt.Errorf("failed to read workloads: %w", err)
	}
	var pods []*corev1.Pod
	for _, pod := range status.Selected(in.Service, in.Pods) {
		e.pods[pod.UID] = pod
		pods = append(pods, trim.Pod(pod))
	}
	options := e.options
	if !in.WorkloadsKnown {
		options.SameController = config.Workload{} // nobody is said to be an outsider without proof
	}
	disruptions := disruption.Of(stores, pods, options, in.Tuning)
	e.candidates = disruption.Candidates(pods, disruptions, in.Service.Spec.Ports, leaderslice.Families(e.leaderService), options, in.Tuning)
	return nil
}

// readPrimary reads the record of who leads, which pod is leaving, and which pods were believed lost.
func (e *elected) readPrimary(in Input, now time.Time) {
	name := leaderslice.Name(e.leaderService.Name, leaderslice.PrimaryFamily(e.leaderService))
	for _, object := range in.Slices {
		if object.Name != name || !leaderslice.OwnsSlice(object, e.leaderService) {
			continue
		}
		slice := leaderslice.Parse(object)
		leader := slice.State.Leader
		e.incumbent = election.Incumbent{
			UID: string(leader.UID), Name: leader.Name, Node: leader.Node, Since: slice.State.Since, Reason: election.Reason(slice.State.Reason),
		}
		if pod := e.pods[leader.UID]; pod != nil {
			e.incumbent.Name, e.incumbent.Node = pod.Name, pod.Spec.NodeName
		}
		e.losses = slice.Losses.Current(now)
		saysReady := leader.Ready && e.asked(in, e.pods[leader.UID])
		for i := range e.candidates {
			c := &e.candidates[i]
			_, c.Marked = e.losses.Mark(types.UID(c.UID))
			c.SaysReady = types.UID(c.UID) == leader.UID && saysReady
			if leaving := slice.Leaving; c.UID == string(leaving.Pod) && c.UID != e.incumbent.UID && now.Before(leaving.Until) {
				c.Announced = election.AnnouncedDisruption
			}
		}
	}
}

// asked reports whether Tanist asks a leader whether it is ready, if only Kubernetes does not see it. Its slice shows the answer.
func (e *elected) asked(in Input, leader *corev1.Pod) bool {
	return leader != nil && store.ProbeOf(leader) != nil && e.options.ProbePods && in.Tuning.Observe.Enabled
}

package reconciler

import (
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/election"
)

// situation is all that a decision about one Service looks at. Its objects are shared with the informers.
type situation struct {
	source        *corev1.Service
	leaderService *corev1.Service
	// owners are the UIDs of all leader Services of ours that there are: two while one takes the other's place.
	owners  []types.UID
	options config.Options
	tuning  config.Tuning
	pods    []*corev1.Pod
	// outlook is what else is known of the pods.
	outlook outlook
	record  cache.Record
	// departing says which pods are about to go although their objects do not say so yet.
	departing func(types.UID) bool
	// admitted says that admission saw the leader's departure, although what it prepared may not fit any longer.
	admitted bool
	// cause is when the event that led here arrived; zero when it was no event (a retry, a timer, a start).
	cause time.Time
}

// plan is a decision, and what has to be written for it.
type plan struct {
	decision election.Decision
	// path is who commits.
	path path
	// before and after are who led and who leads.
	before, after cache.State
	writes        []cache.Write
	// taken are slices by the names of ours that are not ours.
	taken []string
	// unfit are the pods that cannot lead although they may be ready, each with the reason.
	unfit []unfitPod
}

// unfitPod is a pod that cannot carry the Service's traffic.
type unfitPod struct {
	pod     *corev1.Pod
	problem string
}

// decide is pure: what should be in the slices now, and which of them have to be written for it.
func decide(s situation, now time.Time) plan {
	candidates := candidates(s.pods, s.outlook, s.source.Spec.Ports, families(s.leaderService), s.tuning.Election)
	before := s.before()
	s.avoidDeparting(candidates, before.Leader.UID)
	decision := election.Decide(rules(s.options), candidates, incumbent(before), now)

	p := plan{decision: decision, before: before, after: s.after(before, decision, now), unfit: unfit(s.pods, candidates)}
	content := sliceContent{source: s.source, leaderService: s.leaderService, state: p.after, pod: s.pod(p.after.Leader.UID)}
	for _, family := range families(s.leaderService) {
		desired := content.slice(family)
		known, exists := s.record.Slices[desired.Name]
		switch {
		case !exists:
			stampTrigger(desired, s.cause)
			p.writes = append(p.writes, cache.Write{Desired: desired})
		case !s.owns(known.Object):
			p.taken = append(p.taken, desired.Name)
		case !sameSlice(known.Object, desired):
			if !sameTraffic(known.Object, desired) {
				stampTrigger(desired, s.cause)
			}
			p.writes = append(p.writes, cache.Write{Desired: desired, Current: known.Object})
		}
	}
	return p
}

// avoidDeparting makes pods whose departure was admitted the worst candidates. The leader itself only goes when its own object says
// so: an admitted request may still be refused.
func (s situation) avoidDeparting(candidates []election.Candidate, leader types.UID) {
	if s.departing == nil {
		return
	}
	for i := range candidates {
		if uid := types.UID(candidates[i].UID); uid != leader && s.departing(uid) {
			candidates[i].Announced = election.AnnouncedDisruption
		}
	}
}

// owns reports whether a slice is the leader Service's, or was its predecessor's that someone deleted.
func (s situation) owns(slice *discoveryv1.EndpointSlice) bool {
	return ownsSlice(slice, s.source.Name, s.leaderService.Name, s.record.Owners...)
}

// behind reports whether one of the slices was written by someone who had seen a newer version of the leader's pod than our
// informer has delivered of any.
func (s situation) behind(podsSeen string) bool {
	for _, slice := range s.record.Slices {
		if order, err := resourceversion.CompareResourceVersion(slice.PodVersion, podsSeen); err == nil && order > 0 {
			return true
		}
	}
	return false
}

// before is who leads by what the slices said. When nothing is known of them, it is who the leader Service says: its annotations
// are a copy of theirs.
func (s situation) before() cache.State {
	if s.record.State != (cache.State{}) {
		return s.record.State
	}
	term := mirroredTerm(s.leaderService)
	state := cache.State{Term: term, Reason: s.leaderService.Annotations[config.ReasonKey]}
	name := s.leaderService.Annotations[config.LeaderKey]
	if term == 0 || name == "" {
		return state
	}
	// An annotation that does not parse gives the zero time, before which no pod was made.
	state.Since, _ = time.Parse(time.RFC3339, s.leaderService.Annotations[config.LeaderSinceKey])
	state.Leader = cache.Leader{UID: unknownUID, Name: name}
	for _, pod := range s.pods {
		// A pod that was made later has only the leader's name.
		if pod.Name == name && !pod.CreationTimestamp.After(state.Since) {
			state.Leader = cache.Leader{UID: pod.UID, Name: pod.Name, Node: pod.Spec.NodeName, Ready: true}
		}
	}
	return state
}

// unknownUID is that of a leader of whom only the name is left. No pod has it, so that its term is not given to anyone else.
const unknownUID types.UID = "unknown"

// after is who leads by the decision. Every move has a term that was never there before, and a reason that stays as long as the
// term: only the endpoint and an Event tell of a last resort.
func (s situation) after(before cache.State, decision election.Decision, now time.Time) cache.State {
	after := before
	if decision.Move {
		after = cache.State{Term: max(before.Term, mirroredTerm(s.leaderService)) + 1, Since: now.UTC().Truncate(time.Millisecond)}
	}
	if after.Reason == "" {
		after.Reason = string(decision.Reason)
	}
	if leader := decision.Leader; leader != nil {
		after.Leader = cache.Leader{UID: types.UID(leader.UID), Name: leader.Name, Node: leader.Node, Ready: decision.Ready}
		if after.Since.IsZero() {
			after.Since = now.UTC().Truncate(time.Millisecond)
		}
	}
	return after
}

// pod is the one with this UID; nil when there is none.
func (s situation) pod(uid types.UID) *corev1.Pod {
	for _, pod := range s.pods {
		if uid != "" && pod.UID == uid {
			return pod
		}
	}
	return nil
}

// mirroredTerm is the term that the leader Service's annotation says, 0 for none. It may lag behind the slices, and is all that
// is left of a term when they are deleted while Tanist is not there to remember.
func mirroredTerm(leaderService *corev1.Service) int64 {
	term, err := strconv.ParseInt(leaderService.Annotations[config.TermKey], 10, 64)
	if err != nil || term < 0 {
		return 0
	}
	return term
}

func incumbent(state cache.State) election.Incumbent {
	return election.Incumbent{
		UID: string(state.Leader.UID), Name: state.Leader.Name, Node: state.Leader.Node,
		Since: state.Since, Reason: election.Reason(state.Reason),
	}
}

func rules(options config.Options) election.Rules {
	return election.Rules{
		Strategy: election.Strategy(options.Strategy), Sticky: options.Sticky,
		MinReady: options.MinReady, MinReadyUnprobed: options.MinReadyUnprobed, NotReadyGrace: options.NotReadyGrace, Preferred: options.PreferredLeader,
	}
}

// unfit are the pods with a problem that does not pass by itself: no port that a container has, or no address of the Service's family
// although there is one of another. A pod that has no address at all has just been made.
func unfit(pods []*corev1.Pod, candidates []election.Candidate) []unfitPod {
	var all []unfitPod
	for i := range candidates {
		if candidates[i].Problem != "" && len(pods[i].Status.PodIPs) > 0 {
			all = append(all, unfitPod{pod: pods[i], problem: candidates[i].Problem})
		}
	}
	return all
}

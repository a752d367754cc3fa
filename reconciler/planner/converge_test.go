package planner

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// TestReplicasConverge runs a few replicas in random order against one model of the API, while the objects change. Each replica has its own
// informers, leader cache, clock and authority. They must not undo each other's work while they see different things, and must stop writing
// once they have seen the same.
func TestReplicasConverge(t *testing.T) {
	for seed := range int64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { converge(t, rand.New(rand.NewSource(seed))) })
	}
}

func converge(t *testing.T, r *rand.Rand) {
	a := &api{t: t, r: r, now: gen.T0, version: 100, inputs: 1, holders: 2}
	furthest := 10 // the largest skew of a clock, in seconds
	if a.oneIn(2) {
		furthest, a.terms = 1, map[int64]types.UID{}
	}
	a.setService(gen.WebService(gen.DualStack(corev1.IPFamilyPolicyRequireDualStack)))
	a.makeLeaderService()
	a.now = a.now.Add(10 * time.Second)
	for i := range 3 {
		a.makePod(i)
	}
	var replicas []*replica
	for i := range 2 + r.Intn(2) {
		replica := a.newReplica(fmt.Sprint("replica ", i))
		replica.skew = time.Duration(r.Intn(2*furthest+1)-furthest) * time.Second
		replicas = append(replicas, replica)
	}
	if a.oneIn(2) { // the replicas are of different versions
		a.holders = 1
		for i, replica := range replicas {
			replica.strategy = []config.Strategy{config.StrategyOldest, config.StrategyNewest}[i%2]
		}
	}
	if a.oneIn(2) {
		for _, replica := range replicas {
			replica.observer = dummy.Hears()
		}
	}
	a.electHolders(replicas)
	for range 10 {
		a.disturb(replicas)
		a.expectStandstill(replicas)
	}
	for _, replica := range replicas {
		if replica.observer != nil {
			replica.observer.Verdicts = nil
		}
	}
	a.expectRest(replicas)
}

// disturb mixes inputs, deliveries and reconciliations.
func (a *api) disturb(replicas []*replica) {
	for range 5 + a.r.Intn(15) {
		replica := replicas[a.r.Intn(len(replicas))]
		a.now = a.now.Add(time.Millisecond)
		switch a.r.Intn(20) {
		case 0:
			replica.admit(a)
		case 1, 2, 3:
			a.input(replicas)
		case 4, 5, 6, 7, 8, 9:
			replica.deliver(a, 1+a.r.Intn(3), a.oneIn(2), a.oneIn(2), a.oneIn(2))
		case 10, 11, 12:
			a.now = a.now.Add(time.Duration(a.r.Intn(3000)) * time.Millisecond)
		default:
			replica.reconcile(a, a.oneIn(2), a.oneIn(10))
		}
		a.mirror()
	}
	allowed := a.inputs
	if replicas[0].strategy != "" { // one replica replaces a lost leader, and then the holder of the Lease prefers another pod
		allowed *= 2
	}
	if a.commits > allowed {
		a.t.Fatalf("%d commits after %d inputs", a.commits, a.inputs)
	}
}

// expectStandstill stops the inputs, the clocks and the informers of pods and Services, so that the replicas still see different things.
// They must stop writing all the same, after little more than one commit each.
func (a *api) expectStandstill(replicas []*replica) {
	start := a.commits
	for range 20 {
		before := a.commits
		a.r.Shuffle(len(replicas), func(i, j int) { replicas[i], replicas[j] = replicas[j], replicas[i] })
		for _, replica := range replicas {
			replica.deliver(a, 1000, false, false, true)
			replica.reconcile(a, true, false)
		}
		if a.commits == before {
			if got := a.commits - start; got > len(replicas)+1 {
				a.t.Errorf("%d commits by %d replicas while nothing changes", got, len(replicas))
			}
			return
		}
	}
	a.t.Fatalf("%d commits while nothing changes, and the replicas still write", a.commits-start)
}

// expectRest stops the inputs for good. Once all times are due, no replica writes, and the slices say what they should.
func (a *api) expectRest(replicas []*replica) {
	for range 30 {
		a.now = a.now.Add(10 * time.Second)
		for _, replica := range replicas {
			a.mirror()
			replica.catchUp(a)
			replica.reconcile(a, true, false)
		}
	}
	before := a.commits
	for _, wait := range []time.Duration{0, time.Second, time.Hour, 24 * time.Hour} {
		a.now = a.now.Add(wait)
		for _, replica := range replicas {
			in, ok := replica.load(a, false)
			if !ok {
				a.t.Fatalf("%s has no leader Service", replica.name)
			}
			if in.Behind() {
				a.t.Errorf("%s is behind although it has seen all events", replica.name)
			}
			if p := Decide(in, a.now.Add(replica.skew)); len(p.Writes) > 0 {
				a.t.Errorf("%s still writes %d slices", replica.name, len(p.Writes))
			}
			replica.reconcile(a, true, false)
		}
	}
	if a.commits != before {
		a.t.Errorf("%d commits after all times are due", a.commits-before)
	}
	a.check(replicas)
}

// check checks the final slices.
func (a *api) check(replicas []*replica) {
	held := slices.ContainsFunc(replicas, func(r *replica) bool { return r.authority == commitrules.AuthorityAll })
	// Only a holder of the Lease replaces a term that is not believed. Until then the second family may differ.
	believed := true
	for _, replica := range replicas {
		in, _ := replica.load(a, false)
		p := Decide(in, a.now)
		believed = believed && p.Before.Term == p.After.Term
	}
	fit := false
	for _, pod := range a.pods.now {
		fit = fit || pod.DeletionTimestamp == nil && pod.Status.Conditions[0].Status == corev1.ConditionTrue
	}
	leaders, terms := map[types.UID]bool{}, map[int64]bool{}
	for _, family := range leaderslice.Families(a.leaderService()) {
		name := leaderslice.Name("web-leader", family)
		slice, exists := a.slices.now[name]
		if !exists {
			if fit && believed || held {
				a.t.Errorf("slice %s is missing", name)
			}
			return
		}
		if believed && len(slice.Endpoints) > 1 || fit && believed && (len(slice.Endpoints) == 0 || !*slice.Endpoints[0].Conditions.Ready) {
			a.t.Errorf("slice %s has endpoints %+v", name, slice.Endpoints)
		}
		for _, endpoint := range slice.Endpoints {
			if endpoint.TargetRef != nil {
				leaders[endpoint.TargetRef.UID] = true
			} else if believed {
				a.t.Errorf("slice %s has an endpoint without a pod", name)
			}
		}
		terms[leaderslice.ParseTerm(slice.Annotations)] = true
	}
	if fit && believed && len(leaders) != 1 || held && len(terms) != 1 {
		a.t.Errorf("the families differ: leaders %v and terms %v", leaders, terms)
	}
}

func (a *api) oneIn(n int) bool { return a.r.Intn(n) == 0 }

// mirror copies who leads to the leader Service, at times, as the leader Service controller does.
func (a *api) mirror() {
	slice, leaderService := a.slices.now["web-leader-ipv4"], a.leaderService()
	if slice == nil || leaderService == nil || !a.oneIn(4) || !leaderslice.OwnsSlice(slice, leaderService) {
		return
	}
	state := leaderslice.Parse(slice).State
	if state.Term == 0 || leaderslice.SameState(leaderService.Annotations, leaderslice.StateAnnotations(state)) {
		return
	}
	mirrored := leaderService.DeepCopy()
	mirrored.Annotations = leaderslice.StateAnnotations(state)
	a.setService(mirrored)
}

// electHolders gives the Lease to no replica, to one or, if the test allows it, to two.
func (a *api) electHolders(replicas []*replica) {
	a.inputs++
	for _, replica := range replicas {
		replica.authority = commitrules.AuthorityLosses
	}
	for range a.r.Intn(a.holders + 1) {
		replicas[a.r.Intn(len(replicas))].authority = commitrules.AuthorityAll
	}
}

func (a *api) makePod(i int) {
	pod := gen.ReadyPod(fmt.Sprint("p", i))
	pod.UID = types.UID(fmt.Sprintf("%s-%d", pod.Name, a.version))
	pod.CreationTimestamp = metav1.NewTime(a.now.Add(-time.Duration(a.r.Intn(100)) * time.Second))
	pod.Status.Conditions[0].LastTransitionTime = metav1.NewTime(a.now)
	a.setPod(pod)
}

func (a *api) makeLeaderService() {
	service := gen.LeaderOf(a.source())
	service.UID = types.UID(fmt.Sprint("leader-service-", a.version))
	service.CreationTimestamp = metav1.NewTime(a.now)
	a.setService(service)
}

// input changes an object, or who holds the Lease.
func (a *api) input(replicas []*replica) {
	a.inputs++
	if replica := replicas[a.r.Intn(len(replicas))]; replica.observer != nil && a.oneIn(3) {
		a.changeBelief(replica)
		return
	}
	switch a.r.Intn(10) {
	case 0:
		a.electHolders(replicas)
	case 1:
		a.changeService()
	case 2, 3, 4:
		a.changeSlice()
	default:
		a.changePod()
	}
}

// changeBelief changes what a replica believes about one pod. The others need not agree.
func (a *api) changeBelief(replica *replica) {
	pod, exists := a.pods.now[fmt.Sprint("p", a.r.Intn(3))]
	if !exists {
		return
	}
	verdicts := []observe.Verdict{observe.NotLost, observe.NodeLost, observe.LeaderFrozen, observe.LeaderCrashed}
	b := replica.observer
	b.Verdicts[pod.UID], b.HeardPods[pod.UID] = verdicts[a.r.Intn(len(verdicts))], a.oneIn(2)
	b.HeardPodsFor[pod.UID] = time.Duration(a.r.Intn(2)) * time.Hour
	a.t.Logf("%s believes of %s: %q, heard %t, for %s", replica.name, pod.UID, b.Verdicts[pod.UID], b.HeardPods[pod.UID], b.HeardPodsFor[pod.UID])
}

func (a *api) changePod() {
	i := a.r.Intn(3)
	pod, exists := a.pods.now[fmt.Sprint("p", i)]
	if !exists {
		a.makePod(i)
		return
	}
	pod = pod.DeepCopy()
	switch a.r.Intn(8) {
	case 0, 1:
		ready := &pod.Status.Conditions[0]
		ready.LastTransitionTime = metav1.NewTime(a.now)
		if ready.Status == corev1.ConditionTrue {
			ready.Status = corev1.ConditionFalse
		} else {
			ready.Status = corev1.ConditionTrue
		}
	case 2:
		now := metav1.NewTime(a.now)
		pod.DeletionTimestamp = &now
	case 3:
		a.pods.set(pod.Name, a.next(), nil)
		return
	case 4:
		if len(pod.Status.Conditions) > 1 {
			pod.Status.Conditions = pod.Status.Conditions[:1]
		} else {
			gen.DisruptionTarget(pod)
		}
	case 5:
		pod.Status.PodIPs[0].IP = fmt.Sprint("10.2.0.", a.r.Intn(200))
	case 6:
		pod.Status.PodIPs[1].IP = fmt.Sprint("fd00::", a.r.Intn(200))
	default: // a new version of the same pod
	}
	a.setPod(pod)
}

func (a *api) changeService() {
	source := a.source().DeepCopy()
	set := func(key string, values ...string) { source.Annotations[key] = values[a.r.Intn(len(values))] }
	switch a.r.Intn(7) {
	case 0:
		set(config.StrategyKey, "oldest", "newest")
	case 1:
		set(config.StickyKey, "true", "false")
	case 2:
		set(config.PreferredLeaderKey, "p0", "p1", "p2")
	case 3:
		set(config.MinReadyKey, "0s", "3s")
	case 4:
		set(config.NotReadyGraceKey, "0s", "3s")
	case 5:
		source.Spec.Ports[0].AppProtocol = new([]string{"http", "h2c"}[a.r.Intn(2)])
	default: // someone deletes the leader Service, and it is created again
		a.services.set("web-leader", a.next(), nil)
		a.makeLeaderService()
		return
	}
	a.setService(source)
}

func (a *api) changeSlice() {
	name := []string{"web-leader-ipv4", "web-leader-ipv6"}[a.r.Intn(2)]
	slice, exists := a.slices.now[name]
	if !exists {
		return
	}
	slice = slice.DeepCopy()
	if slice.Annotations == nil {
		slice.Annotations = map[string]string{}
	}
	switch a.r.Intn(9) {
	case 0:
		a.t.Logf("input deletes %s", name)
		a.slices.set(name, a.next(), nil)
		return
	case 1:
		terms := []string{"9223372036854775807", "-9223372036854775808", "-1", "0", "1", "many"}
		if a.terms == nil {
			terms = append(terms, fmt.Sprint(a.now.UnixMilli()+40_000))
		}
		slice.Annotations[config.TermKey] = terms[a.r.Intn(len(terms))]
	case 2:
		keys := []string{config.TermKey, config.LeaderKey, config.LeaderSinceKey, config.ReasonKey, config.BasisKey}
		delete(slice.Annotations, keys[a.r.Intn(len(keys))])
	case 3:
		slice.Annotations = nil
	case 4:
		slice.Endpoints = nil
	case 5:
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{"10.9.9.9"}})
	case 6:
		slice.Labels = map[string]string{discoveryv1.LabelManagedBy: config.SliceManagedBy}
	case 7:
		slice.OwnerReferences = nil
	case 8:
		slice.Annotations[config.LeaderKey] = fmt.Sprint("p", a.r.Intn(4))
	}
	a.t.Logf("input on %s: %v owners %d endpoints %d", name, slice.Annotations, len(slice.OwnerReferences), len(slice.Endpoints))
	a.setSlice(slice)
}

package planner

import (
	"errors"
	"maps"
	"math/rand"
	"slices"
	"strconv"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/commitrules"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// api is a model of the API server: the objects of one Service, and every change of them as a watch delivers it.
type api struct {
	t       *testing.T
	r       *rand.Rand
	now     time.Time
	version int
	// The objects, by name, and their changes in order.
	pods     kind[*corev1.Pod]
	services kind[*corev1.Service]
	slices   kind[*discoveryv1.EndpointSlice]
	// inputs counts the changes of objects and replicas from outside, commits those that the replicas have committed.
	inputs, commits int
	// holders is the largest number of replicas that hold the Lease.
	holders int
	// terms are the leaders of the terms that were committed. It is nil when clocks or made-up terms are so far off that a term may be used
	// again once all annotations that record it are lost.
	terms map[int64]types.UID
}

// kind is the objects of one kind, and their changes.
type kind[T any] struct {
	now map[string]T
	log []change[T]
}

// change is one event of a watch. before is nil when the object did not exist, after when it was deleted.
type change[T any] struct {
	name, version string
	before, after *T
}

func (k *kind[T]) set(name, version string, object *T) {
	before, existed := k.now[name]
	c := change[T]{name: name, version: version, after: object}
	if existed {
		c.before = &before
	}
	if k.now == nil {
		k.now = map[string]T{}
	}
	if object == nil {
		delete(k.now, name)
	} else {
		k.now[name] = *object
	}
	k.log = append(k.log, c)
}

func (a *api) next() string {
	a.version++
	return strconv.Itoa(a.version)
}

func (a *api) setPod(pod *corev1.Pod) {
	pod.ResourceVersion = a.next()
	a.pods.set(pod.Name, pod.ResourceVersion, &pod)
}

func (a *api) setService(service *corev1.Service) {
	service.ResourceVersion = a.next()
	a.services.set(service.Name, service.ResourceVersion, &service)
}

func (a *api) setSlice(slice *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	slice.ResourceVersion = a.next()
	a.slices.set(slice.Name, slice.ResourceVersion, &slice)
	return slice
}

// errRefused is the API server's answer to a write that is based on an older version.
var errRefused = errors.New("conflict")

// write carries out a replica's write, or refuses it.
func (a *api) write(write cache.Write) (*discoveryv1.EndpointSlice, error) {
	existing, exists := a.slices.now[write.Desired.Name]
	switch {
	case write.Current == nil && !exists:
		created := write.Desired.DeepCopy()
		created.UID = types.UID("slice-" + strconv.Itoa(a.version))
		return a.setSlice(created), nil
	case write.Current == nil || !exists || existing.ResourceVersion != write.Current.ResourceVersion:
		return nil, errRefused
	}
	updated := UpdatedSlice(write.Current, write.Desired).DeepCopy()
	if apiequality.Semantic.DeepEqual(existing, updated) {
		a.t.Errorf("a write that changes nothing: %v", existing.Annotations)
	}
	return a.setSlice(updated), nil
}

// source and leaderService return the two Services.
func (a *api) source() *corev1.Service        { return a.services.now["web"] }
func (a *api) leaderService() *corev1.Service { return a.services.now["web-leader"] }

// replica is one replica of Tanist: what its informers have delivered, its leader cache, its clock and its authority.
type replica struct {
	name      string
	leaders   *cache.Leaders
	pods      map[string]*corev1.Pod
	services  map[string]*corev1.Service
	seen      leaderslice.Basis
	delivered struct{ pods, services, slices int }
	skew      time.Duration
	authority commitrules.Authority
	// strategy replaces the Service's strategy, and no leader is sticky: the rules of another version. Empty for the Service's own.
	strategy config.Strategy
	// observer is what the replica believes about pods; nil for a replica that does not observe.
	observer *dummy.Observer
}

// newReplica returns a replica that has just listed all objects.
func (a *api) newReplica(name string) *replica {
	r := &replica{name: name, leaders: cache.New(), pods: maps.Clone(a.pods.now), services: maps.Clone(a.services.now)}
	if r.pods == nil {
		r.pods = map[string]*corev1.Pod{}
	}
	for _, slice := range a.slices.now {
		r.leaders.Observe(gen.ShopWeb, leaderslice.Parse(slice), a.now)
	}
	r.delivered.pods, r.delivered.services, r.delivered.slices = len(a.pods.log), len(a.services.log), len(a.slices.log)
	r.seen = leaderslice.Basis{Pods: strconv.Itoa(a.version), Services: strconv.Itoa(a.version)}
	return r
}

// deliver delivers up to n events of each of the chosen kinds, in order.
func (r *replica) deliver(a *api, n int, pods, services, slices bool) {
	for range n {
		if i := r.delivered.pods; pods && i < len(a.pods.log) {
			r.delivered.pods++
			r.deliverPod(a.pods.log[i])
		}
		if i := r.delivered.services; services && i < len(a.services.log) {
			r.delivered.services++
			r.deliverService(a.services.log[i], a.now)
		}
		if i := r.delivered.slices; slices && i < len(a.slices.log) {
			r.delivered.slices++
			r.deliverSlice(a.slices.log[i], a.now)
		}
	}
}

// catchUp delivers all events, and the bookmarks that say that there are no more.
func (r *replica) catchUp(a *api) {
	r.deliver(a, 1000, true, true, true)
	r.seen = leaderslice.Basis{Pods: strconv.Itoa(a.version), Services: strconv.Itoa(a.version)}
}

func (r *replica) deliverPod(c change[*corev1.Pod]) {
	if c.after == nil {
		delete(r.pods, c.name)
	} else {
		r.pods[c.name] = *c.after
	}
	r.seen.Pods = c.version
	r.leaders.ObservePod(gen.ShopWeb, c.version)
}

func (r *replica) deliverService(c change[*corev1.Service], now time.Time) {
	if c.after == nil {
		delete(r.services, c.name)
	} else {
		r.services[c.name] = *c.after
	}
	r.seen.Services = c.version
	r.leaders.Invalidate(gen.ShopWeb, cache.ServiceChanged, now)
}

func (r *replica) deliverSlice(c change[*discoveryv1.EndpointSlice], now time.Time) {
	if c.after == nil {
		r.leaders.ObserveDeletion(gen.ShopWeb, c.name, (*c.before).UID, c.version, now)
	} else {
		r.leaders.Observe(gen.ShopWeb, leaderslice.Parse(*c.after), now)
	}
}

// load returns the replica's input, as Controller.loadFromInformers and Controller.loadSlices do. live reads the pods from the API, too.
func (r *replica) load(a *api, live bool) (Input, bool) {
	in := Input{
		Source: r.services["web"], LeaderService: r.services["web-leader"], Tuning: config.DefaultTuning(),
		Seen: r.seen, Authority: r.authority,
	}
	if in.LeaderService == nil || !leaderslice.OwnsLeaderService(in.LeaderService, in.Source) {
		return in, false
	}
	if r.observer != nil {
		in.Observer = r.observer
	}
	var miss cache.Miss
	in.Record, miss = r.leaders.Lookup(gen.ShopWeb, in.Want())
	if live || miss != "" || in.HasOtherOwner() {
		in.Source, in.LeaderService = a.source(), a.leaderService()
		if in.LeaderService == nil {
			return in, false
		}
		in.SeeServices()
		in.Record = r.refresh(a, in.Want())
	}
	in.Pods = slices.Collect(maps.Values(r.pods))
	if live {
		in.Pods, in.PodsReadLive, in.Seen.Pods = slices.Collect(maps.Values(a.pods.now)), true, strconv.Itoa(a.version)
	}
	a.r.Shuffle(len(in.Pods), func(i, j int) { in.Pods[i], in.Pods[j] = in.Pods[j], in.Pods[i] })
	in.Options, _ = store.ResolveOptions(in.Source, in.LeaderService)
	if r.strategy != "" {
		in.Options.Strategy, in.Options.Sticky, in.Options.PreferredLeader = r.strategy, false, ""
	}
	return in, true
}

func (r *replica) refresh(a *api, want cache.Want) cache.Record {
	var found []leaderslice.Slice
	for _, slice := range a.slices.now {
		found = append(found, leaderslice.Parse(slice))
	}
	return r.leaders.Refresh(gen.ShopWeb, want, found, a.now, a.now)
}

// reconcile is one reconciliation. It ignores all delays: the order in which the test calls it stands for them. A replica that is behind
// does nothing if waits is true, and reads live otherwise. A replica that dies makes only its first write.
func (r *replica) reconcile(a *api, waits, dies bool) {
	in, ok := r.load(a, false)
	if !ok {
		return
	}
	p := Decide(in, a.now.Add(r.skew))
	if len(p.Writes) > 0 && in.Behind() {
		if waits {
			r.leaders.SetState(gen.ShopWeb, p.Before, p.Highest)
			return
		}
		if in, ok = r.load(a, true); !ok {
			return
		}
		p = Decide(in, a.now.Add(r.skew))
	}
	r.leaders.SetState(gen.ShopWeb, p.Before, p.Highest)
	r.commit(a, in, p, dies)
	r.leaders.Decided(gen.ShopWeb, p.Decision.Successor)
}

// admit is the admission of the leader's deletion by a replica that commits at once. The deletion counts as refused unless the test deletes
// the pod afterwards.
func (r *replica) admit(a *api) {
	in, ok := r.load(a, false)
	if !ok || in.Behind() {
		return
	}
	now := a.now.Add(r.skew)
	in.Tuning.Commit.OnAdmission = true
	state, _ := in.RecordedState(now)
	prepared, ok := Prepare(in, cache.Departure{Namespace: "shop", Name: state.Leader.Name, UID: state.Leader.UID}, now)
	if !ok {
		return
	}
	a.inputs += 2 // when the deletion is refused, the leader may move back
	r.commit(a, in, PreparedPlan(in, &prepared, now), false)
}

// commit carries out a plan, as Controller.apply does.
func (r *replica) commit(a *api, in Input, p Plan, dies bool) {
	for i, write := range p.Writes {
		if i > 0 && dies {
			a.inputs++
			return
		}
		slice, err := a.write(write)
		if err != nil {
			r.refresh(a, in.Want())
			if i > 0 {
				a.inputs++ // the next reconciliation writes the other family
			}
			return
		}
		r.leaders.Committed(gen.ShopWeb, leaderslice.Parse(slice), a.now)
		if i == 0 {
			a.commits++
			r.leaders.SetState(gen.ShopWeb, p.After, p.After.Term)
			a.checkTerm(r, p, write)
		}
	}
}

// checkTerm checks that no term has two leaders.
func (a *api) checkTerm(r *replica, p Plan, write cache.Write) {
	a.t.Logf("%s (%v, %s) commits %s: %s to %s, term %d to %d, reason %q, basis %s", r.name, r.authority, r.skew, write.Desired.Name,
		p.Before.Leader.UID, p.After.Leader.UID, p.Before.Term, p.After.Term, p.Decision.Reason, write.Desired.Annotations[config.BasisKey])
	leader := p.After.Leader.UID
	if other, given := a.terms[p.After.Term]; given && other != leader {
		a.t.Errorf("term %d has leaders %s and %s", p.After.Term, other, leader)
	}
	if a.terms != nil {
		a.terms[p.After.Term] = leader
	}
}

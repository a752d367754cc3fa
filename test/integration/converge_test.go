//go:build integration

package integration_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
)

var rounds = flag.Int("rounds", 20, "how many rounds the convergence test takes")

// settling is how long replicas may still write after the last input, and after what was due then. Time in which this process waited for a
// CPU does not count. observing is how long the test then checks that they do not.
const (
	settling  = 3 * time.Second
	observing = 4 * time.Second
)

// longestDelay is how much later an event arrives at one replica than at another, at most.
const longestDelay = 300 * time.Millisecond

// longestSkew is how far a replica's clock is from the API server's, at most.
const longestSkew = 10 * time.Second

// TestConvergence gives replicas different memories, delays, clocks and rules. Everything changes at random for a moment, and then nothing
// does. From three seconds later on, nothing may be written. A round's seed repeats it.
func TestConvergence(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	for round := range *rounds {
		seed := *seed + uint64(round)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := newConvergence(t, seed)
			c.changeAtRandom()
			c.divideMemories()
			c.settle()
			c.check()
		})
	}
}

// convergence is one round of the test.
type convergence struct {
	*testNamespace
	random       *rand.Rand
	installation *tanist
	replicas     []*differingReplica
	services     []*convergingService
	pods         int
	// inputs are the changes made. foreign has the resourceVersions of slices that the test wrote.
	inputs  []string
	foreign map[string]bool
	// quietSince is when nothing is due any longer. waitedBefore is how long this process had waited for a CPU when the last input was made.
	quietSince   time.Time
	waitedBefore time.Duration
}

// differingReplica is a replica with its own delays, clock and rules. A restart does not change them.
type differingReplica struct {
	*replica
	delays [3]time.Duration
	skew   int64 // in seconds
	blind  bool
}

// convergingService is a Service and the pods that it selects.
type convergingService struct {
	name  string
	dual  bool
	pods  []string
	waits bool // one of its annotations makes something due later
}

func (l *convergingService) leaderService() string { return l.name + config.LeaderServiceSuffix }

func newConvergence(t *testing.T, seed uint64) *convergence {
	t.Helper()
	c := &convergence{
		testNamespace: newNamespace(t), random: rand.New(rand.NewPCG(seed, 0)), installation: newTanist(t), foreign: map[string]bool{},
	}
	t.Cleanup(c.describe)
	// A blind replica does not see this tuning.
	c.installation.tune("election: {handoverOnDisruptionTarget: false}")
	blind := c.random.IntN(3)
	for i := range 2 + c.random.IntN(2) {
		c.replicas = append(c.replicas, &differingReplica{
			delays: [3]time.Duration{c.upTo(longestDelay), c.upTo(longestDelay), c.upTo(longestDelay)}, skew: c.random.Int64N(2*int64(longestSkew/time.Second)+1) - int64(longestSkew/time.Second), blind: i == blind,
		})
	}
	c.start(c.replicas[0])
	for i := range 2 + c.random.IntN(3) {
		l := &convergingService{name: fmt.Sprint("app", i), dual: c.random.IntN(2) == 0}
		c.services = append(c.services, l)
		c.withService(l.name, func(service *corev1.Service) {
			if l.dual {
				policy := corev1.IPFamilyPolicyRequireDualStack
				service.Spec.IPFamilyPolicy = &policy
			}
		})
		c.addPod(l)
		c.addPod(l)
	}
	return c
}

func (c *convergence) upTo(longest time.Duration) time.Duration {
	return time.Duration(c.random.Int64N(int64(longest)))
}

// start runs a replica, which has no memory yet.
func (c *convergence) start(p *differingReplica) {
	c.t.Helper()
	n := &network{}
	n.delay.pods.set(p.delays[0])
	n.delay.slices.set(p.delays[1])
	n.delay.services.set(p.delays[2])
	n.skew.Store(p.skew)
	n.blind.Store(p.blind)
	p.replica = c.installation.startBehind(n, app.Options{})
}

// changeAtRandom makes random changes for a few seconds, as fast as the API server takes them. Replicas start and restart meanwhile.
func (c *convergence) changeAtRandom() {
	c.t.Helper()
	until := time.After(time.Second + c.upTo(2*time.Second))
	for {
		select {
		case <-until:
			return
		default:
			c.inputs = append(c.inputs, c.act())
		}
	}
}

// divideMemories gives the replicas different memories of some Services. Those that run have seen the last good annotations, and one that
// starts later sees only wrong ones.
func (c *convergence) divideMemories() {
	c.t.Helper()
	for _, p := range c.replicas {
		if p.replica == nil {
			c.start(p)
		}
	}
	divided := c.services[c.random.IntN(len(c.services)):]
	for _, l := range divided {
		c.annotate(l.name, config.StickyKey, "false")
		c.annotate(l.name, config.StrategyKey, "newest")
	}
	seen := time.NewTimer(longestDelay + 200*time.Millisecond)
	defer seen.Stop()
	<-seen.C
	for _, l := range divided {
		c.annotate(l.name, config.StrategyKey, "newst")
	}
	history.eventually(c.t, func() string { // otherwise changeReplica would start none
		if lowered := c.termsLowered(); len(lowered) > 0 {
			return fmt.Sprintf("that lowered terms are corrected: %v", lowered)
		}
		return ""
	})
	c.inputs = append(c.inputs, fmt.Sprintf("%d Services were seen to want the newest, now newst", len(divided)), "replica: "+c.changeReplica())
}

// settle makes sure that every Service can have a leader, and computes until when something is due.
func (c *convergence) settle() {
	c.t.Helper()
	for _, l := range c.services {
		c.addPod(l)
		c.addPod(l)
	}
	history.eventually(c.t, func() string { // a new holder first checks everything itself
		if !slices.ContainsFunc(c.replicas, func(p *differingReplica) bool { return p.holdsLease() }) {
			return "a holder of the Lease"
		}
		return ""
	})
	c.quietSince, c.waitedBefore = time.Now().Add(c.due()), waitedForCPU(c.t)
}

// due is how long after the last input something may be due: a grace or a min-ready of one second, two seconds more for a replica without
// the Lease, each by the replica's own clock.
func (c *convergence) due() time.Duration {
	if !slices.ContainsFunc(c.services, func(l *convergingService) bool { return l.waits }) {
		return 0
	}
	latest := time.Duration(0)
	for _, p := range c.replicas {
		latest = max(latest, 3*time.Second-time.Duration(p.skew)*time.Second)
	}
	return latest
}

// check checks that nothing is written, and that the result is right.
func (c *convergence) check() {
	c.t.Helper()
	problems := c.writtenSince(c.awaitSilence())
	problems = append(problems, c.termProblems()...)
	for _, slice := range c.termsLowered() {
		problems = append(problems, "the term of "+slice+" is lower than it was")
	}
	for _, l := range c.services {
		problems = append(problems, c.leaderProblems(l)...)
	}
	problems = append(problems, c.refusedWrites()...)
	if len(problems) == 0 {
		return
	}
	for _, problem := range problems[:min(30, len(problems))] {
		c.t.Error(problem)
	}
	c.t.Fatalf("%d problems", len(problems))
}

// awaitSilence waits until the replicas have settled and have been observed, and returns from when on nothing may be written.
func (c *convergence) awaitSilence() (from time.Time) {
	c.t.Helper()
	c.pauseUntil(c.quietSince.Add(settling))
	waited := max(0, waitedForCPU(c.t)-c.waitedBefore) // a thread that has ended takes its time with it
	c.t.Logf("replicas had %s to settle, and waited %s of it for a CPU", settling+waited, waited)
	from = c.quietSince.Add(settling + waited)
	c.pauseUntil(from.Add(observing))
	return from
}

func (c *convergence) pauseUntil(at time.Time) {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.t.Context().Done():
	}
}

// refusedWrites returns the Events about writes that the API server has refused. Nothing in the test refuses any.
func (c *convergence) refusedWrites() []string {
	var refused []string
	for _, v := range history.all("Event", c.namespace) {
		if event, ok := v.object.(*eventsv1.Event); ok && event.Reason == "WriteRefused" {
			refused = append(refused, event.Note)
		}
	}
	return refused
}

// describe logs what happened in a round that has failed.
func (c *convergence) describe() {
	if !c.t.Failed() {
		return
	}
	for i, p := range c.replicas {
		c.t.Logf("replica %d: delays %v, skew %d s, blind %t", i, p.delays, p.skew, p.blind)
	}
	for _, l := range c.services {
		c.t.Logf("%s: dual stack %t, %v", l.name, l.dual, history.service(c.namespace, l.name).Annotations)
	}
	for _, input := range c.inputs[max(0, len(c.inputs)-40):] {
		c.t.Log(input)
	}
	slices := history.all("EndpointSlice", c.namespace)
	for _, v := range slices[max(0, len(slices)-60):] {
		if slice, ok := v.object.(*discoveryv1.EndpointSlice); ok {
			c.t.Logf("%s %s: gone %t, by the test %t, %v", v.seen.Format(time.StampMilli), v.key, v.gone, c.foreign[slice.ResourceVersion], slice.Annotations)
		}
	}
	for _, v := range history.all("Event", c.namespace) {
		if event, ok := v.object.(*eventsv1.Event); ok && event.Type == corev1.EventTypeWarning {
			c.t.Logf("%s %s: %s", v.seen.Format(time.StampMilli), event.Reason, event.Note)
		}
	}
}

// slicesOf returns all slices of a Service's leader Service, whoever made them.
func (c *convergence) slicesOf(l *convergingService, family discoveryv1.AddressType) []*discoveryv1.EndpointSlice {
	var found []*discoveryv1.EndpointSlice
	for _, object := range history.objects("EndpointSlice", c.namespace) {
		slice, ok := object.(*discoveryv1.EndpointSlice)
		if ok && slice.AddressType == family && slice.Labels[discoveryv1.LabelServiceName] == l.leaderService() {
			found = append(found, slice)
		}
	}
	return found
}

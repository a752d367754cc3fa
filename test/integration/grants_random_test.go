//go:build integration

package integration_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leader"
)

var grantsFor = flag.Duration("grants-for", 30*time.Second, "how long the random test of grants takes")

// grantChecker checks every few milliseconds that no two pods hold a grant.
type grantChecker struct {
	mu sync.Mutex
	// held has of each pod the last states that were valid: of one that is over the grant may still be.
	held map[string][]leader.State
	// grants counts those that began.
	grants int
}

func (c *grantChecker) add(pod string, state leader.State) {
	if !state.Valid() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.grants++
	c.held[pod] = append(c.held[pod], state)
	if len(c.held[pod]) > 3 {
		c.held[pod] = c.held[pod][1:]
	}
}

// together returns the pods that hold a grant at the same time. It looks twice, because one grant may end and another begin during a look: one that
// is valid in both was valid between them.
func (c *grantChecker) together() []string {
	before := c.holders()
	if len(before) < 2 {
		return nil
	}
	after := c.holders()
	return slices.DeleteFunc(before, func(holder string) bool { return !slices.Contains(after, holder) })
}

// holders returns the pods that hold a grant, and for which terms.
func (c *grantChecker) holders() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var holders []string
	for pod, states := range c.held {
		for _, state := range states {
			if state.Valid() {
				holders = append(holders, fmt.Sprint(pod, " with term ", state.Term))
				break
			}
		}
	}
	return holders
}

// TestGrantsAtRandom moves the leader at random, by preference, so that terms follow each other fast, with leaders that step down and leaders
// that do not, and replicas that lose the API server, while three pods ask two replicas.
func TestGrantsAtRandom(t *testing.T) {
	installation := newTanist(t)
	installation.tune("grant: {duration: 500ms}")
	replicas := make([]*replica, 2)
	urls := make([]string, 2)
	for i := range replicas {
		replicas[i], urls[i] = installation.grantsOf(fmt.Sprint("tanist-", i), address(t, 111+i))
	}
	replicas[0].waitElectedOr(replicas[1])
	s := newNamespace(t)
	s.withService("web", func(service *corev1.Service) { service.Spec.IPFamilyPolicy = new(corev1.IPFamilyPolicySingleStack) })
	check := &grantChecker{held: map[string][]leader.State{}}
	contenders := map[string]*contender{}
	for i := range 3 {
		name := fmt.Sprint("pod-", i)
		contenders[name] = s.withContender("web", name, urls[i%2], address(t, 11+i))
	}
	over, ended := time.After(*grantsFor), make(chan struct{})
	var wg sync.WaitGroup
	for name, c := range contenders {
		wg.Go(func() {
			for {
				select {
				case state := <-c.states:
					check.add(name, state)
				case <-ended:
					return
				}
			}
		})
	}
	wg.Go(func() {
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-tick.C:
				if holders := check.together(); len(holders) > 1 {
					t.Errorf("grants at a time: %v", holders)
				}
			case <-ended:
				return
			}
		}
	})
	for done := false; !done; {
		pod := fmt.Sprint("pod-", rand.IntN(3))
		s.annotate("web", config.PreferredLeaderKey, pod)
		if rand.IntN(2) == 0 {
			c := contenders[fmt.Sprint("pod-", rand.IntN(3))]
			wg.Go(func() { _ = c.StepDown(t.Context()) })
		}
		if rand.IntN(10) == 0 {
			cut := replicas[rand.IntN(2)]
			cut.network.cut()
			wg.Go(func() {
				<-time.After(rand.N(2 * time.Second))
				cut.network.mend()
			})
		}
		select {
		case <-time.After(rand.N(2 * time.Second)):
		case <-over:
			done = true
		}
	}
	close(ended)
	wg.Wait()
	for _, r := range replicas {
		r.network.mend()
	}
	t.Logf("%d grants began", check.grants)
	if check.grants < 3 {
		t.Error("there were too few grants to prove anything")
	}
}

// waitElectedOr waits until one of two replicas holds the Lease.
func (r *replica) waitElectedOr(other *replica) {
	r.t.Helper()
	select {
	case <-r.elected():
	case <-other.elected():
	case <-time.After(waitTimeout):
		r.t.Fatal("no replica was elected")
	}
}

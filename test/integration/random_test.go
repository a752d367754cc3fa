//go:build integration

package integration_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

var (
	seed   = flag.Uint64("seed", 0, "of the random test; 0 for a new one each time")
	events = flag.Int("events", 300, "how many events the random test makes")
)

// randomTest is a run of the random test, with what must be true of its objects.
type randomTest struct {
	*testNamespace
	random       *rand.Rand
	installation *tanist
	replicas     []*replica
	apps         []*appState
	pods         int
	deaths       int
	// nodes says which nodes are cordoned.
	nodes map[string]bool
}

// appState is a Service and its pods.
type appState struct {
	name          string
	exists        bool
	enabled       bool
	leaderService string
	pods          map[string]*podState
	// revisions are the ReplicaSets of its Deployment, the newest last. New pods are of the newest.
	revisions []*appsv1.ReplicaSet
	revision  int
}

type podState struct {
	ready, disrupted, terminating bool
	node                          string
}

// fit returns the pods that may lead.
func (a *appState) fit() []string {
	var names []string
	for name, pod := range a.pods {
		if pod.ready && !pod.terminating {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// TestWhateverHappens creates, deletes and changes pods, Services and replicas of Tanist at random. After every event it checks that every
// version that any object ever had satisfies the invariants.
func TestWhateverHappens(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat with -args -seed %d", *seed)
	r := &randomTest{testNamespace: newNamespace(t), random: rand.New(rand.NewPCG(*seed, 0)), installation: newTanist(t)}
	r.makeBarriers()
	r.makeNodes(3)
	foreignVersions := r.makeForeignObjects()
	r.replicas = []*replica{r.installation.startElected(), r.installation.start()}
	for i := range 3 {
		app := &appState{name: fmt.Sprint("app", i), exists: true, enabled: true, pods: map[string]*podState{}}
		app.leaderService = app.name + "-leader"
		r.apps = append(r.apps, app)
		r.rollOut(app)
		r.withService(app.name, r.dualStackSometimes)
		r.addPod(app)
		r.addPod(app)
	}
	for i := range *events {
		what := r.event()
		t.Logf("event %d: %s", i, what)
		r.checkInvariants()
		if i%5 == 0 {
			r.converge()
		}
		for name, version := range foreignVersions {
			if got := r.foreign(name); got != version {
				t.Fatalf("event %d: %s, which is not Tanist's, changed from %s to %s", i, name, version, got)
			}
		}
	}
	r.converge()
	r.checkInvariants()
}

func (r *randomTest) dualStackSometimes(service *corev1.Service) {
	if r.random.IntN(2) == 0 {
		policy := corev1.IPFamilyPolicyRequireDualStack
		service.Spec.IPFamilyPolicy = &policy
	}
}

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
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

var (
	seed   = flag.Uint64("seed", 0, "of the random test; 0 for a new one each time")
	events = flag.Int("events", 300, "how many events the random test makes")
)

// world is what the random test believes to be true.
type world struct {
	*scene
	random       *rand.Rand
	installation *tanist
	replicas     []*replica
	apps         []*appWorld
	pods         int
	deaths       int
	// nodes are cordoned or not.
	nodes map[string]bool
}

// appWorld is one Service with its pods.
type appWorld struct {
	name          string
	exists        bool
	enabled       bool
	leaderService string
	pods          map[string]*podWorld
	// revisions are the ReplicaSets of its Deployment; the pods that are made are of the one with the highest number.
	revisions []*appsv1.ReplicaSet
	revision  int
}

type podWorld struct {
	ready, disrupted, terminating bool
	node                          string
}

// fit are the pods that may lead.
func (a *appWorld) fit() []string {
	var names []string
	for name, pod := range a.pods {
		if pod.ready && !pod.terminating {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// TestWhateverHappens lets pods, Services and replicas of Tanist come, go and change at random, and checks after every event that
// what must always be true is true of every version that any object ever had.
func TestWhateverHappens(t *testing.T) {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat with -args -seed %d", *seed)
	w := &world{scene: newScene(t), random: rand.New(rand.NewPCG(*seed, 0)), installation: newTanist(t)}
	w.makeBarriers()
	w.makeNodes(3)
	decoys := w.makeDecoys()
	w.replicas = []*replica{w.installation.startElected(), w.installation.start()}
	for i := range 3 {
		app := &appWorld{name: fmt.Sprint("app", i), exists: true, enabled: true, pods: map[string]*podWorld{}}
		app.leaderService = app.name + "-leader"
		w.apps = append(w.apps, app)
		w.rollOut(app)
		w.withService(app.name, w.dualStackSometimes)
		w.addPod(app)
		w.addPod(app)
	}
	for i := range *events {
		what := w.event()
		t.Logf("event %d: %s", i, what)
		w.checkInvariants()
		if i%5 == 0 {
			w.converge()
		}
		for name, version := range decoys {
			if got := w.foreign(name); got != version {
				t.Fatalf("event %d: %s, which is not Tanist's, changed from %s to %s", i, name, version, got)
			}
		}
	}
	w.converge()
	w.checkInvariants()
}

func (w *world) dualStackSometimes(service *corev1.Service) {
	if w.random.IntN(2) == 0 {
		policy := corev1.IPFamilyPolicyRequireDualStack
		service.Spec.IPFamilyPolicy = &policy
	}
}

// event makes one thing happen, and says what.
func (w *world) event() string {
	app := w.apps[w.random.IntN(len(w.apps))]
	pod := w.pick(app)
	switch n := w.random.IntN(100); {
	case n < 20 || pod == "":
		return "a pod more: " + w.addPod(app)
	case n < 26:
		return "cordon: " + w.flipCordon()
	case n < 34:
		return "deletion begins: " + w.terminatePod(app, pod)
	case n < 44:
		return "killed: " + w.killPod(app, pod)
	case n < 58:
		return "readiness changes: " + w.flipReadiness(app, pod)
	case n < 64:
		return "disrupted: " + w.disruptPod(app, pod)
	case n < 66:
		return "another address: " + w.readdress(app, pod)
	case n < 69:
		return "rollout: " + w.rollOut(app)
	case n < 71:
		return "all pods go: " + w.killAll(app)
	case n < 76:
		return "Service: " + w.changeService(app)
	case n < 80:
		return "opt in or out: " + w.flipEnabled(app)
	case n < 83:
		return "the leader Service has another name: " + w.rename(app)
	case n < 86:
		return "someone deletes: " + w.vandalise(app)
	case n < 96:
		return "replica: " + w.changeReplicas()
	default:
		return "a replica dies: " + w.killReplica()
	}
}

func (w *world) pick(app *appWorld) string {
	names := make([]string, 0, len(app.pods))
	for name := range app.pods {
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return names[w.random.IntN(len(names))]
}

func (w *world) addPod(app *appWorld) string {
	if len(app.pods) >= 6 {
		return "not needed"
	}
	w.pods++
	name := fmt.Sprint(app.name, "-", w.pods)
	if w.random.IntN(4) == 0 {
		app.pods[name] = &podWorld{node: w.pickNode()}
		w.withPod(app.name, name, onNode(app.pods[name].node), ofReplicaSet(app.newest()))
		return name + " (not ready)"
	}
	app.pods[name] = &podWorld{ready: true, node: w.pickNode()}
	w.withReadyPod(app.name, name, onNode(app.pods[name].node), ofReplicaSet(app.newest()))
	return name
}

func (w *world) terminatePod(app *appWorld, pod string) string {
	w.terminate(pod)
	app.pods[pod].terminating = true
	return pod
}

func (w *world) killPod(app *appWorld, pod string) string {
	w.kill(pod)
	delete(app.pods, pod)
	return pod
}

func (w *world) killAll(app *appWorld) string {
	for pod := range app.pods {
		w.kill(pod)
	}
	clear(app.pods)
	return app.name
}

func (w *world) flipReadiness(app *appWorld, pod string) string {
	state := app.pods[pod]
	switch {
	case state.ready:
		w.notReady(pod)
	case history.pod(w.namespace, pod) != nil && history.pod(w.namespace, pod).Status.PodIP != "":
		w.readyAgain(pod)
	default:
		w.ready(pod)
		state.disrupted = false // its conditions are replaced
	}
	state.ready = !state.ready
	return fmt.Sprintf("%s is ready: %t", pod, state.ready)
}

func (w *world) disruptPod(app *appWorld, pod string) string {
	w.condition(pod, "DisruptionTarget", "True")
	app.pods[pod].disrupted = true
	return pod
}

func (w *world) readdress(app *appWorld, pod string) string {
	if app.pods[pod].ready {
		w.ready(pod)
		app.pods[pod].disrupted = false // its conditions are replaced
	}
	return pod
}

func (w *world) changeService(app *appWorld) string {
	switch {
	case !app.exists:
		w.withService(app.name, w.dualStackSometimes)
		app.exists, app.enabled, app.leaderService = true, true, app.name+"-leader"
		return app.name + " is back"
	case w.random.IntN(2) == 0:
		port := 1000 + w.random.IntN(1000)
		w.patchService(app.name, fmt.Sprintf(`{"spec":{"ports":[{"name":"http","port":%d,"targetPort":"web"}]}}`, port))
		return fmt.Sprintf("%s has port %d", app.name, port)
	default:
		w.deleteService(app.name)
		app.exists = false
		w.converge() // made anew at once, it would find its leader Service in its way until the garbage collector comes
		return app.name + " is gone"
	}
}

func (w *world) flipEnabled(app *appWorld) string {
	if !app.exists {
		return "not there"
	}
	app.enabled = !app.enabled
	value := ""
	if app.enabled {
		value = "true"
	}
	w.annotate(app.name, config.EnabledKey, value)
	return fmt.Sprintf("%s: %t", app.name, app.enabled)
}

func (w *world) rename(app *appWorld) string {
	if !app.exists {
		return "not there"
	}
	app.leaderService = fmt.Sprint(app.name, "-boss", w.random.IntN(3))
	w.annotate(app.name, config.LeaderServiceKey, app.leaderService)
	return app.leaderService
}

// vandalise deletes what is Tanist's. It could forget a term if it was just starting, and had not even seen what is deleted now; so
// whoever will mend it gets the time to look around first.
func (w *world) vandalise(app *appWorld) string {
	w.converge()
	w.settleIn()
	if !app.exists || !app.enabled {
		return "not there"
	}
	var err error
	what := "Service " + app.leaderService
	if w.random.IntN(2) == 0 {
		err = clientset.CoreV1().Services(w.namespace).Delete(w.t.Context(), app.leaderService, metav1.DeleteOptions{})
	} else {
		what = "slice of " + app.leaderService
		err = clientset.DiscoveryV1().EndpointSlices(w.namespace).Delete(w.t.Context(), app.leaderService+"-ipv4", metav1.DeleteOptions{})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		w.t.Fatal(err)
	}
	w.converge()
	return what
}

// settleIn waits until the replica that holds the Lease knows every Service.
func (w *world) settleIn() {
	w.t.Helper()
	services := 0
	for _, app := range w.apps {
		if app.exists && app.enabled {
			services++
		}
	}
	history.eventually(w.t, func() string {
		for _, r := range w.replicas {
			if r.holdsLease() && r.counter("tanist_leader_services") == float64(services) {
				return ""
			}
		}
		return "a replica that holds the Lease and knows every Service"
	})
}

func (w *world) changeReplicas() string {
	if len(w.replicas) < 2 || len(w.replicas) < 3 && w.random.IntN(2) == 0 {
		w.replicas = append(w.replicas, w.installation.start())
		return fmt.Sprintf("one more, %d", len(w.replicas))
	}
	i := w.random.IntN(len(w.replicas))
	w.replicas[i].stop()
	w.replicas = slices.Delete(w.replicas, i, i+1)
	return fmt.Sprintf("one less, %d", len(w.replicas))
}

// killReplica cuts one off, as a lost node would be. There are few such deaths, because the Lease of a dead replica takes 15 s to
// expire and the stewardship waits for it.
func (w *world) killReplica() string {
	if w.deaths >= 3 || len(w.replicas) < 2 {
		return "not now"
	}
	w.deaths++
	i := w.random.IntN(len(w.replicas))
	held := w.replicas[i].holdsLease()
	w.replicas[i].die()
	w.replicas[i] = w.installation.start()
	return fmt.Sprintf("it held the Lease: %t", held)
}

// converge waits until every leader Service is as it should be.
func (w *world) converge() {
	w.t.Helper()
	if len(w.replicas) == 0 {
		return
	}
	for _, app := range w.apps {
		history.eventually(w.t, func() string { return w.missing(app) })
	}
}

func (w *world) missing(app *appWorld) string {
	slice := history.slice(w.namespace, app.leaderService+"-ipv4")
	service := history.service(w.namespace, app.leaderService)
	if !app.exists || !app.enabled {
		if slice != nil || service != nil {
			return app.name + ": that the leader Service goes"
		}
		return ""
	}
	if slice == nil || service == nil {
		return app.name + ": a leader Service and a slice"
	}
	l, fit := leadershipOf(slice), app.fit()
	switch {
	case len(fit) == 0 && l.Ready:
		return fmt.Sprintf("%s: nobody can lead, got %+v", app.name, l)
	case len(fit) > 0 && (!l.Ready || !slices.Contains(fit, l.Leader)):
		return fmt.Sprintf("%s: one of %v leads, got %+v", app.name, fit, l)
	case len(fit) > 0 && l.Address != history.pod(w.namespace, l.Leader).Status.PodIP:
		return fmt.Sprintf("%s: the address of %s, got %+v", app.name, l.Leader, l)
	}
	// Whoever is announced to go leads only when everybody is.
	if len(fit) > 0 && w.goes(app, l.Leader) {
		for _, name := range fit {
			if !w.goes(app, name) {
				return fmt.Sprintf("%s: %s leads and will go, %s will not", app.name, l.Leader, name)
			}
		}
	}
	return ""
}

// makeBarriers makes the objects that the barriers are written on.
func (w *world) makeBarriers() {
	w.withPod("barrier", "barrier")
	w.withReplicaSet("barrier", 1)
	if _, err := clientset.CoreV1().Nodes().Create(w.t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: w.barrierNode()},
	}, metav1.CreateOptions{}); err != nil {
		w.t.Fatal(err)
	}
	w.withService("barrier", func(service *corev1.Service) { service.Annotations = nil })
	if _, err := clientset.DiscoveryV1().EndpointSlices(w.namespace).Create(w.t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: "barrier"}, AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{},
	}, metav1.CreateOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// makeDecoys makes objects that look like Tanist's in one way or another, and returns their versions.
func (w *world) makeDecoys() map[string]string {
	w.withService("app0-boss0-decoy", func(service *corev1.Service) {
		service.Annotations = nil
		service.Labels = map[string]string{"app.kubernetes.io/managed-by": "tanist", config.SourceServiceKey: "app0"}
	})
	if _, err := clientset.DiscoveryV1().EndpointSlices(w.namespace).Create(w.t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: "decoy", Labels: map[string]string{
			"endpointslice.kubernetes.io/managed-by": "tanist.dev", "app.kubernetes.io/managed-by": "tanist", config.SourceServiceKey: "app1",
			"kubernetes.io/service-name": "decoy",
		}},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{},
	}, metav1.CreateOptions{}); err != nil {
		w.t.Fatal(err)
	}
	versions := map[string]string{}
	for _, name := range []string{"app0-boss0-decoy", "decoy"} {
		history.eventually(w.t, func() string {
			if versions[name] = w.foreign(name); versions[name] == "" {
				return name
			}
			return ""
		})
	}
	return versions
}

func (w *world) foreign(name string) string {
	if service := history.service(w.namespace, name); service != nil {
		return service.ResourceVersion
	}
	if slice := history.slice(w.namespace, name); slice != nil {
		return slice.ResourceVersion
	}
	return ""
}

//go:build integration

package integration_test

import (
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// event makes one random change, and returns what it was.
func (r *randomTest) event() string {
	app := r.apps[r.random.IntN(len(r.apps))]
	pod := r.pick(app)
	switch n := r.random.IntN(100); {
	case n < 20 || pod == "":
		return "a pod more: " + r.addPod(app)
	case n < 26:
		return "cordon: " + r.flipCordon()
	case n < 34:
		return "deletion begins: " + r.terminatePod(app, pod)
	case n < 44:
		return "killed: " + r.killPod(app, pod)
	case n < 58:
		return "readiness changes: " + r.flipReadiness(app, pod)
	case n < 64:
		return "disrupted: " + r.disruptPod(app, pod)
	case n < 66:
		return "another address: " + r.readdress(app, pod)
	case n < 69:
		return "rollout: " + r.rollOut(app)
	case n < 71:
		return "all pods go: " + r.killAll(app)
	case n < 76:
		return "Service: " + r.changeService(app)
	case n < 80:
		return "opt in or out: " + r.flipEnabled(app)
	case n < 83:
		return "the leader Service has another name: " + r.rename(app)
	case n < 86:
		return "someone deletes what is Tanist's: " + r.deleteOurs(app)
	case n < 96:
		return "replica: " + r.changeReplicas()
	default:
		return "a replica dies: " + r.killReplica()
	}
}

func (r *randomTest) pick(app *appState) string {
	names := make([]string, 0, len(app.pods))
	for name := range app.pods {
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return names[r.random.IntN(len(names))]
}

func (r *randomTest) addPod(app *appState) string {
	if len(app.pods) >= 6 {
		return "not needed"
	}
	r.pods++
	name := fmt.Sprint(app.name, "-", r.pods)
	if r.random.IntN(4) == 0 {
		app.pods[name] = &podState{node: r.pickNode()}
		r.withPod(app.name, name, onNode(app.pods[name].node), ofReplicaSet(app.newest()))
		return name + " (not ready)"
	}
	app.pods[name] = &podState{ready: true, node: r.pickNode()}
	r.withReadyPod(app.name, name, onNode(app.pods[name].node), ofReplicaSet(app.newest()))
	return name
}

func (r *randomTest) terminatePod(app *appState, pod string) string {
	r.terminate(pod)
	app.pods[pod].terminating = true
	return pod
}

func (r *randomTest) killPod(app *appState, pod string) string {
	r.kill(pod)
	delete(app.pods, pod)
	return pod
}

func (r *randomTest) killAll(app *appState) string {
	for pod := range app.pods {
		r.kill(pod)
	}
	clear(app.pods)
	return app.name
}

func (r *randomTest) flipReadiness(app *appState, pod string) string {
	state := app.pods[pod]
	switch {
	case state.ready:
		r.notReady(pod)
	case history.pod(r.namespace, pod) != nil && history.pod(r.namespace, pod).Status.PodIP != "":
		r.readyAgain(pod)
	default:
		r.ready(pod)
		state.disrupted = false // ready replaces its conditions
	}
	state.ready = !state.ready
	return fmt.Sprintf("%s is ready: %t", pod, state.ready)
}

func (r *randomTest) disruptPod(app *appState, pod string) string {
	r.condition(pod, "DisruptionTarget", "True")
	app.pods[pod].disrupted = true
	return pod
}

func (r *randomTest) readdress(app *appState, pod string) string {
	if app.pods[pod].ready {
		r.ready(pod)
		app.pods[pod].disrupted = false // ready replaces its conditions
	}
	return pod
}

func (r *randomTest) changeService(app *appState) string {
	switch {
	case !app.exists:
		r.withService(app.name, r.dualStackSometimes)
		app.exists, app.enabled, app.leaderService = true, true, app.name+"-leader"
		return app.name + " is back"
	case r.random.IntN(2) == 0:
		port := 1000 + r.random.IntN(1000)
		r.patchService(app.name, fmt.Sprintf(`{"spec":{"ports":[{"name":"http","port":%d,"targetPort":"web"}]}}`, port))
		return fmt.Sprintf("%s has port %d", app.name, port)
	default:
		r.deleteService(app.name)
		app.exists = false
		r.converge() // a new Service would otherwise find the old one's leader Service, until the garbage collector deletes that
		return app.name + " is gone"
	}
}

func (r *randomTest) flipEnabled(app *appState) string {
	if !app.exists {
		return "not there"
	}
	app.enabled = !app.enabled
	value := ""
	if app.enabled {
		value = "true"
	}
	r.annotate(app.name, config.EnabledKey, value)
	return fmt.Sprintf("%s: %t", app.name, app.enabled)
}

func (r *randomTest) rename(app *appState) string {
	if !app.exists {
		return "not there"
	}
	app.leaderService = fmt.Sprint(app.name, "-boss", r.random.IntN(3))
	r.annotate(app.name, config.LeaderServiceKey, app.leaderService)
	return app.leaderService
}

// deleteOurs deletes an object of Tanist's. A replica that has just started and has not seen the object yet could lose its term, so the
// test first waits until the replica that will repair it knows every Service.
func (r *randomTest) deleteOurs(app *appState) string {
	r.converge()
	r.awaitKnown()
	if !app.exists || !app.enabled {
		return "not there"
	}
	var err error
	what := "Service " + app.leaderService
	if r.random.IntN(2) == 0 {
		err = clientset.CoreV1().Services(r.namespace).Delete(r.t.Context(), app.leaderService, metav1.DeleteOptions{})
	} else {
		what = "slice of " + app.leaderService
		err = clientset.DiscoveryV1().EndpointSlices(r.namespace).Delete(r.t.Context(), app.leaderService+"-ipv4", metav1.DeleteOptions{})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		r.t.Fatal(err)
	}
	r.converge()
	return what
}

// awaitKnown waits until the replica that holds the Lease knows every Service.
func (r *randomTest) awaitKnown() {
	r.t.Helper()
	services := 0
	for _, app := range r.apps {
		if app.exists && app.enabled {
			services++
		}
	}
	history.eventually(r.t, func() string {
		for _, one := range r.replicas {
			if one.holdsLease() && one.counter("tanist_leader_services") == float64(services) {
				return ""
			}
		}
		return "a replica that holds the Lease and knows every Service"
	})
}

func (r *randomTest) changeReplicas() string {
	if len(r.replicas) < 2 || len(r.replicas) < 3 && r.random.IntN(2) == 0 {
		r.replicas = append(r.replicas, r.installation.start())
		return fmt.Sprintf("one more, %d", len(r.replicas))
	}
	i := r.random.IntN(len(r.replicas))
	r.replicas[i].stop()
	r.replicas = slices.Delete(r.replicas, i, i+1)
	return fmt.Sprintf("one less, %d", len(r.replicas))
}

// killReplica cuts off a replica, as the loss of its node does. It does so rarely, because a dead replica's Lease takes 15 s to expire, and
// what the Lease's holder does waits for that.
func (r *randomTest) killReplica() string {
	if r.deaths >= 3 || len(r.replicas) < 2 {
		return "not now"
	}
	r.deaths++
	i := r.random.IntN(len(r.replicas))
	held := r.replicas[i].holdsLease()
	r.replicas[i].die()
	r.replicas[i] = r.installation.start()
	return fmt.Sprintf("it held the Lease: %t", held)
}

//go:build bench

package bench

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/bench/floor"
	"github.com/tanist-dev/tanist/bench/testbed"
	"github.com/tanist-dev/tanist/bench/watch"
	"github.com/tanist-dev/tanist/config"
)

const (
	// neighbours is how many tenants besides the attacker have a leader Service, each in its own namespace.
	neighbours = 10
	// podsEach is how many pods each leader Service has.
	podsEach = 3
	// handOverTimeout is how long the test waits for a hand-over.
	handOverTimeout = time.Minute
	// graceSeconds is how long the pods take to end: not much, so that a Service soon has all of its pods again.
	graceSeconds = int64(1)
	// handOverPause is between two hand-overs, so that one does not compete with the consequences of another.
	handOverPause = 50 * time.Millisecond
)

// neighbour is a leader Service that what is measured is not about. Tanist leads it, or the floor's loop.
type neighbour struct {
	installation
	namespace, service string
	view               *watch.View
	// handed is how many hand-overs the test has asked for.
	handed int
}

// newNeighbour creates a namespace with a workload and its Service.
func newNeighbour(a installation, name string, byFloor bool) *neighbour {
	a.t.Helper()
	n := &neighbour{installation: a, namespace: name, service: "web" + config.LeaderServiceSuffix}
	w := testbed.Workload{Name: "web", Image: "none", Pods: podsEach, Place: testbed.Placement{Simulated: true}}
	a.createNamespace(name, !byFloor)
	services := []*corev1.Service{w.Service()}
	if byFloor {
		n.service = w.Name
		leader, slice := w.FloorLeader(discoveryv1.AddressTypeIPv4)
		services = []*corev1.Service{w.FloorSource(), leader}
		_, err := a.client.DiscoveryV1().EndpointSlices(name).Create(a.t.Context(), slice, metav1.CreateOptions{})
		a.must(err)
	}
	n.view = watch.NewView(func(*corev1.Pod) string { return n.service }, n.service)
	a.must(n.view.Start(a.t.Context(), a.client, name, floor.WorkloadLabel+"="+w.Name, discoveryv1.LabelServiceName+"="+n.service))
	for _, service := range services {
		_, err := a.client.CoreV1().Services(name).Create(a.t.Context(), service, metav1.CreateOptions{})
		a.must(err)
	}
	if byFloor {
		_, err := floor.Start(a.t.Context(), a.client, name, n.service)
		a.must(err)
	}
	_, err := a.client.AppsV1().Deployments(name).Create(a.t.Context(), w.Deployment(), metav1.CreateOptions{})
	a.must(err)
	return n
}

// steady waits until all pods are ready and one of them leads, and returns it and the number of moves so far.
func (n *neighbour) steady() (leader watch.LeaderChange, moves int) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), stallTimeout)
	defer cancel()
	leader, moves, err := n.view.AwaitSteady(ctx, n.service, watch.Steady{Pods: podsEach})
	n.must(err)
	return leader, moves
}

// handOver deletes the leader and returns the time until the test's watch sees the next one; handOverTimeout if that takes longer.
func (n *neighbour) handOver() (took time.Duration) {
	n.t.Helper()
	n.must(pause(n.t.Context(), handOverPause))
	leader, moves := n.steady()
	ctx, cancel := context.WithTimeout(n.t.Context(), handOverTimeout)
	defer cancel()
	n.handed++
	began := time.Now()
	n.must(n.client.CoreV1().Pods(n.namespace).Delete(n.t.Context(), leader.Name,
		metav1.DeleteOptions{GracePeriodSeconds: new(graceSeconds), Preconditions: &metav1.Preconditions{UID: &leader.UID}}))
	next, err := n.view.AwaitMove(ctx, n.service, leader.UID, moves)
	if err != nil {
		return handOverTimeout
	}
	return next.At.Sub(began)
}

// unasked returns how often a pod became the leader although no deletion was to make it one; the first leader counts, too.
func (n *neighbour) unasked() int { return n.view.CountMoves(n.service, 0) - n.handed }

// createNamespace creates a namespace, which has opted in or not, for the rest of the run.
func (i installation) createNamespace(name string, optedIn bool) {
	i.t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if optedIn {
		namespace.Labels = map[string]string{config.EnabledKey: "true"}
	}
	_, err := i.client.CoreV1().Namespaces().Create(i.t.Context(), namespace, metav1.CreateOptions{})
	i.must(err)
	i.must(awaitServiceAccount(i.t.Context(), i.client, name))
}

// newNeighbours creates those that Tanist leads, and as many that the floor's loop leads.
func newNeighbours(a installation) (led, floors []*neighbour) {
	a.t.Helper()
	for i := range neighbours {
		led = append(led, newNeighbour(a, fmt.Sprintf("neighbour-%02d", i), false))
		floors = append(floors, newNeighbour(a, fmt.Sprintf("floor-%02d", i), true))
	}
	for _, n := range append(append([]*neighbour{}, led...), floors...) {
		n.steady()
	}
	return led, floors
}

//go:build integration

package integration_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
)

// What the random test does to nodes and Deployments.

func (w *world) makeNodes(n int) {
	w.nodes = map[string]bool{}
	for i := range n {
		w.nodes[w.withNode(fmt.Sprint("n", i))] = false
	}
}

func (w *world) pickNode() string {
	names := slices.Sorted(maps.Keys(w.nodes))
	return names[w.random.IntN(len(names))]
}

func (w *world) flipCordon() string {
	node := w.pickNode()
	w.nodes[node] = !w.nodes[node]
	w.patchNode(node, fmt.Sprintf(`{"spec":{"unschedulable":%t}}`, w.nodes[node]))
	return fmt.Sprintf("%s: %t", node, w.nodes[node])
}

// rollOut begins a new revision, or goes back to an older one. The pods that there are stay until something else takes them.
func (w *world) rollOut(app *appWorld) string {
	app.revision++
	if len(app.revisions) > 1 && w.random.IntN(3) == 0 {
		set := app.revisions[w.random.IntN(len(app.revisions)-1)]
		w.setRevision(set, app.revision)
		app.revisions = append(slices.DeleteFunc(app.revisions, func(other *appsv1.ReplicaSet) bool { return other == set }), set)
		return "back to " + set.Name
	}
	set := w.withReplicaSet(fmt.Sprint(app.name, "-r", app.revision), app.revision, w.ofDeployment(app.name))
	app.revisions = append(app.revisions, set)
	return set.Name
}

// newest is the revision that new pods have.
func (a *appWorld) newest() *appsv1.ReplicaSet {
	return a.revisions[len(a.revisions)-1]
}

// goes reports whether a pod is announced to go, by anything but a rollout: that alone may take its time.
func (w *world) goes(app *appWorld, pod string) bool {
	return app.pods[pod].disrupted || w.nodes[app.pods[pod].node]
}

func (s *scene) barrierNode() string {
	return s.namespace + "-barrier"
}

func revisionNumber(set *appsv1.ReplicaSet) int {
	n, _ := strconv.Atoi(set.Annotations["deployment.kubernetes.io/revision"])
	return n
}

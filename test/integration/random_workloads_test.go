//go:build integration

package integration_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
)

// What the random test changes about nodes and Deployments.

func (r *randomTest) makeNodes(n int) {
	r.nodes = map[string]bool{}
	for i := range n {
		r.nodes[r.withNode(fmt.Sprint("n", i))] = false
	}
}

func (r *randomTest) pickNode() string {
	names := slices.Sorted(maps.Keys(r.nodes))
	return names[r.random.IntN(len(names))]
}

func (r *randomTest) flipCordon() string {
	node := r.pickNode()
	r.nodes[node] = !r.nodes[node]
	r.patchNode(node, fmt.Sprintf(`{"spec":{"unschedulable":%t}}`, r.nodes[node]))
	return fmt.Sprintf("%s: %t", node, r.nodes[node])
}

// rollOut starts a new revision, or goes back to an older one. The pods stay until another event deletes them.
func (r *randomTest) rollOut(app *appState) string {
	app.revision++
	if len(app.revisions) > 1 && r.random.IntN(3) == 0 {
		set := app.revisions[r.random.IntN(len(app.revisions)-1)]
		r.setRevision(set, app.revision)
		app.revisions = append(slices.DeleteFunc(app.revisions, func(other *appsv1.ReplicaSet) bool { return other == set }), set)
		return "back to " + set.Name
	}
	set := r.withReplicaSet(fmt.Sprint(app.name, "-r", app.revision), app.revision, r.ofDeployment(app.name))
	app.revisions = append(app.revisions, set)
	return set.Name
}

// newest is the revision of new pods.
func (a *appState) newest() *appsv1.ReplicaSet {
	return a.revisions[len(a.revisions)-1]
}

// goes reports whether anything but a rollout announces that a pod goes. Only a rollout may take its time.
func (r *randomTest) goes(app *appState, pod string) bool {
	return app.pods[pod].disrupted || r.nodes[app.pods[pod].node]
}

func (s *testNamespace) barrierNode() string {
	return s.namespace + "-barrier"
}

func revisionNumber(set *appsv1.ReplicaSet) int {
	n, _ := strconv.Atoi(set.Annotations["deployment.kubernetes.io/revision"])
	return n
}

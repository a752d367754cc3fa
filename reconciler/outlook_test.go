package reconciler

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// told is an outlook in words, by the pods' names; pods that are told nothing of, or only their workload, are left out.
func told(o outlook) map[string]string {
	var words map[string]string
	for uid, prospect := range o {
		word := string(prospect.announced)
		if prospect.outdated {
			word += " outdated"
		}
		if word == "" {
			continue
		}
		if words == nil {
			words = map[string]string{}
		}
		words[string(uid[:len(uid)-len("-uid")])] = word
	}
	return words
}

type outlookCase struct {
	objects []metav1.Object
	tuning  func(*config.ElectionTuning)
	want    map[string]string
}

func runOutlook(t *testing.T, cases map[string]outlookCase) {
	t.Helper()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			tuning := config.DefaultTuning().Election
			if test.tuning != nil {
				test.tuning(&tuning)
			}
			var pods []*corev1.Pod
			for _, object := range test.objects {
				if pod, ok := object.(*corev1.Pod); ok {
					pods = append(pods, pod)
				}
			}
			got := told(viewsOf(t, test.objects...).outlook(pods, tuning))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected outlook (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNodesThatGo(t *testing.T) {
	a, b := readyPod("a1"), readyPod("b2")
	goes := map[string]string{"a1": "NodeGoing"}
	runOutlook(t, map[string]outlookCase{
		"a node that stays":                  {objects: []metav1.Object{a, b, nodeNamed("node-of-a1", tainted("dedicated"))}},
		"a node that is not known":           {objects: []metav1.Object{a, b}},
		"a cordoned node":                    {objects: []metav1.Object{a, b, nodeNamed("node-of-a1", cordoned), nodeNamed("node-of-b2")}, want: goes},
		"another node is cordoned":           {objects: []metav1.Object{a, nodeNamed("node-of-b2", cordoned)}},
		"a node that the autoscaler removes": {objects: []metav1.Object{a, nodeNamed("node-of-a1", tainted("x"), tainted("ToBeDeletedByClusterAutoscaler"))}, want: goes},
		"a node that the autoscaler might remove": {
			objects: []metav1.Object{a, nodeNamed("node-of-a1", tainted("DeletionCandidateOfClusterAutoscaler"))},
		},
		"a node that is being deleted": {objects: []metav1.Object{a, nodeNamed("node-of-a1", deleted)}, want: goes},
		"a node that shuts down":       {objects: []metav1.Object{a, nodeNamed("node-of-a1", shutDown)}, want: goes},
		"a node that shuts down and has other troubles": {
			objects: []metav1.Object{a, nodeNamed("node-of-a1", shutDown, func(node *corev1.Node) {
				node.Status.Conditions[0].Message = "[container runtime is down, node is shutting down]"
			})},
			want: goes,
		},
		"a node that is not ready": {
			objects: []metav1.Object{a, nodeNamed("node-of-a1", shutDown, func(node *corev1.Node) {
				node.Status.Conditions[0].Message = "container runtime is down"
			})},
		},
		"a node that has come back": {
			objects: []metav1.Object{a, nodeNamed("node-of-a1", shutDown, func(node *corev1.Node) {
				node.Status.Conditions[0].Status = corev1.ConditionTrue
			})},
		},
		"a taint of one's own": {
			objects: []metav1.Object{a, nodeNamed("node-of-a1", tainted("example.com/going"))},
			tuning:  func(t *config.ElectionTuning) { t.RemovalTaints = []string{"example.com/*"} },
			want:    goes,
		},
		"cordons are switched off": {
			objects: []metav1.Object{a, nodeNamed("node-of-a1", cordoned)},
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnCordon = false },
		},
		"removal taints are switched off": {
			objects: []metav1.Object{a, nodeNamed("node-of-a1", tainted("karpenter.sh/disrupted"), deleted)},
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnRemovalTaint = false },
		},
		"shutdowns are switched off": {
			objects: []metav1.Object{a, nodeNamed("node-of-a1", shutDown)},
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnNodeShutdown = false },
		},
	})
}

func TestRevisionsOfADeployment(t *testing.T) {
	a, b, c := readyPod("a1", ownedByReplicaSet("r1")), readyPod("b2", ownedByReplicaSet("r2")), readyPod("c3", ownedByReplicaSet("r3"))
	web := deployment("web-deployment")
	recreate := func(d *appsv1.Deployment) { d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType }
	runOutlook(t, map[string]outlookCase{
		"the highest revision is the newest": {
			objects: []metav1.Object{a, b, web, replicaSet("r1", 9), replicaSet("r2", 10)}, want: map[string]string{"a1": " outdated"},
		},
		"a rollback makes an older one the newest": {
			objects: []metav1.Object{a, b, web, replicaSet("r1", 3), replicaSet("r2", 2)}, want: map[string]string{"b2": " outdated"},
		},
		"a third revision outdates the second before it has pods": {
			objects: []metav1.Object{a, b, web, replicaSet("r1", 1), replicaSet("r2", 2), replicaSet("r3", 3)},
			want:    map[string]string{"a1": " outdated", "b2": " outdated"},
		},
		"without the number the one made last is the newest": {
			objects: []metav1.Object{a, b, c, web, replicaSet("r1", 0, withoutRevision), replicaSet("r2", 0, withoutRevision), replicaSet("r3", 0, withoutRevision)},
			want:    map[string]string{"a1": " outdated", "b2": " outdated"},
		},
		"old pods go first when all are made anew": {
			objects: []metav1.Object{a, b, deployment("web-deployment", recreate), replicaSet("r1", 1), replicaSet("r2", 2)},
			want:    map[string]string{"a1": " outdated"},
		},
		"a ReplicaSet that is not known yet is no older one": {objects: []metav1.Object{a, b, web, replicaSet("r2", 2)}},
		"a ReplicaSet that was made anew is another": {
			objects: []metav1.Object{a, b, web, replicaSet("r1", 1, func(m *metav1.PartialObjectMetadata) { m.UID = "other" }), replicaSet("r2", 2)},
		},
		"two Deployments have nothing to do with each other": {
			objects: []metav1.Object{a, b, web, deployment("other"), replicaSet("r1", 1), replicaSet("r2", 2, func(m *metav1.PartialObjectMetadata) {
				m.OwnerReferences = controlled("apps/v1", "Deployment", "other")
			})},
		},
		"a Deployment that is paused replaces nothing": {
			objects: []metav1.Object{a, b, deployment("web-deployment", paused), replicaSet("r1", 1), replicaSet("r2", 2)},
		},
		"a Deployment that is being deleted replaces nothing": {
			objects: []metav1.Object{a, b, deployment("web-deployment", beingDeleted), replicaSet("r1", 1), replicaSet("r2", 2)},
		},
		"a Deployment that is not known": {objects: []metav1.Object{a, b, replicaSet("r1", 1), replicaSet("r2", 2)}},
		"a Deployment that was made anew is another": {
			objects: []metav1.Object{a, b, deployment("web-deployment", func(d *appsv1.Deployment) { d.UID = "other" }), replicaSet("r1", 1), replicaSet("r2", 2)},
		},
		"rollouts are switched off": {
			objects: []metav1.Object{a, b, web, replicaSet("r1", 1), replicaSet("r2", 2)},
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnRollout = false },
		},
	})
}

func TestRevisionsOfADaemonSet(t *testing.T) {
	a, b, c := readyPod("a1", ownedByDaemonSet("v1", 1)), readyPod("b2", ownedByDaemonSet("v2", 2)), readyPod("c3", ownedByDaemonSet("v1", 1))
	runOutlook(t, map[string]outlookCase{
		"nothing is under way": {objects: []metav1.Object{a, c, daemonSet("agent", 1)}},
		"a rollout": {
			objects: []metav1.Object{a, b, c, daemonSet("agent", 2)}, want: map[string]string{"a1": " outdated", "c3": " outdated"},
		},
		"a template of which there is no pod yet may be that of any": {objects: []metav1.Object{a, b, daemonSet("agent", 3)}},
		"a rollback leaves the pods alone that have its template": {
			objects: []metav1.Object{a, b, readyPod("d4", ownedByDaemonSet("v1", 3)), daemonSet("agent", 3)}, want: map[string]string{"b2": " outdated"},
		},
		"nothing is replaced on its own with OnDelete": {objects: []metav1.Object{a, b, daemonSet("agent", 2, daemonsOnDelete)}},
		"one that is being deleted replaces nothing":   {objects: []metav1.Object{a, b, daemonSet("agent", 2, beingDeleted)}},
		"one that is not known":                        {objects: []metav1.Object{a, b}},
		"one that was made anew is another":            {objects: []metav1.Object{a, b, daemonSet("agent", 2, func(set *appsv1.DaemonSet) { set.UID = "other" })}},
		"pods without a generation": {
			objects: []metav1.Object{
				readyPod("a1", ownedByKind("apps/v1", "DaemonSet", "agent", "controller-revision-hash", "v1")),
				readyPod("b2", ownedByKind("apps/v1", "DaemonSet", "agent", "controller-revision-hash", "v2")), daemonSet("agent", 2),
			},
		},
		"rollouts are switched off": {
			objects: []metav1.Object{a, b, daemonSet("agent", 2)}, tuning: func(t *config.ElectionTuning) { t.HandoverOnRollout = false },
		},
	})
}

func TestOwnersThatDoNotRollByThemselvesAnnounceNothing(t *testing.T) {
	early, late := madeAt(t0.Add(-time.Hour)), madeAt(t0.Add(-time.Minute))
	of := func(kind, key, hash string) func(*corev1.Pod) { return ownedByKind("apps/v1", kind, "o", key, hash) }
	const template = "pod-template-hash"
	byRollout := func(m *metav1.PartialObjectMetadata) {
		m.OwnerReferences = controlled("argoproj.io/v1alpha1", "Rollout", "web")
		m.Annotations = map[string]string{"rollout.argoproj.io/revision": "2"}
	}
	runOutlook(t, map[string]outlookCase{
		"a kind that is not known": {
			objects: []metav1.Object{
				readyPod("a1", ownedByKind("example.com/v1", "CloneSet", "o", template, "x"), late),
				readyPod("b2", ownedByKind("example.com/v1", "CloneSet", "o", template, "y"), early),
			},
		},
		"a kind that only has the name of one that is": {
			objects: []metav1.Object{
				readyPod("a1", ownedByKind("apps.kruise.io/v1beta1", "StatefulSet", "db", "controller-revision-hash", "x"), late),
				readyPod("b2", ownedByKind("apps.kruise.io/v1alpha1", "DaemonSet", "agent", "controller-revision-hash", "y"), early),
				statefulSet("db", 0, "y"), daemonSet("agent", 2),
			},
		},
		"ReplicaSets of an Argo Rollout": {
			objects: []metav1.Object{
				readyPod("a1", ownedByKind("apps/v1", "ReplicaSet", "r1", "rollouts-pod-template-hash", "r1"), early),
				readyPod("b2", ownedByKind("apps/v1", "ReplicaSet", "r2", "rollouts-pod-template-hash", "r2"), late),
				replicaSet("r1", 0, byRollout), replicaSet("r2", 0, byRollout), deployment("web"),
			},
		},
		"a ReplicaSet that nobody controls never replaces a pod": {
			objects: []metav1.Object{
				readyPod("a1", of("ReplicaSet", template, "x"), early), readyPod("b2", of("ReplicaSet", template, "y"), late), replicaSet("o", 0, bare),
			},
		},
		"a Job": {
			objects: []metav1.Object{
				readyPod("a1", ownedByKind("batch/v1", "Job", "o", template, "x"), early), readyPod("b2", ownedByKind("batch/v1", "Job", "o", template, "y"), late),
			},
		},
		"pods without an owner": {
			objects: []metav1.Object{
				readyPod("a1", func(pod *corev1.Pod) { pod.Labels[template] = "x" }, early),
				readyPod("b2", func(pod *corev1.Pod) { pod.Labels[template] = "y" }, late),
			},
		},
	})
}

func TestStatefulSets(t *testing.T) {
	pods := func(revisions ...string) []metav1.Object {
		var all []metav1.Object
		for i, revision := range revisions {
			all = append(all, readyPod("db-"+string(rune('0'+i)), ownedByStatefulSet(revision)))
		}
		return all
	}
	with := func(set metav1.Object, pods []metav1.Object) []metav1.Object { return append(pods, set) }
	runOutlook(t, map[string]outlookCase{
		"nothing is under way": {objects: with(statefulSet("db", 2, "v1"), pods("v1", "v1"))},
		"a rollout": {
			objects: with(statefulSet("db", 3, "v2"), pods("v1", "v1", "v2")), want: map[string]string{"db-0": " outdated", "db-1": " outdated"},
		},
		"a rollout leaves those below the partition alone": {
			objects: with(statefulSet("db", 3, "v2", withPartition(1)), pods("v1", "v1", "v2")), want: map[string]string{"db-1": " outdated"},
		},
		"the partition counts from the first ordinal": {
			objects: with(statefulSet("db", 2, "v2", withPartition(1), startingAt(1)), pods("v1", "v1", "v1")[1:]),
			want:    map[string]string{"db-2": " outdated"},
		},
		"nothing is replaced on its own with OnDelete":  {objects: with(statefulSet("db", 3, "v2", onDelete), pods("v1", "v1", "v2"))},
		"a set that has not looked at its template yet": {objects: with(statefulSet("db", 2, ""), pods("v1", "v2"))},
		"a set that is not known":                       {objects: pods("v1", "v2")},
		"a set that is being deleted rolls nothing":     {objects: with(statefulSet("db", 2, "v2", beingDeleted), pods("v1", "v2"))},
		"a set that is being deleted shrinks no longer": {objects: with(statefulSet("db", 1, "v1", beingDeleted), pods("v1", "v1"))},
		"rollouts are switched off": {
			objects: with(statefulSet("db", 2, "v2"), pods("v1", "v2")),
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnRollout = false },
		},
		"a scale-down": {
			objects: with(statefulSet("db", 1, "v1"), pods("v1", "v1", "v1")), want: map[string]string{"db-1": "ScaleDown", "db-2": "ScaleDown"},
		},
		"a scale-down to nothing": {objects: with(statefulSet("db", 0, "v1"), pods("v1")), want: map[string]string{"db-0": "ScaleDown"}},
		"a scale-down of a set that begins later": {
			objects: with(statefulSet("db", 1, "v1", startingAt(1)), pods("v1", "v1", "v1")), want: map[string]string{"db-0": "ScaleDown", "db-2": "ScaleDown"},
		},
		"a scale-down comes sooner than a drain": {
			objects: append(with(statefulSet("db", 0, "v1"), pods("v1")), nodeNamed("node-of-db-0", cordoned)), want: map[string]string{"db-0": "ScaleDown"},
		},
		"scale-downs are switched off": {
			objects: with(statefulSet("db", 1, "v1"), pods("v1", "v1")),
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnScaleDown = false },
		},
	})
}

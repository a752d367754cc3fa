package disruption

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// announcements returns disruptions as text, by the names of the pods. It leaves out pods for which nothing, or only a workload, is known.
func announcements(o Disruptions) map[string]string {
	var words map[string]string
	for uid, disruption := range o {
		word := string(disruption.announced)
		if disruption.outdated {
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

type disruptionCase struct {
	objects []metav1.Object
	tuning  func(*config.ElectionTuning)
	want    map[string]string
}

func runDisruptionCases(t *testing.T, cases map[string]disruptionCase) {
	t.Helper()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			tuning := config.DefaultTuning()
			if test.tuning != nil {
				test.tuning(&tuning.Election)
			}
			var pods []*corev1.Pod
			for _, object := range test.objects {
				if pod, ok := object.(*corev1.Pod); ok {
					pods = append(pods, pod)
				}
			}
			got := announcements(Of(store.NewFake(test.objects...), pods, config.Options{}, tuning))
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected disruptions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNodesThatAnnounceTheirRemoval(t *testing.T) {
	a, b := gen.ReadyPod("a1"), gen.ReadyPod("b2")
	goes := map[string]string{"a1": "NodeGoing"}
	runDisruptionCases(t, map[string]disruptionCase{
		"a node that stays":                  {objects: []metav1.Object{a, b, gen.NodeNamed("node-of-a1", gen.Tainted("dedicated"))}},
		"an unknown node":                    {objects: []metav1.Object{a, b}},
		"a cordoned node":                    {objects: []metav1.Object{a, b, gen.NodeNamed("node-of-a1", gen.Cordoned), gen.NodeNamed("node-of-b2")}, want: goes},
		"another node is cordoned":           {objects: []metav1.Object{a, gen.NodeNamed("node-of-b2", gen.Cordoned)}},
		"a node that the autoscaler removes": {objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.Tainted("x"), gen.Tainted("ToBeDeletedByClusterAutoscaler"))}, want: goes},
		"a node that the autoscaler might remove": {
			objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.Tainted("DeletionCandidateOfClusterAutoscaler"))},
		},
		"a node that is being deleted": {objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.BeingDeleted)}, want: goes},
		"a node that shuts down":       {objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.ShutDown)}, want: goes},
		"a node whose machine will be frozen": {
			objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.VMEvent("Freeze is scheduled for 12:05"))}, want: goes,
		},
		"a node with another event": {objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.VMEvent("Inspect"))}},
		"a node whose machine will be frozen, if shutdowns are ignored": {
			objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.VMEvent("Freeze"))}, tuning: func(tuning *config.ElectionTuning) { tuning.HandoverOnNodeShutdown = false },
		},
		"a node that shuts down and has another problem": {
			objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.ShutDown, func(node *corev1.Node) {
				node.Status.Conditions[0].Message = "[container runtime is down, node is shutting down]"
			})},
			want: goes,
		},
		"a node that is not ready": {
			objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.ShutDown, func(node *corev1.Node) {
				node.Status.Conditions[0].Message = "container runtime is down"
			})},
		},
		"a node that is ready again": {
			objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.ShutDown, func(node *corev1.Node) {
				node.Status.Conditions[0].Status = corev1.ConditionTrue
			})},
		},
		"a removal taint from the tuning": {
			objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.Tainted("example.com/going"))},
			tuning:  func(t *config.ElectionTuning) { t.RemovalTaints = []string{"example.com/*"} },
			want:    goes,
		},
		"cordons are switched off": {
			objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.Cordoned)},
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnCordon = false },
		},
		"removal taints are switched off": {
			objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.Tainted("karpenter.sh/disrupted"), gen.BeingDeleted)},
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnRemovalTaint = false },
		},
		"shutdowns are switched off": {
			objects: []metav1.Object{a, gen.NodeNamed("node-of-a1", gen.ShutDown)},
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnNodeShutdown = false },
		},
	})
}

func TestRevisionsOfADeployment(t *testing.T) {
	a, b, c := gen.ReadyPod("a1", gen.OwnedByReplicaSet("r1")), gen.ReadyPod("b2", gen.OwnedByReplicaSet("r2")), gen.ReadyPod("c3", gen.OwnedByReplicaSet("r3"))
	web := gen.Deployment("web-deployment")
	recreate := func(d *appsv1.Deployment) { d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType }
	runDisruptionCases(t, map[string]disruptionCase{
		"the highest revision is the newest": {
			objects: []metav1.Object{a, b, web, gen.ReplicaSet("r1", 9), gen.ReplicaSet("r2", 10)}, want: map[string]string{"a1": " outdated"},
		},
		"a rollback makes an older one the newest": {
			objects: []metav1.Object{a, b, web, gen.ReplicaSet("r1", 3), gen.ReplicaSet("r2", 2)}, want: map[string]string{"b2": " outdated"},
		},
		"a third revision without pods makes the second outdated": {
			objects: []metav1.Object{a, b, web, gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2), gen.ReplicaSet("r3", 3)},
			want:    map[string]string{"a1": " outdated", "b2": " outdated"},
		},
		"without revision numbers the last one created is the newest": {
			objects: []metav1.Object{a, b, c, web, gen.ReplicaSet("r1", 0, gen.WithoutRevision), gen.ReplicaSet("r2", 0, gen.WithoutRevision), gen.ReplicaSet("r3", 0, gen.WithoutRevision)},
			want:    map[string]string{"a1": " outdated", "b2": " outdated"},
		},
		"the strategy Recreate": {
			objects: []metav1.Object{a, b, gen.Deployment("web-deployment", recreate), gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2)},
			want:    map[string]string{"a1": " outdated"},
		},
		"an unknown ReplicaSet is not outdated": {objects: []metav1.Object{a, b, web, gen.ReplicaSet("r2", 2)}},
		"a ReplicaSet that was re-created is another one": {
			objects: []metav1.Object{a, b, web, gen.ReplicaSet("r1", 1, func(m *metav1.PartialObjectMetadata) { m.UID = "other" }), gen.ReplicaSet("r2", 2)},
		},
		"two Deployments do not affect each other": {
			objects: []metav1.Object{a, b, web, gen.Deployment("other"), gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2, func(m *metav1.PartialObjectMetadata) {
				m.OwnerReferences = gen.Controlled("apps/v1", "Deployment", "other")
			})},
		},
		"a Deployment that is paused replaces nothing": {
			objects: []metav1.Object{a, b, gen.Deployment("web-deployment", gen.Paused), gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2)},
		},
		"a Deployment that is being deleted replaces nothing": {
			objects: []metav1.Object{a, b, gen.Deployment("web-deployment", gen.BeingDeleted), gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2)},
		},
		"an unknown Deployment": {objects: []metav1.Object{a, b, gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2)}},
		"a Deployment that was re-created is another one": {
			objects: []metav1.Object{a, b, gen.Deployment("web-deployment", func(d *appsv1.Deployment) { d.UID = "other" }), gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2)},
		},
		"rollouts are switched off": {
			objects: []metav1.Object{a, b, web, gen.ReplicaSet("r1", 1), gen.ReplicaSet("r2", 2)},
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnRollout = false },
		},
	})
}

func TestRevisionsOfADaemonSet(t *testing.T) {
	a, b, c := gen.ReadyPod("a1", gen.OwnedByDaemonSet("v1", 1)), gen.ReadyPod("b2", gen.OwnedByDaemonSet("v2", 2)), gen.ReadyPod("c3", gen.OwnedByDaemonSet("v1", 1))
	runDisruptionCases(t, map[string]disruptionCase{
		"no rollout": {objects: []metav1.Object{a, c, gen.DaemonSet("agent", 1)}},
		"a rollout": {
			objects: []metav1.Object{a, b, c, gen.DaemonSet("agent", 2)}, want: map[string]string{"a1": " outdated", "c3": " outdated"},
		},
		"without a pod of the current template no pod is outdated": {objects: []metav1.Object{a, b, gen.DaemonSet("agent", 3)}},
		"a rollback keeps the pods of its template": {
			objects: []metav1.Object{a, b, gen.ReadyPod("d4", gen.OwnedByDaemonSet("v1", 3)), gen.DaemonSet("agent", 3)}, want: map[string]string{"b2": " outdated"},
		},
		"the strategy OnDelete replaces nothing":             {objects: []metav1.Object{a, b, gen.DaemonSet("agent", 2, gen.DaemonsOnDelete)}},
		"a DaemonSet that is being deleted replaces nothing": {objects: []metav1.Object{a, b, gen.DaemonSet("agent", 2, gen.BeingDeleted)}},
		"an unknown DaemonSet":                               {objects: []metav1.Object{a, b}},
		"a DaemonSet that was re-created is another one":     {objects: []metav1.Object{a, b, gen.DaemonSet("agent", 2, func(set *appsv1.DaemonSet) { set.UID = "other" })}},
		"pods without a generation": {
			objects: []metav1.Object{
				gen.ReadyPod("a1", gen.OwnedByKind("apps/v1", "DaemonSet", "agent", "controller-revision-hash", "v1")),
				gen.ReadyPod("b2", gen.OwnedByKind("apps/v1", "DaemonSet", "agent", "controller-revision-hash", "v2")), gen.DaemonSet("agent", 2),
			},
		},
		"rollouts are switched off": {
			objects: []metav1.Object{a, b, gen.DaemonSet("agent", 2)}, tuning: func(t *config.ElectionTuning) { t.HandoverOnRollout = false },
		},
	})
}

func TestOwnersWithoutAKnownRolloutAnnounceNothing(t *testing.T) {
	early, late := gen.MadeAt(gen.T0.Add(-time.Hour)), gen.MadeAt(gen.T0.Add(-time.Minute))
	of := func(kind, key, hash string) func(*corev1.Pod) {
		return gen.OwnedByKind("apps/v1", kind, "o", key, hash)
	}
	const template = "pod-template-hash"
	byRollout := func(m *metav1.PartialObjectMetadata) {
		m.OwnerReferences = gen.Controlled("argoproj.io/v1alpha1", "Rollout", "web")
		m.Annotations = map[string]string{"rollout.argoproj.io/revision": "2"}
	}
	runDisruptionCases(t, map[string]disruptionCase{
		"an unknown kind": {
			objects: []metav1.Object{
				gen.ReadyPod("a1", gen.OwnedByKind("example.com/v1", "CloneSet", "o", template, "x"), late),
				gen.ReadyPod("b2", gen.OwnedByKind("example.com/v1", "CloneSet", "o", template, "y"), early),
			},
		},
		"a kind of the same name in another API group": {
			objects: []metav1.Object{
				gen.ReadyPod("a1", gen.OwnedByKind("apps.kruise.io/v1beta1", "StatefulSet", "db", "controller-revision-hash", "x"), late),
				gen.ReadyPod("b2", gen.OwnedByKind("apps.kruise.io/v1alpha1", "DaemonSet", "agent", "controller-revision-hash", "y"), early),
				gen.StatefulSet("db", 0, "y"), gen.DaemonSet("agent", 2),
			},
		},
		"ReplicaSets of an Argo Rollout": {
			objects: []metav1.Object{
				gen.ReadyPod("a1", gen.OwnedByKind("apps/v1", "ReplicaSet", "r1", "rollouts-pod-template-hash", "r1"), early),
				gen.ReadyPod("b2", gen.OwnedByKind("apps/v1", "ReplicaSet", "r2", "rollouts-pod-template-hash", "r2"), late),
				gen.ReplicaSet("r1", 0, byRollout), gen.ReplicaSet("r2", 0, byRollout), gen.Deployment("web"),
			},
		},
		"a ReplicaSet without an owner never replaces a pod": {
			objects: []metav1.Object{
				gen.ReadyPod("a1", of("ReplicaSet", template, "x"), early), gen.ReadyPod("b2", of("ReplicaSet", template, "y"), late), gen.ReplicaSet("o", 0, gen.Bare),
			},
		},
		"a Job": {
			objects: []metav1.Object{
				gen.ReadyPod("a1", gen.OwnedByKind("batch/v1", "Job", "o", template, "x"), early), gen.ReadyPod("b2", gen.OwnedByKind("batch/v1", "Job", "o", template, "y"), late),
			},
		},
		"pods without an owner": {
			objects: []metav1.Object{
				gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.Labels[template] = "x" }, early),
				gen.ReadyPod("b2", func(pod *corev1.Pod) { pod.Labels[template] = "y" }, late),
			},
		},
	})
}

func TestStatefulSets(t *testing.T) {
	pods := func(revisions ...string) []metav1.Object {
		var all []metav1.Object
		for i, revision := range revisions {
			all = append(all, gen.ReadyPod("db-"+string(rune('0'+i)), gen.OwnedByStatefulSet(revision)))
		}
		return all
	}
	with := func(set metav1.Object, pods []metav1.Object) []metav1.Object { return append(pods, set) }
	runDisruptionCases(t, map[string]disruptionCase{
		"no rollout": {objects: with(gen.StatefulSet("db", 2, "v1"), pods("v1", "v1"))},
		"a rollout": {
			objects: with(gen.StatefulSet("db", 3, "v2"), pods("v1", "v1", "v2")), want: map[string]string{"db-0": " outdated", "db-1": " outdated"},
		},
		"a rollout keeps the pods below the partition": {
			objects: with(gen.StatefulSet("db", 3, "v2", gen.WithPartition(1)), pods("v1", "v1", "v2")), want: map[string]string{"db-1": " outdated"},
		},
		"the partition counts from the first ordinal": {
			objects: with(gen.StatefulSet("db", 2, "v2", gen.WithPartition(1), gen.StartingAt(1)), pods("v1", "v1", "v1")[1:]),
			want:    map[string]string{"db-2": " outdated"},
		},
		"the strategy OnDelete replaces nothing":               {objects: with(gen.StatefulSet("db", 3, "v2", gen.OnDelete), pods("v1", "v1", "v2"))},
		"a set whose controller has not seen its template yet": {objects: with(gen.StatefulSet("db", 2, ""), pods("v1", "v2"))},
		"an unknown set": {objects: pods("v1", "v2")},
		"a set that is being deleted replaces nothing":      {objects: with(gen.StatefulSet("db", 2, "v2", gen.BeingDeleted), pods("v1", "v2"))},
		"a set that is being deleted no longer scales down": {objects: with(gen.StatefulSet("db", 1, "v1", gen.BeingDeleted), pods("v1", "v1"))},
		"rollouts are switched off": {
			objects: with(gen.StatefulSet("db", 2, "v2"), pods("v1", "v2")),
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnRollout = false },
		},
		"a scale-down": {
			objects: with(gen.StatefulSet("db", 1, "v1"), pods("v1", "v1", "v1")), want: map[string]string{"db-1": "ScaleDown", "db-2": "ScaleDown"},
		},
		"a scale-down to zero": {objects: with(gen.StatefulSet("db", 0, "v1"), pods("v1")), want: map[string]string{"db-0": "ScaleDown"}},
		"a scale-down of a set with another first ordinal": {
			objects: with(gen.StatefulSet("db", 1, "v1", gen.StartingAt(1)), pods("v1", "v1", "v1")), want: map[string]string{"db-0": "ScaleDown", "db-2": "ScaleDown"},
		},
		"a scale-down comes sooner than a drain": {
			objects: append(with(gen.StatefulSet("db", 0, "v1"), pods("v1")), gen.NodeNamed("node-of-db-0", gen.Cordoned)), want: map[string]string{"db-0": "ScaleDown"},
		},
		"scale-downs are switched off": {
			objects: with(gen.StatefulSet("db", 1, "v1"), pods("v1", "v1")),
			tuning:  func(t *config.ElectionTuning) { t.HandoverOnScaleDown = false },
		},
	})
}

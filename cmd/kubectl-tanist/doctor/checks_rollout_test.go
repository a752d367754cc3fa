package doctor

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestRollouts(t *testing.T) {
	const warned = "warned drain-window: Service shop/web: a1, b2 (each): it was created before the window applied; delete it only after another pod has led " +
		"for a few seconds (kubectl tanist handover), or leave it to the next rollout"
	// of has candidates without a drain window, which belong to a workload.
	of := func(w workload, changes ...func(*facts)) func(*facts) {
		return func(f *facts) {
			onPods(func(pod *corev1.Pod) {
				pod.Spec.Containers[0].Lifecycle = nil
				pod.OwnerReferences = gen.Controlled("apps/v1", "ReplicaSet", "web-1")
			})(f)
			f.workloads.value = map[types.UID]workload{f.pods.value[0].OwnerReferences[0].UID: w}
			for _, change := range changes {
				change(f)
			}
		}
	}
	early := func(what string) string {
		return "warned min-ready-seconds: Service shop/web: the next rollout of " + what + ", so they may be deleted before all nodes know the new pods"
	}
	run(t, map[string]test{
		"a Deployment that does not wait": {
			of(workload{"deployment", "web", 0}),
			[]string{warned, early("deployment web can lose requests: a1, b2 stop serving as soon as they are deleted, and its minReadySeconds is 0")},
		},
		"a StatefulSet that waits less than the window": {
			of(workload{"statefulset", "db", 2}),
			[]string{warned, early("statefulset db can lose requests: a1, b2 stop serving as soon as they are deleted, and its minReadySeconds is 2")},
		},
		"a Deployment that waits as long as the window": {of(workload{"deployment", "web", 3}), []string{warned}},
		"no window is asked for": {
			of(workload{"deployment", "web", 0}, func(f *facts) { f.services.value[0].Annotations[config.DrainWindowKey] = "0s" }), nil,
		},
		"the pods have a window": {
			of(workload{"deployment", "web", 0}, onPods(func(pod *corev1.Pod) {
				pod.Spec.Containers[0].Lifecycle = gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})
			})), nil,
		},
		"a workload of another kind": {
			of(workload{"deployment", "web", 0}, func(f *facts) { f.workloads.value = nil }), []string{warned},
		},
		"the user may not read workloads": {
			func(f *facts) { f.workloads = denied[map[types.UID]workload]("Deployments") },
			[]string{"skipped min-ready-seconds: may not read Deployments"},
		},
	})
}

func TestWorkloadsOf(t *testing.T) {
	meta := func(name string, owners ...metav1.OwnerReference) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, UID: types.UID(name + "-uid"), OwnerReferences: owners}
	}
	controller := func(uid types.UID) metav1.OwnerReference {
		return metav1.OwnerReference{UID: uid, Controller: new(true)}
	}
	got := workloadsOf(
		[]appsv1.Deployment{{ObjectMeta: meta("web"), Spec: appsv1.DeploymentSpec{MinReadySeconds: 1}}},
		[]appsv1.ReplicaSet{
			{ObjectMeta: meta("web-1", controller("web-uid")), Spec: appsv1.ReplicaSetSpec{MinReadySeconds: 9}},
			{ObjectMeta: meta("bare")}, {ObjectMeta: meta("other", controller("rollout-uid"))},
		},
		[]appsv1.StatefulSet{{ObjectMeta: meta("db"), Spec: appsv1.StatefulSetSpec{MinReadySeconds: 2}}},
		[]appsv1.DaemonSet{{ObjectMeta: meta("agent"), Spec: appsv1.DaemonSetSpec{MinReadySeconds: 3}}},
	)
	want := map[types.UID]workload{
		"web-uid": {"deployment", "web", 1}, "web-1-uid": {"deployment", "web", 1}, "db-uid": {"statefulset", "db", 2}, "agent-uid": {"daemonset", "agent", 3},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(workload{})); diff != "" {
		t.Errorf("unexpected workloads (-want +got):\n%s", diff)
	}
}

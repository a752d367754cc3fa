package disruption

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestOnlyPodsOfTheNamedControllerLead(t *testing.T) {
	deployment, statefulSet := config.Workload{Kind: "Deployment", Name: "web-deployment"}, config.Workload{Kind: "StatefulSet", Name: "db"}
	forged := func(pod *corev1.Pod) { pod.OwnerReferences[0].UID = "forged" }
	by := func(apiVersion, kind, name string) func(*corev1.Pod) {
		return gen.OwnedByKind(apiVersion, kind, name, "", "")
	}
	web, set, db := gen.Deployment("web-deployment"), gen.ReplicaSet("web-deployment-1", 1), gen.StatefulSet("db", 3, "v1")
	rollout := gen.ReplicaSet("web-2", 1, func(m *metav1.PartialObjectMetadata) {
		m.OwnerReferences = gen.Controlled("argoproj.io/v1alpha1", "Rollout", "web")
	})
	cases := map[string]struct {
		wanted  config.Workload
		changes []func(*corev1.Pod)
		objects []metav1.Object
		want    bool
	}{
		"any pod, when none is named":                   {want: true},
		"a pod without a controller":                    {wanted: deployment, objects: []metav1.Object{web, set}},
		"a pod of the Deployment":                       {wanted: deployment, changes: []func(*corev1.Pod){gen.OwnedByReplicaSet("web-deployment-1")}, objects: []metav1.Object{web, set}, want: true},
		"a pod of its next revision":                    {wanted: deployment, changes: []func(*corev1.Pod){gen.OwnedByReplicaSet("r2")}, objects: []metav1.Object{web, set, gen.ReplicaSet("r2", 2)}, want: true},
		"a pod that forges its ReplicaSet":              {wanted: deployment, changes: []func(*corev1.Pod){gen.OwnedByReplicaSet("web-deployment-1"), forged}, objects: []metav1.Object{web, set}},
		"a pod that forges the Deployment":              {wanted: deployment, changes: []func(*corev1.Pod){by("apps/v1", "Deployment", "web-deployment"), forged}, objects: []metav1.Object{web, set}},
		"a pod of a ReplicaSet that forges it":          {wanted: deployment, changes: []func(*corev1.Pod){gen.OwnedByReplicaSet("r9")}, objects: []metav1.Object{gen.Deployment("web-deployment", func(d *appsv1.Deployment) { d.UID = "other" }), gen.ReplicaSet("r9", 1)}},
		"a pod of a ReplicaSet that does not exist":     {wanted: deployment, changes: []func(*corev1.Pod){gen.OwnedByReplicaSet("web-deployment-9")}, objects: []metav1.Object{web}},
		"a pod that outlives its Deployment":            {wanted: deployment, changes: []func(*corev1.Pod){gen.OwnedByReplicaSet("web-deployment-1")}, objects: []metav1.Object{set}, want: true},
		"a pod that outlives its ReplicaSet, too":       {wanted: deployment, changes: []func(*corev1.Pod){gen.OwnedByReplicaSet("web-deployment-1")}, want: true},
		"a pod of another Deployment's ReplicaSet":      {wanted: config.Workload{Kind: "Deployment", Name: "api"}, changes: []func(*corev1.Pod){gen.OwnedByReplicaSet("web-deployment-1")}, objects: []metav1.Object{web, set}},
		"a pod of a ReplicaSet without a Deployment":    {wanted: deployment, changes: []func(*corev1.Pod){gen.OwnedByReplicaSet("r3")}, objects: []metav1.Object{web, gen.ReplicaSet("r3", 1, gen.Bare)}},
		"a pod of the ReplicaSet itself":                {wanted: config.Workload{Kind: "ReplicaSet", Name: "r3"}, changes: []func(*corev1.Pod){gen.OwnedByReplicaSet("r3")}, objects: []metav1.Object{gen.ReplicaSet("r3", 1, gen.Bare)}, want: true},
		"a pod of the StatefulSet":                      {wanted: statefulSet, changes: []func(*corev1.Pod){by("apps/v1", "StatefulSet", "db")}, objects: []metav1.Object{db}, want: true},
		"a pod that forges the StatefulSet":             {wanted: statefulSet, changes: []func(*corev1.Pod){by("apps/v1", "StatefulSet", "db"), forged}, objects: []metav1.Object{db}},
		"a pod of another kind of the same name":        {wanted: statefulSet, changes: []func(*corev1.Pod){by("example.com/v1", "StatefulSet", "db")}, objects: []metav1.Object{db}},
		"a pod of another StatefulSet":                  {wanted: statefulSet, changes: []func(*corev1.Pod){by("apps/v1", "StatefulSet", "cache")}, objects: []metav1.Object{db}},
		"a pod of the DaemonSet":                        {wanted: config.Workload{Kind: "DaemonSet", Name: "agent"}, changes: []func(*corev1.Pod){by("apps/v1", "DaemonSet", "agent")}, objects: []metav1.Object{gen.DaemonSet("agent", 1)}, want: true},
		"a pod of a kind that Tanist does not watch":    {wanted: config.Workload{Kind: "Cluster", Name: "pg"}, changes: []func(*corev1.Pod){by("postgresql.cnpg.io/v1", "Cluster", "pg")}, want: true},
		"a pod of a Rollout, through its ReplicaSet":    {wanted: config.Workload{Kind: "Rollout", Name: "web"}, changes: []func(*corev1.Pod){gen.OwnedByReplicaSet("web-2")}, objects: []metav1.Object{rollout}, want: true},
		"a pod that only names an owner, no controller": {wanted: statefulSet, changes: []func(*corev1.Pod){by("apps/v1", "StatefulSet", "db"), func(pod *corev1.Pod) { pod.OwnerReferences[0].Controller = nil }}, objects: []metav1.Object{db}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			pod, tuning := gen.ReadyPod("a1", test.changes...), config.DefaultTuning()
			pods := []*corev1.Pod{pod}
			options := config.Options{SameController: test.wanted}
			disruptions := Of(store.NewFake(test.objects...), pods, options, tuning)
			ports := []corev1.ServicePort{{Port: 80}}
			candidate := Candidates(pods, disruptions, ports, []discoveryv1.AddressType{discoveryv1.AddressTypeIPv4}, options, tuning)[0]
			if candidate.Fit() != test.want {
				t.Errorf("the pod can lead: %t, want %t (%s)", candidate.Fit(), test.want, candidate.Excluded)
			}
		})
	}
}

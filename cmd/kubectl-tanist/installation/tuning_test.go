package installation

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

func TestObservation(t *testing.T) {
	node := func(name string) runtime.Object { return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}} }
	text := func(name, text string) runtime.Object {
		return &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: "tanist", Name: name}, Data: map[string]string{config.TuningKey: text},
		}
	}
	const off = "observe: {enabled: false}"
	cases := map[string]struct {
		there []runtime.Object
		want  status.Observation
	}{
		"nothing can be read":     {},
		"two nodes and no tuning": {there: []runtime.Object{node("a"), node("b"), text(config.TuningConfigMap, "")}},
		"some namespaces only": {
			there: []runtime.Object{&appsv1.Deployment{
				ObjectMeta: metav1.ObjectMeta{Namespace: "tanist", Name: config.ReplicaName},
				Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
					Containers: []corev1.Container{{Args: []string{"--v=0", "--watch-namespaces=shop,bank"}}},
				}}},
			}},
			want: status.Observation{OnlyNamespaces: "shop,bank"},
		},
		"one node":                   {there: []runtime.Object{node("a")}, want: status.Observation{OneNode: true}},
		"the tuning switches it off": {there: []runtime.Object{text(config.TuningConfigMap, off)}, want: status.Observation{Off: true}},
		"a wrong tuning, and the last good one switches it off": {
			there: []runtime.Object{text(config.TuningConfigMap, "observe: {}\nx: 1"), text(config.TuningState, off)}, want: status.Observation{Off: true},
		},
		"a good tuning, and the one before switches it off": {
			there: []runtime.Object{text(config.TuningConfigMap, ""), text(config.TuningState, off)},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			r := Reader{Client: fake.NewClientset(test.there...), Namespace: "tanist"}
			if got := r.Observation(t.Context()); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

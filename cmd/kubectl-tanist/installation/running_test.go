package installation

import (
	"errors"
	"testing"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

func TestRunning(t *testing.T) {
	lease := func(renewed time.Duration) runtime.Object {
		at := metav1.NewMicroTime(time.Now().Add(-renewed))
		return &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Namespace: "tanist", Name: config.LeaseName}, Spec: coordinationv1.LeaseSpec{HolderIdentity: new("x"), RenewTime: &at},
		}
	}
	replica := func(name string, ready corev1.ConditionStatus) runtime.Object {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "tanist", Name: name, Labels: map[string]string{config.ReplicaNameKey: config.ReplicaName}},
			Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	const old = "its Lease in namespace tanist was last renewed 60m ago"
	cases := map[string]struct {
		there []runtime.Object
		// denied is what the user may not read.
		denied string
		want   *status.Warning
		known  bool
	}{
		"a replica renews the Lease": {there: []runtime.Object{lease(time.Second)}, known: true},
		"nothing is left": {
			want: &status.Warning{Phrase: "Tanist is not running", Detail: "there is no Lease tanist in namespace tanist (set --tanist-namespace if Tanist is elsewhere)"}, known: true,
		},
		"a Lease is left": {there: []runtime.Object{lease(time.Hour)}, want: &status.Warning{Phrase: "Tanist is not running", Detail: old}, known: true},
		"a Lease is left, and a replica is not ready": {
			there: []runtime.Object{lease(time.Hour), replica("a", corev1.ConditionFalse)}, want: &status.Warning{Phrase: "Tanist is not running", Detail: old}, known: true,
		},
		"a Lease is left, and replicas wait for it": {
			there: []runtime.Object{lease(time.Hour), replica("a", corev1.ConditionTrue), replica("b", corev1.ConditionTrue)},
			want: &status.Warning{Phrase: "Tanist waits for its Lease", Detail: old + ", and 2 of its replicas are ready: they replace lost leaders, " +
				"and everything else waits until one of them has the Lease, up to 17 seconds after the start"},
			known: true,
		},
		"the user may not read Leases": {denied: "leases"},
		"the user may not read pods": {
			there: []runtime.Object{lease(time.Hour), replica("a", corev1.ConditionTrue)}, denied: "pods",
			want: &status.Warning{Phrase: "Tanist is not running", Detail: old}, known: true,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(test.there...)
			client.PrependReactor("*", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
				resource := action.GetResource().GroupResource()
				return resource.Resource == test.denied, nil, apierrors.NewForbidden(resource, "", errors.New("no"))
			})
			got, known := Reader{Client: client, Namespace: "tanist"}.Running(t.Context())
			if known != test.known || (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
				t.Errorf("got %+v, %t, want %+v", got, known, test.want)
			}
		})
	}
}

package testbed

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

// TestANamespaceWhoseCreationWasNotAnsweredIsRemoved: the API server may have created it.
func TestANamespaceWhoseCreationWasNotAnsweredIsRemoved(t *testing.T) {
	for name, test := range map[string]struct {
		arrives bool
		err     error
		want    int // deletions
	}{
		"it arrives":            {arrives: true, err: context.DeadlineExceeded, want: 1},
		"it does not arrive":    {err: context.DeadlineExceeded, want: 1},
		"the server refuses it": {err: apierrors.NewForbidden(corev1.Resource("namespaces"), "x", nil)},
	} {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset()
			client.PrependReactor("create", "namespaces", func(action clienttesting.Action) (bool, runtime.Object, error) {
				if test.arrives {
					namespace := action.(clienttesting.CreateAction).GetObject().(*corev1.Namespace).DeepCopy()
					namespace.UID = "given by the API server"
					if err := client.Tracker().Add(namespace); err != nil {
						t.Error(err)
					}
				}
				return true, nil, test.err
			})
			c := &Cleaner{Client: client, Printf: t.Logf}
			if _, err := c.CreateNamespace(t.Context(), NewNamespace("tanist-bench-", true)); err == nil {
				t.Fatal("the creation succeeds")
			}
			if err := c.Clean(t.Context()); err != nil {
				t.Error(err)
			}
			deletions := 0
			for _, action := range client.Actions() {
				if action.Matches("delete", "namespaces") {
					deletions++
				}
			}
			left, err := client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
			if err != nil || len(left.Items) > 0 || deletions != test.want {
				t.Errorf("%d deletions, want %d; %v are left, error %v", deletions, test.want, left, err)
			}
		})
	}
}

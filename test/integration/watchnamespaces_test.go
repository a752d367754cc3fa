//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
)

// elsewhere returns the requests for what is in a namespace that is none of the given ones.
func (u *uses) elsewhere(namespaces ...string) (all []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	namespaced := []string{"pods", "services", "endpointslices", "endpoints", "replicasets", "deployments", "statefulsets", "daemonsets", "events", "configmaps", "secrets"}
	for _, r := range u.seen {
		if slices.Contains(namespaced, r.Resource) && !slices.Contains(namespaces, r.Namespace) {
			all = append(all, fmt.Sprintf("%s %s in %q", r.Verb, r.Resource, r.Namespace))
		}
	}
	return all
}

// TestAnInstallationForSomeNamespaces has the rights that the chart gives for two namespaces. The label has no effect in a third one.
func TestAnInstallationForSomeNamespaces(t *testing.T) {
	a, b, other := newNamespace(t), newNamespace(t), newNamespace(t)
	i := newTanistFor(t, a.namespace, b.namespace)
	used, wires := &uses{}, &network{}
	tap := used.record
	wires.tap.Store(&tap)
	options := app.Options{WatchNamespaces: []string{a.namespace, b.namespace}}
	r := i.startBehind(wires, options)
	r.waitElected()
	for _, s := range []*testNamespace{other, a, b} {
		s.withService("web")
		s.withReadyPod("web", "a")
	}
	for _, s := range []*testNamespace{a, b} {
		s.leads("web", "a")
		s.withReadyPod("web", "b")
		s.kill("a")
		s.leads("web", "b")
	}
	awaitEvent(t, corev1.EventTypeWarning, metav1.NamespaceDefault, other.namespace, "NamespaceNotWatched", "has no effect in namespace "+other.namespace)
	if service := history.service(other.namespace, "web-leader"); service != nil {
		t.Error("a Service has a leader in a namespace that Tanist is not installed for")
	}
	r.watches(2)
	if requests := used.elsewhere(a.namespace, b.namespace, i.namespace, metav1.NamespaceDefault); len(requests) > 0 {
		t.Errorf("requests elsewhere: %v", requests)
	}

	// A namespace that opts out is cleaned up.
	i.tune("election: {optOutGrace: 0s}")
	r.isTuned("election: {optOutGrace: 0s}")
	b.label(`null`)
	b.isGone("web-leader")
}

// TestAMissingRightInOneNamespace takes the rights in one of two namespaces away, and gives them back.
func TestAMissingRightInOneNamespace(t *testing.T) {
	a, b := newNamespace(t), newNamespace(t)
	i := newTanistFor(t, a.namespace, b.namespace)
	bindings := clientset.RbacV1().RoleBindings(b.namespace)
	name := i.namespace + "-tanist"
	binding, err := bindings.Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := bindings.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	i.awaitNoRights(b.namespace)
	r := i.startWith(app.Options{WatchNamespaces: []string{a.namespace, b.namespace}})
	r.waitElected()
	for _, s := range []*testNamespace{a, b} {
		s.withService("web")
		s.withReadyPod("web", "a")
	}
	a.leads("web", "a")
	r.counts(1, "tanist_watched_namespaces", "state=forbidden")
	r.counts(1, "tanist_watched_namespaces", "state=synced")

	restored := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: binding.RoleRef, Subjects: binding.Subjects}
	if _, err := bindings.Create(t.Context(), restored, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	// The informers try again within a minute.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for history.service(b.namespace, "web-leader") == nil {
		select {
		case <-ctx.Done():
			t.Fatal("the namespace is not served after the rights have come back")
		case <-time.After(100 * time.Millisecond):
		}
	}
	b.leads("web", "a")
}

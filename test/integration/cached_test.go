//go:build integration

package integration_test

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A request begins with the API server's cache. If that is behind, the API server asks admission about an old version of the object, meets a
// conflict, and asks again. A test that counts what admission says first waits until the cache has the latest version.

func (s *testNamespace) awaitPodCached(name string) {
	s.t.Helper()
	awaitCached(s, name, clientset.CoreV1().Pods(s.namespace).Get)
}

func (s *testNamespace) awaitNamespaceCached() {
	s.t.Helper()
	awaitCached(s, s.namespace, clientset.CoreV1().Namespaces().Get)
}

func awaitCached[T metav1.Object](s *testNamespace, name string, get func(context.Context, string, metav1.GetOptions) (T, error)) {
	s.t.Helper()
	latest, err := get(s.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		s.t.Fatalf("failed to get %s: %v", name, err)
	}
	// With a resourceVersion, the answer comes from the cache, once it is as new.
	if _, err := get(s.t.Context(), name, metav1.GetOptions{ResourceVersion: latest.GetResourceVersion()}); err != nil {
		s.t.Fatalf("failed to get %s from the cache: %v", name, err)
	}
}

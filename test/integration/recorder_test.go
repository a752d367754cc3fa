//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// version is one version of an object, as the recorder's own watch saw it, independent of Tanist's informers.
type version struct {
	revision int64
	kind     string
	key      string
	gone     bool
	object   runtime.Object
	// seen is when the recorder saw it.
	seen time.Time
}

// recorder keeps every version of every pod, Service, EndpointSlice, Node, ReplicaSet, ConfigMap and Event of the cluster.
type recorder struct {
	mu       sync.Mutex
	versions []version
	latest   map[string]runtime.Object
	changed  chan struct{}
}

type watcher struct {
	kind  string
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
}

func record(ctx context.Context, c *kubernetes.Clientset) (*recorder, error) {
	r := &recorder{latest: map[string]runtime.Object{}, changed: make(chan struct{})}
	for _, w := range []watcher{
		{"Pod", c.CoreV1().Pods("").Watch},
		{"Service", c.CoreV1().Services("").Watch},
		{"EndpointSlice", c.DiscoveryV1().EndpointSlices("").Watch},
		{"Node", c.CoreV1().Nodes().Watch},
		{"ReplicaSet", c.AppsV1().ReplicaSets("").Watch},
		{"ConfigMap", c.CoreV1().ConfigMaps("").Watch},
		{"Event", c.EventsV1().Events("").Watch},
	} {
		stream, err := w.watch(ctx, metav1.ListOptions{TimeoutSeconds: new(watchTimeout)})
		if err != nil {
			return nil, fmt.Errorf("failed to watch %s: %w", w.kind, err)
		}
		go r.follow(ctx, w.kind, stream)
	}
	return r, nil
}

// follow ends with the tests. A watch that the API server ends earlier would leave a gap, so that is fatal.
func (r *recorder) follow(ctx context.Context, kind string, stream watch.Interface) {
	for event := range stream.ResultChan() {
		if ctx.Err() != nil {
			return
		}
		object, ok := event.Object.(metav1.Object)
		if !ok {
			panic(fmt.Sprintf("watch of %s: %v", kind, event.Object))
		}
		var revision int64
		if _, err := fmt.Sscan(object.GetResourceVersion(), &revision); err != nil {
			panic(err)
		}
		key := object.GetNamespace() + "/" + object.GetName()
		r.mu.Lock()
		gone := event.Type == watch.Deleted
		r.versions = append(r.versions, version{revision, kind, key, gone, event.Object, time.Now()})
		if gone {
			delete(r.latest, kind+" "+key)
		} else {
			r.latest[kind+" "+key] = event.Object
		}
		close(r.changed)
		r.changed = make(chan struct{})
		r.mu.Unlock()
	}
	if ctx.Err() == nil {
		panic("the watch of " + kind + " ended")
	}
}

// all returns the versions of a kind seen so far in a namespace.
func (r *recorder) all(kind, namespace string) []version {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []version
	for _, v := range r.versions {
		if v.kind == kind && v.object.(metav1.Object).GetNamespace() == namespace {
			found = append(found, v)
		}
	}
	return found
}

func latest[T any](r *recorder, kind, namespace, name string) (object T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	object, _ = r.latest[kind+" "+namespace+"/"+name].(T)
	return object
}

// event reports whether there is an Event of a type about an object, with the reason (any if empty) and with a note that contains a text.
func (r *recorder) event(kind, namespace, about, reason, contains string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, object := range r.latest {
		event, ok := object.(*eventsv1.Event)
		if ok && event.Type == kind && event.Namespace == namespace && event.Regarding.Name == about && (reason == "" || event.Reason == reason) &&
			strings.Contains(event.Note, contains) {
			return true
		}
	}
	return false
}

// objects returns the objects of a kind in a namespace.
func (r *recorder) objects(kind, namespace string) []runtime.Object {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []runtime.Object
	for key, object := range r.latest {
		if strings.HasPrefix(key, kind+" "+namespace+"/") {
			found = append(found, object)
		}
	}
	return found
}

func (r *recorder) service(namespace, name string) *corev1.Service {
	return latest[*corev1.Service](r, "Service", namespace, name)
}

func (r *recorder) slice(namespace, name string) *discoveryv1.EndpointSlice {
	return latest[*discoveryv1.EndpointSlice](r, "EndpointSlice", namespace, name)
}

func (r *recorder) pod(namespace, name string) *corev1.Pod {
	return latest[*corev1.Pod](r, "Pod", namespace, name)
}

// waitTimeout is how long a test waits for what should take milliseconds: long enough for one busy core. It is no measure of speed: what
// takes longer is taken to never happen.
const waitTimeout = 2 * time.Minute

// watchTimeout is how long a watch may last, in seconds. Without it the API server ends a watch after 30 to 60 minutes, which a slow run of
// all tests may take.
const watchTimeout = int64(24 * 60 * 60)

// metricsInterval is how often a condition is checked without a change: a metric has no watch.
const metricsInterval = 100 * time.Millisecond

// eventually waits until the condition holds. It checks at every change of any object. The condition returns what is missing.
func (r *recorder) eventually(t *testing.T, condition func() (missing string)) {
	t.Helper()
	timeout := time.NewTimer(waitTimeout)
	defer timeout.Stop()
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		missing := condition()
		if missing == "" {
			return
		}
		select {
		case <-changed:
		case <-time.After(metricsInterval):
		case <-timeout.C:
			t.Fatalf("waited %s in vain: %s", waitTimeout, missing)
		}
	}
}

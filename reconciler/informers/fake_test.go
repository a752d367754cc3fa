package informers

import (
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	toolscache "k8s.io/client-go/tools/cache"
	framework "k8s.io/client-go/tools/cache/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestMain drops the error handlers of Kubernetes. One of them sleeps until the time at which the program has started, which is decades away in a bubble
// of synctest.
func TestMain(m *testing.M) {
	utilruntime.ErrorHandlers = nil
	os.Exit(m.Run())
}

const (
	pods     = "pods"
	services = "services"
)

// lister is an API server for one kind in one namespace. While it is held back, it answers no list. While it is forbidden, it refuses them.
type lister struct {
	*framework.FakeControllerSource
	held      chan struct{}
	forbidden *atomic.Bool
}

// List implements toolscache.Lister.
func (l lister) List(options metav1.ListOptions) (runtime.Object, error) {
	<-l.held
	if l.forbidden.Load() {
		return nil, apierrors.NewForbidden(schema.GroupResource{Resource: pods}, "", nil)
	}
	return l.FakeControllerSource.List(options)
}

// asItIs reduces nothing.
func asItIs(object any) (any, error) { return object, nil }

// cluster is an API server, and what is wanted of it.
type cluster struct {
	t *testing.T
	*Informers
	mu     sync.Mutex
	want   map[string]bool
	served map[string]lister // by kind and namespace
	told   map[string]*recorded
}

// newCluster returns informers of pods and Services that have not started. They must be used in a bubble of synctest.
func newCluster(t *testing.T, limit int, wanted ...string) *cluster {
	t.Helper()
	c := &cluster{t: t, want: map[string]bool{}, served: map[string]lister{}, told: map[string]*recorded{}}
	for _, namespace := range wanted {
		c.want[namespace] = true
	}
	c.Informers = newInformers(Options{
		Kinds: []Kind{{Name: pods, Object: &corev1.Pod{}, Followed: true}, {Name: services, Object: &corev1.Service{}}}, Limit: limit,
		Transform: asItIs, Log: logr.Discard(),
		Wanted: func(namespace string) bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.want[namespace]
		},
		Namespaces: func() []string { return wanted },
	})
	for _, kind := range c.kinds {
		c.sources = append(c.sources, func(namespace string) toolscache.ListerWatcher { return c.lister(kind.Name, namespace) })
		c.told[kind.Name] = c.handle(kind.Name)
	}
	return c
}

// start runs the informers until the test ends.
func (c *cluster) start() {
	stopped := make(chan error)
	go func() { stopped <- c.Start(c.t.Context()) }()
	c.t.Cleanup(func() { // the context has ended
		if err := <-stopped; err != nil {
			c.t.Errorf("failed to watch: %v", err)
		}
		for _, l := range c.served {
			l.Shutdown()
		}
	})
	synctest.Wait()
}

func (c *cluster) lister(kind, namespace string) lister {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, found := c.served[kind+" "+namespace]
	if !found {
		l = lister{FakeControllerSource: framework.NewFakeControllerSource(), held: make(chan struct{}), forbidden: &atomic.Bool{}}
		close(l.held)
		c.served[kind+" "+namespace] = l
	}
	return l
}

// hold holds a kind in a namespace back, until release is called.
func (c *cluster) hold(kind, namespace string) (release func()) {
	l := c.lister(kind, namespace)
	l.held = make(chan struct{})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.served[kind+" "+namespace] = l
	return func() { close(l.held) }
}

// add creates an object in its namespace and in the whole cluster.
func (c *cluster) add(object client.Object) {
	for _, namespace := range []string{object.GetNamespace(), ""} {
		c.lister(kindOf(object), namespace).Add(object.DeepCopyObject())
	}
	synctest.Wait()
}

func (c *cluster) remove(object client.Object) {
	for _, namespace := range []string{object.GetNamespace(), ""} {
		c.lister(kindOf(object), namespace).Delete(object.DeepCopyObject())
	}
	synctest.Wait()
}

// wants says whether a namespace is wanted from now on, and waits until that has had its effect at once.
func (c *cluster) wants(namespace string, wanted bool) {
	c.mu.Lock()
	c.want[namespace] = wanted
	c.mu.Unlock()
	c.Check(namespace)
	synctest.Wait()
}

// keys returns the keys of the objects of a kind that can be read.
func (c *cluster) keys(kind string) (keys []string) {
	for _, object := range c.Objects(kind).List() {
		key, err := toolscache.MetaNamespaceKeyFunc(object)
		if err != nil {
			c.t.Fatal(err)
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func kindOf(object client.Object) string {
	if _, ok := object.(*corev1.Pod); ok {
		return pods
	}
	return services
}

func pod(namespace, name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

func service(namespace, name string) *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// recorded is what a handler was told.
type recorded struct {
	mu     sync.Mutex
	events []string
}

// handle records what a handler is told.
func (c *cluster) handle(kind string) *recorded {
	r := &recorded{}
	tell := func(what string, object any) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if tombstone, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
			what, object = "lost", tombstone.Obj
		}
		key, _ := toolscache.MetaNamespaceKeyFunc(object)
		r.events = append(r.events, what+" "+key)
	}
	c.Handle(kind, toolscache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(object any, initial bool) {
			if initial {
				tell("initial", object)
			} else {
				tell("created", object)
			}
		},
		DeleteFunc: func(object any) { tell("deleted", object) },
	})
	return r
}

// take returns what the handler was told since the last call, sorted.
func (r *recorded) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	slices.Sort(events)
	return events
}

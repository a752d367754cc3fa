package dashboard

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/dashboard/page"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// feed watches the cluster and keeps the page up to date.
type feed struct {
	client kubernetes.Interface
	// namespace is empty for all namespaces.
	namespace string
	tanist    installation.Reader
	hub       *hub

	// stores are those of the informers, by the name of the kind. A kind that the user may not read has none. The map does not change after
	// start.
	stores map[string]cache.Indexer
	// oneNamespace reports that the user may get the Namespace by its name, and neither list nor watch namespaces.
	oneNamespace bool
	// wake has an element when there is something to do for run.
	wake chan struct{}

	// mu guards what follows.
	mu      sync.Mutex
	journal page.Journal
	// dirty are the namespaces whose rows may have changed.
	dirty sets.Set[string]
	head  head
	// problems says by kind why it cannot be read now.
	problems    map[string]string
	observation status.Observation
	// leases are those that Services follow, as they were last read.
	leases status.Leases
	// leasesNote says that the user may not read some of them; empty if all can be read.
	leasesNote string
	onlyOne    *corev1.Namespace // if oneNamespace
}

func newFeed(client kubernetes.Interface, namespace string, tanist installation.Reader, host string) *feed {
	return &feed{
		client: client, namespace: namespace, tanist: tanist, hub: newHub(),
		stores: map[string]cache.Indexer{}, wake: make(chan struct{}, 1), dirty: sets.New[string](), problems: map[string]string{},
		head: head{Namespace: namespace, Cluster: host, Window: int(page.Window.Seconds())},
	}
}

// start finds out what the user may read, and begins to watch that. It returns when all of it has been read once.
func (f *feed) start(ctx context.Context) error {
	var informers []cache.SharedIndexInformer
	var synced []cache.InformerSynced
	for _, k := range allKinds {
		readable, err := f.readable(ctx, k)
		if err != nil {
			return err
		}
		if !readable {
			continue
		}
		informer, hasSynced, err := f.informer(k)
		if err != nil {
			return fmt.Errorf("failed to watch %s: %w", k.name, err)
		}
		f.stores[k.name] = informer.GetIndexer()
		informers, synced = append(informers, informer), append(synced, hasSynced)
	}
	f.refresh(ctx)
	for _, informer := range informers { // not earlier: they read stores
		go informer.RunWithContext(ctx)
	}
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		return fmt.Errorf("failed to read the cluster: %w", context.Cause(ctx))
	}
	f.refreshLeases(ctx)
	f.rereadNodes()
	f.publish(time.Now())
	return nil
}

// informer returns what will watch a kind, and whether everything that was there at first has been handled.
func (f *feed) informer(k kind) (cache.SharedIndexInformer, cache.InformerSynced, error) {
	source := reporting(k.source(f.client, f.namespace), func(err error) { f.report(k, err) })
	informer := cache.NewSharedIndexInformer(cache.ToListWatcherWithWatchListSemantics(source, f.client), k.example, 0, cache.Indexers{
		cache.NamespaceIndex: cache.MetaNamespaceIndexFunc, nodeIndex: nodeOf,
	})
	if k.name == pods.name || k.name == nodes.name { // status reads who has written Services and slices
		if err := informer.SetTransform(withoutManagedFields); err != nil {
			return nil, nil, err
		}
	}
	registration, err := informer.AddEventHandler(f.handlerOf(k))
	if err != nil {
		return nil, nil, err
	}
	return informer, registration.HasSynced, nil
}

// withoutManagedFields removes what the page does not need, to save memory.
func withoutManagedFields(object any) (any, error) {
	if object, ok := object.(metav1.Object); ok {
		object.SetManagedFields(nil)
	}
	return object, nil
}

// nodeIndex is the index of pods by the name of their node.
const nodeIndex = "node"

func nodeOf(object any) ([]string, error) {
	if pod, ok := object.(*corev1.Pod); ok {
		return []string{pod.Spec.NodeName}, nil
	}
	return nil, nil
}

// readable reports whether the user may read a kind. It makes a note if not, and returns an error for a kind that the page needs.
func (f *feed) readable(ctx context.Context, k kind) (bool, error) {
	_, err := k.source(f.client, f.namespace).ListWithContext(ctx, metav1.ListOptions{Limit: 1})
	if k.name == namespaces.name && apierrors.IsForbidden(err) && f.namespace != metav1.NamespaceAll {
		if _, only := f.client.CoreV1().Namespaces().Get(ctx, f.namespace, metav1.GetOptions{}); only == nil {
			f.oneNamespace = true
			return false, nil
		}
	}
	switch {
	case err == nil:
		return true, nil
	case k.missing != "" && apierrors.IsForbidden(err):
		f.head.Notes = append(f.head.Notes, fmt.Sprintf("%s: %v", k.missing, err))
		return false, nil
	}
	return false, fmt.Errorf("failed to list %s: %w", k.name, err)
}

// report notes whether a kind can be read now.
func (f *feed) report(k kind, err error) {
	if errors.Is(err, context.Canceled) {
		return // the program ends
	}
	problem := ""
	// An expired version is no failure: the informer lists again.
	if err != nil && !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
		problem = fmt.Sprintf("%s cannot be read at present, so what is shown may be out of date: %v", k.name, err)
	}
	f.mu.Lock()
	changed := f.problems[k.name] != problem
	f.problems[k.name] = problem
	f.mu.Unlock()
	if changed {
		f.signal()
	}
}

// signal wakes run.
func (f *feed) signal() {
	select {
	case f.wake <- struct{}{}:
	default: // it will wake anyway
	}
}

package dashboard

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/dashboard/page"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/leases"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// pause is the shortest time between two updates of the page. What changes meanwhile goes into one. No hand-over is lost by that: the time
// lines come from the history.
const pause = 100 * time.Millisecond

// run publishes rows as they change, until the context ends.
func (f *feed) run(ctx context.Context) {
	go fromTimeToTime(ctx, installation.MaxRenewAge, f.refresh)
	go fromTimeToTime(ctx, leases.Every, f.refreshLeases)
	limiter := rate.NewLimiter(rate.Every(pause), 1)
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		}
		if limiter.Wait(ctx) != nil {
			return
		}
		f.publish(time.Now())
	}
}

// publish computes the rows that may have changed, and gives them to whoever looks at the page.
func (f *feed) publish(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.journal.Forget(now)
	for namespace := range f.dirty {
		f.hub.setRows(namespace, page.Rows(f.objects(namespace), &f.journal, now))
	}
	f.dirty.Clear()
	current := f.head
	if f.leasesNote != "" {
		current.Notes = append(slices.Clone(current.Notes), f.leasesNote)
	}
	for _, k := range allKinds {
		if problem := f.problems[k.name]; problem != "" {
			current.Problems = append(current.Problems, problem)
		}
	}
	f.hub.setHead(current)
}

// fromTimeToTime calls what reads again. It does so beside run, which must say that the API server does not answer while it does not.
func fromTimeToTime(ctx context.Context, every time.Duration, refresh func(context.Context)) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			refresh(ctx)
		}
	}
}

// refreshLeases reads the Leases that Services follow. What it cannot read stays as it was. The page says what the user may not read.
func (f *feed) refreshLeases(ctx context.Context) {
	if f.stores[services.name] == nil {
		return
	}
	var following []*corev1.Service
	for _, object := range f.stores[services.name].List() {
		if service, ok := object.(*corev1.Service); ok && config.Enabled(service.Annotations) {
			following = append(following, service)
		}
	}
	note := ""
	found, err := leases.Read(ctx, f.client, following)
	switch {
	case apierrors.IsForbidden(err):
		note = fmt.Sprintf("what is wrong with the Leases that Services follow is not shown: %v", err)
	case err != nil:
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for name := range f.leases {
		f.mark(name.Namespace)
	}
	for name := range found {
		f.mark(name.Namespace)
	}
	f.leases, f.leasesNote = found, note
	f.signal() // the note may have changed
}

// refresh reads what is not watched: about Tanist itself, and about a Namespace that the user may only get.
func (f *feed) refresh(ctx context.Context) {
	warnings, observation := f.tanist.Warnings(ctx), f.tanist.Observation(ctx)
	var only *corev1.Namespace
	if f.oneNamespace {
		only, _ = f.client.CoreV1().Namespaces().Get(ctx, f.namespace, metav1.GetOptions{})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.head.Warnings, f.observation = warnings, observation
	if only != nil {
		f.onlyOne = only
	}
	if f.stores[services.name] != nil {
		f.mark(f.stores[services.name].ListIndexFuncValues(cache.NamespaceIndex)...)
	}
}

// objects returns what the rows of a namespace are derived from. The caller holds mu.
func (f *feed) objects(namespace string) status.Objects {
	return status.Objects{
		Namespace: f.namespaceOf(namespace), PodsKnown: f.stores[pods.name] != nil, Observation: f.observation,
		Services: indexed[*corev1.Service](f, services, cache.NamespaceIndex, namespace),
		Slices:   indexed[*discoveryv1.EndpointSlice](f, endpointSlices, cache.NamespaceIndex, namespace),
		Pods:     indexed[*corev1.Pod](f, pods, cache.NamespaceIndex, namespace),
		Events:   indexed[*corev1.Event](f, events, cache.NamespaceIndex, namespace),
		Leases:   f.leases,
	}
}

// namespaceOf returns the Namespace; nil if the user may not read it. The caller holds mu.
func (f *feed) namespaceOf(name string) metav1.Object {
	if f.onlyOne != nil {
		return f.onlyOne
	}
	if f.stores[namespaces.name] == nil {
		return nil
	}
	object, _, _ := f.stores[namespaces.name].GetByKey(name)
	namespace, _ := object.(metav1.Object)
	return namespace
}

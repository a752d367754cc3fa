package reconciler

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	ctrlcache "sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// unwatched reports the namespaces whose label has no effect, because Tanist is installed for other namespaces only. It reports each once, and again
// when the label is set again. The replica that holds the Lease runs it.
type unwatched struct {
	namespaces ctrlcache.Informers
	stores     *store.Stores
	recorder   events.EventRecorder
	log        logr.Logger
}

// Start implements manager.Runnable.
func (u *unwatched) Start(ctx context.Context) error {
	informer, err := u.namespaces.GetInformer(ctx, store.NamespaceMetadata(), ctrlcache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("failed to get informer for Namespaces: %w", err)
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { u.report(nil, object) },
		UpdateFunc: u.report,
	})
	if err != nil {
		return fmt.Errorf("failed to handle Namespaces: %w", err)
	}
	<-ctx.Done()
	return informer.RemoveEventHandler(registration)
}

// report reports a namespace that has got the label.
func (u *unwatched) report(before, after any) {
	namespace, ok := after.(*metav1.PartialObjectMetadata)
	if old, had := before.(*metav1.PartialObjectMetadata); !ok || had && config.Enabled(old.Labels) {
		return
	}
	if !config.Enabled(namespace.Labels) || u.stores.MayOptIn(namespace.Name) {
		return
	}
	u.log.Info("A namespace has the label that opts in, and it has no effect: --watch-namespaces does not name the namespace", "namespace", namespace.Name)
	about := store.NamespaceMetadata() // what informers deliver need not say its kind
	about.Name, about.UID = namespace.Name, namespace.UID
	notify.Emit(u.recorder, []notify.Warning{{
		Object: about, Reason: notify.ReasonNamespaceNotWatched, Action: notify.ActionRead,
		Note: fmt.Sprintf("label %s has no effect in namespace %s: Tanist is installed for some namespaces only. Add this one to the chart's value watchNamespaces, or remove the label",
			config.EnabledKey, namespace.Name),
	}})
}

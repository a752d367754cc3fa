package store

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/tanist-dev/tanist/reconciler/informers"
	"github.com/tanist-dev/tanist/reconciler/lease"
	"github.com/tanist-dev/tanist/reconciler/trim"
)

// kindLeases names the Leases that Services follow.
const kindLeases = "leases"

// Leases watches the Leases that Services follow, each by its name: a cluster has many others, which are renewed every few seconds.
type Leases struct {
	named informers.NamedObjects

	mu sync.Mutex
	// follows has the Lease of each Service that follows one, and followers the Services of each Lease that is watched.
	follows   map[types.NamespacedName]types.NamespacedName
	followers map[types.NamespacedName]sets.Set[types.NamespacedName]
	handler   LeaseHandler
}

// LeaseHandler is called when a Lease changes. Either version is nil if the Lease does not exist. Both are nil when it is known now whether
// the Lease exists, or may be watched. It must not block.
type LeaseHandler func(name types.NamespacedName, before, after *coordinationv1.Lease)

func newLeases() *Leases {
	return &Leases{
		follows: map[types.NamespacedName]types.NamespacedName{}, followers: map[types.NamespacedName]sets.Set[types.NamespacedName]{},
	}
}

// staticLeases returns Leases that no informer changes.
func staticLeases() *Leases {
	l := newLeases()
	l.named = informers.NewStaticNamed(l.changed)
	return l
}

// FakeLeases returns what is known of the Leases of NewFake, for tests that change it.
func FakeLeases(l *Leases) *informers.StaticNamed { return l.named.(*informers.StaticNamed) }

// addLeases adds the informers of the Leases to the manager. They watch nothing until a Service follows a Lease.
func addLeases(mgr manager.Manager) (*Leases, error) {
	l := newLeases()
	named, err := informers.NewNamed(informers.Options{
		Cluster: mgr.GetConfig(), HTTPClient: mgr.GetHTTPClient(), Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(), Transform: trim.Transform,
	}, informers.Kind{Name: kindLeases, Object: &coordinationv1.Lease{}}, l.changed)
	if err != nil {
		return nil, fmt.Errorf("failed to make informers of Leases: %w", err)
	}
	l.named = named
	if err := mgr.Add(named); err != nil {
		return nil, fmt.Errorf("failed to add informers of Leases: %w", err)
	}
	return l, nil
}

// Handle sets the handler. It is called before the informers start.
func (l *Leases) Handle(handler LeaseHandler) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handler = handler
}

func (l *Leases) changed(name types.NamespacedName, before, after any) {
	l.mu.Lock()
	handler := l.handler
	l.mu.Unlock()
	if handler == nil {
		return
	}
	old, _ := before.(*coordinationv1.Lease)
	current, _ := after.(*coordinationv1.Lease)
	handler(name, old, current)
}

// Follow records that a Service follows the Lease with this name, in its namespace, and no other; empty for none. A Lease is watched while
// any Service follows it.
func (l *Leases) Follow(service types.NamespacedName, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, followed := l.follows[service]
	now := types.NamespacedName{Namespace: service.Namespace, Name: name}
	if followed && before == now || !followed && name == "" {
		return
	}
	if followed {
		delete(l.follows, service)
		l.followers[before].Delete(service)
		if l.followers[before].Len() == 0 {
			delete(l.followers, before)
			l.named.Stop(before)
		}
	}
	if name == "" {
		return
	}
	l.follows[service] = now
	if l.followers[now] == nil {
		l.followers[now] = sets.New[types.NamespacedName]()
		l.named.Watch(now)
	}
	l.followers[now].Insert(service)
}

// Followers returns the Services that follow a Lease.
func (l *Leases) Followers(name types.NamespacedName) []types.NamespacedName {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.followers[name]))
}

// Watched returns the Leases that are watched.
func (l *Leases) Watched() []types.NamespacedName {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.followers))
}

// View returns what is known of a Lease, and up to which version.
func (l *Leases) View(name types.NamespacedName) (view lease.View, seen string) {
	found := l.named.Get(name)
	view = lease.View{Unread: !found.Known || found.Refused != "", Refused: found.Refused}
	view.Lease, _ = found.Object.(*coordinationv1.Lease)
	return view, found.Seen
}

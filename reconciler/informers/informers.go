package informers

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/go-logr/logr"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// Informers has the informers of the namespaces that are watched.
type Informers struct {
	kinds      []Kind
	sources    []source // in the order of the kinds
	transform  toolscache.TransformFunc
	wanted     func(namespace string) bool
	namespaces func() []string
	limit      int
	log        logr.Logger
	// lists has room for maxLists.
	lists chan struct{}

	// queue has the namespaces of which it is to be found out whether they are wanted.
	queue workqueue.TypedDelayingInterface[string]
	// readable is what is read. It is replaced and never changed, so that no read waits.
	readable atomic.Pointer[snapshot]

	mu sync.Mutex
	// handlers are by kind. None is ever removed: controllers end with the program.
	handlers [][]toolscache.ResourceEventHandler
	// byNamespace has the sets of the namespaces that are watched, readable or not. all is the set of the whole cluster; nil at first. Only Start's
	// goroutine changes byNamespace, except that the switch to the whole cluster empties it.
	byNamespace map[string]*set
	all         *set
	// initial are the namespaces that were wanted at the start; nil before. initialAll says that they were so many that the whole cluster is
	// watched.
	initial    []string
	initialAll bool
}

// snapshot has the sets that can be read: that of the whole cluster, or those of namespaces.
type snapshot struct {
	all         *set
	byNamespace map[string]*set
	// replaced is closed when another snapshot has taken this one's place.
	replaced chan struct{}
}

func newSnapshot(byNamespace map[string]*set) *snapshot {
	return &snapshot{byNamespace: byNamespace, replaced: make(chan struct{})}
}

// of returns the set that has a namespace; nil if the namespace cannot be read.
func (s *snapshot) of(namespace string) *set {
	if s.all != nil {
		return s.all
	}
	return s.byNamespace[namespace]
}

// New returns informers that watch nothing before Start.
func New(o Options) (*Informers, error) {
	i := newInformers(o)
	for _, kind := range o.Kinds {
		source, err := newSource(o, kind)
		if err != nil {
			return nil, err
		}
		i.sources = append(i.sources, source)
	}
	return i, nil
}

func newInformers(o Options) *Informers {
	i := &Informers{
		kinds: o.Kinds, transform: o.Transform, wanted: o.Wanted, namespaces: o.Namespaces, limit: o.Limit, log: o.Log,
		queue: workqueue.NewTypedDelayingQueue[string](), handlers: make([][]toolscache.ResourceEventHandler, len(o.Kinds)),
		byNamespace: map[string]*set{}, lists: make(chan struct{}, maxLists),
	}
	i.readable.Store(newSnapshot(nil))
	return i
}

// indexOf returns the index of a kind. It panics for a kind that is not watched, which is a constant.
func (i *Informers) indexOf(kind string) int {
	at := slices.IndexFunc(i.kinds, func(k Kind) bool { return k.Name == kind })
	if at < 0 {
		panic(fmt.Sprintf("kind %s is not watched", kind))
	}
	return at
}

// sets returns all sets, readable or not. The caller holds mu.
func (i *Informers) sets() []*set {
	all := slices.Collect(maps.Values(i.byNamespace))
	if i.all != nil {
		all = append(all, i.all)
	}
	return all
}

// publish lets readers read the sets that are readable. The caller holds mu.
func (i *Informers) publish() {
	next := newSnapshot(make(map[string]*set, len(i.byNamespace)))
	if i.all != nil && i.all.readable {
		next.all = i.all
	}
	for namespace, s := range i.byNamespace {
		if s.readable {
			next.byNamespace[namespace] = s
		}
	}
	close(i.readable.Swap(next).replaced)
}

package informers

import (
	toolscache "k8s.io/client-go/tools/cache"
)

// Objects reads the objects of one kind in the namespaces whose informers are synced. They are shared with the informers, and must not be modified.
type Objects interface {
	// In returns the store that has the objects of a namespace. It may have those of other namespaces, too.
	In(namespace string) toolscache.Indexer
	// GetByKey returns the object with the key <namespace>/<name>.
	GetByKey(key string) (object any, exists bool, err error)
	// ByIndex returns the objects of all namespaces with a value of an index. It asks each namespace's store.
	ByIndex(index, value string) ([]any, error)
	// List returns the objects of all namespaces.
	List() []any
	// Delivered returns the newest version that events have brought to the store of a namespace. It may be older than what the store has seen,
	// because bookmarks do not count. It is for kinds with Kind.Followed alone.
	Delivered(namespace string) string
}

// Static is a store that is filled by hand: by tests, and by the plugin, which reads everything once.
type Static struct{ toolscache.Indexer }

// In implements Objects.
func (s Static) In(string) toolscache.Indexer { return s.Indexer }

// Delivered implements Objects.
func (s Static) Delivered(string) string { return s.LastStoreSyncResourceVersion() }

// watched are the objects that informers keep.
type watched struct {
	informers *Informers
	// kind is its index in Informers.kinds.
	kind int
	// none is the store of a namespace whose informers are not synced.
	none toolscache.Indexer
}

// Objects returns the objects of a kind. It panics for a kind that is not watched: kinds are constants.
func (i *Informers) Objects(kind string) Objects {
	at := i.indexOf(kind)
	return watched{informers: i, kind: at, none: toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, i.kinds[at].Indexers)}
}

func (w watched) In(namespace string) toolscache.Indexer {
	if s := w.informers.readable.Load().of(namespace); s != nil {
		return s.informers[w.kind].store
	}
	return w.none
}

func (w watched) Delivered(namespace string) string {
	if s := w.informers.readable.Load().of(namespace); s != nil {
		return s.informers[w.kind].delivered.version()
	}
	return ""
}

func (w watched) GetByKey(key string) (object any, exists bool, err error) {
	namespace, _, err := toolscache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil, false, err
	}
	return w.In(namespace).GetByKey(key)
}

func (w watched) ByIndex(index, value string) (all []any, err error) {
	for _, indexer := range w.indexers() {
		found, err := indexer.ByIndex(index, value)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func (w watched) List() (all []any) {
	for _, indexer := range w.indexers() {
		all = append(all, indexer.List()...)
	}
	return all
}

// indexers returns the stores whose informers are synced.
func (w watched) indexers() []toolscache.Indexer {
	sets := w.informers.readable.Load()
	if sets.all != nil {
		return []toolscache.Indexer{sets.all.informers[w.kind].store}
	}
	all := make([]toolscache.Indexer, 0, len(sets.byNamespace))
	for _, s := range sets.byNamespace {
		all = append(all, s.informers[w.kind].store)
	}
	return all
}

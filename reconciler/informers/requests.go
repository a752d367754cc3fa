package informers

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
)

// maxLists is how many lists a replica asks for at a time. At a start there are eight for each namespace. If all were asked for at once, a small API
// server would have so much to do for them that it answers nothing else for seconds.
const maxLists = 4

// requests are those that an informer sends. It lists the objects in pages and then watches them. A streamed list would take the API server more than
// twice the CPU: for the stream of a namespace, it looks at the objects of all namespaces.
type requests struct{ *toolscache.ListWatch }

// IsWatchListSemanticsUnSupported makes the informer list before it watches.
func (requests) IsWatchListSemanticsUnSupported() bool { return true }

// newRequests returns the requests to a source. Each page is reduced before the informer asks for the next, because it takes several times the memory
// of what is kept of it. noted gets the error of each request, nil for one that has succeeded. A list waits until lists has room.
func newRequests(to toolscache.ListerWatcher, reduce toolscache.TransformFunc, noted func(error), lists chan struct{}) requests {
	source := toolscache.ToListerWatcherWithContext(to)
	return requests{&toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			select {
			case lists <- struct{}{}:
				defer func() { <-lists }()
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if options.Continue == "" {
				// What an API server has in its cache may be older than what this replica has committed before a restart.
				options.ResourceVersion, options.ResourceVersionMatch = "", ""
			}
			page, err := source.ListWithContext(ctx, options)
			noted(err)
			if err != nil {
				return nil, err
			}
			return reduced(page, reduce)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			events, err := source.WatchWithContext(ctx, options)
			noted(err)
			return events, err
		},
	}}
}

// reduced returns a page whose objects are reduced, and that keeps nothing of the page that it is made of.
func reduced(page runtime.Object, reduce toolscache.TransformFunc) (runtime.Object, error) {
	from, err := meta.ListAccessor(page)
	if err != nil {
		return nil, fmt.Errorf("failed to read list: %w", err)
	}
	objects, err := meta.ExtractListWithAlloc(page)
	if err != nil {
		return nil, fmt.Errorf("failed to read objects of list: %w", err)
	}
	list := &metainternalversion.List{ListMeta: metav1.ListMeta{ResourceVersion: from.GetResourceVersion(), Continue: from.GetContinue()}}
	for _, object := range objects {
		kept, err := reduce(object)
		if err != nil {
			return nil, fmt.Errorf("failed to reduce object of list: %w", err)
		}
		list.Items = append(list.Items, kept.(runtime.Object))
	}
	return list, nil
}

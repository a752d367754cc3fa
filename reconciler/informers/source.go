package informers

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// source lists and watches the objects of one kind in a namespace; empty for all namespaces.
type source func(namespace string) toolscache.ListerWatcher

// newSource returns the source of a kind. All namespaces share its client. Built-in types are sent as protobuf, which costs a fraction of JSON.
func newSource(o Options, kind Kind) (source, error) {
	gvk, err := apiutil.GVKForObject(kind.Object, o.Scheme)
	if err != nil {
		return nil, fmt.Errorf("failed to get kind of %T: %w", kind.Object, err)
	}
	mapping, err := o.Mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, fmt.Errorf("failed to get resource of %s: %w", gvk, err)
	}
	if _, partial := kind.Object.(*metav1.PartialObjectMetadata); partial {
		api, err := metadata.NewForConfigAndClient(metadata.ConfigFor(o.Cluster), o.HTTPClient)
		if err != nil {
			return nil, fmt.Errorf("failed to make client for metadata of %s: %w", gvk, err)
		}
		return metadataSource(kind, api, mapping), nil
	}
	api, err := apiutil.RESTClientForGVK(gvk, false, false, o.Cluster, serializer.NewCodecFactory(o.Scheme), o.HTTPClient)
	if err != nil {
		return nil, fmt.Errorf("failed to make client for %s: %w", gvk, err)
	}
	return func(namespace string) toolscache.ListerWatcher {
		return toolscache.NewFilteredListWatchFromClient(api, mapping.Resource.Resource, namespace, kind.narrow)
	}, nil
}

// metadataSource returns the source of a kind of which only the metadata is watched.
func metadataSource(kind Kind, api metadata.Interface, mapping *meta.RESTMapping) source {
	return func(namespace string) toolscache.ListerWatcher {
		return newMetadataListWatch(api.Resource(mapping.Resource).Namespace(namespace), kind.narrow)
	}
}

// newMetadataListWatch is toolscache.NewFilteredListWatchFromClient for a client that asks for metadata.
func newMetadataListWatch(api metadata.ResourceInterface, narrow func(*metav1.ListOptions)) *toolscache.ListWatch {
	return &toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			narrow(&options)
			return api.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.Watch = true
			narrow(&options)
			return api.Watch(ctx, options)
		},
	}
}

package bench

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// rewatchDelay is the pause before a watch that broke is opened again.
const rewatchDelay = 100 * time.Millisecond

// source is what a typed client offers for one resource, such as kubernetes.Interface's CoreV1().Pods(namespace).
type source[L runtime.Object] interface {
	List(ctx context.Context, opts metav1.ListOptions) (L, error)
	Watch(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error)
}

// handler is told what a watch sees, one call after another. Every call gets the time at which this process had the event in
// its hands, taken before anything else is done with it.
type handler interface {
	// replace says that these objects are all there is.
	replace(at time.Time, objects []runtime.Object)
	// event says that one object was added, modified or deleted.
	event(at time.Time, kind watch.EventType, object runtime.Object)
	// trouble says that the watch broke and is being opened again; what happens until then is seen late.
	trouble(err error)
}

// follow lists and then watches until ctx ends. It returns the list's error, or, once the first list was handled, a channel
// that is closed when the watch has ended.
//
// Informers are not used: between the socket and a time stamp, they put a queue and two goroutines that a measurement does not
// want.
func follow[L runtime.Object](ctx context.Context, from source[L], opts metav1.ListOptions, h handler) (<-chan struct{}, error) {
	version, err := list(ctx, from, opts, h)
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			next, err := watchFrom(ctx, from, opts, version, h)
			if version = next; err == nil || ctx.Err() != nil {
				continue
			}
			h.trouble(err)
			if pause(ctx, rewatchDelay) != nil {
				return
			}
			if version == "" {
				if version, err = list(ctx, from, opts, h); err != nil {
					h.trouble(err)
				}
			}
		}
	}()
	return done, nil
}

func list[L runtime.Object](ctx context.Context, from source[L], opts metav1.ListOptions, h handler) (version string, err error) {
	all, err := from.List(ctx, opts)
	at := time.Now()
	if err != nil {
		return "", fmt.Errorf("failed to list: %w", err)
	}
	objects, err := meta.ExtractList(all)
	if err != nil {
		return "", fmt.Errorf("failed to read list: %w", err)
	}
	listed, err := meta.ListAccessor(all)
	if err != nil {
		return "", fmt.Errorf("failed to read list: %w", err)
	}
	h.replace(at, objects)
	return listed.GetResourceVersion(), nil
}

// watchFrom watches from a version on until the server ends it (no error: that is normal every few minutes) or it breaks. It
// returns the version to go on from, empty when only a new list helps.
func watchFrom[L runtime.Object](
	ctx context.Context, from source[L], opts metav1.ListOptions, version string, h handler,
) (string, error) {
	opts.ResourceVersion = version
	opts.AllowWatchBookmarks = true
	w, err := from.Watch(ctx, opts)
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		return "", err
	}
	if err != nil {
		return version, fmt.Errorf("failed to watch: %w", err)
	}
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return version, nil
		case event, open := <-w.ResultChan():
			at := time.Now()
			if !open {
				return version, nil
			}
			if event.Type == watch.Error {
				return "", apierrors.FromObject(event.Object)
			}
			object, err := meta.Accessor(event.Object)
			if err != nil {
				return "", fmt.Errorf("failed to read watch event: %w", err)
			}
			version = object.GetResourceVersion()
			if event.Type != watch.Bookmark {
				h.event(at, event.Type, event.Object)
			}
		}
	}
}

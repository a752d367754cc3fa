package watch

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

// rewatchDelay is how far apart two attempts to watch begin at least, so that an API server that ends every watch at once is not flooded.
const rewatchDelay = 100 * time.Millisecond

// Source is what a typed client offers for one resource, such as kubernetes.Interface's CoreV1().Pods(namespace).
type Source[L runtime.Object] interface {
	List(ctx context.Context, opts metav1.ListOptions) (L, error)
	Watch(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error)
}

// Handler receives what a watch sees, one call after another. The time is when Follow received the decoded object. A handler that is slow
// makes the times of the next events late.
type Handler interface {
	// Replace receives the complete list of objects. Those that it does not contain are gone.
	Replace(at time.Time, objects []runtime.Object)
	// Event receives one object that was added, modified or deleted.
	Event(at time.Time, eventType watch.EventType, object runtime.Object)
	// Failed receives why a watch or a list failed. The next attempt follows. What happens until it succeeds is seen late, or, if it begins
	// with a list, only as its result.
	Failed(err error)
}

// Follow lists and then watches until ctx ends. It returns after the first list, with its error. From then on a goroutine calls the
// handler. It closes done when it has ended, which is after the end of ctx; the handler is not called any more.
//
// A Reflector of client-go is not used: after a failure it waits for 0.8 to 60 s, in which failovers would be missed.
func Follow[L runtime.Object](ctx context.Context, source Source[L], opts metav1.ListOptions, h Handler) (done <-chan struct{}, err error) {
	version, err := list(ctx, source, opts, h)
	if err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		follow(ctx, source, opts, version, h)
	}()
	return ended, nil
}

// follow watches from a version on until ctx ends, and lists again whenever the watch cannot be continued.
func follow[L runtime.Object](ctx context.Context, source Source[L], opts metav1.ListOptions, version string, h Handler) {
	relist := false
	for {
		began := time.Now()
		var err error
		if relist {
			version, err = list(ctx, source, opts, h)
		}
		if err == nil {
			version, relist, err = watchFrom(ctx, source, opts, version, h)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			h.Failed(err)
		}
		select {
		case <-time.After(time.Until(began.Add(rewatchDelay))):
		case <-ctx.Done():
			return
		}
	}
}

func list[L runtime.Object](ctx context.Context, source Source[L], opts metav1.ListOptions, h Handler) (version string, err error) {
	all, err := source.List(ctx, opts)
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
	h.Replace(at, objects)
	return listed.GetResourceVersion(), nil
}

// watchFrom watches from a version on until the watch ends. It returns the version to continue from, or that a list is needed first. A
// watch that the API server ends is no error. By default the API server does so after 30 to 60 minutes (--min-request-timeout).
func watchFrom[L runtime.Object](
	ctx context.Context, source Source[L], opts metav1.ListOptions, version string, h Handler,
) (next string, relist bool, err error) {
	opts.ResourceVersion = version
	opts.AllowWatchBookmarks = true
	w, err := source.Watch(ctx, opts)
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		return "", true, err
	}
	if err != nil {
		return version, false, fmt.Errorf("failed to watch: %w", err)
	}
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return version, false, nil
		case event, open := <-w.ResultChan():
			at := time.Now()
			if !open {
				return version, false, nil
			}
			if event.Type == watch.Error {
				return "", true, apierrors.FromObject(event.Object)
			}
			object, err := meta.Accessor(event.Object)
			if err != nil {
				return "", true, fmt.Errorf("failed to read watch event: %w", err)
			}
			version = object.GetResourceVersion()
			if event.Type != watch.Bookmark {
				h.Event(at, event.Type, event.Object)
			}
		}
	}
}

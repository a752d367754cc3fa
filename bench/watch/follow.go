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

// rewatchDelay is the pause before a broken watch is opened again.
const rewatchDelay = 100 * time.Millisecond

// Source is what a typed client offers for one resource, such as kubernetes.Interface's CoreV1().Pods(namespace).
type Source[L runtime.Object] interface {
	List(ctx context.Context, opts metav1.ListOptions) (L, error)
	Watch(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error)
}

// Handler receives what a watch sees, one call after another. The time is when this process received the event, taken before anything
// else is done with it.
type Handler interface {
	// Replace receives all objects there are.
	Replace(at time.Time, objects []runtime.Object)
	// Event receives one object that was added, modified or deleted.
	Event(at time.Time, kind watch.EventType, object runtime.Object)
	// Failed receives why the watch broke. It is being opened again; what happens until then is seen late.
	Failed(err error)
}

// Follow lists and then watches until ctx ends. It returns after the first list, with its error.
func Follow[L runtime.Object](ctx context.Context, from Source[L], opts metav1.ListOptions, h Handler) error {
	version, err := list(ctx, from, opts, h)
	if err != nil {
		return err
	}
	go func() {
		for ctx.Err() == nil {
			next, err := watchFrom(ctx, from, opts, version, h)
			if version = next; err == nil || ctx.Err() != nil {
				continue
			}
			h.Failed(err)
			select {
			case <-time.After(rewatchDelay):
			case <-ctx.Done():
				return
			}
			if version == "" {
				if version, err = list(ctx, from, opts, h); err != nil {
					h.Failed(err)
				}
			}
		}
	}()
	return nil
}

func list[L runtime.Object](ctx context.Context, from Source[L], opts metav1.ListOptions, h Handler) (version string, err error) {
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
	h.Replace(at, objects)
	return listed.GetResourceVersion(), nil
}

// watchFrom watches from a version on until the watch ends. A watch that the server ends, as it does every few minutes, is no error.
// It returns the version to continue from, empty when a new list is needed.
func watchFrom[L runtime.Object](
	ctx context.Context, from Source[L], opts metav1.ListOptions, version string, h Handler,
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
				h.Event(at, event.Type, event.Object)
			}
		}
	}
}

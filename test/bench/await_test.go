//go:build bench

package bench

import (
	"context"
	"fmt"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

const (
	// stallTimeout is how long a wait goes on without any progress. With progress, it goes on, however slow the machine and however many the
	// objects.
	stallTimeout = 5 * time.Minute
	// progressInterval is how often progress is logged.
	progressInterval = 10 * time.Second
)

// progress logs how far something is.
type progress struct {
	what  string
	began time.Time
	said  time.Time
}

func newProgress(what string) *progress {
	return &progress{what: what, began: time.Now(), said: time.Now()}
}

// at logs how far it is, unless it has just done so.
func (p *progress) at(format string, args ...any) {
	if time.Since(p.said) < progressInterval {
		return
	}
	p.said = time.Now()
	fmt.Fprintf(os.Stderr, "%s: %s, %s\n", p.what, fmt.Sprintf(format, args...), time.Since(p.began).Round(time.Second))
}

// watchFrom watches from a version on. It renews the watch, which the API server ends after an hour at most.
func watchFrom(
	ctx context.Context, version, labels string, start func(context.Context, metav1.ListOptions) (watch.Interface, error),
) (watch.Interface, error) {
	return watchtools.NewRetryWatcherWithContext(ctx, version, &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.LabelSelector, options.TimeoutSeconds = labels, new(int64(3600))
			return start(ctx, options)
		},
	})
}

// count waits until a watch has delivered want different objects that satisfy ready. It gives up when none is added for stallTimeout.
func count[T metav1.Object](ctx context.Context, what string, w watch.Interface, want int, ready func(T) bool) error {
	defer w.Stop()
	seen, progress := map[string]bool{}, newProgress(what)
	stalled := time.NewTimer(stallTimeout)
	defer stalled.Stop()
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	for len(seen) < want {
		select {
		case event, more := <-w.ResultChan():
			if !more {
				return fmt.Errorf("%s: the watch ended when %d of %d were", what, len(seen), want)
			}
			object, ok := event.Object.(T)
			if !ok {
				return fmt.Errorf("%s: the watch delivered %T: %v", what, event.Object, event.Object)
			}
			if key := object.GetNamespace() + "/" + object.GetName(); ready(object) && !seen[key] {
				seen[key] = true
				stalled.Reset(stallTimeout)
			}
		case <-tick.C:
			progress.at("%d of %d", len(seen), want)
		case <-stalled.C:
			return fmt.Errorf("%s: %d of %d, and none more for %s", what, len(seen), want, stallTimeout)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

//go:build bench

package bench

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tanist-dev/tanist/test/env"
)

var (
	churnTime    = flag.Duration("churn", time.Hour, "how long namespaces come and go")
	churnEvery   = flag.Duration("namespace-every", 15*time.Second, "how often a namespace comes")
	churnMeasure = flag.Duration("measure-every", 10*time.Minute, "how often to measure, and for how long namespaces come and go before the first time")
)

const (
	// mostGrowth is how much more memory a replica may hold in the end than at the first measurement, and mostNewGoroutines how many more
	// goroutines it may have: the connection over which it is measured has some.
	mostGrowth        = 1.05
	mostNewGoroutines = 4
)

// TestChurn: namespaces, Services and pods that have gone leave nothing behind in the memory of a replica.
func TestChurn(t *testing.T) {
	client, nodes := connect(t)
	createNamespace(t, client)
	// A namespace that opts out keeps its leader Services for five minutes by default.
	writeTuning(t, client, "observe: {enabled: false}\nelection: {optOutGrace: 10s}")
	population{client: client, nodes: nodes, services: *services, pods: *pods}.create(t)
	b := bench{t: t, client: client, replicas: []*replica{newReplica(t), newReplica(t)}}
	profiles := make([]string, len(b.replicas))
	for i, r := range b.replicas {
		profiles[i] = env.UnusedAddress()
		r.args = append(r.args, "--pprof-address", profiles[i])
	}
	b.startCold(&report{})

	c := churn{population: population{client: client, nodes: nodes, services: churnedServices, pods: churnedPods}}
	var measured []churned
	for began := time.Now(); time.Since(began) < *churnTime; {
		c.run(t, *churnMeasure)
		b.settle()
		measured = append(measured, c.measure(b, profiles))
		fmt.Fprintf(os.Stderr, "After %s: %d namespaces, %d pods\n", time.Since(began).Round(time.Second), c.namespaces.Load(), c.created.Load())
	}
	writeChurn(t.Output(), measured)
	for i := range b.replicas {
		first, last := measured[0].replicas[i], measured[len(measured)-1].replicas[i]
		if last.live > mostGrowth*first.live || last.memory > mostGrowth*first.memory {
			t.Errorf("replica %d grew from %.0f MB (%.1f MB live) to %.0f MB (%.1f MB live)",
				i, first.memory/1e6, first.live/1e6, last.memory/1e6, last.live/1e6)
		}
		if last.goroutines > first.goroutines+mostNewGoroutines {
			t.Errorf("replica %d had %v goroutines, and has %v in the end", i, first.goroutines, last.goroutines)
		}
	}
}

// churned is what there was at one measurement.
type churned struct {
	namespaces, services, pods int64
	// replicas have nothing to do. Their live objects are those after a further garbage collection.
	replicas []sample
}

func (c *churn) measure(b bench, profiles []string) churned {
	b.t.Helper()
	m := churned{namespaces: c.namespaces.Load(), pods: c.created.Load(), replicas: b.samples()}
	m.services = m.namespaces * churnedServices
	for _, profile := range profiles {
		if err := collectGarbage(b.t.Context(), profile); err != nil {
			b.t.Fatal(err)
		}
	}
	for i, s := range b.samples() {
		m.replicas[i].live = s.live
	}
	return m
}

// collectGarbage has a replica collect its garbage, which it does for a profile of the heap.
func collectGarbage(ctx context.Context, profiles string) error {
	response, err := get(ctx, http.DefaultClient, "http://"+profiles+"/debug/pprof/heap?gc=1")
	if err != nil {
		return fmt.Errorf("failed to collect the garbage of a replica: %w", err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return fmt.Errorf("failed to collect the garbage of a replica: %w", err)
	}
	return nil
}

func writeChurn(out io.Writer, measured []churned) {
	fmt.Fprintf(out, "\n%d leader Services over %d pods stay, a namespace with %d Services comes every %s; %s/%s, %d CPUs, %s\n\n",
		*services, *services**pods, churnedServices, *churnEvery, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	fmt.Fprintln(out, "| namespaces, Services and pods so far | memory (RSS) of both replicas | the most it ever was | live Go objects | goroutines |")
	fmt.Fprintln(out, "| --- | --- | --- | --- | --- |")
	for _, m := range measured {
		each := func(format string, value func(sample) float64) string {
			return fmt.Sprintf(format+", "+format, value(m.replicas[0]), value(m.replicas[1]))
		}
		fmt.Fprintf(out, "| %d, %d, %d | %s | %s | %s | %s |\n", m.namespaces, m.services, m.pods,
			each("%.0f MB", func(r sample) float64 { return r.memory / 1e6 }), each("%.0f MB", func(r sample) float64 { return r.peak * 1024 / 1e6 }),
			each("%.1f MB", func(r sample) float64 { return r.live / 1e6 }), each("%.0f", func(r sample) float64 { return r.goroutines }))
	}
}

// churn is namespaces that come and go, with their Services and pods.
type churn struct {
	population
	namespaces, created atomic.Int64
}

// run has a namespace come again and again for some time, and returns when all have gone.
func (c *churn) run(t *testing.T, howLong time.Duration) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(churnAtOnce)
	for until := time.Now().Add(howLong); time.Now().Before(until) && ctx.Err() == nil; {
		number := int(c.namespaces.Add(1))
		group.Go(func() error { return c.live(ctx, number) })
		if pause(ctx, *churnEvery) != nil {
			break
		}
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

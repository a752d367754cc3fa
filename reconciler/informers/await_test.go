package informers

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestAwaitReadable(t *testing.T) {
	const limit = time.Minute
	// awaits reports by now whether AwaitReadable has returned, and whether the context's end made it.
	awaits := func(c *cluster, namespace string) (returned, late *atomic.Bool) {
		returned, late = &atomic.Bool{}, &atomic.Bool{}
		ctx, cancel := context.WithTimeout(c.t.Context(), limit)
		go func() {
			defer cancel()
			c.AwaitReadable(ctx, namespace)
			late.Store(ctx.Err() != nil)
			returned.Store(true)
		}()
		synctest.Wait()
		return returned, late
	}
	// awaitsUntil checks that a namespace that opts in is awaited until it can be read.
	awaitsUntil := func(c *cluster, namespace string, release func()) {
		c.t.Helper()
		returned, late := awaits(c, namespace)
		c.wants(namespace, true)
		if returned.Load() {
			c.t.Fatal("returned before the namespace can be read")
		}
		release()
		synctest.Wait()
		if !returned.Load() || late.Load() {
			c.t.Errorf("returned: %t, late: %t", returned.Load(), late.Load())
		}
	}
	t.Run("a namespace that opts in later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, 0, "bank")
			release := c.hold(pods, "shop")
			c.start()
			if returned, _ := awaits(c, "bank"); !returned.Load() {
				t.Error("a namespace that can be read is waited for")
			}
			awaitsUntil(c, "shop", release)
		})
	})
	t.Run("a namespace that never opts in", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, 0)
			c.start()
			returned, late := awaits(c, "shop")
			if returned.Load() {
				t.Fatal("returned at once")
			}
			pass(2 * limit)
			if !returned.Load() || !late.Load() {
				t.Errorf("returned: %t, late: %t", returned.Load(), late.Load())
			}
		})
	})
	t.Run("a namespace for which a right is missing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, 0, "shop")
			c.lister(pods, "shop").forbidden.Store(true)
			c.start()
			if returned, _ := awaits(c, "shop"); !returned.Load() {
				t.Error("a right that is missing is waited for")
			}
		})
	})
	t.Run("the whole cluster", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, 1, "shop")
			c.start()
			awaitsUntil(c, "bank", c.hold(pods, ""))
			pass(2 * stopDelay)
		})
	})
}

//go:build bench

package bench

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/observe"
	"github.com/tanist-dev/tanist/observe/watch"
)

// lossesWithin is how long nodes may be lost without that anybody notices.
const lossesWithin = time.Minute

// notices are the times at which an observer reported each Service last.
type notices struct {
	mu sync.Mutex
	at map[types.NamespacedName]time.Time
}

func (n *notices) add(key types.NamespacedName) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.at == nil {
		n.at = map[types.NamespacedName]time.Time{}
	}
	n.at[key] = time.Now()
}

// reportLosses loses every other node, until as many as wanted are lost, and prints when the observer knew it of the leaders there. The
// successors are on the nodes between. It needs a network of its own.
func reportLosses(t *testing.T, w *watch.Watcher, noticed *notices) {
	t.Helper()
	var addresses []string
	for i := 0; i < *kubelets && len(addresses) < *lost; i += 2 {
		addresses = append(addresses, nodeAddress(i).String())
	}
	rules := fmt.Sprintf(`add table ip lost; add chain ip lost in { type filter hook input priority 0; };
add rule ip lost in ip daddr { %s } drop; add rule ip lost in ip saddr { %[1]s } drop`, strings.Join(addresses, ", "))
	began := time.Now()
	if out, err := exec.CommandContext(t.Context(), "nft", rules).CombinedOutput(); err != nil {
		t.Fatalf("failed to drop the packets of %d nodes: %v: %s", len(addresses), err, out)
	}
	before := usage(t)
	var times []time.Duration
	for deadline := began.Add(lossesWithin); ; {
		times = times[:0]
		missing := 0
		for i := range *leaders {
			if node := i % *kubelets; node%2 != 0 || node/2 >= len(addresses) {
				continue
			}
			key := types.NamespacedName{Namespace: "bench", Name: fmt.Sprint(i)}
			noticed.mu.Lock()
			at := noticed.at[key]
			noticed.mu.Unlock()
			if w.Verdict(key, types.UID(fmt.Sprintf("leader-%d", i))) != observe.NodeLost || !at.After(began) {
				missing++
				continue
			}
			times = append(times, at.Sub(began))
		}
		if missing == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d lost leaders are not noticed", missing, missing+len(times))
		}
		if err := pause(t.Context(), 200*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	after := usage(t)
	slices.Sort(times)
	fmt.Fprintf(t.Output(), "%d nodes with %d leaders lost at once: noticed after %s (median), %s (99th percentile), %s (longest); CPU meanwhile %.2f of a core, memory %d MB\n",
		len(addresses), len(times), times[len(times)/2], times[len(times)*99/100], times[len(times)-1],
		(after.cpu-before.cpu).Seconds()/time.Since(began).Seconds(), after.memory>>20)
}

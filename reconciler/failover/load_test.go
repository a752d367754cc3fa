package failover

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/reconciler/informers"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// switching are the pods of informers that others replace after they were read a number of times.
type switching struct {
	informers.Static
	next  informers.Static
	reads int
}

func (s *switching) In(string) toolscache.Indexer {
	if s.reads--; s.reads < 0 {
		return s.next.Indexer
	}
	return s.Indexer
}

// TestWhatIsDecidedIsFromOneInformer: what one informer has seen says nothing about the pods of another, which may lag behind it.
func TestWhatIsDecidedIsFromOneInformer(t *testing.T) {
	for reads := range 4 {
		f := newFixture(t)
		next := store.NewFake(gen.ReadyPod("a1"), gen.ReadyPod("c3"))
		newest := gen.ReadyPod("b2", func(pod *corev1.Pod) { pod.ResourceVersion = "99" })
		if err := store.Fake(f.stores.Pods).Update(newest); err != nil {
			t.Fatal(err)
		}
		f.stores.Pods = &switching{Static: f.stores.Pods.(informers.Static), next: next.Pods.(informers.Static), reads: reads}
		in, found := f.loadFromInformers(gen.ShopWeb)
		if diff := cmp.Diff([]string{"a1", "c3"}, gen.NamesOf(in.Pods)); !found || diff != "" {
			t.Errorf("after %d reads: unexpected pods (-want +got):\n%s", reads, diff)
		}
		if want := next.Seen("shop").Pods; in.Seen.Pods != want {
			t.Errorf("after %d reads: version %s was seen, want %s", reads, in.Seen.Pods, want)
		}
	}
}

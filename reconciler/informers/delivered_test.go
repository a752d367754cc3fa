package informers

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestDeliveredIsTheNewestVersionThatAnEventHasBrought(t *testing.T) {
	at := func(version string) *corev1.Pod {
		return gen.ReadyPod("a1", func(pod *corev1.Pod) { pod.ResourceVersion = version })
	}
	type events func(d *delivered, store toolscache.Indexer)
	for name, test := range map[string]struct {
		events events
		want   string
	}{
		"nothing but a list": {
			events: func(_ *delivered, store toolscache.Indexer) { store.Bookmark("20") },
			want:   "20",
		},
		"a list is newer than its objects": {
			events: func(d *delivered, store toolscache.Indexer) {
				store.Bookmark("20")
				d.OnAdd(at("10"), true)
			},
			want: "20",
		},
		"a bookmark does not count": {
			events: func(d *delivered, store toolscache.Indexer) {
				d.OnAdd(at("30"), false)
				store.Bookmark("90")
			},
			want: "30",
		},
		"an update": {
			events: func(d *delivered, _ toolscache.Indexer) {
				d.OnAdd(at("30"), false)
				d.OnUpdate(at("30"), at("40"))
			},
			want: "40",
		},
		"a deletion": {
			events: func(d *delivered, _ toolscache.Indexer) {
				d.OnAdd(at("30"), false)
				d.OnDelete(at("50"))
			},
			want: "50",
		},
		"an event of an older version": {
			events: func(d *delivered, store toolscache.Indexer) {
				store.Bookmark("40")
				d.OnAdd(at("40"), false)
				d.OnUpdate(at("30"), at("35"))
			},
			want: "40",
		},
		"a new list without the object": {
			events: func(d *delivered, store toolscache.Indexer) {
				d.OnAdd(at("30"), false)
				store.Bookmark("60")
				d.OnDelete(toolscache.DeletedFinalStateUnknown{Obj: at("30")})
			},
			want: "60",
		},
		"versions have gone back": {
			events: func(d *delivered, store toolscache.Indexer) {
				store.Bookmark("90")
				d.OnAdd(at("90"), false)
				store.Bookmark("50")
				d.OnUpdate(at("90"), at("45"))
			},
			want: "45",
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, nil)
			d := &delivered{store: store}
			test.events(d, store)
			if got := d.version(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

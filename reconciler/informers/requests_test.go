package informers

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	toolscache "k8s.io/client-go/tools/cache"
)

// TestPages: the first page is what the API server has now, the others belong to it, and each has the reduced objects.
func TestPages(t *testing.T) {
	var asked []metav1.ListOptions
	source := &toolscache.ListWatch{ListWithContextFunc: func(_ context.Context, options metav1.ListOptions) (runtime.Object, error) {
		asked = append(asked, options)
		return &corev1.PodList{
			ListMeta: metav1.ListMeta{ResourceVersion: "7", Continue: "next"},
			Items:    []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "a"}}, {ObjectMeta: metav1.ObjectMeta{Name: "b"}}},
		}, nil
	}}
	reduce := func(object any) (any, error) {
		return &corev1.Pod{Spec: corev1.PodSpec{NodeName: object.(*corev1.Pod).Name}}, nil
	}
	lists := newRequests(source, reduce, func(error) {}, make(chan struct{}, maxLists))
	var got []string
	for _, options := range []metav1.ListOptions{
		{ResourceVersion: "0", Limit: 500}, {Continue: "next", Limit: 500}, {ResourceVersion: "5", ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan},
	} {
		page, err := lists.ListWithContext(t.Context(), options)
		if err != nil {
			t.Fatal(err)
		}
		from, err := meta.ListAccessor(page)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, from.GetResourceVersion()+" "+from.GetContinue())
		if err := meta.EachListItem(page, func(object runtime.Object) error {
			got = append(got, object.(*corev1.Pod).Spec.NodeName)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]metav1.ListOptions{{Limit: 500}, {Continue: "next", Limit: 500}, {}}, asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"7 next", "a", "b", "7 next", "a", "b", "7 next", "a", "b"}, got); diff != "" {
		t.Errorf("got (-want +got):\n%s", diff)
	}
}

// TestListsWaitForOneAnother: a replica that starts does not ask for everything at once, and one whose informer is stopped meanwhile gives up.
func TestListsWaitForOneAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		busy, most := 0, 0
		answer := make(chan struct{})
		source := &toolscache.ListWatch{ListWithContextFunc: func(context.Context, metav1.ListOptions) (runtime.Object, error) {
			mu.Lock()
			busy++
			most = max(most, busy)
			mu.Unlock()
			<-answer
			mu.Lock()
			busy--
			mu.Unlock()
			return &corev1.PodList{}, nil
		}}
		lists := newRequests(source, asItIs, func(error) {}, make(chan struct{}, maxLists))
		var asking sync.WaitGroup
		for range 5 * maxLists {
			asking.Go(func() {
				if _, err := lists.ListWithContext(t.Context(), metav1.ListOptions{}); err != nil {
					t.Errorf("failed to list: %v", err)
				}
			})
		}
		synctest.Wait()
		stopped, stop := context.WithCancel(t.Context())
		stop()
		if _, err := lists.ListWithContext(stopped, metav1.ListOptions{}); !errors.Is(err, context.Canceled) {
			t.Errorf("a list that waits ends with %v", err)
		}
		close(answer)
		asking.Wait()
		if most != maxLists {
			t.Errorf("%d lists at a time, want %d", most, maxLists)
		}
	})
}

package watch

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// script is a source whose watches are the test's. It records what it was asked for.
type script struct {
	watches chan watch.Interface
	// lists are the errors of the lists, one after another; nil for one that succeeds, as do all further ones.
	lists []error
	asked []string
}

func (s *script) List(context.Context, metav1.ListOptions) (*corev1.PodList, error) {
	s.asked = append(s.asked, "list")
	if len(s.lists) > 0 {
		err := s.lists[0]
		s.lists = s.lists[1:]
		if err != nil {
			return nil, err
		}
	}
	list := &corev1.PodList{Items: []corev1.Pod{*testPod("a")}}
	list.ResourceVersion = "10"
	return list, nil
}

func (s *script) Watch(_ context.Context, opts metav1.ListOptions) (watch.Interface, error) {
	s.asked = append(s.asked, "watch from "+opts.ResourceVersion)
	return <-s.watches, nil
}

// heard records what a handler is told.
type heard struct{ told []string }

func (h *heard) Replace(_ time.Time, objects []runtime.Object) {
	told := "replace:"
	for _, object := range objects {
		told += " " + object.(*corev1.Pod).Name
	}
	h.told = append(h.told, told)
}

func (h *heard) Event(_ time.Time, eventType watch.EventType, object runtime.Object) {
	h.told = append(h.told, string(eventType)+" "+object.(*corev1.Pod).Name)
}

func (h *heard) Failed(err error) {
	h.told = append(h.told, "failed: "+string(apierrors.ReasonForError(err)))
}

func TestFollow(t *testing.T) {
	at := func(pod *corev1.Pod, version string) *corev1.Pod {
		pod.ResourceVersion = version
		return pod
	}
	tests := map[string]struct {
		watches   [][]watch.Event
		lists     []error
		wantAsked []string
		wantTold  []string
	}{
		"a watch that ends goes on where it was": {
			watches: [][]watch.Event{
				{{Type: watch.Added, Object: at(testPod("b"), "11")}},
				{{Type: watch.Deleted, Object: at(testPod("a"), "12")}},
			},
			wantAsked: []string{"list", "watch from 10", "watch from 11", "watch from 12"},
			wantTold:  []string{"replace: a", "ADDED b", "DELETED a"},
		},
		"a bookmark moves it on and is not told": {
			watches: [][]watch.Event{{{
				Type: watch.Bookmark, Object: at(&corev1.Pod{}, "20"),
			}}},
			wantAsked: []string{"list", "watch from 10", "watch from 20"},
			wantTold:  []string{"replace: a"},
		},
		"a watch that is too old begins with a list": {
			watches: [][]watch.Event{{{
				Type: watch.Error, Object: new(apierrors.NewResourceExpired("too old").Status()),
			}}},
			wantAsked: []string{"list", "watch from 10", "list", "watch from 10"},
			wantTold:  []string{"replace: a", "failed: Expired", "replace: a"},
		},
		"a list that fails is repeated before the next watch": {
			watches: [][]watch.Event{{{
				Type: watch.Error, Object: new(apierrors.NewResourceExpired("too old").Status()),
			}}},
			lists:     []error{nil, apierrors.NewServiceUnavailable("down"), apierrors.NewServiceUnavailable("down")},
			wantAsked: []string{"list", "watch from 10", "list", "list", "list", "watch from 10"},
			wantTold:  []string{"replace: a", "failed: Expired", "failed: ServiceUnavailable", "failed: ServiceUnavailable", "replace: a"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				source, h := &script{watches: make(chan watch.Interface), lists: test.lists}, &heard{}
				done, err := Follow(ctx, source, metav1.ListOptions{}, h)
				if err != nil {
					t.Fatal(err)
				}
				for _, events := range test.watches {
					w := watch.NewFake()
					source.watches <- w
					for _, event := range events {
						w.Action(event.Type, event.Object)
					}
					w.Stop()
				}
				source.watches <- watch.NewFake()
				synctest.Wait()
				cancel()
				<-done
				if diff := cmp.Diff(test.wantAsked, source.asked); diff != "" {
					t.Errorf("asked for (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(test.wantTold, h.told); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestFollowReturnsTheErrorOfTheFirstList(t *testing.T) {
	want := apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", nil)
	_, err := Follow(t.Context(), &script{lists: []error{want}}, metav1.ListOptions{}, &heard{})
	if !errors.Is(err, want) {
		t.Errorf("error = %v, want %v", err, want)
	}
}

func TestWatchesThatTheServerEndsAtOnceBeginApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, began := &script{watches: make(chan watch.Interface)}, time.Now()
		if _, err := Follow(t.Context(), source, metav1.ListOptions{}, &heard{}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			w := watch.NewFake()
			source.watches <- w
			w.Stop()
		}
		source.watches <- watch.NewFake()
		if passed := time.Since(began); passed != 3*rewatchDelay {
			t.Errorf("four watches began within %s, want %s", passed, 3*rewatchDelay)
		}
	})
}

// busy is a handler whose call for an event returns when the channel is closed.
type busy struct {
	heard
	until chan struct{}
}

func (b *busy) Event(time.Time, watch.EventType, runtime.Object) { <-b.until }

func TestFollowEndsAfterTheLastCallOfTheHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		source, h := &script{watches: make(chan watch.Interface)}, &busy{until: make(chan struct{})}
		done, err := Follow(ctx, source, metav1.ListOptions{}, h)
		if err != nil {
			t.Fatal(err)
		}
		w := watch.NewFake()
		source.watches <- w
		w.Add(testPod("b"))
		cancel()
		synctest.Wait()
		select {
		case <-done:
			t.Error("ended while the handler was being called")
		default:
		}
		close(h.until)
		<-done
	})
}

package leaders

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/tanist-dev/tanist/config"
)

// version is a version of the leader slice of Service web.
func version(term, leader, reason string, ready int) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name:        "web-leader-ipv4",
			Labels:      map[string]string{discoveryv1.LabelServiceName: "web-leader", config.SourceServiceKey: "web"},
			Annotations: map[string]string{config.TermKey: term, config.LeaderKey: leader, config.ReasonKey: reason},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	for range ready {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{"10.0.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)}})
	}
	return slice
}

// secondSlice is a version of another slice of the same Service and address family.
func secondSlice(slice *discoveryv1.EndpointSlice) *discoveryv1.EndpointSlice {
	slice.Name = "web-leader-second"
	return slice
}

func TestRecorder(t *testing.T) {
	cases := map[string]struct {
		versions  []*discoveryv1.EndpointSlice
		wantMoves []string
		wantWrong string
	}{
		"the first leader is a move": {
			versions:  []*discoveryv1.EndpointSlice{version("", "", "", 0), version("1", "a", "FirstLeader", 1)},
			wantMoves: []string{"a of web in term 1: FirstLeader"},
		},
		"a Service that begins without a leader has not moved": {
			versions: []*discoveryv1.EndpointSlice{version("1", "", "", 0)},
		},
		"a new version of the same term is no move": {
			versions:  []*discoveryv1.EndpointSlice{version("1", "a", "FirstLeader", 1), version("1", "a", "FirstLeader", 0)},
			wantMoves: []string{"a of web in term 1: FirstLeader"},
		},
		"a hand-over is a move": {
			versions:  []*discoveryv1.EndpointSlice{version("1", "a", "FirstLeader", 1), version("2", "b", "LeaderDeleted", 1)},
			wantMoves: []string{"a of web in term 1: FirstLeader", "b of web in term 2: LeaderDeleted"},
		},
		"a term that goes down is wrong": {
			versions:  []*discoveryv1.EndpointSlice{version("2", "a", "FirstLeader", 1), version("1", "b", "LeaderDeleted", 1)},
			wantMoves: []string{"a of web in term 2: FirstLeader"},
			wantWrong: "the term of web went from 2 down to 1",
		},
		"a move without a reason is wrong": {
			versions:  []*discoveryv1.EndpointSlice{version("1", "a", "", 1)},
			wantMoves: []string{"a of web in term 1: "},
			wantWrong: "a move without a reason: a of web in term 1: ",
		},
		"two slices with a ready endpoint each are wrong": {
			versions:  []*discoveryv1.EndpointSlice{version("1", "a", "FirstLeader", 1), secondSlice(version("1", "a", "FirstLeader", 1))},
			wantMoves: []string{"a of web in term 1: FirstLeader"},
			wantWrong: "web-leader/IPv4 has 2 ready endpoints; those of web-leader-second: [10.0.0.1]",
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			r := &Recorder{terms: map[string]int64{}, ready: map[string]map[string]int{}}
			for _, slice := range test.versions {
				r.see(time.Time{}, watch.Event{Type: watch.Modified, Object: slice})
			}
			var moves []string
			for _, m := range r.Since(0) {
				moves = append(moves, m.String())
			}
			if diff := cmp.Diff(test.wantMoves, moves); diff != "" {
				t.Errorf("unexpected moves (-want +got):\n%s", diff)
			}
			wrong := ""
			if err := errors.Join(r.Violations()...); err != nil {
				wrong = err.Error()
			}
			if diff := cmp.Diff(test.wantWrong, wrong); diff != "" {
				t.Errorf("unexpected violations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADeletedSliceHasNoReadyEndpoint(t *testing.T) {
	r := &Recorder{terms: map[string]int64{}, ready: map[string]map[string]int{}}
	first := version("1", "a", "FirstLeader", 1)
	r.see(time.Time{}, watch.Event{Type: watch.Added, Object: first})
	r.see(time.Time{}, watch.Event{Type: watch.Deleted, Object: first})
	r.see(time.Time{}, watch.Event{Type: watch.Added, Object: secondSlice(version("1", "a", "FirstLeader", 1))})
	if wrong := r.Violations(); len(wrong) > 0 {
		t.Errorf("got %v, want no violation", wrong)
	}
}

func TestABrokenWatchIsAViolation(t *testing.T) {
	r := &Recorder{}
	r.see(time.Time{}, watch.Event{Type: watch.Error, Object: &metav1.Status{Message: "expired"}})
	if wrong := r.Violations(); len(wrong) != 1 {
		t.Errorf("got %v, want one violation", wrong)
	}
	if wrong := r.Violations(); len(wrong) != 0 {
		t.Errorf("got %v again, want each violation once", wrong)
	}
}

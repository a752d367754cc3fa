//go:build integration

package integration_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestWhatSomeoneDoesToASliceIsUndone(t *testing.T) {
	newTanist(t).startElected()
	other := `{"addresses":["10.66.0.1"],"conditions":{"ready":true},"targetRef":{"kind":"Pod","name":"b","uid":"x"}}`
	cases := map[string]string{
		"the endpoint is removed":        `{"endpoints":[]}`,
		"another endpoint is put there":  `{"endpoints":[` + other + `]}`,
		"another pod is said to lead":    `{"metadata":{"annotations":{"tanist.dev/leader":"b"}},"endpoints":[` + other + `]}`,
		"the term is lowered":            `{"metadata":{"annotations":{"tanist.dev/term":"1"}}}`,
		"the term is removed":            `{"metadata":{"annotations":{"tanist.dev/term":null}}}`,
		"the ports are replaced":         `{"ports":[{"name":"x","port":1}]}`,
		"no pod is said to lead":         `{"metadata":{"annotations":{"tanist.dev/leader":null}},"endpoints":[]}`,
		"the leader is called not ready": `{"endpoints":[{"addresses":["10.66.0.1"],"conditions":{"ready":false}}]}`,
	}
	s := newNamespace(t)
	s.withService("web")
	s.withReadyPod("web", "x")
	s.leads("web", "x")
	s.withReadyPod("web", "a")
	s.kill("x")
	before := s.leads("web", "a")
	s.withReadyPod("web", "b")
	for name, body := range cases {
		t.Run(name, func(t *testing.T) {
			before = s.undoes(t, "web-leader-ipv4", body, before)
		})
	}
	t.Run("it is deleted", func(t *testing.T) {
		uid := s.deleteSlice("web-leader-ipv4")
		s.makesAgain("web-leader-ipv4", uid, before)
	})
}

// undoes changes a slice, as a user might, and waits until Tanist has corrected it.
func (s *testNamespace) undoes(t *testing.T, slice, body string, want leadership) (got leadership) {
	t.Helper()
	version := history.slice(s.namespace, slice).ResourceVersion
	s.patchSlice(slice, body)
	history.eventually(t, func() string {
		slice := history.slice(s.namespace, slice)
		if slice.ResourceVersion == version {
			return "that the edit is seen"
		}
		got = leadershipOf(slice)
		return got.keeps(want)
	})
	return got
}

// deleteSlice deletes a slice, as a user might.
func (s *testNamespace) deleteSlice(slice string) (deleted types.UID) {
	s.t.Helper()
	deleted = history.slice(s.namespace, slice).UID
	if err := clientset.DiscoveryV1().EndpointSlices(s.namespace).Delete(s.t.Context(), slice, metav1.DeleteOptions{}); err != nil {
		s.t.Fatal(err)
	}
	return deleted
}

// makesAgain waits until there is a new slice of the same name, with the same leader.
func (s *testNamespace) makesAgain(slice string, deleted types.UID, want leadership) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		slice := history.slice(s.namespace, slice)
		if slice == nil || slice.UID == deleted {
			return "another slice"
		}
		return leadershipOf(slice).keeps(want)
	})
}

// TestADeletionThatOvertakesAnAnswerIsSeen: Tanist corrects a slice, and someone deletes it. Tanist's watch shows both before Tanist has the
// answer to its correction.
func TestADeletionThatOvertakesAnAnswerIsSeen(t *testing.T) {
	r := newTanist(t).startElected()
	s, first := pair(t)
	s.withService("other")
	s.withReadyPod("other", "other")
	other := s.leads("other", "other")
	const slice = "web-leader-ipv4"
	const nobody = `{"endpoints":[]}`

	carriedOut, seen := make(chan struct{}), make(chan struct{})
	released := sync.OnceFunc(func() { close(seen) })
	defer released()
	once := sync.OnceFunc(func() {
		close(carriedOut)
		<-seen
	})
	hold := func(request *http.Request) {
		if request.Method == http.MethodPut && strings.HasSuffix(request.URL.Path, "/"+slice) {
			once()
		}
	}
	r.network.answered.Store(&hold)
	s.patchSlice(slice, nobody)
	<-carriedOut
	deleted := s.deleteSlice(slice)
	s.undoes(t, "other-leader-ipv4", nobody, other) // this edit comes after the deletion, so Tanist has seen both
	released()
	s.makesAgain(slice, deleted, first)
}

// TestADeletionWhileTheAPIServerIsOutOfReachIsSeen: no event of a watch shows it, only the next list.
func TestADeletionWhileTheAPIServerIsOutOfReachIsSeen(t *testing.T) {
	r := newTanist(t).startElected()
	s, first := pair(t)
	r.network.cut()
	deleted := s.deleteSlice("web-leader-ipv4")
	r.network.mend()
	s.makesAgain("web-leader-ipv4", deleted, first)
}

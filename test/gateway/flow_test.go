//go:build integration

package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/tanist-dev/tanist/test/gateway/dataplane"
)

// answer is what a request through the gateway got.
type answer struct {
	Code                      int
	Pod, Port, Proto, Backend string
}

// flow is a client that sends one request after the other through the gateway, until the test ends.
type flow struct {
	s       *scene
	mu      sync.Mutex
	answers []answer
	err     error
}

// requests starts a flow to a host and a path.
func (s *scene) requests(host, path string) *flow {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.t.Context()))
	f, done := &flow{s: s}, make(chan struct{})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, gatewayURL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Host = host
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			f.send(request)
		}
	}()
	s.t.Cleanup(func() { cancel(); <-done })
	return f
}

func (f *flow) send(request *http.Request) {
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		_, err = io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		if request.Context().Err() == nil {
			f.err = err
		}
		return
	}
	h := response.Header
	f.answers = append(f.answers, answer{response.StatusCode, h.Get(podHeader), h.Get(portHeader), h.Get(protoHeader), h.Get(dataplane.BackendHeader)})
}

// sample is how many answers a test looks at.
const sample = 50

// mark returns how many answers there have been.
func (f *flow) mark() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.answers)
}

// since returns the answers after a mark.
func (f *flow) since(mark int) []answer {
	f.s.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		f.s.t.Fatalf("a request failed: %v", f.err)
	}
	return slices.Clone(f.answers[mark:])
}

// next returns the next answers: those to requests that are sent from now on.
func (f *flow) next() []answer {
	f.s.t.Helper()
	mark := f.mark() + 1 // one request may be under way
	eventually(f.s.t, func(context.Context) string {
		if n := f.mark() - mark; n < sample {
			return fmt.Sprintf("%d answers, got %d", sample, n)
		}
		return ""
	})
	return f.since(mark)
}

// has waits until any answer is as wanted.
func (f *flow) has(want func(answer) bool) {
	f.s.t.Helper()
	eventually(f.s.t, func(context.Context) string {
		if !slices.ContainsFunc(f.since(0), want) {
			return "an answer as wanted"
		}
		return ""
	})
}

// reaches waits until the next answers are all as wanted, and checks that later ones are.
func (f *flow) reaches(want func(answer) bool) {
	f.s.t.Helper()
	unwanted := func(a answer) bool { return !want(a) }
	eventually(f.s.t, func(context.Context) string {
		if all := f.next(); slices.ContainsFunc(all, unwanted) {
			return fmt.Sprintf("answers as wanted, got %+v", all[slices.IndexFunc(all, unwanted)])
		}
		return ""
	})
	if all := f.next(); slices.ContainsFunc(all, unwanted) {
		f.s.t.Fatalf("got %+v", all[slices.IndexFunc(all, unwanted)])
	}
}

// from accepts the answers of a pod.
func from(pod string) func(answer) bool {
	return func(a answer) bool { return a.Code == http.StatusOK && a.Pod == pod }
}

// code accepts answers with a code.
func code(code int) func(answer) bool {
	return func(a answer) bool { return a.Code == code }
}

// handsOver checks that no request after a mark failed, and that they were answered by one pod first and by another one last. With one address
// family, nothing may go back to the first pod. With two, the gateway learns of two slices, one after the other.
func (f *flow) handsOver(mark int, first, last string, families int) {
	f.s.t.Helper()
	all := f.since(mark)
	var order []string
	failed, mixed := 0, 0
	for _, a := range all {
		if a.Code != http.StatusOK {
			failed++
		}
		if len(order) == 0 || order[len(order)-1] != a.Pod {
			order = append(order, a.Pod)
		}
		if len(order) > 1 && a.Pod == first {
			mixed++
		}
	}
	f.s.t.Logf("%d requests, %d failed, %d went to the old leader after the first to the new one", len(all), failed, mixed)
	if families == 1 && mixed > 0 || failed > 0 || order[0] != first || order[len(order)-1] != last ||
		slices.ContainsFunc(order, func(pod string) bool { return pod != first && pod != last }) {
		f.s.t.Errorf("%d requests failed, and these pods answered in turn: %v, want %s and then %s", failed, order, first, last)
	}
}

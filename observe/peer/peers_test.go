package peer

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/observe"
)

// askUntil asks until the votes are complete: on a busy machine, also a good peer may answer late.
func askUntil(t *testing.T, p *Peers, replicas []observe.Replica, names []string, complete func(map[string]Votes) bool) map[string]Votes {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		votes := p.Ask(ctx, replicas, names)
		if ctx.Err() != nil {
			t.Fatalf("Ask waits for a peer that does not answer, or does not hear one that does: it returns %v", votes)
		}
		if complete(votes) {
			return votes
		}
	}
}

func TestAskReturnsTheVotesOfThosePeersThatAnswer(t *testing.T) {
	a, _ := answering(t, "a", nodes{"x": {age: 420 * time.Millisecond, armed: true}, "y": {armed: true}})
	b, _ := answering(t, "b", nodes{"x": {age: 20 * time.Millisecond}})
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	defer endless.Close()
	others := []observe.Replica{
		replica("silent", listen(t).Addr()), replica("endless", endless.Listener.Addr()), gone(t, "gone"), {Name: "without-address"},
	}

	p := NewPeers()
	votes := askUntil(t, p, slices.Concat([]observe.Replica{a}, others, []observe.Replica{b}), []string{"x", "y", "z"},
		func(votes map[string]Votes) bool { return len(votes["x"]) == 2 && len(votes["y"]) == 1 })
	want := map[string]Votes{
		"x": {
			{Replica: "a", Node: "node-of-a", Armed: true, Age: 420 * time.Millisecond},
			{Replica: "b", Node: "node-of-b", Armed: false, Age: 20 * time.Millisecond},
		},
		"y": {{Replica: "a", Node: "node-of-a", Armed: true}},
	}
	if diff := cmp.Diff(want, votes); diff != "" {
		t.Errorf("unexpected votes (-want +got):\n%s", diff)
	}
	if p.LastHeard("a").IsZero() || p.LastHeard("b").IsZero() {
		t.Error("a peer that answered is taken for silent")
	}
	for _, other := range others {
		if at := p.LastHeard(other.Name); !at.IsZero() {
			t.Errorf("peer %s was heard at %s, but it did not answer", other.Name, at)
		}
	}
}

func TestAskAsksAboutAnyNumberOfNodes(t *testing.T) {
	source, names := nodes{}, []string(nil)
	for i := range 3*maxNodes + 1 {
		name := fmt.Sprintf("node-%d", i)
		names = append(names, name)
		source[name] = node{armed: true}
	}
	a, _ := answering(t, "a", source)
	askUntil(t, NewPeers(), []observe.Replica{a}, names, func(votes map[string]Votes) bool { return len(votes) == len(names) })
}

func TestAskIgnoresWhatNoPeerAnswers(t *testing.T) {
	elsewhere, _ := answering(t, "elsewhere", nodes{"x": {armed: true}})
	cases := map[string]http.HandlerFunc{
		"not JSON":         func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"a negative age":   reply(`{"nodes":{"x":{"armed":true,"ageMilliseconds":-1}}}`),
		"an age too large": reply(`{"nodes":{"x":{"armed":true,"ageMilliseconds":4294967296}}}`),
		"another node":     reply(`{"nodes":{"y":{"armed":true,"ageMilliseconds":1}}}`),
		"a large answer": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = fmt.Fprintf(w, "%*s", 2*maxAnswerBytes, `{"nodes":{"x":{"armed":true,"ageMilliseconds":1}}}`)
		},
		"an error": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			reply(`{"nodes":{"x":{"armed":true,"ageMilliseconds":1}}}`)(w, nil)
		},
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+elsewhere.Address.String()+r.URL.String(), http.StatusFound)
		},
	}
	for name, handler := range cases {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(handler)
			defer server.Close()
			if votes := NewPeers().Ask(t.Context(), []observe.Replica{replica("a", server.Listener.Addr())}, []string{"x"}); len(votes) != 0 {
				t.Errorf("there are votes: %v", votes)
			}
		})
	}
}

func reply(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func TestAPeerIsAskedOnOneConnection(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(Handler(nodes{"x": {armed: true}}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	p, peers := NewPeers(), []observe.Replica{replica("a", server.Listener.Addr())}
	missed := int32(0) // answers that came too late; each costs a connection
	for range 40 {
		if len(p.Ask(t.Context(), peers, []string{"x"})) == 0 {
			missed++
		}
	}
	if got := connections.Load(); got > 1+missed {
		t.Errorf("40 questions, of which %d were not answered in time, took %d connections", missed, got)
	}
}

func TestAPeerThatNeverAnswersKeepsNoConnections(t *testing.T) {
	listener := listen(t)
	var accepted atomic.Int32
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var open sync.WaitGroup
		defer open.Wait()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			open.Go(func() { _, _ = io.Copy(io.Discard, conn) })
		}
	}()
	p, peers := NewPeers(), []observe.Replica{replica("a", listener.Addr())}
	for accepted.Load() < 3 { // each question has its own connection
		p.Ask(t.Context(), peers, []string{"x"})
	}
	_ = listener.Close()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("connections to a peer that does not answer stay open")
	}
}

func TestHelloKeepsLastHeardUpToDate(t *testing.T) {
	a, server := answering(t, "a", nodes{})
	b, _ := answering(t, "b", nodes{})
	p := NewPeers()
	hello := func(replicas ...observe.Replica) time.Time {
		p.Hello(t.Context(), replicas)
		return p.LastHeard("a")
	}
	first := hello(a, b)
	for started := time.Now(); first.IsZero() && time.Since(started) < patience; {
		first = hello(a, b)
	}
	second := hello(a, b)
	for started := time.Now(); second.Equal(first) && time.Since(started) < patience; {
		second = hello(a, b)
	}
	if first.IsZero() || !second.After(first) {
		t.Errorf("a peer that answers was heard at %s, then at %s", first, second)
	}
	server.Close()
	if third := hello(a, b); !third.Equal(second) {
		t.Errorf("a peer that is gone was heard at %s, then at %s", second, third)
	}
	if fourth := hello(b); !fourth.IsZero() {
		t.Errorf("a peer that was removed is remembered as heard at %s", fourth)
	}
}

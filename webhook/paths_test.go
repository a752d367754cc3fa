package webhook

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/tanist-dev/tanist/config"
)

const otherSecret = "abcdefghijklmnopqrstuvwxyz0123456789"

// cluster is what the API server answers when the configurations are read.
type cluster struct {
	mu    sync.Mutex
	calls []admissionregistrationv1.WebhookClientConfig
	err   error
	reads int
}

func (c *cluster) read(context.Context) ([]admissionregistrationv1.WebhookClientConfig, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reads++
	return c.calls, c.err
}

func secretAt(secret string) string { return "/" + secret + config.PathServices }

func TestWhoCalls(t *testing.T) {
	none := []admissionregistrationv1.WebhookClientConfig{{Service: &admissionregistrationv1.ServiceReference{}}}
	fixed := []admissionregistrationv1.WebhookClientConfig{callAt(config.PathServices)}
	failure := errors.New("unreachable")
	type calls = []admissionregistrationv1.WebhookClientConfig
	cases := map[string]struct {
		// known are the configurations that the watch has delivered, one after another. live is what a read returns.
		known []calls
		live  calls
		err   error
		path  string
		want  caller
		reads int
	}{
		"the secret":                               {known: []calls{callsWith(testSecret)}, path: secretAt(testSecret), want: apiServer},
		"the secret at another webhook's path":     {known: []calls{{callAt(secretAt(testSecret))}}, live: calls{callAt(secretAt(testSecret))}, path: "/" + testSecret + config.PathTuning, want: stranger, reads: 1},
		"a wrong secret":                           {known: []calls{callsWith(testSecret)}, live: callsWith(testSecret), path: secretAt(otherSecret), want: stranger, reads: 1},
		"no secret, although there is one":         {known: []calls{callsWith(testSecret)}, live: callsWith(testSecret), path: config.PathServices, want: stranger, reads: 1},
		"no path, although there is a secret":      {known: []calls{callsWith(testSecret)}, live: callsWith(testSecret), path: "/", want: stranger, reads: 1},
		"a secret that the watch does not know":    {known: []calls{callsWith(testSecret)}, live: callsWith(otherSecret), path: secretAt(otherSecret), want: apiServer, reads: 1},
		"the first secret, unknown to the watch":   {known: []calls{none}, live: callsWith(otherSecret), path: secretAt(otherSecret), want: apiServer, reads: 1},
		"a secret that was removed, by the watch":  {known: []calls{callsWith(testSecret)}, live: fixed, path: config.PathServices, want: anybody, reads: 1},
		"the former secret":                        {known: []calls{callsWith(testSecret), callsWith(otherSecret)}, path: secretAt(testSecret), want: apiServer},
		"the path before the first secret":         {known: []calls{none, callsWith(testSecret)}, path: "/", want: anybody},
		"a former version's path before":           {known: []calls{fixed, callsWith(testSecret)}, path: config.PathServices, want: anybody},
		"no secret is set":                         {known: []calls{none}, path: "/", want: anybody},
		"no secret is set, at a fixed path":        {known: []calls{none}, path: config.PathServices, want: anybody},
		"a made-up secret while there is none":     {known: []calls{none}, live: none, path: secretAt(testSecret), want: stranger, reads: 1},
		"nothing is known yet":                     {path: config.PathServices, want: anybody},
		"a secret before anything is known":        {live: callsWith(testSecret), path: secretAt(testSecret), want: apiServer, reads: 1},
		"a wrong secret before anything is known":  {live: callsWith(testSecret), path: secretAt(otherSecret), want: stranger, reads: 1},
		"a secret, and nothing can be read at all": {err: failure, path: secretAt(testSecret), want: anybody, reads: 1},
		"a wrong secret, and nothing can be read":  {known: []calls{callsWith(testSecret)}, err: failure, path: secretAt(otherSecret), want: stranger, reads: 1},
		"there are no configurations":              {known: []calls{nil}, path: "/", want: anybody},
		"a segment that is too short for a secret": {known: []calls{{callAt("/short" + config.PathServices)}}, path: "/short" + config.PathServices, want: anybody},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				live := &cluster{calls: test.live, err: test.err}
				paths := NewPaths(live.read)
				for _, known := range test.known {
					paths.Set(known)
				}
				if got := paths.caller(t.Context(), test.path); got != test.want {
					t.Errorf("got %v, want %v", got, test.want)
				}
				if live.reads != test.reads {
					t.Errorf("the configurations were read %d times, want %d", live.reads, test.reads)
				}
			})
		})
	}
}

func TestAFormerPathExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := &cluster{calls: callsWith(otherSecret)}
		paths := NewPaths(live.read)
		paths.Set(callsWith(testSecret))
		paths.Set(callsWith(otherSecret))
		<-time.After(formerFor - time.Nanosecond)
		if got := paths.caller(t.Context(), secretAt(testSecret)); got != apiServer {
			t.Errorf("got %v within %s", got, formerFor)
		}
		<-time.After(time.Nanosecond)
		if got := paths.caller(t.Context(), secretAt(testSecret)); got != stranger {
			t.Errorf("got %v after %s", got, formerFor)
		}
		for range 100 { // former paths do not pile up
			paths.Set(callsWith(testSecret))
			<-time.After(formerFor)
			paths.Set(callsWith(otherSecret))
			<-time.After(formerFor)
		}
		if got := len(paths.former); got > 2*len(config.WebhookPaths) {
			t.Errorf("%d former paths are kept", got)
		}
	})
}

func TestStrangersShareTheReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := &cluster{calls: callsWith(testSecret)}
		paths := NewPaths(live.read)
		paths.Set(callsWith(testSecret))
		begun := time.Now()
		const rounds = 10
		for range rounds {
			var group sync.WaitGroup
			for range 5 * maxWaiting {
				group.Go(func() {
					if got := paths.caller(t.Context(), secretAt(otherSecret)); got != stranger {
						t.Errorf("got %v", got)
					}
				})
			}
			group.Wait()
		}
		if passed := time.Since(begun); live.reads > 1+int(passed/readEvery) || passed > rounds*readEvery {
			t.Errorf("the configurations were read %d times in %s, want once a second", live.reads, passed)
		}
	})
}

func TestTheWatchEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		live := &cluster{calls: callsWith(testSecret)}
		paths := NewPaths(live.read)
		paths.Set(callsWith(testSecret))
		paths.caller(t.Context(), secretAt(otherSecret)) // the next read comes a second later
		got := make(chan caller, 1)
		begun := time.Now()
		go func() { got <- paths.caller(t.Context(), secretAt(otherSecret)) }()
		synctest.Wait()
		paths.Set(callsWith(otherSecret))
		if who := <-got; who != apiServer || time.Since(begun) > 0 {
			t.Errorf("got %v after %s, want the API server at once", who, time.Since(begun))
		}
		<-time.After(readEvery) // the read that is due ends
	})
}

func TestAuthenticated(t *testing.T) {
	mixed := append(callsWith(testSecret)[1:], callAt(config.PathPods))
	for name, test := range map[string]struct {
		calls []admissionregistrationv1.WebhookClientConfig
		want  bool
	}{
		"all have a secret": {callsWith(testSecret), true}, "one has none": {mixed, false}, "there are none": {nil, false},
		"a URL with a secret": {[]admissionregistrationv1.WebhookClientConfig{{URL: new("https://x:1" + secretAt(testSecret))}}, true},
		"it is too long":      {[]admissionregistrationv1.WebhookClientConfig{callAt(secretAt(strings.Repeat("a", 64)))}, false},
	} {
		t.Run(name, func(t *testing.T) {
			paths := NewPaths(nil)
			paths.Set(test.calls)
			if got := paths.Authenticated(); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

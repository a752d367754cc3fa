package webhook

import (
	"context"
	"crypto/subtle"
	"slices"
	"sync"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tanist-dev/tanist/config"
)

// caller is how far a call can be believed.
type caller int

const (
	// stranger means that somebody else than the API server calls.
	stranger caller = iota
	// anybody means that the API server may call, and that nothing proves it: its configuration has no secret.
	anybody
	// apiServer means that the call has the secret of the webhook configuration.
	apiServer
)

const (
	// formerFor is how long a path is valid after the configuration has dropped it. An API server calls the path that its own watch knows.
	formerFor = 2 * time.Minute
	// readEvery is how often the configuration is read, at most, because of unknown paths.
	readEvery = time.Second
	// readTimeout limits one such read.
	readTimeout = 2 * time.Second
	// maxWaiting is how many calls wait for such a read at a time. More are refused at once.
	maxWaiting = 64
)

// Paths knows at which paths the API server calls Tanist, and so which calls are the API server's own. A path is a secret that only those
// know who may read webhook configurations: nothing else in a call proves who makes it, because the API server has no client certificate
// for webhooks unless its administrator configures one.
type Paths struct {
	// read reads from the API server how it calls the webhooks.
	read func(context.Context) ([]admissionregistrationv1.WebhookClientConfig, error)
	// waiting has an element for each call that waits for a read.
	waiting chan struct{}

	mu sync.Mutex
	// synced reports whether current has been set.
	synced  bool
	current []string
	// former are the paths that the configuration has dropped, with the time until which they are valid.
	former map[string]time.Time
	// changed is closed when current changes.
	changed chan struct{}
	// next is closed when the next read is done. It is nil if no read is due; once the read has begun, further calls need another one.
	next chan struct{}
	// readAt is when the next read may begin.
	readAt time.Time
}

// NewPaths returns Paths that know no path yet. The function reads from the API server how it calls the webhooks.
func NewPaths(read func(context.Context) ([]admissionregistrationv1.WebhookClientConfig, error)) *Paths {
	return &Paths{
		read: read, waiting: make(chan struct{}, maxWaiting),
		former: map[string]time.Time{}, changed: make(chan struct{}),
	}
}

// Set replaces the current paths, by those of all webhooks in Tanist's own configurations.
func (p *Paths) Set(calls []admissionregistrationv1.WebhookClientConfig) {
	var paths []string
	for _, call := range calls {
		paths = append(paths, config.AdmissionPath(call))
	}
	paths = slices.Compact(slices.Sorted(slices.Values(paths)))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.synced && slices.Equal(p.current, paths) {
		return
	}
	now := time.Now()
	for path, until := range p.former {
		if !now.Before(until) {
			delete(p.former, path)
		}
	}
	for _, path := range p.current {
		p.former[path] = now.Add(formerFor)
	}
	p.synced, p.current = true, paths
	close(p.changed)
	p.changed = make(chan struct{})
}

// Authenticated reports whether all current paths have a secret.
func (p *Paths) Authenticated() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.current) > 0 && !slices.ContainsFunc(p.current, func(path string) bool { return !hasSecret(path) })
}

// caller returns who calls a path. It reads the configuration before it refuses a path, because the API server may have seen a change that
// this replica's watch has not.
func (p *Paths) caller(ctx context.Context, path string) caller {
	who, sure, changed := p.judge(path)
	if sure {
		return who
	}
	select {
	case p.waiting <- struct{}{}:
		defer func() { <-p.waiting }()
	default:
		return who
	}
	read := p.nextRead(ctx)
	for {
		select {
		case <-read:
			who, _, _ = p.judge(path)
			return who
		case <-ctx.Done():
			return who
		case <-changed:
		}
		if who, sure, changed = p.judge(path); sure {
			return who
		}
	}
}

// prove reports whether the path has the secret of the webhook configuration, as far as is known.
func (p *Paths) prove(path string) bool {
	who, _, _ := p.judge(path)
	return who == apiServer
}

// judge returns who calls a path, as far as is known, and whether a newer configuration could not change that. The channel is closed when
// the known configuration changes.
func (p *Paths) judge(path string) (who caller, sure bool, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.knows(path):
		if hasSecret(path) {
			return apiServer, true, p.changed
		}
		return anybody, true, p.changed
	case p.synced && slices.ContainsFunc(p.current, hasSecret):
		return stranger, false, p.changed
	case !hasSecret(path):
		return anybody, true, p.changed
	case p.synced:
		return stranger, false, p.changed
	default: // it may be the API server's
		return anybody, false, p.changed
	}
}

// knows reports whether the configuration has the path, or had it until recently. It takes the same time for every wrong path of the same
// length. The caller holds mu.
func (p *Paths) knows(path string) bool {
	found := 0
	for _, known := range p.current {
		found |= subtle.ConstantTimeCompare([]byte(known), []byte(path))
	}
	now := time.Now()
	for known, until := range p.former {
		if now.Before(until) {
			found |= subtle.ConstantTimeCompare([]byte(known), []byte(path))
		}
	}
	return found == 1
}

// nextRead returns a channel that is closed after the next read of the configuration. All calls that come before the read begins share it.
func (p *Paths) nextRead(ctx context.Context) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		p.next = make(chan struct{})
		go p.readLater(context.WithoutCancel(ctx), p.next, time.Until(p.readAt))
	}
	return p.next
}

// readLater reads the configuration after a delay, and closes the channel.
func (p *Paths) readLater(ctx context.Context, done chan struct{}, delay time.Duration) {
	defer close(done)
	<-time.After(delay)
	p.mu.Lock()
	p.next, p.readAt = nil, time.Now().Add(readEvery)
	p.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	calls, err := p.read(ctx)
	if err != nil {
		logf.FromContext(ctx).Error(err, "Failed to read webhook configurations: calls at unknown paths are refused")
		return
	}
	p.Set(calls)
}

func hasSecret(path string) bool {
	secret, _ := config.SplitAdmissionPath(path)
	return secret != ""
}

// callerKey is the key of the caller in a context.
type callerKey struct{}

func withCaller(ctx context.Context, who caller) context.Context {
	return context.WithValue(ctx, callerKey{}, who)
}

// authenticated reports whether the API server itself makes the call.
func authenticated(ctx context.Context) bool {
	who, _ := ctx.Value(callerKey{}).(caller)
	return who == apiServer
}

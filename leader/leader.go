package leader

import (
	"context"
	"errors"
	"iter"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Options are where and for what to ask.
type Options struct {
	// URL is where Tanist answers, such as http://tanist-grants.tanist-system. Empty: the environment variable TANIST_GRANTS_URL, or
	// DefaultURL.
	URL string
	// Service is the name of the Service. Empty: the environment variable TANIST_SERVICE, or the only one that selects the pod.
	Service string
	// Pod is the name of this pod. Empty: the host name, which is the pod's name unless its spec sets another.
	Pod string
	// LocalAddress is the address to ask from, by which Tanist knows the pod. Zero: the kernel chooses.
	LocalAddress netip.Addr
	// TokenFile has a token of this pod with the audience tanist. With it, Tanist knows the pod by the token instead of the address, the URL must
	// be one with https, and Pod may stay empty. Empty: the environment variable TANIST_TOKEN_FILE, or no token.
	TokenFile string
	// CAFile has the certificates, in PEM, by which Tanist's own is verified. Empty: the environment variable TANIST_CA_FILE, or the system's.
	CAFile string
}

func (o Options) localAddress() net.Addr {
	if !o.LocalAddress.IsValid() {
		return nil
	}
	return &net.TCPAddr{IP: o.LocalAddress.AsSlice()}
}

// Leadership is that of one Service, for one process. A process should have only one for a Service: if there are two in a pod, StepDown does
// not shorten the wait of the next leader.
type Leadership struct {
	client *client
	held   *heldGrant
	// wake makes the asker ask at once. It has room for one signal.
	wake chan struct{}

	mu sync.Mutex
	// state is the latest, and changed is closed when there is another.
	state   State
	changed chan struct{}
	// behindSince is when the first of the latest answers came that were about an earlier term than the state's; zero if the last one was not.
	behindSince time.Time
	// watching is how many Watches there are.
	watching int
	stop     context.CancelFunc
}

// New returns the leadership of a Service. Nothing is asked before Watch.
func New(o Options) (*Leadership, error) {
	c, err := newClient(o)
	if err != nil {
		return nil, err
	}
	return &Leadership{client: c, held: newHeldGrant(), wake: make(chan struct{}, 1), changed: make(chan struct{})}, nil
}

// process is the leadership of the process, for Watch and StepDown.
var process = sync.OnceValues(func() (*Leadership, error) { return New(Options{}) })

// Watch watches whether this process leads, with the default Options. See Leadership.Watch.
func Watch(ctx context.Context) iter.Seq[State] {
	l, err := process()
	if err != nil {
		return func(yield func(State) bool) { yield(State{Err: err}) }
	}
	return l.Watch(ctx)
}

// StepDown ends the grant of this process, with the default Options. See Leadership.StepDown.
func StepDown(ctx context.Context) error {
	l, err := process()
	if err != nil {
		return err
	}
	return l.StepDown(ctx)
}

// Watch yields the state when it is first known, and whenever it changes: when another pod leads, when this one gets a grant or loses it, and when
// Tanist can no longer be asked, or can again. So a state that is valid may come more than once in a term: start nothing twice for the same term.
// States that are over before the previous one has been dealt with are left out. It ends with the context. Meanwhile the grant is renewed, also
// while the loop's body runs.
func (l *Leadership) Watch(ctx context.Context) iter.Seq[State] {
	return func(yield func(State) bool) {
		l.start() //nolint:contextcheck // one asks for all Watches, and the context of the first may end before the others do
		defer l.done()
		var last State
		for known := false; ; {
			state, changed := l.latest()
			if state.held != nil && (!known || !state.sameAs(last)) {
				known, last = true, state
				if !yield(state) {
					return
				}
				continue
			}
			expiry := time.NewTimer(l.expiry(state))
			select {
			case <-changed:
			case <-expiry.C:
			case <-ctx.Done():
			}
			expiry.Stop()
			if ctx.Err() != nil {
				return
			}
		}
	}
}

// expiry returns for how long to wait for the grant to expire.
func (l *Leadership) expiry(state State) time.Duration {
	if !state.valid {
		return time.Hour
	}
	return max(l.held.left(state.Term), 0) // it may have expired since
}

// latest returns the latest state, and a channel that is closed when there may be another.
func (l *Leadership) latest() (State, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	state := l.state
	state.valid = state.Valid()
	return state, l.changed
}

// set sets the latest state.
func (l *Leadership) set(change func(*State)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state.held = l.held
	change(&l.state)
	close(l.changed)
	l.changed = make(chan struct{})
}

// start begins to ask, for the first Watch.
func (l *Leadership) start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watching++; l.watching == 1 {
		ctx, stop := context.WithCancel(context.Background())
		l.stop = stop
		go l.ask(ctx)
		go l.listen(ctx)
	}
}

// done ends asking with the last Watch.
func (l *Leadership) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watching--; l.watching == 0 {
		l.stop()
	}
}

// StepDown ends the grant at once: Valid returns false from then on, until another term of this pod. Call it when nothing in this pod acts as
// the leader any more. It tells Tanist, so that the next leader need not wait until the grant would have expired, which it can do once the
// leader has moved: StepDown moves nothing itself. It returns when Tanist knows, or when the grant would have expired, or with the context's
// error.
func (l *Leadership) StepDown(ctx context.Context) error {
	term, session, left := l.held.end()
	if term == 0 {
		return nil
	}
	l.set(func(*State) {})
	if left <= 0 {
		return nil
	}
	waits, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	for {
		released, err := l.client.stepDown(waits, l.serviceName(), term, session)
		if err == nil && released {
			return nil
		}
		if err != nil {
			l.client.another()
		}
		if !pause(waits, stepDownPause) {
			if err := ctx.Err(); err != nil {
				return errors.Join(errors.New("failed to step down in time: the grant will expire"), err)
			}
			return nil
		}
	}
}

// stepDownPause is the pause between two attempts to step down. The leader may not have moved yet.
const stepDownPause = 50 * time.Millisecond

func (l *Leadership) serviceName() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.Service
}

// pause waits, and reports false if the context ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

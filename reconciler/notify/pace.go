package notify

import (
	"maps"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
)

// How often a controller tries to write for one Service: paceBurst times at once, and once more every paceInterval. A hand-over and the repairs
// that belong to it need two or three writes. Only a loop or a flapping input needs more than these.
const (
	paceBurst    = 10
	paceInterval = time.Second / 3
)

// Each Service may have some writes whatever its namespace does: freeBurst at once, and once more every freeInterval. All others are shared by
// the Services of its namespace: sharedBurst at once, and once more every sharedInterval. Without this, hundreds of Services over the same
// flapping pods would slow the API server down for everybody. Kubernetes' own controller of EndpointSlices makes 20 requests a second by
// default, for the whole cluster.
const (
	freeBurst      = 3
	freeInterval   = 10 * time.Second
	sharedBurst    = 200
	sharedInterval = 20 * time.Millisecond
)

// Pace limits how often something is written for each Service, and for all Services of a namespace, whatever the reason. What has to wait is
// decided again when it is due, so the newest state is written.
type Pace struct {
	mu sync.Mutex
	// services has an entry from a Service's first attempt until its limits have recovered and something is written for any Service.
	services map[types.NamespacedName]*paced
	// namespaces has the limit of each namespace that Services have shared, until it has recovered, in the same way.
	namespaces map[string]*rate.Limiter
	// swept is when entries were last dropped, and latest the latest time that was told.
	swept, latest time.Time
}

// paced is what is known of one Service.
type paced struct {
	own, free *rate.Limiter
	// turn is when the namespace's limit lets the Service write; zero if it has not asked for a turn since its last one.
	turn time.Time
	// slowed says that something had to wait since the limits had last recovered.
	slowed bool
}

// NewPace returns a Pace that knows of no write.
func NewPace() *Pace {
	return &Pace{services: map[types.NamespacedName]*paced{}, namespaces: map[string]*rate.Limiter{}}
}

// Remaining returns how long a write would have to wait at least; zero when it may be made now.
func (p *Pace) Remaining(key types.NamespacedName, now time.Time) time.Duration {
	return p.wait(key, now, false)
}

// Wait is Remaining for a write that is needed: if it has to wait for the namespace's limit, it gets a turn, which the Service keeps until a
// write uses it. It returns at most freeInterval.
func (p *Pace) Wait(key types.NamespacedName, now time.Time) time.Duration {
	return p.wait(key, now, true)
}

func (p *Pace) wait(key types.NamespacedName, now time.Time, needed bool) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.services[key]
	if s == nil {
		return 0
	}
	now = p.notBefore(now)
	own, free := untilToken(s.own, paceInterval, now), untilToken(s.free, freeInterval, now)
	if free == 0 {
		return own
	}
	shared := p.sharedWait(key.Namespace, s, now)
	if needed && shared > 0 && s.turn.IsZero() {
		shared = p.shared(key.Namespace).ReserveN(now, 1).DelayFrom(now)
		s.turn = now.Add(shared)
	}
	return max(own, min(free, shared))
}

// Slowed records that something has to wait. It reports whether this is the first time since the limits had last recovered.
func (p *Pace) Slowed(key types.NamespacedName) (first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, known := p.services[key]
	if !known || s.slowed {
		return false
	}
	s.slowed = true
	return true
}

// Attempt counts an attempt to write against the Service's own limit. An API server that refuses all of them must not use up the namespace's.
func (p *Pace) Attempt(key types.NamespacedName, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now = p.notBefore(now)
	p.sweep(now)
	s := p.services[key]
	if s == nil || s.recovered(now) {
		s = &paced{own: rate.NewLimiter(rate.Every(paceInterval), paceBurst), free: rate.NewLimiter(rate.Every(freeInterval), freeBurst)}
		p.services[key] = s
	}
	s.own.AllowN(now, 1)
}

// Written counts an attempt that has succeeded, or may have, against the other limits.
func (p *Pace) Written(key types.NamespacedName, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.services[key]
	if s == nil {
		return
	}
	now = p.notBefore(now)
	switch {
	case !s.turn.IsZero() && !s.turn.After(now):
		s.turn = time.Time{}
	case s.free.AllowN(now, 1):
	default:
		p.shared(key.Namespace).AllowN(now, 1)
	}
}

// sharedWait returns how long the namespace's limit has a write of the Service wait at least: until its turn, if it has one.
func (p *Pace) sharedWait(namespace string, s *paced, now time.Time) time.Duration {
	if !s.turn.IsZero() {
		return max(s.turn.Sub(now), 0)
	}
	return untilToken(p.shared(namespace), sharedInterval, now)
}

// untilToken returns when a limit has its next token; zero if it has one.
func untilToken(limit *rate.Limiter, interval time.Duration, now time.Time) time.Duration {
	return max(time.Duration((1-limit.TokensAt(now))*float64(interval)), 0)
}

// shared returns the limit of a namespace.
func (p *Pace) shared(namespace string) *rate.Limiter {
	limit := p.namespaces[namespace]
	if limit == nil {
		limit = rate.NewLimiter(rate.Every(sharedInterval), sharedBurst)
		p.namespaces[namespace] = limit
	}
	return limit
}

// notBefore returns a time, or the latest one that was told. Services that are written at the same moment may come here in another order,
// and a limiter that is told an earlier time counts the time since then twice.
func (p *Pace) notBefore(now time.Time) time.Time {
	if now.After(p.latest) {
		p.latest = now
	}
	return p.latest
}

// sweep drops the limits that have recovered, now and then.
func (p *Pace) sweep(now time.Time) {
	if now.Sub(p.swept) < paceBurst*paceInterval {
		return
	}
	p.swept = now
	maps.DeleteFunc(p.services, func(_ types.NamespacedName, s *paced) bool { return s.recovered(now) })
	maps.DeleteFunc(p.namespaces, func(_ string, limit *rate.Limiter) bool { return limit.TokensAt(now) >= sharedBurst })
}

// recovered reports whether a Service may have everything again.
func (s *paced) recovered(now time.Time) bool {
	return s.own.TokensAt(now) >= paceBurst && s.free.TokensAt(now) >= freeBurst
}

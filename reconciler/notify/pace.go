package notify

import (
	"maps"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
)

// How often a controller writes for one Service: paceBurst times at once, and once more every paceInterval. A hand-over and the repairs that
// belong to it need two or three writes. Only a loop or a flapping input needs more than these.
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
	// services has an entry from a Service's first write until its limits have recovered and something is written for any Service.
	services map[types.NamespacedName]*paced
	// namespaces has the limit of each namespace that Services have shared, until it has recovered, in the same way.
	namespaces map[string]*rate.Limiter
	// swept is when entries were last dropped, and latest the latest time that was told.
	swept, latest time.Time
}

// paced is what is known of one Service.
type paced struct {
	own, free *rate.Limiter
	// turn is when the namespace's limit lets the Service write; zero if it does not have to wait for that.
	turn time.Time
	// slowed says that something had to wait since the limits had last recovered.
	slowed bool
}

// NewPace returns a Pace that knows of no write.
func NewPace() *Pace {
	return &Pace{services: map[types.NamespacedName]*paced{}, namespaces: map[string]*rate.Limiter{}}
}

// Remaining returns how long the next write has to wait; zero when it may be made now. That is at most paceInterval, or sharedInterval for each
// Service of the namespace that waits for its turn. A Service keeps its turn, however often it asks.
func (p *Pace) Remaining(key types.NamespacedName, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, known := p.services[key]
	if !known {
		return 0
	}
	now = p.notBefore(now)
	if missing := 1 - s.own.TokensAt(now); missing > 0 {
		return min(time.Duration(missing*float64(paceInterval)), paceInterval)
	}
	if s.turn.IsZero() {
		shared := p.shared(key.Namespace)
		if s.free.TokensAt(now) >= 1 || shared.TokensAt(now) >= 1 {
			return 0
		}
		s.turn = now.Add(shared.ReserveN(now, 1).DelayFrom(now))
	}
	return max(s.turn.Sub(now), 0)
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

// Record counts a write.
func (p *Pace) Record(key types.NamespacedName, now time.Time) {
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
	switch {
	case !s.turn.IsZero():
		s.turn = time.Time{}
	case s.free.AllowN(now, 1):
	default:
		p.shared(key.Namespace).AllowN(now, 1)
	}
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
	return s.own.TokensAt(now) >= paceBurst && s.free.TokensAt(now) >= freeBurst && !s.turn.After(now)
}
